//! Co-simulation must detect a design that belongs to another model, and name image, step, layer, neuron and waveform.

use ndarray::Array2;
use std::path::Path;
use synfire_golden_model::Config;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::{Neuron, QuantizedModel};
use synfire_golden_model::network::NetworkDescription;
use synfire_golden_model::quantize::{QuantizeConfig, quantize};
use synfire_golden_model::spikes::{Spike, SpikeRaster};
use synfire_hw::board::Board;
use synfire_hw::build::Build;
use synfire_hw::plan::Plan;
use synfire_hw::synth::checks::Form;
use synfire_hw::traffic;
use synfire_sim::Error;
use synfire_sim::cosim::{self, Difference, Stimulus};

/// Network of 12 inputs, 9 hidden neurons and 4 classes, with fixed weights with which it fires.
fn model() -> QuantizedModel {
    let text = "name = \"tiny\"\ninput = [1, 3, 4]\nsteps = 6\nrate = 0.5\n\n[[layer]]\nname = \"hidden\"\nop = \
                \"fc\"\nout = 9\n\n[[layer]]\nname = \"out\"\nop = \"out\"\nout = 4\n";
    let description: NetworkDescription = Config::from_toml_str(text, "test").expect("a network").network;
    let weight = |a: usize, b: usize| {
        let mixed = u16::try_from((a * 37 + b * 101 + 11) % 97).expect("below 97");
        f32::from(mixed) / 97.0 - 0.35
    };
    let weights = vec![
        Array2::from_shape_fn((9, 12), |(o, i)| weight(o, i)),
        Array2::from_shape_fn((4, 9), |(o, i)| weight(o + 5, i)),
    ];
    let float = FloatModel {
        description,
        weights,
        provenance: std::collections::BTreeMap::new(),
        biases: Vec::new(),
    };
    quantize(&float, &QuantizeConfig::default())
        .expect("a quantized model")
        .0
}

fn stimuli() -> Vec<Stimulus> {
    (0..3_u32)
        .map(|image| {
            let mut raster = SpikeRaster::new(12);
            for step in 0..6_u32 {
                raster.push_step(
                    (0..12)
                        .filter(|i| (i * 7 + step * 5 + image * 3) % 4 < 2)
                        .map(Spike::positive),
                );
            }
            Stimulus {
                image: usize::try_from(image).unwrap_or(usize::MAX),
                seed: 0,
                raster,
            }
        })
        .collect()
}

fn plan(model: &QuantizedModel, board: &Board) -> Plan {
    let traffic = traffic::from_rates(model, &[6.0, 3.0]).expect("traffic");
    Plan::with_lanes(model, board, &traffic, &[4, 4]).expect("a plan")
}

/// Build with the circuits of `built`, but with `claimed` as its model.
fn build(folder: &Path, built: &QuantizedModel, claimed: &QuantizedModel) -> Build {
    let board = Board::find("ice40-hx8k").expect("a board");
    let build = Build::write(folder, built, &board, &plan(built, &board)).expect("a build");
    claimed.save(folder.join("model.safetensors")).expect("saving");
    build
}

#[test]
fn the_model_s_own_design_passes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let model = model();
    let build = build(folder.path(), &model, &model);
    let summary = cosim::verilator(&build, Form::Emitted, &stimuli(), None, &mut |_| ()).expect("equal");
    assert_eq!((summary.images, summary.steps), (3, 18));
    assert!(summary.spikes > 10, "{} spikes prove little", summary.spikes);
    let native = cosim::native(&model, &build.manifest.plan, &stimuli(), None, &mut |_| ()).expect("equal");
    assert_eq!(
        (native.spikes, native.potentials),
        (summary.spikes, summary.potentials)
    );
    assert_eq!(
        native.cycles, summary.cycles,
        "both simulations are exact to the cycle"
    );
}

#[test]
fn a_wrong_threshold_is_found_and_shown() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let model = model();
    let mut wrong = model.clone();
    let Neuron::Lif { thresholds } = &mut wrong.layers[0].neuron else {
        panic!("a hidden layer")
    };
    // A neuron that can fire, and now fires far too early.
    let neuron = (0..9).max_by_key(|&n| thresholds[n]).expect("a neuron");
    thresholds[neuron] = 1;
    let build = build(folder.path(), &wrong, &model);
    let Err(Error::Mismatch(mismatch)) =
        cosim::verilator(&build, Form::Emitted, &stimuli(), None, &mut |_| ())
    else {
        panic!("a wrong threshold went unnoticed");
    };
    let Difference::Spikes {
        ref layer,
        neuron: found,
        expected,
        actual,
        ..
    } = mismatch.difference
    else {
        panic!("{mismatch}");
    };
    assert_eq!(
        (layer.as_str(), found as usize, expected, actual),
        ("hidden", neuron, 0, 1)
    );
    let text = mismatch.to_string();
    assert!(
        text.contains("layer `hidden`") && text.contains("seed 0") && text.contains("verilator"),
        "{text}"
    );
    let waveform = std::fs::metadata(mismatch.waveform.expect("a waveform")).expect("its file");
    assert!(waveform.len() > 10_000, "{} bytes of waveform", waveform.len());
}

#[test]
fn a_wrong_output_weight_is_found() {
    let model = model();
    let mut wrong = model.clone();
    // Toward zero, so that the width's proof still holds.
    let weights = &mut wrong.layers[1].weights;
    for weight in weights.iter_mut() {
        *weight -= weight.signum();
    }
    let board = Board::find("ice40-hx8k").expect("a board");
    let plan = plan(&model, &board);
    let mut core = synfire_sim::native::NativeCore::new(&wrong, &plan, None).expect("a core");
    let mut cosim = cosim::Cosim::new(&model, &plan, "native simulation", None).expect("valid");
    let stimulus = &stimuli()[0];
    let compared = cosim.infer(stimulus.into(), &mut core);
    let Err(Error::Mismatch(mismatch)) = compared else {
        panic!("wrong weights went unnoticed");
    };
    assert!(
        matches!(mismatch.difference, Difference::Membrane { step: 0, .. }),
        "{mismatch}"
    );
}
