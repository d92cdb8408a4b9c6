//! Results on disk: one JSON line per finding, so that a sweep that was cut off goes on where it was.

use super::super::diagnostic::{Result, io};
use super::SweepError;
use super::grid::Setting;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// What decides every result besides the setting: lines of another run are left alone, and say nothing about this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Run {
    /// The network's name.
    pub(super) network: String,
    /// SHA-256 of the float model's file.
    pub(super) model_sha256: String,
    /// The data set's name.
    pub(super) data: String,
    /// SHA-256 of the samples judged and those that weights are rounded by, and of their labels.
    pub(super) data_sha256: String,
    /// Test samples judged.
    pub(super) images: usize,
    /// Seed of their spikes.
    pub(super) seed: u64,
    /// Training samples by whose spikes weights are rounded.
    pub(super) calibration: usize,
    /// How scales are found.
    pub(super) scale: String,
    /// Version of the program.
    pub(super) synfire: String,
}

/// What reading the output after some steps came to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Reading {
    /// Steps after which the output was read.
    pub(super) steps: usize,
    /// Images classified right.
    pub(super) correct: usize,
    /// Their share.
    pub(super) accuracy: f64,
}

/// A quantized network, read after some steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Point {
    #[serde(flatten)]
    pub(super) setting: Setting,
    #[serde(flatten)]
    pub(super) reading: Reading,
    /// Mean number per inference, up to the end of these steps.
    pub(super) synaptic_operations: f64,
    #[serde(flatten)]
    pub(super) made: Made,
}

/// What the quantizer made of a setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Made {
    /// Bits of all weights.
    pub(super) weights_bits: u64,
    /// Bits of all thresholds, and of what identities add.
    pub(super) thresholds_bits: u64,
    /// Both.
    pub(super) model_bits: u64,
    /// Width of the widest membrane.
    pub(super) membrane_bits: u8,
    /// The leak.
    pub(super) leak_shifts: Vec<u8>,
    /// Hash of the quantized network.
    pub(super) hash: String,
}

/// A setting for which no width of at most 32 bits holds a layer's membranes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refusal {
    #[serde(flatten)]
    pub(super) setting: Setting,
    pub(super) reason: String,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Finding {
    /// The float model.
    Float(Reading),
    /// A quantized one.
    Point(Point),
    /// One that there cannot be.
    Refused(Refusal),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    run: Run,
    #[serde(flatten)]
    finding: Finding,
}

/// A file of results, and what it knows of this run.
#[derive(Debug)]
pub(super) struct Results {
    path: PathBuf,
    file: File,
    run: Run,
    findings: Vec<Finding>,
}

impl Results {
    /// Opens a file, or starts it. A last line that was being written when a sweep was cut off is dropped.
    ///
    /// # Errors
    /// If it cannot be read or written, or holds lines that are no results.
    pub(super) fn open(path: &Path, run: Run) -> Result<Self> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(io("reading", path)(error)),
        };
        // A line may have been cut off in the midst of a letter.
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
            synfire_hw::build::write_atomically(path, &text[..whole])?;
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

    /// Writes a finding, at once.
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

    /// What decides every result.
    pub(super) const fn run(&self) -> &Run {
        &self.run
    }

    /// What the float model came to after so many steps.
    pub(super) fn float(&self, steps: usize) -> Option<Reading> {
        self.findings.iter().find_map(|finding| match finding {
            Finding::Float(reading) if reading.steps == steps => Some(*reading),
            _ => None,
        })
    }

    /// What a setting came to after so many steps.
    pub(super) fn point(&self, setting: &Setting, steps: usize) -> Option<&Point> {
        self.points()
            .find(|point| point.setting == *setting && point.reading.steps == steps)
    }

    /// What any setting came to that made the same network.
    pub(super) fn of_network(&self, hash: &str, steps: usize) -> Option<&Point> {
        self.points()
            .find(|point| point.made.hash == hash && point.reading.steps == steps)
    }

    /// Why there is no network of a setting.
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
