//! Wires between layers against their definition: an event passes to all takers of its stream, or to none.

use crate::support::{assert_same, combinational, config, difference, word};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_hw::circuit::interconnect::{Interconnect, Wiring};

/// A network's wiring: every layer takes streams of those before it.
fn wiring(rng: &mut Xoshiro256PlusPlus, layers: usize) -> Wiring {
    Wiring {
        streams: layers,
        main: (0..layers).map(|layer| rng.random_range(0..=layer)).collect(),
        side: (0..layers - 1)
            .map(|layer| rng.random_bool(0.5).then(|| rng.random_range(0..=layer)))
            .collect(),
        throttled: rng.random(),
    }
}

/// Inputs of one cycle: the event of each stream, if there is one, the streams that are stalled, and the
/// takers that have room, main paths first, then side paths.
#[derive(Clone, Debug)]
struct Inputs {
    events: Vec<Option<u32>>,
    held: Vec<bool>,
    room: Vec<bool>,
}

fn inputs(rng: &mut Xoshiro256PlusPlus, wiring: &Wiring) -> Inputs {
    let takers = wiring.main.len() + wiring.side.len();
    Inputs {
        events: (0..wiring.streams)
            .map(|_| rng.random_bool(0.7).then(|| rng.random()))
            .collect(),
        held: (0..wiring.streams)
            .map(|_| wiring.throttled && rng.random_bool(0.3))
            .collect(),
        room: (0..takers).map(|_| rng.random_bool(0.7)).collect(),
    }
}

/// The stream of each taker, if it takes one.
fn streams(wiring: &Wiring) -> Vec<Option<usize>> {
    let main = wiring.main.iter().map(|&stream| Some(stream));
    main.chain(wiring.side.iter().copied()).collect()
}

/// Events that pass in a cycle: that of each stream, and that which each taker stores.
type Passed = (Vec<Option<u32>>, Vec<Option<u32>>);

fn model(wiring: &Wiring, inputs: &Inputs) -> Passed {
    let takers = streams(wiring);
    let passes = |stream: usize| {
        let rooms = takers.iter().zip(&inputs.room);
        inputs.events[stream].filter(|_| {
            let mut rooms = rooms
                .filter(|(of, _)| **of == Some(stream))
                .map(|(_, &room)| room);
            !inputs.held[stream] && rooms.all(|room| room)
        })
    };
    (
        (0..wiring.streams).map(passes).collect(),
        takers.iter().map(|of| of.and_then(passes)).collect(),
    )
}

/// Mask beside an event: all bits of it depend on the event.
fn mask_of(event: u32) -> u64 {
    u64::from(event) << 32 | u64::from(!event)
}

fn run(wiring: &Wiring, inputs: &[Inputs]) -> Vec<Passed> {
    let mut wires = combinational(Interconnect::new(wiring.clone()));
    let layers = wiring.main.len();
    inputs
        .iter()
        .map(|inputs| {
            let circuit = wires.circuit();
            for (stream, event) in inputs.events.iter().enumerate() {
                circuit.stream_valid[stream].next = event.is_some();
                circuit.stream_data[stream].next = word(event.unwrap_or(0));
                circuit.stream_mask[stream].next = word(mask_of(event.unwrap_or(0)));
            }
            let (main, side) = inputs.room.split_at(layers);
            let ready = circuit.main_ready.iter_mut().zip(main);
            ready
                .chain(circuit.side_ready.iter_mut().zip(side))
                .for_each(|(port, &room)| port.next = room);
            for (port, &held) in circuit.throttle.iter_mut().zip(&inputs.held) {
                port.next = held;
            }
            wires.settle();
            let circuit = wires.circuit();
            let taken = (0..wiring.streams)
                .map(|stream| inputs.events[stream].filter(|_| circuit.stream_ready[stream].val()));
            let valid = circuit.main_valid.iter().chain(&circuit.side_valid);
            let data = circuit.main_data.iter().chain(&circuit.side_data);
            let masks = circuit.main_mask.iter().chain(&circuit.side_mask);
            let stored =
                valid
                    .zip(data.zip(masks))
                    .zip(&inputs.room)
                    .map(|((valid, (data, mask)), &room)| {
                        (valid.val() && room).then(|| {
                            let data = data.val().to_u32();
                            assert_eq!(mask.val().to_u64(), mask_of(data), "mask of an event");
                            data
                        })
                    });
            (taken.collect(), stored.collect())
        })
        .collect()
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn an_event_passes_to_all_of_its_takers_in_one_cycle_or_to_none(layers in 1..7_usize, seed: u64) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let wiring = wiring(&mut rng, layers);
        let inputs: Vec<Inputs> = (0..40).map(|_| inputs(&mut rng, &wiring)).collect();
        let expected: Vec<Passed> = inputs.iter().map(|inputs| model(&wiring, inputs)).collect();
        assert_same(&expected, &run(&wiring, &inputs));
    }
}

#[test]
fn a_path_of_another_stream_is_noticed() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let right = Wiring {
        streams: 3,
        main: vec![0, 1, 2],
        side: vec![None, Some(0)],
        throttled: false,
    };
    let inputs: Vec<Inputs> = (0..40).map(|_| inputs(&mut rng, &right)).collect();
    let expected: Vec<Passed> = inputs.iter().map(|inputs| model(&right, inputs)).collect();
    assert_same(&expected, &run(&right, &inputs));
    for side in [vec![None, Some(1)], vec![None, None], vec![Some(0), Some(0)]] {
        let wrong = Wiring {
            side,
            ..right.clone()
        };
        assert!(
            difference(&expected, &run(&wrong, &inputs)).is_some(),
            "{wrong:?}"
        );
    }
}
