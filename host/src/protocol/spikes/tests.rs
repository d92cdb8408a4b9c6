use super::*;
use crate::testing::chunks;
use proptest::{collection::btree_set, collection::vec, prelude::*};

fn payloads(inputs: u32, slot_bytes: u16, steps: &[&[u32]]) -> Vec<Vec<u8>> {
    SpikeEncoder::new(inputs, slot_bytes)
        .unwrap()
        .encode(steps)
        .unwrap()
        .payloads
}

#[test]
fn an_empty_step_is_two_bytes_and_no_step_no_frame() {
    assert_eq!(payloads(784, 512, &[&[]]), [[0x81, 0x00]]);
    assert_eq!(payloads(784, 512, &[]), [[0u8; 0]; 0]);
}

#[test]
fn delta_bytes_are_pinned_at_the_edges() {
    assert_eq!(payloads(5000, 64, &[&[253]]), [[0x81, 254, 0]]);
    assert_eq!(payloads(5000, 64, &[&[254]]), [vec![0x81, 255, 1, 0]]);
    assert_eq!(payloads(5000, 64, &[&[507]]), [vec![0x81, 255, 254, 0]]);
    assert_eq!(
        payloads(5000, 64, &[&[508, 509]]),
        [vec![0x81, 255, 255, 1, 1, 0]]
    );
}

#[test]
fn the_smaller_coding_wins_and_delta_a_tie() {
    assert_eq!(
        payloads(20, 64, &[&[0, 9, 19]]),
        [vec![0x80, 0b1, 0b10, 0b1000]],
        "4 against 5 bytes"
    );
    assert_eq!(
        payloads(20, 64, &[&[0, 19]]),
        [vec![0x81, 1, 19, 0]],
        "4 against 4 bytes"
    );
}

#[test]
fn chunks_are_packed_and_not_cut() {
    let step: &[u32] = &[0, 1, 2]; // five bytes as delta, into 16 bytes of room: three to a frame
    let frames = payloads(784, 24, &[step; 7]);
    assert_eq!(frames.iter().map(Vec::len).collect::<Vec<_>>(), [15, 15, 5]);
}

#[test]
fn a_step_larger_than_a_frame_is_split_and_each_chunk_starts_over() {
    // 8 bytes of room hold a tag, six spikes and an end; the bitmap of 300 inputs does not fit.
    let frames = payloads(300, 16, &[&[0, 1, 2, 3, 4, 5, 6, 290]]);
    assert_eq!(
        frames,
        [vec![0x01, 1, 1, 1, 1, 1, 1, 0], vec![0x81, 7, 255, 30, 0]]
    );
}

#[test]
fn signed_steps_are_pinned() {
    let encode = |inputs, step: &[(u32, bool)]| {
        let encoder = SpikeEncoder::new(inputs, 64).unwrap().with_signs(true).unwrap();
        let step: Vec<Spike> = step
            .iter()
            .map(|&(address, negative)| Spike::signed(address, negative))
            .collect();
        encoder.encode([step]).unwrap().payloads
    };
    assert_eq!(encode(5000, &[(3, true), (4, false)]), [[0x83, 0x84, 1, 0]]);
    assert_eq!(encode(5000, &[(125, true)]), [vec![0x83, 0xFE, 0]]);
    assert_eq!(encode(5000, &[(126, true)]), [vec![0x83, 127, 0x81, 0]]);
    assert_eq!(
        encode(5000, &[(3, false)]),
        [[0x81, 4, 0]],
        "no sign, no signed chunk"
    );
    let dense = [(0, true), (1, false), (2, true), (3, false), (9, true)];
    assert_eq!(encode(10, &dense), [[0x82, 0b1111, 0b101, 0b10, 0b10]]);
    let encoder = SpikeEncoder::new(8, 64).unwrap();
    let spike = Spike::signed(5, true);
    assert_eq!(
        encoder.encode([vec![], vec![spike]]).unwrap_err().to_string(),
        "step 1: input 5 has a negative spike, but the network's inputs are unsigned; encode the spikes for this network"
    );
    assert!(SpikeEncoder::new(2000, 18).unwrap().with_signs(true).is_err());
    assert!(SpikeEncoder::new(2000, 26).unwrap().with_signs(true).is_ok());
}

#[test]
fn graded_steps_are_pinned() {
    let encode = |inputs, step: &[(u32, i16)]| {
        let encoder = SpikeEncoder::new(inputs, 64).unwrap().with_signs(true).unwrap();
        let step: Vec<Spike> = step
            .iter()
            .map(|&(address, value)| Spike { address, value })
            .collect();
        encoder.with_values(true).unwrap().encode([step])
    };
    let pinned = |inputs, step: &[(u32, i16)]| encode(inputs, step).unwrap().payloads;
    assert_eq!(
        pinned(5000, &[(3, 200), (258, 1)]),
        [[0x85, 4, 200, 255, 1, 1, 0]]
    );
    assert_eq!(pinned(5000, &[(3, -200), (4, 7)]), [[0x87, 0x84, 200, 1, 7, 0]]);
    assert_eq!(
        pinned(5000, &[(3, 1)]),
        [[0x81, 4, 0]],
        "no value, no chunk of values"
    );
    assert_eq!(
        pinned(3, &[(0, 9), (1, 9), (2, 9)]),
        [[0x85, 1, 9, 1, 9, 1, 9, 0]],
        "a bitmap has no values"
    );
    for value in [0, 256, -256, i16::MIN] {
        assert_eq!(
            encode(8, &[(5, value)]).unwrap_err().to_string(),
            format!(
                "step 0: input 5 has an event of value {value}, but the network's inputs have magnitudes of 1 to 255; encode the \
                 events for this network"
            )
        );
    }
    let spikes = SpikeEncoder::new(8, 64).unwrap();
    let error = spikes.encode([[Spike { address: 1, value: 2 }]]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("value 2, but the network's inputs have magnitudes of 1 to 1;"),
        "{error}"
    );
    assert!(SpikeEncoder::new(2000, 18).unwrap().with_values(true).is_err());
    assert!(SpikeEncoder::new(2000, 19).unwrap().with_values(true).is_ok());
}

#[test]
fn a_slot_that_cannot_hold_a_spike_is_refused_and_one_byte_more_is_not() {
    // 2000 inputs: tag, eight delta bytes, end = 10 bytes, and 8 of overhead.
    assert!(SpikeEncoder::new(2000, 18).is_ok());
    let error = SpikeEncoder::new(2000, 17).unwrap_err();
    assert!(
        matches!(
            error,
            Error::SlotTooSmall {
                inputs: 2000,
                found: 17,
                wanted: 18
            }
        ),
        "{error}"
    );
}

#[test]
fn bad_addresses_are_refused_with_their_place() {
    let encoder = SpikeEncoder::new(100, 64).unwrap();
    let error = encoder.encode([vec![99], vec![5, 100]]).unwrap_err();
    assert!(
        matches!(
            error,
            Error::AddressOutOfRange {
                step: 1,
                address: 100,
                inputs: 100
            }
        ),
        "{error}"
    );
    for (list, previous, address) in [([7, 7], 7, 7), ([9, 8], 9, 8)] {
        let error = encoder.encode([list]).unwrap_err();
        assert!(
            matches!(error, Error::AddressesUnsorted { step: 0, previous: p, address: a }
                if (p, a) == (previous, address)),
            "{error}"
        );
    }
}

/// Steps of every density, for a random number of inputs and a random slot size.
fn case() -> impl Strategy<Value = (u32, u16, Vec<Vec<u32>>)> {
    (1u32..1200, 24u16..300).prop_flat_map(|(inputs, slot)| {
        let step = prop_oneof![
            btree_set(0..inputs, 0..8),
            btree_set(0..inputs, 0..inputs as usize + 1),
        ];
        let steps = vec(step.prop_map(|set| set.into_iter().collect()), 0..8);
        (Just(inputs), Just(slot), steps)
    })
}

proptest! {
    #[test]
    fn every_train_survives_within_its_slots((inputs, slot, steps) in case()) {
        // A third of the spikes of every other step is negative, and in half of the steps some have values.
        let steps: Vec<Vec<Spike>> = (0..).zip(&steps).map(|(number, step)| {
            let spike = |&address: &u32| Spike {
                address,
                value: match (number % 4, address % 5) {
                    (2 | 3, 1) => 255,
                    (2 | 3, 2) => 2,
                    _ => 1,
                } * if number % 2 == 1 && address % 3 == 1 { -1 } else { 1 },
            };
            step.iter().map(spike).collect()
        }).collect();
        let encoder = SpikeEncoder::new(inputs, slot).unwrap().with_signs(true).unwrap().with_values(true).unwrap();
        let train = encoder.encode(&steps).unwrap();
        let mut decoded = vec![Vec::new()];
        for payload in &train.payloads {
            prop_assert!(payload.len() + REQUEST_HEADER + CRC_BYTES <= usize::from(slot));
            let parsed = chunks::parse(payload, inputs, true, true);
            prop_assert!(parsed.is_some(), "{:?}: {:?}", parsed, payload);
            for event in parsed.unwrap() {
                match event {
                    chunks::Event::Spike(spike) => decoded.last_mut().unwrap().push(spike),
                    chunks::Event::StepEnd => decoded.push(Vec::new()),
                }
            }
        }
        prop_assert_eq!(decoded.pop(), Some(vec![]), "the last step is ended");
        prop_assert_eq!(decoded.len(), train.steps as usize);
        prop_assert_eq!(&decoded, &steps);
        prop_assert_eq!(train.spikes, steps.iter().map(|step| step.len() as u64).sum::<u64>());
    }

    #[test]
    fn no_step_costs_more_than_its_bitmap((inputs, _, steps) in case()) {
        let train = SpikeEncoder::new(inputs, 4096).unwrap().encode(&steps).unwrap();
        let bytes: usize = train.payloads.iter().map(Vec::len).sum();
        let bitmap = (1 + inputs.div_ceil(8) as usize).max(2);
        prop_assert!(bytes <= steps.len() * bitmap);
    }
}
