//! Errors of this crate.

/// What can go wrong with data, networks and models.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A quantized network whose layers are not those of its description.
    #[error(
        "quantized network: {found} layers, but its description has {wanted}; \
         quantize the float model again with `synfire quantize`"
    )]
    QuantizedLayerCount {
        /// Layers present.
        found: usize,
        /// Layers of the description.
        wanted: usize,
    },
    /// A part of a quantized layer that disagrees with the description or with another part.
    #[error(
        "quantized layer `{layer}`: {field} is {found}, wanted {wanted}; \
         quantize the float model again with `synfire quantize`"
    )]
    QuantizedMismatch {
        /// Layer's name in the description.
        layer: String,
        /// What disagrees.
        field: &'static str,
        /// Value found.
        found: String,
        /// Value that the rest of the network implies.
        wanted: String,
    },
    /// A number of a quantized layer outside its range.
    #[error(
        "quantized layer `{layer}`: {field} is {found}, wanted {low} to {high}; \
         quantize the float model again with `synfire quantize`"
    )]
    QuantizedRange {
        /// Layer's name.
        layer: String,
        /// The number's name.
        field: &'static str,
        /// Value found.
        found: i64,
        /// Lowest value allowed.
        low: i64,
        /// Highest value allowed.
        high: i64,
    },
    /// Leak shifts that are not distinct, or not in ascending order.
    #[error(
        "quantized layer `{layer}`: leak shifts {found:?} are not distinct and ascending; \
         write each shift once, smallest first"
    )]
    LeakShifts {
        /// Layer's name.
        layer: String,
        /// Shifts found.
        found: Vec<u8>,
    },
    /// Spikes of the wrong number of sources.
    #[error(
        "spikes of {found} sources for a network of {wanted} inputs; \
         encode an image of the network's input shape"
    )]
    RasterWidth {
        /// Sources of the raster.
        found: usize,
        /// Inputs of the network.
        wanted: usize,
    },
    /// A source that fires twice within one step, which no width proof covers.
    #[error("source {source_address} fires twice in step {step}; a source fires at most once per step")]
    DuplicateSpike {
        /// Time step, from 0.
        step: usize,
        /// The source.
        source_address: u32,
    },
    /// A label that is not a class of the network.
    #[error(
        "image {index}: label {label}, but the network has {classes} classes; use the data it was trained for"
    )]
    Label {
        /// Image, from 0.
        index: usize,
        /// Its label.
        label: usize,
        /// Outputs of the network.
        classes: usize,
    },
}

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
