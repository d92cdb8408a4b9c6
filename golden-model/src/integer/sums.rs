//! Worst-case sums of one step, computed from the weights: the largest amounts that spikes can add to a membrane and
//! subtract from it.
//!
//! A source has at most one event per step. A source with spikes of +1 adds a positive weight and subtracts the magnitude
//! of a negative one. A source with events of either sign, which only the input can be, can add or subtract the
//! magnitude of any weight. Graded input, with events of values up to 255, adds and subtracts 255 times as much. Biases
//! are not part of these sums, because every step adds them exactly once ([`super::reach`]).
//!
//! * **Convolution.** A window at the border covers fewer sources: along each axis only the kernel rows that lie
//!   within the map. Windows that cover the same rows and columns have equal sums, and a window that covers a subset
//!   of another has no larger sums. So only the largest ranges of rows and of columns count. There is one of each, the
//!   whole kernel, unless the map is smaller than the kernel.
//! * **Pooling.** A neuron counts spikes, so every source of its window has weight 1.
//! * **Junction.** Both paths add to the same membrane, one after the other, so their sums add, even if they share a
//!   source. A shortcut's source is never outside the map.

use super::{InputSigns, InputValues};
use crate::network::{LayerKind, Node, Source};
use ndarray::{Array2, ArrayView1};
use std::ops::Range;

/// Largest amounts that one step can add to a membrane and subtract from it, both as magnitudes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepSums {
    /// Sum of all increments that add.
    pub positive: i64,
    /// Sum of all increments that subtract, as a magnitude.
    pub negative: i64,
}

/// Values that the events of a source can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventValues {
    /// Whether all are positive, or of either sign.
    pub signs: InputSigns,
    /// Largest magnitude: 1 for spikes.
    pub largest: i64,
}

impl EventValues {
    /// Spikes of +1.
    pub const SPIKES: Self = Self {
        signs: InputSigns::Unsigned,
        largest: 1,
    };
}

impl StepSums {
    /// Sums for all of these weights together, whose sources have events of these values.
    pub(crate) fn of(weights: impl IntoIterator<Item = i64>, events: EventValues) -> Self {
        let mut sums = Self::default();
        for weight in weights {
            sums.positive += weight.max(0) * events.largest;
            sums.negative += (-weight).max(0) * events.largest;
        }
        match events.signs {
            InputSigns::Unsigned => sums,
            InputSigns::Signed => Self {
                positive: sums.positive + sums.negative,
                negative: sums.positive + sums.negative,
            },
        }
    }

    /// Sums of two paths into one membrane.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            positive: self.positive + other.positive,
            negative: self.negative + other.negative,
        }
    }

    /// Converts sums from weight LSB to membrane LSB.
    #[must_use]
    pub const fn with_guard_bits(self, guard_bits: u8) -> Self {
        Self {
            positive: self.positive << guard_bits,
            negative: self.negative << guard_bits,
        }
    }

    const fn is_within(self, other: Self) -> bool {
        self.positive <= other.positive && self.negative <= other.negative
    }
}

/// Values of the events of a source.
pub(crate) fn events_of(source: Source, input: InputValues) -> EventValues {
    EventValues {
        signs: if input.are_signed(source) {
            InputSigns::Signed
        } else {
            InputSigns::Unsigned
        },
        largest: input.largest_of(source),
    }
}

/// Sums of a layer's weights in weight LSB: for each output channel, the sums of windows that no other window exceeds.
pub(crate) fn of_weights(
    weights: &Array2<i8>,
    shortcut: Option<&Array2<i8>>,
    kind: &LayerKind,
    node: &Node,
    input: InputValues,
) -> Vec<Vec<StepSums>> {
    let spikes = events_of(node.source, input);
    let mut sums: Vec<Vec<StepSums>> = match *kind {
        LayerKind::Fc { .. } | LayerKind::Out { .. } => {
            let whole = |row: ArrayView1<'_, i8>| vec![StepSums::of(row.iter().map(|&q| q.into()), spikes)];
            weights.rows().into_iter().map(whole).collect()
        }
        LayerKind::Pool { kernel } => {
            let window = StepSums::of((0..kernel * kernel).map(|_| 1), spikes);
            vec![vec![window]; node.output.channels]
        }
        LayerKind::Conv {
            kernel,
            stride,
            padding,
            ..
        } => {
            let stretches = |length, windows| stretches(length, windows, kernel, stride, padding);
            let rows = stretches(node.input.height, node.output.height);
            let columns = stretches(node.input.width, node.output.width);
            let of_windows = |row| window_sums(row, kernel, &rows, &columns, spikes);
            weights.rows().into_iter().map(of_windows).collect()
        }
    };
    if let (Some(weights), Some(junction)) = (shortcut, &node.junction) {
        let spikes = events_of(junction.source, input);
        for (sums, row) in sums.iter_mut().zip(weights.rows()) {
            let second = StepSums::of(row.iter().map(|&q| q.into()), spikes);
            sums.iter_mut().for_each(|first| *first = first.and(second));
        }
    }
    sums
}

/// Ranges of kernel rows that windows cover along an axis of `length` sources; ranges within another are omitted.
fn stretches(
    length: usize,
    windows: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
) -> Vec<Range<usize>> {
    let mut largest: Vec<Range<usize>> = Vec::new();
    for window in 0..windows {
        let first = window * stride;
        // Kernel row k covers the source at first + k − padding.
        let start = padding.saturating_sub(first).min(kernel);
        let end = (length + padding).saturating_sub(first).clamp(start, kernel);
        let within =
            |outer: &Range<usize>, inner: &Range<usize>| outer.start <= inner.start && inner.end <= outer.end;
        let met = start..end;
        if !largest.iter().any(|other| within(other, &met)) {
            largest.retain(|other| !within(&met, other));
            largest.push(met);
        }
    }
    largest
}

/// Sums of the windows of one output channel, weights over (input channel, kernel row, kernel column).
fn window_sums(
    weights: ArrayView1<'_, i8>,
    kernel: usize,
    rows: &[Range<usize>],
    columns: &[Range<usize>],
    spikes: EventValues,
) -> Vec<StepSums> {
    let mut places = vec![StepSums::default(); kernel * kernel];
    for (index, &weight) in weights.iter().enumerate() {
        let place = &mut places[index % (kernel * kernel)];
        *place = place.and(StepSums::of([i64::from(weight)], spikes));
    }
    let mut largest: Vec<StepSums> = Vec::new();
    for rows in rows {
        for columns in columns {
            let mut sums = StepSums::default();
            for row in rows.clone() {
                for column in columns.clone() {
                    sums = sums.and(places[row * kernel + column]);
                }
            }
            if !largest.iter().any(|&other| sums.is_within(other)) {
                largest.retain(|other| !other.is_within(sums));
                largest.push(sums);
            }
        }
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SIGNED: EventValues = EventValues {
        signs: InputSigns::Signed,
        largest: 1,
    };

    #[test]
    fn graded_events_count_by_their_largest_value() {
        let graded = |signs| EventValues { signs, largest: 255 };
        assert_eq!(
            StepSums::of([3, -5, 1], graded(InputSigns::Unsigned)),
            StepSums {
                positive: 4 * 255,
                negative: 5 * 255
            }
        );
        assert_eq!(
            StepSums::of([3, -5, 1], graded(InputSigns::Signed)),
            StepSums {
                positive: 9 * 255,
                negative: 9 * 255
            }
        );
    }

    #[test]
    fn signed_spikes_count_both_ways() {
        assert_eq!(
            StepSums::of([3, -5, 1], EventValues::SPIKES),
            StepSums {
                positive: 4,
                negative: 5
            }
        );
        assert_eq!(
            StepSums::of([3, -5, 1], SIGNED),
            StepSums {
                positive: 9,
                negative: 9
            }
        );
    }

    #[test]
    fn a_map_larger_than_the_kernel_shows_all_of_it() {
        let whole = std::slice::from_ref(&(0..3));
        assert_eq!(stretches(9, 9, 3, 1, 1), whole);
        assert_eq!(stretches(8, 4, 3, 2, 1), whole);
        // A map of two rows under a kernel of five: the upper window loses two kernel rows above and one below.
        assert_eq!(stretches(2, 2, 5, 1, 2), [2..4, 1..3]);
        assert_eq!(stretches(1, 3, 3, 1, 2), [2..3, 1..2, 0..1]);
    }

    #[test]
    fn only_windows_that_none_exceeds_remain() {
        let whole = std::slice::from_ref(&(0..3));
        // Each window covers one kernel row: sums 5, (1, 4) and (4, 2).
        let weights: [i8; 9] = [0, 5, 0, -4, 1, 0, 4, -2, 0];
        let sums = window_sums(
            (&weights).into(),
            3,
            &[0..1, 1..2, 2..3],
            whole,
            EventValues::SPIKES,
        );
        let pair = |positive, negative| StepSums { positive, negative };
        assert_eq!(sums, [pair(5, 0), pair(1, 4), pair(4, 2)]);
        let signed = window_sums((&weights).into(), 3, &[0..1, 1..2, 2..3], whole, SIGNED);
        assert_eq!(signed, [pair(6, 6)]);
    }

    proptest! {
        /// Compares with every single window, source by source.
        #[test]
        fn stretches_cover_every_window(
            length in 1_usize..9,
            kernel in 1_usize..6,
            stride in 1_usize..4,
            padding in 0_usize..6,
        ) {
            prop_assume!(padding < kernel && length + 2 * padding >= kernel);
            let windows = (length + 2 * padding - kernel) / stride + 1;
            let found = stretches(length, windows, kernel, stride, padding);
            let rows = |window: usize| {
                let on_map = |&row: &usize| (padding..padding + length).contains(&(window * stride + row));
                (0..kernel).filter(on_map).collect::<Vec<_>>()
            };
            let all: Vec<_> = (0..windows).map(rows).collect();
            for met in &all {
                let covers = |stretch: &Range<usize>| met.iter().all(|row| stretch.contains(row));
                prop_assert!(found.iter().any(covers), "{met:?} in {found:?}");
            }
            for stretch in &found {
                prop_assert!(all.contains(&stretch.clone().collect()), "{stretch:?} is no window's");
            }
        }
    }
}
