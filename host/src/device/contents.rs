//! Contents of memories as LOADs of any size, and the place up to which they are loaded.

use crate::protocol::MemoryImage;

/// Place in contents of memories: the word to load next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    memory: usize,
    word: usize,
}

/// The LOADs of one run.
#[derive(Debug)]
pub(super) struct LoadRun {
    start: Place,
    /// The place behind each LOAD.
    behind: Vec<Place>,
}

impl LoadRun {
    /// Makes the payloads of at most `most` LOADs of `contents` from `start` on, in requests of at most `frame_bytes` bytes
    /// as far as words fit into them.
    pub(super) fn new(
        contents: &[MemoryImage],
        start: Place,
        frame_bytes: usize,
        most: usize,
    ) -> (Self, Vec<Vec<u8>>) {
        let (mut behind, mut payloads) = (Vec::new(), Vec::new());
        let mut place = start;
        while let Some(memory) = contents.get(place.memory).filter(|_| payloads.len() < most) {
            match memory.payload_from(place.word, frame_bytes) {
                Some((payload, words)) => {
                    place.word += words;
                    payloads.push(payload);
                    behind.push(place);
                }
                None => {
                    place = Place {
                        memory: place.memory + 1,
                        word: 0,
                    };
                }
            }
        }
        (Self { start, behind }, payloads)
    }

    /// Number of LOADs.
    pub(super) const fn len(&self) -> usize {
        self.behind.len()
    }

    /// Returns the place behind the first `count` LOADs.
    pub(super) fn place_behind(&self, count: usize) -> Place {
        let last = count.checked_sub(1).and_then(|index| self.behind.get(index));
        last.copied().unwrap_or(self.start)
    }
}

/// A run of LOADs that failed.
#[derive(Debug)]
pub(super) struct FailedRun {
    pub(super) run: LoadRun,
    /// Number of LOADs that the device had acknowledged.
    pub(super) acknowledged: usize,
    /// Smallest and largest value that `expected` may have if nobody else wrote to the device and it was not reset.
    pub(super) limits: (u16, u16),
}

impl FailedRun {
    /// Returns the place up to which the device has executed the run if it now expects this write; `None` if its memories may
    /// have changed since.
    pub(super) fn place(&self, expected: u16) -> Option<Place> {
        // Sequence numbers count modulo 2^16.
        let (low, high) = self.limits;
        let more = expected.wrapping_sub(low);
        (more <= high.wrapping_sub(low)).then(|| self.run.place_behind(self.acknowledged + usize::from(more)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents() -> [MemoryImage; 2] {
        [
            MemoryImage::of_u16(3, &[1, 2, 3]),
            MemoryImage::of_u32(4, &[5, 6]),
        ]
    }

    #[test]
    fn a_run_goes_on_in_the_middle_with_another_size() {
        let contents = contents();
        let (run, payloads) = LoadRun::new(&contents, Place::default(), 16, 10);
        let heads: Vec<_> = payloads
            .iter()
            .map(|payload| (payload[0], payload[1], payload.len()))
            .collect();
        assert_eq!(heads, [(3, 0, 8), (3, 2, 6), (4, 0, 8), (4, 1, 8)]);
        assert_eq!(run.len(), 4);
        let (run, payloads) = LoadRun::new(&contents, run.place_behind(1), 1000, 10);
        assert_eq!(
            payloads,
            [vec![3, 2, 0, 0, 3, 0], vec![4, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0]]
        );
        let (rest, payloads) = LoadRun::new(&contents, run.place_behind(2), 1000, 10);
        assert!(payloads.is_empty() && rest.len() == 0);
        assert_eq!(LoadRun::new(&contents, Place::default(), 16, 3).0.len(), 3);
    }

    #[test]
    fn what_a_device_has_executed_counts_only_if_nothing_else_can_have_happened() {
        let (run, _) = LoadRun::new(&contents(), Place::default(), 16, 10);
        let behind = |count| run.place_behind(count);
        let (one, three) = (behind(1), behind(3));
        let failed = FailedRun {
            run,
            acknowledged: 1,
            limits: (0xFFFF, 2),
        };
        assert_eq!(failed.place(0xFFFF), Some(one));
        assert_eq!(failed.place(1), Some(three));
        assert_eq!(failed.place(3), None, "beyond what was sent");
        assert_eq!(failed.place(0xFFFE), None, "before what was acknowledged");
    }
}
