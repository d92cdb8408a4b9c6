//! Checks of the rasters that a network may run on.

use super::input::InputSpikes;
use crate::events::Layout;
use crate::integer::IntegerError;
use crate::spikes::SpikeRaster;
use crate::{Error, Result};

/// Checks that rasters have `width` sources, that each source fires at most once per step, and that no spike is
/// negative unless `signed`.
///
/// # Errors
/// If a raster does not comply. The first violation is reported.
pub(crate) fn check(rasters: &[SpikeRaster], width: usize, signed: bool) -> Result<()> {
    let mut sources = InputSpikes::new(Layout::input([width, 1, 1].into()));
    for raster in rasters {
        if raster.width() != width {
            return Err(Error::Integer(IntegerError::RasterWidth {
                found: raster.width(),
                wanted: width,
            }));
        }
        for (step, spikes) in raster.iter().enumerate() {
            sources.take(step, spikes)?;
            match spikes.iter().find(|spike| spike.negative) {
                Some(spike) if !signed => {
                    return Err(Error::Integer(IntegerError::NegativeSpike {
                        step,
                        source_address: spike.address,
                    }));
                }
                _ => {}
            }
        }
    }
    Ok(())
}
