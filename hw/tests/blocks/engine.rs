//! Engine against plain sums and the golden model's neuron, and its cost in clocks.

use crate::network::{plan, random_lanes, random_model};
use crate::support::{Willing, assert_same, config, difference, number, simulate, willing, word};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::integer::neuron::{end_of_step, settle};
use synfire_golden_model::quantized::{Neuron, QuantizedLayer, QuantizedModel};
use synfire_golden_model::spikes::Spike;
use synfire_hw::accelerator::engines;
use synfire_hw::circuit::engine::{Engine, EngineParams};
use synfire_hw::circuit::event::Event;
use synfire_hw::simulate::Simulation;

/// What leaves an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Output {
    /// Neurons of a word that fired.
    Fired(Vec<usize>),
    /// The end of a sweep.
    Done { cleared: bool },
}

/// What an engine did.
#[derive(Debug, Default)]
struct Run {
    outputs: Vec<Output>,
    /// Membranes at the end.
    membranes: Vec<i32>,
    /// Clock in which each event was taken.
    taken: Vec<usize>,
    spikes_in: u32,
    busy_cycles: u32,
}

/// The layer in a few lines: what leaves it, and its membranes at the end.
fn model(layer: &QuantizedLayer, lanes: usize, events: &[Event]) -> (Vec<Output>, Vec<i32>) {
    let mut membranes = vec![0; layer.outputs()];
    let mut outputs = Vec::new();
    for event in events {
        match event {
            Event::Spike(spike) => {
                for (membrane, row) in membranes.iter_mut().zip(layer.weights.rows()) {
                    let weight = i32::from(row[spike.address as usize]);
                    *membrane += spike.sign() * (weight << layer.guard_bits);
                }
                continue;
            }
            Event::Clear => membranes.fill(0),
            Event::EndOfStep => {}
        }
        let mut fired = vec![false; membranes.len()];
        for (neuron, membrane) in membranes.iter_mut().enumerate() {
            match &layer.neuron {
                _ if *event == Event::Clear => {}
                Neuron::Lif { thresholds } => {
                    (fired[neuron], *membrane) =
                        end_of_step(*membrane, thresholds[neuron], &layer.leak_shifts, layer.floor);
                }
                Neuron::Output => *membrane = settle(*membrane, &layer.leak_shifts, layer.floor),
            }
        }
        for group in 0..membranes.len().div_ceil(lanes) {
            let neurons = group * lanes..((group + 1) * lanes).min(membranes.len());
            outputs.push(Output::Fired(neurons.filter(|&neuron| fired[neuron]).collect()));
        }
        outputs.push(Output::Done {
            cleared: *event == Event::Clear,
        });
    }
    (outputs, membranes)
}

/// Feeds events to an engine; `running` says when the sweep need not pause.
fn run(params: &EngineParams, neurons: usize, events: &[Event], feed: &Willing, running: &Willing) -> Run {
    let lanes = params.lanes;
    let mut engine = simulate(Engine::new(params.clone()), |engine| &mut engine.clock);
    let mut seen = Run::default();
    let mut group = 0;
    let mut offered = false;
    for clock in 0.. {
        let next = events.get(seen.taken.len());
        // An event that is offered stays until it is taken.
        offered = next.is_some() && (offered || feed.at(clock));
        let circuit = engine.circuit();
        circuit.event_valid.next = offered;
        circuit.event_data.next = word(next.map_or(0, |event| event.encode()));
        circuit.pause.next = !running.at(clock);
        engine.settle();
        let circuit = engine.circuit();
        if circuit.fired_valid.val() {
            let mask = circuit.fired_mask.val().to_u64();
            let fired = (0..lanes).filter(|lane| mask >> (lanes - 1 - lane) & 1 == 1);
            seen.outputs
                .push(Output::Fired(fired.map(|lane| group * lanes + lane).collect()));
            group += 1;
        }
        if circuit.sweep_done.val() {
            seen.outputs.push(Output::Done {
                cleared: circuit.sweep_cleared.val(),
            });
            group = 0;
        }
        if offered && circuit.event_ready.val() {
            seen.taken.push(clock);
            offered = false;
        }
        let done = seen.taken.len() == events.len() && !circuit.busy.val();
        assert!(
            clock < 20_000,
            "the engine hangs after {} of {} events",
            seen.taken.len(),
            events.len()
        );
        engine.tick();
        if done {
            break;
        }
    }
    seen.spikes_in = engine.circuit().spikes_in.val().to_u32();
    seen.busy_cycles = engine.circuit().busy_cycles.val().to_u32();
    seen.membranes = (0..neurons)
        .map(|neuron| readout(&mut engine, neuron / lanes, neuron % lanes))
        .collect();
    seen
}

fn readout(engine: &mut Simulation<Engine>, group: usize, lane: usize) -> i32 {
    engine.circuit().event_valid.next = false;
    engine.circuit().readout_group.next = word(group as u64);
    engine.tick();
    number(engine.circuit().readout_data[lane].val())
}

/// A network whose first layer is of interest, its engine's parameters, and a generator to go on with.
fn layer(seed: u64, is_output: bool, one_group: bool) -> (QuantizedModel, EngineParams, Xoshiro256PlusPlus) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let sizes = [rng.random_range(1..20), rng.random_range(1..16)];
    layer_of(rng, sizes, is_output, one_group)
}

/// The same of a given number of inputs and neurons.
fn layer_of(
    mut rng: Xoshiro256PlusPlus,
    [inputs, neurons]: [usize; 2],
    is_output: bool,
    one_group: bool,
) -> (QuantizedModel, EngineParams, Xoshiro256PlusPlus) {
    let sizes = [inputs, neurons, 1];
    let model = random_model(&mut rng, if is_output { &sizes[..2] } else { &sizes });
    let mut lanes = random_lanes(&mut rng, &model);
    if one_group {
        lanes[0] = model.layers[0].outputs();
    }
    let params = engines(&model, &plan(&model, &lanes)).swap_remove(0);
    (model, params, rng)
}

/// Steps of random spikes, with a clear now and then; a source comes once a step, in any order.
fn random_events(rng: &mut Xoshiro256PlusPlus, inputs: usize, steps: usize) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..steps {
        let rate = rng.random_range(0.0..1.0);
        let first = rng.random_range(0..inputs);
        for source in (0..inputs).map(|source| (source + first) % inputs) {
            if rng.random_bool(rate) {
                let address = u32::try_from(source).expect("small");
                events.push(Event::Spike(Spike {
                    address,
                    negative: rng.random_bool(0.3),
                }));
            }
        }
        events.push(if rng.random_bool(0.15) {
            Event::Clear
        } else {
            Event::EndOfStep
        });
    }
    events
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn masks_and_membranes_are_those_of_the_model(
        seed: u64, is_output: bool, one_group: bool, feed in willing(), running in willing(),
    ) {
        let (network, params, mut rng) = layer(seed, is_output, one_group);
        let layer = &network.layers[0];
        let events = random_events(&mut rng, params.inputs, 8);
        let seen = run(&params, layer.outputs(), &events, &feed, &running);
        let (outputs, membranes) = model(layer, params.lanes, &events);
        assert_same(&outputs, &seen.outputs);
        assert_same(&membranes, &seen.membranes);
        let since_clear = events.rsplit(|event| *event == Event::Clear).next().unwrap_or_default();
        let spikes = since_clear.iter().filter(|event| matches!(event, Event::Spike(_))).count();
        prop_assert_eq!(seen.spikes_in as usize, spikes);
    }

    #[test]
    fn a_spike_costs_a_clock_a_word_and_an_end_of_step_four_more(seed: u64, one_group: bool) {
        let (_, params, mut rng) = layer(seed, false, one_group);
        let mut events = random_events(&mut rng, params.inputs, 6);
        events.retain(|event| *event != Event::Clear);
        let seen = run(&params, 1, &events, &Willing::always(), &Willing::always());
        let costs: Vec<usize> = events
            .iter()
            .map(|event| if matches!(event, Event::Spike(_)) { params.groups } else { params.groups + 4 })
            .collect();
        let mut last = -1;
        let taken: Vec<usize> = seen
            .taken
            .iter()
            .map(|&clock| {
                let clock = i64::try_from(clock).expect("small");
                let cost = clock - last;
                last = clock;
                usize::try_from(cost).expect("clocks ascend")
            })
            .collect();
        assert_same(&costs, &taken);
        // The last spike's sum is still on its way when its event has been taken.
        let trailing = u32::from(matches!(events.last(), Some(Event::Spike(_))));
        let busy: usize = costs.iter().sum();
        prop_assert_eq!(seen.busy_cycles, u32::try_from(busy).expect("small") + trailing);
    }
}

#[test]
fn spikes_in_successive_clocks_into_one_word_all_count() {
    let (network, params, _) = layer_of(Xoshiro256PlusPlus::seed_from_u64(3), [4, 6], true, true);
    let layer = &network.layers[0];
    let spikes = [0, 0, 0, 1, 0].map(|address| Event::Spike(Spike::positive(address)));
    // A gap of one clock reads the word a clock after it was written.
    for gaps in [
        vec![true],
        vec![true, false],
        vec![true, false, false],
        vec![true, true, false],
    ] {
        let feed = Willing::from_clocks(gaps.into_iter());
        let seen = run(&params, layer.outputs(), &spikes, &feed, &Willing::always());
        assert_same(&model(layer, params.lanes, &spikes).1, &seen.membranes);
    }
}

#[test]
fn a_changed_weight_threshold_or_leak_is_noticed() {
    let (network, params, mut rng) = layer_of(Xoshiro256PlusPlus::seed_from_u64(11), [12, 9], false, false);
    let layer = &network.layers[0];
    let events = random_events(&mut rng, params.inputs, 30);
    let seen = run(
        &params,
        layer.outputs(),
        &events,
        &Willing::always(),
        &Willing::always(),
    );
    assert!(
        seen.outputs
            .iter()
            .any(|output| matches!(output, Output::Fired(fired) if !fired.is_empty()))
    );
    let noticed = |change: fn(&mut QuantizedLayer)| {
        let mut layer = layer.clone();
        change(&mut layer);
        let (outputs, membranes) = model(&layer, params.lanes, &events);
        difference(&outputs, &seen.outputs).is_some() || difference(&membranes, &seen.membranes).is_some()
    };
    assert!(!noticed(|_| {}));
    assert!(noticed(|layer| layer.weights[(1, 2)] *= -1), "weight");
    assert!(noticed(|layer| layer.floor /= 2), "floor");
    assert!(noticed(|layer| layer.leak_shifts = vec![1]), "leak");
    assert!(
        noticed(|layer| match &mut layer.neuron {
            Neuron::Lif { thresholds } => thresholds[0] /= 2,
            Neuron::Output => {}
        }),
        "threshold"
    );
}
