//! An in-memory cable between two threads.

use super::Transport;
use crate::error::{Error, Peer, Result};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// One end of an in-memory cable. Bytes sent into one end come out of the other.
///
/// ```
/// use std::time::Instant;
/// use synfire::{Loopback, Transport};
///
/// # fn main() -> synfire::Result<()> {
/// let (mut here, mut there) = Loopback::pair();
/// here.send(&[1, 2, 3])?;
/// let mut buffer = [0; 8];
/// assert_eq!(there.receive(&mut buffer, Instant::now())?, 3);
/// assert_eq!(buffer[..3], [1, 2, 3]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Loopback {
    incoming: Arc<Pipe>,
    outgoing: Arc<Pipe>,
}

#[derive(Debug, Default)]
struct Pipe {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bytes: VecDeque<u8>,
    closed: bool,
}

impl Pipe {
    /// Locks the queue. A panic in another thread does not make its bytes invalid.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }
}

impl Loopback {
    /// Returns the two ends of a new cable.
    #[must_use]
    pub fn pair() -> (Self, Self) {
        let (one, other) = (Arc::new(Pipe::default()), Arc::new(Pipe::default()));
        (
            Self {
                incoming: one.clone(),
                outgoing: other.clone(),
            },
            Self {
                incoming: other,
                outgoing: one,
            },
        )
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.incoming.close();
        self.outgoing.close();
    }
}

fn gone() -> Error {
    let source = io::Error::new(io::ErrorKind::BrokenPipe, "its other end was dropped");
    Error::Disconnected {
        name: "an in-memory cable".to_owned(),
        peer: Peer::Program,
        source,
    }
}

impl Transport for Loopback {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let mut state = self.outgoing.lock();
        if state.closed {
            return Err(gone());
        }
        state.bytes.extend(bytes);
        self.outgoing.changed.notify_all();
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
        let mut state = self.incoming.lock();
        while state.bytes.is_empty() {
            if state.closed {
                return Err(gone());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(0);
            }
            (state, _) = self
                .incoming
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let count = buffer.len().min(state.bytes.len());
        for (slot, byte) in buffer.iter_mut().zip(state.bytes.drain(..count)) {
            *slot = byte;
        }
        Ok(count)
    }

    fn discard(&mut self) -> Result<()> {
        self.incoming.lock().bytes.clear();
        Ok(())
    }

    fn reopen(&mut self, _deadline: Instant) -> Result<()> {
        if self.outgoing.lock().closed {
            Err(gone())
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn bytes_keep_their_order_across_small_reads() {
        let (mut here, mut there) = Loopback::pair();
        here.send(&[1, 2]).unwrap();
        here.send(&[3]).unwrap();
        let mut buffer = [0; 2];
        assert_eq!(there.receive(&mut buffer, Instant::now()).unwrap(), 2);
        assert_eq!(buffer, [1, 2]);
        assert_eq!(there.receive(&mut buffer, Instant::now()).unwrap(), 1);
        assert_eq!(buffer[0], 3);
        assert_eq!(there.receive(&mut buffer, Instant::now()).unwrap(), 0);
        there.send(&[9]).unwrap();
        here.discard().unwrap();
        assert_eq!(here.receive(&mut buffer, Instant::now()).unwrap(), 0);
    }

    #[test]
    fn a_waiting_end_is_woken_by_bytes_and_by_the_end_of_the_cable() {
        let (mut here, mut there) = Loopback::pair();
        let soon = Instant::now() + Duration::from_secs(60);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4];
            let first = here.receive(&mut buffer, soon);
            (first, here.receive(&mut buffer, soon))
        });
        there.send(&[1, 2, 3]).unwrap();
        drop(there);
        let (first, second) = reader.join().unwrap();
        assert_eq!(first.unwrap(), 3);
        assert_eq!(
            second.unwrap_err().to_string(),
            "lost the connection to an in-memory cable: its other end was dropped; keep its other end open while this one \
             is in use"
        );
    }
}
