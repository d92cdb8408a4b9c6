//! Compact text: a network in one line, such as `20C5p2-P2-50C5p2-P2-200-10@1x28x28`.
//!
//! ```text
//! network = piece { "-" piece } [ "@" channels "x" rows "x" columns ]
//! piece   = ( conv | pool | fc | block ) [ "x" times ]
//! conv    = out "C" kernel { "s" stride | "p" padding | option | path }
//! pool    = "P" kernel     { option }
//! fc      = out            { option }
//! block   = ( "R" | "I" ) out [ "s" stride ] { option }
//! option  = "d" dropout | "t" threshold | "<" source
//! path    = ( "+" | "=" ) source [ "s" stride ]
//! ```
//!
//! * The last piece is the output layer; its number is the number of classes.
//! * `R128s2` is a residual block: a 3×3 convolution into LIF neurons, followed by a 3×3 convolution of stride 2 whose
//!   membranes also receive the block's input through a 1×1 convolution of the same stride. In `I128s2` this second
//!   path is an identity. Options of a block apply to both of its layers.
//! * `x3` repeats a piece: `64C3p1x3` is `64C3p1-64C3p1-64C3p1`. (`×` works, too.)
//! * A source other than the layer before is given by the number of the layer. Layers are counted from 1; a block
//!   counts as two, and repeated pieces are counted one by one. 0 is the input. `<2` takes the spikes of layer 2,
//!   `+2s2` adds a 1×1 convolution of them, and `=2s2` adds an identity. The stride of a path directly follows its
//!   source.
//! * Layers are named by kind and number: `conv1`, `pool1`, `fc1`. The last one is named `out`.
//! * Without `@`, the data set that the network is used with determines the input shape.

mod cursor;
mod parser;
mod printer;

use super::{
    InputCoding, LayerDescription, NetworkDescription, NetworkError, Readout, Reset, Shape, default_leak,
};
use crate::Result;

/// Number of steps of an inference, since a compact text states none.
const STEPS: usize = 100;
/// Name of the network if its text is not a valid name.
const NAME: &str = "compact";

impl NetworkDescription {
    /// Parses a compact text; `input` is the input shape if the text has none.
    ///
    /// T is 100, the leak is 0.99, and the rate is that of the paper: 0.5 for one channel, 1 for more. The name is the
    /// text before the `@`, if it is a valid name.
    ///
    /// # Errors
    /// If the text does not follow the grammar or describes an invalid network, or neither the text nor `input` gives
    /// an input shape.
    pub fn from_compact(text: &str, input: Option<Shape>) -> Result<Self> {
        let Compact {
            input: written,
            layers,
        } = Compact::parse(text)?;
        let input = written.or(input).ok_or_else(|| NetworkError::CompactInput {
            text: text.to_owned(),
        })?;
        let name = text.split('@').next().unwrap_or(text);
        let network = Self {
            name: if super::validation::is_name(name) {
                name
            } else {
                NAME
            }
            .to_owned(),
            input,
            steps: STEPS,
            rate: if input.channels == 1 { 0.5 } else { 1.0 },
            leak: default_leak(),
            normalization: None,
            coding: InputCoding::default(),
            reset: Reset::default(),
            readout: Readout::default(),
            layers,
        };
        network.validate()?;
        Ok(network)
    }

    /// Formats the layers and the input shape as compact text, which cannot express names, steps, rate, leak and
    /// normalization.
    #[must_use]
    pub fn compact(&self) -> String {
        printer::print(self)
    }

    /// Whether a text is a compact one: it starts with a layer.
    pub(crate) fn is_compact(text: &str) -> bool {
        let layer = text.trim_start_matches(['P', 'R', 'I']);
        layer.starts_with(|first: char| first.is_ascii_digit()) && text.len() - layer.len() <= 1
    }
}

/// Contents of a compact text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Compact {
    /// Input shape, if the text has one.
    pub(crate) input: Option<Shape>,
    /// Layers from input to output.
    pub(crate) layers: Vec<LayerDescription>,
}

#[cfg(test)]
mod tests;
