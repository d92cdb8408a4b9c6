//! Files of traces: all spikes, and optionally all membranes, of some inferences. `docs/formats.md` describes the
//! layout.
//!
//! A trace is a compressed npz archive with arrays over all images, and metadata as JSON. It is written and read image
//! by image, so its size is limited by the disk and not by memory. The golden model, a simulation and a board can all
//! write traces of the same network; [`compare`] finds the first number that differs.

mod array;
mod comparison;
mod error;
mod metadata;
mod reader;
mod summary;
mod writer;

pub use array::NumberType;
pub use comparison::{Comparison, Difference, ORIGIN_KEYS, Quantity, Value, compare};
pub use error::TraceError;
pub use metadata::{FORMAT, MembraneNumbers, Metadata, TracedLayer, VERSION};
pub use reader::TraceFile;
pub use summary::{LayerSummary, Summary};
pub use writer::{MAX_BYTES, TraceWriter};
