//! Connections without weights: pooling windows and identity shortcuts, at most one target per source.

use super::layout::Layout;
use crate::network::Shape;

/// Marks a source without a target: no window or sampled position covers it.
const NONE: u32 = u32::MAX;

/// Target of every source.
#[derive(Clone, Debug)]
pub(crate) struct Scatter {
    targets: Vec<u32>,
}

impl Scatter {
    /// Connections of pooling: `kernel`×`kernel` windows that do not overlap.
    pub(crate) fn pooling(input: Layout, output: Layout, kernel: usize) -> Self {
        let Shape { height, width, .. } = output.shape;
        Self::new(input, output, |y, x| {
            let (y, x) = (y / kernel, x / kernel);
            (y < height && x < width).then_some(y * width + x)
        })
    }

    /// Connections of an identity shortcut: every `stride`th row and column.
    pub(crate) fn sampling(input: Layout, output: Layout, stride: usize) -> Self {
        Self::new(input, output, |y, x| {
            (y % stride == 0 && x % stride == 0).then_some(y / stride * output.shape.width + x / stride)
        })
    }

    fn new(input: Layout, output: Layout, position: impl Fn(usize, usize) -> Option<usize>) -> Self {
        let Shape {
            channels,
            height,
            width,
        } = input.shape;
        let mut targets = vec![NONE; input.size()];
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            let Some(position) = position(y, x) else {
                continue;
            };
            let sources = &mut targets[(y * width + x) * input.stride..][..channels];
            for (channel, target) in sources.iter_mut().enumerate() {
                *target = u32::try_from(position * output.stride + channel).unwrap_or(NONE);
            }
        }
        Self { targets }
    }

    /// Pairs of source and target for all sources in `addresses` that have a target.
    #[inline]
    pub(crate) fn pairs(&self, addresses: &[u32]) -> impl Iterator<Item = (usize, usize)> {
        addresses.iter().filter_map(|&address| {
            let target = self.targets[address as usize];
            (target != NONE).then_some((address as usize, target as usize))
        })
    }

    /// Target of the first channel of every source position, of `channels` addresses each; the other channels follow it.
    #[inline]
    pub(crate) fn positions(&self, channels: usize) -> impl Iterator<Item = Option<usize>> {
        let first = self.targets.iter().step_by(channels);
        first.map(|&target| (target != NONE).then_some(target as usize))
    }

    /// Adds `factor` to the membrane of the target of every source in `addresses`; returns the number of additions.
    pub(crate) fn accumulate(&self, addresses: &[u32], factor: f32, membranes: &mut [f32]) -> usize {
        let targets = self.pairs(addresses).map(|(_, target)| target);
        targets.map(|target| membranes[target] += factor).count()
    }

    /// Adds the value of every source to the membrane of its target; returns the number of additions.
    pub(crate) fn accumulate_graded(
        &self,
        addresses: &[u32],
        values: &[f32],
        membranes: &mut [f32],
    ) -> usize {
        let mut additions = 0;
        for (&address, value) in addresses.iter().zip(values) {
            if let Some(membrane) = membranes.get_mut(self.targets[address as usize] as usize) {
                *membrane += value;
                additions += 1;
            }
        }
        additions
    }

    /// Adds `factor · δ` of the target to the error of every source in `addresses`.
    pub(crate) fn backward(&self, addresses: &[u32], factor: f32, deltas: &[f32], errors: &mut [f32]) {
        for (source, target) in self.pairs(addresses) {
            errors[source] += factor * deltas[target];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Layout without padding, so that addresses are easy to count.
    fn map(channels: usize, height: usize, width: usize) -> Layout {
        Layout::input([channels, height, width].into())
    }

    #[test]
    fn pooling_windows_leave_what_does_not_fill_one() {
        let pool = Scatter::pooling(map(2, 3, 4), map(2, 1, 2), 2);
        let row = [0, 1, 0, 1, 2, 3, 2, 3];
        assert_eq!(pool.targets, [row, row, [NONE; 8]].concat());
    }

    #[test]
    fn sampling_takes_every_second_row_and_column() {
        let sampled = Scatter::sampling(map(1, 3, 3), map(1, 2, 2), 2);
        assert_eq!(sampled.targets, [0, NONE, 1, NONE, NONE, NONE, 2, NONE, 3]);
    }

    #[test]
    fn both_directions_use_the_same_pairs() {
        let pool = Scatter::pooling(map(1, 2, 3), map(1, 1, 1), 2);
        let mut membranes = [0.0];
        pool.accumulate(&[0, 1, 2, 4], 1.0, &mut membranes);
        assert_eq!(membranes, [3.0]);
        let mut errors = [0.0; 6];
        pool.backward(&[0, 2, 4], 0.25, &[8.0], &mut errors);
        assert_eq!(errors, [2.0, 0.0, 0.0, 0.0, 2.0, 0.0]);
    }
}
