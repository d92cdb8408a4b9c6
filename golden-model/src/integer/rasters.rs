//! Checks of the rasters that a network may run on.

use super::InputValues;
use super::input::InputSpikes;
use crate::events::Layout;
use crate::integer::IntegerError;
use crate::spikes::SpikeRaster;
use crate::{Error, Result};

/// Checks that rasters have `width` sources, that each source has at most one event per step, and that the values of the
/// events are those of a network.
///
/// # Errors
/// If a raster does not comply. The first violation is reported.
pub(crate) fn check(rasters: &[SpikeRaster], width: usize, values: InputValues) -> Result<()> {
    let mut sources = InputSpikes::new(Layout::input([width, 1, 1].into()), values.coding);
    for raster in rasters {
        if raster.width() != width {
            return Err(Error::Integer(IntegerError::RasterWidth {
                found: raster.width(),
                wanted: width,
            }));
        }
        for (step, spikes) in raster.iter().enumerate() {
            sources.take(step, spikes)?;
            for spike in spikes {
                values.check(step, *spike)?;
            }
        }
    }
    Ok(())
}
