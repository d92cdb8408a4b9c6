//! The first difference between two traces.
//!
//! Metadata come first, then numbers in the order of images, steps, layers (the input before the first) and neurons; of
//! one neuron the spike before the membrane. A label stands before the image's first step, its answer behind the last.

use super::array::Layout;
use super::reader::PIECE_BYTES;
use super::{Metadata, NumberType, TraceFile};
use crate::Result;
use serde::Serialize;
use std::fmt;
use std::io::Read;

/// Keys of [`Difference::Metadata`] that only say where the numbers come from; the others say how many there are.
pub const ORIGIN_KEYS: [&str; 5] = ["network", "model", "data set", "first image", "seed"];

/// What came of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The first difference.
    pub difference: Option<Difference>,
    /// Numbers that each trace holds of what both hold.
    pub numbers: u64,
    /// Whether membranes were compared: both traces have them.
    pub membranes: bool,
}

/// What differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Difference {
    /// What the traces are of.
    Metadata {
        /// What about it.
        key: String,
        /// In the first trace.
        a: String,
        /// In the second.
        b: String,
    },
    /// A number.
    Number {
        /// Which of an image's or a neuron's.
        quantity: Quantity,
        /// Number of the image within the data set.
        image: usize,
        /// Time step, from 0.
        #[serde(skip_serializing_if = "Option::is_none")]
        step: Option<usize>,
        /// Name of the layer, or `input`.
        #[serde(skip_serializing_if = "Option::is_none")]
        layer: Option<String>,
        /// Channel, row, column.
        #[serde(skip_serializing_if = "Option::is_none")]
        neuron: Option<[usize; 3]>,
        /// In the first trace.
        a: Value,
        /// In the second.
        b: Value,
    },
}

/// What a number of a trace is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Quantity {
    /// The image's class.
    Label,
    /// A neuron's spike in a step: 0 or 1, of the input also −1.
    Spike,
    /// A neuron's membrane at the end of a step.
    Membrane,
    /// The class that was found.
    Answer,
}

/// A number of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Of an integer array.
    Integer(i64),
    /// Of a float array.
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
            NumberType::I8 | NumberType::I32 | NumberType::I64 => {
                Self::Integer(i64::from_le_bytes(padded(if negative { 0xFF } else { 0 })))
            }
            NumberType::F32 => {
                let [a, b, c, d, ..] = padded(0);
                Self::Float(f32::from_le_bytes([a, b, c, d]))
            }
        }
    }
}

/// Where a number stands in the order of comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    image: u64,
    step: u64,
    /// 0 for the input, then the layers.
    layer: usize,
    neuron: u64,
    quantity: Quantity,
}

/// Compares two traces, number by number, bit for bit; with `numbers_only` also those of different models, data or seeds.
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
        // What lies behind the first difference so far need not be read.
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

/// How an array is indexed.
struct Axes {
    quantity: Quantity,
    layer: usize,
    /// 1 where there is one number per image.
    steps: u64,
    neurons: u64,
    /// Step in which a number per image stands.
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

    /// The first index that is certainly behind that place.
    fn end_of(&self, place: &Place) -> u64 {
        let step = place.step.min(self.steps - 1);
        (place.image * self.steps + step + 1) * self.neurons
    }
}

/// Index and values of the first numbers of an array that are not equal, before index `limit`.
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
    let shapes = || {
        differ("number of images", a.images.to_string(), b.images.to_string())
            .or_else(|| differ("number of steps", a.steps.to_string(), b.steps.to_string()))
            .or_else(|| differ("input", a.input.to_string(), b.input.to_string()))
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
