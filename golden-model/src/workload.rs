//! Workloads for benchmarks: one image on one thread, a batch under the second rule, a single layer at a chosen spike rate, and dense loops as an
//! upper bound of speed.
//!
//! ```
//! use synfire_golden_model::network::NetworkDescription;
//! use synfire_golden_model::workload::{Pass, layer_alone, random_raster};
//!
//! let network = NetworkDescription::from_compact("8C3p1-P2-10@2x8x8", None)?;
//! let layer = layer_alone(&network, 0)?;
//! let mut pass = Pass::initial(&layer, 1)?;
//! let operations = pass.forward(&random_raster(&layer, 0.1, 1))?;
//! // In the middle of the map a spike reaches 9 positions of 8 channels, at its border fewer.
//! let spikes = pass.spikes() as f64 / 2.0;
//! assert!((0.7..1.0).contains(&(operations as f64 / spikes / 72.0)));
//! # Ok::<(), synfire_golden_model::Error>(())
//! ```

mod batch_pass;
mod pass;
mod peak;

pub use batch_pass::BatchPass;
pub use pass::Pass;
pub use peak::Peak;

use crate::Result;
use crate::network::{InputCoding, LayerDescription, LayerKind, NetworkDescription, Readout, Reset};
use crate::random::Random;
use crate::spikes::{Spike, SpikeRaster};

/// Threshold that no membrane reaches.
const NEVER: f32 = f32::MAX;

/// Draws positive input spikes for a network: every input spikes in every step with probability `rate`, independently.
#[must_use]
pub fn random_raster(network: &NetworkDescription, rate: f32, seed: u64) -> SpikeRaster {
    let mut random = Random::new(seed);
    let mut raster = SpikeRaster::new(network.input.size());
    for _ in 0..network.steps {
        let sources = (0..).take(raster.width());
        let spikes = sources.filter(|_| random.uniform() < rate).map(Spike::positive);
        raster.push_step(spikes.collect::<Vec<_>>());
    }
    raster
}

/// Builds a network whose work is that of layer `index` alone. Its input is the source of the layer, and its cost
/// depends only on the input spikes.
///
/// Between the input and the layer is a layer of pooling neurons with one source each, which pass every spike on in the
/// same step. So the layer has a source that needs errors, as in the middle of a network. The layer itself has no
/// shortcut and no dropout, and never fires. The output layer of one class, which every network must have, therefore
/// receives no spikes.
///
/// # Errors
/// If the network is not valid, or the layer is its output layer, which cannot be in the middle.
///
/// # Panics
/// If there is no such layer.
pub fn layer_alone(network: &NetworkDescription, index: usize) -> Result<NetworkDescription> {
    network.validate()?;
    let layer = &network.layers[index];
    let mut alone = LayerDescription::new(layer.name.clone(), layer.kind);
    if !matches!(layer.kind, LayerKind::Pool { .. }) {
        alone.threshold = Some(NEVER);
    }
    let description = NetworkDescription {
        name: format!("{}.{}", network.name, layer.name),
        input: network.graph()?.nodes[index].input,
        rate: 1.0,
        normalization: None,
        // What a spike costs does not depend on how the network codes its input, restarts or reads its output.
        coding: InputCoding::Poisson,
        reset: Reset::Zero,
        readout: Readout::Leak,
        layers: vec![
            LayerDescription::new("pass-on", LayerKind::Pool { kernel: 1 }),
            alone,
            LayerDescription::new("rest", LayerKind::Out { out: 1 }),
        ],
        ..network.clone()
    };
    description.validate()?;
    Ok(description)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lenet() -> NetworkDescription {
        NetworkDescription::from_compact("6C5p2-P2-12C5p2-P2-20-10@1x12x12", None).unwrap()
    }

    #[test]
    fn a_raster_has_the_rate_asked_for() {
        let network = lenet();
        let places = (network.input.size() * network.steps) as f64;
        for rate in [0.0, 0.02, 0.2, 1.0] {
            let raster = random_raster(&network, rate, 3);
            assert_eq!((raster.width(), raster.steps()), (144, network.steps));
            let found = raster.total() as f64 / places;
            assert!((found - f64::from(rate)).abs() < 0.01, "{found} for {rate}");
            assert_eq!(raster, random_raster(&network, rate, 3));
        }
    }

    #[test]
    fn a_layer_alone_costs_its_sources_spikes_times_their_fan_out() {
        let network = lenet();
        let dense = network.dense_operations();
        for index in [0, 2, 4] {
            let alone = layer_alone(&network, index).unwrap();
            let raster = random_raster(&alone, 1.0, 1);
            let mut pass = Pass::initial(&alone, 1).unwrap();
            let steps = network.steps as u64;
            let sources = alone.input.size() as u64 * steps;
            let expected = dense[index].total() * steps;
            // One more operation per spike, to pass it on.
            assert_eq!(pass.forward(&raster).unwrap(), expected + sources);
            assert_eq!(pass.operations(), [sources, expected, 0]);
            // Only the input spikes, and the same number that were passed on.
            assert_eq!(pass.spikes(), 2 * sources);
            assert_eq!(pass.backward(0), 2 * expected);
        }
    }

    #[test]
    fn an_output_layer_has_no_place_in_the_middle() {
        let error = layer_alone(&lenet(), 5).unwrap_err().to_string();
        assert!(error.contains("`out`"), "{error}");
    }
}
