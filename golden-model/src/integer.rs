//! The integer golden model: the definition of what every simulation and every board must compute, bit for bit.
//!
//! Event-driven as training is: a spike adds rows of weights to the membranes of its window, so that the cost is the
//! number of spikes times their fan-out, in vectors of 16 bits where the proof of V allows and of 32 where not.
//! `docs/numerics.md` states the arithmetic in full.
//!
//! Per time step, layers in order, so that a spike crosses the whole network within one step:
//! `m += ±(q << G)` for every spike along every path into a layer, then the [`neuron`] update; the output layer leaks but
//! never fires, and after the last step its largest membrane names the class.

mod early_exit;
mod engine;
mod error;
mod inference;
mod input;
pub mod leak;
mod model;
pub mod neuron;
mod number;
pub mod proof;
mod rasters;
pub mod reach;
mod signs;
mod stage;
pub mod sums;
mod sweep;
mod synapses;

pub use early_exit::{EarlyExit, Margins, lead};
pub use engine::Engine;
pub(crate) use engine::Layers;
pub use error::IntegerError;
pub use inference::{Inference, Trace};
pub use model::{
    MAX_LEAK_SHIFT, MAX_LEAK_SHIFTS, Neuron, ParameterBits, QuantizedLayer, QuantizedModel, QuantizedShortcut,
};
pub use proof::LayerBounds;
pub(crate) use rasters::check;
pub use signs::InputSigns;

use crate::Result;
use crate::spikes::SpikeRaster;

/// Largest number of guard bits of a membrane.
pub const MAX_GUARD_BITS: u8 = 12;

/// Classifies one raster. For many rasters use one [`Engine`], or
/// [`evaluate`](crate::evaluation::integer::evaluate).
///
/// # Errors
/// Fails like [`Engine::new`] and [`Engine::infer`].
pub fn infer(model: &QuantizedModel, raster: &SpikeRaster) -> Result<Inference> {
    Engine::new(model)?.infer(raster)
}

/// Classifies one raster and records every spike; [`Engine::trace`] records membranes, too.
///
/// # Errors
/// Fails like [`Engine::new`] and [`Engine::infer`].
pub fn trace(model: &QuantizedModel, raster: &SpikeRaster) -> Result<Trace> {
    Engine::new(model)?.trace(raster, false)
}
