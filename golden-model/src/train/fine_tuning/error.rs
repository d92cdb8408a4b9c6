//! What can keep a network from being fine-tuned.

/// Why a quantized network cannot be fine-tuned.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FineTuningError {
    /// A layer whose membranes are too wide for the trainer's arithmetic.
    #[error(
        "layer `{layer}`: membranes of {membrane_bits} bits, but fine-tuning computes at most {most} bits exactly; \
         quantize with fewer guard bits or fewer weight bits"
    )]
    Width {
        /// Layer's name.
        layer: String,
        /// Its width.
        membrane_bits: u8,
        /// Widest that can be fine-tuned.
        most: u8,
    },
    /// Scales for another number of layers.
    #[error("scales of {found} layers for a network of {wanted}; give those that the quantizer reports")]
    Layers {
        /// Layers with scales.
        found: usize,
        /// Layers of the network.
        wanted: usize,
    },
    /// Scales for another number of channels.
    #[error("layer `{layer}`: {found} scales for {wanted} channels; give those that the quantizer reports")]
    Channels {
        /// Layer's name.
        layer: String,
        /// Scales given.
        found: usize,
        /// Output channels of the layer.
        wanted: usize,
    },
    /// A scale that represents nothing.
    #[error("layer `{layer}`: the scale of channel {channel} is {found}, but must be above 0 and finite")]
    Scale {
        /// Layer's name.
        layer: String,
        /// The channel.
        channel: usize,
        /// Its scale.
        found: f64,
    },
    /// An output layer whose classes could not be compared.
    #[error(
        "layer `{layer}`: scales {} and {} in one output layer, but its classes must share one", found[0], found[1]
    )]
    OutputScales {
        /// Layer's name.
        layer: String,
        /// The first scale, and one that differs from it.
        found: [f64; 2],
    },
}
