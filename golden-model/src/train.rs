//! Training by backpropagation over spikes (arXiv 1903.06379).
//!
//! # Forward pass
//!
//! In every time step t = 1..=T, layers are computed in order, so that a spike crosses the whole network within one
//! step:
//!
//! | part | rule |
//! |---|---|
//! | LIF layer (convolution, fully connected) | v += W·s; fired = v > v_th; v = 0 if fired; then v *= leak |
//! | residual junction | both paths add to the same v before the threshold; an identity adds s |
//! | pooling | n += spikes of the window; fired = n > 0.75·k²; n = 0 if fired; no leak |
//! | output layer | v += W·s; v *= leak; never fires; y = v(T) / v_th / T |
//! | dropout | one mask per presentation, equal in all T steps, on the spikes that leave a layer, times 1/(1 − p) |
//! | loss | sum over images of [`Loss`](crate::float::Loss) |
//!
//! # Backward pass
//!
//! The gradient of a neuron at its membrane before the threshold is δ(t) = ∂loss/∂v(t):
//!
//! * If the neuron fired in step t, δ(t) = slope · ∂loss/∂s(t), where ∂loss/∂s is the sum over its targets of weight ·
//!   δ.
//! * Otherwise δ(t) = δ(t + 1): all inputs between two spikes have the gradient of the later spike, and inputs after
//!   the last spike have none. The leak is not differentiated.
//! * The slope is (\[trace > 1e-3\] + ln(leak) · trace / max(count, 1)) / v_th, where trace = Σ leak^(T−t) over the
//!   neuron's spikes and count is their number. A pooling neuron has slope 1, and each spike of its window receives
//!   δ / k².
//! * The output layer has the same δ in all steps; for the sum of squares it is 2·(y − onehot)/(v_th·T).
//! * The gradient of the weights is ∂loss/∂W = Σ over t of δ(t) · s(t).
//!
//! The δ of a neuron changes only in steps in which it fired, and the gradient of a weight grows only in steps in which
//! its source fired. So both passes cost spikes × fan-out, and both are computed spike by spike. [`crate::float`] holds
//! the engine: its `engine` iterates over steps and layers, its `synapses` over the windows of spikes.
//! [`crate::events`] defines the memory layout of neurons and selects the vector instructions.
//!
//! # Reproducibility
//!
//! The result depends only on the seed, not on the number of threads: the size of a batch alone determines how it is
//! divided into pieces, each piece sums its own gradient, and the pieces are added in order.

mod checkpoint;
mod config;
mod effort;
mod error;
mod few_steps;
mod fine_tuning;
mod fired;
mod identity;
mod init;
mod memory;
mod optimizer;
mod piece;
mod report;
mod schedule;
mod trainer;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use config::{Optimizer, Rule, TrainConfig};
pub use error::TrainError;
pub use fine_tuning::{FineTuning, FineTuningError};
pub use init::{Init, Unscaled};
pub use memory::Memory;
pub use report::{EpochReport, Progress, Warning, WarningKind};
pub use schedule::Schedule;
pub use trainer::{FirstBatch, Observer, Trainer};
