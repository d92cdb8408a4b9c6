//! Errors of network descriptions that are more than a number out of range.

/// What can be wrong with a network's structure or its compact form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// A layer has a property that its operation does not know.
    #[error(
        "network `{network}`: layer `{layer}` has op = \"{op}\", which takes no {property}; \
         leave it out, only {takers} layers have one"
    )]
    Property {
        /// Name of the network.
        network: String,
        /// Name of the layer.
        layer: String,
        /// Its operation.
        op: &'static str,
        /// The property.
        property: &'static str,
        /// Operations that do take it.
        takers: &'static str,
    },
    /// Nothing takes a layer's spikes.
    #[error(
        "network `{network}`: nothing takes the spikes of layer `{layer}`; \
         make it the source (`from`) of a later layer, or leave it out"
    )]
    DeadLayer {
        /// Name of the network.
        network: String,
        /// Name of the layer.
        layer: String,
    },
    /// Signed input for a consumer that knows none.
    #[error(
        "network `{network}`: {consumer} takes unsigned input so far; \
         train a network without [normalization] for it"
    )]
    SignedInput {
        /// Name of the network.
        network: String,
        /// Who refuses it.
        consumer: &'static str,
    },
    /// The compact form of a network has something else than its grammar wants.
    #[error("network `{text}`, character {column}, in `{piece}`: found {found}, wanted {wanted}")]
    Compact {
        /// The whole text.
        text: String,
        /// Position of what was found, from 1.
        column: usize,
        /// The piece between two dashes that it belongs to.
        piece: String,
        /// What stands there.
        found: String,
        /// What may stand there.
        wanted: String,
    },
    /// The compact form of a network without its input shape, and nothing else that says it.
    #[error(
        "network `{text}` does not say the shape of its input; \
         append it, such as {text}@1x28x28, or name the data set that the network is for"
    )]
    CompactInput {
        /// The whole text.
        text: String,
    },
    /// A number or name in a network, or in its training parameters, is out of range.
    #[error("network `{network}`: {field} is {found}, but must be {wanted}")]
    Value {
        /// Name of the network.
        network: String,
        /// The field.
        field: String,
        /// Its value.
        found: String,
        /// What is allowed.
        wanted: String,
    },
    /// A network without layers.
    #[error("network `{network}` has no layers; add [[layer]] tables, the last with op = \"out\"")]
    NoLayers {
        /// Name of the network.
        network: String,
    },
    /// Two layers share a name.
    #[error("network `{network}`: two layers are named `{layer}`; give every layer a name of its own")]
    DuplicateLayer {
        /// Name of the network.
        network: String,
        /// The name.
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
        /// Its operation.
        found: &'static str,
        /// The operations allowed there.
        wanted: &'static str,
    },
    /// A layer that a consumer of the network does not know.
    #[error(
        "network `{network}`: {consumer} takes chains of fully-connected layers so far, but layer `{layer}` has \
         op = \"{op}\"; use a network of op = \"fc\" and \"out\""
    )]
    LayerUnsupported {
        /// Name of the network.
        network: String,
        /// Name of the layer.
        layer: String,
        /// Its operation.
        op: &'static str,
        /// Who refuses it.
        consumer: &'static str,
    },
}
