//! Float networks: their weights, and the engine that runs spikes through them, forward and backward.
//!
//! [`crate::train`] states the equations. `integer` is the same for integer networks.

mod engine;
mod error;
mod gradient;
mod loss;
mod model;
mod neuron;
mod parameters;
mod synapses;

pub use engine::DropoutMasks;
pub(crate) use engine::{Engine, MAX_MEMBRANE_BITS, State};
pub use error::FloatError;
pub use gradient::{Gradient, gradient};
pub(crate) use gradient::{batch_gradient, check_label, check_raster};
pub use loss::Loss;
pub use model::FloatModel;
pub(crate) use parameters::Parameters;
