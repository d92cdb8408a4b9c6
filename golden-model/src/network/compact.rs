//! Networks as one line of text, such as `20C5p2-P2-50C5p2-P2-200-10@1x28x28`.
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
//! * The last piece is the output layer, a number of classes.
//! * `R128s2` is a residual block: a 3×3 convolution into LIF neurons, and another of stride 2 whose membranes also
//!   take the block's input by a 1×1 convolution of the same stride. In `I128s2` that second path is an identity.
//!   Options of a block are those of both its layers.
//! * `x3` repeats a piece: `64C3p1x3` is `64C3p1-64C3p1-64C3p1`. (`×` is the same.)
//! * Sources other than the layer before are numbers of layers, counted from 1 with blocks as two and repeats written
//!   out; 0 is the input. `<2` takes the spikes of layer 2; `+2s2` adds a 1×1 convolution of them, `=2s2` an
//!   identity. A path's stride stands right behind its source.
//! * Layers are named by kind and number: `conv1`, `pool1`, `fc1`; the last one `out`.
//! * Without `@`, the input shape comes from the data set that the network is used with.

mod cursor;
mod parser;
mod printer;

use super::{LayerDescription, NetworkDescription, NetworkError, Shape, default_leak};
use crate::Result;

/// Steps of an inference, unless told otherwise.
const STEPS: usize = 100;
/// Name where the text itself is none.
const NAME: &str = "compact";

impl NetworkDescription {
    /// The network of a compact text; `input` is its input shape where the text has none.
    ///
    /// T is 100, the leak 0.99, and the rate that of the paper: 0.5 for one channel, 1 for more. The name is the text
    /// before the `@`, if that is fit for a name.
    ///
    /// # Errors
    /// If the text is not of the grammar or describes something invalid, or neither it nor `input` says the input's
    /// shape.
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
            layers,
        };
        network.validate()?;
        Ok(network)
    }

    /// The layers and the input shape as compact text; names, time base and normalization have no place in it.
    #[must_use]
    pub fn compact(&self) -> String {
        printer::print(self)
    }

    /// Whether a text can only be meant as a compact one: it starts with a layer.
    pub(crate) fn is_compact(text: &str) -> bool {
        let layer = text.trim_start_matches(['P', 'R', 'I']);
        layer.starts_with(|first: char| first.is_ascii_digit()) && text.len() - layer.len() <= 1
    }
}

/// What a compact text says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Compact {
    /// The input shape, where it is written.
    pub(crate) input: Option<Shape>,
    /// The layers.
    pub(crate) layers: Vec<LayerDescription>,
}

#[cfg(test)]
mod tests;
