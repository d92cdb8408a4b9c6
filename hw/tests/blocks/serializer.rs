//! Serializer against the list of the neurons that fired, fed as an engine feeds it.

use crate::support::{Willing, assert_same, config, difference, simulate, willing, word};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::collections::{BTreeSet, VecDeque};
use synfire_golden_model::network::Shape;
use synfire_hw::circuit::event::{Addressing, Event};
use synfire_hw::circuit::fifo::MARGIN;
use synfire_hw::circuit::serializer::Serializer;

/// The queue that a plan gives a layer of few groups.
const QUEUE: usize = 16;

/// Shape of the layer, and its sweeps: the fired flags of every neuron in C, H, W order, and whether it is a
/// clear.
#[derive(Clone, Debug)]
struct Sweeps {
    neurons: Shape,
    lanes: usize,
    /// Positions that end their step at once.
    swept: usize,
    /// Settle stages of the engine.
    stages: usize,
    sweeps: Vec<(Vec<bool>, bool)>,
}

/// Words of the positions that end their step at once, as the engine outputs them.
#[derive(Clone, Debug)]
struct Word {
    masks: Vec<u64>,
    last: bool,
    clear: bool,
}

impl Sweeps {
    /// The neurons of each word of a sweep: row by row; in a row as many positions at once as end their step together; group by
    /// group; lane by lane.
    fn words(&self) -> Vec<Vec<Option<usize>>> {
        let Shape {
            channels,
            height,
            width,
        } = self.neurons;
        let mut words = Vec::new();
        for row in 0..height {
            for first in (0..width).step_by(self.swept) {
                for group in 0..channels.div_ceil(self.lanes) {
                    let neurons = (first..first + self.swept).flat_map(|column| {
                        (group * self.lanes..(group + 1) * self.lanes).map(move |channel| {
                            let is_there = column < width && channel < channels;
                            is_there.then_some((channel * height + row) * width + column)
                        })
                    });
                    words.push(neurons.collect());
                }
            }
        }
        words
    }

    fn events(&self) -> Addressing {
        Addressing::of(self.neurons).in_words_of(self.lanes)
    }

    /// Events with their masks, which are 0 for markers.
    fn expected(&self) -> Vec<(Event, u64)> {
        let mut events = Vec::new();
        for (fired, clear) in &self.sweeps {
            let neurons = self.words().into_iter().flatten().flatten();
            let fired = neurons.filter(|&neuron| fired[neuron]);
            events.extend(
                self.events()
                    .words(fired.map(|neuron| u32::try_from(neuron).expect("small"))),
            );
            events.push((if *clear { Event::Clear } else { Event::EndOfStep }, 0));
        }
        events
    }

    fn masks(&self) -> VecDeque<Word> {
        let words = self.words();
        let mut masks = VecDeque::new();
        for (fired, clear) in &self.sweeps {
            masks.extend(words.iter().enumerate().map(|(index, neurons)| {
                let fired = |neuron: &Option<usize>| u64::from(neuron.is_some_and(|neuron| fired[neuron]));
                Word {
                    masks: neurons
                        .chunks(self.lanes)
                        .map(|lanes| {
                            lanes
                                .iter()
                                .rev()
                                .fold(0, |mask, neuron| mask << 1 | fired(neuron))
                        })
                        .collect(),
                    last: index + 1 == words.len(),
                    clear: *clear,
                }
            }));
        }
        masks
    }
}

/// Engine as the serializer sees it. A word arrives three cycles and the settle stages after it is addressed, regardless of
/// `pause` in the meantime; and a sweep follows another at once, as if no spike came between.
struct Engine {
    words: VecDeque<Word>,
    on_the_way: VecDeque<Option<Word>>,
}

impl Engine {
    fn cycle(&mut self, pause: bool) -> Option<Word> {
        let addressed = if pause { None } else { self.words.pop_front() };
        self.on_the_way.push_back(addressed);
        self.on_the_way.pop_front().flatten()
    }
}

/// Events that leave, the cycles in which they leave, and the spike counter at the end.
fn run(sweeps: &Sweeps, queue: usize, reader: &Willing) -> (Vec<(Event, u64)>, Vec<usize>, u32) {
    let mut engine = Engine {
        words: sweeps.masks(),
        on_the_way: vec![None; 3 + sweeps.stages].into(),
    };
    let serializer = Serializer::new(sweeps.events(), sweeps.swept, queue, MARGIN + sweeps.stages);
    let mut serializer = simulate(serializer, |serializer| &mut serializer.clock);
    let (mut events, mut cycles) = (Vec::new(), Vec::new());
    let mut quiet = 0;
    for cycle in 0.. {
        let circuit = serializer.circuit();
        let word_ = engine.cycle(circuit.pause.val());
        circuit.mask_valid.next = word_.is_some();
        if let Some(Word { masks, last, clear }) = &word_ {
            for (port, &mask) in circuit.mask.iter_mut().zip(masks) {
                port.next = word(mask);
            }
            circuit.mask_last.next = *last;
            circuit.mask_clear.next = *clear;
        }
        circuit.event_ready.next = reader.at(cycle);
        serializer.settle();
        let circuit = serializer.circuit();
        if circuit.event_valid.val() && circuit.event_ready.val() {
            let event = Event::decode(circuit.event_data.val().to_u32()).expect("an event");
            let is_spike = matches!(event, Event::Spike(_));
            let mask = circuit.event_mask.val().to_u64();
            events.push((event, if is_spike { mask } else { 0 }));
            cycles.push(cycle);
        }
        let busy = word_.is_some() || circuit.busy.val();
        quiet = if busy { 0 } else { quiet + 1 };
        if quiet == 8 && engine.words.is_empty() {
            break;
        }
        assert!(cycle < 60_000, "the serializer hangs after {events:?}");
        serializer.tick();
    }
    (events, cycles, serializer.circuit().spikes_out.val().to_u32())
}

fn sweeps(seed: u64) -> Sweeps {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let side = |rng: &mut Xoshiro256PlusPlus| if rng.random() { 1 } else { rng.random_range(1..=5) };
    let neurons = Shape {
        channels: rng.random_range(1..=11),
        height: side(&mut rng),
        width: side(&mut rng),
    };
    let rate = rng.random_range(0.0..1.0);
    let count = rng.random_range(1..10);
    let sweeps = (0..count).map(|_| {
        let clear = rng.random_bool(0.15);
        // Nothing fires in a clear.
        let fired = (0..neurons.size()).map(|_| !clear && rng.random_bool(rate));
        (fired.collect(), clear)
    });
    Sweeps {
        neurons,
        sweeps: sweeps.collect(),
        lanes: rng.random_range(1..=neurons.channels),
        stages: rng.random_range(0..=2),
        swept: rng.random_range(1..=4),
    }
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn neurons_leave_in_the_order_of_the_sweep_and_the_marker_behind_them(
        seed: u64, queue in 3..6_u32, reader in willing(),
    ) {
        let sweeps = sweeps(seed);
        let (events, _, spikes) = run(&sweeps, 1 << queue, &reader);
        assert_same(&sweeps.expected(), &events);
        let since_clear = events.rsplit(|(event, _)| *event == Event::Clear).next().unwrap_or_default();
        let expected: u32 = since_clear.iter().map(|(_, mask)| mask.count_ones()).sum();
        prop_assert_eq!(spikes, expected, "spikes since the last clear");
    }
}

/// Ten sweeps in which every neuron of a 2×3 map fires.
fn storm(channels: usize, lanes: usize) -> Sweeps {
    let neurons = Shape {
        channels,
        height: 2,
        width: 3,
    };
    Sweeps {
        neurons,
        lanes,
        swept: 1,
        stages: 0,
        sweeps: vec![(vec![true; neurons.size()], false); 10],
    }
}

#[test]
fn every_neuron_of_a_map_has_an_address_of_its_own() {
    for (channels, lanes) in [(7, 2), (8, 8), (1, 1), (5, 3)] {
        let storm = storm(channels, lanes);
        let (events, ..) = run(&storm, QUEUE, &Willing::always());
        let first = events
            .split(|(event, _)| *event == Event::EndOfStep)
            .next()
            .expect("a step");
        let sources: Vec<u32> = first
            .iter()
            .flat_map(|(event, mask)| match event {
                Event::Spike(spike) => storm.events().sources(spike.address, *mask).expect("neurons"),
                other => panic!("{other:?}"),
            })
            .collect();
        let neurons = u32::try_from(storm.neurons.size()).expect("small");
        assert_eq!(sources.len(), neurons as usize);
        assert_eq!(
            sources.into_iter().collect::<BTreeSet<_>>(),
            (0..neurons).collect()
        );
    }
}

#[test]
fn a_reader_that_stops_for_long_loses_nothing() {
    let reader = Willing::from_cycles((0..400).map(|cycle| cycle >= 200));
    for lanes in [1, 4, 64] {
        for (queue, stages, swept) in [(8, 0, 1), (8, 2, 2), (QUEUE, 1, 3), (QUEUE, 0, 4)] {
            let storm = Sweeps {
                stages,
                swept,
                ..storm(64, lanes)
            };
            let (events, ..) = run(&storm, queue, &reader);
            assert_same(&storm.expected(), &events);
        }
    }
}

#[test]
fn words_and_markers_leave_at_one_a_cycle() {
    for (lanes, swept) in [(1, 1), (3, 1), (8, 1), (8, 2), (3, 3)] {
        let storm = Sweeps {
            swept,
            ..storm(8, lanes)
        };
        let (events, cycles, _) = run(&storm, QUEUE, &Willing::always());
        assert_eq!(events.len(), 10 * (6 * 8_usize.div_ceil(lanes) + 1));
        // The first word arrives in cycle 3, and takes two cycles through the queue and one into the register; of several
        // positions, one more into the register that is shown.
        assert_eq!(cycles[0], 3 + 3 + usize::from(swept > 1));
        let gaps: Vec<usize> = cycles.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_same(&vec![1; gaps.len()], &gaps);
    }
}

#[test]
fn words_in_which_nothing_fired_cost_nothing() {
    // Words of one lane, of which the first and the last of each sweep fire.
    let mut sweeps = storm(40, 1);
    for (fired, _) in &mut sweeps.sweeps {
        fired.fill(false);
        *fired.first_mut().expect("a neuron") = true;
        *fired.last_mut().expect("a neuron") = true;
    }
    let (events, cycles, _) = run(&sweeps, QUEUE, &Willing::always());
    assert_same(&sweeps.expected(), &events);
    // The last spike of the tenth step, as long after that of the first as its sweep.
    assert_eq!(cycles[3 * 9 + 1] - cycles[1], 240 * 9);
}

#[test]
fn a_neuron_that_is_lost_or_moved_is_noticed() {
    let sweeps = Sweeps {
        neurons: [3, 1, 2].into(),
        lanes: 2,
        swept: 1,
        stages: 0,
        sweeps: vec![(vec![true, false, true, false, true, false], false)],
    };
    let (events, ..) = run(&sweeps, QUEUE, &Willing::always());
    assert_same(&sweeps.expected(), &events);
    for (neuron, fired) in [(2, false), (5, true)] {
        let mut wrong = sweeps.clone();
        wrong.sweeps[0].0[neuron] = fired;
        assert!(difference(&wrong.expected(), &events).is_some());
    }
}
