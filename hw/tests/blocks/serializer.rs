//! Serializer against the list of the neurons that fired, fed as an engine feeds it.

use crate::support::{Willing, assert_same, config, difference, simulate, willing, word};
use proptest::prelude::*;
use std::collections::VecDeque;
use synfire_golden_model::spikes::Spike;
use synfire_hw::circuit::event::Event;
use synfire_hw::circuit::serializer::Serializer;

/// Shape of the layer, and its sweeps: the fired flags of every neuron, and whether the sweep is a clear.
#[derive(Clone, Debug)]
struct Sweeps {
    lanes: usize,
    groups: usize,
    sweeps: Vec<(Vec<bool>, bool)>,
}

impl Sweeps {
    fn expected(&self) -> Vec<Event> {
        let mut events = Vec::new();
        for (fired, clear) in &self.sweeps {
            let neurons = (0..)
                .zip(fired)
                .filter(|(_, fired)| **fired)
                .map(|(neuron, _)| neuron);
            events.extend(neurons.map(|neuron| Event::Spike(Spike::positive(neuron))));
            events.push(if *clear { Event::Clear } else { Event::EndOfStep });
        }
        events
    }

    /// What an engine puts out, sweep by sweep: a mask a word, and the marker.
    fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (fired, clear) in &self.sweeps {
            let masks = fired
                .chunks(self.lanes)
                .map(|lanes| Entry::Mask(lanes.iter().fold(0, |mask, &fired| mask << 1 | u64::from(fired))));
            entries.extend(masks);
            entries.push(Entry::Marker { clear: *clear });
        }
        entries
    }
}

#[derive(Clone, Copy, Debug)]
enum Entry {
    Mask(u64),
    Marker { clear: bool },
}

/// An engine as its pipeline makes it look: a word that it reads arrives two clocks later, whatever `pause` says
/// then, and the marker a clock after the last word.
struct Engine {
    entries: VecDeque<Entry>,
    on_the_way: [Option<Entry>; 2],
    idle: usize,
}

impl Engine {
    fn clock(&mut self, pause: bool) -> Option<Entry> {
        let read = if self.idle > 0 {
            self.idle -= 1;
            None
        } else {
            match self.entries.front() {
                Some(Entry::Mask(_)) if pause => None,
                _ => self.entries.pop_front(),
            }
        };
        if let Some(Entry::Marker { .. }) = read {
            self.idle = 3;
        }
        let [first, second] = self.on_the_way;
        self.on_the_way = [second, read];
        first
    }
}

/// The events that leave, the clocks in which they leave, and the spike counter at the end.
fn run(sweeps: &Sweeps, reader: &Willing) -> (Vec<Event>, Vec<usize>, u32) {
    let mut engine = Engine {
        entries: sweeps.entries().into(),
        on_the_way: [None, None],
        idle: 0,
    };
    let mut serializer = simulate(Serializer::new(sweeps.lanes, sweeps.groups), |serializer| {
        &mut serializer.clock
    });
    let (mut events, mut clocks) = (Vec::new(), Vec::new());
    let mut quiet = 0;
    for clock in 0.. {
        let circuit = serializer.circuit();
        let entry = engine.clock(circuit.pause.val());
        circuit.mask_valid.next = matches!(entry, Some(Entry::Mask(_)));
        circuit.marker_valid.next = matches!(entry, Some(Entry::Marker { .. }));
        match entry {
            Some(Entry::Mask(mask)) => circuit.mask.next = word(mask),
            Some(Entry::Marker { clear }) => circuit.marker_clear.next = clear,
            None => {}
        }
        circuit.event_ready.next = reader.at(clock);
        serializer.settle();
        let circuit = serializer.circuit();
        if circuit.event_valid.val() && circuit.event_ready.val() {
            events.push(Event::decode(circuit.event_data.val().to_u32()).expect("an event"));
            clocks.push(clock);
        }
        quiet = if entry.is_some() || circuit.busy.val() {
            0
        } else {
            quiet + 1
        };
        if quiet == 8 && engine.entries.is_empty() {
            break;
        }
        assert!(clock < 20_000, "the serializer hangs after {events:?}");
        serializer.tick();
    }
    (events, clocks, serializer.circuit().spikes_out.val().to_u32())
}

fn sweeps() -> impl Strategy<Value = Sweeps> {
    (1..=9_usize, 1..=6_usize, 0..100_u8).prop_flat_map(|(lanes, groups, rate)| {
        let fired = proptest::collection::vec((0..100_u8).prop_map(move |draw| draw < rate), lanes * groups);
        let clear = (0..8_u8).prop_map(|draw| draw == 0);
        proptest::collection::vec((fired, clear), 1..12).prop_map(move |sweeps| Sweeps {
            lanes,
            groups,
            sweeps,
        })
    })
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn neurons_leave_in_ascending_order_and_the_marker_behind_them(sweeps in sweeps(), reader in willing()) {
        let (events, _, spikes) = run(&sweeps, &reader);
        assert_same(&sweeps.expected(), &events);
        let since_clear = events.rsplit(|event| *event == Event::Clear).next().unwrap_or_default();
        let expected = since_clear.iter().filter(|event| matches!(event, Event::Spike(_))).count();
        prop_assert_eq!(spikes as usize, expected, "spikes since the last clear");
    }
}

/// Ten sweeps of two words in which every neuron fires.
fn storm(lanes: usize) -> Sweeps {
    Sweeps {
        lanes,
        groups: 2,
        sweeps: vec![(vec![true; 2 * lanes], false); 10],
    }
}

#[test]
fn a_reader_that_stops_for_long_loses_nothing() {
    let reader = Willing::from_clocks((0..400).map(|clock| clock >= 200));
    for lanes in [1, 4, 64] {
        let (events, ..) = run(&storm(lanes), &reader);
        assert_same(&storm(lanes).expected(), &events);
    }
}

#[test]
fn a_word_costs_a_clock_to_load_a_spike_one_and_a_marker_one() {
    let (events, clocks, _) = run(&storm(8), &Willing::always());
    assert_same(&storm(8).expected(), &events);
    // The engine is faster than that, so from the second step on nothing else limits it.
    let first_of_step = |step: usize| clocks[17 * step];
    assert_eq!(first_of_step(5) - first_of_step(4), 2 * (1 + 8) + 1);
}

#[test]
fn a_neuron_that_is_lost_or_moved_is_noticed() {
    let sweeps = Sweeps {
        lanes: 3,
        groups: 2,
        sweeps: vec![(vec![true, false, true, false, true, false], false)],
    };
    let (events, ..) = run(&sweeps, &Willing::always());
    for (neuron, fired) in [(2, false), (5, true)] {
        let mut wrong = sweeps.clone();
        wrong.sweeps[0].0[neuron] = fired;
        assert!(difference(&wrong.expected(), &events).is_some());
    }
}
