//! Errors of the quantizer.

use thiserror::Error;

/// Errors of the quantizer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum QuantizeError {
    /// Weight bits are given for a layer without weights.
    #[error("quantizer: weight bits for layer `{layer}`, which pools and has no weights; leave it out")]
    NoWeights {
        /// Name of the layer.
        layer: String,
    },
    /// The number of scales does not fit the network.
    #[error(
        "quantizer: {found} scales for layer `{layer}`, wanted {wanted}; take `channel_scales` of the report that \
         came with the format"
    )]
    ScaleCount {
        /// Name of the layer.
        layer: String,
        /// Number of scales found.
        found: usize,
        /// Number of scales wanted.
        wanted: usize,
    },
    /// A scale is not a finite number above 0.
    #[error(
        "quantizer: scale {scale} of channel {channel} of layer `{layer}`, wanted a finite number above 0"
    )]
    Scale {
        /// Name of the layer.
        layer: String,
        /// Number of the channel, from 0.
        channel: usize,
        /// Value found.
        scale: f64,
    },
    /// The number format belongs to another network.
    #[error(
        "quantizer: the number format is of network `{format}`, which differs from network `{network}`; quantize the \
         float model itself first"
    )]
    OtherNetwork {
        /// Name of the network to quantize.
        network: String,
        /// Name of the format's network.
        format: String,
    },
    /// An option is outside its range.
    #[error("quantizer: {option} is {found}, wanted {low} to {high}")]
    Option {
        /// Name of the option.
        option: &'static str,
        /// Value found.
        found: f64,
        /// Lowest value allowed.
        low: f64,
        /// Highest value allowed.
        high: f64,
    },
    /// The given leak shifts are not distinct, or not in ascending order.
    #[error(
        "quantizer: leak shifts {found:?} are not distinct and ascending; write each shift once, smallest first"
    )]
    LeakShifts {
        /// Shifts found.
        found: Vec<u8>,
    },
    /// Weight bits are given for a layer that the network does not have.
    #[error("quantizer: weight bits for layer `{layer}`, but the layers are {}", known.join(", "))]
    UnknownLayer {
        /// Name found.
        layer: String,
        /// Names of the network's layers.
        known: Vec<String>,
    },
}
