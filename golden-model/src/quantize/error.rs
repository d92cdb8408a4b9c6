//! Errors of the quantizer.

use thiserror::Error;

/// Errors of the quantizer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum QuantizeError {
    /// Weight bits are given for a layer without weights.
    #[error(
        "quantizer: weight bits are given for layer `{layer}`, but pooling layers have no weights; leave this \
         layer out"
    )]
    NoWeights {
        /// Name of the layer.
        layer: String,
    },
    /// A pooling layer resets by subtraction, but its threshold is less than one event, so that nothing would be subtracted.
    #[error(
        "quantizer: the pooling layer `{layer}` resets by subtraction, but its threshold {threshold} is below {least}, the \
         share of one spike, of which integers subtract nothing; raise the threshold, or use reset = \"zero\""
    )]
    PoolingReset {
        /// Name of the layer.
        layer: String,
        /// Threshold of the layer, as a share of the window.
        threshold: f32,
        /// Share of the window that one event of value 1 is worth.
        least: f64,
    },
    /// The number of scales does not fit the network.
    #[error(
        "quantizer: {found} scales are given for layer `{layer}`, but it needs {wanted}; pass \
         `channel_scales` of the report that belongs to the number format"
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
        "quantizer: the scale of channel {channel} of layer `{layer}` is {scale}, but must be finite and \
         above 0; pass `channel_scales` of the report that belongs to the number format"
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
        "quantizer: the number format belongs to network `{format}`, which differs from network `{network}`; \
         quantize this network first"
    )]
    OtherNetwork {
        /// Name of the network to quantize.
        network: String,
        /// Name of the format's network.
        format: String,
    },
    /// The channels that fired are not those of the network to prune.
    #[error(
        "quantizer: the channels that fired are of layers with {found:?} channels, but the network has {wanted:?}; observe \
         the network that is pruned"
    )]
    FiredChannels {
        /// Numbers of channels found, layer by layer.
        found: Vec<usize>,
        /// Numbers of channels of the network.
        wanted: Vec<usize>,
    },
    /// An option is outside its range.
    #[error("quantizer: {option} is {}, but must be {wanted}", short(*.found))]
    Option {
        /// Name of the option.
        option: &'static str,
        /// Value found.
        found: f64,
        /// Values allowed, in words.
        wanted: String,
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
    #[error(
        "quantizer: weight bits are given for layer `{layer}`, which does not exist; choose one of {}",
        known.join(", ")
    )]
    UnknownLayer {
        /// Name found.
        layer: String,
        /// Names of the network's layers.
        known: Vec<String>,
    },
}

/// A number in few characters: hundreds of digits help nobody.
fn short(number: f64) -> String {
    if number == 0.0 || (1e-5..1e16).contains(&number.abs()) {
        number.to_string()
    } else {
        format!("{number:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_are_short() {
        let texts = [
            8.0,
            0.0,
            100.1,
            -3.0,
            1e300,
            -1e-300,
            f64::MIN_POSITIVE,
            f64::INFINITY,
        ]
        .map(short);
        assert_eq!(
            texts,
            [
                "8",
                "0",
                "100.1",
                "-3",
                "1e300",
                "-1e-300",
                "2.2250738585072014e-308",
                "inf"
            ]
        );
    }
}
