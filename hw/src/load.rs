//! How much work a network's layers have: spikes, and the positions that they meet.

use crate::error::Result;
use crate::geometry::{Geometry, Path};
use serde::{Deserialize, Serialize};
use synfire_golden_model::integer::{Engine, QuantizedModel};
use synfire_golden_model::spikes::SpikeRaster;

/// What a path brings a layer in a time step, on average.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathLoad {
    /// Spikes.
    pub spikes: f64,
    /// Positions that they meet.
    pub positions: f64,
}

/// What a layer has to do in a time step, on average: one number pair a path.
pub type LayerLoad = Vec<PathLoad>;

/// Loads by the spikes that every layer's source sends in a step, spread evenly over its map; `spikes_in` is one number a
/// layer. A shortcut's source is taken at the rate with which it feeds its other taker, or the layer itself.
///
/// # Errors
/// If the model's description does not resolve.
///
/// # Panics
/// If there is not one number for each layer.
pub fn from_rates(model: &QuantizedModel, spikes_in: &[f64]) -> Result<Vec<LayerLoad>> {
    let geometry = Geometry::of(model)?;
    assert_eq!(spikes_in.len(), geometry.layers.len(), "spikes into each layer");
    let rate_of = |stream: usize, layer: usize| {
        let main = |at: &usize| geometry.layers[*at].paths[0].stream == stream;
        spikes_in[(0..spikes_in.len()).find(main).unwrap_or(layer)]
    };
    let load = |path: &Path, spikes: f64| PathLoad {
        spikes,
        positions: spikes * path.mean_positions(),
    };
    Ok(geometry
        .layers
        .iter()
        .enumerate()
        .map(|(index, layer)| {
            let main = load(&layer.paths[0], spikes_in[index]);
            let side = layer.paths[1..]
                .iter()
                .map(|path| load(path, rate_of(path.stream, index)));
            std::iter::once(main).chain(side).collect()
        })
        .collect())
}

/// Loads as the golden model measures them, averaged over the steps of all inputs.
///
/// # Errors
/// If the model's description does not resolve, or an input is not of its width.
pub fn measure<'a>(
    model: &QuantizedModel,
    inputs: impl IntoIterator<Item = &'a SpikeRaster>,
) -> Result<Vec<LayerLoad>> {
    let geometry = Geometry::of(model)?;
    let mut engine = Engine::new(model)?;
    let mut loads: Vec<LayerLoad> = geometry
        .layers
        .iter()
        .map(|layer| vec![PathLoad::default(); layer.paths.len()])
        .collect();
    let mut steps = 0;
    for input in inputs {
        let trace = engine.trace(input, false)?;
        steps += input.steps();
        for (layer, load) in geometry.layers.iter().zip(&mut loads) {
            for (path, load) in layer.paths.iter().zip(load) {
                let spikes = path
                    .stream
                    .checked_sub(1)
                    .map_or(input, |layer| &trace.layers[layer]);
                #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
                let [count, positions] = [spikes.total() as f64, path.positions_of(spikes) as f64];
                load.spikes += count;
                load.positions += positions;
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let steps = steps.max(1) as f64;
    for load in loads.iter_mut().flatten() {
        load.spikes /= steps;
        load.positions /= steps;
    }
    Ok(loads)
}
