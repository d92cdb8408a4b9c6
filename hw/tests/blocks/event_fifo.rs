//! FIFO of events against a queue: an event comes out with its own mask.

use crate::support::{Willing, assert_same, config, simulate, willing, word};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_hw::circuit::event::Addressing;
use synfire_hw::circuit::event_fifo::EventFifo;

/// Events with masks, as they come out.
fn run(layout: Addressing, events: &[(u32, u64)], feed: &Willing, taker: &Willing) -> Vec<(u32, u64)> {
    let mut fifo = simulate(EventFifo::new(8, layout), |fifo| &mut fifo.clock);
    let (mut next, mut seen) = (0, Vec::new());
    for cycle in 0.. {
        let circuit = fifo.circuit();
        let offered = next < events.len() && feed.at(cycle);
        circuit.in_valid.next = offered;
        let (event, mask) = events.get(next).copied().unwrap_or_default();
        circuit.in_data.next = word(event);
        circuit.in_mask.next = word(mask);
        circuit.out_ready.next = taker.at(cycle);
        fifo.settle();
        let circuit = fifo.circuit();
        next += usize::from(offered && circuit.in_ready.val());
        if circuit.out_valid.val() && taker.at(cycle) {
            seen.push((circuit.out_data.val().to_u32(), circuit.out_mask.val().to_u64()));
        }
        if seen.len() == events.len() {
            return seen;
        }
        assert!(cycle < 10_000, "the FIFO hangs after {} events", seen.len());
        fifo.tick();
    }
    unreachable!("cycles have no end")
}

/// Events of any bits that the layout has, with any masks.
fn events(rng: &mut Xoshiro256PlusPlus, layout: Addressing) -> Vec<(u32, u64)> {
    let (bits, lanes) = (layout.event_bits(), layout.lanes);
    (0..60)
        .map(|_| {
            (
                rng.random_range(0..1 << bits),
                rng.random::<u64>() >> (64 - lanes),
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn events_come_out_in_order_with_their_masks(
        seed: u64, lanes in 1..=64_usize, feed in willing(), taker in willing(),
    ) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let shape = [rng.random_range(lanes..=80), rng.random_range(1..9), rng.random_range(1..9)];
        let layout = Addressing::of(shape.into()).in_words_of(lanes);
        let events = events(&mut rng, layout);
        // The mask of a single spike is not stored.
        let stored = |&(event, mask): &(u32, u64)| (event, if lanes == 1 { 0 } else { mask });
        let expected: Vec<(u32, u64)> = events.iter().map(stored).collect();
        assert_same(&expected, &run(layout, &events, &feed, &taker));
    }
}

#[test]
fn a_mask_of_another_event_is_noticed() {
    let layout = Addressing::of([6, 1, 1].into()).in_words_of(6);
    let events = [(0, 5), (1, 6)];
    let seen = run(layout, &events, &Willing::always(), &Willing::always());
    assert_same(&events, &seen);
    assert_ne!(seen, [(0, 6), (1, 5)]);
}
