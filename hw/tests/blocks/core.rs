//! Core against the golden model: every spike of every layer, potentials and counters.

use crate::network::{any_model, any_raster, plan, random_lanes, random_model, random_raster, roomy_plan};
use crate::support::{Willing, config, difference, number, simulate, willing, word};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::collections::BTreeMap;
use synfire_golden_model::integer::{self, Neuron, QuantizedModel, Trace};
use synfire_golden_model::spikes::{Spike, SpikeRaster};
use synfire_hw::accelerator;
use synfire_hw::circuit::core::Core;
use synfire_hw::circuit::event::{Addressing, Event};
use synfire_hw::geometry::{Geometry, Reach};
use synfire_hw::plan::Plan;
use synfire_hw::simulate::Simulation;

/// Actual or expected result of one inference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Inference {
    /// Per hidden layer, per step: the neurons that fired, in the order in which they left.
    spikes: Vec<Vec<Vec<u32>>>,
    potentials: Vec<i32>,
    spikes_in: Vec<u64>,
    spikes_out: Vec<u64>,
}

impl Inference {
    fn golden(geometry: &Geometry, plan: &Plan, trace: &Trace) -> Self {
        let inference = &trace.inference;
        // In the order of the sweep: row by row, by the columns that end their step at once, group by group, and of each column
        // channel by channel.
        let hidden = trace.layers.iter().zip(&geometry.layers).zip(&plan.layers);
        let spikes = hidden.map(|((raster, layer), plan)| {
            let (positions, width) = (layer.neurons.height * layer.neurons.width, layer.neurons.width);
            let step = |step: &[Spike]| {
                let mut neurons: Vec<u32> = step.iter().map(|spike| spike.address).collect();
                neurons.sort_by_key(|&neuron| {
                    let (channel, position) = (neuron as usize / positions, neuron as usize % positions);
                    let (row, column) = (position / width, position % width);
                    (row, column / plan.swept, channel / plan.lanes, column, channel)
                });
                neurons
            };
            raster.iter().map(step).collect()
        });
        let streams: Vec<u64> = std::iter::once(inference.input_spikes)
            .chain(inference.spikes.iter().copied())
            .collect();
        let layers = geometry.layers.iter();
        Self {
            spikes: spikes.collect(),
            potentials: inference.potentials.clone(),
            spikes_in: layers
                .map(|layer| layer.paths.iter().map(|path| streams[path.stream]).sum())
                .collect(),
            spikes_out: inference.spikes.clone(),
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
    geometry: Geometry,
    /// Layout of each hidden layer's events.
    events: Vec<Addressing>,
    classes: usize,
    plan: Plan,
    feed: Willing,
}

impl Bench {
    fn new(model: &QuantizedModel, plan: Plan, feed: Willing) -> Self {
        let core = accelerator::core(model, &plan).expect("a valid model");
        let geometry = Geometry::of(model).expect("a valid model");
        let lanes: Vec<usize> = plan.layers.iter().map(|layer| layer.lanes).collect();
        Self {
            events: (1..lanes.len())
                .map(|stream| geometry.events(stream, &lanes))
                .collect(),
            core: simulate(core, |core| &mut core.clock),
            geometry,
            classes: model.layers.last().expect("a layer").outputs(),
            plan,
            feed,
        }
    }

    fn golden(&self, model: &QuantizedModel, raster: &SpikeRaster) -> Inference {
        let trace = integer::trace(model, raster).expect("valid");
        Inference::golden(&self.geometry, &self.plan, &trace)
    }

    fn infer(&mut self, raster: &SpikeRaster) -> Inference {
        let mut events = Vec::new();
        for step in raster.iter() {
            events.extend(step.iter().map(|spike| {
                let address = self.geometry.input.address(spike.address);
                Event::Spike(Spike { address, ..*spike })
            }));
            events.push(Event::EndOfStep);
        }
        let steps = u32::try_from(raster.steps()).expect("small");
        let spikes = self.push(&events, |core| core.steps_done.val().to_u32() == steps);
        let potentials = (0..self.classes).map(|class| self.readout(class)).collect();
        let core = self.core.circuit();
        Inference {
            spikes,
            potentials,
            spikes_in: core.spikes_in.iter().map(|count| count.val().to_u64()).collect(),
            spikes_out: core.spikes_out.iter().map(|count| count.val().to_u64()).collect(),
        }
    }

    /// Pushes events until `done`; the steps of every hidden layer's spikes.
    fn push(&mut self, events: &[Event], done: impl Fn(&Core) -> bool) -> Vec<Vec<Vec<u32>>> {
        let hidden = self.plan.layers.len() - 1;
        let mut finished = vec![Vec::new(); hidden];
        let mut open = vec![Vec::new(); hidden];
        let mut next = 0;
        for cycle in 0.. {
            let core = self.core.circuit();
            core.event_valid.next = next < events.len() && self.feed.at(cycle);
            core.event_data.next = word(
                events
                    .get(next)
                    .map_or(0, |&event| self.geometry.input.encode(event)),
            );
            self.core.settle();
            let core = self.core.circuit();
            if next == events.len() && done(core) {
                break;
            }
            next += usize::from(core.event_valid.val() && core.event_ready.val());
            for layer in 0..hidden {
                if core.tap_valid[layer].val() {
                    match Event::decode(core.tap_data[layer].val().to_u32()).expect("an event") {
                        Event::Spike(spike) => {
                            let mask = core.tap_mask[layer].val().to_u64();
                            let sources = self.events[layer].sources(spike.address, mask);
                            open[layer].extend(sources.expect("neurons"));
                        }
                        Event::EndOfStep => finished[layer].push(std::mem::take(&mut open[layer])),
                        Event::Clear => assert!(open[layer].is_empty(), "spikes of a cleared layer"),
                    }
                }
            }
            assert!(
                cycle < 100_000,
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

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn every_inference_is_the_golden_models(seed: u64, feed in willing(), tiny: bool) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let model = any_model(&mut rng);
        let lanes = random_lanes(&mut rng, &model);
        let plan = if tiny { plan(&model, &lanes) } else { roomy_plan(&model, &lanes) };
        let mut bench = Bench::new(&model, plan, feed);
        for round in 0..2 {
            let steps = rng.random_range(1..5);
            let raster = any_raster(&mut rng, &model, steps);
            let golden = bench.golden(&model, &raster);
            if let Some(found) = golden.difference(&bench.infer(&raster)) {
                panic!("inference {round} of {lanes:?} lanes of {}: {found}", model.description.compact());
            }
            bench.clear();
        }
    }
}

#[test]
fn the_random_networks_are_of_every_kind_and_neither_silent_nor_saturated() {
    let mut counts = BTreeMap::new();
    let (mut fired, mut neuron_steps) = (0, 0);
    for seed in 0..100 {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let model = any_model(&mut rng);
        let raster = any_raster(&mut rng, &model, 4);
        for layer in integer::trace(&model, &raster).expect("valid").layers {
            fired += layer.total();
            neuron_steps += layer.width() * layer.steps();
        }
        let mut count = |what: &'static str| *counts.entry(what).or_insert(0) += 1;
        let geometry = Geometry::of(&model).expect("valid");
        let mut takers = vec![0; geometry.layers.len()];
        for path in geometry.layers.iter().flat_map(|layer| &layer.paths) {
            takers[path.stream] += 1;
            count(match path.reach {
                Reach::Weights => "weights",
                Reach::ShortcutWeights => "shortcuts with weights",
                Reach::Count => "pooling",
                Reach::Identity => "identities",
            });
            if path.rows.stride > 1 && path.reach != Reach::Weights {
                count("strides of shortcuts or pooling");
            }
        }
        if takers[0] > 1 {
            count("inputs of several layers");
        }
        if takers[1..].iter().any(|&takers| takers > 1) {
            count("forks");
        }
        if model.description.normalization.is_some() {
            count("signed inputs");
        }
    }
    assert_eq!(counts.len(), 8, "{counts:?}");
    assert!(counts.values().all(|&count| count >= 10), "{counts:?}");
    assert!(
        (neuron_steps / 20..neuron_steps / 2).contains(&fired),
        "{fired} of {neuron_steps}"
    );
}

#[test]
fn a_clear_returns_every_counter_and_membrane_to_zero() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    let model = random_model(&mut rng, &[12, 9, 7]);
    let mut bench = Bench::new(&model, plan(&model, &[4, 3]), Willing::always());
    bench.infer(&random_raster(&mut rng, 12, 5, true));
    assert!(bench.core.circuit().active_cycles.val().to_u32() > 0);
    bench.clear();
    let core = bench.core.circuit();
    assert_eq!(
        (core.steps_done.val().to_u32(), core.active_cycles.val().to_u32()),
        (0, 0)
    );
    for layer in 0..2 {
        let counters = [
            &core.spikes_in,
            &core.spikes_out,
            &core.busy_cycles,
            &core.stalled_cycles,
        ];
        let counters = counters.map(|counters| counters[layer].val().to_u32());
        assert_eq!(counters, [0; 4], "layer {layer}");
    }
    let potentials: Vec<i32> = (0..7).map(|class| bench.readout(class)).collect();
    assert_eq!(potentials, [0; 7]);
}

#[test]
fn a_layer_is_busy_for_as_long_as_the_plan_expects() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
    let model = random_model(&mut rng, &[16, 10]);
    for lanes in [1, 3, 10] {
        let plan = roomy_plan(&model, &[lanes]);
        let groups = plan.layers[0].groups as u64;
        let mut bench = Bench::new(&model, plan, Willing::always());
        let raster = random_raster(&mut rng, 16, 6, false);
        bench.infer(&raster);
        let expected = (raster.total() as u64 + raster.steps() as u64) * groups;
        let core = bench.core.circuit();
        let busy = core.busy_cycles[0].val().to_u64();
        if groups > 1 {
            assert_eq!(busy, expected, "{lanes} lanes");
        } else {
            // With one word per event, the stream starts after the FIFO's latency and never catches up.
            assert!((expected..=expected + 2).contains(&busy), "{busy} for {expected}");
        }
    }
}

/// A stream that forks, to a layer and past it to a junction, while that layer works far longer on a step
/// than FIFOs hold; see the module of the core for why it cannot come to a stop.
#[test]
fn the_smallest_fifos_hold_up_a_fork_but_do_not_stop_it() {
    let mut junctions = 0;
    for seed in 0..400 {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let model = any_model(&mut rng);
        let geometry = Geometry::of(&model).expect("valid");
        // The two paths of a junction part at a stream that also feeds a layer on the way to the junction.
        let parts = geometry.layers.iter().enumerate().any(|(index, layer)| {
            let [main, side] = &layer.paths[..] else {
                return false;
            };
            main.stream == index && side.stream < index
        });
        if !parts || junctions == 12 {
            continue;
        }
        junctions += 1;
        // One lane: as slow as can be, so that the junction's side runs full.
        let plan = plan(&model, &vec![1; model.layers.len()]);
        let mut bench = Bench::new(&model, plan, Willing::always());
        let raster = any_raster(&mut rng, &model, 3);
        let golden = bench.golden(&model, &raster);
        if let Some(found) = golden.difference(&bench.infer(&raster)) {
            panic!("seed {seed}: {found}");
        }
    }
    assert_eq!(junctions, 12);
}

#[test]
fn a_changed_weight_or_threshold_is_reported_with_its_place() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(6);
    let model = random_model(&mut rng, &[12, 9, 7]);
    let raster = random_raster(&mut rng, 12, 12, false);
    let mut bench = Bench::new(&model, plan(&model, &[4, 3]), Willing::always());
    let seen = bench.infer(&raster);
    let fires = |neuron: u32| seen.spikes[0].iter().flatten().filter(|&&n| n == neuron).count();
    let busiest = (0..9).max_by_key(|&neuron| fires(neuron)).expect("neurons");
    assert!(fires(busiest) > 0, "no neuron fires");
    let busiest = busiest as usize;
    let found = |change: &dyn Fn(&mut QuantizedModel)| {
        let mut model = model.clone();
        // Wide enough for any effect of the change.
        model.layers.iter_mut().for_each(|layer| layer.membrane_bits = 32);
        change(&mut model);
        bench
            .golden(&model, &raster)
            .difference(&seen)
            .unwrap_or_default()
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
