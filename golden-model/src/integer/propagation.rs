//! One layer by itself: from the spikes that enter it to those that leave it.

use super::sources::SourceCheck;
use super::stage;
use crate::quantized::QuantizedLayer;
use crate::spikes::SpikeRaster;
use crate::{Error, Result};

/// Spikes that a layer emits for those that enter it, which its width must be proven for.
///
/// # Errors
/// If a number of the layer is out of range.
pub(crate) fn propagate(layer: &QuantizedLayer, rasters: &[SpikeRaster]) -> Result<Vec<SpikeRaster>> {
    layer.validate()?;
    let mut stage = stage::build(layer).expect("a valid layer has guard bits in range");
    let mut fired = Vec::new();
    let mut run = |raster: &SpikeRaster| {
        stage.reset();
        let mut leaving = SpikeRaster::new(layer.outputs());
        for spikes in raster.iter() {
            fired.clear();
            stage.integrate(spikes);
            stage.end_of_step(&mut fired);
            leaving.push_step(fired.iter().copied());
        }
        leaving
    };
    Ok(rasters.iter().map(&mut run).collect())
}

/// Checks that rasters are of `width` sources, each of which fires at most once per step, and never with a negative
/// spike unless `signed`.
///
/// # Errors
/// The first raster, step or spike that is not as it should be.
pub(crate) fn check(rasters: &[SpikeRaster], width: usize, signed: bool) -> Result<()> {
    let mut sources = SourceCheck::new(width);
    for raster in rasters {
        if raster.width() != width {
            return Err(Error::RasterWidth {
                found: raster.width(),
                wanted: width,
            });
        }
        for (step, spikes) in raster.iter().enumerate() {
            sources.check(step, spikes)?;
            match spikes.iter().find(|spike| spike.negative) {
                Some(spike) if !signed => {
                    return Err(Error::NegativeSpike {
                        step,
                        source_address: spike.address,
                    });
                }
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantized::Neuron;
    use crate::spikes::Spike;
    use ndarray::array;

    fn raster(steps: &[&[u32]]) -> SpikeRaster {
        let mut raster = SpikeRaster::new(2);
        for step in steps {
            raster.push_step(step.iter().copied().map(Spike::positive));
        }
        raster
    }

    #[test]
    fn every_inference_starts_from_zero() {
        let layer = QuantizedLayer {
            name: "layer".to_owned(),
            weights: array![[1, 1], [0, 2]],
            shortcut: None,
            weight_bits: 3,
            guard_bits: 0,
            membrane_bits: 8,
            leak_shifts: vec![],
            floor: -10,
            neuron: Neuron::Lif {
                thresholds: vec![1, 1],
            },
        };
        let entering = [raster(&[&[0]]), raster(&[&[0], &[], &[1, 0]])];
        let leaving = propagate(&layer, &entering).expect("valid");
        // One spike leaves neuron 0 at its threshold; were it still there, the next inference would fire at once.
        assert_eq!(leaving, [raster(&[&[]]), raster(&[&[], &[], &[0, 1]])]);
    }
}
