//! Errors of integer networks.

/// What can go wrong with an integer network, or with the spikes that run through it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IntegerError {
    /// A quantized network whose layers are not those of its description.
    #[error(
        "quantized network: {found} layers, but its description has {wanted}; \
         quantize the float model again with `synfire quantize`"
    )]
    LayerCount {
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
    Mismatch {
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
    Range {
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
    /// A spike of sign −1 for a network that was proven for spikes of +1 only.
    #[error(
        "source {source_address} has a negative spike in step {step}, but the widths of the network are proven for \
         positive input only; quantize the float model for signed input"
    )]
    NegativeSpike {
        /// Time step, from 0.
        step: usize,
        /// The source.
        source_address: u32,
    },
    /// More steps than the widths of the network are proven for.
    #[error(
        "{found} steps, but the width of layer `{layer}` is proven for {proven} only; \
         run fewer steps, or quantize a network of that many"
    )]
    StepsBeyondProof {
        /// Steps of the raster.
        found: usize,
        /// Layer whose width limits them.
        layer: String,
        /// Steps proven.
        proven: usize,
    },
    /// A layer whose membranes can leave their width.
    #[error(
        "layer `{layer}`: membranes of {membrane_bits} bits, but sums can reach {lowest} to {highest}, which takes \
         {needed} bits; quantize the float model with fewer guard bits or fewer weight bits"
    )]
    MembraneOverflow {
        /// Layer's name.
        layer: String,
        /// Width.
        membrane_bits: u8,
        /// Lowest partial sum, in membrane LSB.
        lowest: i64,
        /// Highest partial sum, in membrane LSB.
        highest: i64,
        /// Width that holds both.
        needed: u32,
    },
}
