//! Errors of integer networks.

/// Errors of integer networks and of the spikes that run through them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IntegerError {
    /// The number of layers differs from the description.
    #[error(
        "the quantized network has {found} layers, but its description has {wanted}; \
         quantize the float model again with `synfire quantize`"
    )]
    LayerCount {
        /// Number of layers of the quantized network.
        found: usize,
        /// Number of layers of the description.
        wanted: usize,
    },
    /// A part of a quantized layer disagrees with the description or with another part.
    #[error(
        "quantized layer `{layer}`: {field} is {found}, but must be {wanted}; \
         quantize the float model again with `synfire quantize`"
    )]
    Mismatch {
        /// Name of the layer in the description.
        layer: String,
        /// Name of the part that disagrees.
        field: &'static str,
        /// Value found.
        found: String,
        /// Value that the rest of the network implies.
        wanted: String,
    },
    /// A number of a quantized layer is outside its range.
    #[error(
        "quantized layer `{layer}`: {field} is {found}, but must be {low} to {high}; \
         quantize the float model again with `synfire quantize`"
    )]
    Range {
        /// Name of the layer.
        layer: String,
        /// Name of the number.
        field: &'static str,
        /// Value found.
        found: i64,
        /// Lowest value allowed.
        low: i64,
        /// Highest value allowed.
        high: i64,
    },
    /// The leak shifts are not distinct, or not in ascending order.
    #[error(
        "quantized layer `{layer}`: leak shifts {found:?} are not distinct and ascending; \
         write each shift once, smallest first"
    )]
    LeakShifts {
        /// Name of the layer.
        layer: String,
        /// Shifts found.
        found: Vec<u8>,
    },
    /// A raster has the wrong number of sources.
    #[error(
        "the spikes have {found} sources, but the network has {wanted} inputs; encode an image of the \
         network's input shape"
    )]
    RasterWidth {
        /// Number of sources of the raster.
        found: usize,
        /// Number of inputs of the network.
        wanted: usize,
    },
    /// A source fires twice within one step, which no width proof covers.
    #[error("source {source_address} fires twice in step {step}; give at most one spike per source and step")]
    DuplicateSpike {
        /// Time step, from 0.
        step: usize,
        /// Address of the source in C, H, W order.
        source_address: u32,
    },
    /// An input spike has sign −1, but the network is proven only for spikes of +1.
    #[error(
        "source {source_address} has a negative spike in step {step}, but the widths of the network are \
         proven only for positive input; quantize the float model for signed input"
    )]
    NegativeSpike {
        /// Time step, from 0.
        step: usize,
        /// Address of the source in C, H, W order.
        source_address: u32,
    },
    /// An input event has a value that the network's coding does not have.
    #[error(
        "source {source_address} has the value {value} in step {step}, but with coding `{coding}` a value has a magnitude of \
         1 to {largest}; encode the sample for this network"
    )]
    EventValue {
        /// Time step, from 0.
        step: usize,
        /// Address of the source in C, H, W order.
        source_address: u32,
        /// Value of the event.
        value: i16,
        /// Coding of the network.
        coding: &'static str,
        /// Largest magnitude of a value.
        largest: i16,
    },
    /// The raster has more steps than the widths of the network are proven for.
    #[error(
        "the input has {found} steps, but the width of layer `{layer}` is proven only for {proven}; run at \
         most {proven} steps, or quantize the network for {found}"
    )]
    StepsBeyondProof {
        /// Number of steps of the raster.
        found: usize,
        /// Name of the layer whose width limits the steps.
        layer: String,
        /// Number of steps for which the widths are proven.
        proven: usize,
    },
    /// The membranes of a layer can overflow their width.
    #[error(
        "layer `{layer}`: membranes have {membrane_bits} bits, but sums can reach {lowest} to {highest}, \
         which needs {needed} bits; quantize the float model with fewer guard bits or fewer weight bits"
    )]
    MembraneOverflow {
        /// Name of the layer.
        layer: String,
        /// Width of the membranes in bits.
        membrane_bits: u8,
        /// Lowest partial sum, in membrane LSB.
        lowest: i64,
        /// Highest partial sum, in membrane LSB.
        highest: i64,
        /// Width in bits that holds both sums.
        needed: u32,
    },
}
