//! Files of checkpoints. `docs/formats.md` describes the layout.

use super::{Checkpoint, CheckpointError};
use crate::evaluation::Tally;
use crate::events::{VECTOR, zeros};
use crate::file::container::{Container, Contents, MAX_HEAD_BYTES, Tensor, json};
use crate::file::{FileError, container};
use crate::float::{FewSteps, Parameters};
use crate::network::{MAX_NETWORK_WEIGHTS, NetworkDescription, Shape};
use crate::train::fine_tuning::Fingerprint;
use crate::train::fired::Fired;
use crate::train::identity::Data;
use crate::train::optimizer::Memory;
use crate::train::trainer::{Best, Running};
use crate::train::{EpochReport, Optimizer, Rule, TrainConfig};
use crate::{Error, Result};
use ndarray::Array2;
use safetensors::Dtype;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Value of the metadata key `format`.
const FORMAT: &str = "synfire-checkpoint";

/// Value of `format` for a checkpoint of fine-tuning, which also has the metadata key `quantization`.
const FINE_TUNING_FORMAT: &str = "synfire-fine-tuning-checkpoint";

/// Version of the layout: the one written, and the newest one read.
const VERSION: u32 = 1;

/// Limit on the file size in bytes: four times the most weights of a network, and the same once more for all else.
const MAX_FILE_BYTES: u64 = 5 * MAX_NETWORK_WEIGHTS as u64 * size_of::<f32>() as u64 + MAX_HEAD_BYTES;

/// Contents of the metadata key `position`.
#[derive(Serialize, Deserialize)]
struct Position {
    /// Number of batches done in the unfinished epoch.
    batches: usize,
    tally: Tally,
    seconds: f64,
    optimizer_steps: i32,
    best: Option<BestEpoch>,
}

#[derive(Serialize, Deserialize)]
struct BestEpoch {
    epoch: usize,
    accuracy: f64,
}

impl Checkpoint {
    /// Writes the checkpoint to a file, atomically.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let position = Position {
            batches: self.running.batches,
            tally: self.running.tally.clone(),
            seconds: self.running.seconds,
            optimizer_steps: self.memory.steps,
            best: self.best.as_ref().map(|best| BestEpoch {
                epoch: best.epoch,
                accuracy: best.accuracy,
            }),
        };
        let format = match self.quantization {
            None => FORMAT,
            Some(_) => FINE_TUNING_FORMAT,
        };
        let mut metadata = vec![
            ("format", format.to_owned()),
            ("version", VERSION.to_string()),
            ("network", json(path, "network", &self.description)?),
            ("train", json(path, "train", &self.config)?),
            ("data", json(path, "data", &self.data)?),
            ("position", json(path, "position", &position)?),
            ("history", json(path, "history", &self.history)?),
        ];
        if let Some(quantization) = &self.quantization {
            metadata.push(("quantization", json(path, "quantization", quantization)?));
        }
        let parts = [
            ("weight", Some(&self.weights)),
            ("first", Some(&self.memory.first)),
            ("second", self.memory.second.as_ref()),
            ("best", self.best.as_ref().map(|best| &best.weights)),
        ];
        let shapes = self.description.graph()?.tensors;
        let names = extra_names(&self.description, &self.config, self.quantization.as_ref());
        let mut tensors = BTreeMap::new();
        for (part, parameters) in parts {
            let matrices = parameters.map(|parameters| parameters.to_matrices(&self.description));
            for (tensor, matrix) in shapes.iter().zip(matrices.into_iter().flatten()) {
                let contents = Tensor::of_floats(tensor.dimensions(), &matrix);
                tensors.insert(format!("{part}/{}", tensor.name), contents);
            }
            let extras = parameters.map_or(&[][..], |parameters| &parameters.layers[shapes.len()..]);
            for ((name, channels), numbers) in names.iter().zip(extras) {
                let contents = Tensor::of_floats(vec![*channels], &numbers[..*channels]);
                tensors.insert(format!("{part}/{name}"), contents);
            }
        }
        for (layer, (shape, bytes)) in self.description.layers.iter().zip(self.running.fired.to_bytes()) {
            let contents = Tensor {
                dtype: Dtype::U8,
                shape: <[usize; 3]>::from(shape).into(),
                bytes,
            };
            tensors.insert(format!("fired/{}", layer.name), contents);
        }
        let metadata = metadata.into_iter().map(|(key, value)| (key.to_owned(), value));
        container::write(path, metadata.collect(), &tensors)
    }

    /// Reads a checkpoint from a file.
    ///
    /// # Errors
    /// If the file is not a checkpoint, is damaged, has a newer version, or its parts do not fit together. Every error
    /// names the file.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let container = Container::read(path, MAX_FILE_BYTES)?;
        let mut contents = container.contents()?;
        let fine_tuning = contents.text("format")? == FINE_TUNING_FORMAT;
        contents.check_format(
            if fine_tuning { FINE_TUNING_FORMAT } else { FORMAT },
            VERSION..=VERSION,
        )?;
        let in_file = |source| {
            Error::File(FileError::Contents {
                path: path.to_owned(),
                source: Box::new(source),
            })
        };

        let description = contents.network()?;
        let config: TrainConfig = contents.json("train")?;
        config.validate(&description.name).map_err(in_file)?;
        let data: Data = contents.json("data")?;
        let quantization: Option<Fingerprint> = if fine_tuning {
            Some(contents.json("quantization")?)
        } else {
            None
        };
        let position: Position = contents.json("position")?;
        let history: Vec<EpochReport> = contents.json("history")?;

        let extras = extra_names(&description, &config, quantization.as_ref());
        let mut part = |name| read_part(&mut contents, &description, &extras, name);
        let weights = part("weight")?;
        let first = part("first")?;
        let second = match config.optimizer {
            Optimizer::Sgd => None,
            Optimizer::Adam | Optimizer::AdamW => Some(part("second")?),
        };
        let best = match position.best {
            None => None,
            Some(BestEpoch { epoch, accuracy }) => Some(Best {
                epoch,
                accuracy,
                weights: part("best")?,
            }),
        };
        let fired = read_fired(&mut contents, &description)?;
        contents.finish()?;
        let checkpoint = Self {
            description,
            config,
            data,
            quantization,
            running: Running {
                batches: position.batches,
                tally: position.tally,
                fired,
                seconds: position.seconds,
            },
            history,
            weights,
            memory: Memory {
                first,
                second,
                steps: position.optimizer_steps,
            },
            best,
        };
        checkpoint.check().map_err(|error| in_file(error.into()))?;
        Ok(checkpoint)
    }

    /// Checks that the parts fit together, beyond the shapes of tensors.
    fn check(&self) -> Result<(), CheckpointError> {
        let check = |ok: bool, field: &str, found: String, wanted: &dyn ToString| {
            if ok {
                return Ok(());
            }
            Err(CheckpointError::Contents {
                field: field.into(),
                found,
                wanted: wanted.to_string(),
            })
        };
        let done = self.history.len();
        let numbered = self.history.iter().map(|report| report.epoch).eq(1..=done);
        check(
            numbered,
            "history",
            "out of order".into(),
            &"every epoch from 1 on",
        )?;
        check(
            done <= self.config.epochs,
            "history",
            done.to_string(),
            &format_args!("at most {} epochs", self.config.epochs),
        )?;
        let images = self.data.train.images;
        let batches = images.div_ceil(self.config.batch);
        let Running {
            batches: at,
            ref tally,
            ..
        } = self.running;
        check(
            at <= batches,
            "the batch",
            at.to_string(),
            &format_args!("at most {batches}"),
        )?;
        let seen = images.min(at.saturating_mul(self.config.batch));
        check(
            tally.images() == seen,
            "the number of images seen",
            tally.images().to_string(),
            &seen,
        )?;
        let alike = tally.is_alike(&Tally::new(&self.description));
        check(alike, "the tally", "of another network".into(), &"of this one")?;
        let (found, wanted) = (
            i64::from(self.memory.steps),
            done.saturating_mul(batches).saturating_add(at),
        );
        check(
            u64::try_from(found) == Ok(wanted as u64),
            "the optimizer's number of steps",
            found.to_string(),
            &wanted,
        )?;
        if let Some(best) = &self.best {
            let known = (1..=done).contains(&best.epoch);
            check(
                known,
                "the best epoch",
                best.epoch.to_string(),
                &format_args!("in 1..={done}"),
            )?;
        }
        Ok(())
    }
}

/// Takes the tensors `part/NAME`, whose numbers must be finite, and those of a running variance not below 0.
fn read_part(
    contents: &mut Contents<'_>,
    description: &NetworkDescription,
    extras: &[(String, usize)],
    part: &str,
) -> Result<Parameters> {
    let mut take = |name: &str, dimensions: &[usize]| -> Result<Vec<f32>> {
        // The momentum of a variance is always 0.
        let squares = name.starts_with("variance/");
        let name = format!("{part}/{name}");
        let numbers = contents.take_floats(&name, dimensions)?;
        let wrong = |number: &f32| !number.is_finite() || (squares && *number < 0.0);
        if let Some(place) = numbers.iter().position(wrong) {
            let wrong = CheckpointError::Contents {
                field: format!("number {place} of tensor `{name}`"),
                found: numbers[place].to_string(),
                wanted: if squares {
                    "finite and not below 0"
                } else {
                    "finite"
                }
                .into(),
            };
            return Err(contents.wrong(wrong.into()));
        }
        Ok(numbers)
    };
    let mut matrices = Vec::new();
    for tensor in description.graph()?.tensors {
        let numbers = take(&tensor.name, &tensor.dimensions())?;
        let shape = [tensor.outputs, tensor.inputs];
        matrices.push(Array2::from_shape_vec(shape, numbers).expect("the tensor has this shape"));
    }
    let mut parameters = Parameters::of_matrices(description, &matrices);
    for &(ref name, channels) in extras {
        let mut numbers = zeros(channels.next_multiple_of(VECTOR));
        numbers[..channels].copy_from_slice(&take(name, &[channels])?);
        parameters.layers.push(numbers);
    }
    Ok(parameters)
}

/// Names and numbers of channels of the parameters that the rule has beside the weights; in fine-tuning, biases alone.
fn extra_names(
    description: &NetworkDescription,
    config: &TrainConfig,
    quantization: Option<&Fingerprint>,
) -> Vec<(String, usize)> {
    match (config.rule, quantization) {
        (Rule::Paper, _) => Vec::new(),
        (Rule::FewSteps, None) => {
            FewSteps::new(description, config.slope, config.sparsity).extra_names(description)
        }
        (Rule::FewSteps, Some(quantization)) => {
            let layers = description.layers.iter().zip(description.shapes());
            let biased = layers.zip(quantization.biased()).filter(|(_, biased)| *biased);
            biased
                .map(|((layer, shape), _)| (format!("shift/{}", layer.name), shape.channels))
                .collect()
        }
    }
}

/// Takes the tensors `fired/NAME`.
fn read_fired(contents: &mut Contents<'_>, description: &NetworkDescription) -> Result<Fired> {
    let mut fired = Fired::new(description);
    let shapes: Vec<Shape> = fired.to_bytes().map(|(shape, _)| shape).collect();
    for (index, (layer, shape)) in description.layers.iter().zip(shapes).enumerate() {
        let name = format!("fired/{}", layer.name);
        let bytes = contents.take(&name, Dtype::U8, &<[usize; 3]>::from(shape))?;
        fired.set_bytes(index, bytes);
    }
    Ok(fired)
}
