//! Where convolutions take their spikes: the geometry that software and hardware share.

pub use crate::events::{Axis, Span};
