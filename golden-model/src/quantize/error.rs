//! What the quantizer refuses.

use thiserror::Error;

/// What the quantizer refuses.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum QuantizeError {
    /// Weight bits for a layer that has no weights.
    #[error("quantizer: weight bits for layer `{layer}`, which pools and has no weights; leave it out")]
    NoWeights {
        /// Layer's name.
        layer: String,
    },
    /// Scales that do not fit the network.
    #[error(
        "quantizer: {found} scales for layer `{layer}`, wanted {wanted}; take `channel_scales` of the report that \
         came with the format"
    )]
    ScaleCount {
        /// Layer's name.
        layer: String,
        /// Number found.
        found: usize,
        /// Number wanted.
        wanted: usize,
    },
    /// A scale that is none.
    #[error(
        "quantizer: scale {scale} of channel {channel} of layer `{layer}`, wanted a finite number above 0"
    )]
    Scale {
        /// Layer's name.
        layer: String,
        /// Channel.
        channel: usize,
        /// Value found.
        scale: f64,
    },
    /// A number format of another network.
    #[error(
        "quantizer: the number format is of network `{format}`, which differs from network `{network}`; quantize the \
         float model itself first"
    )]
    OtherNetwork {
        /// Name of the network to be quantized.
        network: String,
        /// Name of the format's network.
        format: String,
    },
    /// An option of the quantizer outside its range.
    #[error("quantizer: {option} is {found}, wanted {low} to {high}")]
    Option {
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
    LeakShifts {
        /// Shifts found.
        found: Vec<u8>,
    },
    /// Weight bits for a layer that the network does not have.
    #[error("quantizer: weight bits for layer `{layer}`, but the layers are {}", known.join(", "))]
    UnknownLayer {
        /// Name found.
        layer: String,
        /// Names of the network's layers.
        known: Vec<String>,
    },
}
