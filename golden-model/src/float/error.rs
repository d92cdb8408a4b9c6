//! Errors of float networks.

/// What can go wrong with a float network, or with the spikes that run through it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FloatError {
    /// Another number of weight matrices than layers.
    #[error("{found} weight matrices for a network of {wanted} layers; train the network again")]
    LayerCount {
        /// Matrices present.
        found: usize,
        /// Layers of the description.
        wanted: usize,
    },
    /// A weight matrix of the wrong shape.
    #[error(
        "layer `{layer}`: weights of shape {found:?}, but the network wants {wanted:?}; train the network again"
    )]
    Shape {
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
    NotFinite {
        /// Layer's name.
        layer: String,
        /// Row of the weight.
        neuron: usize,
        /// Column of the weight.
        source_address: usize,
        /// The weight.
        value: f32,
    },
    /// Input spikes do not have the shape that the network wants.
    #[error(
        "spikes of image {image}: {found} (sources x steps), but the network wants {wanted}; encode them for this network"
    )]
    RasterShape {
        /// Number of the image, from 0.
        image: usize,
        /// Sources and steps found.
        found: String,
        /// Sources and steps wanted.
        wanted: String,
    },
    /// Another number of labels than images.
    #[error("{images} images but {labels} labels; give one label for each image")]
    LabelCount {
        /// Number of images.
        images: usize,
        /// Number of labels.
        labels: usize,
    },
    /// A label that is no class of the network.
    #[error(
        "image {image}: label {label}, but the network has {classes} classes; use the data it was trained for"
    )]
    Label {
        /// Number of the image, from 0.
        image: usize,
        /// The label.
        label: usize,
        /// Classes of the network.
        classes: usize,
    },
    /// A dropout mask for another number of neurons.
    #[error(
        "dropout mask of image {image}: layer `{layer}` has {wanted} neurons, the mask {found}; give one entry per neuron"
    )]
    MaskLength {
        /// Number of the image, from 0.
        image: usize,
        /// Name of the layer.
        layer: String,
        /// Entries of the mask.
        found: usize,
        /// Neurons of the layer.
        wanted: usize,
    },
}
