//! Ctrl-C, noticed rather than deadly, so that what was started is ended in order.

use super::diagnostic::{Result, io};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit status of a program that Ctrl-C ended, as shells have it.
pub(crate) const EXIT_STATUS: u8 = 130;

/// Blocks SIGINT and SIGTERM, for this thread and those that it starts.
fn block() -> Result<SigSet> {
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGINT);
    mask.add(Signal::SIGTERM);
    mask.thread_block().map_err(failed)?;
    Ok(mask)
}

fn failed(error: nix::Error) -> super::diagnostic::CliError {
    io("catching", "signals")(error.into())
}

/// Catches SIGINT and SIGTERM while it lives.
#[derive(Debug)]
pub(crate) struct Interrupt {
    signals: SignalFd,
}

impl Interrupt {
    /// Starts catching.
    pub(crate) fn catch() -> Result<Self> {
        let mask = block()?;
        let signals =
            SignalFd::with_flags(&mask, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC).map_err(failed)?;
        Ok(Self { signals })
    }

    /// Whether one has come.
    pub(crate) fn caught(&self) -> bool {
        matches!(self.signals.read_signal(), Ok(Some(_)))
    }
}

/// Ctrl-C as a request: the first asks for a stop in order, the second ends the program at once.
#[derive(Clone, Debug)]
pub(crate) struct StopRequest {
    requested: Arc<AtomicBool>,
}

impl StopRequest {
    /// Listens from here on, on a thread of its own; to be called before any other is started. The first request is
    /// answered with `notice`.
    pub(crate) fn listen(notice: &'static str) -> Result<Self> {
        let mask = block()?;
        let requested = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&requested);
        let listen = move || {
            while mask.wait().is_ok() {
                if flag.swap(true, Ordering::Relaxed) {
                    std::process::exit(EXIT_STATUS.into());
                }
                eprintln!("{notice}");
            }
        };
        std::thread::Builder::new()
            .name("signals".into())
            .spawn(listen)
            .map_err(io("starting", "the thread for signals"))?;
        Ok(Self { requested })
    }

    /// Whether a stop has been asked for.
    pub(crate) fn is_requested(&self) -> bool {
        self.requested.load(Ordering::Relaxed)
    }
}
