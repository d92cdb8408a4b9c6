//! Errors of fine-tuning.

/// Errors of starting to fine-tune a quantized network.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FineTuningError {
    /// The network uses something for which fine-tuning has no gradient.
    #[error(
        "network `{network}` has {feature}, for which fine-tuning by the rule of the paper has no gradient; fine-tune it \
         with `rule = \"few-steps\"`, or quantize it without fine-tuning"
    )]
    Unsupported {
        /// Name of the network.
        network: String,
        /// What the network has: biases, or the choice that fine-tuning does not know.
        feature: &'static str,
    },
    /// The membranes of a layer are too wide for the trainer's exact arithmetic.
    #[error(
        "layer `{layer}`: membranes have {membrane_bits} bits, but fine-tuning computes at most {most} bits \
         exactly; quantize with fewer guard bits or fewer weight bits"
    )]
    Width {
        /// Name of the layer.
        layer: String,
        /// Width of the membranes in bits.
        membrane_bits: u8,
        /// Largest width in bits that can be fine-tuned.
        most: u8,
    },
    /// The number of lists of scales differs from the number of layers.
    #[error(
        "scales are given for {found} layers, but the network has {wanted}; pass the scales of the \
         quantizer's report"
    )]
    Layers {
        /// Number of lists of scales.
        found: usize,
        /// Number of layers of the network.
        wanted: usize,
    },
    /// The number of scales of a layer differs from the number of its channels.
    #[error(
        "layer `{layer}`: {found} scales are given for {wanted} channels; pass the scales of the quantizer's \
         report"
    )]
    Channels {
        /// Name of the layer.
        layer: String,
        /// Number of scales given.
        found: usize,
        /// Number of output channels of the layer.
        wanted: usize,
    },
    /// A scale is not a finite number above 0.
    #[error(
        "layer `{layer}`: the scale of channel {channel} is {found}, but must be finite and above 0; pass the \
         scales of the quantizer's report"
    )]
    Scale {
        /// Name of the layer.
        layer: String,
        /// Number of the channel, from 0.
        channel: usize,
        /// Scale of the channel.
        found: f64,
    },
    /// The scales of the output layer differ, so its classes could not be compared.
    #[error(
        "layer `{layer}`: the output layer has scales {} and {}, but its classes must share one; pass the scales of \
         the quantizer's report",
        found[0],
        found[1]
    )]
    OutputScales {
        /// Name of the layer.
        layer: String,
        /// First scale, and a scale that differs from it.
        found: [f64; 2],
    },
}
