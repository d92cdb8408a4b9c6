//! Engine against the definition of each kind of layer, computed densely, and its cost in clocks.

use crate::network::{any_model, plan, random_lanes, random_model};
use crate::support::{Willing, assert_same, config, difference, number, simulate, willing, word};
use ndarray::Array2;
use proptest::prelude::*;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::collections::{BTreeMap, BTreeSet};
use synfire_golden_model::events::Axis;
use synfire_golden_model::integer::neuron::{end_of_step, settle};
use synfire_golden_model::integer::{Neuron, QuantizedLayer, QuantizedModel, QuantizedShortcut};
use synfire_golden_model::network::{LayerKind, Shape};
use synfire_golden_model::spikes::Spike;
use synfire_hw::accelerator::core_params;
use synfire_hw::circuit::engine::{Engine, EngineParams};
use synfire_hw::circuit::event::{Addressing, Event};
use synfire_hw::geometry::{Geometry, LayerGeometry, Path, Reach};

/// A layer of a network, as the golden model and as the generator know it.
struct Subject {
    layer: QuantizedLayer,
    geometry: LayerGeometry,
    params: EngineParams,
    signed_input: bool,
}

/// A word of a sweep: its neurons' membranes, and which of them fired, by number in C, H, W order.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Swept {
    membranes: Vec<i32>,
    fired: Vec<usize>,
    last: bool,
    clear: bool,
}

/// What an engine did.
#[derive(Debug, Default)]
struct Run {
    swept: Vec<Swept>,
    /// Clock in which each of them left.
    clocks: Vec<usize>,
    busy: usize,
    stalled: usize,
}

/// Every spike by its path and the number of its source, and the markers, which all paths share.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Happening {
    Spike(usize, Spike),
    Marker(Event),
}

/// Output positions along an axis that a source meets, and through which kernel row.
fn met(axis: Axis, y: usize) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for output in 0..axis.outputs {
        for row in 0..axis.kernel {
            if output * axis.stride + row == y + axis.padding {
                pairs.push((output, row));
            }
        }
    }
    pairs
}

impl Subject {
    fn new(model: &QuantizedModel, lanes: &[usize], index: usize) -> Self {
        let params = core_params(model, &plan(model, lanes)).expect("a valid model");
        Self {
            layer: model.layers[index].clone(),
            geometry: Geometry::of(model)
                .expect("a valid model")
                .layers
                .swap_remove(index),
            params: params.engines().nth(index).expect("a layer").clone(),
            signed_input: model.description.normalization.is_some(),
        }
    }

    /// Adds a spike to the membranes, by the definition of the layer.
    fn integrate(&self, membranes: &mut [i32], path: &Path, spike: Spike) {
        let Shape { height, width, .. } = path.sources.shape;
        let source = spike.address as usize;
        let (channel, row, column) = (source / (height * width), source / width % height, source % width);
        let Shape {
            channels,
            height,
            width,
        } = self.geometry.neurons;
        for (y, kernel_row) in met(path.rows, row) {
            for (x, kernel_column) in met(path.columns, column) {
                let mut add = |neuron: usize, number: i32| {
                    membranes[(neuron * height + y) * width + x] += spike.sign() * number;
                };
                let weight = |weights: &Array2<i8>, neuron: usize, column: usize| {
                    i32::from(weights[(neuron, column)]) << self.layer.guard_bits
                };
                match (path.reach, &self.layer.shortcut) {
                    (Reach::Weights, _) => {
                        let place = kernel_row * path.columns.kernel + kernel_column;
                        let column = channel * path.rows.kernel * path.columns.kernel + place;
                        (0..channels)
                            .for_each(|neuron| add(neuron, weight(&self.layer.weights, neuron, column)));
                    }
                    (Reach::ShortcutWeights, Some(QuantizedShortcut::Weights(weights))) => {
                        (0..channels).for_each(|neuron| add(neuron, weight(weights, neuron, channel)));
                    }
                    (Reach::Count, _) => add(channel, 1),
                    (Reach::Identity, Some(QuantizedShortcut::Identity(ones))) => add(channel, ones[channel]),
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    /// The end of a step of a neuron of a channel: whether it fires, and its membrane after.
    fn settle(&self, membrane: i32, channel: usize) -> (bool, i32) {
        let (shifts, floor) = (&self.layer.leak_shifts, self.layer.floor);
        match &self.layer.neuron {
            Neuron::Lif { thresholds } => end_of_step(membrane, thresholds[channel], shifts, floor),
            Neuron::Output => (false, settle(membrane, shifts, floor)),
        }
    }

    /// The neurons of each word, by lane.
    fn words(&self) -> Vec<Vec<usize>> {
        let shape = self.geometry.neurons;
        let mut words = Vec::new();
        for position in 0..shape.height * shape.width {
            let channels: Vec<usize> = (0..shape.channels).collect();
            words.extend(channels.chunks(self.params.lanes).map(|channels| {
                let neuron = |channel| channel * shape.height * shape.width + position;
                channels.iter().map(neuron).collect::<Vec<usize>>()
            }));
        }
        words
    }

    fn model(&self, happenings: &[Happening]) -> Vec<Swept> {
        let shape = self.geometry.neurons;
        let mut membranes = vec![0; shape.size()];
        let mut swept = Vec::new();
        let words = self.words();
        for happening in happenings {
            let clear = match happening {
                Happening::Spike(path, spike) => {
                    self.integrate(&mut membranes, &self.geometry.paths[*path], *spike);
                    continue;
                }
                Happening::Marker(marker) => *marker == Event::Clear,
            };
            let mut fired = vec![false; membranes.len()];
            for (neuron, membrane) in membranes.iter_mut().enumerate() {
                (fired[neuron], *membrane) = if clear {
                    (false, 0)
                } else {
                    self.settle(*membrane, neuron / (shape.height * shape.width))
                };
            }
            swept.extend(words.iter().enumerate().map(|(word, neurons)| Swept {
                membranes: neurons.iter().map(|&neuron| membranes[neuron]).collect(),
                fired: neurons.iter().copied().filter(|&neuron| fired[neuron]).collect(),
                last: word + 1 == words.len(),
                clear,
            }));
        }
        swept
    }

    /// The events of each path.
    fn events(&self, happenings: &[Happening]) -> Vec<Vec<Event>> {
        let paths = self.geometry.paths.iter().enumerate();
        paths
            .map(|(path, of)| {
                let event = |happening: &Happening| match happening {
                    Happening::Spike(at, spike) => (*at == path).then(|| {
                        let address = of.sources.address(spike.address);
                        Event::Spike(Spike { address, ..*spike })
                    }),
                    Happening::Marker(marker) => Some(*marker),
                };
                happenings.iter().filter_map(event).collect()
            })
            .collect()
    }

    /// Clocks that a happening ideally takes.
    fn ideal(&self, happening: &Happening) -> usize {
        match happening {
            Happening::Spike(path, spike) => {
                let path = &self.geometry.paths[*path];
                let groups = if path.reach.is_own_channel() {
                    1
                } else {
                    self.params.groups
                };
                path.positions(spike.address as usize) * groups
            }
            Happening::Marker(_) => self.params.membranes.depth,
        }
    }

    /// Steps of random spikes that meet something, at most one of a source in a step, with a clear now and then.
    fn happenings(&self, rng: &mut Xoshiro256PlusPlus, steps: usize) -> Vec<Happening> {
        let mut happenings = Vec::new();
        for _ in 0..steps {
            let rate = rng.random_range(0.0..0.8);
            let mut spikes = Vec::new();
            let mut of_stream = BTreeMap::new();
            for (index, path) in self.geometry.paths.iter().enumerate() {
                let signed = self.signed_input && path.stream == 0;
                let of_stream = of_stream.entry(path.stream).or_insert_with(|| {
                    (0..u32::try_from(path.sources.shape.size()).expect("small"))
                        .filter(|_| rng.random_bool(rate))
                        .map(|address| (address, signed && address % 3 == 0))
                        .collect::<Vec<_>>()
                });
                spikes.extend(
                    of_stream
                        .iter()
                        .map(|&(address, negative)| Happening::Spike(index, Spike { address, negative })),
                );
            }
            spikes.retain(|spike| self.ideal(spike) > 0);
            spikes.shuffle(rng);
            happenings.append(&mut spikes);
            happenings.push(Happening::Marker(if rng.random_bool(0.15) {
                Event::Clear
            } else {
                Event::EndOfStep
            }));
        }
        happenings
    }

    /// Feeds an engine; `running` says when the sweep need not pause.
    fn run(&self, events: &[Vec<Event>], feeds: &[Willing], running: &Willing) -> Run {
        let mut engine = simulate(Engine::new(self.params.clone()), |engine| &mut engine.clock);
        let mut seen = Run::default();
        let mut next = vec![0; events.len()];
        let mut offered = vec![false; events.len()];
        let words = self.words();
        for clock in 0.. {
            let circuit = engine.circuit();
            for path in 0..events.len() {
                let event = events[path].get(next[path]);
                // An event that is offered stays until it is taken.
                offered[path] = event.is_some() && (offered[path] || feeds[path].at(clock));
                circuit.event_valid[path].next = offered[path];
                circuit.event_data[path].next = word(event.map_or(0, |event| event.encode()));
            }
            circuit.pause.next = !running.at(clock);
            engine.settle();
            let circuit = engine.circuit();
            if circuit.swept.val() {
                let neurons = &words[seen.swept.len() % words.len()];
                let mask = circuit.fired_mask.val().to_u64();
                let has_fired = |lane: usize| mask >> lane & 1 == 1;
                for padding in neurons.len()..self.params.lanes {
                    assert!(!has_fired(padding), "a neuron that is not there fired");
                }
                let lanes = 0..neurons.len();
                seen.swept.push(Swept {
                    membranes: lanes
                        .clone()
                        .map(|lane| number(circuit.swept_data[lane].val()))
                        .collect(),
                    fired: lanes
                        .filter(|&lane| has_fired(lane))
                        .map(|lane| neurons[lane])
                        .collect(),
                    last: circuit.swept_last.val(),
                    clear: circuit.swept_clear.val(),
                });
                seen.clocks.push(clock);
            }
            for path in 0..events.len() {
                if offered[path] && circuit.event_ready[path].val() {
                    next[path] += 1;
                    offered[path] = false;
                }
            }
            let left: usize = events
                .iter()
                .zip(&next)
                .map(|(events, next)| events.len() - next)
                .sum();
            let done = left == 0 && !circuit.busy.val();
            assert!(clock < 40_000, "the engine hangs with {left} events to go");
            engine.tick();
            if done {
                break;
            }
        }
        let circuit = engine.circuit();
        seen.busy = usize::try_from(circuit.busy_cycles.val().to_u64()).expect("small");
        seen.stalled = usize::try_from(circuit.stalled_cycles.val().to_u64()).expect("small");
        seen
    }
}

/// Any layer of any network.
fn subject(rng: &mut Xoshiro256PlusPlus) -> Subject {
    let model = any_model(rng);
    let lanes = random_lanes(rng, &model);
    let index = rng.random_range(0..model.layers.len());
    Subject::new(&model, &lanes, index)
}

fn always(paths: usize) -> Vec<Willing> {
    vec![Willing::always(); paths]
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn words_and_masks_are_those_of_the_definition(seed: u64, feeds in [willing(), willing()], running in willing()) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let subject = subject(&mut rng);
        let happenings = subject.happenings(&mut rng, 5);
        let events = subject.events(&happenings);
        let seen = subject.run(&events, &feeds[..events.len()], &running);
        assert_same(&subject.model(&happenings), &seen.swept);
    }

    #[test]
    fn a_layer_that_never_starves_costs_the_ideal_exactly(seed: u64) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let subject = subject(&mut rng);
        let mut happenings = subject.happenings(&mut rng, 4);
        // A clear clears the counters.
        happenings.retain(|happening| *happening != Happening::Marker(Event::Clear));
        happenings.push(Happening::Marker(Event::EndOfStep));
        let ideal: usize = happenings.iter().map(|happening| subject.ideal(happening)).sum();
        let events = subject.events(&happenings);
        let seen = subject.run(&events, &always(events.len()), &Willing::always());
        prop_assert_eq!((seen.busy, seen.stalled), (ideal, 0));
        // Taken in clock 0, held in 1, addressed in 2, written in 5: and then nothing but words.
        prop_assert_eq!(seen.clocks.last(), Some(&(ideal + 4)));
    }

    #[test]
    fn pauses_are_counted_as_stalls_and_nothing_else(seed: u64, running in willing()) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let subject = subject(&mut rng);
        let mut happenings = subject.happenings(&mut rng, 3);
        happenings.retain(|happening| *happening != Happening::Marker(Event::Clear));
        happenings.push(Happening::Marker(Event::EndOfStep));
        let ideal: usize = happenings.iter().map(|happening| subject.ideal(happening)).sum();
        let events = subject.events(&happenings);
        let seen = subject.run(&events, &always(events.len()), &running);
        prop_assert_eq!(seen.busy, ideal);
        prop_assert_eq!(seen.clocks.last(), Some(&(ideal + seen.stalled + 4)));
    }
}

#[test]
fn the_layers_drawn_are_of_every_kind_and_fire() {
    let mut kinds = BTreeSet::new();
    let (mut fired, mut neurons) = (0, 0);
    for seed in 0..200 {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let subject = subject(&mut rng);
        let reaches: Vec<String> = subject
            .geometry
            .paths
            .iter()
            .map(|path| format!("{:?}", path.reach))
            .collect();
        kinds.insert((reaches, subject.params.fires, subject.params.groups > 1));
        let swept = subject.model(&subject.happenings(&mut rng, 5));
        if subject.params.fires {
            fired += swept.iter().map(|swept| swept.fired.len()).sum::<usize>();
            neurons += swept.iter().map(|swept| swept.membranes.len()).sum::<usize>();
        }
    }
    // Weights, with either shortcut or none, and pooling, in one group and in several; outputs.
    assert_eq!(kinds.len(), 10, "{kinds:?}");
    assert!(
        (neurons / 20..neurons / 2).contains(&fired),
        "{fired} of {neurons}"
    );
}

/// A 1×1 convolution of one channel over a row: a neuron, and a word, for each source.
fn row(width: usize) -> Subject {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut model = random_model(&mut rng, &[width, 1, 1]);
    model.description.input = [1, 1, width].into();
    model.description.layers[0].kind = LayerKind::Conv {
        out: 1,
        kernel: 1,
        stride: 1,
        padding: 0,
    };
    let layer = &mut model.layers[0];
    layer.weights = Array2::from_elem((1, 1), 3);
    (layer.weight_bits, layer.guard_bits, layer.membrane_bits) = (4, 3, 9);
    layer.leak_shifts = vec![2];
    layer.floor = -20;
    layer.neuron = Neuron::Lif { thresholds: vec![60] };
    Subject::new(&model, &[1, 1], 0)
}

/// All sequences of four spikes and ends of steps, one behind the other with a clear between: words come again at every
/// distance, from spike to spike, from spike to sweep, from sweep to spike and from sweep to sweep.
fn all_of_four(width: usize) -> Vec<Happening> {
    let symbols = u32::try_from(width).expect("small") + 1;
    let mut happenings = Vec::new();
    for number in 0..symbols.pow(4) {
        for digit in 0..4 {
            let symbol = number / symbols.pow(digit) % symbols;
            happenings.push(match symbol.checked_sub(1) {
                None => Happening::Marker(Event::EndOfStep),
                Some(address) => Happening::Spike(
                    0,
                    Spike {
                        address,
                        negative: number % 5 == 0,
                    },
                ),
            });
        }
        happenings.push(Happening::Marker(Event::EndOfStep));
        if number % 3 == 0 {
            happenings.push(Happening::Marker(Event::Clear));
        }
    }
    happenings
}

#[test]
fn a_word_that_comes_again_at_any_distance_is_up_to_date() {
    for width in 1..=4 {
        let subject = row(width);
        let happenings = all_of_four(width);
        let expected = subject.model(&happenings);
        assert!(
            expected.iter().any(|swept| !swept.fired.is_empty()),
            "something fires"
        );
        let events = subject.events(&happenings);
        // Without gaps, and with gaps of one and of two clocks.
        for rhythm in [vec![true], vec![true, false], vec![true, true, false, false]] {
            let feed = Willing::from_clocks(rhythm.into_iter());
            let seen = subject.run(&events, &[feed], &Willing::always());
            assert_same(&expected, &seen.swept);
        }
    }
}

#[test]
fn a_junction_takes_what_either_path_has_until_both_are_at_their_markers() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(9);
    let subject = loop {
        let subject = subject(&mut rng);
        if subject.geometry.paths.len() == 2 {
            break subject;
        }
    };
    let happenings = subject.happenings(&mut rng, 6);
    let events = subject.events(&happenings);
    // Either path far behind the other.
    let slow = Willing::from_clocks((0..24).map(|clock| clock == 23));
    for feeds in [[Willing::always(), slow.clone()], [slow, Willing::always()]] {
        let seen = subject.run(&events, &feeds, &Willing::always());
        assert_same(&subject.model(&happenings), &seen.swept);
    }
}

#[test]
fn a_changed_weight_threshold_leak_or_address_is_noticed() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
    let model = random_model(&mut rng, &[12, 9, 1]);
    let mut subject = Subject::new(&model, &[4, 1], 0);
    let happenings = subject.happenings(&mut rng, 30);
    let events = subject.events(&happenings);
    let seen = subject.run(&events, &always(1), &Willing::always());
    assert!(seen.swept.iter().any(|swept| !swept.fired.is_empty()));
    let layer = subject.layer.clone();
    let mut noticed = |change: fn(&mut QuantizedLayer)| {
        subject.layer = layer.clone();
        change(&mut subject.layer);
        difference(&subject.model(&happenings), &seen.swept).is_some()
    };
    assert!(!noticed(|_| {}));
    assert!(noticed(|layer| layer.weights[(1, 2)] *= -1), "weight");
    assert!(noticed(|layer| layer.floor /= 2), "floor");
    assert!(noticed(|layer| layer.leak_shifts = vec![1]), "leak");
    assert!(
        noticed(|layer| match &mut layer.neuron {
            Neuron::Lif { thresholds } => thresholds.iter_mut().for_each(|threshold| *threshold /= 2),
            Neuron::Output => {}
        }),
        "threshold"
    );
    subject.layer = layer;
    subject.geometry.paths[0].sources = Addressing::of([12, 1, 1].into());
    let mut moved = happenings.clone();
    if let Some(Happening::Spike(_, spike)) = moved
        .iter_mut()
        .find(|happening| matches!(happening, Happening::Spike(..)))
    {
        spike.address = (spike.address + 1) % 12;
    }
    assert!(
        difference(&subject.model(&moved), &seen.swept).is_some(),
        "address"
    );
}
