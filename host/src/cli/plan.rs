//! The verb `synfire plan`.

use super::context::Context;
use super::data::{DataArgs, Recorded};
use super::diagnostic::{CliError, Result};
use super::inference::{at_least_one, float, measure_traffic};
use super::paths::{InputFile, Name, OutputText, write_text};
use super::table::{count, table};
use serde::Serialize;
use std::path::Path;
use synfire_golden_model::integer::QuantizedModel;
use synfire_hw::board::{Board, Features};
use synfire_hw::circuit::word_memory::Style;
use synfire_hw::diagram;
use synfire_hw::plan::{Array, Faster, MOST_LANES, Plan, budget, check_sizes};
use synfire_hw::traffic::{self, LayerTraffic};

const EXAMPLE: &str = "Examples:
  synfire plan digits-4bit.safetensors --board icebreaker
  synfire plan digits-4bit.safetensors --board ulx3s-85f --lanes 16,10 --diagram digits.svg";

/// Arguments of `synfire plan`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Quantized model that `synfire quantize` wrote.
    model: InputFile,
    #[command(flatten)]
    target: TargetArgs,
    /// Draw the design's block diagram, which `synfire hdl` also writes, into this SVG file.
    #[arg(long, value_name = "FILE.svg")]
    diagram: Option<OutputText>,
}

/// Flags that determine a plan, shared with `synfire hdl`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct TargetArgs {
    /// Board: the name of a board, or the path of a board file (.toml).
    #[arg(long)]
    board: Name,
    /// Core clock frequency in MHz; default: the board's. The board's PLL must be able to generate it.
    #[arg(long, value_name = "MHZ", value_parser = megahertz)]
    clock: Option<u32>,
    /// Baud rate of the serial port; default: the board's. It must be possible with the core clock.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    baud: Option<u32>,
    /// Features of the design, separated by commas: `encoder`, `early-exit`, `load`; or `none`. Default: the board's.
    #[arg(long, value_name = "FEATURE,...")]
    features: Option<Features>,
    /// Lanes of each layer, separated by commas: LANES, LANESxPOSITIONS, LANESxPOSITIONSxSPIKES or
    /// LANESxPOSITIONSxSPIKESxSWEPT, such as `20x5x1x5,20,50x5x2`; default: the fastest that fit.
    #[arg(long, value_name = "ARRAY,...", value_delimiter = ',')]
    pub(crate) lanes: Option<Vec<Array>>,
    /// Largest number of lanes of a layer, in all positions together, in the search for a plan.
    #[arg(long, default_value_t = MOST_LANES, conflicts_with = "lanes")]
    pub(crate) most_lanes: usize,
    /// Spikes per time step into each layer, separated by commas; default: measured on test images.
    #[arg(long, value_delimiter = ',', value_parser = rate)]
    pub(crate) rates: Option<Vec<f64>>,
    /// Number of test images on which to measure the spikes into each layer, with every class in proportion.
    #[arg(long, default_value_t = 200, value_parser = at_least_one)]
    pub(crate) images: usize,
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

/// A plan, and the speed that it leads to.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    network: &'a str,
    /// Name of the data set on which the spikes were measured; absent with `--rates`.
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset: Option<&'a str>,
    board: &'a str,
    plan: &'a Plan,
    expected_cycles: f64,
    expected_microseconds: f64,
    /// The next faster choice of lanes, and the resource that it lacks.
    faster: Option<Faster>,
}

/// The traffic of each layer, and where it was measured.
#[derive(Debug)]
pub(crate) struct Traffic {
    pub(crate) layers: Vec<LayerTraffic>,
    /// `None` if the rates were given.
    pub(crate) measured: Option<Measured>,
}

/// Samples on which the traffic was measured.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) dataset: String,
    images: usize,
}

impl Measured {
    /// Describes the samples in a line of text, or not at all if the rates were given.
    pub(crate) fn describe(measured: Option<&Self>) -> String {
        let describe = |Self { dataset, images }: &Self| {
            format!("spikes: measured on {images} test samples of data set `{dataset}`\n")
        };
        measured.map(describe).unwrap_or_default()
    }
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let model = QuantizedModel::load(&self.model)?;
        let board = self.target.board()?;
        let Traffic {
            layers: traffic,
            measured,
        } = self.target.traffic(context, &model, &self.model)?;
        let plan = self.target.plan(&model, &board, &traffic)?;
        if let Some(path) = &self.diagram {
            write_text(path, &diagram::svg(&model, &board, &plan)?)?;
        }
        let faster = match self.target.lanes {
            Some(_) => None,
            None => plan.faster(&model, &board, &traffic, self.target.most_lanes)?,
        };
        let steps = model.description.steps;
        let expected_cycles = plan.expected_cycles(steps);
        let summary = Summary {
            network: &model.description.name,
            dataset: measured.as_ref().map(|measured| measured.dataset.as_str()),
            board: &board.name,
            plan: &plan,
            expected_cycles,
            expected_microseconds: expected_cycles / board.clock_mhz(),
            faster,
        };
        context.print(&summary, || {
            format!(
                "{} on {}\n{}\n{}{}",
                summary.network,
                board.title,
                layers(&plan, &board, steps),
                Measured::describe(measured.as_ref()),
                self.target.limit(&plan, summary.faster.as_ref())
            )
        })
    }
}

impl TargetArgs {
    /// Returns the board with the clock, the baud rate and the features that the flags choose.
    pub(crate) fn board(&self) -> Result<Board> {
        let mut board = Board::find(&self.board)?;
        if let Some(features) = self.features {
            board.link.features = features;
        }
        Ok(board.with_rates(self.clock, self.baud)?)
    }

    /// Returns the traffic of each layer: from `--rates`, or measured. `file` is the model's.
    pub(crate) fn traffic(&self, context: &Context, model: &QuantizedModel, file: &Path) -> Result<Traffic> {
        // Check the sizes before loading test images, which takes time and may fail.
        check_sizes(model)?;
        Ok(match &self.rates {
            Some(rates) if rates.len() == model.layers.len() => Traffic {
                layers: traffic::from_rates(model, rates)?,
                measured: None,
            },
            Some(rates) => {
                return Err(CliError::Rates {
                    given: rates.len(),
                    layers: model.layers.len(),
                });
            }
            None => {
                let record = Recorded::quantized(model, file);
                let test = self.data.load_for(context, &record)?.split.test;
                Traffic {
                    layers: measure_traffic(model, &test, self.images)?,
                    measured: Some(Measured {
                        dataset: test.name().into(),
                        images: self.images.min(test.len()),
                    }),
                }
            }
        })
    }

    /// Returns the plan that the flags choose.
    pub(crate) fn plan(
        &self,
        model: &QuantizedModel,
        board: &Board,
        traffic: &[LayerTraffic],
    ) -> Result<Plan> {
        Ok(match &self.lanes {
            Some(arrays) => Plan::with_arrays(model, board, traffic, arrays)?,
            None => Plan::search_within(model, board, traffic, self.most_lanes)?,
        })
    }
}

/// Parses a frequency in MHz and returns it in Hz.
fn megahertz(text: &str) -> Result<u32, String> {
    let hz = text.parse::<f64>().map(|mhz| (mhz * 1e6).round());
    match hz {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "within bounds"
        )]
        Ok(hz) if (1e6..=1e9).contains(&hz) => Ok(hz as u32),
        _ => Err("give a frequency of 1 to 1000 MHz".into()),
    }
}

/// Parses a number of spikes per time step.
fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate >= 0.0 => Ok(rate),
        _ => Err("give numbers of spikes per time step, each at least 0".into()),
    }
}

/// Formats a plan as a table.
pub(crate) fn layers(plan: &Plan, board: &Board, steps: usize) -> String {
    let has_sprams = board.device.sprams > 0;
    let mut rows = table(
        [
            "layer",
            "lanes",
            "weight words",
            "membrane words",
            "spikes/step",
            "cycles/step",
            "of slowest",
            "LUTs",
            "block RAM",
        ]
        .into_iter()
        .chain(has_sprams.then_some("SPRAM")),
    );
    let slowest = plan.expected_cycles(1);
    for layer in &plan.layers {
        let sprams = has_sprams.then(|| layer.cost.sprams.to_string());
        rows.add_row(
            [
                layer.name.clone(),
                layer.array().to_string(),
                memory(layer.weight_words, layer.weight_style),
                memory(layer.words, layer.membrane_style),
                format!("{:.1}", layer.spikes_in),
                count(layer.ideal_cycles),
                format!("{:.0} %", 100.0 * layer.ideal_cycles / slowest),
                layer.cost.luts.to_string(),
                layer.cost.block_rams.to_string(),
            ]
            .into_iter()
            .chain(sprams),
        );
    }
    let budget = budget(board);
    let share = |used: usize, available: usize| {
        let share = float(used as u64) / float(available.max(1) as u64);
        format!("{used} ({:.0} % of {available})", 100.0 * share)
    };
    let sprams = has_sprams.then(|| share(plan.cost.sprams, budget.sprams));
    let all = ["total, with link", "", "", "", "", "", ""]
        .map(str::to_owned)
        .into_iter();
    rows.add_row(
        all.chain([
            share(plan.cost.luts, board.device.luts),
            share(plan.cost.block_rams, budget.block_rams),
        ])
        .chain(sprams),
    );
    let expected = plan.expected_cycles(steps);
    format!(
        "{rows}\nexpected: {} cycles per inference of {steps} steps, {:.0} µs at {} MHz",
        count(expected),
        expected / board.clock_mhz(),
        board.clock_mhz(),
    )
}

/// Describes the number of words of a memory and the resource that holds it.
fn memory(words: usize, style: Style) -> String {
    let kind = match style {
        Style::Block => "block",
        Style::Distributed => "distributed",
        Style::Logic => "logic",
        Style::Spram => "SPRAM",
    };
    match words {
        0 => "none".into(),
        _ => format!("{words} {kind}"),
    }
}

impl TargetArgs {
    /// Describes why there is no faster plan.
    fn limit(&self, plan: &Plan, faster: Option<&Faster>) -> String {
        let slowest = plan
            .layers
            .iter()
            .max_by(|a, b| a.ideal_cycles.total_cmp(&b.ideal_cycles));
        let slowest = slowest.map_or("", |layer| layer.name.as_str());
        match faster {
            Some(Faster { cycles, shortage }) => format!(
                "limit: `{slowest}`; {} cycles per step would need {} {}, but a plan may use {}; layer `{}` alone needs {}",
                count(*cycles),
                shortage.needed,
                shortage.resource,
                shortage.available,
                shortage.layer,
                shortage.layer_needed
            ),
            None if self.lanes.is_some() => format!("limit: `{slowest}`, with the given lanes"),
            None if self.most_lanes < MOST_LANES => {
                format!(
                    "limit: `{slowest}`, with at most {} lanes per layer",
                    self.most_lanes
                )
            }
            None => format!("limit: `{slowest}`, which more lanes do not make faster"),
        }
    }
}
