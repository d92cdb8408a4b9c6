//! Decoding of spikes by the command processor, against a coder of a few lines.

use super::command_bench::{Bench, MALFORMED, OK, SPIKES, addressing, identity, request};
use crate::support::{assert_same, config, difference, willing};
use proptest::prelude::*;
use synfire_golden_model::spikes::Spike;
use synfire_hw::circuit::event::Event;

/// How a part of a step is coded.
#[derive(Clone, Copy, Debug)]
enum Coding {
    Bitmap,
    Delta,
    SignedBitmap,
    SignedDelta,
    SignedValues,
}

/// The sign of an input, where there are signs.
const fn is_negative(address: u32) -> bool {
    address % 3 == 1
}

/// Magnitude of the value of an input, where there are values.
const fn magnitude(address: u32) -> u8 {
    (address % 255) as u8 + 1
}

/// A chunk of the given inputs, in ascending order.
fn chunk(inputs: u32, spikes: &[u32], coding: Coding, step_ends: bool) -> Vec<u8> {
    let tag = u8::from(step_ends) << 7;
    match coding {
        Coding::Bitmap => {
            let mut bits = vec![0; inputs.div_ceil(8) as usize];
            for address in spikes {
                bits[*address as usize / 8] |= 1 << (address % 8);
            }
            [vec![tag], bits].concat()
        }
        Coding::Delta => {
            let mut bytes = vec![tag | 1];
            let mut last = -1;
            for &address in spikes {
                let mut delta = i64::from(address) - last;
                while delta > 254 {
                    bytes.push(255);
                    delta -= 254;
                }
                bytes.push(u8::try_from(delta).expect("at most 254"));
                last = address.into();
            }
            bytes.push(0);
            bytes
        }
        Coding::SignedBitmap => {
            let mut pairs = vec![[0, 0]; inputs.div_ceil(8) as usize];
            for &address in spikes {
                let pair = &mut pairs[address as usize / 8];
                pair[0] |= 1 << (address % 8);
                pair[1] |= u8::from(is_negative(address)) << (address % 8);
            }
            [vec![tag | 2], pairs.concat()].concat()
        }
        Coding::SignedDelta | Coding::SignedValues => {
            let has_values = matches!(coding, Coding::SignedValues);
            let mut bytes = vec![tag | 3 | u8::from(has_values) << 2];
            let mut last = -1;
            for &address in spikes {
                let mut delta = i64::from(address) - last;
                while delta > 126 {
                    bytes.push(127);
                    delta -= 126;
                }
                let sign = u8::from(is_negative(address)) << 7;
                bytes.push(sign | u8::try_from(delta).expect("at most 126"));
                bytes.extend(has_values.then(|| magnitude(address)));
                last = address.into();
            }
            bytes.push(0);
            bytes
        }
    }
}

/// Steps as chunks: each chunk's spikes, coding, and whether the step ends; and where frames end.
#[derive(Clone, Debug)]
struct Coded {
    inputs: u32,
    chunks: Vec<(Vec<u32>, Coding, bool, bool)>,
}

impl Coded {
    fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        for (spikes, coding, step_ends, _) in &self.chunks {
            let signed = !matches!(coding, Coding::Bitmap | Coding::Delta);
            let valued = matches!(coding, Coding::SignedValues);
            events.extend(spikes.iter().map(|&address| {
                let size = if valued { magnitude(address).into() } else { 1 };
                let value = if signed && is_negative(address) {
                    -size
                } else {
                    size
                };
                Event::Spike(Spike { address, value })
            }));
            events.extend(step_ends.then_some(Event::EndOfStep));
        }
        events
    }

    fn payloads(&self) -> Vec<Vec<u8>> {
        let mut payloads = vec![Vec::new()];
        for (spikes, coding, step_ends, frame_ends) in &self.chunks {
            let chunk = chunk(self.inputs, spikes, *coding, *step_ends);
            payloads.last_mut().expect("not empty").extend(chunk);
            if *frame_ends {
                payloads.push(Vec::new());
            }
        }
        payloads.retain(|payload| !payload.is_empty());
        payloads
    }
}

fn coded() -> impl Strategy<Value = Coded> {
    (1..600_u32, 1..=100_u32).prop_flat_map(|(inputs, rate)| {
        let sources = (0..inputs).collect::<Vec<u32>>();
        let most = (inputs * rate / 100).max(1) as usize;
        let spikes = proptest::sample::subsequence(sources, 0..=most.min(inputs as usize));
        let coding = prop_oneof![
            Just(Coding::Bitmap),
            Just(Coding::Delta),
            Just(Coding::SignedBitmap),
            Just(Coding::SignedDelta),
            Just(Coding::SignedValues)
        ];
        prop::collection::vec((spikes, coding, any::<bool>(), any::<bool>()), 1..4)
            .prop_map(move |chunks| Coded { inputs, chunks })
    })
}

/// A bench that takes signed chunks, too.
fn signed_bench(inputs: u32) -> Bench {
    let mut identity = identity(inputs);
    identity.signed_inputs = true;
    Bench::with_identity(&identity)
}

/// A bench that takes signed chunks and chunks of values, too.
fn graded_bench(inputs: u32) -> Bench {
    let mut identity = identity(inputs);
    identity.signed_inputs = true;
    identity.graded_inputs = Some(addressing(&identity).value_shift());
    Bench::with_identity(&identity)
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn steps_are_decoded_however_they_are_coded_and_split(
        coded in coded(), core_ready in willing(), transmitter_ready in willing(),
    ) {
        let mut bench = graded_bench(coded.inputs);
        bench.core_ready = core_ready;
        bench.transmitter_ready = transmitter_ready;
        for (sequence, payload) in (0..).zip(coded.payloads()) {
            bench.expect(SPIKES, sequence, &payload, OK, sequence + 1);
        }
        assert_same(&coded.events(), &bench.take_events());
    }
}

#[test]
fn a_flipped_bit_of_a_chunk_is_noticed() {
    let spikes = vec![1, 5, 17];
    for coding in [Coding::Bitmap, Coding::Delta] {
        let coded = Coded {
            inputs: 20,
            chunks: vec![(spikes.clone(), coding, true, false)],
        };
        for (flip, differs) in [(0, false), (1, true)] {
            let mut payload = coded.payloads().swap_remove(0);
            payload[1] ^= flip;
            let mut bench = Bench::new(20);
            bench.request(&request(SPIKES, 0, &payload));
            assert_eq!(
                difference(&coded.events(), &bench.take_events()).is_some(),
                differs,
                "{coding:?}"
            );
        }
    }
}

#[test]
fn a_value_of_0_or_in_a_bitmap_is_malformed_and_a_design_without_values_takes_none() {
    for payload in [
        &[0x85, 1, 0, 0][..],
        &[0x85, 1],
        &[0x84, 1, 0, 0],
        &[0x86, 0],
        &[0x8D, 0],
        &[0x85, 21, 9, 0],
    ] {
        graded_bench(20).expect(SPIKES, 0, payload, MALFORMED, 0);
    }
    for payload in [&[0x85, 1, 255, 0][..], &[0x87, 0x81, 7, 0]] {
        graded_bench(20).expect(SPIKES, 0, payload, OK, 1);
        signed_bench(20).expect(SPIKES, 0, payload, MALFORMED, 0);
    }
}

#[test]
fn signs_of_no_spike_are_malformed_and_a_design_without_signs_takes_none() {
    for payload in [
        &[0x83, 0x80, 0][..],
        &[0x83, 0xFF, 1, 0],
        &[0x83, 21, 0],
        &[0x82, 1, 2, 0, 0, 0, 0],
        &[0x82, 0, 0, 0, 0, 0x10, 0],
        &[0x82, 1, 0, 0, 0, 0],
        &[0x86, 0],
    ] {
        signed_bench(20).expect(SPIKES, 0, payload, MALFORMED, 0);
    }
    for payload in [&[0x83, 1, 0][..], &[0x82, 1, 1, 0, 0, 0, 0]] {
        signed_bench(20).expect(SPIKES, 0, payload, OK, 1);
        Bench::new(20).expect(SPIKES, 0, payload, MALFORMED, 0);
    }
}
