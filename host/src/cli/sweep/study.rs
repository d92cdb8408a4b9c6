//! Quantizes a network with one setting after another, and evaluates each result.

use super::super::diagnostic::Result;
use super::super::inference::{float, quantize_by};
use super::grid::Setting;
use super::results::{Made, Point, Reading};
use indicatif::ProgressBar;
use synfire_golden_model::dataset::{Dataset, Samples};
use synfire_golden_model::evaluation::float::evaluate_with;
use synfire_golden_model::evaluation::integer::evaluate_dataset;
use synfire_golden_model::file::{hex, sha256};
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::QuantizedModel;
use synfire_golden_model::quantize::{ScaleSearch, quantize};

/// A float network, and the data on which it and its quantizations are evaluated.
#[derive(Debug)]
pub(super) struct Study {
    pub(super) model: FloatModel,
    /// Test samples, all of which are used.
    pub(super) test: Dataset,
    pub(super) seed: u64,
    /// Samples for calibration; if `None`, each weight is rounded to the nearest value.
    pub(super) calibration: Option<Dataset>,
    pub(super) scale: ScaleSearch,
}

/// Result of evaluating a quantized network after a number of steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    pub(super) reading: Reading,
    /// Mean synaptic operations per inference.
    pub(super) synaptic_operations: f64,
}

impl Study {
    /// Returns the SHA-256 of the hashes of all data sets that determine the results.
    pub(super) fn data_sha256(&self) -> String {
        let datasets = std::iter::once(&self.test).chain(&self.calibration);
        let hashes: String = datasets.map(Dataset::sha256).collect();
        sha256(hashes.as_bytes())
    }

    /// Quantizes the network like `synfire quantize`.
    pub(super) fn quantize(&self, setting: &Setting) -> Result<QuantizedModel> {
        let config = setting.config(self.scale);
        let (quantized, _) = match &self.calibration {
            None => quantize(&self.model, &config)?,
            Some(samples) => quantize_by(&self.model, &config, samples, samples.len())?,
        };
        Ok(quantized)
    }

    /// Divides the numbers of steps, which ascend, into groups that a single inference per sample covers.
    ///
    /// The first spikes of an image that is encoded for T steps are the spikes of the image encoded for fewer steps. A
    /// recording is spread over all steps, so that each number of steps needs its own inference.
    fn runs<'a>(&self, steps: &'a [usize]) -> std::slice::Chunks<'a, usize> {
        match self.test.samples() {
            Samples::Images(_) => steps.chunks(steps.len().max(1)),
            Samples::Recordings(_) => steps.chunks(1),
        }
    }

    /// Returns the number of inferences for evaluating a network after these numbers of steps.
    pub(super) fn inferences(&self, steps: &[usize]) -> u64 {
        (self.runs(steps).len() * self.test.len()) as u64
    }

    /// Evaluates a quantized network after each number of `steps`, which must ascend. `bar` shows the progress.
    pub(super) fn evaluate(
        &self,
        model: &QuantizedModel,
        steps: &[usize],
        bar: &ProgressBar,
    ) -> Result<Vec<Measured>> {
        let mut model = model.clone();
        let images = self.test.len();
        let mut measured = Vec::with_capacity(steps.len());
        for run in self.runs(steps) {
            model.description.steps = run.last().copied().unwrap_or(0);
            let result = evaluate_dataset(&model, &self.test, images, self.seed, &|_| bar.inc(1))?;
            measured.extend(run.iter().map(|&steps| Measured {
                reading: Reading::new(steps, result.correct_by_step[steps - 1], images),
                synaptic_operations: float(result.synaptic_operations_by_step[steps - 1])
                    / float(images as u64),
            }));
        }
        Ok(measured)
    }

    /// Evaluates the float network after each number of `steps`, which must ascend. `bar` shows the progress.
    pub(super) fn evaluate_float(&self, steps: &[usize], bar: &ProgressBar) -> Result<Vec<Reading>> {
        let mut model = self.model.clone();
        let mut readings = Vec::with_capacity(steps.len());
        for run in self.runs(steps) {
            model.description.steps = run.last().copied().unwrap_or(0);
            let result = evaluate_with(&model, &self.test, self.seed, &|_| bar.inc(1))?;
            readings.extend(run.iter().map(|&steps| {
                let correct = result.correct_by_step[steps - 1];
                Reading::new(steps, correct, self.test.len())
            }));
        }
        Ok(readings)
    }
}

impl Measured {
    /// Returns the result of a known point.
    pub(super) const fn of(point: &Point) -> Self {
        Self {
            reading: point.reading,
            synaptic_operations: point.synaptic_operations,
        }
    }
}

impl Reading {
    fn new(steps: usize, correct: usize, images: usize) -> Self {
        Self {
            steps,
            correct,
            accuracy: float(correct as u64) / float(images.max(1) as u64),
        }
    }
}

impl Made {
    /// Describes a quantized network.
    pub(super) fn of(model: &QuantizedModel) -> Self {
        let bits = model.parameter_bits();
        let widest = model.layers.iter().map(|layer| layer.membrane_bits).max();
        Self {
            weights_bits: bits.weights,
            thresholds_bits: bits.thresholds + bits.biases,
            model_bits: bits.total(),
            membrane_bits: widest.unwrap_or(0),
            // Pooling layers have no leak, and an output layer that is read as a sum has none; all others have the same.
            leak_shifts: model
                .layers
                .iter()
                .map(|layer| layer.leak_shifts.clone())
                .max_by_key(Vec::len)
                .unwrap_or_default(),
            hash: hex(&model.hash()),
        }
    }
}
