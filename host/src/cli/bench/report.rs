//! What measuring training or inference came to.

use super::super::inference::float;
use super::super::table::{count, memory};
use super::full_run::FullRun;
use super::stopwatch::Spread;
use serde::Serialize;
use synfire_golden_model::evaluation::{Effort, Sparsity};
use synfire_golden_model::events::ImageMemory;
use synfire_golden_model::network::NetworkDescription;
use synfire_golden_model::train::Memory;

/// A measurement of many images on many threads.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    /// `train`, `infer` or `infer-integer`.
    pub(super) what: &'static str,
    pub(super) network: String,
    pub(super) dataset: String,
    /// `initial`, or a model's file.
    pub(super) weights: String,
    pub(super) steps: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) batch: Option<usize>,
    pub(super) threads: usize,
    pub(super) vectors: &'static str,
    pub(super) repeats: usize,
    /// Of every repeat.
    pub(super) images: u64,
    pub(super) images_per_second: Spread,
    pub(super) per_image: PerImage,
    /// Of both directions, at the median.
    pub(super) operations_per_second: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) full_run: Option<FullRun>,
    pub(super) memory: MemoryUse,
}

/// Means per image.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PerImage {
    input_spikes: f64,
    /// Spikes per input and step.
    input_rate: f64,
    layer_spikes: f64,
    /// Synaptic operations of the forward pass.
    forward_operations: f64,
    /// Synaptic operations of the backward pass, as [`Effort`] counts them.
    backward_operations: f64,
}

impl PerImage {
    pub(super) fn of_effort(network: &NetworkDescription, effort: &Effort) -> Self {
        let per_image = |sum: u64| float(sum) / float(effort.images.max(1));
        let places = float((network.input.size() * network.steps) as u64);
        Self {
            input_spikes: per_image(effort.input_spikes),
            input_rate: per_image(effort.input_spikes) / places,
            layer_spikes: per_image(effort.layer_spikes),
            forward_operations: per_image(effort.forward_operations),
            backward_operations: per_image(effort.backward_operations),
        }
    }

    pub(super) const fn of_sparsity(sparsity: &Sparsity) -> Self {
        Self {
            input_spikes: sparsity.input_spikes,
            input_rate: sparsity.input_rate,
            layer_spikes: sparsity.spikes,
            forward_operations: sparsity.synaptic_operations,
            backward_operations: 0.0,
        }
    }

    /// Synaptic operations of both directions.
    pub(super) fn operations(&self) -> f64 {
        self.forward_operations + self.backward_operations
    }
}

/// Memory, in bytes.
#[derive(Clone, Debug, Serialize)]
pub(super) struct MemoryUse {
    /// Of an image on its way.
    per_image: usize,
    /// The same if every input and neuron fired in every step.
    per_image_most: usize,
    /// Images held at once.
    images: usize,
    #[serde(flatten)]
    trainer: Option<TrainerUse>,
    /// Of the whole process at its peak, the data set included; on Linux alone.
    process: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
struct TrainerUse {
    gradients: usize,
    weights: usize,
    /// Images, gradients and weights.
    total: usize,
    total_most: usize,
}

impl MemoryUse {
    pub(super) fn of_trainer(memory: &Memory) -> Self {
        let trainer = TrainerUse {
            gradients: memory.gradients,
            weights: memory.weights,
            total: memory.used(),
            total_most: memory.most(),
        };
        Self {
            trainer: Some(trainer),
            ..Self::of_images(memory.image, memory.images)
        }
    }

    pub(super) fn of_images(image: ImageMemory, images: usize) -> Self {
        Self {
            per_image: image.used,
            per_image_most: image.most,
            images,
            trainer: None,
            process: process_peak(),
        }
    }
}

/// The most memory that this process had at any time, in bytes.
fn process_peak() -> Option<u64> {
    peak_of_status(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn peak_of_status(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Spread { median, min, max } = self.images_per_second;
        let work = match self.what {
            "train" => "training",
            "infer-integer" => "integer inference",
            _ => "inference",
        };
        writeln!(
            f,
            "{work} of {} on {}: {median:.1} images/s, the median of {} repeats of {} images ({min:.1} to {max:.1})",
            self.network, self.dataset, self.repeats, self.images
        )?;
        let batch = self
            .batch
            .map(|batch| format!(", batch {batch}"))
            .unwrap_or_default();
        let vectors = match self.vectors {
            "none" => "no vectors",
            vectors => vectors,
        };
        write!(
            f,
            "{} steps{batch}, {} threads, {vectors}; ",
            self.steps, self.threads
        )?;
        writeln!(
            f,
            "weights: {}{}",
            self.weights,
            if self.batch.is_some() {
                ", and trained on from repeat to repeat"
            } else {
                ""
            }
        )?;
        let PerImage {
            input_spikes,
            input_rate,
            layer_spikes,
            forward_operations,
            backward_operations,
        } = &self.per_image;
        write!(
            f,
            "per image: {} input spikes (rate {input_rate:.3}), {} of layers; {} synaptic operations forward",
            count(*input_spikes),
            count(*layer_spikes),
            count(*forward_operations)
        )?;
        if self.batch.is_some() {
            write!(f, ", {} backward", count(*backward_operations))?;
        }
        writeln!(f, "; {:.2} G a second", self.operations_per_second / 1e9)?;
        if let Some(full_run) = &self.full_run {
            writeln!(f, "{full_run}")?;
        }
        write!(f, "{}", self.memory)
    }
}

impl std::fmt::Display for MemoryUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "memory: {} per image, at most {} if every neuron fired in every step; {} images at once",
            memory(self.per_image as u64),
            memory(self.per_image_most as u64),
            self.images
        )?;
        if let Some(trainer) = &self.trainer {
            write!(
                f,
                ", their gradients {}, weights {}: {} in all, at most {}",
                memory(trainer.gradients as u64),
                memory(trainer.weights as u64),
                memory(trainer.total as u64),
                memory(trainer.total_most as u64)
            )?;
        }
        match self.process {
            Some(process) => write!(f, "; the process, data set included, {}", memory(process)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_of_a_process_is_read() {
        let status = "Name:\tsynfire\nVmPeak:\t  300 kB\nVmHWM:\t  12345 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(peak_of_status(status), Some(12_345 * 1024));
        assert_eq!(peak_of_status("Name:\tsynfire\n"), None);
        assert_eq!(peak_of_status("VmHWM:\t twelve kB\n"), None);
    }
}
