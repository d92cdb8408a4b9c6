//! What the command line reports when something goes wrong.

use std::path::PathBuf;

/// An error as the user sees it. The layers' messages name the thing, the value and the remedy already.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub(crate) enum CliError {
    /// Data, network, training, quantization.
    #[error(transparent)]
    #[diagnostic(code(synfire::model))]
    Model(Box<synfire_golden_model::Error>),
    /// Plan, Verilog, tools.
    #[error(transparent)]
    #[diagnostic(code(synfire::hardware))]
    Hardware(Box<synfire_hw::Error>),
    /// Simulation.
    #[error(transparent)]
    #[diagnostic(code(synfire::simulation))]
    Simulation(Box<synfire_sim::Error>),
    /// Serial link.
    #[error(transparent)]
    #[diagnostic(code(synfire::link))]
    Link(Box<crate::Error>),
    /// The board's answer differs from the golden model's.
    #[error(
        "image {image} (seed {seed}): the board answers {found:?} after {found_steps} steps, the golden model {wanted:?} \
         after {wanted_steps}"
    )]
    #[diagnostic(
        code(synfire::mismatch),
        help("this is a bug, in synfire or in the tools: please report it with the build folder")
    )]
    Answer {
        /// The image.
        image: usize,
        /// Seed of its spikes.
        seed: u64,
        /// The board's potentials, and its steps.
        found: Vec<i32>,
        found_steps: usize,
        /// The golden model's.
        wanted: Vec<i32>,
        wanted_steps: usize,
    },
    /// The trainer differs from reference cases.
    #[error("{failed} of {cases} cases fail")]
    #[diagnostic(
        code(synfire::gradients),
        help(
            "if the cases are sound, this is a bug of the trainer: please report it with the first failing case"
        )
    )]
    Gradients {
        /// How many fail.
        failed: usize,
        /// How many there are.
        cases: usize,
    },
    /// Two traces differ.
    #[error("{difference}")]
    #[diagnostic(code(synfire::trace_difference))]
    TraceDifference {
        /// Where, and by how much.
        difference: String,
    },
    /// The demo missed one of its aims.
    #[error("{what}: {found}, wanted {wanted}")]
    #[diagnostic(code(synfire::demo))]
    Aim {
        /// What was aimed at.
        what: &'static str,
        /// What came out.
        found: String,
        /// What was wanted.
        wanted: String,
    },
    /// A model of the other kind is wanted.
    #[error("{path} is a {found} model, this wants a {wanted} one")]
    #[diagnostic(code(synfire::model_kind))]
    ModelKind {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: &'static str,
        /// What it should be.
        wanted: &'static str,
        /// What to do.
        #[help]
        remedy: &'static str,
    },
    /// No data set is known for this network.
    #[error("no data set is known for inputs of shape {shape}")]
    #[diagnostic(code(synfire::data), help("name one with --data: {known}"))]
    NoDataset {
        /// The network's input shape.
        shape: String,
        /// Names of the data sets.
        known: String,
    },
    /// Spike rates for another number of layers.
    #[error("--rates gives {given} numbers, the network has {layers} layers")]
    #[diagnostic(
        code(synfire::rates),
        help("give the spikes per time step into each layer, or leave --rates out")
    )]
    Rates {
        /// How many were given.
        given: usize,
        /// How many layers there are.
        layers: usize,
    },
    /// A picture could not be drawn.
    #[error("drawing {path}: {reason}")]
    #[diagnostic(code(synfire::figure))]
    Figure {
        /// The picture.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A data set could not be downloaded.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Download(#[from] super::data::DownloadError),
    /// A sweep that cannot be.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Sweep(#[from] super::sweep::SweepError),
    /// A file could not be used.
    #[error("{action} {path}: {source}")]
    #[diagnostic(code(synfire::io))]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Training ran away.
    #[error("{source}; {checkpoint}")]
    #[diagnostic(code(synfire::diverged))]
    Diverged {
        /// Where and how.
        source: Box<synfire_golden_model::Error>,
        /// The last checkpoint, or that there is none.
        checkpoint: String,
        /// What to do.
        #[help]
        remedy: &'static str,
    },
    /// The user stopped a run that can go on.
    #[error(
        "stopped in epoch {epoch}, after {batch} of {batches} batches; the checkpoint is {}", checkpoint.display()
    )]
    #[diagnostic(code(synfire::interrupted), help("add --resume to the same command to go on"))]
    Interrupted {
        /// The epoch, from 1.
        epoch: usize,
        /// Batches of it that are done.
        batch: usize,
        /// Batches it has.
        batches: usize,
        /// Where the run can go on from.
        checkpoint: PathBuf,
    },
    /// A new run would replace the checkpoint of one that has not ended.
    #[error(
        "{} is the checkpoint of a run that has {done} of {epochs} epochs behind it, and a new run would replace it",
        checkpoint.display()
    )]
    #[diagnostic(
        code(synfire::unfinished),
        help(
            "add --resume to go on with that run, or --restart to give it up; --checkpoint puts this one's elsewhere"
        )
    )]
    Unfinished {
        /// The checkpoint.
        checkpoint: PathBuf,
        /// Epochs done.
        done: usize,
        /// Epochs of the run.
        epochs: usize,
    },
    /// There is nothing to go on from.
    #[error("there is no checkpoint {} to resume from", checkpoint.display())]
    #[diagnostic(
        code(synfire::no_checkpoint),
        help("leave --resume out to start a new run, or say with --checkpoint where the checkpoint is")
    )]
    NoCheckpoint {
        /// Where it was looked for.
        checkpoint: PathBuf,
    },
    /// Nothing tells how the network to fine-tune was trained.
    #[error("how network `{network}` was trained is not known")]
    #[diagnostic(
        code(synfire::parameters),
        help("name a preset or a network file with a [train] table to go by, with --finetune-like")
    )]
    NoTrainingParameters {
        /// The network.
        network: String,
    },
    /// Threads could not be started.
    #[error("{threads} threads: {source}")]
    #[diagnostic(code(synfire::threads), help("ask for fewer --threads"))]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// Why not.
        source: rayon::ThreadPoolBuildError,
    },
    /// What is wrong stands in the JSON that was printed.
    #[error("see the object printed")]
    #[diagnostic(code(synfire::reported))]
    Reported,
    /// A worker thread panicked.
    #[error("{what} ended unexpectedly")]
    #[diagnostic(code(synfire::bug), help("this is a bug, please report it"))]
    Worker {
        /// What it was doing.
        what: &'static str,
    },
}

impl CliError {
    /// The exit status that says so.
    pub(crate) const fn exit_status(&self) -> u8 {
        match self {
            Self::Interrupted { .. } => super::interrupt::EXIT_STATUS,
            _ => 1,
        }
    }
}

// Boxed, so that the rare error does not make every result large.
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

impl From<synfire_sim::Error> for CliError {
    /// What a simulator has of the hardware's side, such as a missing Yosys, is told as that.
    fn from(error: synfire_sim::Error) -> Self {
        match error {
            synfire_sim::Error::Design(error) => error.into(),
            error => Self::Simulation(Box::new(error)),
        }
    }
}

/// Result of the command line.
pub(crate) type Result<T, E = CliError> = std::result::Result<T, E>;

/// Says which action on which path an I/O error comes from.
pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> CliError {
    move |source| CliError::Io {
        action,
        path: path.into(),
        source,
    }
}
