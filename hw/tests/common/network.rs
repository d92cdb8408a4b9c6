//! Random networks and their plans. Fully-connected networks have membranes exactly as wide as the proof requires.

#![allow(dead_code, reason = "each test binary uses a part")]

use ndarray::Array2;
use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::integer::proof::verify;
use synfire_golden_model::integer::{InputSigns, Neuron, QuantizedLayer, QuantizedModel};
use synfire_golden_model::network::{
    InputCoding, LayerDescription, LayerKind, NetworkDescription, Readout, Reset,
};
use synfire_golden_model::spikes::{Spike, SpikeRaster};
use synfire_hw::board::{Board, Features};
use synfire_hw::circuit::engine::smallest_queue;
use synfire_hw::circuit::settle::MOST_STAGES;
use synfire_hw::geometry::{Geometry, LayerGeometry};
use synfire_hw::plan::{Array, Plan, common_lanes};
use synfire_hw::traffic::{self, LayerTraffic};

#[path = "random.rs"]
mod random;

/// Draws a network with layers of any kind.
pub(crate) fn any_model(rng: &mut Xoshiro256PlusPlus) -> QuantizedModel {
    random::model(rng)
}

/// Draws `steps` steps of input spikes for any network.
pub(crate) fn any_raster(rng: &mut Xoshiro256PlusPlus, model: &QuantizedModel, steps: usize) -> SpikeRaster {
    let (drawn, _) = random::raster(rng, model);
    let mut raster = SpikeRaster::new(drawn.width());
    for step in drawn.iter().take(steps) {
        raster.push_step(step.iter().copied());
    }
    raster
}

/// Draws a fully-connected network of the given sizes, from inputs to classes, for signed input spikes.
pub(crate) fn random_model(rng: &mut Xoshiro256PlusPlus, sizes: &[usize]) -> QuantizedModel {
    let last = sizes.len() - 2;
    let mut layers: Vec<QuantizedLayer> = sizes
        .windows(2)
        .enumerate()
        .map(|(index, pair)| random_layer(rng, index, [pair[1], pair[0]], index == last))
        .collect();
    let described = layers
        .iter()
        .map(|layer| {
            let out = layer.outputs();
            let kind = match layer.neuron {
                Neuron::Lif { .. } => LayerKind::Fc { out },
                Neuron::Output => LayerKind::Out { out },
            };
            LayerDescription::new(&layer.name, kind)
        })
        .collect();
    let mut model = QuantizedModel {
        description: NetworkDescription {
            name: "random".into(),
            input: [1, 1, sizes[0]].into(),
            steps: 16,
            rate: 0.5,
            leak: 0.99,
            normalization: None,
            layers: described,
            coding: InputCoding::Poisson,
            reset: Reset::Zero,
            readout: Readout::Leak,
        },
        layers: layers.clone(),
        provenance: Default::default(),
    };
    // A membrane one bit wider than needed would hide a carry that the circuit loses.
    let bounds = verify(&model, InputSigns::Signed).expect("32 bits hold a small network");
    for (layer, bounds) in layers.iter_mut().zip(bounds) {
        layer.membrane_bits = narrowest(layer, bounds.membrane_bits());
    }
    model.layers = layers;
    verify(&model, InputSigns::Signed).expect("the proof's own width holds");
    model
}

/// Number of bits that hold the sums of the proof, the thresholds and the floor.
fn narrowest(layer: &QuantizedLayer, sums: u32) -> u8 {
    let thresholds = match &layer.neuron {
        Neuron::Lif { thresholds } => thresholds.as_slice(),
        Neuron::Output => &[],
    };
    let signed_bits = |number: i32| 33 - number.max(!number).leading_zeros();
    let numbers = thresholds
        .iter()
        .chain([&layer.floor])
        .map(|&number| signed_bits(number));
    u8::try_from(numbers.fold(sums, u32::max)).expect("at most 33 bits")
}

fn random_layer(
    rng: &mut Xoshiro256PlusPlus,
    index: usize,
    shape: [usize; 2],
    is_output: bool,
) -> QuantizedLayer {
    let weight_bits: u8 = rng.random_range(2..=8);
    let guard_bits: u8 = rng.random_range(0..=6);
    let largest = i8::try_from((1_i32 << (weight_bits - 1)) - 1).expect("at most 8 bits");
    let unit = i32::from(largest) << guard_bits;
    let leaks: [&[u8]; 4] = [&[], &[7, 9], &[3], &[2, 4, 5]];
    QuantizedLayer {
        name: format!("layer{index}"),
        weights: Array2::from_shape_simple_fn(shape, || rng.random_range(-largest..=largest)),
        shortcut: None,
        weight_bits,
        guard_bits,
        membrane_bits: 32,
        leak_shifts: leaks.choose(rng).expect("not empty").to_vec(),
        floor: -rng.random_range(0..=3 * unit),
        ceiling: None,
        biases: Vec::new(),
        neuron: if is_output {
            Neuron::Output
        } else {
            Neuron::Lif {
                thresholds: (0..shape[0]).map(|_| rng.random_range(0..=2 * unit)).collect(),
            }
        },
    }
}

/// Draws `steps` steps of spikes, in random order within a step; `signed` makes a third of them negative.
pub(crate) fn random_raster(
    rng: &mut Xoshiro256PlusPlus,
    inputs: usize,
    steps: usize,
    signed: bool,
) -> SpikeRaster {
    let mut raster = SpikeRaster::new(inputs);
    for _ in 0..steps {
        let rate = rng.random_range(0.0..0.8);
        let sources = u32::try_from(inputs).expect("small");
        let step: Vec<Spike> = (0..sources)
            .filter(|_| rng.random_bool(rate))
            .collect::<Vec<_>>()
            .into_iter()
            .map(|address| Spike::signed(address, signed && rng.random_bool(0.3)))
            .collect();
        raster.push_step(step);
    }
    raster
}

/// Draws lanes for every layer. Where sources meet their own channels only, the layer has the lanes of the sources.
pub(crate) fn random_lanes(rng: &mut Xoshiro256PlusPlus, model: &QuantizedModel) -> Vec<usize> {
    let geometry = Geometry::of(model).expect("a valid description");
    let lanes: Vec<usize> = geometry
        .layers
        .iter()
        .map(|layer| rng.random_range(1..=layer.neurons.channels.min(64)))
        .collect();
    common_lanes(&geometry, &lanes)
}

/// Traffic of one spike per step into every layer, for tests in which the traffic does not matter.
pub(crate) fn one_spike_per_step(model: &QuantizedModel) -> Vec<LayerTraffic> {
    traffic::from_rates(model, &vec![1.0; model.layers.len()]).expect("a valid description")
}

/// Plan of the given lanes, with any number of positions, of spikes at once and of settle stages, and with the smallest FIFOs and
/// queues that can be built, so that they run full.
pub(crate) fn plan(model: &QuantizedModel, lanes: &[usize]) -> Plan {
    let seed: usize = lanes.iter().sum();
    let geometry = Geometry::of(model).expect("a valid description");
    let array = |(index, (layer, &lanes_of)): (usize, (&LayerGeometry, &usize))| {
        let source = layer.paths[0].stream.checked_sub(1);
        let useful = layer.useful_positions(layer.neurons.channels.div_ceil(lanes_of));
        let positions = useful[(seed / 3 + index) % useful.len()];
        let merges = layer.can_merge(source.map_or(1, |source| lanes[source]));
        let together = layer.sweeps_banks() && (seed / 5 + index).is_multiple_of(2);
        Array {
            lanes: lanes_of,
            positions,
            merged: if merges { 1 + (seed / 2 + index) % 4 } else { 1 },
            swept: if together { positions } else { 1 },
        }
    };
    let layers = geometry.layers.iter().zip(lanes).enumerate();
    let arrays: Vec<Array> = layers.map(array).collect();
    let mut plan = Plan::with_arrays(model, &roomy_board(), &one_spike_per_step(model), &arrays)
        .expect("arrays fit the layers");
    for (index, layer) in plan.layers.iter_mut().enumerate() {
        layer.fifo_depths.fill(8);
        layer.settle_stages = (seed + index) % (MOST_STAGES + 1);
        layer.queue_depth = layer.queue_depth.min(smallest_queue(layer.settle_stages));
    }
    plan
}

fn roomy_board() -> Board {
    let mut board = Board::find("ice40-hx8k").expect("a built-in board");
    board.link.features = Features::default();
    board
}

/// Plan of the given lanes, unchanged, with all features.
pub(crate) fn roomy_plan(model: &QuantizedModel, lanes: &[usize]) -> Plan {
    Plan::with_lanes(model, &roomy_board(), &one_spike_per_step(model), lanes).expect("lanes fit the layers")
}
