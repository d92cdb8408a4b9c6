//! Files of checkpoints. `docs/formats.md` has the layout.

use super::{Checkpoint, CheckpointError, Data};
use crate::container::{self, Container, Contents, Tensor, json};
use crate::evaluation::Tally;
use crate::network::NetworkDescription;
use crate::train::optimizer::Memory;
use crate::train::trainer::{Best, Running};
use crate::train::{EpochReport, Optimizer, Parameters, TrainConfig};
use crate::{Error, Result};
use safetensors::Dtype;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Value of the metadata key `format`.
const FORMAT: &str = "synfire-checkpoint";

/// Version of the layout that is written, and the newest that is read.
const VERSION: u32 = 1;

/// Largest file that is read: four times what a model may have, and reports.
const MAX_FILE_BYTES: u64 = 1 << 35;

/// The metadata `position`.
#[derive(Serialize, Deserialize)]
struct Position {
    running: Running,
    optimizer_steps: i32,
    best: Option<BestEpoch>,
}

#[derive(Serialize, Deserialize)]
struct BestEpoch {
    epoch: usize,
    accuracy: f64,
}

impl Checkpoint {
    /// Writes a file, in whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let position = Position {
            running: self.running.clone(),
            optimizer_steps: self.memory.steps,
            best: self.best.as_ref().map(|best| BestEpoch {
                epoch: best.epoch,
                accuracy: best.accuracy,
            }),
        };
        let metadata = [
            ("format", FORMAT.to_owned()),
            ("version", VERSION.to_string()),
            ("network", json(path, "network", &self.description)?),
            ("train", json(path, "train", &self.config)?),
            ("data", json(path, "data", &self.data)?),
            ("position", json(path, "position", &position)?),
            ("history", json(path, "history", &self.history)?),
        ];
        let parts = [
            ("weight", Some(&self.weights)),
            ("first", Some(&self.memory.first)),
            ("second", self.memory.second.as_ref()),
            ("best", self.best.as_ref().map(|best| &best.weights)),
        ];
        let names = tensor_names(&self.description);
        let mut tensors = BTreeMap::new();
        for (part, parameters) in parts {
            let numbers = parameters.iter().flat_map(|parameters| &parameters.layers);
            for (name, numbers) in names.iter().zip(numbers) {
                let tensor = Tensor {
                    dtype: Dtype::F32,
                    shape: vec![numbers.len()],
                    bytes: numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
                };
                tensors.insert(format!("{part}/{name}"), tensor);
            }
        }
        let metadata = metadata.map(|(key, value)| (key.to_owned(), value));
        container::write(path, metadata.into(), &tensors)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If the file is not that of a checkpoint, is damaged, of a newer version, or its parts do not fit together. Every
    /// error names the file.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let container = Container::read(path, MAX_FILE_BYTES)?;
        let mut contents = container.contents()?;
        contents.check_format(FORMAT, VERSION)?;
        let in_file = |source| Error::InModelFile {
            path: path.to_owned(),
            source: Box::new(source),
        };

        let description: NetworkDescription = contents.json("network")?;
        description.validate().map_err(in_file)?;
        let config: TrainConfig = contents.json("train")?;
        config.validate(&description.name).map_err(in_file)?;
        let data: Data = contents.json("data")?;
        let position: Position = contents.json("position")?;
        let history: Vec<EpochReport> = contents.json("history")?;

        let mut part = |name| read_part(&mut contents, &description, name);
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
        contents.finish()?;
        let checkpoint = Self {
            description,
            config,
            data,
            running: position.running,
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

/// Names of the network's tensors.
fn tensor_names(description: &NetworkDescription) -> Vec<String> {
    let tensors = description.valid_graph().tensors;
    tensors.into_iter().map(|tensor| tensor.name).collect()
}

/// Takes the tensors `part/NAME`, in the trainer's layout, whose numbers must be finite.
fn read_part(
    contents: &mut Contents<'_>,
    description: &NetworkDescription,
    part: &str,
) -> Result<Parameters> {
    let mut parameters = Parameters::zeros(description);
    for (name, numbers) in tensor_names(description).iter().zip(&mut parameters.layers) {
        let name = format!("{part}/{name}");
        let (bytes, _) = contents.take(&name, Dtype::F32, &[numbers.len()])?.as_chunks();
        for (number, bytes) in numbers.iter_mut().zip(bytes) {
            *number = f32::from_le_bytes(*bytes);
        }
        if let Some(place) = numbers.iter().position(|number| !number.is_finite()) {
            return Err(contents.wrong(
                CheckpointError::Contents {
                    field: format!("number {place} of tensor `{name}`"),
                    found: numbers[place].to_string(),
                    wanted: "finite".into(),
                }
                .into(),
            ));
        }
    }
    Ok(parameters)
}
