//! `synfire demo`: the whole road, from handwritten digits to answers over a serial port.

mod hardware;
mod results;

use super::context::Context;
use super::cosim;
use super::data::DataArgs;
use super::diagnostic::{CliError, Result, io};
use super::eval::{evaluate_float, evaluate_integer};
use super::figures::{curve, raster};
use super::inference::{DEFAULT_SEED, at_least_one, measure_loads, quantize_by, stimuli};
use super::quantize;
use super::synth::TRAINS;
use super::table::percent;
use super::train::train_network;
use hardware::Target;
use results::{BoardResult, Results, StageTimes};
use std::path::{Path, PathBuf};
use synfire_golden_model::encode::test_raster;
use synfire_golden_model::integer;
use synfire_golden_model::quantize::QuantizeConfig;
use synfire_golden_model::quantized::QuantizedModel;
use synfire_golden_model::{Config, dataset::Split};
use synfire_hw::board::Board;
use synfire_hw::plan::Plan;
use synfire_hw::synth::checks::{self, Form};
use synfire_hw::traffic::LayerTraffic;
use synfire_sim::stress;

/// Test images by which a plan's loads are measured.
const LOAD_IMAGES: usize = 200;

const EXAMPLE: &str = "Example:
  synfire demo -o out/demo";

/// Test accuracy that training must reach.
const FLOAT_ACCURACY: f64 = 0.95;
/// Accuracy that quantization may cost.
const QUANTIZATION_LOSS: f64 = 0.01;
/// Images of the native simulation, which is slow.
const NATIVE_IMAGES: usize = 1;

/// Arguments of `synfire demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Folder for everything that is made.
    #[arg(short, long, default_value = "out/demo")]
    output: PathBuf,
    /// Network: a preset or the path of a network file (.toml).
    #[arg(long, default_value = "digits")]
    network: String,
    #[command(flatten)]
    data: DataArgs,
    /// Bits of a weight.
    #[arg(long, default_value_t = 4)]
    bits: u8,
    /// Boards to build for, separated by commas; the last one is run as a virtual board.
    #[arg(long, value_delimiter = ',', default_value = "ice40-hx8k,ulx3s-85f")]
    boards: Vec<String>,
    /// Test images to co-simulate.
    #[arg(long, default_value_t = 20, value_parser = at_least_one)]
    images: usize,
    /// Test images to classify over the serial port.
    #[arg(long, default_value_t = 360, value_parser = at_least_one)]
    serial_images: usize,
    /// Most lanes of a layer: more are faster, but take longer to synthesize.
    #[arg(long, default_value_t = 16)]
    most_lanes: usize,
    /// Seed of training.
    #[arg(long)]
    seed: Option<u64>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        std::fs::create_dir_all(&self.output).map_err(io("creating folder", &self.output))?;
        let boards = find_boards(&self.boards)?;
        // A missing tool is better known before the work than in the middle of it.
        hardware::find_tools(&boards)?;
        let mut times = StageTimes::default();

        let config = self.data.network(&self.network)?;
        let data = self.load_data(&config, context)?;
        let (float, quantized, float_result, integer_result) =
            self.make_model(&config, &data, context, &mut times)?;
        self.draw_raster(&quantized, &data, context)?;

        let loads = measure_loads(&quantized, &data.test, LOAD_IMAGES)?;
        let targets = times.measure("generate hardware", || {
            boards
                .iter()
                .map(|board| self.generate(board, &quantized, &loads, context))
                .collect::<Result<Vec<_>>>()
        })?;

        // Synthesis takes longest and needs nothing that follows: it runs beside the simulations.
        let synthesis = hardware::Synthesis::start(&targets);
        let stimuli = stimuli(&quantized, &data.test, self.images, DEFAULT_SEED);
        let trains = stress::trains(&quantized, TRAINS, DEFAULT_SEED)?;
        let mut simulated = Vec::new();
        for target in &targets {
            let summary = times.measure("co-simulate Verilog", || {
                cosim::verilator_trains(&target.build, Form::Emitted, &trains, context)?;
                cosim::verilator(&target.build, Form::Emitted, &stimuli, None, context)
            })?;
            context.say(&format!(
                "5  co-simulated {} in Verilator: {} stress trains and {} images, {} steps, {} spikes, {} potentials equal the \
                 golden model",
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
                "5  simulated {} in rust-hdl: {} image, {} spikes, {} potentials equal the golden model",
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
                "7  co-simulated the netlist of {name}: {} stress trains and {} images, {} steps, {} spikes, {} potentials equal the golden \
                 model",
                trains.len(), summary.images, summary.steps, summary.spikes, summary.potentials
            ));
            netlists.push(summary);
            let (form, why_not) = hardware::form_behind_pins(&target.board);
            let summary = times.measure("netlists and bitstreams through pins", || {
                hardware::run_virtual_board(target, form, &data.test, self.images, DEFAULT_SEED, context)
            })?;
            let why_not = why_not.map(|why| format!(" ({why})")).unwrap_or_default();
            context.say(&format!(
                "7  ran the {form} of {name} through its pins{why_not}: {} images over its serial port, all {} potentials equal \
                 the golden model",
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
                "8  {} images over the serial port of a virtual {}: all {} potentials equal the golden model",
                summary.images, target.board.name, summary.potentials
            ));
            over_serial = Some(summary);
        }

        let boards = targets
            .iter()
            .zip(&reports)
            .zip(&simulated)
            .map(|((target, report), summary)| {
                let checks = checks::of_report(&target.build, report)?;
                Ok(BoardResult::new(target, report, checks, summary))
            })
            .collect::<Result<_>>()?;
        let results = Results {
            network: float.description.name.clone(),
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
            format!("\n{}\n\n{}", results.table(), self.artefacts(&targets))
        })
    }

    fn load_data(&self, config: &Config, context: &Context) -> Result<Split> {
        let data = self.data.load(&config.network)?;
        context.say(&format!(
            "1  data set {}: {} training and {} test images of {}",
            data.train.name(),
            data.train.len(),
            data.test.len(),
            config.network.input
        ));
        Ok(data)
    }

    fn make_model(
        &self,
        config: &Config,
        data: &Split,
        context: &Context,
        times: &mut StageTimes,
    ) -> Result<Models> {
        let mut train = config.require_train()?.clone();
        if let Some(seed) = self.seed {
            train.seed = seed;
        }
        let trained = times.measure("train", || train_network(&config.network, &train, data, context))?;
        let float_result = times.measure("evaluate float", || {
            evaluate_float(&trained.model, &data.test, DEFAULT_SEED)
        })?;
        context.say(&format!(
            "2  trained {}: {} epochs, seed {}, test accuracy {}",
            config.network.name,
            trained.epochs.len(),
            train.seed,
            percent(float_result.accuracy)
        ));
        curve::draw(
            &self.output.join("training.svg"),
            &config.network.name,
            &train,
            &trained.epochs,
        )?;
        trained.model.save(self.output.join("model.safetensors"))?;
        if float_result.accuracy < FLOAT_ACCURACY {
            return Err(CliError::Aim {
                what: "test accuracy after training",
                found: percent(float_result.accuracy),
                wanted: format!("at least {}", percent(FLOAT_ACCURACY)),
            });
        }
        let quantize_config = QuantizeConfig {
            weight_bits: self.bits,
            ..QuantizeConfig::default()
        };
        let (quantized, report) = times.measure("quantize", || {
            let images = quantize::CALIBRATION_IMAGES;
            Ok(quantize_by(
                &trained.model,
                &quantize_config,
                &data.train,
                images,
            )?)
        })?;
        quantized.save(self.output.join("quantized.safetensors"))?;
        for warning in &report.warnings {
            context.warn(&warning.to_string());
        }
        let integer_result = times.measure("evaluate integer", || {
            evaluate_integer(&quantized, &data.test, data.test.len(), DEFAULT_SEED)
        })?;
        context.say(&format!(
            "3  quantized to {} bits: test accuracy {} in integers\n{}",
            self.bits,
            percent(integer_result.accuracy),
            quantize::layers(&report)
        ));
        if integer_result.accuracy < float_result.accuracy - QUANTIZATION_LOSS {
            return Err(CliError::Aim {
                what: "test accuracy in integers",
                found: percent(integer_result.accuracy),
                wanted: format!("at least {}", percent(float_result.accuracy - QUANTIZATION_LOSS)),
            });
        }
        Ok((trained.model, quantized, float_result, integer_result))
    }

    fn generate(
        &self,
        board: &Board,
        model: &QuantizedModel,
        loads: &[LayerTraffic],
        context: &Context,
    ) -> Result<Target> {
        let plan = Plan::search_within(model, board, loads, self.most_lanes)?;
        let folder = self.output.join(&board.name);
        let build = synfire_hw::build::Build::write(&folder, model, board, &plan)?;
        context.say(&format!(
            "4  generated {}\n{}",
            folder.display(),
            super::plan::layers(&plan, board, model.description.steps)
        ));
        Ok(Target {
            board: board.clone(),
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
        let title = format!("Inference of test image {image}, a {}", data.test.label(image));
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

    fn artefacts(&self, targets: &[Target]) -> String {
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

/// The boards of these names, each once: a board's folder holds one build.
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

/// Float model, quantized model, and how each does on the test set.
type Models = (
    synfire_golden_model::model::FloatModel,
    QuantizedModel,
    super::inference::Evaluated,
    super::inference::Evaluated,
);
