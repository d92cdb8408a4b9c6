//! The integer golden model: the definition of what every simulation and every board must compute, bit for bit.
//!
//! The engine is event-driven, like the float engine: a spike adds rows of weights to the membranes of its window. The
//! cost is the number of spikes times their fan-out. Vectors have 16-bit lanes if the proof of V allows it, otherwise
//! 32-bit lanes. `docs/numerics.md` states the arithmetic in full.
//!
//! In every time step, layers are computed in order, so that a spike crosses the whole network within one step. A layer
//! first adds `m += x·(q << G)` for every event of value x along every path (a spike has the value 1 or −1), then applies the
//! [`neuron`] update. The output layer never fires; after the last step, the class with the largest membrane is the answer.

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
pub(crate) use signs::InputValues;

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
