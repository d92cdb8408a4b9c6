//! The results file: one JSON object per line, so that an interrupted sweep can be resumed.

use super::super::diagnostic::Result;
use super::SweepError;
use super::grid::Setting;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use synfire_golden_model::file::{FileError, io, read_bytes};

/// Everything besides the setting that determines a result. Lines of another run stay in the file, but are not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Run {
    /// Name of the network.
    pub(super) network: String,
    /// SHA-256 of the float model's file.
    pub(super) model_sha256: String,
    /// Name of the data set.
    pub(super) data: String,
    /// SHA-256 of the hashes of the test samples and of the samples for calibration.
    pub(super) data_sha256: String,
    /// Number of test samples.
    pub(super) images: usize,
    /// Seed of the test samples' input spikes.
    pub(super) seed: u64,
    /// Number of training samples for calibration.
    pub(super) calibration: usize,
    /// Method that finds the scales.
    pub(super) scale: String,
    /// Version of the program.
    pub(super) synfire: String,
}

/// Accuracy if the output is read after a number of steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Reading {
    /// Number of steps after which the output was read.
    pub(super) steps: usize,
    /// Number of images that were classified correctly.
    pub(super) correct: usize,
    /// Share of images that were classified correctly, in 0..=1.
    pub(super) accuracy: f64,
}

/// Result of a quantized network after a number of steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Point {
    #[serde(flatten)]
    pub(super) setting: Setting,
    #[serde(flatten)]
    pub(super) reading: Reading,
    /// Mean synaptic operations per inference, until the end of these steps.
    pub(super) synaptic_operations: f64,
    #[serde(flatten)]
    pub(super) made: Made,
}

/// Description of the network that the quantizer made with a setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Made {
    /// Bits of all weights.
    pub(super) weights_bits: u64,
    /// Bits of all thresholds and biases, and of the values that identities add.
    pub(super) thresholds_bits: u64,
    /// Sum of the bits of weights, thresholds and biases.
    pub(super) model_bits: u64,
    /// Width of the widest membrane in bits.
    pub(super) membrane_bits: u8,
    /// Shifts of the leak.
    pub(super) leak_shifts: Vec<u8>,
    /// Hash of the quantized network.
    pub(super) hash: String,
}

/// A setting for which the membranes of a layer need more than 32 bits, so that there is no network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refusal {
    #[serde(flatten)]
    pub(super) setting: Setting,
    pub(super) reason: String,
}

/// One result of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Finding {
    /// Result of the float network.
    Float(Reading),
    /// Result of a quantized network.
    Point(Point),
    /// A setting with which there is no network.
    Refused(Refusal),
}

/// A line of the results file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    run: Run,
    #[serde(flatten)]
    finding: Finding,
}

/// Limit on the size in bytes of a results file: hundreds of thousands of results.
const MAX_BYTES: u64 = 256 << 20;

/// A results file, and those of its results that belong to this run.
#[derive(Debug)]
pub(super) struct Results {
    path: PathBuf,
    file: File,
    run: Run,
    findings: Vec<Finding>,
}

impl Results {
    /// Opens or creates a results file. Removes an incomplete last line, which an interrupted sweep leaves.
    ///
    /// # Errors
    /// If the file cannot be read or written, or has a line that is not a result.
    pub(super) fn open(path: &Path, run: Run) -> Result<Self> {
        let bytes = match read_bytes(path, MAX_BYTES) {
            Ok(bytes) => bytes,
            Err(FileError::Read { source, .. }) if source.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        // The last line may end in the middle of a character.
        let text = String::from_utf8_lossy(&bytes);
        let mut findings = Vec::new();
        let mut whole = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            match serde_json::from_str::<Line>(line) {
                Ok(Line { run: found, finding }) if line.ends_with('\n') => {
                    whole += line.len();
                    findings.extend((found == run).then_some(finding));
                }
                Ok(_) => {}
                Err(source) if source.is_eof() && !line.ends_with('\n') => {}
                Err(source) => {
                    return Err(SweepError::Line {
                        path: path.into(),
                        line: number + 1,
                        source,
                    }
                    .into());
                }
            }
        }
        if whole < text.len() {
            synfire_golden_model::file::write_atomically(path, &text[..whole])?;
        }
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(io("opening", path))?;
        Ok(Self {
            path: path.into(),
            file,
            run,
            findings,
        })
    }

    /// Writes a result to the file immediately.
    pub(super) fn append(&mut self, finding: Finding) -> Result<()> {
        let line = Line {
            run: self.run.clone(),
            finding,
        };
        let mut text =
            serde_json::to_string(&line).map_err(|error| io("serializing for", &self.path)(error.into()))?;
        text.push('\n');
        self.file
            .write_all(text.as_bytes())
            .map_err(io("writing", &self.path))?;
        self.findings.push(line.finding);
        Ok(())
    }

    /// Returns everything besides the setting that determines the results.
    pub(super) const fn run(&self) -> &Run {
        &self.run
    }

    /// Returns the result of the float network after `steps` steps.
    pub(super) fn float(&self, steps: usize) -> Option<Reading> {
        self.findings.iter().find_map(|finding| match finding {
            Finding::Float(reading) if reading.steps == steps => Some(*reading),
            _ => None,
        })
    }

    /// Returns the result of a setting after `steps` steps.
    pub(super) fn point(&self, setting: &Setting, steps: usize) -> Option<&Point> {
        self.points()
            .find(|point| point.setting == *setting && point.reading.steps == steps)
    }

    /// Returns the result after `steps` steps of any setting that led to the network with this hash.
    pub(super) fn of_network(&self, hash: &str, steps: usize) -> Option<&Point> {
        self.points()
            .find(|point| point.made.hash == hash && point.reading.steps == steps)
    }

    /// Returns why there is no network with a setting.
    pub(super) fn refusal(&self, setting: &Setting) -> Option<&Refusal> {
        self.findings.iter().find_map(|finding| match finding {
            Finding::Refused(refusal) if refusal.setting == *setting => Some(refusal),
            _ => None,
        })
    }

    fn points(&self) -> impl Iterator<Item = &Point> {
        self.findings.iter().filter_map(|finding| match finding {
            Finding::Point(point) => Some(point),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests;
