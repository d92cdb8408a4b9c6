//! Search for the first difference between two traces.
//!
//! Metadata are compared first, then numbers in the order of images, steps, layers (starting with the input) and
//! neurons. For one neuron, the spike precedes the membrane. A label precedes the first step of its image; the answer
//! follows the last step.

use super::array::Layout;
use super::reader::PIECE_BYTES;
use super::{Metadata, NumberType, TraceFile};
use crate::Result;
use serde::Serialize;
use std::fmt;
use std::io::Read;

/// Keys of [`Difference::Metadata`] that only state the origin of the numbers; the other keys determine which numbers there are.
pub const ORIGIN_KEYS: [&str; 5] = ["network", "model", "data set", "first image", "seed"];

/// Result of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// First difference; `None` if the traces agree.
    pub difference: Option<Difference>,
    /// Number of compared numbers: those in the arrays that both traces have.
    pub numbers: u64,
    /// Whether membranes were compared, which requires them in both traces.
    pub membranes: bool,
}

/// First difference between two traces.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Difference {
    /// The metadata differ.
    Metadata {
        /// Key that differs.
        key: String,
        /// Value in the first trace.
        a: String,
        /// Value in the second trace.
        b: String,
    },
    /// A number differs.
    Number {
        /// Kind of the number.
        quantity: Quantity,
        /// Number of the image within the data set.
        image: usize,
        /// Time step, from 0.
        #[serde(skip_serializing_if = "Option::is_none")]
        step: Option<usize>,
        /// Name of the layer, or `input`.
        #[serde(skip_serializing_if = "Option::is_none")]
        layer: Option<String>,
        /// Channel, row and column of the neuron.
        #[serde(skip_serializing_if = "Option::is_none")]
        neuron: Option<[usize; 3]>,
        /// Value in the first trace.
        a: Value,
        /// Value in the second trace.
        b: Value,
    },
}

/// Kind of a number in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Quantity {
    /// True class of the image.
    Label,
    /// Spike of a neuron in a step: 0 or 1, for the input also −1.
    Spike,
    /// Membrane of a neuron at the end of a step.
    Membrane,
    /// Predicted class of the image.
    Answer,
}

/// Value of a number in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Value from an integer array.
    Integer(i64),
    /// Value from a float array.
    Float(f32),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => value.fmt(f),
            Self::Float(value) => value.fmt(f),
        }
    }
}

impl Value {
    fn of(number: NumberType, bytes: &[u8]) -> Self {
        let padded = |fill: u8| {
            let mut padded = [fill; 8];
            padded[..bytes.len()].copy_from_slice(bytes);
            padded
        };
        // Sign extension.
        let negative = bytes.last().is_some_and(|&byte| byte & 0x80 != 0);
        match number {
            NumberType::U8 => Self::Integer(i64::from_le_bytes(padded(0))),
            NumberType::I8 | NumberType::I16 | NumberType::I32 | NumberType::I64 => {
                Self::Integer(i64::from_le_bytes(padded(if negative { 0xFF } else { 0 })))
            }
            NumberType::F32 => {
                let [a, b, c, d, ..] = padded(0);
                Self::Float(f32::from_le_bytes([a, b, c, d]))
            }
        }
    }
}

/// Place of a number in the order of comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    image: u64,
    step: u64,
    /// 0 for the input, then the layers.
    layer: usize,
    neuron: u64,
    quantity: Quantity,
}

/// Compares two traces number by number, bit for bit. With `numbers_only`, traces of different models, data or seeds
/// can be compared, too.
///
/// # Errors
/// If a file is damaged.
pub fn compare(a: &mut TraceFile, b: &mut TraceFile, numbers_only: bool) -> Result<Comparison> {
    let mut common = a.metadata().clone();
    common.membranes &= b.metadata().membranes;
    let arrays = common.arrays();
    let numbers = arrays
        .iter()
        .map(|array| array.bytes() / array.number.bytes() as u64)
        .sum();
    let mut comparison = Comparison {
        difference: metadata_difference(a.metadata(), b.metadata(), numbers_only),
        numbers,
        membranes: common.membranes,
    };
    if comparison.difference.is_some() {
        return Ok(comparison);
    }
    let mut first: Option<(Place, Value, Value)> = None;
    for array in &arrays {
        let axes = Axes::of(array, &common);
        // Numbers after the first difference found so far need not be read.
        let limit = first.as_ref().map(|(place, ..)| axes.end_of(place));
        let Some((index, value_a, value_b)) = first_unequal(a, b, array, limit)? else {
            continue;
        };
        let place = axes.place(index);
        if first.as_ref().is_none_or(|(earlier, ..)| place < *earlier) {
            first = Some((place, value_a, value_b));
        }
    }
    comparison.difference = first.map(|(place, a, b)| number_difference(&common, place, a, b));
    Ok(comparison)
}

/// Mapping from the indices of an array to places in the order of comparison.
struct Axes {
    quantity: Quantity,
    layer: usize,
    /// Number of steps; 1 for arrays with one number per image.
    steps: u64,
    neurons: u64,
    /// Step at which an array with one number per image is compared.
    at_step: u64,
}

impl Axes {
    fn of(array: &Layout, metadata: &Metadata) -> Self {
        let steps = metadata.steps as u64;
        let per_image = |quantity, at_step| Self {
            quantity,
            layer: 0,
            steps: 1,
            neurons: 1,
            at_step,
        };
        let (kind, name) = array.name.split_once('/').unwrap_or((array.name.as_str(), ""));
        let quantity = match kind {
            "labels" => return per_image(Quantity::Label, 0),
            "predictions" => return per_image(Quantity::Answer, steps),
            "spikes" => Quantity::Spike,
            _ => Quantity::Membrane,
        };
        let layer = match (kind, name) {
            ("potentials", _) => metadata.layers.len(),
            (_, name) => metadata
                .layers
                .iter()
                .position(|layer| layer.name == name)
                .map_or(0, |index| index + 1),
        };
        Self {
            quantity,
            layer,
            steps,
            neurons: array.shape[2..].iter().product(),
            at_step: 0,
        }
    }

    fn place(&self, index: u64) -> Place {
        let row = index / self.neurons;
        Place {
            image: row / self.steps,
            step: row % self.steps + self.at_step,
            layer: self.layer,
            neuron: index % self.neurons,
            quantity: self.quantity,
        }
    }

    /// First index that certainly comes after `place`.
    fn end_of(&self, place: &Place) -> u64 {
        let step = place.step.min(self.steps - 1);
        (place.image * self.steps + step + 1) * self.neurons
    }
}

/// Finds the first index below `limit` at which the numbers of an array differ; returns it with both values.
fn first_unequal(
    a: &mut TraceFile,
    b: &mut TraceFile,
    array: &Layout,
    limit: Option<u64>,
) -> Result<Option<(u64, Value, Value)>> {
    let size = array.number.bytes();
    let end = array
        .bytes()
        .min(limit.map_or(u64::MAX, |limit| limit.saturating_mul(size as u64)));
    let mut buffers = [vec![0; PIECE_BYTES], vec![0; PIECE_BYTES]];
    let mut read = 0;
    let (mut numbers_a, mut numbers_b) = (a.open_array(array)?, b.open_array(array)?);
    let mut unsound = None;
    while read < end {
        let length = usize::try_from(end - read).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
        let [piece_a, piece_b] = buffers.each_mut().map(|buffer| &mut buffer[..length]);
        if let Err(source) = numbers_a.read_exact(piece_a) {
            unsound = Some((true, source));
            break;
        }
        if let Err(source) = numbers_b.read_exact(piece_b) {
            unsound = Some((false, source));
            break;
        }
        if piece_a != piece_b {
            let mut pairs = piece_a.chunks_exact(size).zip(piece_b.chunks_exact(size));
            let at = pairs.position(|(a, b)| a != b).unwrap_or(0);
            let value = |piece: &[u8]| Value::of(array.number, &piece[at * size..][..size]);
            let index = read / size as u64 + at as u64;
            return Ok(Some((index, value(piece_a), value(piece_b))));
        }
        read += length as u64;
    }
    drop((numbers_a, numbers_b));
    match unsound {
        None => Ok(None),
        Some((true, source)) => Err(a.unsound(source)),
        Some((false, source)) => Err(b.unsound(source)),
    }
}

fn metadata_difference(a: &Metadata, b: &Metadata, numbers_only: bool) -> Option<Difference> {
    let differ = |key: &str, a: String, b: String| {
        (a != b).then(|| Difference::Metadata {
            key: key.to_owned(),
            a,
            b,
        })
    };
    let origin = || {
        let of = |metadata: &Metadata| {
            [
                metadata.network.clone(),
                metadata.model.clone(),
                metadata.data.clone(),
                metadata.first_image.to_string(),
                metadata.seed.to_string(),
            ]
        };
        let mut pairs = ORIGIN_KEYS.into_iter().zip(of(a).into_iter().zip(of(b)));
        pairs.find_map(|(key, (a, b))| differ(key, a, b))
    };
    let events = |metadata: &Metadata| if metadata.graded { "values" } else { "spikes" };
    let shapes = || {
        differ("number of images", a.images.to_string(), b.images.to_string())
            .or_else(|| differ("number of steps", a.steps.to_string(), b.steps.to_string()))
            .or_else(|| differ("input", a.input.to_string(), b.input.to_string()))
            .or_else(|| differ("input events", events(a).to_owned(), events(b).to_owned()))
            .or_else(|| {
                differ(
                    "number of layers",
                    a.layers.len().to_string(),
                    b.layers.len().to_string(),
                )
            })
            .or_else(|| {
                let mut pairs = a.layers.iter().zip(&b.layers).enumerate();
                pairs.find_map(|(index, (a, b))| {
                    let text = |layer: &super::TracedLayer| {
                        format!("{} ({}) of shape {}", layer.name, layer.op, layer.shape)
                    };
                    differ(&format!("layer {}", index + 1), text(a), text(b))
                })
            })
            .or_else(|| differ("type of membranes", a.numbers.to_string(), b.numbers.to_string()))
    };
    (!numbers_only).then(origin).flatten().or_else(shapes)
}

fn number_difference(metadata: &Metadata, place: Place, a: Value, b: Value) -> Difference {
    let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let of_neuron = !matches!(place.quantity, Quantity::Label | Quantity::Answer);
    let (layer, shape) = match place
        .layer
        .checked_sub(1)
        .and_then(|index| metadata.layers.get(index))
    {
        Some(layer) => (layer.name.as_str(), layer.shape),
        None => ("input", metadata.input),
    };
    let neuron = number(place.neuron);
    let plane = shape.height * shape.width;
    Difference::Number {
        quantity: place.quantity,
        image: metadata.first_image + number(place.image),
        step: of_neuron.then_some(number(place.step)),
        layer: of_neuron.then(|| layer.to_owned()),
        neuron: of_neuron.then(|| [neuron / plane, neuron % plane / shape.width, neuron % shape.width]),
        a,
        b,
    }
}
