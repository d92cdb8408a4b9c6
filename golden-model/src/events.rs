//! Event processing that the float and the integer engine share: the memory layout of neurons, the targets of a spike,
//! and vector instructions. Each engine supplies its own number type.

mod axis;
mod layout;
mod memory;
mod rows;
mod scatter;
mod simd;
mod spike_lists;
mod windows;

pub use axis::{Axis, Span};
pub(crate) use layout::{ALIGNMENT, Layout, Numbers, VECTOR, zeros};
pub use memory::ImageMemory;
pub(crate) use rows::{Rows, all_rows};
pub(crate) use scatter::Scatter;
pub use simd::vectors;
pub(crate) use simd::{Dispatch, Kernel, Lanes};
pub(crate) use spike_lists::{SpikeLists, WORD, is_set};
pub(crate) use windows::{Group, Place, Window, Windows};
