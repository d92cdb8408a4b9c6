//! Training by backpropagation over spikes (arXiv 1903.06379).
//!
//! Per time step t = 1..=T, layers in order, so that a spike crosses the whole network within one step:
//!
//! | part | rule |
//! |---|---|
//! | LIF layer (convolution, fully connected) | v += W·s; fired = v > v_th; v = 0 where fired; then v *= leak |
//! | residual junction | both paths add into the same v before the threshold; an identity adds s |
//! | pooling | n += spikes of the window; fired = n > 0.75·k²; n = 0 where fired; no leak |
//! | output layer | v += W·s; v *= leak; never fires; y = v(T) / v_th / T |
//! | dropout | one mask per presentation, held for all T, on the spikes that leave a layer, times 1/(1 − p) |
//! | loss | Σ over images of [`Loss`] |
//!
//! Backward, δ(t) = ∂loss/∂v(t) of a neuron, before its threshold:
//!
//! * where it fired, δ(t) = slope · ∂loss/∂s(t), with ∂loss/∂s the sum over its targets of weight · δ;
//! * elsewhere δ(t) = δ(t + 1): the gradient at all inputs between two spikes is that of the later spike, and 0
//!   after the last; the leak is not differentiated;
//! * slope = (\[trace > 1e-3\] + ln(leak) · trace / max(count, 1)) / v_th, where trace = Σ leak^(T−t) over its
//!   spikes; of a pooling neuron 1, and a spike of its window gets δ / k²;
//! * the output layer's δ is the same at all t, for the sum of squares 2·(y − onehot)/(v_th·T);
//! * ∂loss/∂W = Σ over t of δ(t) · s(t).
//!
//! A neuron's δ changes only where it fired, and a weight's gradient grows only where its source fired: both
//! directions cost (spikes × fan-out), and that is how they are computed here, spike by spike: `engine` walks steps and
//! layers, `synapses` the windows of spikes; `events` says where neurons lie and picks the vectors.
//!
//! Everything is a function of the seed: batches are cut into pieces as their size alone says, each piece sums its
//! own gradient, and the pieces are added in order, whatever the number of threads.

mod checkpoint;
mod config;
mod effort;
mod error;
mod fine_tuning;
mod fired;
mod memory;
mod optimizer;
mod piece;
mod report;
mod schedule;
mod trainer;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use config::{Optimizer, TrainConfig};
pub use error::TrainError;
pub use fine_tuning::{FineTuning, FineTuningError};
pub use memory::Memory;
pub use report::{EpochReport, Progress, Warning, WarningKind};
pub use schedule::Schedule;
pub use trainer::{Observer, Trainer};
