//! Evaluation on a data set: accuracy, spikes and synaptic operations of [`float`](mod@float) and [`integer`] networks.

mod activity;
mod effort;
mod error;
pub mod float;
pub mod integer;
mod sparsity;
mod tally;

pub use activity::LayerActivity;
pub use effort::Effort;
pub(crate) use effort::backward_passes;
pub use error::EvaluationError;
pub use sparsity::{ADDITION_PJ, LayerSparsity, MULTIPLY_ACCUMULATE_PJ, Sparsity};
pub(crate) use tally::Tally;
