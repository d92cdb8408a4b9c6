//! Layout: positions and sizes that several parts share, in pixels.

/// Left edge of the blocks. The lines of potentials and parameters run to the left of it.
pub(super) const LEFT: f64 = 68.0;
/// Width of link and layers.
pub(super) const BODY: f64 = 860.0;
/// Middle of the blocks, where streams run from layer to layer.
pub(super) const AXIS: f64 = LEFT + BODY / 2.0;
/// Free margin at the right edge.
pub(super) const RIGHT_MARGIN: f64 = 24.0;
/// Upper edge of the link.
pub(super) const TOP: f64 = 72.0;
/// Distance from a block to the block below.
pub(super) const GAP: f64 = 38.0;
/// Free margin within a block.
pub(super) const PADDING: f64 = 12.0;
/// Track on which potentials run back to the link.
pub(super) const RETURN_TRACK: f64 = 22.0;
/// Track on which parameters run from the link to the layers.
pub(super) const LOAD_TRACK: f64 = 48.0;
/// Width and height of a memory.
pub(super) const CELL: (f64, f64) = (114.0, 66.0);
/// Distance between memories.
pub(super) const CELL_GAP: f64 = 6.0;
