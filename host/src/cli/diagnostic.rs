//! Errors of the command line.

use std::path::PathBuf;
use synfire_golden_model::file::{FileError, IoError, LockError};

/// An error as the user sees it. Messages of the other crates already name the object, the value and the remedy.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub(crate) enum CliError {
    /// An error of data, network, training or quantization.
    #[error(transparent)]
    #[diagnostic(code(synfire::model))]
    Model(Box<synfire_golden_model::Error>),
    /// An error of plan, Verilog or tools.
    #[error(transparent)]
    #[diagnostic(code(synfire::hardware))]
    Hardware(Box<synfire_hw::Error>),
    /// An error of simulation.
    #[error(transparent)]
    #[diagnostic(code(synfire::simulation))]
    Simulation(Box<synfire_sim::Error>),
    /// An error of the serial link.
    #[error(transparent)]
    #[diagnostic(code(synfire::link))]
    Link(Box<crate::Error>),
    /// The board's answer differs from the golden model's.
    #[error(
        "image {image} (seed {seed}): the board computes {found:?} in {found_steps} steps, but the golden model computes \
         {wanted:?} in {wanted_steps} steps"
    )]
    #[diagnostic(
        code(synfire::mismatch),
        help("this is a bug in synfire or in the tools: please report it with the build folder")
    )]
    Answer {
        /// Number of the image.
        image: usize,
        /// Seed of the image's spikes.
        seed: u64,
        /// Potentials that the board computed.
        found: Vec<i32>,
        /// Steps that the board took.
        found_steps: usize,
        /// Potentials that the golden model computed.
        wanted: Vec<i32>,
        /// Steps that the golden model took.
        wanted_steps: usize,
    },
    /// The trainer differs from reference cases.
    #[error("{failed} of {cases} cases fail")]
    #[diagnostic(
        code(synfire::gradients),
        help(
            "if the cases are correct, this is a bug in the trainer: please report it with the first failing case"
        )
    )]
    Gradients {
        /// Number of cases that fail.
        failed: usize,
        /// Number of all cases.
        cases: usize,
    },
    /// Two traces differ.
    #[error("{difference}")]
    #[diagnostic(code(synfire::trace_difference))]
    TraceDifference {
        /// Description of the first difference.
        difference: String,
    },
    /// The demo missed one of its goals.
    #[error("{what} is {found}, wanted {wanted}")]
    #[diagnostic(
        code(synfire::demo),
        help("try another --seed, or a network that learns more")
    )]
    Goal {
        /// Quantity that missed its goal.
        what: &'static str,
        /// Value of the quantity.
        found: String,
        /// Value that was wanted.
        wanted: String,
    },
    /// The model is float where a quantized one is needed, or the reverse.
    #[error("{path} is a {found} model, but a {wanted} model is needed")]
    #[diagnostic(code(synfire::model_kind))]
    ModelKind {
        /// Path of the model.
        path: PathBuf,
        /// Kind of the model.
        found: &'static str,
        /// Kind that is needed.
        wanted: &'static str,
        /// Remedy for the user.
        #[help]
        remedy: &'static str,
    },
    /// There is no default data set for the network's input shape.
    #[error("there is no default data set for inputs of shape {shape}")]
    #[diagnostic(code(synfire::data), help("choose one with --data: {known}"))]
    NoDataset {
        /// Input shape of the network.
        shape: String,
        /// Names of the data sets.
        known: String,
    },
    /// The data set on which the model was trained cannot be used.
    #[error("the model was trained on data set `{dataset}`, which cannot be used: {source}")]
    #[diagnostic(
        code(synfire::data),
        help("give the data set's file with --data, or its folder with --data-dir")
    )]
    TrainedOn {
        /// Name or path of the data set, as the model records it.
        dataset: String,
        /// Error of reading the data set.
        source: Box<synfire_golden_model::Error>,
    },
    /// The number of spike rates differs from the number of layers.
    #[error("--rates has {given} numbers, but the network has {layers} layers")]
    #[diagnostic(
        code(synfire::rates),
        help("give the spikes per time step into each layer, or omit --rates")
    )]
    Rates {
        /// Number of rates that were given.
        given: usize,
        /// Number of layers of the network.
        layers: usize,
    },
    /// A path to write is an input of the same run.
    #[error("{what} {} is also {input} of this run, which it would replace", path.display())]
    #[diagnostic(code(synfire::output), help("give another name"))]
    WouldReplaceInput {
        /// Argument that gives the path to write.
        what: String,
        /// Path to write.
        path: PathBuf,
        /// Argument that gives the input.
        input: String,
    },
    /// Two outputs have one path.
    #[error("{what} {} is also the path of {other}, which it would replace", path.display())]
    #[diagnostic(code(synfire::output), help("give each its own name"))]
    WrittenTwice {
        /// Argument that gives the path to write.
        what: String,
        /// Path to write.
        path: PathBuf,
        /// Argument of the other output.
        other: String,
    },
    /// Something else than text would go to standard output.
    #[error("{what} {}: only text goes to standard output, but this is a binary file", path.display())]
    #[diagnostic(code(synfire::output), help("give the name of a file; a file named - is ./-"))]
    NoText {
        /// Argument that gives the path to write.
        what: String,
        /// Path to write.
        path: PathBuf,
    },
    /// Another run uses an output.
    #[error(transparent)]
    #[diagnostic(code(synfire::busy))]
    Busy(#[from] LockError),
    /// A picture could not be drawn.
    #[error("cannot draw {path}: {reason}")]
    #[diagnostic(
        code(synfire::figure),
        help("this is a bug in synfire: please report it with the command and its data")
    )]
    Figure {
        /// Path of the picture.
        path: PathBuf,
        /// Error of the drawing library.
        reason: String,
    },
    /// A data set could not be downloaded.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Download(#[from] super::data::DownloadError),
    /// A sweep is not possible.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Sweep(#[from] super::sweep::SweepError),
    /// A file or process cannot be used.
    #[error(transparent)]
    #[diagnostic(
        code(synfire::io),
        help("check that the path is right and that you may access it")
    )]
    Io(#[from] IoError),
    /// Training diverged.
    #[error("{source}; {checkpoint}")]
    #[diagnostic(code(synfire::diverged))]
    Diverged {
        /// Error of the trainer.
        source: Box<synfire_golden_model::Error>,
        /// Text that names the last checkpoint, or says that there is none.
        checkpoint: String,
        /// Remedy for the user.
        #[help]
        remedy: &'static str,
    },
    /// The user stopped a run that can be resumed.
    #[error(
        "stopped in epoch {epoch}, after {batch} of {batches} batches; the checkpoint is {}", checkpoint.display()
    )]
    #[diagnostic(
        code(synfire::interrupted),
        help("add --resume to the same command to continue")
    )]
    Interrupted {
        /// Number of the epoch, counted from 1.
        epoch: usize,
        /// Number of completed batches of the epoch.
        batch: usize,
        /// Number of batches of an epoch.
        batches: usize,
        /// Path of the checkpoint.
        checkpoint: PathBuf,
    },
    /// A signal stopped a run on a board.
    #[error("stopped by a signal after {done} of {of} images")]
    #[diagnostic(
        code(synfire::interrupted),
        help("run the same command again; every run starts at the first image")
    )]
    RunStopped {
        /// Number of images that were classified.
        done: usize,
        /// Number of images that were wanted.
        of: usize,
    },
    /// A new run would overwrite the checkpoint of an unfinished run.
    #[error(
        "{} is the checkpoint of an unfinished run, with {done} of {epochs} epochs done; a new run would overwrite it",
        checkpoint.display()
    )]
    #[diagnostic(
        code(synfire::unfinished),
        help(
            "add --resume to continue that run, --restart to discard it, or --checkpoint FILE to write another checkpoint"
        )
    )]
    Unfinished {
        /// Path of the checkpoint.
        checkpoint: PathBuf,
        /// Number of completed epochs.
        done: usize,
        /// Number of epochs of the run.
        epochs: usize,
    },
    /// There is no checkpoint to resume from.
    #[error("there is no checkpoint {} to resume from", checkpoint.display())]
    #[diagnostic(
        code(synfire::no_checkpoint),
        help("omit --resume to start a new run, or pass the checkpoint's path with --checkpoint")
    )]
    NoCheckpoint {
        /// Path of the missing checkpoint.
        checkpoint: PathBuf,
    },
    /// The training parameters of the network to fine-tune are not known.
    #[error("the training parameters of network `{network}` are not known")]
    #[diagnostic(
        code(synfire::parameters),
        help("pass a preset or a network file that has a [train] table with --finetune-like")
    )]
    NoTrainingParameters {
        /// Name of the network.
        network: String,
    },
    /// A pruned network computes another potential than the network before.
    #[error(
        "{set} sample {sample}: without the channels that never fire in training, the potential of class {class} after step \
         {step} is {found} instead of {wanted}; nothing was written"
    )]
    #[diagnostic(
        code(synfire::prune),
        help(
            "use --prune=proof, which removes only channels that no input can fire; after --finetune, add --resume, so that it \
             is not repeated"
        )
    )]
    PruneDiffers {
        /// Name of the set: training or test.
        set: &'static str,
        /// Number of the sample.
        sample: usize,
        /// Class.
        class: usize,
        /// Step, counted from 0.
        step: usize,
        /// Potential of the pruned network.
        found: i32,
        /// Potential of the network before.
        wanted: i32,
    },
    /// A model for a measurement that chooses how much the network fires.
    #[error(
        "--model {model}: the rates of a network of the rule `few-steps` are chosen here, so a model has no effect"
    )]
    #[diagnostic(
        code(synfire::bench),
        help("leave out --model, or measure the model with `synfire bench train --model`")
    )]
    ChosenRates {
        /// File of the model.
        model: String,
    },
    /// Threads could not be started.
    #[error("cannot start {threads} threads: {source}")]
    #[diagnostic(code(synfire::threads), help("use fewer --threads"))]
    Threads {
        /// Number of threads.
        threads: usize,
        /// Error of the thread pool.
        source: rayon::ThreadPoolBuildError,
    },
    /// The environment asks for more threads than are started.
    #[error("{variable} is {given}, but at most {most} threads are started on this machine")]
    #[diagnostic(
        code(synfire::threads),
        help("unset {variable}, or give a number of threads for the cores of this machine")
    )]
    ThreadVariable {
        /// Name of the environment variable.
        variable: &'static str,
        /// Number that it gives.
        given: u64,
        /// Most threads that are started.
        most: usize,
    },
    /// The JSON that was printed describes the error.
    #[error("see the JSON object that was printed")]
    #[diagnostic(code(synfire::reported))]
    Reported,
    /// The JSON that was printed says that a signal stopped the run.
    #[error("see the JSON object that was printed")]
    #[diagnostic(code(synfire::reported))]
    ReportedStop,
    /// A worker thread panicked.
    #[error("{what} ended unexpectedly")]
    #[diagnostic(code(synfire::bug), help("this is a bug in synfire: please report it"))]
    Worker {
        /// Task of the thread.
        what: &'static str,
    },
}

/// Exit status of a program that Ctrl-C stopped, as shells use it.
pub(crate) const INTERRUPTED_STATUS: u8 = 130;

impl CliError {
    /// Returns the exit status of the program after this error.
    pub(crate) const fn exit_status(&self) -> u8 {
        match self {
            Self::Interrupted { .. } | Self::RunStopped { .. } | Self::ReportedStop => INTERRUPTED_STATUS,
            _ => 1,
        }
    }
}

// Errors of the other crates are boxed, so that results stay small.
macro_rules! from_layer {
    ($($layer:ty => $variant:ident),+) => {
        $(impl From<$layer> for CliError {
            fn from(error: $layer) -> Self {
                Self::$variant(Box::new(error))
            }
        })+
    };
}

from_layer! {
    synfire_golden_model::Error => Model,
    synfire_hw::Error => Hardware,
    crate::Error => Link
}

impl From<FileError> for CliError {
    fn from(error: FileError) -> Self {
        synfire_golden_model::Error::from(error).into()
    }
}

impl From<synfire_sim::Error> for CliError {
    /// Converts errors of the hardware crate, such as a missing Yosys, into errors of the hardware.
    fn from(error: synfire_sim::Error) -> Self {
        match error {
            synfire_sim::Error::Design(error) => error.into(),
            error => Self::Simulation(Box::new(error)),
        }
    }
}

/// Result of the command line's functions.
pub(crate) type Result<T, E = CliError> = std::result::Result<T, E>;
