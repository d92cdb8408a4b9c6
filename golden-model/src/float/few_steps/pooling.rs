//! Errors back through a pooling layer.

use super::network::Stage;
use crate::events::{Dispatch, Kernel, Lanes, Scatter, SpikeLists};

/// Ends a step in the list of pooling neurons whose errors are wanted. A neuron that fires on any spike passes its error
/// on only where at most one source fired; any other neuron always does.
pub(super) fn list_wanted(stage: &Stage, counts: &[f32], wanted: &mut SpikeLists) {
    let any = stage.pools_any();
    let layout = stage.layer.layout;
    let (list, start) = wanted.room(counts.len());
    let mut count = 0;
    let positions = (0u32..)
        .step_by(layout.stride)
        .zip(counts.chunks_exact(layout.stride));
    for (base, counts) in positions {
        for (address, &spikes) in (base..).zip(&counts[..layout.shape.channels]) {
            list[count] = address;
            count += usize::from(!any || spikes <= 1.0);
        }
    }
    wanted.end_step(start + count);
}

/// Adds what a pooling layer's errors are to the errors of its sources, in one step.
///
/// `wanted` are the sources whose errors are wanted, and `fired` those that fired. A source whose error is not wanted may
/// get one: its slope is 0.
#[expect(clippy::too_many_arguments, reason = "errors and what they depend on")]
pub(super) fn return_errors(
    dispatch: Dispatch,
    stage: &Stage,
    scatter: &Scatter,
    counts: &[f32],
    errors: &[f32],
    price: f32,
    (wanted, fired): (&[u32], &[u32]),
    to: &mut [f32],
) {
    if !stage.pools_any() {
        let share = scatter_share(stage);
        for (source, target) in scatter.pairs(wanted) {
            to[source] += share * (errors[target] + price);
        }
        return;
    }
    // A spike of any source would have changed a neuron of which no source fired; its absence would have changed one of
    // which only this source fired.
    dispatch.run(ToSilent {
        scatter,
        channels: stage.layer.layout.stride,
        counts,
        errors,
        price,
        to,
    });
    for (source, target) in scatter.pairs(fired) {
        let error = errors[target] + price;
        to[source] += if counts[target] < 1.5 { error } else { 0.0 };
    }
}

/// Adds the errors of pooling neurons that no source reached to those of all their sources.
struct ToSilent<'a> {
    scatter: &'a Scatter,
    /// Numbers per position, of the sources as of the targets.
    channels: usize,
    counts: &'a [f32],
    errors: &'a [f32],
    price: f32,
    to: &'a mut [f32],
}

impl Kernel for ToSilent<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let channels = self.channels;
        let (price, zero, half) = (
            simd.splat_f32s(self.price),
            simd.splat_f32s(0.0),
            simd.splat_f32s(0.5),
        );
        for (to, target) in self
            .to
            .chunks_exact_mut(channels)
            .zip(self.scatter.positions(channels))
        {
            let Some(target) = target else { continue };
            let counts = S::as_simd_f32s(&self.counts[target..][..channels]).0;
            let errors = S::as_simd_f32s(&self.errors[target..][..channels]).0;
            for ((to, count), error) in S::as_mut_simd_f32s(to).0.iter_mut().zip(counts).zip(errors) {
                let silent = simd.less_than_f32s(*count, half);
                let part = simd.select_f32s(silent, simd.add_f32s(*error, price), zero);
                *to = simd.add_f32s(*to, part);
            }
        }
    }
}

/// Share of its error that a pooling neuron passes to each source.
fn scatter_share(stage: &Stage) -> f32 {
    stage
        .layer
        .paths
        .iter()
        .find_map(|path| match path.connections {
            crate::float::engine::Connections::Plain { share, .. } => Some(share),
            _ => None,
        })
        .unwrap_or(1.0)
}
