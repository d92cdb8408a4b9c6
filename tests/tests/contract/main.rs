//! The integer contract, implemented a second time from `docs/numerics.md` alone, against the golden model.
//!
//! Networks of every layer kind are drawn and written to files. One side is the golden model's event-driven engine; the
//! other reads the file by its bytes and computes with dense loops and 64-bit integers. They share no code but the
//! parsers of safetensors and JSON. Every spike and every membrane is compared.

mod dense;
mod encoding;
mod file;
mod order;
#[path = "../../../hw/tests/common/random.rs"]
mod random;
mod widths;

use dense::Step;
use ndarray::{Array3, ArrayView1};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::dataset;
use synfire_golden_model::dataset::encode::test_raster;
use synfire_golden_model::integer::{Engine, QuantizedModel, QuantizedShortcut, Trace};
use synfire_golden_model::network::{LayerKind, Normalization};
use synfire_golden_model::spikes::SpikeRaster;

/// Writes a network to a file, and reads it in both ways.
fn through_a_file(model: &QuantizedModel) -> (QuantizedModel, file::Network) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.safetensors");
    model.save(&path).expect("saves");
    (QuantizedModel::load(&path).expect("loads"), file::read(&path))
}

/// The first difference, in the order of steps, layers and neurons.
fn first_difference(network: &file::Network, expected: &[Step], trace: &Trace) -> Option<String> {
    let membranes = trace.membranes.as_ref()?;
    let lengths = (
        trace.layers.len() + 1,
        membranes.len(),
        trace.potentials_by_step.nrows(),
    );
    if lengths != (network.layers.len(), network.layers.len(), expected.len()) {
        return Some(format!("layers that fire, layers, steps: {lengths:?}"));
    }
    for (step, expected) in expected.iter().enumerate() {
        for (index, layer) in network.layers.iter().enumerate() {
            let place = || format!("step {step}, layer {} ({})", index, layer.name);
            if let Some(raster) = trace.layers.get(index)
                && let Some(text) = compare(&expected.spikes[index + 1], &signs(raster, step))
            {
                return Some(format!("{}: spike of {text}", place()));
            }
            let found = membranes[index]
                .row(step)
                .iter()
                .map(|&m| i64::from(m))
                .collect::<Vec<_>>();
            if let Some(text) = compare(&expected.membranes[index], &found) {
                return Some(format!("{}: membrane of {text}", place()));
            }
        }
        let potentials: ArrayView1<'_, i32> = trace.potentials_by_step.row(step);
        if potentials != membranes[network.layers.len() - 1].row(step) {
            return Some(format!(
                "step {step}: potentials are not the last layer's membranes"
            ));
        }
    }
    None
}

fn compare(expected: &Array3<i64>, found: &[i64]) -> Option<String> {
    if expected.len() != found.len() {
        return Some(format!("{} neurons, {} wanted", found.len(), expected.len()));
    }
    expected
        .indexed_iter()
        .zip(found)
        .find(|((_, expected), found)| expected != found)
        .map(|((neuron, expected), found)| format!("neuron {neuron:?} is {found}, {expected} wanted"))
}

/// The spikes of a step as 1, 0 or −1 per source.
fn signs(raster: &SpikeRaster, step: usize) -> Vec<i64> {
    let mut signs = vec![0; raster.width()];
    for spike in raster.step(step) {
        let sign = &mut signs[spike.address as usize];
        assert_eq!(*sign, 0, "a source fires at most once per step");
        *sign = spike.sign().into();
    }
    signs
}

/// Both implementations on a network and input drawn from a seed.
fn both(seed: u64) -> (QuantizedModel, file::Network, Vec<Step>, Trace) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let (model, network) = through_a_file(&random::model(&mut rng));
    let (raster, input) = random::raster(&mut rng, &model);
    let expected = dense::run(&network, &input);
    let trace = Engine::new(&model)
        .expect("valid")
        .trace(&raster, true)
        .expect("runs");
    (model, network, expected, trace)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn events_and_dense_loops_agree_in_every_spike_and_membrane(seed in any::<u64>()) {
        let (model, network, expected, trace) = both(seed);
        prop_assert_eq!(first_difference(&network, &expected, &trace), None, "{}", model.description.compact());
        let last = expected.last().and_then(|step| step.membranes.last()).expect("steps and layers");
        let potentials: Vec<i64> = last.iter().copied().collect();
        prop_assert_eq!(trace.inference.class, dense::answer(&potentials));
        let found: Vec<i64> = trace.inference.potentials.iter().map(|&potential| potential.into()).collect();
        prop_assert_eq!(found, potentials);
        for (index, layer) in network.layers.iter().enumerate() {
            let spikes: i64 = expected.iter().map(|step| step.spikes[index + 1].sum()).sum();
            prop_assert_eq!(u64::try_from(spikes), Ok(trace.inference.spikes[index]), "layer {}", &layer.name);
        }
    }

    #[test]
    fn hashes_agree(seed in any::<u64>()) {
        let (model, network) = through_a_file(&random::model(&mut Xoshiro256PlusPlus::seed_from_u64(seed)));
        prop_assert_eq!(&model.hash()[..], encoding::hash(&network, random::STEPS));
    }
}

/// Agreement on silence would prove little: what is drawn must have every kind and use every rule.
#[test]
fn random_networks_exercise_every_kind_and_rule() {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    let mut count = |what, number| *counts.entry(what).or_default() += number;
    for seed in 0..150 {
        let (model, network, expected, _) = both(seed);
        for (index, (layer, described)) in network.layers.iter().zip(&model.description.layers).enumerate() {
            let spikes: i64 = expected.iter().map(|step| step.spikes[index + 1].sum()).sum();
            let spikes = usize::try_from(spikes).expect("a count");
            count(
                match described.kind {
                    LayerKind::Conv { .. } => "spikes of convolutions",
                    LayerKind::Pool { .. } => "spikes of pooling",
                    LayerKind::Fc { .. } => "spikes of fully-connected layers",
                    LayerKind::Out { .. } => "output layers",
                },
                if matches!(described.kind, LayerKind::Out { .. }) {
                    1
                } else {
                    spikes
                },
            );
            match model.layers[index].shortcut {
                Some(QuantizedShortcut::Weights(_)) => count("spikes of junctions of weights", spikes),
                Some(QuantizedShortcut::Identity(_)) => count("spikes of junctions of identities", spikes),
                None => {}
            }
            count(
                "sources other than the layer before",
                usize::from(layer.source != index),
            );
            count(
                "narrow membranes, at most 16 bits",
                usize::from(layer.membrane_bits <= 16),
            );
            count("wide membranes", usize::from(layer.membrane_bits > 16));
            for step in &expected {
                let membranes = &step.membranes[index];
                count(
                    "membranes at the floor",
                    membranes.iter().filter(|m| **m == layer.floor).count(),
                );
                count("membranes below 0", membranes.iter().filter(|m| **m < 0).count());
            }
        }
        count("signed inputs", usize::from(network.normalization.is_some()));
    }
    assert_eq!(counts.len(), 12, "{counts:?}");
    assert!(counts.values().all(|&count| count >= 20), "{counts:?}");
}

/// What the comparison is worth: one number off by one must be found.
#[test]
fn a_planted_fault_is_found() {
    let mut found = 0;
    for seed in 0..40 {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let (model, mut network) = through_a_file(&random::model(&mut rng));
        let (raster, input) = random::raster(&mut rng, &model);
        let trace = Engine::new(&model)
            .expect("valid")
            .trace(&raster, true)
            .expect("runs");
        for layer in &mut network.layers {
            // A spike at the threshold where there must be none.
            for threshold in layer.thresholds.iter_mut().flatten() {
                *threshold -= 1;
            }
            // Room for what follows from it.
            layer.membrane_bits = 40;
        }
        let difference = first_difference(&network, &dense::run(&network, &input), &trace);
        found += usize::from(difference.is_some_and(|text| text.contains("neuron")));
    }
    assert!(found >= 20, "found in {found} of 40 networks");
}

#[test]
fn input_spikes_of_images_are_those_of_the_page() {
    let data = dataset::load("digits", None).expect("embedded").test;
    for normalization in [
        None,
        Some(Normalization {
            mean: vec![0.3],
            deviation: vec![0.55],
        }),
    ] {
        let mut model = random::model(&mut Xoshiro256PlusPlus::seed_from_u64(1));
        let out = model.description.layers.pop().expect("an output layer");
        model.description.layers = vec![out];
        model.description.input = data.shape();
        model.description.normalization = normalization;
        let mut layer = model.layers.pop().expect("an output layer");
        layer.weights = ndarray::Array2::zeros((layer.outputs(), data.shape().size()));
        model.layers = vec![layer];
        let (model, network) = through_a_file(&model);
        for index in [0, 7, 359] {
            let raster = test_raster(&model.description, &data, index, 5);
            let expected = encoding::spikes(
                &network,
                data.image(index),
                16,
                random::STEPS,
                5,
                u64::try_from(index).expect("small"),
            );
            assert_eq!(raster.steps(), expected.len());
            assert!(raster.total() > 50);
            for (step, expected) in expected.iter().enumerate() {
                assert_eq!(
                    compare(expected, &signs(&raster, step)),
                    None,
                    "image {index}, step {step}"
                );
            }
        }
    }
}
