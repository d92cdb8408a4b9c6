//! Files of traces: every spike, and on demand every membrane, of some inferences. `docs/formats.md` has the layout.
//!
//! A trace is a compressed npz archive: arrays over all images, and as JSON what they are of. It is written and read
//! image by image, so that its size is bounded by the disk, not by memory. Whatever computes the same network can leave
//! one: the golden model, a simulation, a board; [`compare`] then names the first number that differs.

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
