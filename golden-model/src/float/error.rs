//! Errors of float networks.

/// Errors of float networks and of the spikes that run through them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FloatError {
    /// The number of weight matrices differs from the number of layers.
    #[error("the model has {found} weight matrices, but the network needs {wanted}; train the network again")]
    LayerCount {
        /// Number of weight matrices.
        found: usize,
        /// Number of layers of the description.
        wanted: usize,
    },
    /// A weight matrix has the wrong shape.
    #[error(
        "layer `{layer}`: the weights have shape {found:?}, but the network needs {wanted:?}; train the \
         network again"
    )]
    Shape {
        /// Name of the layer.
        layer: String,
        /// Shape found.
        found: Vec<usize>,
        /// Shape of the description, `[outputs, inputs]`.
        wanted: Vec<usize>,
    },
    /// A weight is infinite or not a number.
    #[error(
        "layer `{layer}`: the weight of neuron {neuron} for source {source_address} is {value}; \
         train the network again with a lower learning rate"
    )]
    NotFinite {
        /// Name of the layer.
        layer: String,
        /// Row of the weight.
        neuron: usize,
        /// Column of the weight.
        source_address: usize,
        /// Value of the weight.
        value: f32,
    },
    /// The number of lists of biases differs from the number of layers.
    #[error(
        "the model has biases of {found} layers, but the network has {wanted} layers; give one list per layer, empty where \
         a layer has none"
    )]
    BiasLayers {
        /// Number of lists.
        found: usize,
        /// Number of layers of the description.
        wanted: usize,
    },
    /// A layer has the wrong number of biases.
    #[error(
        "layer `{layer}`: the number of biases is {found}, but must be {wanted} or, without biases, 0; train the network \
         again"
    )]
    BiasCount {
        /// Name of the layer.
        layer: String,
        /// Number of biases found.
        found: usize,
        /// Number of output channels, or of neurons of a fully-connected layer; 0 for pooling.
        wanted: usize,
    },
    /// A bias is infinite or not a number.
    #[error(
        "layer `{layer}`: the bias of channel {channel} is {value}; train the network again with a lower learning rate"
    )]
    BiasNotFinite {
        /// Name of the layer.
        layer: String,
        /// Number of the channel.
        channel: usize,
        /// Value of the bias.
        value: f32,
    },
    /// A network uses something for which the training rule of the paper has no gradient.
    #[error(
        "network `{network}` has {feature}, for which the training rule of the paper has no gradient; train it with \
         `rule = \"few-steps\"`"
    )]
    RuleUnsupported {
        /// Name of the network.
        network: String,
        /// What the network has: biases, or the choice that the rule does not know.
        feature: &'static str,
    },
    /// Input spikes do not have the shape that the network wants.
    #[error(
        "spikes of image {image}: {found} (sources x steps), but the network needs {wanted}; encode the image \
         for this network"
    )]
    RasterShape {
        /// Number of the image, from 0.
        image: usize,
        /// Sources and steps found.
        found: String,
        /// Sources and steps wanted.
        wanted: String,
    },
    /// A batch without images has no loss.
    #[error("the batch has 0 images; give at least one")]
    NoImages,
    /// The number of labels differs from the number of images.
    #[error("{images} images but {labels} labels; give one label for each image")]
    LabelCount {
        /// Number of images.
        images: usize,
        /// Number of labels.
        labels: usize,
    },
    /// A label is not a class of the network.
    #[error(
        "image {image}: the label is {label}, but the network has {classes} classes; use the data set of the \
         training"
    )]
    Label {
        /// Number of the image, from 0.
        image: usize,
        /// The label.
        label: usize,
        /// Number of classes of the network.
        classes: usize,
    },
    /// A dropout mask has the wrong number of neurons.
    #[error(
        "dropout mask of image {image}: layer `{layer}` has {wanted} neurons, but the mask has {found} \
         entries; give one entry per neuron"
    )]
    MaskLength {
        /// Number of the image, from 0.
        image: usize,
        /// Name of the layer.
        layer: String,
        /// Number of entries of the mask.
        found: usize,
        /// Number of neurons of the layer.
        wanted: usize,
    },
}
