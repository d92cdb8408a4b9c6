//! Errors of network descriptions and of their compact text.

/// Errors of network descriptions and of their compact text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// A layer has a property that its operation does not support.
    #[error(
        "network `{network}`: layer `{layer}` has op = \"{op}\", which takes no {property}; \
         leave it out, only {takers} layers have one"
    )]
    Property {
        /// Name of the network.
        network: String,
        /// Name of the layer.
        layer: String,
        /// Operation of the layer.
        op: &'static str,
        /// Name of the property.
        property: &'static str,
        /// Operations that support the property.
        takers: &'static str,
    },
    /// The spikes of a layer have no target.
    #[error(
        "network `{network}`: no layer receives the spikes of layer `{layer}`; make it the source (`from`) of \
         a later layer, or leave it out"
    )]
    DeadLayer {
        /// Name of the network.
        network: String,
        /// Name of the layer.
        layer: String,
    },
    /// The network has signed input, which a consumer does not support.
    #[error(
        "network `{network}`: {consumer} supports only unsigned input; train a network without [normalization]"
    )]
    SignedInput {
        /// Name of the network.
        network: String,
        /// Part of the program that refuses the network.
        consumer: &'static str,
    },
    /// The compact text violates its grammar.
    #[error("network `{text}`, character {column}, in `{piece}`: found {found}, expected {wanted}")]
    Compact {
        /// Complete compact text.
        text: String,
        /// Position of the violation in characters, from 1.
        column: usize,
        /// Piece, between two dashes, that contains the violation.
        piece: String,
        /// Text found at the position.
        found: String,
        /// Text allowed at the position.
        wanted: String,
    },
    /// The compact text has no input shape, and no data set supplies one.
    #[error("network `{text}` has no input shape; append one, such as {text}@1x28x28, or name a data set")]
    CompactInput {
        /// Complete compact text.
        text: String,
    },
    /// A number or name in a network, or in its training parameters, is out of range.
    #[error("network `{network}`: {field} is {found}, but must be {wanted}")]
    Value {
        /// Name of the network.
        network: String,
        /// Name of the field.
        field: String,
        /// Value of the field.
        found: String,
        /// Allowed values, in words.
        wanted: String,
    },
    /// The network has no layers.
    #[error("network `{network}` has no layers; add [[layer]] tables, the last with op = \"out\"")]
    NoLayers {
        /// Name of the network.
        network: String,
    },
    /// Two layers share a name.
    #[error("network `{network}`: two layers are named `{layer}`; give every layer its own name")]
    DuplicateLayer {
        /// Name of the network.
        network: String,
        /// Shared name.
        layer: String,
    },
    /// The output layer is missing, or is not the last layer.
    #[error(
        "network `{network}`: layer `{layer}` has op = \"{found}\", but must have {wanted}; \
         the last layer, and only the last, is the output layer"
    )]
    OutputLayer {
        /// Name of the network.
        network: String,
        /// Name of the layer.
        layer: String,
        /// Operation of the layer.
        found: &'static str,
        /// Operations allowed at this place.
        wanted: &'static str,
    },
    /// A consumer of the network does not support a layer.
    #[error(
        "network `{network}`: {consumer} supports only chains of fully-connected layers, but layer `{layer}` has \
         op = \"{op}\"; use a network of op = \"fc\" and \"out\""
    )]
    LayerUnsupported {
        /// Name of the network.
        network: String,
        /// Name of the layer.
        layer: String,
        /// Operation of the layer.
        op: &'static str,
        /// Part of the program that refuses the network.
        consumer: &'static str,
    },
}
