//! A transport that ends the wait when the user stops the run, or when the virtual board behind it has ended.

use crate::cli::interrupt::StopRequest;
use crate::{Error, Result, Transport};
use std::cell::RefCell;
use std::time::{Duration, Instant};
use synfire_sim::virtual_board::VirtualBoard;

/// Longest wait without a look at the signals and the virtual board.
const SLICE: Duration = Duration::from_millis(50);
/// Time within which a board whose terminal has closed has also ended.
const LAST_BREATH: Duration = Duration::from_millis(500);

/// A transport whose waits end with [`Error::Stopped`] once there is no use in waiting.
#[derive(Debug)]
pub(super) struct Watched<'a, T> {
    pub(super) inner: T,
    pub(super) stop: &'a StopRequest,
    pub(super) board: Option<&'a RefCell<VirtualBoard>>,
}

impl<T: Transport> Watched<'_, T> {
    fn has_board_ended(&self) -> bool {
        self.board
            .is_some_and(|board| board.borrow_mut().check().is_err())
    }

    fn check(&self) -> Result<()> {
        if self.stop.is_requested() || self.has_board_ended() {
            Err(Error::Stopped)
        } else {
            Ok(())
        }
    }

    /// Says that the virtual board has ended where that is why the connection broke.
    fn explained<V>(&self, result: Result<V>) -> Result<V> {
        if self.board.is_some() && matches!(result, Err(Error::Disconnected { .. })) {
            let deadline = Instant::now() + LAST_BREATH;
            while Instant::now() < deadline {
                self.check()?;
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        result
    }
}

impl<T: Transport> Transport for Watched<'_, T> {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.check()?;
        let sent = self.inner.send(bytes);
        self.explained(sent)
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
        loop {
            let until = deadline.min(Instant::now() + SLICE);
            let received = self.inner.receive(buffer, until);
            if !matches!(received, Ok(0)) || until >= deadline {
                return self.explained(received);
            }
            self.check()?;
        }
    }

    fn discard(&mut self) -> Result<()> {
        let discarded = self.inner.discard();
        self.explained(discarded)
    }

    fn reopen(&mut self, deadline: Instant) -> Result<()> {
        loop {
            self.check()?;
            let until = deadline.min(Instant::now() + SLICE);
            match self.inner.reopen(until) {
                Err(_) if until < deadline => {}
                other => return other,
            }
        }
    }

    fn byte_time(&self) -> Duration {
        self.inner.byte_time()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Loopback;

    #[test]
    fn a_wait_ends_soon_after_the_stop_and_not_before() {
        let (inner, mut there) = Loopback::pair();
        let going = StopRequest::default();
        let mut watched = Watched {
            inner,
            stop: &going,
            board: None,
        };
        let start = Instant::now();
        let mut buffer = [0; 8];
        let deadline = start + Duration::from_millis(120);
        assert_eq!(watched.receive(&mut buffer, deadline).expect("a sound line"), 0);
        assert!(
            start.elapsed() >= Duration::from_millis(120),
            "longer than a slice"
        );
        there.send(&[1, 2]).expect("a sound line");
        assert_eq!(watched.receive(&mut buffer, deadline).expect("a sound line"), 2);

        let stopped = StopRequest::requested();
        let mut watched = Watched {
            inner: watched.inner,
            stop: &stopped,
            board: None,
        };
        let start = Instant::now();
        let error = watched
            .receive(&mut buffer, start + Duration::from_secs(60))
            .unwrap_err();
        assert!(matches!(error, Error::Stopped), "{error}");
        assert!(start.elapsed() < Duration::from_secs(30));
        assert!(matches!(watched.send(&[1]), Err(Error::Stopped)));
        assert!(matches!(watched.reopen(start), Err(Error::Stopped)));
    }
}
