//! `synfire plan`.

use super::context::Context;
use super::data::DataArgs;
use super::diagnostic::{CliError, Result};
use super::inference::{at_least_one, float, measure_loads};
use super::table::{count, table};
use serde::Serialize;
use std::path::PathBuf;
use synfire_golden_model::quantized::QuantizedModel;
use synfire_hw::board::{Board, Features};
use synfire_hw::build::write_atomically;
use synfire_hw::circuit::engine::MAX_LANES;
use synfire_hw::circuit::word_memory::Style;
use synfire_hw::diagram;
use synfire_hw::plan::{Faster, Plan, budget, check_sizes};
use synfire_hw::traffic::{self, LayerTraffic};

const EXAMPLE: &str = "Examples:
  synfire plan digits-4bit.safetensors --board icebreaker
  synfire plan digits-4bit.safetensors --board ulx3s-85f --lanes 16,10 --diagram digits.svg";

/// Arguments of `synfire plan`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Quantized model, from `synfire quantize`.
    model: PathBuf,
    #[command(flatten)]
    target: TargetArgs,
    /// Draw the design's block diagram into this SVG file, as `synfire hdl` puts one into the build folder.
    #[arg(long, value_name = "FILE.svg")]
    diagram: Option<PathBuf>,
}

/// Flags that decide a plan, shared with `synfire hdl`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct TargetArgs {
    /// Board: its name, or the path of a board file (.toml).
    #[arg(long)]
    board: String,
    /// Frequency of the core in MHz, instead of the board's own choice; its PLL must be able to make it.
    #[arg(long, value_name = "MHZ", value_parser = megahertz)]
    clock: Option<u32>,
    /// Bits a second of the serial port, instead of the board's own choice; the core's clock must be able to make it.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    baud: Option<u32>,
    /// What the design has beside the network, instead of the board's own choice: `encoder`, `early-exit` and `load`,
    /// separated by commas, or `none`.
    #[arg(long, value_name = "FEATURE,...")]
    features: Option<Features>,
    /// Lanes of each layer, separated by commas, instead of the fastest that fit.
    #[arg(long, value_delimiter = ',')]
    pub(crate) lanes: Option<Vec<usize>>,
    /// Most lanes that the search for a plan may give a layer.
    #[arg(long, default_value_t = MAX_LANES, conflicts_with = "lanes")]
    pub(crate) most_lanes: usize,
    /// Spikes per time step into each layer, separated by commas, instead of measuring them.
    #[arg(long, value_delimiter = ',', value_parser = rate)]
    pub(crate) rates: Option<Vec<f64>>,
    /// Test images by which spike rates are measured.
    #[arg(long, default_value_t = 200, value_parser = at_least_one)]
    pub(crate) images: usize,
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

/// A plan and what it means.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    network: &'a str,
    board: &'a str,
    plan: &'a Plan,
    expected_cycles: f64,
    expected_microseconds: f64,
    /// What the next faster choice of lanes lacks.
    faster: Option<Faster>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let model = QuantizedModel::load(&self.model)?;
        let board = self.target.board()?;
        let loads = self.target.loads(&model)?;
        let plan = self.target.plan(&model, &board, &loads)?;
        if let Some(path) = &self.diagram {
            write_atomically(path, &diagram::svg(&model, &board, &plan)?)?;
        }
        let faster = match self.target.lanes {
            Some(_) => None,
            None => plan.faster(&model, &board, &loads, self.target.most_lanes)?,
        };
        let steps = model.description.steps;
        let expected_cycles = plan.expected_cycles(steps);
        let summary = Summary {
            network: &model.description.name,
            board: &board.name,
            plan: &plan,
            expected_cycles,
            expected_microseconds: expected_cycles / board.clock_mhz(),
            faster,
        };
        context.print(&summary, || {
            format!(
                "{} on {}\n{}\n{}",
                summary.network,
                board.title,
                layers(&plan, &board, steps),
                self.target.limit(&plan, summary.faster.as_ref())
            )
        })
    }
}

impl TargetArgs {
    /// The board that the flags name, with the clock and the rate of its serial port that they want.
    pub(crate) fn board(&self) -> Result<Board> {
        let mut board = Board::find(&self.board)?;
        if let Some(features) = self.features {
            board.link.features = features;
        }
        Ok(board.with_rates(self.clock, self.baud)?)
    }

    /// What each layer has to do in a time step: as the flags say, or as measured.
    pub(crate) fn loads(&self, model: &QuantizedModel) -> Result<Vec<LayerTraffic>> {
        // Before the test images, which take time and may not be here.
        check_sizes(model)?;
        Ok(match &self.rates {
            Some(rates) if rates.len() == model.layers.len() => traffic::from_rates(model, rates)?,
            Some(rates) => {
                return Err(CliError::Rates {
                    given: rates.len(),
                    layers: model.layers.len(),
                });
            }
            None => {
                let data = self.data.load(&model.description)?;
                measure_loads(model, &data.test, self.images)?
            }
        })
    }

    /// The plan that the flags ask for.
    pub(crate) fn plan(&self, model: &QuantizedModel, board: &Board, loads: &[LayerTraffic]) -> Result<Plan> {
        Ok(match &self.lanes {
            Some(lanes) => Plan::with_lanes(model, board, loads, lanes)?,
            None => Plan::search_within(model, board, loads, self.most_lanes)?,
        })
    }
}

/// A frequency in MHz as Hz.
fn megahertz(text: &str) -> Result<u32, String> {
    let hz = text.parse::<f64>().map(|mhz| (mhz * 1e6).round());
    match hz {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "within bounds"
        )]
        Ok(hz) if (1e6..=1e9).contains(&hz) => Ok(hz as u32),
        _ => Err("a frequency is a number of MHz, from 1 to 1000".into()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate >= 0.0 => Ok(rate),
        _ => Err("spikes per time step are a number from 0 up".into()),
    }
}

/// The plan as a table.
pub(crate) fn layers(plan: &Plan, board: &Board, steps: usize) -> String {
    let has_sprams = board.device.sprams > 0;
    let mut rows = table(
        [
            "layer",
            "lanes",
            "weight words",
            "membrane words",
            "spikes/step",
            "clocks/step",
            "of slowest",
            "LUT",
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
                layer.lanes.to_string(),
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
    let all = ["all, with link", "", "", "", "", "", ""]
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
        "{rows}\nexpected: {} clocks, {:.0} µs at {} MHz per inference of {steps} steps",
        count(expected),
        expected / board.clock_mhz(),
        board.clock_mhz(),
    )
}

/// A memory's words, and what it is made of.
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
    /// What keeps a plan from being faster.
    fn limit(&self, plan: &Plan, faster: Option<&Faster>) -> String {
        let slowest = plan
            .layers
            .iter()
            .max_by(|a, b| a.ideal_cycles.total_cmp(&b.ideal_cycles));
        let slowest = slowest.map_or("", |layer| layer.name.as_str());
        match faster {
            Some(Faster { cycles, shortage }) => format!(
                "limit: `{slowest}`; {} clocks a step would take {} {}, of {} that a plan may use, {} of them for `{}`",
                count(*cycles),
                shortage.needed,
                shortage.resource,
                shortage.available,
                shortage.layer_needed,
                shortage.layer
            ),
            None if self.lanes.is_some() => format!("limit: `{slowest}`, with the lanes that were given"),
            None if self.most_lanes < MAX_LANES => {
                format!(
                    "limit: `{slowest}`, with at most {} lanes a layer",
                    self.most_lanes
                )
            }
            None => format!("limit: `{slowest}`, which no more lanes make faster"),
        }
    }
}
