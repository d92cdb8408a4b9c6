//! Errors back through a pooling layer.

use super::network::Stage;
use crate::events::Scatter;
use crate::events::SpikeLists;

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
/// `wanted` are the sources whose errors are wanted and `fired` those that fired, both ascending.
pub(super) fn return_errors(
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
    let mut fired = fired.iter().copied().peekable();
    for (source, target) in scatter.pairs(wanted) {
        while fired.next_if(|&address| (address as usize) < source).is_some() {}
        let own = if fired.peek().is_some_and(|&address| address as usize == source) {
            1.0
        } else {
            0.0
        };
        if counts[target] - own < 0.5 {
            to[source] += errors[target] + price;
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
