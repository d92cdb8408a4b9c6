//! Float networks: the model with its weights, and the engine that computes its forward and backward pass.
//!
//! # Forward pass
//!
//! All layers of a time step are computed one after another, so a spike crosses the network within one step. For each
//! neuron of a convolution or fully-connected layer, with membrane v, in this order:
//!
//! ```text
//! v     = v + Σ w · s        over the sources; s is 1 for a spike, −1 for a negative input spike, 0 for none
//! v     = v + b              the bias, if the layer has biases
//! fired = v > threshold      strict; the threshold is 1 unless the network states another
//! v     = 0, or v − threshold   if fired, by the network's reset
//! v     = v · leak
//! ```
//!
//! A pooling neuron counts the spikes of its window instead and does not leak. The output layer only integrates and
//! leaks, or does not leak if the network reads it as a sum: its output after T steps is y = v(T) / threshold / T, and the
//! class with the largest y is the answer. The s of a graded input is a real number: its value times the unit of the
//! coding ([`InputCoding::unit`](crate::network::InputCoding::unit)).
//!
//! # Backward pass
//!
//! [`crate::train`] states the equations of the gradients and names their sources. [`gradient()`] computes loss and
//! gradients of given input spikes; it is the trainer's arithmetic without the training loop.
//!
//! [`crate::integer`] is the counterpart of this module for integer networks.

mod engine;
mod error;
mod few_steps;
mod gradient;
mod loss;
mod model;
mod neuron;
mod parameters;
mod synapses;

pub use engine::DropoutMasks;
pub(crate) use engine::{Engine, MAX_MEMBRANE_BITS, Received, State};
pub use error::FloatError;
pub(crate) use few_steps::{Batch, FewSteps, Image, MAX_STEPS as MAX_FEW_STEPS, Role};
pub use few_steps::{FewStepsGradient, FewStepsParameters, Slope, few_steps_gradient, fold_normalization};
pub use gradient::{Gradient, gradient};
pub(crate) use gradient::{batch_gradient, check_label, check_raster, check_rule};
pub use loss::Loss;
pub use model::FloatModel;
pub(crate) use parameters::Parameters;
pub(crate) use synapses::Events;

#[cfg(test)]
mod testing;
