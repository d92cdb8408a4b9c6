//! Summary of a trace in a few numbers.

use super::{Metadata, TraceFile};
use crate::Result;
use serde::Serialize;

/// Summary of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Metadata of the trace.
    #[serde(flatten)]
    pub metadata: Metadata,
    /// Number of images classified correctly.
    pub correct: u64,
    /// Activity of the input, followed by the layers that fire.
    pub activity: Vec<LayerSummary>,
}

/// Spikes of a layer over all images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerSummary {
    /// Name of the layer, or `input`.
    pub layer: String,
    /// Number of neurons.
    pub neurons: usize,
    /// Number of spikes over all images.
    pub spikes: u64,
    /// Number of pairs of neuron and image in which the neuron fired at least once, out of `neurons` × images.
    pub active: u64,
}

impl TraceFile {
    /// Counts spikes, active neurons and correct answers.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn summary(&mut self) -> Result<Summary> {
        let metadata = self.metadata().clone();
        let arrays = metadata.arrays();
        let mut activity = Vec::new();
        let mut per_image = Vec::new();
        for array in &arrays {
            if let Some(layer) = array.name.strip_prefix("spikes/") {
                let neurons: u64 = array.shape[2..].iter().product();
                let neurons = usize::try_from(neurons).unwrap_or(usize::MAX);
                let (spikes, active) = self.count(array, neurons, metadata.steps)?;
                activity.push(LayerSummary {
                    layer: layer.to_owned(),
                    neurons,
                    spikes,
                    active,
                });
            } else if array.shape.len() == 1 {
                let mut numbers = Vec::new();
                self.read_array(array, |piece| {
                    numbers.extend_from_slice(piece);
                    true
                })?;
                per_image.push(numbers);
            }
        }
        let correct = match &per_image[..] {
            [labels, answers] => labels
                .chunks_exact(8)
                .zip(answers.chunks_exact(8))
                .filter(|(a, b)| a == b)
                .count(),
            _ => 0,
        };
        Ok(Summary {
            metadata,
            correct: correct as u64,
            activity,
        })
    }

    /// Counts the spikes of an array, and the pairs of neuron and image in which the neuron fired.
    fn count(&mut self, array: &super::array::Layout, neurons: usize, steps: usize) -> Result<(u64, u64)> {
        let mut fired = vec![false; neurons];
        let (mut spikes, mut active) = (0, 0);
        let (mut neuron, mut step) = (0, 0);
        self.read_array(array, |piece| {
            for number in piece.chunks_exact(array.number.bytes()) {
                if number.iter().any(|&byte| byte != 0) {
                    spikes += 1;
                    active += u64::from(!fired[neuron]);
                    fired[neuron] = true;
                }
                neuron += 1;
                if neuron == neurons {
                    (neuron, step) = (0, step + 1);
                }
                if step == steps {
                    step = 0;
                    fired.fill(false);
                }
            }
            true
        })?;
        Ok((spikes, active))
    }
}
