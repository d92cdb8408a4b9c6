//! Traffic: the spikes that each layer of a network receives per time step, and the positions that they meet.

pub mod array;

use crate::error::Result;
use crate::geometry::{Geometry, Path};
use serde::{Deserialize, Serialize};
use synfire_golden_model::integer::{Engine, QuantizedModel};
use synfire_golden_model::spikes::SpikeRaster;

/// Average traffic on one path into a layer, per time step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathTraffic {
    /// Spikes that arrive.
    pub spikes: f64,
    /// Positions of the layer that these spikes meet.
    pub positions: f64,
}

/// Average traffic into a layer per time step: one entry for each of its paths.
pub type LayerTraffic = Vec<PathTraffic>;

/// Estimates the traffic from spike rates.
///
/// `spikes_in` has one number per layer: the spikes that its first path delivers per step. They are taken to be spread
/// evenly over the source's map. A shortcut gets the rate of the layer whose first path comes from the same source, or that
/// of the junction itself if there is no such layer.
///
/// # Errors
/// If the model's description does not resolve.
///
/// # Panics
/// If `spikes_in` does not have one number per layer.
pub fn from_rates(model: &QuantizedModel, spikes_in: &[f64]) -> Result<Vec<LayerTraffic>> {
    let geometry = Geometry::of(model)?;
    assert_eq!(spikes_in.len(), geometry.layers.len(), "spikes into each layer");
    let rate_of = |stream: usize, layer: usize| {
        let main = |at: &usize| geometry.layers[*at].paths[0].stream == stream;
        spikes_in[(0..spikes_in.len()).find(main).unwrap_or(layer)]
    };
    let on_path = |path: &Path, spikes: f64| PathTraffic {
        spikes,
        positions: spikes * path.mean_positions(),
    };
    Ok(geometry
        .layers
        .iter()
        .enumerate()
        .map(|(index, layer)| {
            let main = on_path(&layer.paths[0], spikes_in[index]);
            let side = layer.paths[1..]
                .iter()
                .map(|path| on_path(path, rate_of(path.stream, index)));
            std::iter::once(main).chain(side).collect()
        })
        .collect())
}

/// Measures the traffic by running the golden model on `inputs`, averaged over the steps of all inputs.
///
/// # Errors
/// If the model's description does not resolve, or an input does not have the model's width.
pub fn measure<'a>(
    model: &QuantizedModel,
    inputs: impl IntoIterator<Item = &'a SpikeRaster>,
) -> Result<Vec<LayerTraffic>> {
    let geometry = Geometry::of(model)?;
    let mut engine = Engine::new(model)?;
    let mut traffic: Vec<LayerTraffic> = geometry
        .layers
        .iter()
        .map(|layer| vec![PathTraffic::default(); layer.paths.len()])
        .collect();
    let mut steps = 0;
    for input in inputs {
        let trace = engine.trace(input, false)?;
        steps += input.steps();
        for (layer, traffic) in geometry.layers.iter().zip(&mut traffic) {
            for (path, traffic) in layer.paths.iter().zip(traffic) {
                let spikes = path
                    .stream
                    .checked_sub(1)
                    .map_or(input, |layer| &trace.layers[layer]);
                #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
                let [count, positions] = [spikes.total() as f64, path.positions_of(spikes) as f64];
                traffic.spikes += count;
                traffic.positions += positions;
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let steps = steps.max(1) as f64;
    for path in traffic.iter_mut().flatten() {
        path.spikes /= steps;
        path.positions /= steps;
    }
    Ok(traffic)
}
