//! `synfire sweep`: accuracy against the size of a quantized network and against its synaptic operations.

mod error;
mod grid;
mod pareto;
mod report;
mod results;
mod study;

use super::context::Context;
use super::data::DataArgs;
use super::diagnostic::{CliError, Result, io};
use super::figures::trade_off;
use super::inference::{DEFAULT_SEED, at_least_one};
use super::models::load_float;
use super::quantize::{CALIBRATION_IMAGES, scale};
pub(crate) use error::SweepError;
use grid::{GridArgs, Setting};
use indicatif::ProgressBar;
use report::Report;
use results::{Finding, Made, Point, Refusal, Results, Run};
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;
use study::{Measured, Study, hex};
use synfire_golden_model::Error;
use synfire_golden_model::quantize::ScaleSearch;

const EXAMPLE: &str = "Examples:
  synfire sweep digits.safetensors -o digits.jsonl --picture digits.svg
  synfire sweep digits.safetensors -o digits.jsonl --bits 2,3,4,8 --steps 4,8,16 --leak auto,none --guard-bits auto,0,2

The same command goes on where one was cut off, and adds to the same file what is asked for anew.";

/// Arguments of `synfire sweep`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Float model, from `synfire train`.
    model: PathBuf,
    /// File of results, one JSON line each; what it holds already is not computed again.
    #[arg(short, long)]
    output: PathBuf,
    /// Draw accuracy against model bits and against synaptic operations into this SVG file.
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    #[command(flatten)]
    grid: GridArgs,
    /// How scales are found: max, mse, a percentile such as 99.5, or best, whichever brings the least error.
    #[arg(long, default_value = "best", value_parser = scale)]
    scale: ScaleSearch,
    /// Training images by whose spikes weights are rounded; 0 rounds each weight by itself.
    #[arg(long, default_value_t = CALIBRATION_IMAGES)]
    calibrate: usize,
    #[command(flatten)]
    data: DataArgs,
    /// Judge by the first so many test images; by default by all.
    #[arg(long, value_name = "IMAGES", value_parser = at_least_one)]
    limit: Option<usize>,
    /// Seed of the test images' spikes.
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u64,
}

/// Networks to judge, each after the numbers of steps for which nothing is known yet.
struct Work {
    float: Vec<usize>,
    quantized: Vec<(Setting, Vec<usize>)>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let study = self.study()?;
        let settings = self.grid.settings();
        let steps = self.grid.steps(&study.model.description)?;
        for setting in &settings {
            setting.config(study.scale).validate(&study.model.description)?;
        }
        let mut results = Results::open(&self.output, self.identity(&study)?)?;
        let work = Work::new(&results, &settings, &steps);
        let bar = context.bar(work.inferences(&study), "inferences");
        let computed = work.carry_out(&study, &mut results, &bar)?;
        bar.finish_and_clear();

        let report = Report::new(&results, self.output, &settings, &steps, computed);
        if let Some(path) = &self.picture {
            trade_off::draw(path, &report.picture())?;
        }
        context.print(&report, || {
            let mut text = report.to_string();
            if let Some(path) = &self.picture {
                text += &format!("\npicture: {}", path.display());
            }
            text
        })
    }

    fn study(&self) -> Result<Study> {
        let model = load_float(&self.model)?;
        let data = self.data.load(&model.description)?;
        let calibration = match self.calibrate {
            0 => None,
            images => Some(data.train.first(images)?),
        };
        Ok(Study {
            test: match self.limit {
                Some(images) => data.test.first(images)?,
                None => data.test,
            },
            model,
            seed: self.seed,
            calibration,
            scale: self.scale,
        })
    }

    /// What decides every result besides the settings.
    fn identity(&self, study: &Study) -> Result<Run> {
        let file = std::fs::read(&self.model).map_err(io("reading", &self.model))?;
        Ok(Run {
            network: study.model.description.name.clone(),
            model_sha256: hex(&Sha256::digest(&file)),
            data: study.test.name().into(),
            data_sha256: study.data_sha256(),
            images: study.test.len(),
            seed: study.seed,
            calibration: study.calibration.as_ref().map_or(0, |samples| samples.len()),
            scale: format!("{:?}", study.scale),
            synfire: env!("CARGO_PKG_VERSION").into(),
        })
    }
}

impl Work {
    fn new(results: &Results, settings: &[Setting], steps: &[usize]) -> Self {
        let missing = |is_known: &dyn Fn(usize) -> bool| -> Vec<usize> {
            steps.iter().copied().filter(|&steps| !is_known(steps)).collect()
        };
        let quantized = settings.iter().filter_map(|setting| {
            let missing = missing(&|steps| results.point(setting, steps).is_some());
            let open = !missing.is_empty() && results.refusal(setting).is_none();
            open.then(|| (setting.clone(), missing))
        });
        Self {
            float: missing(&|steps| results.float(steps).is_some()),
            quantized: quantized.collect(),
        }
    }

    fn inferences(&self, study: &Study) -> u64 {
        let quantized = self.quantized.iter().map(|(_, steps)| steps);
        let steps = std::iter::once(&self.float).chain(quantized);
        steps.map(|steps| study.inferences(steps)).sum()
    }

    /// Does it, and writes down every result at once; tells how many points there are that were not before.
    fn carry_out(self, study: &Study, results: &mut Results, bar: &ProgressBar) -> Result<usize> {
        bar.set_message("float");
        for reading in study.judge_float(&self.float, bar)? {
            results.append(Finding::Float(reading))?;
        }
        let mut computed = 0;
        for (setting, steps) in self.quantized {
            bar.set_message(setting.to_string());
            let model = match study.quantize(&setting) {
                Ok(model) => model,
                Err(error) => {
                    bar.inc(study.inferences(&steps));
                    results.append(Finding::Refused(refusal(setting, error)?))?;
                    continue;
                }
            };
            let made = Made::of(&model);
            // Other settings may have come to the same network.
            let known: Option<Vec<Measured>> = steps
                .iter()
                .map(|&steps| results.of_network(&made.hash, steps).map(Measured::of))
                .collect();
            let measured = match known {
                Some(known) => {
                    bar.inc(study.inferences(&steps));
                    known
                }
                None => study.judge(&model, &steps, bar)?,
            };
            for Measured {
                reading,
                synaptic_operations,
            } in measured
            {
                computed += 1;
                results.append(Finding::Point(Point {
                    setting: setting.clone(),
                    reading,
                    synaptic_operations,
                    made: made.clone(),
                }))?;
            }
        }
        Ok(computed)
    }
}

/// That there is no network of a setting is a result; every other error is one.
fn refusal(setting: Setting, error: CliError) -> Result<Refusal> {
    match error {
        CliError::Model(error) if matches!(*error, Error::MembraneOverflow { .. }) => Ok(Refusal {
            setting,
            reason: error.to_string(),
        }),
        error => Err(error),
    }
}
