//! The verb `synfire bench sparsity`.

use super::super::context::Context;
use super::super::diagnostic::{CliError, Result};
use super::super::inference::{DEFAULT_SEED, float};
use super::super::table::{percent, table};
use super::setting::Setting;
use super::stopwatch::{Spread, seconds};
use serde::Serialize;
use std::hint::black_box;
use std::time::Duration;
use synfire_golden_model::events::vectors;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::network::{LayerKind, NetworkDescription};
use synfire_golden_model::spikes::SpikeRaster;
use synfire_golden_model::train::Rule;
use synfire_golden_model::workload::{BatchPass, Pass, Peak, layer_alone, random_raster};

const EXAMPLE: &str = "Examples:
  synfire bench sparsity
  synfire bench sparsity --net vgg9 --steps 20 --rates 5,10 --json

Measures each hidden layer with weights alone, driven directly by random input spikes, and then
the whole network. Of a network of the rule few-steps, the whole alone is measured: a batch of
random images, with every layer's shift chosen so that neurons fire at the given rates. The peak is the speed of dense loops over numbers in the nearest cache.";

/// Images of a batch under the second rule.
const IMAGES: usize = 8;

/// Arguments of `synfire bench sparsity`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    #[command(flatten)]
    setting: Setting,
    /// Rates of input spikes: the percentage of inputs that spike in a step; under the rule `few-steps`, of neurons.
    #[arg(long, value_name = "PERCENT", value_delimiter = ',', default_value = "2,5,10,20", value_parser = rate)]
    rates: Vec<f32>,
    /// Duration of each repeat in milliseconds; each repeat processes at least one image.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 100)]
    time: u64,
}

/// Parses a rate in percent.
fn rate(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(percent) if percent > 0.0 && percent <= 100.0 => Ok(percent),
        _ => Err("give percentages above 0 and up to 100, such as 2,5,10,20".into()),
    }
}

/// Results of all measurements.
#[derive(Debug, Serialize)]
struct Report {
    network: String,
    /// Origin of the whole network's weights: `initial`, or the file of a model.
    weights: String,
    steps: usize,
    vectors: &'static str,
    repeats: usize,
    /// Synaptic operations per second of dense loops.
    peak: Directions<f64>,
    rows: Vec<Row>,
}

/// A value for the forward pass and a value for the backward pass.
#[derive(Clone, Copy, Debug, Serialize)]
struct Directions<T> {
    forward: T,
    backward: T,
}

/// Measurement of a layer or the whole network at one rate.
#[derive(Debug, Serialize)]
struct Row {
    /// Name of the layer or network.
    work: String,
    /// Spikes per input and step that were drawn; under the rule few-steps, per neuron and step.
    input_rate: f64,
    /// Milliseconds per image, forward and backward together.
    milliseconds: f64,
    forward: Timing,
    backward: Timing,
}

/// Time of an image's pass in one direction.
#[derive(Clone, Copy, Debug, Serialize)]
struct Timing {
    milliseconds: Spread,
    /// Number of synaptic operations.
    operations: u64,
    /// Synaptic operations per second at the median time.
    operations_per_second: f64,
    /// Share of the peak, in 0..=1.
    share_of_peak: f64,
}

impl Timing {
    fn new(seconds: Spread, operations: u64, peak: f64) -> Self {
        let operations_per_second = float(operations) / seconds.median;
        Self {
            milliseconds: seconds.map(|seconds| 1e3 * seconds),
            operations,
            operations_per_second,
            share_of_peak: operations_per_second / peak,
        }
    }
}

impl Args {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let config = self.setting.config()?;
        let network = config.network;
        if config.train.is_some_and(|train| train.rule == Rule::FewSteps) {
            return self.run_few_steps(context, network);
        }
        let mut whole = FloatModel::initial(network.clone(), DEFAULT_SEED)?;
        if let Some(model) = self.setting.model()? {
            whole.weights = model.weights;
        }
        let mut works = layers_alone(&network)?;
        works.push((network.name.clone(), whole));

        let peak = self.peak();
        let bar = context.bar((works.len() * self.rates.len()) as u64, "passes");
        let mut rows = Vec::with_capacity(works.len() * self.rates.len());
        for (name, model) in works {
            let mut pass = Pass::new(&model)?;
            for &percent in &self.rates {
                bar.set_message(name.clone());
                let raster = random_raster(&model.description, percent / 100.0, DEFAULT_SEED);
                rows.push(self.row(&name, &mut pass, &raster, peak)?);
                bar.inc(1);
            }
        }
        bar.finish_and_clear();
        let report = Report {
            network: network.name,
            weights: self.setting.weights(),
            steps: network.steps,
            vectors: vectors(),
            repeats: self.setting.repeats,
            peak,
            rows,
        };
        context.print(&report, || report.to_string())
    }

    /// Measures a whole network under the second rule.
    fn run_few_steps(&self, context: &Context, network: NetworkDescription) -> Result<()> {
        if let Some(model) = &self.setting.model {
            let model = model.display().to_string();
            return Err(CliError::ChosenRates { model });
        }
        let peak = self.peak();
        let bar = context.bar(self.rates.len() as u64, "passes");
        let mut pass = BatchPass::initial(&network, IMAGES, DEFAULT_SEED)?;
        let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let one_thread = one_thread.map_err(|source| CliError::Threads { threads: 1, source })?;
        let rows = one_thread.install(|| {
            let row = |&percent: &f32| {
                let rate = pass.set_rate(f64::from(percent) / 100.0);
                let (forward_operations, backward_operations) = (pass.forward(), pass.backward_operations());
                let forward = self.seconds(|| {
                    black_box(black_box(&mut pass).forward());
                });
                let backward = self.seconds(|| black_box(&mut pass).backward());
                let each = |number: u64| number / IMAGES as u64;
                let per_image = |seconds: Spread| seconds.map(|seconds| seconds / float(IMAGES as u64));
                let (forward, backward) = (per_image(forward), per_image(backward));
                bar.inc(1);
                Row {
                    work: network.name.clone(),
                    input_rate: rate,
                    milliseconds: 1e3 * (forward.median + backward.median),
                    forward: Timing::new(forward, each(forward_operations), peak.forward),
                    backward: Timing::new(backward, each(backward_operations), peak.backward),
                }
            };
            self.rates.iter().map(row).collect()
        });
        bar.finish_and_clear();
        let report = Report {
            steps: network.steps,
            network: network.name,
            weights: self.setting.weights(),
            vectors: vectors(),
            repeats: self.setting.repeats,
            peak,
            rows,
        };
        context.print(&report, || report.to_string())
    }

    fn seconds(&self, work: impl FnMut()) -> Spread {
        seconds(Duration::from_millis(self.time), self.setting.repeats, work)
    }

    /// Measures the highest speed of dense loops in operations per second.
    fn peak(&self) -> Directions<f64> {
        let mut peak = Peak::new();
        let mut operations = 0;
        let forward = self.seconds(|| operations = black_box(black_box(&peak).forward()).1);
        let forward = float(operations) / forward.min;
        let backward = self.seconds(|| operations = black_box(black_box(&mut peak).backward()).1);
        let backward = float(operations) / backward.min;
        Directions { forward, backward }
    }

    fn row(&self, name: &str, pass: &mut Pass, raster: &SpikeRaster, peak: Directions<f64>) -> Result<Row> {
        let (forward_operations, backward_operations) = (pass.forward(raster)?, pass.backward(0));
        let forward = self.seconds(|| {
            // The same pass succeeded before.
            let _ = black_box(pass.forward(black_box(raster)));
        });
        let backward = self.seconds(|| {
            black_box(black_box(&mut *pass).backward(0));
        });
        let places = float((raster.width() * raster.steps()) as u64);
        Ok(Row {
            work: name.into(),
            input_rate: float(raster.total() as u64) / places,
            milliseconds: 1e3 * (forward.median + backward.median),
            forward: Timing::new(forward, forward_operations, peak.forward),
            backward: Timing::new(backward, backward_operations, peak.backward),
        })
    }
}

/// Returns each hidden layer with weights as a network of its own.
fn layers_alone(network: &NetworkDescription) -> Result<Vec<(String, FloatModel)>> {
    let is_weighted = |kind| matches!(kind, LayerKind::Conv { .. } | LayerKind::Fc { .. });
    let layers = network.layers.iter().enumerate();
    let weighted = layers.filter(|(_, layer)| is_weighted(layer.kind));
    let alone = weighted.map(|(index, layer)| {
        let alone = FloatModel::initial(layer_alone(network, index)?, DEFAULT_SEED)?;
        Ok((layer.name.clone(), alone))
    });
    alone.collect()
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let giga = |number: f64| format!("{:.2}", number / 1e9);
        writeln!(
            f,
            "{}, {} steps, one thread, vectors: {}, weights: {}; peak {} G operations per second forward, {} backward",
            self.network,
            self.steps,
            self.vectors,
            self.weights,
            giga(self.peak.forward),
            giga(self.peak.backward)
        )?;
        let mut rows = table([
            "",
            "rate",
            "forward, M operations",
            "ms",
            "G/s",
            "of peak",
            "backward, M operations",
            "ms",
            "G/s",
            "of peak",
        ]);
        for row in &self.rows {
            let cells = |timing: &Timing| {
                [
                    format!("{:.2}", float(timing.operations) / 1e6),
                    format!("{:.3}", timing.milliseconds.median),
                    giga(timing.operations_per_second),
                    percent(timing.share_of_peak),
                ]
            };
            let first = [row.work.clone(), percent(row.input_rate)];
            rows.add_row(
                first
                    .into_iter()
                    .chain(cells(&row.forward))
                    .chain(cells(&row.backward)),
            );
        }
        write!(
            f,
            "{rows}\nms: processor time per image, median of {} repeats; operations: synaptic operations",
            self.repeats
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_possible_percentages() {
        assert_eq!(rate("2.5"), Ok(2.5));
        assert_eq!(rate("100"), Ok(100.0));
        for wrong in ["0", "-1", "100.5", "NaN", "two"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_hidden_layer_with_weights_is_measured() {
        let network = NetworkDescription::preset("lenet").unwrap();
        let names: Vec<String> = layers_alone(&network)
            .unwrap()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["conv1", "conv2", "fc1"]);
    }
}
