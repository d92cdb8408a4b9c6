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
    /// Another number of weight matrices than layers.
    #[error("{found} weight matrices for a network of {wanted} layers; train the network again")]
    FloatLayerCount {
        /// Matrices present.
        found: usize,
        /// Layers of the description.
        wanted: usize,
    },
    /// A weight matrix of the wrong shape.
    #[error(
        "layer `{layer}`: weights of shape {found:?}, but the network wants {wanted:?}; train the network again"
    )]
    FloatShape {
        /// Layer's name.
        layer: String,
        /// Shape found.
        found: Vec<usize>,
        /// Shape of the description, `[outputs, inputs]`.
        wanted: Vec<usize>,
    },
    /// A weight that is infinite or not a number.
    #[error(
        "layer `{layer}`: the weight of neuron {neuron} for source {source_address} is {value}; \
         train the network again with a lower learning rate"
    )]
    FloatNotFinite {
        /// Layer's name.
        layer: String,
        /// Row of the weight.
        neuron: usize,
        /// Column of the weight.
        source_address: usize,
        /// The weight.
        value: f32,
    },
    /// An option of the quantizer outside its range.
    #[error("quantizer: {option} is {found}, wanted {low} to {high}")]
    QuantizeOption {
        /// The option.
        option: &'static str,
        /// Value found.
        found: f64,
        /// Lowest value allowed.
        low: f64,
        /// Highest value allowed.
        high: f64,
    },
    /// Leak shifts asked of the quantizer that are not distinct, or not in ascending order.
    #[error(
        "quantizer: leak shifts {found:?} are not distinct and ascending; write each shift once, smallest first"
    )]
    QuantizeLeakShifts {
        /// Shifts found.
        found: Vec<u8>,
    },
    /// Weight bits for a layer that the network does not have.
    #[error("quantizer: weight bits for layer `{layer}`, but the layers are {}", known.join(", "))]
    QuantizeUnknownLayer {
        /// Name found.
        layer: String,
        /// Names of the network's layers.
        known: Vec<String>,
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
