//! Connections to a [`SoftDevice`].

use super::soft_device::SoftDevice;
use crate::error::Result;
use crate::transport::Transport;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A transport with a [`SoftDevice`] at its other end, without any thread.
///
/// The device executes one request whenever the host waits and nothing has arrived. If nothing has arrived even then,
/// nothing will, and the wait ends as if its deadline had passed. Tests of timeouts therefore take no time.
#[derive(Debug)]
pub struct SoftLink {
    /// Device at the other end.
    pub device: SoftDevice,
    arrived: Vec<u8>,
}

impl SoftLink {
    /// A transport to `device`.
    #[must_use]
    pub const fn new(device: SoftDevice) -> Self {
        Self {
            device,
            arrived: Vec::new(),
        }
    }
}

impl Transport for SoftLink {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.device.take(bytes);
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], _deadline: Instant) -> Result<usize> {
        if self.arrived.is_empty() {
            self.device.execute(&mut self.arrived);
        }
        let count = buffer.len().min(self.arrived.len());
        buffer[..count].copy_from_slice(&self.arrived[..count]);
        self.arrived.drain(..count);
        Ok(count)
    }

    fn discard(&mut self) -> Result<()> {
        self.arrived.clear();
        Ok(())
    }
}

/// Lets `device` answer requests on `transport` until `stop` is set or the other side is gone.
pub fn serve(device: &mut SoftDevice, transport: &mut impl Transport, stop: &AtomicBool) {
    let mut buffer = [0; 256];
    let mut wire = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let Ok(count) = transport.receive(&mut buffer, Instant::now() + Duration::from_millis(5)) else {
            return;
        };
        device.take(&buffer[..count]);
        while device.execute(&mut wire) {
            if transport.send(&wire).is_err() {
                return;
            }
            wire.clear();
        }
    }
}
