//! Training images moved by a few pixels, so that a network learns shapes and not places.

use crate::network::Shape;
use crate::random::mix;

/// Keeps this use of a run's seed apart from others.
const SHIFT: u64 = 3;

/// How far an image moves, in pixels down and to the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    down: isize,
    right: isize,
}

impl Offset {
    /// The offset of one presentation of an image: each direction independent and uniform in −limit..=limit.
    pub(super) fn draw(limit: usize, seed: u64, epoch: u64, index: usize) -> Self {
        let choices = 2 * limit as u64 + 1;
        let draw = mix(&[seed, SHIFT, epoch, index as u64]);
        let centred = |draw: u64| (draw % choices).cast_signed() - (limit as u64).cast_signed();
        let [down, right] = [draw >> 32, draw & u64::from(u32::MAX)].map(centred);
        // At most 64 pixels: see the limit in the training parameters.
        Self {
            down: isize::try_from(down).unwrap_or(0),
            right: isize::try_from(right).unwrap_or(0),
        }
    }

    /// Writes the moved image to `moved`; what comes in from outside is 0.
    pub(super) fn apply(self, image: &[u8], shape: Shape, moved: &mut [u8]) {
        let Shape { height, width, .. } = shape;
        let rows = moved.chunks_exact_mut(width).enumerate();
        for (number, row) in rows {
            let (channel, y) = (number / height, number % height);
            let source = y.checked_add_signed(-self.down).filter(|&source| source < height);
            row.fill(0);
            if let Some(source) = source {
                let source = &image[(channel * height + source) * width..][..width];
                let kept = width.saturating_sub(self.right.unsigned_abs());
                let (from, to) = if self.right < 0 {
                    (width - kept, 0)
                } else {
                    (0, width - kept)
                };
                row[to..][..kept].copy_from_slice(&source[from..][..kept]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape {
        channels: 2,
        height: 2,
        width: 3,
    };
    const IMAGE: [u8; 12] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

    fn moved(down: isize, right: isize) -> [u8; 12] {
        let mut moved = [99; 12];
        Offset { down, right }.apply(&IMAGE, SHAPE, &mut moved);
        moved
    }

    #[test]
    fn every_channel_moves_and_the_border_is_empty() {
        assert_eq!(moved(0, 0), IMAGE);
        assert_eq!(moved(1, 0), [0, 0, 0, 1, 2, 3, 0, 0, 0, 7, 8, 9]);
        assert_eq!(moved(0, 1), [0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11]);
        assert_eq!(moved(-1, -2), [6, 0, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0]);
        assert_eq!(moved(2, 0), [0; 12]);
        assert_eq!(moved(0, -5), [0; 12]);
    }

    #[test]
    fn offsets_are_uniform_and_independent() {
        let mut counts = std::collections::BTreeMap::new();
        for index in 0..9000 {
            let Offset { down, right } = Offset::draw(1, 1, 0, index);
            *counts.entry((down, right)).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 9);
        assert!(
            counts.values().all(|count| (880..1120).contains(count)),
            "{counts:?}"
        );
        assert!(
            counts
                .keys()
                .all(|&(down, right)| down.abs() <= 1 && right.abs() <= 1)
        );
    }

    #[test]
    fn a_limit_of_zero_never_moves() {
        assert!((0..100).all(|index| Offset::draw(0, 1, 2, index) == Offset { down: 0, right: 0 }));
    }
}
