//! Where things stand: sizes that several parts share, in pixels.

/// Left edge of the blocks; what is left of it holds the potentials' way back and the parameters' way in.
pub(super) const LEFT: f64 = 68.0;
/// Width of link and layers.
pub(super) const BODY: f64 = 860.0;
/// Middle of the blocks, where streams run from layer to layer.
pub(super) const AXIS: f64 = LEFT + BODY / 2.0;
/// What is free to the right of all.
pub(super) const RIGHT_MARGIN: f64 = 24.0;
/// Top of the link.
pub(super) const TOP: f64 = 72.0;
/// From a block to the one below.
pub(super) const GAP: f64 = 38.0;
/// Free edge within a block.
pub(super) const PADDING: f64 = 12.0;
/// Where potentials go back to the link.
pub(super) const RETURN_TRACK: f64 = 22.0;
/// Where parameters go from the link to the layers.
pub(super) const LOAD_TRACK: f64 = 48.0;
/// Size of a memory.
pub(super) const CELL: (f64, f64) = (114.0, 66.0);
/// Between memories.
pub(super) const CELL_GAP: f64 = 6.0;
