//! Colours: those of the command line's other pictures, and tints of them to stand behind text.

/// Streams of events, and memories of block RAM.
pub(super) const BLUE: &str = "#1f77b4";
/// Second paths, and memories of distributed RAM; what is too much or slowest.
pub(super) const ORANGE: &str = "#d95f02";
/// What is said beside.
pub(super) const GREY: &str = "#666666";
/// Edges.
pub(super) const EDGE: &str = "#888888";
/// Text.
pub(super) const INK: &str = "#222222";
/// Paper.
pub(super) const WHITE: &str = "#ffffff";
/// Behind [`BLUE`].
pub(super) const BLUE_TINT: &str = "#dcebf6";
/// Every other layer in a bar.
pub(super) const BLUE_LIGHT: &str = "#7fb3d8";
/// Behind [`ORANGE`].
pub(super) const ORANGE_TINT: &str = "#fbe6d4";
/// Blocks, and memories of logic.
pub(super) const GREY_TINT: &str = "#ececec";
/// Behind blocks.
pub(super) const PANEL: &str = "#f8f8f8";
