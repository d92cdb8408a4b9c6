//! `synfire demo`: every stage, from training on handwritten digits to answers over a serial port.

mod folder;
mod hardware;
mod models;
mod results;

use super::context::Context;
use super::cosim;
use super::data::DataArgs;
use super::diagnostic::Result;
use super::figures::raster;
use super::inference::{DEFAULT_SEED, at_least_one, measure_traffic, sampled, stimuli};
use super::paths::Name;
use super::synth::TRAINS;
use hardware::Target;
use results::{BoardResult, Results, StageTimes};
use std::path::{Path, PathBuf};
use synfire_golden_model::dataset::Split;
use synfire_golden_model::dataset::encode::test_raster;
use synfire_golden_model::file::io;
use synfire_golden_model::integer;
use synfire_golden_model::integer::QuantizedModel;
use synfire_hw::board::Board;
use synfire_hw::plan::Plan;
use synfire_hw::synth::checks::{self, Form};
use synfire_hw::traffic::LayerTraffic;
use synfire_sim::stress;

/// Number of test images on which the traffic of a plan's layers is measured.
const TRAFFIC_IMAGES: usize = 200;

const EXAMPLE: &str = "Example:
  synfire demo -o out/demo";

/// Number of images of the native simulation, which is slow.
const NATIVE_IMAGES: usize = 1;

/// Arguments of `synfire demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Folder for all results.
    #[arg(short, long, default_value = "out/demo")]
    output: PathBuf,
    /// Network: a preset or the path of a network file (.toml).
    #[arg(long, default_value = "digits")]
    network: Name,
    #[command(flatten)]
    data: DataArgs,
    /// Bits per weight.
    #[arg(long, default_value_t = 4)]
    bits: u8,
    /// Boards to build for, separated by commas; the last one also runs as a virtual board.
    #[arg(long, value_delimiter = ',', default_value = "ice40-hx8k,ulx3s-85f")]
    boards: Vec<String>,
    /// Number of test images to co-simulate.
    #[arg(long, default_value_t = 20, value_parser = at_least_one)]
    images: usize,
    /// Number of test images to classify over the serial port.
    #[arg(long, default_value_t = 360, value_parser = at_least_one)]
    serial_images: usize,
    /// Largest number of lanes of a layer; more lanes are faster, but take longer to synthesize.
    #[arg(long, default_value_t = 16)]
    most_lanes: usize,
    /// Seed of training.
    #[arg(long)]
    seed: Option<u64>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let _lock = folder::claim(&self.output)?;
        let boards = find_boards(&self.boards)?;
        // Report a missing tool before doing any work.
        hardware::find_tools(&boards)?;
        let mut times = StageTimes::default();

        let config = self.data.network(&self.network)?;
        let loaded = self.load_data(&config, context)?;
        let (float, quantized, float_result, integer_result) =
            self.make_model(&config, &loaded, context, &mut times)?;
        let data = loaded.split;
        self.draw_raster(&quantized, &data, context)?;

        let traffic = measure_traffic(&quantized, &data.test, TRAFFIC_IMAGES)?;
        let targets = times.measure("generate hardware", || {
            boards
                .iter()
                .map(|board| self.generate(board, &quantized, &traffic, context))
                .collect::<Result<Vec<_>>>()
        })?;

        // Synthesis takes longest and does not depend on the simulations: it runs in parallel to them.
        let synthesis = hardware::Synthesis::start(&targets);
        let stimuli = stimuli(&quantized, &*sampled(&data.test, self.images)?, DEFAULT_SEED);
        let trains = stress::trains(&quantized, TRAINS, DEFAULT_SEED)?;
        let mut simulated = Vec::new();
        for target in &targets {
            let summary = times.measure("co-simulate Verilog", || {
                cosim::verilator_trains(&target.build, Form::Emitted, &trains, context)?;
                cosim::verilator(&target.build, Form::Emitted, &stimuli, None, context)
            })?;
            context.say(&format!(
                "5  co-simulated {} with Verilator: {} stress trains and {} images, {} steps, {} spikes, {} potentials equal \
                 to the golden model",
                target.board.name, trains.len(), summary.images, summary.steps, summary.spikes, summary.potentials
            ));
            simulated.push(summary);
        }
        let mut native_summary = None;
        if let Some(target) = targets.first() {
            let native = &stimuli[..NATIVE_IMAGES.min(stimuli.len())];
            let summary = times.measure("native simulation", || {
                cosim::native(&target.build, native, None, context)
            })?;
            context.say(&format!(
                "5  co-simulated {} with rust-hdl: {} image, {} spikes, {} potentials equal to the golden model",
                target.board.name, summary.images, summary.spikes, summary.potentials
            ));
            native_summary = Some(summary);
        }
        let reports = times.measure("synthesis (rest)", || synthesis.finish(context))?;
        for (target, report) in targets.iter().zip(&reports) {
            context.say(&format!("6  {}", hardware::describe(report)));
            times.add(
                &format!("  yosys {}", target.board.name),
                report.synthesis_seconds,
            );
            times.add(
                &format!("  nextpnr {}", target.board.name),
                report.place_and_route_seconds,
            );
        }

        let (mut netlists, mut behind_pins) = (Vec::new(), Vec::new());
        for target in &targets {
            let summary = times.measure("co-simulate netlists", || {
                let (build, form) = (&target.build, Form::Netlist);
                let trains = cosim::verilator_trains(build, form, &trains, context)?;
                let images = cosim::verilator(build, form, &stimuli, None, context)?;
                cosim::keep_check(build, form, [&trains, &images].into_iter())?;
                Ok(images)
            })?;
            let name = &target.board.name;
            context.say(&format!(
                "7  co-simulated the netlist of {name}: {} stress trains and {} images, {} steps, {} spikes, {} potentials equal \
                 to the golden model",
                trains.len(), summary.images, summary.steps, summary.spikes, summary.potentials
            ));
            netlists.push(summary);
            let (form, why_not) = hardware::form_behind_pins(&target.board);
            let summary = times.measure("netlists and bitstreams through pins", || {
                hardware::run_virtual_board(target, form, &data.test, self.images, DEFAULT_SEED, context)
            })?;
            let why_not = why_not.map(|why| format!(" ({why})")).unwrap_or_default();
            context.say(&format!(
                "7  ran the {form} of {name} through the board's pins{why_not}: {} images over the serial port, all {} \
                 potentials equal to the golden model",
                summary.images, summary.potentials
            ));
            behind_pins.push((form, summary));
        }

        let mut over_serial = None;
        if let Some(target) = targets.last() {
            let summary = times.measure("virtual board", || {
                let images = self.serial_images;
                hardware::run_virtual_board(target, Form::Emitted, &data.test, images, DEFAULT_SEED, context)
            })?;
            context.say(&format!(
                "8  classified {} images over the serial port of a virtual {}: all {} potentials equal to the golden model",
                summary.images, target.board.name, summary.potentials
            ));
            over_serial = Some(summary);
        }

        let boards = targets
            .iter()
            .zip(&reports)
            .zip(&simulated)
            .map(|((target, report), summary)| {
                let checks = checks::of_report(&target.build, report);
                Ok(BoardResult::new(target, report, checks, summary))
            })
            .collect::<Result<_>>()?;
        let results = Results {
            network: float.description.name.clone(),
            dataset: data.test.name().into(),
            steps: quantized.description.steps,
            float: float_result,
            integer: integer_result,
            cosim: simulated,
            netlists,
            behind_pins,
            native: native_summary,
            over_serial,
            boards,
            times,
        };
        results.write(&self.output)?;
        context.print(&results, || {
            format!("\n{}\n\n{}", results.table(), self.files(&targets))
        })
    }

    fn generate(
        &self,
        board: &Board,
        model: &QuantizedModel,
        traffic: &[LayerTraffic],
        context: &Context,
    ) -> Result<Target> {
        let plan = Plan::search_within(model, board, traffic, self.most_lanes)?;
        let folder = self.output.join(&board.name);
        let build = synfire_hw::build::Build::write(&folder, model, board, &plan)?;
        context.say(&format!(
            "4  generated {}\n{}",
            folder.display(),
            super::plan::layers(&plan, board, model.description.steps)
        ));
        Ok(Target {
            board: board.clone(),
            _lock: build.lock()?,
            build,
        })
    }

    fn draw_raster(&self, model: &QuantizedModel, data: &Split, context: &Context) -> Result<()> {
        let image = 0;
        let input = test_raster(&model.description, &data.test, image, DEFAULT_SEED);
        let trace = integer::trace(model, &input)?;
        let hidden = model
            .layers
            .iter()
            .take(trace.layers.len())
            .map(|layer| layer.name.clone())
            .collect();
        let title = format!(
            "Inference of test image {image}, class {}",
            data.test.label(image)
        );
        let path = self.output.join("raster.svg");
        raster::draw(
            &path,
            &raster::Picture {
                title,
                input: &input,
                hidden,
                trace: &trace,
            },
        )?;
        context.say(&format!("   drew {} and training.svg", path.display()));
        Ok(())
    }

    /// Describes which files the demo wrote.
    fn files(&self, targets: &[Target]) -> String {
        let show = |name: &str| self.output.join(Path::new(name)).display().to_string();
        let boards: Vec<String> = targets.iter().map(|target| show(&target.board.name)).collect();
        format!(
            "models: {}, {}\npictures: {}, {}\nbuild folders: {}\nresults: {}",
            show("model.safetensors"),
            show("quantized.safetensors"),
            show("training.svg"),
            show("raster.svg"),
            boards.join(", "),
            show("results.json")
        )
    }
}

/// Finds the boards with these names. Each appears once, since a board's folder holds one build.
fn find_boards(names: &[String]) -> Result<Vec<Board>> {
    let mut boards: Vec<Board> = Vec::with_capacity(names.len());
    for name in names {
        let board = Board::find(name)?;
        if boards.iter().all(|known| known.name != board.name) {
            boards.push(board);
        }
    }
    Ok(boards)
}
