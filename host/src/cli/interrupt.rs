//! Catches Ctrl-C, a request to end and the end of the terminal, so that a verb can stop in an orderly way.

use super::context::print_error;
use super::diagnostic::{INTERRUPTED_STATUS, Result};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use synfire_golden_model::file::io;

/// Blocks SIGINT, SIGTERM and SIGHUP for this thread and the threads that it starts. Under `nohup`, SIGHUP stays without
/// effect.
fn block() -> Result<SigSet> {
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGINT);
    mask.add(Signal::SIGTERM);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    // Linux keeps a blocked signal pending even if it is to be ignored.
    if !ignores(&status, Signal::SIGHUP) {
        mask.add(Signal::SIGHUP);
    }
    mask.thread_block().map_err(failed)?;
    Ok(mask)
}

/// Whether a program ignores a signal, by its status as Linux shows it in `/proc`.
fn ignores(status: &str, signal: Signal) -> bool {
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
    ignored.is_some_and(|ignored| ignored >> (signal as u32 - 1) & 1 == 1)
}

fn failed(error: nix::Error) -> super::diagnostic::CliError {
    io("catching", "signals")(error.into()).into()
}

/// Catches SIGINT, SIGTERM and SIGHUP until it is dropped.
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

/// Ctrl-C, SIGTERM or SIGHUP as a request: the first one requests an orderly stop, the second one ends the program
/// immediately.
#[derive(Clone, Debug, Default)]
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

#[cfg(test)]
impl StopRequest {
    /// A stop that is requested already.
    pub(crate) fn requested() -> Self {
        let stop = Self::default();
        stop.requested.store(true, Ordering::Relaxed);
        stop
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::signal::raise;

    #[test]
    fn the_end_of_the_terminal_is_caught_like_ctrl_c() {
        let interrupt = Interrupt::catch().expect("signals can be caught");
        assert!(!interrupt.caught());
        // Sent to this thread only. A signal that is not caught would end the program.
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            raise(signal).expect("a signal");
            assert!(interrupt.caught(), "{signal}");
            assert!(!interrupt.caught());
        }
    }

    #[test]
    fn signals_that_a_program_ignores_are_read_from_its_status() {
        let status = "Name:\tsynfire\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000440\n";
        assert!(ignores(status, Signal::SIGHUP));
        assert!(ignores(status, Signal::SIGPIPE));
        assert!(!ignores(status, Signal::SIGTERM));
        assert!(!ignores("", Signal::SIGHUP));
    }
}
