//! Stress trains, and the variant of a design under stress, find faults that images do not find.

use crate::mutation::network::{build, odd_network};
use crate::mutation::text;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use std::path::Path;
use synfire_golden_model::integer::{Neuron, QuantizedModel};
use synfire_hw::build::Build;
use synfire_hw::synth::checks::Form;
use synfire_sim::Error;
use synfire_sim::cosim::{self, Cosim};
use synfire_sim::stress::coverage::{Coverage, Reached};
use synfire_sim::stress::{self, Train, TrainKind};
use synfire_sim::verilated::VerilatedCore;

/// Number of trains of a co-simulation by default.
const TRAINS: usize = 8;

fn model(signed: bool) -> QuantizedModel {
    odd_network(&mut Xoshiro256PlusPlus::seed_from_u64(1), signed)
}

/// Planted faults: module below the core, beginning of the line, expression that replaces the right one, design that shows
/// the fault first (the build itself or its variant under stress), and a part of the mismatch's text.
const FAULTS: [(&str, &str, &str, Shows, &str); 10] = [
    // Backpressure.
    ("hidden$1", "engine$pause = ", "1'b0", Shows::Variant, ""),
    (
        "wires",
        "stream_ready$0 = ",
        "main_ready$0 | side_ready$2",
        Shows::Variant,
        "",
    ),
    (
        "hidden$1$fifos$1$fifo",
        "if (in_valid && in_ready)",
        "in_valid",
        Shows::Variant,
        "",
    ),
    (
        "hidden$1$serializer",
        "emptied = ",
        "~holds$q || ending$q",
        Shows::Variant,
        "",
    ),
    // A membrane that is read from memory.
    (
        "hidden$1$engine$membranes",
        "read_data$0 = ",
        "{28'h0, word_0[3:0]}",
        Shows::Design,
        "",
    ),
    // Ends of ranges.
    (
        "hidden$1$engine$settle$0",
        "result = floor",
        "floor + 32'sh1",
        Shows::Design,
        "a membrane of -",
    ),
    // Too many words.
    (
        "hidden$0$engine$walker",
        "run_left$d = last_word",
        "last_word + 32'h1",
        Shows::Design,
        "a sweep of",
    ),
    // Counters.
    (
        "hidden$1$engine",
        "busy_count$d = busy_count$q + ",
        "busy_count$q + 32'h2",
        Shows::Design,
        "counter busy cycles",
    ),
    (
        "",
        "any_busy$0 = ",
        "1'b0",
        Shows::Design,
        "idle cycles with an event or a word at a tap",
    ),
    // Events without end, which a watchdog that waits for silence would never notice.
    (
        "hidden$1$fifos$0$fifo",
        "read_to = read_next",
        "read_pointer$q",
        Shows::Design,
        "has not ended",
    ),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shows {
    Design,
    Variant,
}

fn finds(model: &QuantizedModel, build: &Build, trains: &[Train]) -> Option<String> {
    let mut cosim = Cosim::new(model, &build.manifest.plan, "verilator", None).expect("valid");
    let mut core = VerilatedCore::start(build, Form::Emitted, None).expect("a simulator");
    trains
        .iter()
        .find_map(|train| match cosim.infer(train.into(), &mut core) {
            Ok(()) => None,
            Err(error @ (Error::Mismatch(_) | Error::Hung { .. })) => Some(error.to_string()),
            Err(error) => panic!("{error}"),
        })
}

#[test]
fn single_faults_of_every_kind_are_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let model = model(true);
    let build = build(folder.path(), &model);
    let variant = stress::stressed(&build).expect("a variant");
    let modules: Vec<String> = (FAULTS.iter())
        .map(|fault| {
            format!("synfire$core${}", fault.0)
                .trim_end_matches('$')
                .to_owned()
        })
        .collect();
    let list: Vec<(&str, &str, &str)> = (modules.iter().zip(&FAULTS))
        .map(|(module, &(_, start, wrong, ..))| (module.as_str(), start, wrong))
        .collect();
    text::plant_these(&build.folder, &variant.folder, &list);
    let trains = stress::trains(&model, TRAINS, 1).expect("trains");
    let paced: Vec<Train> = trains.iter().map(Train::paced).collect();
    let select = |number: usize| {
        for folder in [&build.folder, &variant.folder] {
            std::fs::write(Path::new(folder).join("mutant.hex"), format!("{number:x}\n")).expect("writing");
        }
    };
    let judge = || {
        let design = finds(&model, &build, &trains).map(|text| (Shows::Design, text));
        design.or_else(|| Some((Shows::Variant, finds(&model, &variant, &paced)?)))
    };
    select(0);
    assert_eq!(judge(), None, "without a fault");
    for (index, fault) in FAULTS.iter().enumerate() {
        select(index + 1);
        let Some((shows, text)) = judge() else {
            panic!("{fault:?} went unnoticed");
        };
        println!("{fault:?}: {text}");
        assert!(text.contains("stress train"), "{text}");
        assert_eq!(
            (shows, text.contains(fault.4)),
            (fault.3, true),
            "{fault:?}: {text}"
        );
    }
}

#[test]
fn trains_reach_floors_both_leaks_and_thresholds() {
    for signed in [true, false] {
        let model = model(signed);
        let trains = stress::trains(&model, TRAINS, 1).expect("trains");
        let mut coverage = Coverage::new(&model).expect("a model");
        for train in &trains {
            let reached = coverage.reached(&train.raster).expect("a train");
            coverage.add(reached);
        }
        for (index, layer) in model.layers.iter().enumerate() {
            let can_fall = layer.weights.iter().any(|&weight| weight < 0) && layer.floor < 0;
            let mut wanted = vec![Reached::PositiveAtRest];
            if matches!(layer.neuron, Neuron::Lif { .. }) {
                wanted.push(Reached::Fired);
            }
            if can_fall {
                wanted.extend([Reached::Floor, Reached::Negative, Reached::NegativeAtRest]);
            }
            for what in wanted {
                assert!(
                    coverage.has(index, what),
                    "layer `{}`, {signed}: {what:?}",
                    layer.name
                );
            }
        }
    }
}

#[test]
fn trains_are_the_same_each_time_and_of_every_kind() {
    let model = model(true);
    let trains = stress::trains(&model, TRAINS, 3).expect("trains");
    assert_eq!(trains, stress::trains(&model, TRAINS, 3).expect("trains"));
    assert_ne!(trains, stress::trains(&model, TRAINS, 4).expect("trains"));
    assert_eq!(trains.len(), TRAINS);
    for kind in TrainKind::ALL {
        assert!(trains.iter().any(|train| train.kind == kind), "{kind:?}");
    }
    let negative = |train: &Train| train.raster.iter().flatten().any(|spike| spike.is_negative());
    assert!(trains.iter().any(negative), "a signed input has negative events");
    let steps = model.description.steps;
    assert!(
        trains.iter().all(|train| train.raster.steps() <= steps),
        "no more than are proven"
    );
}

#[test]
fn both_simulations_take_the_same_cycles_for_a_paced_train() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let model = model(false);
    let build = build(folder.path(), &model);
    let variant = stress::stressed(&build).expect("a variant");
    let trains = stress::trains(&model, 4, 1).expect("trains");
    let paced: Vec<Train> = trains.iter().map(Train::paced).collect();
    let verilated = cosim::verilator_trains(&variant, Form::Emitted, &paced, &mut |_| ()).expect("equal");
    let native = cosim::native_trains(&model, &build.manifest.plan, &paced, &mut |_| ()).expect("equal");
    assert_eq!(native.cycles, verilated.cycles);
    let stalls = |summary: &cosim::Summary| {
        summary
            .layers
            .iter()
            .map(|layer| layer.stalled_cycles)
            .sum::<f64>()
    };
    assert!(stalls(&verilated) > 0.0, "nothing was held back");
    assert_eq!(stalls(&native), stalls(&verilated));
}
