//! Ctrl-C, noticed rather than deadly, so that what was started is ended in order.

use super::diagnostic::{Result, io};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// Catches SIGINT and SIGTERM while it lives.
#[derive(Debug)]
pub(crate) struct Interrupt {
    signals: SignalFd,
}

impl Interrupt {
    /// Starts catching.
    pub(crate) fn catch() -> Result<Self> {
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGINT);
        mask.add(Signal::SIGTERM);
        let failed = |error: nix::Error| io("catching", "signals")(error.into());
        mask.thread_block().map_err(failed)?;
        let signals =
            SignalFd::with_flags(&mask, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC).map_err(failed)?;
        Ok(Self { signals })
    }

    /// Whether one has come.
    pub(crate) fn caught(&self) -> bool {
        matches!(self.signals.read_signal(), Ok(Some(_)))
    }
}
