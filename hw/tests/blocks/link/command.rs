//! Command processor against `docs/protocol.md`, with a core of a few lines behind it.

use crate::support::{Willing, assert_same, config, difference, signed, simulate, willing, word};
use proptest::prelude::*;
use std::collections::VecDeque;
use synfire_golden_model::spikes::Spike;
use synfire_hw::circuit::event::Event;
use synfire_hw::circuit::link::command::{Command, Identity};
use synfire_hw::simulate::Simulation;

const PING: u8 = 0x00;
const IDENTIFY: u8 = 0x01;
const SYNC: u8 = 0x02;
const CLEAR: u8 = 0x10;
const SPIKES: u8 = 0x11;
const RESULT: u8 = 0x20;
const COUNTERS: u8 = 0x21;

const OK: u8 = 0;
const UNKNOWN_OPCODE: u8 = 1;
const UNSUPPORTED_VERSION: u8 = 2;
const MALFORMED: u8 = 3;
const OUT_OF_SEQUENCE: u8 = 4;
const NOT_READY: u8 = 5;

const OUTPUT_LANES: usize = 3;
const WATCHDOG_CLOCKS: u32 = 500;
/// Free slots that the receiver tells: an impossible number, so that it is seen to be passed on.
const FREE_SLOTS: u8 = 0x5C;
const POTENTIALS: [i32; 7] = [0, -1, i32::MAX, i32::MIN, 42, -70_000, 0x0102_0304];

/// Sixteen bytes from the given one up.
fn ascending(first: u8) -> [u8; 16] {
    let mut next = first..;
    [(); 16].map(|()| next.next().expect("below 256"))
}

fn identity(inputs: u32) -> Identity {
    Identity {
        layers: 2,
        classes: 7,
        inputs,
        clock_hz: 12_000_000,
        slot_bytes: 256,
        design_hash: ascending(0x10),
        model_hash: ascending(0xA0),
    }
}

/// A processor, a receive slot before it, and a core behind it.
struct Bench {
    command: Simulation<Command>,
    /// Events pushed to the core.
    events: Vec<Event>,
    /// Events that the core has not worked on yet; it takes one every few clocks.
    waiting: VecDeque<Event>,
    /// The core does nothing.
    stalled: bool,
    core_ready: Willing,
    transmitter_ready: Willing,
    steps_done: u32,
    clears_done: u8,
}

impl Bench {
    fn new(inputs: u32) -> Self {
        let command = Command::new(&identity(inputs), OUTPUT_LANES).with_watchdog(WATCHDOG_CLOCKS);
        let mut bench = Self {
            command: simulate(command, |command| &mut command.clock),
            events: Vec::new(),
            waiting: VecDeque::new(),
            stalled: false,
            core_ready: Willing::always(),
            transmitter_ready: Willing::always(),
            steps_done: 0,
            clears_done: 0,
        };
        let circuit = bench.command.circuit();
        circuit.free_slots.next = word(FREE_SLOTS);
        circuit.bad_frames.next = word(0x0403_0201_u32);
        circuit.dropped_frames.next = word(0x0807_0605_u32);
        circuit.active_cycles.next = word(0x00C0_FFEE_u32);
        for layer in 0..2 {
            circuit.spikes_in[layer].next = word(0x1000_0000_u64 + layer as u64);
            circuit.spikes_out[layer].next = word(0x2000_0000_u64 + layer as u64);
            circuit.busy_cycles[layer].next = word(0x3000_0000_u64 + layer as u64);
        }
        bench
    }

    /// A request's response.
    fn request(&mut self, body: &[u8]) -> Vec<u8> {
        let mut response = Vec::new();
        let mut frame_valid = true;
        let mut read_data = 0;
        let mut group = 0;
        for clock in 0.. {
            let circuit = self.command.circuit();
            circuit.frame_valid.next = frame_valid;
            circuit.frame_length.next = word(body.len() as u64);
            circuit.read_data.next = word(read_data);
            circuit.event_ready.next = self.core_ready.at(clock);
            circuit.response_ready.next = self.transmitter_ready.at(clock);
            circuit.steps_done.next = word(self.steps_done);
            circuit.clears_done.next = word(self.clears_done);
            self.command.settle();
            // The lane is chosen in this clock, the group in the clock before.
            let class = group * OUTPUT_LANES + self.command.circuit().readout_lane.val().index();
            self.command.circuit().readout_data.next = signed(POTENTIALS.get(class).copied().unwrap_or(-1));
            self.command.settle();
            let circuit = self.command.circuit();
            group = circuit.readout_group.val().index();
            // A byte beyond the frame is what an earlier frame left there.
            read_data = body
                .get(circuit.read_address.val().index())
                .copied()
                .unwrap_or(0xEE);
            let pushed = circuit.event_valid.val() && circuit.event_ready.val();
            if pushed {
                let event = Event::decode(circuit.event_data.val().to_u32()).expect("an event");
                self.events.push(event);
                self.waiting.push_back(event);
            }
            let sent = circuit.response_valid.val() && circuit.response_ready.val();
            let last = circuit.response_last.val();
            if sent {
                response.push(circuit.response_data.val().to_u8());
            }
            if circuit.free.val() {
                assert!(frame_valid, "the slot is freed twice");
                assert!(response.is_empty(), "the slot is freed before the response");
                frame_valid = false;
            }
            if clock % 3 == 0 && !self.stalled {
                self.work();
            }
            assert!(clock < 50_000, "no response to {body:02x?}: {response:02x?}");
            self.command.tick();
            if sent && last {
                assert!(!frame_valid, "the slot is never freed");
                return response;
            }
        }
        unreachable!("clocks do not end")
    }

    /// The core works on an event.
    fn work(&mut self) {
        match self.waiting.pop_front() {
            Some(Event::EndOfStep) => self.steps_done += 1,
            Some(Event::Clear) => {
                self.steps_done = 0;
                self.clears_done = self.clears_done.wrapping_add(1);
            }
            _ => {}
        }
    }

    /// Expects the header of a response, and returns its payload.
    #[track_caller]
    fn expect(&mut self, opcode: u8, sequence: u16, payload: &[u8], status: u8, expected: u16) -> Vec<u8> {
        let response = self.request(&request(opcode, sequence, payload));
        let [s0, s1] = sequence.to_le_bytes();
        let [e0, e1] = expected.to_le_bytes();
        assert_same(
            &[1, opcode | 0x80, s0, s1, status, FREE_SLOTS, e0, e1],
            &response[..8],
        );
        assert!(
            status == OK || response.len() == 8,
            "payload of status {status}: {response:02x?}"
        );
        response[8..].to_vec()
    }

    fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }
}

fn request(opcode: u8, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let [low, high] = sequence.to_le_bytes();
    [&[1, opcode, low, high], payload].concat()
}

fn spike(address: u32) -> Event {
    Event::Spike(Spike::positive(address))
}

/// Words, low byte first.
fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[test]
fn reads_are_answered_whatever_their_number_and_change_nothing() {
    let mut bench = Bench::new(20);
    for tag in [0, 1, 0xFFFF] {
        assert_same(&[], &bench.expect(PING, tag, &[], OK, 0));
        assert_same(&identity(20).payload(), &bench.expect(IDENTIFY, tag, &[], OK, 0));
        let counters = bytes(&[
            0x0403_0201,
            0x0807_0605,
            0x1000_0000,
            0x2000_0000,
            0x3000_0000,
            0x1000_0001,
            0x2000_0001,
            0x3000_0001,
        ]);
        assert_same(&counters, &bench.expect(COUNTERS, tag, &[], OK, 0));
        let mut result = bytes(&[0, 0x00C0_FFEE]);
        result.extend(POTENTIALS.iter().flat_map(|potential| potential.to_le_bytes()));
        assert_same(&result, &bench.expect(RESULT, tag, &[], OK, 0));
    }
    assert_same(&[], &bench.take_events());
}

#[test]
fn identity_is_laid_out_as_documented() {
    let mut expected = vec![1, 2, 7, 0, 0x10, 3, 0, 0, 0x00, 0x1B, 0xB7, 0x00, 0, 1, 2, 0];
    expected.extend(0x10..0x20);
    expected.extend(0xA0..0xB0);
    assert_same(&expected, &Bench::new(784).expect(IDENTIFY, 5, &[], OK, 0));
}

#[test]
fn sync_starts_the_sequence_anywhere_and_writes_follow_it() {
    let mut bench = Bench::new(20);
    bench.expect(SYNC, 0xFFFE, &[], OK, 0xFFFF);
    bench.expect(CLEAR, 0xFFFF, &[], OK, 0);
    bench.expect(SPIKES, 0, &[0x81, 1, 0], OK, 1);
    bench.expect(SYNC, 0x0400, &[], OK, 0x0401);
    assert_same(
        &[
            Event::Clear,
            Event::Clear,
            spike(0),
            Event::EndOfStep,
            Event::Clear,
        ],
        &bench.take_events(),
    );
}

#[test]
fn a_write_out_of_sequence_has_no_effect() {
    let mut bench = Bench::new(20);
    bench.expect(SYNC, 9, &[], OK, 10);
    bench.take_events();
    for sequence in [9, 11, 0, 10 + 256, 0xFFFF] {
        bench.expect(CLEAR, sequence, &[], OUT_OF_SEQUENCE, 10);
        bench.expect(SPIKES, sequence, &[0x81, 1, 0], OUT_OF_SEQUENCE, 10);
    }
    assert_same(&[], &bench.take_events());
    bench.expect(CLEAR, 10, &[], OK, 11);
    bench.expect(CLEAR, 10, &[], OUT_OF_SEQUENCE, 11);
    assert_same(&[Event::Clear], &bench.take_events());
}

#[test]
fn every_other_opcode_is_unknown() {
    let mut bench = Bench::new(20);
    let known = [PING, IDENTIFY, SYNC, CLEAR, SPIKES, RESULT, COUNTERS];
    // Opcodes have 7 bits: the eighth marks a response.
    for opcode in (0..0x80).filter(|opcode| !known.contains(opcode)) {
        bench.expect(opcode, 0, &[1, 2, 3], UNKNOWN_OPCODE, 0);
    }
    assert_same(&[], &bench.take_events());
}

#[test]
fn version_is_checked_before_everything_else() {
    let mut bench = Bench::new(20);
    for opcode in [PING, IDENTIFY, SYNC, CLEAR, SPIKES, RESULT, COUNTERS, 0x7F] {
        for version in [0, 2, 0x81, 0xFF] {
            let mut body = request(opcode, 0, &[0x81, 1, 0]);
            body[0] = version;
            assert_same(
                &[1, opcode | 0x80, 0, 0, UNSUPPORTED_VERSION, FREE_SLOTS, 0, 0],
                &bench.request(&body),
            );
        }
    }
    assert_same(&[], &bench.take_events());
}

#[test]
fn opcode_is_checked_before_sequence_and_sequence_before_payload() {
    let mut bench = Bench::new(20);
    bench.expect(0x12, 77, &[0x7E], UNKNOWN_OPCODE, 0);
    bench.expect(SPIKES, 77, &[0x7E], OUT_OF_SEQUENCE, 0);
    bench.expect(SPIKES, 0, &[0x7E], MALFORMED, 1);
}

#[test]
fn reserved_bits_of_a_tag_are_malformed() {
    for bit in 1..7 {
        let mut bench = Bench::new(20);
        bench.expect(SPIKES, 0, &[0x81 | 1 << bit, 1, 0], MALFORMED, 1);
        assert_same(&[], &bench.take_events());
    }
}

#[test]
fn chunks_that_are_cut_short_are_malformed() {
    for payload in [
        &[0x81][..],
        &[0x81, 3],
        &[0x81, 255],
        &[0x80],
        &[0x80, 0, 0],
        &[0x81, 0, 0x80, 1],
    ] {
        Bench::new(20).expect(SPIKES, 0, payload, MALFORMED, 1);
    }
}

#[test]
fn addresses_beyond_the_inputs_are_malformed_and_never_pushed() {
    for (inputs, payload) in [
        (20, &[0x81, 21, 0][..]),
        (20, &[0x81, 20, 1, 0]),
        (20, &[0x81, 254, 0]),
        (254, &[0x81, 255, 1, 0]),
        (300, &[0x81, 255, 47, 0]),
    ] {
        let mut bench = Bench::new(inputs);
        bench.expect(SPIKES, 0, payload, MALFORMED, 1);
        let pushed = bench.take_events();
        assert!(
            pushed
                .iter()
                .all(|event| matches!(event, Event::Spike(s) if s.address < inputs)),
            "{pushed:?}"
        );
    }
    // The last input is one.
    let mut bench = Bench::new(300);
    bench.expect(SPIKES, 0, &[0x81, 255, 46, 0], OK, 1);
    assert_same(&[spike(299), Event::EndOfStep], &bench.take_events());
}

#[test]
fn the_request_of_the_document_is_decoded() {
    let mut bench = Bench::new(784);
    bench.expect(SYNC, 0x0401, &[], OK, 0x0402);
    bench.take_events();
    bench.expect(
        SPIKES,
        0x0402,
        &[0x81, 0x01, 0x03, 0xFF, 0x2B, 0x00, 0x81, 0x00],
        OK,
        0x0403,
    );
    assert_same(
        &[spike(0), spike(3), spike(300), Event::EndOfStep, Event::EndOfStep],
        &bench.take_events(),
    );
}

#[test]
fn result_waits_for_the_steps_and_the_clear() {
    let mut bench = Bench::new(20);
    bench.expect(SPIKES, 0, &[0x81, 1, 0, 0x81, 0], OK, 1);
    let result = bench.expect(RESULT, 0, &[], OK, 1);
    assert_same(&2_u32.to_le_bytes(), &result[..4]);
    // As many steps again: those of the inference before must not pass for them.
    bench.stalled = true;
    bench.expect(CLEAR, 1, &[], OK, 2);
    bench.expect(SPIKES, 2, &[0x81, 0, 0x81, 0], OK, 3);
    bench.expect(RESULT, 0, &[], NOT_READY, 3);
    bench.stalled = false;
    let result = bench.expect(RESULT, 0, &[], OK, 3);
    assert_same(&2_u32.to_le_bytes(), &result[..4]);
}

#[test]
fn the_watchdog_starts_anew_with_every_result() {
    let mut bench = Bench::new(20);
    bench.stalled = true;
    bench.expect(CLEAR, 0, &[], OK, 1);
    for _ in 0..2 {
        let before = bench.command.cycles();
        bench.expect(RESULT, 0, &[], NOT_READY, 1);
        let waited = bench.command.cycles() - before;
        assert!(waited > u64::from(WATCHDOG_CLOCKS), "{waited} clocks");
    }
}

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
