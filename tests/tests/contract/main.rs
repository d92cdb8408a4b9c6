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
use synfire_golden_model::dataset::encode::test_raster;
use synfire_golden_model::dataset::{self, Dataset, Event, Recordings, Samples};
use synfire_golden_model::integer::{Engine, QuantizedModel, QuantizedShortcut, Trace};
use synfire_golden_model::network::{InputCoding, LayerKind, Normalization, Shape};
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

/// The events of a step as one value per source, 0 where there is none.
fn signs(raster: &SpikeRaster, step: usize) -> Vec<i64> {
    let mut signs = vec![0; raster.width()];
    for spike in raster.step(step) {
        let sign = &mut signs[spike.address as usize];
        assert_eq!(*sign, 0, "a source fires at most once per step");
        *sign = spike.value.into();
    }
    signs
}

/// Both implementations on a network and input drawn from a seed.
fn both(seed: u64) -> (QuantizedModel, file::Network, Vec<Step>, Trace) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    // Every other network uses all of the contract.
    let (model, network) = through_a_file(&random::model_of(&mut rng, seed % 2 == 1));
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
        let drawn = random::model_of(&mut Xoshiro256PlusPlus::seed_from_u64(seed), seed % 2 == 1);
        let (model, network) = through_a_file(&drawn);
        prop_assert_eq!(network.version == 3, !model.is_plain());
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
        count("networks of spikes", usize::from(network.coding == 0));
        count(
            "graded inputs the same in every step",
            usize::from(network.coding == 1),
        );
        count("graded inputs that are counts", usize::from(network.coding == 2));
        count("networks that subtract", usize::from(network.subtracts));
        count("networks that are read as a sum", usize::from(network.sums));
        let biased = |layer: &&file::Layer| !layer.biases.is_empty();
        count("layers with biases", network.layers.iter().filter(biased).count());
        for (index, layer) in network
            .layers
            .iter()
            .enumerate()
            .filter(|(_, layer)| layer.ceiling.is_some())
        {
            let at_ceiling = |step: &Step| {
                step.membranes[index]
                    .iter()
                    .filter(|m| Some(**m) == layer.ceiling)
                    .count()
            };
            count("membranes at the ceiling", expected.iter().map(at_ceiling).sum());
        }
    }
    assert_eq!(counts.len(), 19, "{counts:?}");
    assert!(counts.values().all(|&count| count >= 20), "{counts:?}");
}

/// A network and raster as the comparison gets them, with a fault in the numbers of the second implementation. Whether the
/// comparison names a neuron; `None` if the network has no number to change.
fn finds(seed: u64, whole: bool, fault: impl Fn(&mut file::Network) -> bool) -> Option<bool> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let (model, mut network) = through_a_file(&random::model_of(&mut rng, whole));
    let (raster, input) = random::raster(&mut rng, &model);
    let trace = Engine::new(&model)
        .expect("valid")
        .trace(&raster, true)
        .expect("runs");
    if !fault(&mut network) {
        return None;
    }
    for layer in &mut network.layers {
        // Room for what follows from it.
        layer.membrane_bits = 40;
    }
    let difference = first_difference(&network, &dense::run(&network, &input), &trace);
    Some(difference.is_some_and(|text| text.contains("neuron")))
}

/// What the comparison is worth: one number off by one must be found.
#[test]
fn a_planted_fault_is_found() {
    let thresholds = |network: &mut file::Network| {
        for layer in &mut network.layers {
            // A spike at the threshold where there must be none.
            for threshold in layer.thresholds.iter_mut().flatten() {
                *threshold -= 1;
            }
        }
        true
    };
    let found = (0..40)
        .filter(|&seed| finds(seed, false, thresholds) == Some(true))
        .count();
    assert!(found >= 20, "found in {found} of 40 networks");
    let biases = |network: &mut file::Network| {
        let mut biases = network.layers.iter_mut().flat_map(|layer| &mut layer.biases);
        biases.next_back().map(|bias| *bias += 1).is_some()
    };
    let reset = |network: &mut file::Network| std::mem::replace(&mut network.subtracts, false);
    let ceiling = |network: &mut file::Network| {
        let mut ceilings = network.layers.iter_mut().flat_map(|layer| &mut layer.ceiling);
        ceilings.next().map(|ceiling| *ceiling -= 1).is_some()
    };
    type Fault<'a> = &'a dyn Fn(&mut file::Network) -> bool;
    for (name, fault) in [
        ("bias", &biases as Fault<'_>),
        ("reset", &reset),
        ("ceiling", &ceiling),
    ] {
        let found: Vec<bool> = (0..80).filter_map(|seed| finds(seed, true, fault)).collect();
        let count = found.iter().filter(|found| **found).count();
        assert!(
            count >= 10,
            "{name}: found in {count} of {} networks",
            found.len()
        );
    }
}

/// A network of one output layer for the images of a data set.
fn for_images(normalization: Option<Normalization>, shape: Shape) -> QuantizedModel {
    let mut model = random::model(&mut Xoshiro256PlusPlus::seed_from_u64(1));
    let out = model.description.layers.pop().expect("an output layer");
    model.description.layers = vec![out];
    model.description.input = shape;
    model.description.normalization = normalization;
    let mut layer = model.layers.pop().expect("an output layer");
    layer.weights = ndarray::Array2::zeros((layer.outputs(), shape.size()));
    model.layers = vec![layer];
    model
}

#[test]
fn values_of_images_are_those_of_the_page() {
    let data = dataset::load("digits", None).expect("embedded").test;
    for normalization in [
        None,
        Some(Normalization {
            mean: vec![0.3],
            deviation: vec![0.3],
        }),
    ] {
        let signed = normalization.is_some();
        let mut model = for_images(normalization, data.shape());
        model.description.coding = InputCoding::Direct;
        model.description.rate = 1.0;
        let (model, network) = through_a_file(&model);
        let mut seen = std::collections::BTreeSet::new();
        for index in [0, 7, 359] {
            let raster = test_raster(&model.description, &data, index, 5);
            let expected = encoding::values(&network, data.image(index), 16);
            for step in 0..random::STEPS {
                assert_eq!(
                    compare(&expected, &signs(&raster, step)),
                    None,
                    "image {index}, step {step}"
                );
            }
            seen.extend(expected.iter().copied());
        }
        assert!(seen.contains(&255) && seen.contains(&-255) == signed, "{seen:?}");
    }
}

#[test]
fn values_of_recordings_are_those_of_the_page() {
    let shape = Shape::from([2, 2, 3]);
    // An event every 7 µs, of more inputs than one: within 12 steps of a window of 3,000 µs.
    let events = (0..450_u32).map(|number| (7 * number, [number % 2, number / 5 % 2, number * number % 3]));
    let events: Vec<(u32, [u32; 3])> = events.collect();
    let mut recordings = Recordings::new(3000);
    recordings.push(events.iter().map(|&(time, [channel, y, x])| {
        Event::at(
            shape,
            time,
            [channel, y, x].map(|at| usize::try_from(at).expect("small")),
        )
        .expect("inside")
    }));
    let data =
        Dataset::of_samples("toy", shape, 10, Samples::Recordings(recordings), vec![0]).expect("a data set");
    let mut model = for_images(None, shape);
    model.description.coding = InputCoding::Counts;
    let raster = test_raster(&model.description, &data, 0, 1);
    for step in 0..random::STEPS {
        let mut expected = Array3::<i64>::zeros(<[usize; 3]>::from(shape));
        for &(time, place) in &events {
            if time < 3000 && usize::try_from(time).expect("small") * random::STEPS / 3000 == step {
                expected[place.map(|at| usize::try_from(at).expect("small"))] += 1;
            }
        }
        assert!(expected.iter().any(|&count| count > 1));
        assert_eq!(compare(&expected, &signs(&raster, step)), None, "step {step}");
    }
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
        let (model, network) = through_a_file(&for_images(normalization, data.shape()));
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
