//! Colours: those of the command line's other pictures, and their tints for areas behind text.

/// Colour of streams of events, and of memories in block RAM.
pub(super) const BLUE: &str = "#1f77b4";
/// Colour of second paths, of memories in distributed RAM, of the slowest layer, and of resources that are exceeded.
pub(super) const ORANGE: &str = "#d95f02";
/// Colour of minor text.
pub(super) const GREY: &str = "#666666";
/// Colour of edges.
pub(super) const EDGE: &str = "#888888";
/// Colour of text.
pub(super) const INK: &str = "#222222";
/// Colour of the background.
pub(super) const WHITE: &str = "#ffffff";
/// Fill of areas with an edge in [`BLUE`].
pub(super) const BLUE_TINT: &str = "#dcebf6";
/// Colour of every second layer in a bar.
pub(super) const BLUE_LIGHT: &str = "#7fb3d8";
/// Fill of areas with an edge in [`ORANGE`].
pub(super) const ORANGE_TINT: &str = "#fbe6d4";
/// Fill of bars, and of memories in logic.
pub(super) const GREY_TINT: &str = "#ececec";
/// Fill of blocks.
pub(super) const PANEL: &str = "#f8f8f8";
