//! Pictures, drawn as SVG with plotters.

mod accuracy_axis;
pub(crate) mod contact_sheet;
pub(crate) mod curve;
pub(crate) mod raster;
pub(crate) mod readout;
pub(crate) mod trade_off;

use super::diagnostic::CliError;
use plotters::style::RGBColor;
use std::path::Path;

/// Colour of the main object in a picture.
pub(crate) const BLUE: RGBColor = RGBColor(0x1f, 0x77, 0xb4);
/// Colour of the second object in a picture.
pub(crate) const ORANGE: RGBColor = RGBColor(0xd9, 0x5f, 0x02);
/// Colour of secondary objects and labels in a picture.
pub(crate) const GREY: RGBColor = RGBColor(0x88, 0x88, 0x88);

/// Returns a function that converts an error of the drawing library.
pub(crate) fn failed(path: &Path) -> impl Fn(&dyn std::error::Error) -> CliError + '_ {
    move |error| CliError::Figure {
        path: path.into(),
        reason: error.to_string(),
    }
}
