//! Size of the requests that carry contents: as large as a receive slot on a sound line, smaller on a line that damages
//! frames.
//!
//! A frame arrives if all of its bits do. At one wrong bit in a thousand, a frame of 500 bytes hardly ever arrives, and one of
//! 30 bytes nearly always. After a failed round the size is therefore halved, down to a few bytes. After many requests that
//! arrived at the first try it doubles again.

/// Fewest bytes of a request, CRC included: headers and a few bytes of contents.
const LEAST: usize = 24;
/// Number of requests in a row that must arrive at the first try before their size doubles.
const SOUND_REQUESTS: usize = 48;
/// Most requests of one run while they are smaller than a slot. The size can change only between runs.
const REQUESTS_PER_RUN: usize = 64;

/// Adaptive size of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameSize {
    slot: usize,
    bytes: usize,
    sound: usize,
}

impl FrameSize {
    /// Starts with requests that fill a slot.
    pub(super) const fn new(slot_bytes: u16) -> Self {
        Self {
            slot: slot_bytes as usize,
            bytes: slot_bytes as usize,
            sound: 0,
        }
    }

    /// Largest size of a request in bytes, body and CRC together.
    pub(super) const fn bytes(self) -> usize {
        self.bytes
    }

    /// Whether requests are smaller than a slot.
    pub(super) const fn is_reduced(self) -> bool {
        self.bytes < self.slot
    }

    /// Most requests to put into one run; `most` while they fill a slot.
    pub(super) fn requests_per_run(self, most: usize) -> usize {
        if self.is_reduced() {
            REQUESTS_PER_RUN.min(most)
        } else {
            most
        }
    }

    /// Halves the size after a failed round. Returns whether it could be halved.
    pub(super) fn shrink(&mut self) -> bool {
        let before = self.bytes;
        self.bytes = (self.bytes / 2).max(LEAST.min(self.slot));
        self.sound = 0;
        self.bytes < before
    }

    /// Takes a successful run of `requests` requests into account, of which `again` had to be sent again.
    pub(super) fn succeeded(&mut self, requests: usize, again: u64) {
        if again > 0 {
            self.sound = 0;
            return;
        }
        self.sound += requests;
        if self.sound >= SOUND_REQUESTS {
            self.bytes = self.slot.min(2 * self.bytes);
            self.sound = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_shrink_to_a_few_bytes_and_grow_again_slowly() {
        let mut size = FrameSize::new(512);
        assert!(!size.is_reduced());
        assert_eq!(size.requests_per_run(1000), 1000);
        let mut sizes = Vec::new();
        while size.shrink() {
            sizes.push(size.bytes());
        }
        assert_eq!(sizes, [256, 128, 64, 32, 24]);
        assert_eq!(size.requests_per_run(1000), 64);
        size.succeeded(47, 0);
        assert_eq!(size.bytes(), 24);
        size.succeeded(1, 0);
        assert_eq!(size.bytes(), 48);
        size.succeeded(40, 0);
        size.succeeded(40, 1);
        size.succeeded(40, 0);
        assert_eq!(size.bytes(), 48, "48 in a row");
        for _ in 0..10 {
            size.succeeded(48, 0);
        }
        assert_eq!(size.bytes(), 512);
        assert!(!size.is_reduced());
    }

    #[test]
    fn a_slot_that_is_small_already_is_left_alone() {
        let mut size = FrameSize::new(16);
        assert!(!size.shrink());
        assert_eq!(size.bytes(), 16);
    }
}
