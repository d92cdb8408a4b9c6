//! Transports: streams of bytes to a device and back.
//!
//! A transport need not be reliable. The protocol above it recovers from lost and damaged bytes.

mod loopback;
mod serial;

pub use loopback::Loopback;
pub use serial::{SerialTransport, SlowAdapter};

use crate::error::Result;
use std::time::{Duration, Instant};

/// A stream of bytes in both directions.
pub trait Transport {
    /// Sends all of `bytes`, or passes them to the operating system to be sent.
    ///
    /// # Errors
    /// [`Error::Disconnected`](crate::Error::Disconnected) if the other side is gone.
    fn send(&mut self, bytes: &[u8]) -> Result<()>;

    /// Waits until at least one byte has arrived or `deadline` has passed, and moves the bytes that have arrived to the
    /// front of `buffer`. Returns the number of bytes; 0 means that none arrived in time.
    ///
    /// # Errors
    /// [`Error::Disconnected`](crate::Error::Disconnected) if the other side is gone.
    fn receive(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize>;

    /// Discards bytes that have arrived, and bytes that have not left yet, as far as the transport can.
    ///
    /// # Errors
    /// [`Error::Disconnected`](crate::Error::Disconnected) if the other side is gone.
    fn discard(&mut self) -> Result<()> {
        Ok(())
    }

    /// Connects again after [`Error::Disconnected`](crate::Error::Disconnected), waiting until `deadline` for
    /// the other side to come back. A transport that cannot reconnect need not implement this method.
    ///
    /// # Errors
    /// Any error of opening, if the other side did not come back.
    fn reopen(&mut self, deadline: Instant) -> Result<()> {
        let _ = deadline;
        Ok(())
    }

    /// Returns the time that one byte takes on the line. Timeouts are extended by this time for each byte.
    fn byte_time(&self) -> Duration {
        Duration::ZERO
    }
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        (**self).send(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
        (**self).receive(buffer, deadline)
    }

    fn discard(&mut self) -> Result<()> {
        (**self).discard()
    }

    fn reopen(&mut self, deadline: Instant) -> Result<()> {
        (**self).reopen(deadline)
    }

    fn byte_time(&self) -> Duration {
        (**self).byte_time()
    }
}
