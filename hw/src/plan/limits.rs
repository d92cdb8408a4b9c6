//! Limits of the generator's address fields.

use crate::circuit::engine::MEMORIES;
use crate::circuit::event::Addressing;
use crate::circuit::link::identity::IMAGE_MEMORY;
use crate::error::{Error, Result};
use crate::geometry::{Geometry, Path};
use synfire_golden_model::integer::QuantizedModel;

/// Checks that the network is within the limits of the generator's address fields.
///
/// # Errors
/// [`Error::TooLarge`] names the first layer beyond a limit, and the quantity that exceeds it.
pub fn check_sizes(model: &QuantizedModel) -> Result<()> {
    let geometry = Geometry::of(model)?;
    let last = geometry.layers.len() - 1;
    for (index, (layer, geometry)) in model.layers.iter().zip(&geometry.layers).enumerate() {
        let shape = geometry.neurons;
        let address_bits = |map: Addressing| map.value_shift();
        let weights = |path: &Path| {
            path.rows.kernel * path.columns.kernel * path.sources.shape.channels * shape.channels
        };
        let row = |path: &Path| path.columns.kernel.min(path.columns.outputs) * shape.channels;
        // A response of the link holds all potentials.
        let most_channels = if index == last { 1 << 13 } else { 1 << 14 };
        let sources = geometry.paths.iter().map(|path| address_bits(path.sources));
        for (what, found, limit) in [
            // Each layer has three memories, and LOAD numbers this many.
            ("layers", index + 1, usize::from(IMAGE_MEMORY) / MEMORIES),
            // With one lane every weight is a word, and words have addresses of 24 bits.
            ("weights", geometry.paths.iter().map(weights).sum(), 1 << 24),
            ("channels", shape.channels, most_channels),
            ("rows", shape.height, 1 << 10),
            ("columns", shape.width, 1 << 10),
            ("neurons", shape.size(), 1 << 22),
            ("bits of a source's event", sources.max().unwrap_or(0), 26),
            // With one lane these are the words of a run, which a window counts in 16 bits.
            (
                "weights that a source meets in a row",
                geometry.paths.iter().map(row).max().unwrap_or(0),
                (1 << 16) - 1,
            ),
        ] {
            if found > limit {
                return Err(Error::TooLarge {
                    layer: layer.name.clone(),
                    what,
                    found,
                    limit,
                });
            }
        }
    }
    Ok(())
}
