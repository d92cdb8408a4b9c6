//! `synfire sweep`: compares many quantizations of a network, accuracy against size and against synaptic operations.

mod error;
mod grid;
mod pareto;
mod report;
mod results;
mod study;

use super::context::Context;
use super::data::{DataArgs, Recorded};
use super::diagnostic::{CliError, Result};
use super::figures::trade_off;
use super::inference::{DEFAULT_SEED, at_least_one, sampled};
use super::models::load_float;
use super::paths::{InputFile, OutputFile, OutputText};
use super::quantize::{CALIBRATION_IMAGES, scale};
pub(crate) use error::SweepError;
use grid::{GridArgs, Setting};
use indicatif::ProgressBar;
use report::Report;
use results::{Finding, Made, Point, Refusal, Results, Run};
use study::{Measured, Study};
use synfire_golden_model::Error;
use synfire_golden_model::file::{io, open_regular, sha256_of};
use synfire_golden_model::integer::IntegerError;
use synfire_golden_model::quantize::ScaleSearch;

const EXAMPLE: &str = "Examples:
  synfire sweep digits.safetensors -o digits.jsonl --picture digits.svg
  synfire sweep digits.safetensors -o digits.jsonl --bits 2,4,8 --steps 4,8,16 --leak auto,none

Run the same command again to resume an interrupted sweep. A command with more settings adds
its results to the same file.";

/// Arguments of `synfire sweep`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Float model that `synfire train` wrote.
    model: InputFile,
    /// Results file, with one JSON object per line. Results that it holds already are not computed again.
    #[arg(short, long)]
    output: OutputFile,
    /// Draw the accuracy as a function of model bits and of synaptic operations into this SVG file.
    #[arg(long, value_name = "FILE")]
    picture: Option<OutputText>,
    #[command(flatten)]
    grid: GridArgs,
    /// Method that finds the scales: max, mse, a percentile such as 99.5, or best, which uses the one with the least
    /// error.
    #[arg(long, default_value = "best", value_parser = scale)]
    scale: ScaleSearch,
    /// Number of training images on whose spikes the rounding of weights is calibrated. With 0, each weight is rounded to
    /// the nearest value.
    #[arg(long, default_value_t = CALIBRATION_IMAGES)]
    calibrate: usize,
    #[command(flatten)]
    data: DataArgs,
    /// Evaluate only IMAGES test images, with every class in proportion; the same ones each time. Default: all.
    #[arg(long, value_name = "IMAGES", value_parser = at_least_one)]
    limit: Option<usize>,
    /// Seed of the test images' input spikes.
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u64,
}

/// Evaluations that are still missing: numbers of steps for the float network and for each setting.
struct Work {
    float: Vec<usize>,
    quantized: Vec<(Setting, Vec<usize>)>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let study = self.study(context)?;
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

        let report = Report::new(&results, self.output.to_path_buf(), &settings, &steps, computed);
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

    fn study(&self, context: &Context) -> Result<Study> {
        let model = load_float(&self.model)?;
        let record = Recorded::float(&model, &self.model);
        let data = self.data.load_for(context, &record)?.split;
        let calibration = match self.calibrate {
            0 => None,
            images => Some(sampled(&data.train, images)?.into_owned()),
        };
        Ok(Study {
            test: match self.limit {
                Some(images) => sampled(&data.test, images)?.into_owned(),
                None => data.test,
            },
            model,
            seed: self.seed,
            calibration,
            scale: self.scale,
        })
    }

    /// Returns everything besides the settings that determines the results.
    fn identity(&self, study: &Study) -> Result<Run> {
        let (mut file, _) = open_regular(&self.model)?;
        let model_sha256 = sha256_of(&mut file).map_err(io("reading", &*self.model))?;
        Ok(Run {
            network: study.model.description.name.clone(),
            model_sha256,
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

    /// Computes the missing results, and writes each to the results file immediately. Returns the number of new points.
    fn carry_out(self, study: &Study, results: &mut Results, bar: &ProgressBar) -> Result<usize> {
        bar.set_message("float");
        for reading in study.evaluate_float(&self.float, bar)? {
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
            // Another setting may have led to the same network.
            let known: Option<Vec<Measured>> = steps
                .iter()
                .map(|&steps| results.of_network(&made.hash, steps).map(Measured::of))
                .collect();
            let measured = match known {
                Some(known) => {
                    bar.inc(study.inferences(&steps));
                    known
                }
                None => study.evaluate(&model, &steps, bar)?,
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

/// Converts the error that no membrane is wide enough for a setting into a result. Returns every other error.
fn refusal(setting: Setting, error: CliError) -> Result<Refusal> {
    match error {
        CliError::Model(error) if matches!(*error, Error::Integer(IntegerError::MembraneOverflow { .. })) => {
            Ok(Refusal {
                setting,
                reason: error.to_string(),
            })
        }
        error => Err(error),
    }
}
