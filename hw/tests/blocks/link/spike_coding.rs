//! Decoding of spikes by the command processor, against a coder of a few lines.

use super::command_bench::{Bench, OK, SPIKES, request, spike};
use crate::support::{assert_same, config, difference, willing};
use proptest::prelude::*;
use synfire_hw::circuit::event::Event;

/// How a part of a step is coded.
#[derive(Clone, Copy, Debug)]
enum Coding {
    Bitmap,
    Delta,
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
        for (spikes, _, step_ends, _) in &self.chunks {
            events.extend(spikes.iter().map(|&address| spike(address)));
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
        let coding = prop_oneof![Just(Coding::Bitmap), Just(Coding::Delta)];
        prop::collection::vec((spikes, coding, any::<bool>(), any::<bool>()), 1..4)
            .prop_map(move |chunks| Coded { inputs, chunks })
    })
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn steps_are_decoded_however_they_are_coded_and_split(
        coded in coded(), core_ready in willing(), transmitter_ready in willing(),
    ) {
        let mut bench = Bench::new(coded.inputs);
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
