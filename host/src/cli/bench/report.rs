//! Results of measuring training or inference.

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
    /// Kind of measurement: `train`, `infer` or `infer-integer`.
    pub(super) what: &'static str,
    pub(super) network: String,
    pub(super) dataset: String,
    /// Origin of the weights: `initial`, or the file of a model.
    pub(super) weights: String,
    pub(super) steps: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) batch: Option<usize>,
    pub(super) threads: usize,
    pub(super) vectors: &'static str,
    pub(super) repeats: usize,
    /// Number of images in each repeat.
    pub(super) images: u64,
    pub(super) images_per_second: Spread,
    pub(super) per_image: PerImage,
    /// Synaptic operations per second, forward and backward together, at the median speed.
    pub(super) operations_per_second: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) full_run: Option<FullRun>,
    pub(super) memory: MemoryUse,
}

/// Mean spikes and synaptic operations per image.
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

    /// Returns the synaptic operations of the forward and the backward pass together.
    pub(super) fn operations(&self) -> f64 {
        self.forward_operations + self.backward_operations
    }
}

/// Memory use in bytes.
#[derive(Clone, Debug, Serialize)]
pub(super) struct MemoryUse {
    /// Memory for one image while it is processed.
    per_image: usize,
    /// Memory for one image if every input and neuron fired in every step.
    per_image_most: usize,
    /// Number of images in memory at the same time.
    images: usize,
    #[serde(flatten)]
    trainer: Option<TrainerUse>,
    /// Peak memory of the whole process, including the data set; known only on Linux.
    process: Option<u64>,
}

/// Additional memory use of training, in bytes.
#[derive(Clone, Debug, Serialize)]
struct TrainerUse {
    gradients: usize,
    weights: usize,
    /// Sum of the memory for images, gradients and weights.
    total: usize,
    /// Sum of the memory if every input and neuron fired in every step.
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

/// Returns the peak memory of this process in bytes, if the system reports it.
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
                ", trained further in each repeat"
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
            "per image: {} input spikes (rate {input_rate:.3}), {} spikes of layers; {} synaptic operations forward",
            count(*input_spikes),
            count(*layer_spikes),
            count(*forward_operations)
        )?;
        if self.batch.is_some() {
            write!(f, ", {} backward", count(*backward_operations))?;
        }
        writeln!(f, "; {:.2} G per second", self.operations_per_second / 1e9)?;
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
            "memory: {} per image, {} if every neuron fired in every step; {} images at the same time",
            memory(self.per_image as u64),
            memory(self.per_image_most as u64),
            self.images
        )?;
        if let Some(trainer) = &self.trainer {
            write!(
                f,
                ", their gradients {}, weights {}: {} in total, at most {}",
                memory(trainer.gradients as u64),
                memory(trainer.weights as u64),
                memory(trainer.total as u64),
                memory(trainer.total_most as u64)
            )?;
        }
        match self.process {
            Some(process) => write!(
                f,
                "; peak of the process, including the data set: {}",
                memory(process)
            ),
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
