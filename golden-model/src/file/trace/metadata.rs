//! Metadata of a trace.

use super::array::{Layout, NumberType};
use crate::integer::QuantizedModel;
use crate::network::{LayerKind, MAX_LAYERS, MAX_NEURONS, MAX_STEPS, NetworkDescription, Shape};
use serde::{Deserialize, Serialize};

/// Value of the key `format`.
pub const FORMAT: &str = "synfire-trace";

/// Newest version of the layout that is read: with graded input. All other traces are written in version 1.
pub const VERSION: u32 = 2;
/// Version of traces whose input is spikes.
const SPIKES: u32 = 1;

/// Limit on the images of a trace that is read: labels and answers of all are held in memory.
const MAX_IMAGES: usize = 1 << 24;

/// Metadata of a trace: the JSON of the array `metadata`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Format of the file, always [`FORMAT`].
    pub format: String,
    /// Version of the layout; see [`VERSION`].
    pub version: u32,
    /// Program or device that computed the trace. Traces of different origin can be compared.
    pub computed_by: String,
    /// Name of the network.
    pub network: String,
    /// Hash of the quantized model, in hexadecimal.
    pub model: String,
    /// Name of the data set that supplied the test images.
    pub data: String,
    /// Number of the first image within the sample of the data set ([`crate::dataset::Dataset::sample`]); the others follow
    /// it.
    pub first_image: usize,
    /// Number of images.
    pub images: usize,
    /// Seed of the input spikes.
    pub seed: u64,
    /// Number of time steps of an inference.
    pub steps: usize,
    /// Shape of the input.
    pub input: Shape,
    /// Whether inputs are graded: values of −255 to 255 instead of spikes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub graded: bool,
    /// Layers in order; the last one is the output layer.
    pub layers: Vec<TracedLayer>,
    /// Whether the trace includes the membranes of the layers that fire.
    pub membranes: bool,
    /// Number type of membranes and potentials.
    pub numbers: MembraneNumbers,
}

/// Number type of membranes and potentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MembraneNumbers {
    /// Integers in units of 2^−G weight LSB, from a quantized model.
    #[default]
    Int32,
    /// Floats, from a float model.
    Float32,
}

impl std::fmt::Display for MembraneNumbers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Int32 => "int32",
            Self::Float32 => "float32",
        })
    }
}

impl From<MembraneNumbers> for NumberType {
    fn from(numbers: MembraneNumbers) -> Self {
        match numbers {
            MembraneNumbers::Int32 => Self::I32,
            MembraneNumbers::Float32 => Self::F32,
        }
    }
}

/// Description of a layer in a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TracedLayer {
    /// Name of the layer.
    pub name: String,
    /// Operation of the layer: `conv`, `pool`, `fc` or `out`.
    pub op: String,
    /// Shape of the layer's output.
    pub shape: Shape,
}

impl Metadata {
    /// Metadata for a trace that the golden model computes for a sample of `images` test images of a data set.
    ///
    /// # Panics
    /// If the model's description is not valid.
    #[must_use]
    pub fn of_golden_model(
        model: &QuantizedModel,
        data: impl Into<String>,
        images: usize,
        seed: u64,
        membranes: bool,
    ) -> Self {
        let description = &model.description;
        let hash = model.hash();
        Self {
            format: FORMAT.to_owned(),
            version: if description.coding.is_graded() {
                VERSION
            } else {
                SPIKES
            },
            computed_by: "integer golden model".to_owned(),
            network: description.name.clone(),
            model: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
            data: data.into(),
            first_image: 0,
            images,
            seed,
            steps: description.steps,
            input: description.input,
            graded: description.coding.is_graded(),
            layers: layers(description),
            membranes,
            numbers: MembraneNumbers::Int32,
        }
    }

    /// Checks that the sizes are those of a network and a data set, before anything is computed with them; the error
    /// names the one that is not.
    pub(super) fn check(&self) -> Result<(), String> {
        let whole = |shape: Shape| {
            let size = <[usize; 3]>::from(shape)
                .into_iter()
                .try_fold(1, usize::checked_mul);
            size.is_some_and(|size| (1..=MAX_NEURONS).contains(&size))
        };
        if self.images > MAX_IMAGES {
            return Err(format!("of {} images, more than {MAX_IMAGES}", self.images));
        }
        if self.steps > MAX_STEPS {
            return Err(format!("of {} steps, more than {MAX_STEPS}", self.steps));
        }
        if self.layers.len() > MAX_LAYERS {
            return Err(format!("of {} layers, more than {MAX_LAYERS}", self.layers.len()));
        }
        let layers = self.layers.iter().map(|layer| (&*layer.name, layer.shape));
        match std::iter::once(("input", self.input))
            .chain(layers)
            .find(|&(_, shape)| !whole(shape))
        {
            Some((name, shape)) => Err(format!("of {shape} for `{name}`")),
            None => Ok(()),
        }
    }

    /// All arrays except `metadata`, in the order of comparison: labels, then input and layers in the order of the
    /// network, then predictions.
    pub(super) fn arrays(&self) -> Vec<Layout> {
        let per_image = |name: &str| Layout {
            name: name.to_owned(),
            number: NumberType::I64,
            shape: vec![self.images as u64],
        };
        let over_time = |name: String, number, shape: Shape| Layout {
            name,
            number,
            shape: [self.images, self.steps, shape.channels, shape.height, shape.width]
                .map(|size| size as u64)
                .to_vec(),
        };
        let input = if self.graded {
            NumberType::I16
        } else {
            NumberType::I8
        };
        let mut arrays = vec![
            per_image("labels"),
            over_time("spikes/input".to_owned(), input, self.input),
        ];
        let Some((output, hidden)) = self.layers.split_last() else {
            return arrays;
        };
        for layer in hidden {
            arrays.push(over_time(
                format!("spikes/{}", layer.name),
                NumberType::U8,
                layer.shape,
            ));
            if self.membranes {
                arrays.push(over_time(
                    format!("membranes/{}", layer.name),
                    self.numbers.into(),
                    layer.shape,
                ));
            }
        }
        arrays.push(Layout {
            name: "potentials".to_owned(),
            number: self.numbers.into(),
            shape: [self.images, self.steps, output.shape.size()]
                .map(|size| size as u64)
                .to_vec(),
        });
        arrays.push(per_image("predictions"));
        arrays
    }

    /// Size in bytes of all arrays before compression.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.arrays()
            .iter()
            .map(Layout::bytes)
            .fold(0, u64::saturating_add)
    }
}

fn layers(description: &NetworkDescription) -> Vec<TracedLayer> {
    let op = |kind: &LayerKind| kind.op().to_owned();
    let layers = description.layers.iter().zip(description.shapes());
    layers
        .map(|(layer, shape)| TracedLayer {
            name: layer.name.clone(),
            op: op(&layer.kind),
            shape,
        })
        .collect()
}
