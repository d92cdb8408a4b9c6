//! Calibration: rasters that it may run on, and what the first layers of a network make of them.

use super::engine::Layers;
use super::input::InputSpikes;
use crate::events::Layout;
use crate::network::NetworkDescription;
use crate::quantized::QuantizedLayer;
use crate::spikes::SpikeRaster;
use crate::{Error, Result};
use rayon::prelude::*;

/// Spikes that the last of `layers` emits for every raster of input spikes. The layers must agree with the first ones of
/// the description, and their widths be proven.
///
/// # Errors
/// If the description is not valid, or as [`check`].
pub(crate) fn propagate(
    description: &NetworkDescription,
    layers: &[QuantizedLayer],
    rasters: &[SpikeRaster],
) -> Result<Vec<SpikeRaster>> {
    let layers = Layers::new(description, layers)?;
    let spikes = |layers: &mut Layers, raster| layers.propagate(raster);
    rasters.par_iter().map_init(|| layers.clone(), spikes).collect()
}

/// Checks that rasters are of `width` sources, each of which fires at most once per step, and never with a negative
/// spike unless `signed`.
///
/// # Errors
/// The first raster, step or spike that is not as it should be.
pub(crate) fn check(rasters: &[SpikeRaster], width: usize, signed: bool) -> Result<()> {
    let mut sources = InputSpikes::new(Layout::input([width, 1, 1].into()));
    for raster in rasters {
        if raster.width() != width {
            return Err(Error::RasterWidth {
                found: raster.width(),
                wanted: width,
            });
        }
        for (step, spikes) in raster.iter().enumerate() {
            sources.take(step, spikes)?;
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
