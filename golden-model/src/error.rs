//! Errors of this crate.

pub use crate::arrays::ArrayError;
use crate::network::NetworkError;
use std::path::PathBuf;

/// What can go wrong with data, networks and models.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // Files.
    /// A file could not be read.
    #[error("cannot read {}: {source}; check that it exists and that you may read it", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}: {source}; check that its folder exists, has room and is yours to write", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },

    // Networks.
    /// The text of a network is not what a network file holds.
    #[error("network file {origin}: {source}")]
    NetworkSyntax {
        /// File or preset the text comes from.
        origin: String,
        /// Line, key and what was expected there.
        source: Box<toml::de::Error>,
    },
    /// A number or name in a network, or in its training parameters, is out of range.
    #[error("network `{network}`: {field} is {found}, but must be {wanted}")]
    NetworkValue {
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
        /// The layer.
        layer: String,
        /// Its operation.
        found: &'static str,
        /// The operations allowed there.
        wanted: &'static str,
    },
    /// The structure of a network, or its compact form.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A network file has no `[train]` table.
    #[error(
        "network file {origin} has no [train] table; add one with optimizer, learning_rate, epochs and batch"
    )]
    NoTrainTable {
        /// The file.
        origin: String,
    },
    /// There is no preset of that name.
    #[error(
        "there is no preset `{name}`; known are: {known}; \
         a file's name ends in .toml, and a compact network begins with its first layer, such as 16C5-P2-10"
    )]
    UnknownPreset {
        /// The name asked for.
        name: String,
        /// All names there are.
        known: String,
    },

    // Data sets.
    /// There is no data set of that name.
    #[error("there is no data set `{name}`; known are: {known}")]
    UnknownDataset {
        /// The name asked for.
        name: String,
        /// All names there are.
        known: String,
    },
    /// A data set that is not embedded was asked for without a folder.
    #[error("data set `{name}` is read from files; give the folder that holds {name}/")]
    NoDataFolder {
        /// The data set.
        name: String,
    },
    /// A file does not start with the magic number of its kind.
    #[error("{}: magic number {found:#010x}, wanted {wanted:#010x}; this is no idx file of {kind}", path.display())]
    DataMagic {
        /// The file.
        path: PathBuf,
        /// What the file should hold.
        kind: &'static str,
        /// Magic number of the file.
        found: u32,
        /// Magic number of that kind.
        wanted: u32,
    },
    /// A file is shorter or longer than its header says.
    #[error("{}: {found} bytes, its header wants {wanted}; fetch the file again", path.display())]
    DataLength {
        /// The file.
        path: PathBuf,
        /// Bytes found (uncompressed); where the file is too long, one more than wanted.
        found: u64,
        /// Bytes wanted.
        wanted: u64,
    },
    /// A header asks for more than any data set of this kind has.
    #[error("{}: the header announces {found} bytes of {kind}, more than the {limit} allowed; the file is damaged", path.display())]
    DataTooLarge {
        /// The file.
        path: PathBuf,
        /// What the file should hold.
        kind: &'static str,
        /// Bytes announced.
        found: u128,
        /// Bytes allowed.
        limit: u64,
    },
    /// Images and labels do not agree in number, or a buffer does not hold whole images.
    #[error("data set `{name}`: {images} samples but {labels} labels; the files do not belong together")]
    DataCounts {
        /// The data set.
        name: String,
        /// Number of images.
        images: usize,
        /// Number of labels.
        labels: usize,
    },
    /// A value of an image or a label is out of range.
    #[error(
        "data set `{name}`: {what} of image {index} is {found}, but must be at most {limit}; the data are damaged"
    )]
    DataValue {
        /// The data set.
        name: String,
        /// Label or pixel.
        what: &'static str,
        /// Number of the image, from 0.
        index: usize,
        /// The value.
        found: usize,
        /// Largest value allowed.
        limit: usize,
    },
    /// A data set without images.
    #[error("data set `{name}` is empty; give one with at least one sample")]
    DataEmpty {
        /// The data set.
        name: String,
    },
    /// A line of a text data set cannot be read.
    #[error(
        "data set `{name}`, line {line}: {found} values in 0..=255, wanted {wanted}; the data are damaged"
    )]
    DataLine {
        /// The data set.
        name: String,
        /// Line number, from 1.
        line: usize,
        /// Readable values on that line.
        found: usize,
        /// Values wanted.
        wanted: usize,
    },
    /// A split asks for more images than there are.
    #[error(
        "data set `{name}`: cannot set aside {wanted} of {found} images; set aside at least one and leave one"
    )]
    DataSplit {
        /// The data set.
        name: String,
        /// Images there are.
        found: usize,
        /// Images to set aside.
        wanted: usize,
    },
    /// A data set and a network do not fit together.
    #[error(
        "network `{network}` has {field} {wanted}, data set `{dataset}` has {found}; use the network with data it was made for"
    )]
    DataShape {
        /// The network.
        network: String,
        /// The data set.
        dataset: String,
        /// Input shape or number of classes.
        field: &'static str,
        /// What the data set has.
        found: String,
        /// What the network has.
        wanted: String,
    },

    // Training.
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
    /// Training ran away: the loss is infinite or not a number.
    #[error(
        "training diverged in epoch {epoch}, batch {batch}: the loss is {loss}; \
         lower the learning rate ({learning_rate})"
    )]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
        /// The batch, from 1.
        batch: usize,
        /// The batch's loss.
        loss: f64,
        /// The learning rate of that batch.
        learning_rate: f32,
    },
    /// Training ran away: a weight is infinite or not a number, though the loss before the step was neither.
    #[error(
        "training diverged in epoch {epoch}, batch {batch}: weights are no longer finite; \
         lower the learning rate ({learning_rate})"
    )]
    DivergedWeights {
        /// The epoch, from 1.
        epoch: usize,
        /// The batch, from 1.
        batch: usize,
        /// The learning rate of that batch.
        learning_rate: f32,
    },

    // Reference cases.
    /// The specification of a reference case is not what it should be.
    #[error("{}: array `spec`: {source}; the layout is in tests/vectors/README.md", path.display())]
    CaseSpec {
        /// The file.
        path: PathBuf,
        /// Key and what was expected there.
        source: serde_json::Error,
    },

    // Quantization and the integer golden model.
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
    /// What the quantizer refuses.
    #[error(transparent)]
    Quantize(#[from] crate::quantize::QuantizeError),
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

    // Model files.
    /// A file that is not a safetensors file.
    #[error("{} is not a model file: {source}; give a .safetensors file that synfire wrote", path.display())]
    NotSafetensors {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: safetensors::SafeTensorError,
    },
    /// A file larger than any model.
    #[error("{}: {found} bytes, but a model file has at most {limit}; give a model file", path.display())]
    ModelFileTooLarge {
        /// The file.
        path: PathBuf,
        /// Its length.
        found: u64,
        /// Largest length that is read.
        limit: u64,
    },
    /// A file that is shorter or longer than its header says.
    #[error("{}: {found} bytes, but its header wants {wanted}; the file is damaged, write or copy it again", path.display())]
    ModelFileLength {
        /// The file.
        path: PathBuf,
        /// Its length.
        found: u64,
        /// Length that the header implies.
        wanted: u64,
    },
    /// A safetensors file of something else.
    #[error("{}: a file of format `{found}`, but `{wanted}` is wanted; {remedy}", path.display())]
    ModelFileFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: String,
        /// Format wanted.
        wanted: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A float model where a quantized one is wanted.
    #[error("{} is a float model, but a quantized one is wanted; run `synfire quantize` on it", path.display())]
    FloatModelFile {
        /// The file.
        path: PathBuf,
    },
    /// A file of another version of its format.
    #[error("{}: version {found} of the format, but this program reads version {wanted}; use a newer synfire", path.display())]
    ModelFileVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: String,
        /// Newest version that is read.
        wanted: u32,
    },
    /// A model file without one of its metadata.
    #[error("{}: no `{key}` in the metadata; give a model file that synfire wrote", path.display())]
    ModelMetadataMissing {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
    },
    /// Metadata of a model file that cannot be understood.
    #[error("{}: metadata `{key}`: {source}; write the file again", path.display())]
    ModelMetadata {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
        /// What is wrong, and where.
        source: serde_json::Error,
    },
    /// A model file without one of its tensors.
    #[error("{}: no tensor `{tensor}`; write the file again", path.display())]
    ModelTensorMissing {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
    },
    /// A tensor of another type or shape than the network wants.
    #[error("{}: tensor `{tensor}` is {found}, but the network wants {wanted}; write the file again", path.display())]
    ModelTensor {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// Type and shape found.
        found: String,
        /// Type and shape wanted.
        wanted: String,
    },
    /// A tensor that belongs to no layer.
    #[error("{}: tensor `{tensor}` belongs to no layer; write the file again", path.display())]
    ModelTensorUnknown {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
    },
    /// A layer that a consumer of the network does not know.
    #[error(
        "network `{network}`: {consumer} takes chains of fully-connected layers so far, but layer `{layer}` has \
         op = \"{op}\"; use a network of op = \"fc\" and \"out\""
    )]
    LayerUnsupported {
        /// The network.
        network: String,
        /// The layer.
        layer: String,
        /// Its operation.
        op: &'static str,
        /// Who refuses it.
        consumer: &'static str,
    },
    /// A model file whose contents contradict each other.
    #[error("{}: {source}", path.display())]
    InModelFile {
        /// The file.
        path: PathBuf,
        /// The contradiction.
        source: Box<Error>,
    },

    // Checkpoints.
    /// Why a training run cannot be resumed.
    #[error(transparent)]
    Checkpoint(#[from] crate::train::CheckpointError),

    // Fine-tuning.
    /// Why a quantized network cannot be fine-tuned.
    #[error(transparent)]
    FineTuning(#[from] crate::train::FineTuningError),

    /// A dropout mask for another number of neurons.
    #[error(
        "dropout mask of image {image}: layer `{layer}` has {wanted} neurons, the mask {found}; give one entry per neuron"
    )]
    MaskLength {
        /// Number of the image, from 0.
        image: usize,
        /// The layer.
        layer: String,
        /// Entries of the mask.
        found: usize,
        /// Neurons of the layer.
        wanted: usize,
    },

    // Traces.
    /// What is wrong with a trace.
    #[error(transparent)]
    Trace(#[from] crate::trace_file::TraceError),

    // Data sets: files and samples.
    /// What is wrong with a data set.
    #[error(transparent)]
    Data(#[from] crate::dataset::DataError),
    /// Something is wrong with a file of arrays.
    #[error(transparent)]
    Array(#[from] ArrayError),
}

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
