//! Training by backpropagation over spikes (arXiv 1903.06379).
//!
//! Per time step t = 1..=T, layers in order, so that a spike crosses the whole network within one step:
//!
//! | part | rule |
//! |---|---|
//! | LIF layer | v += W·s; fired = v > 1; v = 0 where fired; then v *= leak |
//! | output layer | v += W·s; v *= leak; never fires; y = v(T) / T |
//! | loss | Σ over images and classes of (y − onehot)² |
//!
//! Backward, δ(t) = ∂loss/∂v(t) of a neuron, before its threshold:
//!
//! * where it fired, δ(t) = slope · ∂loss/∂s(t), with ∂loss/∂s the sum over its targets of weight · δ;
//! * elsewhere δ(t) = δ(t + 1): the gradient at all inputs between two spikes is that of the later spike, and 0
//!   after the last; the leak is not differentiated;
//! * slope = \[trace > 1e-3\] + ln(leak) · trace / max(count, 1), where trace = Σ leak^(T−t) over its spikes;
//! * the output layer's δ is 2·(y − onehot)/T at all t;
//! * ∂loss/∂W = Σ over t of δ(t) · s(t).
//!
//! A neuron's δ changes only where it fired, and a weight's gradient grows only where its source fired: both
//! directions cost (spikes × fan-out), and that is how they are computed here, spike by spike.
//!
//! Everything is a function of the seed: batches are cut into pieces of a fixed number of images, each piece sums its
//! own gradient, and the pieces are added in order, whatever the number of threads.

mod augment;
mod checkpoint;
mod config;
mod effort;
mod engine;
mod fired;
mod gradient;
mod layout;
mod loss;
mod memory;
mod neuron;
mod optimizer;
mod parameters;
mod piece;
mod report;
mod scatter;
mod schedule;
mod simd;
mod spike_lists;
mod synapses;
mod trainer;

pub use augment::Augmentation;
pub use checkpoint::{Checkpoint, CheckpointError};
pub use config::{Optimizer, TrainConfig};
pub use effort::Effort;
pub use engine::DropoutMasks;
pub use gradient::{Gradient, gradient};
pub use loss::Loss;
pub use memory::{ImageMemory, Memory};
pub use report::{EpochReport, LayerActivity, Progress, Warning, WarningKind};
pub use schedule::Schedule;
pub use trainer::Trainer;

pub(crate) use effort::backward_passes;
pub(crate) use engine::{Engine, State};
pub(crate) use gradient::{check_label, check_raster};
pub(crate) use layout::{Numbers, zeros};
pub(crate) use parameters::Parameters;
pub(crate) use simd::{Dispatch, Kernel, Lanes};

/// The kind of vector instructions that networks run with on this machine: `AVX-512`, `AVX2` or `none`.
#[must_use]
pub fn vectors() -> &'static str {
    Dispatch::new().name()
}
