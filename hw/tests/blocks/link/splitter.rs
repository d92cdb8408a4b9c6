//! Splitter against a division.

use crate::support::{assert_same, config, simulate, willing, word};
use proptest::prelude::*;
use synfire_golden_model::spikes::Spike;
use synfire_hw::circuit::event::{Addressing, Event};
use synfire_hw::circuit::link::splitter::{Splitter, SplitterParams};

fn event(inputs: u32, graded: bool) -> impl Strategy<Value = Event> {
    let magnitude = if graded { 1..=255 } else { 1..=1_i16 };
    let value =
        (magnitude, any::<bool>()).prop_map(|(value, negative)| if negative { -value } else { value });
    prop_oneof![
        6 => (0..inputs, value).prop_map(|(address, value)| Event::Spike(Spike { address, value })),
        1 => Just(Event::EndOfStep),
        1 => Just(Event::Clear),
    ]
}

fn split(params: SplitterParams, event: Event) -> Event {
    match event {
        Event::Spike(spike) => Event::Spike(Spike {
            address: u32::try_from(params.address_of(spike.address as usize)).expect("small"),
            ..spike
        }),
        other => other,
    }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn every_event_leaves_with_its_address_and_in_order(
        (shape, graded, events) in ([1..5_usize, 1..40_usize, 1..40_usize], any::<bool>()).prop_flat_map(|(shape, graded)| {
            let inputs = u32::try_from(shape.iter().product::<usize>()).expect("small");
            (Just(shape), Just(graded), proptest::collection::vec(event(inputs, graded), 1..12))
        }),
        offered in willing(), taken in willing(),
    ) {
        let params = SplitterParams { shape, graded };
        let sources = Addressing::of(shape.into()).with_values(graded);
        let mut splitter = simulate(Splitter::new(params), |splitter| &mut splitter.clock);
        let (mut waiting, mut seen) = (events.iter(), Vec::new());
        let mut next = waiting.next();
        for cycle in 0.. {
            let circuit = splitter.circuit();
            circuit.in_valid.next = next.is_some() && offered.at(cycle);
            circuit.in_data.next = word(next.map_or(0, |&event| sources.encode(event)));
            circuit.out_ready.next = taken.at(cycle);
            splitter.settle();
            let circuit = splitter.circuit();
            if circuit.out_valid.val() && taken.at(cycle) {
                seen.push(sources.decode(circuit.out_data.val().to_u32()).expect("an event"));
            }
            if circuit.in_valid.val() && circuit.in_ready.val() {
                next = waiting.next();
            }
            splitter.tick();
            if seen.len() == events.len() && next.is_none() {
                break;
            }
            assert!(cycle < 20_000, "{} of {} events", seen.len(), events.len());
        }
        let expected: Vec<Event> = events.iter().map(|&event| split(params, event)).collect();
        assert_same(&expected, &seen);
        if !params.is_needed() {
            assert_same(&events, &expected);
        }
    }
}

#[test]
fn addresses_have_fields_side_by_side_and_a_splitter_is_needed_where_they_leave_gaps() {
    let params = |shape| SplitterParams { shape, graded: false };
    let address = |shape, number| params(shape).address_of(number);
    assert_eq!(address([1, 28, 28], 0), 0);
    assert_eq!(address([1, 28, 28], 28), 32);
    assert_eq!(address([3, 5, 6], 5 * 6 + 6 + 2), 1 << 6 | 1 << 3 | 2);
    let needed = |shape| params(shape).is_needed();
    assert!(needed([1, 28, 28]) && needed([2, 34, 34]) && needed([2, 3, 4]) && needed([2, 1, 3]));
    assert!(!needed([3, 32, 32]) && !needed([1, 7, 8]) && !needed([1, 1, 784]) && !needed([10, 1, 1]));
}
