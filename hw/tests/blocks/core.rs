//! Core against the golden model: every spike of every layer, potentials and counters.

use crate::network::{plan, random_lanes, random_model, random_raster};
use crate::support::{Willing, config, difference, number, simulate, willing, word};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::integer::{self, Trace};
use synfire_golden_model::quantized::{Neuron, QuantizedModel};
use synfire_golden_model::spikes::SpikeRaster;
use synfire_hw::accelerator;
use synfire_hw::board::Board;
use synfire_hw::circuit::core::Core;
use synfire_hw::circuit::event::Event;
use synfire_hw::plan::Plan;
use synfire_hw::simulate::Simulation;

/// What a core did in one inference, or should have done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Inference {
    /// Per hidden layer, per step: the neurons that fired, in the order in which they left.
    spikes: Vec<Vec<Vec<u32>>>,
    potentials: Vec<i32>,
    spikes_in: Vec<u64>,
    spikes_out: Vec<u64>,
    /// Per layer: weights added to membranes.
    synaptic_operations: Vec<u64>,
}

impl Inference {
    fn golden(trace: &Trace) -> Self {
        let inference = &trace.inference;
        let addresses = |raster: &SpikeRaster| -> Vec<Vec<u32>> {
            raster
                .iter()
                .map(|step| step.iter().map(|spike| spike.address).collect())
                .collect()
        };
        let mut spikes_in = vec![inference.input_spikes];
        spikes_in.extend(&inference.spikes[..inference.spikes.len() - 1]);
        Self {
            spikes: trace.layers.iter().map(addresses).collect(),
            potentials: inference.potentials.clone(),
            spikes_in,
            spikes_out: inference.spikes.clone(),
            synaptic_operations: inference.synaptic_operations.clone(),
        }
    }

    /// Where the other differs, earliest layer first.
    fn difference(&self, seen: &Self) -> Option<String> {
        let layers = self.spikes.iter().zip(&seen.spikes).enumerate();
        difference(&[self.spikes.len()], &[seen.spikes.len()])
            .or_else(|| {
                layers
                    .filter_map(|(layer, (expected, seen))| {
                        difference(expected, seen).map(|found| format!("layer {layer}, step {found}"))
                    })
                    .next()
            })
            .or_else(|| difference(&self.potentials, &seen.potentials).map(|found| format!("class {found}")))
            .or_else(|| (self != seen).then(|| format!("counters: {self:?} expected, {seen:?} seen")))
    }
}

/// A core and what is needed to read it.
struct Bench {
    core: Simulation<Core>,
    outputs: Vec<usize>,
    plan: Plan,
    feed: Willing,
}

impl Bench {
    fn new(model: &QuantizedModel, lanes: &[usize], feed: Willing) -> Self {
        let plan = plan(model, lanes);
        Self {
            core: simulate(accelerator::core(model, &plan), |core| &mut core.clock),
            outputs: model.layers.iter().map(|layer| layer.outputs()).collect(),
            plan,
            feed,
        }
    }

    fn infer(&mut self, raster: &SpikeRaster) -> Inference {
        let mut events = Vec::new();
        for step in raster.iter() {
            events.extend(step.iter().map(|&spike| Event::Spike(spike)));
            events.push(Event::EndOfStep);
        }
        let steps = u32::try_from(raster.steps()).expect("small");
        let spikes = self.push(&events, |core| core.steps_done.val().to_u32() == steps);
        let potentials = (0..*self.outputs.last().expect("a layer"))
            .map(|class| self.readout(class))
            .collect();
        let core = self.core.circuit();
        let spikes_in: Vec<u64> = core.spikes_in.iter().map(|count| count.val().to_u64()).collect();
        Inference {
            spikes,
            potentials,
            spikes_out: core.spikes_out.iter().map(|count| count.val().to_u64()).collect(),
            synaptic_operations: spikes_in
                .iter()
                .zip(&self.outputs)
                .map(|(n, m)| n * *m as u64)
                .collect(),
            spikes_in,
        }
    }

    /// Pushes events until `done`; the steps of every hidden layer's spikes.
    fn push(&mut self, events: &[Event], done: impl Fn(&Core) -> bool) -> Vec<Vec<Vec<u32>>> {
        let hidden = self.outputs.len() - 1;
        let mut finished = vec![Vec::new(); hidden];
        let mut open = vec![Vec::new(); hidden];
        let mut next = 0;
        for clock in 0.. {
            let core = self.core.circuit();
            core.event_valid.next = next < events.len() && self.feed.at(clock);
            core.event_data.next = word(events.get(next).map_or(0, |event| event.encode()));
            self.core.settle();
            let core = self.core.circuit();
            if next == events.len() && done(core) {
                break;
            }
            next += usize::from(core.event_valid.val() && core.event_ready.val());
            for layer in 0..hidden {
                if core.tap_valid[layer].val() {
                    match Event::decode(core.tap_data[layer].val().to_u32()).expect("an event") {
                        Event::Spike(spike) => open[layer].push(spike.address),
                        Event::EndOfStep => finished[layer].push(std::mem::take(&mut open[layer])),
                        Event::Clear => assert!(open[layer].is_empty(), "spikes of a cleared layer"),
                    }
                }
            }
            assert!(
                clock < 20_000,
                "the core hangs after {next} of {} events",
                events.len()
            );
            self.core.tick();
        }
        assert!(
            open.iter().all(Vec::is_empty),
            "spikes behind the last step: {open:?}"
        );
        finished
    }

    fn readout(&mut self, class: usize) -> i32 {
        let lanes = self.plan.layers.last().expect("a layer").lanes;
        let core = self.core.circuit();
        core.event_valid.next = false;
        core.readout_group.next = word((class / lanes) as u64);
        core.readout_lane.next = word((class % lanes) as u64);
        self.core.tick();
        number(self.core.circuit().readout_data.val())
    }

    fn clear(&mut self) {
        let clears = self.core.circuit().clears_done.val().to_u32();
        self.push(&[Event::Clear], |core| {
            core.clears_done.val().to_u32() == (clears + 1) % 256
        });
    }
}

/// A random network of one to three layers, and lanes that need not divide its neurons.
fn network(rng: &mut Xoshiro256PlusPlus) -> (QuantizedModel, Vec<usize>) {
    let layers = rng.random_range(1..=3);
    let sizes: Vec<usize> = (0..=layers).map(|_| rng.random_range(1..=18)).collect();
    let model = random_model(rng, &sizes);
    let lanes = random_lanes(rng, &model);
    (model, lanes)
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn every_inference_is_the_golden_models(seed: u64, feed in willing(), signed: bool) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let (model, lanes) = network(&mut rng);
        let mut bench = Bench::new(&model, &lanes, feed);
        for round in 0..3 {
            let steps = rng.random_range(1..8);
            let raster = random_raster(&mut rng, model.description.input.size(), steps, signed);
            let golden = Inference::golden(&integer::trace(&model, &raster).expect("valid"));
            if let Some(found) = golden.difference(&bench.infer(&raster)) {
                panic!("inference {round} of {lanes:?} lanes: {found}");
            }
            bench.clear();
        }
    }
}

#[test]
fn the_random_networks_are_neither_silent_nor_saturated() {
    let (mut fired, mut neuron_steps) = (0, 0);
    for seed in 0..64 {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let (model, _) = network(&mut rng);
        let raster = random_raster(&mut rng, model.description.input.size(), 8, false);
        for layer in integer::trace(&model, &raster).expect("valid").layers {
            fired += layer.total();
            neuron_steps += layer.width() * layer.steps();
        }
    }
    assert!(
        (neuron_steps / 20..neuron_steps / 2).contains(&fired),
        "{fired} of {neuron_steps}"
    );
}

#[test]
fn a_clear_returns_every_counter_and_membrane_to_zero() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    let model = random_model(&mut rng, &[12, 9, 7]);
    let mut bench = Bench::new(&model, &[4, 3], Willing::always());
    bench.infer(&random_raster(&mut rng, 12, 5, true));
    assert!(bench.core.circuit().active_cycles.val().to_u32() > 0);
    bench.clear();
    let core = bench.core.circuit();
    assert_eq!(
        (core.steps_done.val().to_u32(), core.active_cycles.val().to_u32()),
        (0, 0)
    );
    for layer in 0..2 {
        let counters =
            [&core.spikes_in, &core.spikes_out, &core.busy_cycles].map(|c| c[layer].val().to_u32());
        assert_eq!(counters, [0, 0, 0], "layer {layer}");
    }
    assert_eq!(
        (0..7).map(|class| bench.readout(class)).collect::<Vec<_>>(),
        [0; 7]
    );
}

#[test]
fn a_layer_is_busy_for_as_long_as_the_plan_expects() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
    let model = random_model(&mut rng, &[16, 10]);
    for lanes in [1, 3, 10] {
        let mut bench = Bench::new(&model, &[lanes], Willing::always());
        let raster = random_raster(&mut rng, 16, 6, false);
        bench.infer(&raster);
        let (spikes, steps) = (raster.total() as u64, raster.steps() as u64);
        let groups = bench.plan.layers[0].groups as u64;
        let expected = spikes * groups + steps * (groups + 4);
        let planned = Plan::with_lanes(
            &model,
            &Board::find("ice40-hx8k").expect("a built-in board"),
            &[spikes as f64 / steps as f64],
            &[lanes],
        );
        let planned = planned.expect("good lanes").expected_cycles(raster.steps());
        assert!(
            (planned - expected as f64).abs() < 1e-6,
            "{planned} planned, {expected} wanted"
        );
        let core = bench.core.circuit();
        assert_eq!(core.busy_cycles[0].val().to_u64(), expected, "{lanes} lanes");
        assert_eq!(core.active_cycles.val().to_u64(), expected, "{lanes} lanes");
    }
}

#[test]
fn a_changed_weight_or_threshold_is_reported_with_its_place() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(6);
    let model = random_model(&mut rng, &[12, 9, 7]);
    let raster = random_raster(&mut rng, 12, 12, false);
    let seen = Bench::new(&model, &[4, 3], Willing::always()).infer(&raster);
    let fires = |neuron: u32| seen.spikes[0].iter().flatten().filter(|&&n| n == neuron).count();
    let busiest = (0..9).max_by_key(|&neuron| fires(neuron)).expect("neurons");
    assert!(fires(busiest) > 0, "no neuron fires");
    let busiest = busiest as usize;
    let found = |change: &dyn Fn(&mut QuantizedModel)| {
        let mut model = model.clone();
        // Wide enough for whatever the change does.
        model.layers.iter_mut().for_each(|layer| layer.membrane_bits = 32);
        change(&mut model);
        let trace = integer::trace(&model, &raster).expect("valid");
        Inference::golden(&trace).difference(&seen).unwrap_or_default()
    };
    assert_eq!(found(&|_| {}), "");
    let weight = found(&|model| model.layers[1].weights.row_mut(3).mapv_inplace(|weight| -weight));
    assert!(weight.starts_with("class at 3: "), "{weight}");
    let threshold = found(&|model| match &mut model.layers[0].neuron {
        Neuron::Lif { thresholds } => thresholds[busiest] += 1000,
        Neuron::Output => {}
    });
    assert!(threshold.starts_with("layer 0, step at "), "{threshold}");
}
