//! Comparison of the golden model with a second implementation, written only from `docs/numerics.md`: it uses dense
//! matrices, 64-bit integers and division instead of events, fixed-point numbers and shifts.

mod common;

use common::{random_model, random_raster};
use ndarray::{Array1, Array2};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::integer::{Engine, Neuron, QuantizedLayer, QuantizedModel};
use synfire_golden_model::spikes::{Spike, SpikeRaster};

/// Result of the dense network: spikes and membranes of all neurons, per step and layer.
struct Dense {
    fired: Vec<Vec<Array1<i64>>>,
    membranes: Vec<Vec<Array1<i64>>>,
    class: usize,
}

fn run(model: &QuantizedModel, raster: &SpikeRaster) -> Dense {
    let weights: Vec<Array2<i64>> = model
        .layers
        .iter()
        .map(|layer| {
            layer
                .weights
                .mapv(|weight| i64::from(weight) * 2_i64.pow(u32::from(layer.guard_bits)))
        })
        .collect();
    let mut state: Vec<Array1<i64>> = model
        .layers
        .iter()
        .map(|layer| Array1::zeros(layer.outputs()))
        .collect();
    let mut dense = Dense {
        fired: Vec::new(),
        membranes: Vec::new(),
        class: 0,
    };
    for step in 0..raster.steps() {
        let mut arriving = Array1::zeros(raster.width());
        for spike in raster.step(step) {
            arriving[spike.address as usize] = i64::from(spike.value);
        }
        let mut fired = Vec::new();
        for (index, layer) in model.layers.iter().enumerate() {
            let integrated = &state[index] + &weights[index].dot(&arriving);
            let mut leaving = Array1::zeros(layer.outputs());
            for neuron in 0..layer.outputs() {
                let (fires, membrane) = end_of_step(layer, neuron, integrated[neuron]);
                leaving[neuron] = i64::from(fires);
                state[index][neuron] = membrane;
            }
            fired.push(leaving.clone());
            arriving = leaving;
        }
        dense.fired.push(fired);
        dense.membranes.push(state.clone());
    }
    let potentials = state.last().expect("a layer");
    let largest = potentials.iter().max().expect("a class");
    dense.class = potentials
        .iter()
        .position(|potential| potential == largest)
        .expect("is among them");
    dense
}

fn end_of_step(layer: &QuantizedLayer, neuron: usize, mut membrane: i64) -> (bool, i64) {
    let fires = match &layer.neuron {
        Neuron::Lif { thresholds } => membrane > i64::from(thresholds[neuron]),
        Neuron::Output => false,
    };
    if fires {
        membrane = 0;
    }
    let mut leak = 0;
    for &shift in &layer.leak_shifts {
        // div_euclid by a positive number rounds toward −∞.
        leak += membrane.div_euclid(2_i64.pow(u32::from(shift)));
    }
    (fires, (membrane - leak).max(i64::from(layer.floor)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn events_and_matrices_agree_in_every_spike_and_membrane(
        seed in any::<u64>(),
        steps in 0_usize..=16,
        signed in any::<bool>(),
        tight_floors in any::<bool>(),
    ) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let model = random_model(&mut rng, tight_floors);
        let raster = random_raster(&mut rng, &model, steps, signed);
        let expected = run(&model, &raster);
        let trace = Engine::new(&model).expect("valid").trace(&raster, true).expect("runs");

        let membranes = trace.membranes.as_ref().expect("asked for");
        prop_assert_eq!(membranes.len(), model.layers.len());
        prop_assert_eq!(trace.layers.len() + 1, model.layers.len());
        for (layer, membranes) in membranes.iter().enumerate() {
            prop_assert_eq!(membranes.dim(), (steps, model.layers[layer].outputs()));
            for (step, membranes) in membranes.rows().into_iter().enumerate() {
                let membranes = membranes.mapv(i64::from);
                prop_assert_eq!(&membranes, &expected.membranes[step][layer], "layer {}, step {}", layer, step);
            }
        }
        for (layer, spikes) in trace.layers.iter().enumerate() {
            prop_assert_eq!(spikes.steps(), steps);
            for (step, spikes) in spikes.iter().enumerate() {
                let fired: Vec<_> = (0..)
                    .zip(&expected.fired[step][layer])
                    .filter(|(_, fired)| **fired == 1)
                    .map(|(neuron, _)| Spike::positive(neuron))
                    .collect();
                prop_assert_eq!(spikes, &fired[..], "layer {}, step {}", layer, step);
            }
        }
        prop_assert_eq!(&trace.potentials_by_step, &membranes[membranes.len() - 1]);
        prop_assert_eq!(trace.inference.class, expected.class);
        if steps > 0 {
            let last = expected.membranes[steps - 1].last().expect("a layer");
            prop_assert_eq!(trace.inference.potentials.len(), last.len());
            prop_assert!(trace.inference.potentials.iter().zip(last).all(|(found, wanted)| i64::from(*found) == *wanted));
        }

        // The counts of the engine, recomputed from the dense spikes.
        let mut arriving = raster.total() as u64;
        for (layer, quantized) in model.layers.iter().enumerate() {
            let operations = arriving * quantized.outputs() as u64;
            prop_assert_eq!(trace.inference.synaptic_operations[layer], operations);
            arriving = expected.fired.iter().map(|fired| fired[layer].iter().filter(|f| **f == 1).count() as u64).sum();
            prop_assert_eq!(trace.inference.spikes[layer], arriving);
        }
    }
}

/// Agreement on silence would prove little, so the random networks must fire, reach the floor and have ties.
#[test]
fn random_networks_exercise_every_rule() {
    let (mut spikes, mut silent, mut at_floor, mut negative) = (0, 0, 0, 0);
    for seed in 0..60 {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let model = random_model(&mut rng, true);
        let raster = random_raster(&mut rng, &model, 16, true);
        let dense = run(&model, &raster);
        for (fired, membranes) in dense.fired.iter().zip(&dense.membranes) {
            for ((layer, fired), membranes) in model.layers.iter().zip(fired).zip(membranes) {
                spikes += fired.iter().filter(|fired| **fired == 1).count();
                silent += fired.iter().filter(|fired| **fired == 0).count();
                at_floor += membranes.iter().filter(|m| **m == i64::from(layer.floor)).count();
                negative += membranes.iter().filter(|m| **m < 0).count();
            }
        }
    }
    for count in [spikes, silent, at_floor, negative] {
        assert!(
            count > 500,
            "{spikes} spikes, {silent} without, {at_floor} at the floor, {negative} negative"
        );
    }
}
