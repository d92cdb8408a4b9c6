//! Picker against the list of a word's spikes, and its timing: k spikes a cycle, whatever the words.

use crate::bundle::unbundled;
use crate::support::{Willing, assert_same, config, difference, simulate, willing, word};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::spikes::Spike;
use synfire_hw::circuit::event::{Addressing, Event};
use synfire_hw::circuit::picker::Picker;

/// An event and its mask.
type Masked = (Event, u64);

/// A spike or marker, and the channels of the further spikes.
type Picked = (Event, Vec<u32>);

/// Spikes and markers that leave by definition: up to `merged` channels of a word at once, the lowest first.
fn model(words: Addressing, merged: usize, events: &[Masked]) -> Vec<Picked> {
    let spikes = |&(event, mask): &Masked| match event {
        Event::Spike(spike) if words.lanes > 1 => {
            let sources = words.sources(spike.address, mask).expect("sources");
            let address = |source| words.in_words_of(1).address(source);
            let places = u32::try_from(words.shape.height * words.shape.width).expect("small");
            let picked = |sources: &[u32]| {
                let more = sources[1..].iter().map(|source| source / places);
                (Event::Spike(Spike::positive(address(sources[0]))), more.collect())
            };
            sources.chunks(merged).map(picked).collect()
        }
        other => vec![(other, Vec::new())],
    };
    events.iter().flat_map(spikes).collect()
}

/// Events that leave, and the cycles in which they do.
fn run(
    words: Addressing,
    merged: usize,
    events: &[Masked],
    feed: &Willing,
    taker: &Willing,
) -> (Vec<Picked>, Vec<usize>) {
    let mut picker = simulate(Picker::new(words, merged), |picker| &mut picker.clock);
    let (mut left, mut cycles) = (Vec::new(), Vec::new());
    let (mut next, mut offered, mut quiet) = (0, false, 0);
    for cycle in 0.. {
        let circuit = picker.circuit();
        offered = next < events.len() && (offered || feed.at(cycle));
        let (event, mask) = events.get(next).copied().unwrap_or((Event::EndOfStep, 0));
        circuit.in_valid.next = offered;
        circuit.in_data.next = word(event.encode());
        circuit.in_mask.next = word(mask);
        picker.settle();
        // What does not leave is not taken.
        let takes = picker.circuit().out_valid.val() && taker.at(cycle);
        picker.circuit().out_ready.next = takes;
        picker.settle();
        let circuit = picker.circuit();
        if takes {
            let event = Event::decode(circuit.out_data.val().to_u32()).expect("an event");
            let more = if matches!(event, Event::Spike(_)) {
                unbundled(circuit.more.val().to_u128())
            } else {
                Vec::new()
            };
            left.push((event, more));
            cycles.push(cycle);
        }
        if offered && circuit.in_ready.val() {
            next += 1;
            offered = false;
        }
        quiet = if circuit.out_valid.val() || circuit.holds.val() || next < events.len() {
            0
        } else {
            quiet + 1
        };
        if quiet == 4 {
            break;
        }
        assert!(cycle < 20_000, "the picker hangs after {} events", left.len());
        picker.tick();
    }
    (left, cycles)
}

/// Layout of a map of several channels in words.
fn layout(rng: &mut Xoshiro256PlusPlus) -> Addressing {
    let shape = [
        rng.random_range(1..=70),
        rng.random_range(1..=5),
        rng.random_range(1..=5),
    ];
    Addressing::of(shape.into()).in_words_of(rng.random_range(1..=shape[0].min(64)))
}

fn events(rng: &mut Xoshiro256PlusPlus, words: Addressing) -> Vec<Masked> {
    let sources = u32::try_from(words.shape.size()).expect("small");
    let event = |rng: &mut Xoshiro256PlusPlus| match rng.random_range(0..12) {
        0 => (Event::Clear, rng.random()),
        1 => (Event::EndOfStep, rng.random()),
        _ => {
            let source = rng.random_range(0..sources);
            let address = words.address(source);
            let channel = words.address(source) >> (words.row_bits() + words.column_bits());
            let left = words.shape.channels - channel as usize * words.lanes;
            let mask = rng.random::<u64>() & u64::MAX >> (64 - left.min(words.lanes));
            (
                Event::Spike(Spike::positive(address)),
                mask | 1 << words.lane(source),
            )
        }
    };
    (0..40).map(|_| event(rng)).collect()
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn spikes_leave_in_order_with_addresses_of_their_own(
        seed: u64, most in 1..=4_usize, feed in willing(), taker in willing(),
    ) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let words = layout(&mut rng);
        let merged = if words.lanes > 1 { most } else { 1 };
        let events = events(&mut rng, words);
        let (left, _) = run(words, merged, &events, &feed, &taker);
        assert_same(&model(words, merged, &events), &left);
    }

    #[test]
    fn no_cycle_is_lost_between_words(seed: u64, most in 1..=4_usize) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let words = layout(&mut rng);
        let events = events(&mut rng, words);
        let merged = if words.lanes > 1 { most } else { 1 };
        let (left, cycles) = run(words, merged, &events, &Willing::always(), &Willing::always());
        // Words of one lane pass at once; others are counted from the next cycle on, picked from in the one after that, and shown then.
        let first = 3 * usize::from(words.lanes > 1);
        assert_same(&(first..first + left.len()).collect::<Vec<_>>(), &cycles);
    }
}

#[test]
fn a_spike_that_is_lost_or_moved_is_noticed() {
    let words = Addressing::of([6, 2, 2].into()).in_words_of(4);
    let spike = |address, mask| (Event::Spike(Spike::positive(address)), mask);
    let events = [spike(1, 0b0110), spike(4 + 2, 0b11), (Event::EndOfStep, 0)];
    let (left, _) = run(words, 2, &events, &Willing::always(), &Willing::always());
    assert_same(&model(words, 2, &events), &left);
    for wrong in [
        [spike(1, 0b0010), events[1], events[2]],
        [spike(2, 0b0110), events[1], events[2]],
    ] {
        assert!(difference(&model(words, 2, &wrong), &left).is_some());
    }
}
