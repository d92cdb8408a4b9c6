//! Co-simulation of cores that are prepared before their first inference: with weights in SPRAM, or margins of early exits.
//! All models and rasters are fixed.

use ndarray::Array2;
use std::path::Path;
use synfire_golden_model::Config;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::{EarlyExit, Engine, Margins, QuantizedModel};
use synfire_golden_model::network::NetworkDescription;
use synfire_golden_model::quantize::{QuantizeConfig, quantize};
use synfire_golden_model::spikes::{Spike, SpikeRaster};
use synfire_hw::board::Board;
use synfire_hw::build::Build;
use synfire_hw::circuit::word_memory::Style;
use synfire_hw::plan::Plan;
use synfire_hw::synth::checks::Form;
use synfire_hw::traffic;
use synfire_sim::Error;
use synfire_sim::cosim::{self, Cosim, Difference, Stimulus};
use synfire_sim::native::NativeCore;

/// Time steps of an inference.
const STEPS: u32 = 12;

/// Network of 12 inputs, two hidden layers of 9 and 7 neurons, and 4 classes, with fixed weights with which it fires.
fn model() -> QuantizedModel {
    let text = "name = \"tiny\"\ninput = [1, 3, 4]\nsteps = 12\nrate = 0.5\n\n[[layer]]\nname = \"first\"\nop = \
                \"fc\"\nout = 9\n\n[[layer]]\nname = \"second\"\nop = \"fc\"\nout = 7\n\n[[layer]]\nname = \"out\"\n\
                op = \"out\"\nout = 4\n";
    let description: NetworkDescription = Config::from_toml_str(text, "test").expect("a network").network;
    let weights = |rows, columns, offset| {
        Array2::from_shape_fn((rows, columns), |(to, from)| {
            let mixed = u16::try_from(((to + offset) * 37 + from * 101 + 11) % 97).expect("below 97");
            f32::from(mixed) / 97.0 - 0.33
        })
    };
    let float = FloatModel {
        description,
        weights: vec![weights(9, 12, 0), weights(7, 9, 3), weights(4, 7, 5)],
        provenance: std::collections::BTreeMap::new(),
        biases: Vec::new(),
    };
    quantize(&float, &QuantizeConfig::default())
        .expect("a quantized model")
        .0
}

fn stimuli() -> Vec<Stimulus> {
    let stimulus = |image: u32| {
        let mut raster = SpikeRaster::new(12);
        for step in 0..STEPS {
            let spikes = (0..12).filter(|input| (input * 7 + step * 5 + image * 3) % 5 < 3);
            raster.push_step(spikes.map(Spike::positive));
        }
        Stimulus {
            image: usize::try_from(image).expect("a few"),
            seed: 0,
            raster,
        }
    };
    (0..4).map(stimulus).collect()
}

fn plan(model: &QuantizedModel, board: &Board) -> Plan {
    let traffic = traffic::from_rates(model, &[7.0, 3.0, 2.0]).expect("traffic");
    Plan::with_lanes(model, board, &traffic, &[4, 3, 2]).expect("a plan")
}

/// Build of `built` with the first layer's weights in a memory of the given style, and with `claimed` as its model.
fn build_with(folder: &Path, style: Style, built: &QuantizedModel, claimed: &QuantizedModel) -> Build {
    let board = Board::find("icebreaker").expect("a board");
    let mut plan = plan(built, &board);
    plan.layers[0].weight_style = style;
    let mut build = Build::write(folder, built, &board, &plan).expect("a build");
    claimed.save(folder.join("model.safetensors")).expect("saving");
    build.manifest.model_hash = synfire_golden_model::file::hex(&claimed.hash());
    build
}

#[test]
fn weights_of_spram_are_loaded_before_the_first_inference() {
    let right = model();
    let mut wrong = right.clone();
    // Other inputs for the same weights: no sum is wider for it.
    for mut channel in wrong.layers[0].weights.rows_mut() {
        channel.invert_axis(ndarray::Axis(0));
        let inverted = channel.to_owned();
        channel.invert_axis(ndarray::Axis(0));
        channel.assign(&inverted);
    }
    // What is in block RAM came with the design, what is in SPRAM comes with the model.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let build = build_with(folder.path(), Style::Spram, &wrong, &right);
    let loaded =
        cosim::verilator(&build, Form::Emitted, &stimuli(), None, &mut |_| ()).expect("the model's weights");
    assert!(loaded.spikes > 20, "{} spikes prove little", loaded.spikes);
    let native = cosim::native(&right, &build.manifest.plan, &stimuli(), None, &mut |_| ()).expect("equal");
    assert_eq!((native.spikes, native.cycles), (loaded.spikes, loaded.cycles));

    let folder = tempfile::tempdir().expect("a temporary folder");
    let build = build_with(folder.path(), Style::Block, &wrong, &right);
    let error = cosim::verilator(&build, Form::Emitted, &stimuli(), None, &mut |_| ())
        .expect_err("the design's weights");
    assert!(matches!(error, Error::Mismatch(_)), "{error}");
}

fn margins(model: &QuantizedModel, margin: u32) -> Margins {
    let exit = EarlyExit::Margin { margin, from_step: 2 };
    exit.margins_of(model).expect("margins")
}

#[test]
fn inferences_exit_where_the_golden_model_s_do() {
    let model = model();
    let board = Board::find("ulx3s-85f").expect("a board");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let build = Build::write(folder.path(), &model, &board, &plan(&model, &board)).expect("a build");
    let steps = |margins: &Margins| -> Vec<usize> {
        let mut engine = Engine::new(&model).expect("an engine");
        let mut infer = |stimulus: &Stimulus| engine.infer_until(&stimulus.raster, Some(margins));
        stimuli()
            .iter()
            .map(|stimulus| infer(stimulus).expect("an inference").steps)
            .collect()
    };
    // Half the leads that whole inferences end with: some exit early.
    let whole = {
        let mut engine = Engine::new(&model).expect("an engine");
        let potentials = engine
            .infer(&stimuli()[0].raster)
            .expect("an inference")
            .potentials;
        synfire_golden_model::integer::lead(&potentials)
    };
    for margin in [1, whole / 2, u32::MAX - 1] {
        let margins = margins(&model, margin);
        let expected = steps(&margins);
        let summary =
            cosim::verilator(&build, Form::Emitted, &stimuli(), Some(&margins), &mut |_| ()).expect("equal");
        assert_eq!(
            summary.steps,
            expected.iter().sum::<usize>() as u64,
            "{expected:?}"
        );
        assert!(summary.layers.is_empty(), "cycles of layers that were cut short");
        let plan = &build.manifest.plan;
        let native = cosim::native(&model, plan, &stimuli(), Some(&margins), &mut |_| ()).expect("equal");
        assert_eq!(
            (native.steps, native.spikes, native.cycles),
            (summary.steps, summary.spikes, summary.cycles)
        );
    }
    let stops = steps(&margins(&model, 1));
    assert!(
        stops.iter().all(|&steps| steps < 12),
        "{stops:?}: every lead is at least 1 before the end"
    );
}

#[test]
fn an_exit_at_another_step_is_a_mismatch() {
    let model = model();
    let board = Board::find("ulx3s-85f").expect("a board");
    let plan = plan(&model, &board);
    let (loaded, claimed) = (margins(&model, 1), margins(&model, u32::MAX - 1));
    let mut core = NativeCore::new(&model, &plan, Some(&loaded)).expect("a core");
    let mut cosim = Cosim::new(&model, &plan, "native simulation", Some(&claimed)).expect("valid");
    let stimulus = &stimuli()[0];
    let compared = cosim.infer(stimulus.into(), &mut core);
    let Err(Error::Mismatch(mismatch)) = compared else {
        panic!("the golden model never exits with such margins")
    };
    let Difference::Steps { expected, actual, .. } = mismatch.difference else {
        panic!("{mismatch}")
    };
    assert!(actual < expected, "{mismatch}");
}

#[test]
fn a_design_without_early_exit_says_so() {
    let model = model();
    let board = Board::find("icebreaker").expect("a board");
    let plan = plan(&model, &board);
    let error = NativeCore::new(&model, &plan, Some(&margins(&model, 1))).expect_err("no early exit");
    assert!(matches!(error, Error::NoEarlyExit), "{error}");
}
