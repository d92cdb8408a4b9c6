//! Catches Ctrl-C, so that a verb can stop in an orderly way.

use super::context::print_error;
use super::diagnostic::{INTERRUPTED_STATUS, Result};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use synfire_golden_model::file::io;

/// Blocks SIGINT and SIGTERM for this thread and the threads that it starts.
fn block() -> Result<SigSet> {
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGINT);
    mask.add(Signal::SIGTERM);
    mask.thread_block().map_err(failed)?;
    Ok(mask)
}

fn failed(error: nix::Error) -> super::diagnostic::CliError {
    io("catching", "signals")(error.into()).into()
}

/// Catches SIGINT and SIGTERM until it is dropped.
#[derive(Debug)]
pub(crate) struct Interrupt {
    signals: SignalFd,
}

impl Interrupt {
    /// Starts catching the signals.
    pub(crate) fn catch() -> Result<Self> {
        let mask = block()?;
        let signals =
            SignalFd::with_flags(&mask, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC).map_err(failed)?;
        Ok(Self { signals })
    }

    /// Whether a signal has arrived since the last call.
    pub(crate) fn caught(&self) -> bool {
        matches!(self.signals.read_signal(), Ok(Some(_)))
    }
}

/// Ctrl-C as a request: the first one requests an orderly stop, the second one ends the program immediately.
#[derive(Clone, Debug)]
pub(crate) struct StopRequest {
    requested: Arc<AtomicBool>,
}

impl StopRequest {
    /// Starts to listen on a new thread. Must be called before any other thread is started. Prints `notice` at the first
    /// request.
    pub(crate) fn listen(notice: &'static str) -> Result<Self> {
        let mask = block()?;
        let requested = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&requested);
        let listen = move || {
            while mask.wait().is_ok() {
                if flag.swap(true, Ordering::Relaxed) {
                    std::process::exit(INTERRUPTED_STATUS.into());
                }
                print_error(notice);
            }
        };
        std::thread::Builder::new()
            .name("signals".into())
            .spawn(listen)
            .map_err(io("starting", "the thread for signals"))?;
        Ok(Self { requested })
    }

    /// Whether a stop has been requested.
    pub(crate) fn is_requested(&self) -> bool {
        self.requested.load(Ordering::Relaxed)
    }
}
