//! Random networks, parameters and batches, from a seed.

use crate::network::{Batch, Network};
use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::float::{FewStepsGradient, FewStepsParameters, Slope, few_steps_gradient};
use synfire_golden_model::network::{
    InputCoding, LayerDescription, LayerKind, NetworkDescription, Readout, Reset,
};

/// A network with its parameters and a batch.
#[derive(Debug)]
pub(crate) struct Case {
    /// Compact text and all choices, for messages.
    pub(crate) name: String,
    pub(crate) description: NetworkDescription,
    pub(crate) parameters: FewStepsParameters,
    pub(crate) slope: Slope,
    pub(crate) price: f32,
    pub(crate) batch: Batch,
}

impl Case {
    /// The network in f64.
    pub(crate) fn network(&self) -> Network {
        Network::new(&self.description, self.slope, f64::from(self.price))
    }

    /// Result of the engine.
    pub(crate) fn engine(&self) -> FewStepsGradient {
        few_steps_gradient(
            &self.description,
            &self.parameters,
            (self.slope, self.price),
            &self.batch.inputs,
            &self.batch.labels,
        )
        .expect("a valid case")
    }
}

/// Sizes that [`case`] draws from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Largest number of channels.
    pub(crate) channels: usize,
    /// Largest number of rows and columns of the input.
    pub(crate) side: usize,
    /// Numbers of images, which follow each other.
    pub(crate) batches: &'static [usize],
}

/// Kinds of input, which follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    Poisson,
    Direct,
    SignedDirect,
    Counts,
}

/// Fewest numbers of a channel to normalize, unless there is only one.
const SAMPLES: usize = 8;

/// Number of kinds of blocks.
const BLOCKS: usize = 9;

/// Case number `number`: sizes, steps and choices follow from the number, so that a range of numbers holds all of
/// them; structure and numbers are drawn.
pub(crate) fn case(number: usize, sizes: Sizes) -> Case {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(1000 + number as u64);
    let input = [Input::Poisson, Input::Direct, Input::SignedDirect, Input::Counts][number % 4];
    let text = structure(number, sizes, &mut random);
    let mut description = NetworkDescription::from_compact(&text, None).expect("a valid text");
    description.steps = 1 + number / 2 % 5;
    description.leak = [1.0, 0.5, 0.875, 0.990_234_4][number / 3 % 4];
    // Every other case has layers with leaks of their own.
    let own = (0..)
        .zip(&mut description.layers)
        .filter(|(index, _)| number % 2 == 1 && index % 2 == 0);
    for (_, layer) in
        own.filter(|(_, layer)| matches!(layer.kind, LayerKind::Conv { .. } | LayerKind::Fc { .. }))
    {
        layer.leak = Some(0.625);
    }
    // Pooling that fires on any spike goes with a reset to zero only.
    let pools_any = description
        .layers
        .iter()
        .any(|layer| matches!(layer.kind, LayerKind::Pool { .. }) && layer.threshold() < 0.2);
    description.reset = if pools_any {
        Reset::Zero
    } else {
        Reset::ALL[number / 5 % 2]
    };
    description.readout = Readout::Sum;
    description.coding = match input {
        Input::Poisson => InputCoding::Poisson,
        Input::Direct | Input::SignedDirect => InputCoding::Direct,
        Input::Counts => InputCoding::Counts,
    };
    let slope = Slope::ALL[number / 7 % 2];
    let price = [0.0, 0.003_f32, 0.1][number % 3];
    let images = enough(&description, sizes.batches[number % sizes.batches.len()]);
    let batch = batch(&description, input, images, &mut random);
    let parameters = parameters(&description, &mut random);
    Case {
        name: format!(
            "case {number}: {text}, {input:?}, {} steps, {images} images, leak {}, {:?}, {slope:?}, price {price}",
            description.steps, description.leak, description.reset
        ),
        description,
        parameters,
        slope,
        price,
        batch,
    }
}

/// Number of images with which every channel has at least [`SAMPLES`] numbers to normalize, or one: the gradient through
/// the normalization of two or three is a small difference of large numbers.
fn enough(description: &NetworkDescription, images: usize) -> usize {
    let normalizes =
        |layer: &LayerDescription| matches!(layer.kind, LayerKind::Conv { .. } | LayerKind::Fc { .. });
    let layers = description.layers.iter().zip(description.shapes());
    let fewest = layers
        .filter(|(layer, _)| normalizes(layer))
        .map(|(_, shape)| shape.height * shape.width * description.steps)
        .min()
        .unwrap_or(SAMPLES);
    if images * fewest == 1 {
        1
    } else {
        images.max(SAMPLES.div_ceil(fewest))
    }
}

/// Draws a chain of blocks as compact text. Its first block is of each kind in turn.
fn structure(number: usize, sizes: Sizes, random: &mut Xoshiro256PlusPlus) -> String {
    let inputs = random.random_range(1..=3);
    let side = random.random_range(3..=sizes.side);
    let (mut channels, mut length, mut layers) = (inputs, side, 0);
    let mut flat = false;
    let mut pieces = Vec::new();
    let blocks = random.random_range(1..=3);
    for block in 0..blocks {
        let kind = if block == 0 {
            number % BLOCKS
        } else {
            random.random_range(0..BLOCKS)
        };
        let (a, b) = (
            random.random_range(1..=sizes.channels),
            random.random_range(1..=sizes.channels),
        );
        let stride = random.random_range(1..=2);
        let strided = length.div_ceil(stride);
        if flat {
            break;
        }
        let (piece, out, new_length, count) = match kind {
            0 => {
                let kernel = random.random_range(1..=3.min(length));
                let padding = random.random_range(0..kernel);
                let new = (length + 2 * padding - kernel) / stride + 1;
                (format!("{a}C{kernel}s{stride}p{padding}"), a, new, 1)
            }
            1 if length >= 2 => (format!("{a}C3p1-P2t0.1"), a, length / 2, 2),
            2 if length >= 2 => (format!("{a}C3p1-P2"), a, length / 2, 2),
            3 if length >= 3 => (format!("{a}C3p1-P3t0.1"), a, length / 3, 2),
            // A junction with a 1x1 convolution, and with an identity.
            4 => {
                let text = format!("{a}C3p1-{b}C3s{stride}p1+{layers}s{stride}");
                (text, b, strided, 2)
            }
            5 => {
                let text = format!("{a}C3p1-{channels}C3s{stride}p1={layers}s{stride}");
                (text, channels, strided, 2)
            }
            // Two consumers of one layer, or of the input.
            6 => {
                let next = layers + 1;
                (format!("{a}C3p1-{b}C3p1<{layers}+{next}"), b, length, 2)
            }
            // Both paths of a junction from one source.
            7 => (format!("{a}C3s{stride}p1+{layers}s{stride}"), a, strided, 1),
            8 => {
                flat = true;
                (format!("{a}"), a, 1, 1)
            }
            _ => (format!("{a}C1"), a, length, 1),
        };
        pieces.push(piece);
        (channels, length) = (out, new_length);
        layers += count;
    }
    let classes = random.random_range(2..=5);
    format!("{}-{classes}@{inputs}x{side}x{side}", pieces.join("-"))
}

/// Draws a batch.
fn batch(
    description: &NetworkDescription,
    input: Input,
    images: usize,
    random: &mut Xoshiro256PlusPlus,
) -> Batch {
    let given = match input {
        Input::Direct | Input::SignedDirect => 1,
        Input::Poisson | Input::Counts => description.steps,
    };
    let mut value = || match input {
        Input::Poisson => i16::from(random.random_bool(0.3)) - i16::from(random.random_bool(0.1)),
        Input::Direct => random.random_range(-100..=255_i16).max(0),
        Input::SignedDirect => random.random_range(-255..=255_i16),
        Input::Counts => random.random_range(-6..=4_i16).max(0),
    };
    let mut step = || (0..description.input.size()).map(|_| value()).collect();
    Batch {
        inputs: (0..images)
            .map(|_| (0..given).map(|_| step()).collect())
            .collect(),
        labels: (0..images)
            .map(|image| (image * 7 + 1) % description.classes())
            .collect(),
        unit: match description.coding {
            InputCoding::Direct => 1.0 / 256.0,
            _ => 1.0,
        },
    }
}

/// Draws parameters with which about a fifth of the neurons fire.
fn parameters(description: &NetworkDescription, random: &mut Xoshiro256PlusPlus) -> FewStepsParameters {
    let graph = description.graph().expect("a valid network");
    let weights = graph.tensors.iter().map(|tensor| {
        let large = 2.0 / (tensor.inputs as f32).sqrt();
        Array2::from_shape_fn((tensor.outputs, tensor.inputs), |_| {
            random.random_range(-large..large)
        })
    });
    let weights = weights.collect();
    let (mut scales, mut shifts) = (Vec::new(), Vec::new());
    for (layer, node) in description.layers.iter().zip(&graph.nodes) {
        let channels = node.output.channels;
        let mut draw = |range: std::ops::Range<f32>| -> Vec<f32> {
            (0..channels)
                .map(|_| random.random_range(range.clone()))
                .collect()
        };
        match layer.kind {
            LayerKind::Pool { .. } => {
                scales.push(Vec::new());
                shifts.push(Vec::new());
            }
            LayerKind::Out { .. } => {
                scales.push(Vec::new());
                shifts.push(draw(-0.5..0.5));
            }
            _ => {
                scales.push(draw(-0.3..1.5));
                shifts.push(draw(-0.3..0.8));
            }
        }
    }
    FewStepsParameters {
        weights,
        scales,
        shifts,
    }
}
