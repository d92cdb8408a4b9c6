//! A command processor between a receive slot and a core of a few lines.

use crate::support::{Willing, assert_same, signed, simulate, word};
use std::collections::VecDeque;
use synfire_golden_model::spikes::Spike;
use synfire_hw::circuit::event::{Addressing, Event};
use synfire_hw::circuit::link::command::Command;
use synfire_hw::circuit::link::identity::{Identity, LoadableMemory};
use synfire_hw::simulate::Simulation;

pub(crate) const PING: u8 = 0x00;
pub(crate) const IDENTIFY: u8 = 0x01;
pub(crate) const SYNC: u8 = 0x02;
pub(crate) const CLEAR: u8 = 0x10;
pub(crate) const SPIKES: u8 = 0x11;
pub(crate) const LOAD: u8 = 0x12;
pub(crate) const IMAGE: u8 = 0x13;
pub(crate) const RESULT: u8 = 0x20;
pub(crate) const COUNTERS: u8 = 0x21;

pub(crate) const OK: u8 = 0;
pub(crate) const UNKNOWN_OPCODE: u8 = 1;
pub(crate) const UNSUPPORTED_VERSION: u8 = 2;
pub(crate) const MALFORMED: u8 = 3;
pub(crate) const OUT_OF_SEQUENCE: u8 = 4;
pub(crate) const NOT_READY: u8 = 5;
pub(crate) const NO_MEMORY: u8 = 6;
pub(crate) const OUTSIDE: u8 = 7;

const OUTPUT_LANES: usize = 3;
/// Cycles that RESULT waits at most.
pub(crate) const WATCHDOG_CYCLES: u32 = 500;
/// Free slots that the receiver reports: an impossible number, which shows that it is passed on.
pub(crate) const FREE_SLOTS: u8 = 0x5C;
/// Membranes of the output layer.
pub(crate) const POTENTIALS: [i32; 7] = [0, -1, i32::MAX, i32::MIN, 42, -70_000, 0x0102_0304];

/// Sixteen bytes from the given one up.
fn ascending(first: u8) -> [u8; 16] {
    let mut next = first..;
    [(); 16].map(|()| next.next().expect("below 256"))
}

pub(crate) fn identity(inputs: u32) -> Identity {
    Identity {
        layers: 2,
        classes: 7,
        inputs,
        clock_hz: 12_000_000,
        slot_bytes: 256,
        signed_inputs: false,
        graded_inputs: None,
        encoder: true,
        early_exit: true,
        loadable: true,
        design_hash: ascending(0x10),
        model_hash: ascending(0xA0),
    }
}

/// Memories that can be loaded, beside the model hash.
const MEMORIES: [LoadableMemory; 2] = [
    LoadableMemory {
        number: 3,
        depth: 10,
        word_bytes: 2,
    },
    LoadableMemory {
        number: 0xFC,
        depth: 400,
        word_bytes: 1,
    },
];

/// An encoder of a few lines: it sends an end of step every few cycles.
#[derive(Default)]
struct SoftEncoder {
    /// Seeds and steps that it was started with.
    started: Vec<(u32, u16)>,
    /// Steps that are left, and cycles.
    left: usize,
    /// The encoder never ends by itself.
    stalled: bool,
}

/// Layout of the events of a flat input.
pub(crate) fn addressing(identity: &Identity) -> Addressing {
    let inputs = usize::try_from(identity.inputs).expect("small");
    Addressing::of([inputs, 1, 1].into()).with_values(identity.graded_inputs.is_some())
}

/// A command processor, with a receive slot in front of it, and a core and an encoder behind it.
pub(crate) struct Bench {
    pub(crate) command: Simulation<Command>,
    /// Layout of the events.
    events_of: Addressing,
    /// Events pushed to the core.
    events: Vec<Event>,
    /// Events that the core has not processed yet; the core processes one every few cycles.
    waiting: VecDeque<Event>,
    /// The core does nothing.
    pub(crate) stalled: bool,
    pub(crate) core_ready: Willing,
    pub(crate) transmitter_ready: Willing,
    steps_done: u32,
    clears_done: u8,
    encoder: SoftEncoder,
    /// The core has exited early.
    pub(crate) exited: bool,
    /// Words written: memory, address, bytes.
    loaded: Vec<(u8, u32, Vec<u8>)>,
    loading: Vec<u8>,
}

impl Bench {
    pub(crate) fn new(inputs: u32) -> Self {
        Self::with_identity(&identity(inputs))
    }

    pub(crate) fn with_identity(identity: &Identity) -> Self {
        let command = Command::new(identity, OUTPUT_LANES, &MEMORIES).with_watchdog(WATCHDOG_CYCLES);
        let mut bench = Self {
            command: simulate(command, |command| &mut command.clock),
            events_of: addressing(identity),
            events: Vec::new(),
            waiting: VecDeque::new(),
            stalled: false,
            core_ready: Willing::always(),
            transmitter_ready: Willing::always(),
            steps_done: 0,
            clears_done: 0,
            encoder: SoftEncoder::default(),
            exited: false,
            loaded: Vec::new(),
            loading: Vec::new(),
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
    pub(crate) fn request(&mut self, body: &[u8]) -> Vec<u8> {
        let mut response = Vec::new();
        let mut frame_valid = true;
        let mut read_data = 0;
        let mut group = 0;
        for cycle in 0.. {
            let circuit = self.command.circuit();
            circuit.frame_valid.next = frame_valid;
            circuit.frame_length.next = word(body.len() as u64);
            circuit.read_data.next = word(read_data);
            circuit.event_ready.next = self.core_ready.at(cycle);
            circuit.response_ready.next = self.transmitter_ready.at(cycle);
            circuit.steps_done.next = word(self.steps_done);
            circuit.clears_done.next = word(self.clears_done);
            circuit.exited.next = self.exited;
            let steps_encoded = self.encoder.left > 0 && cycle % 5 == 0 && !self.encoder.stalled;
            circuit.encoder_busy.next = self.encoder.left > 0;
            circuit.encoder_step.next = steps_encoded;
            self.command.settle();
            // The lane is chosen in this cycle, the group in the cycle before.
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
                let event = self
                    .events_of
                    .decode(circuit.event_data.val().to_u32())
                    .expect("an event");
                self.events.push(event);
                self.waiting.push_back(event);
            }
            if circuit.load.shift.val() {
                self.loading.push(circuit.load.byte.val().to_u8());
            }
            if circuit.load.write.val() {
                let place = (
                    circuit.load.select.val().to_u8(),
                    circuit.load.address.val().to_u32(),
                );
                self.loaded
                    .push((place.0, place.1, std::mem::take(&mut self.loading)));
            }
            if steps_encoded {
                self.encoder.left -= 1;
                self.waiting.push_back(Event::EndOfStep);
            }
            if circuit.encoder_start.val() {
                assert_eq!(self.encoder.left, 0, "started at work");
                let steps = circuit.encoder_steps.val().to_u16();
                self.encoder
                    .started
                    .push((circuit.encoder_seed.val().to_u32(), steps));
                self.encoder.left = steps.into();
            }
            if circuit.encoder_stop.val() {
                self.encoder.left = 0;
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
            if cycle % 3 == 0 && !self.stalled {
                self.work();
            }
            assert!(cycle < 50_000, "no response to {body:02x?}: {response:02x?}");
            self.command.tick();
            if sent && last {
                assert!(!frame_valid, "the slot is never freed");
                return response;
            }
        }
        unreachable!("cycles do not end")
    }

    /// Lets the core process one event.
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
    pub(crate) fn expect(
        &mut self,
        opcode: u8,
        sequence: u16,
        payload: &[u8],
        status: u8,
        expected: u16,
    ) -> Vec<u8> {
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

    /// Seeds and steps of the images so far.
    pub(crate) fn images(&self) -> &[(u32, u16)] {
        &self.encoder.started
    }

    /// Whether the encoder is at work, and makes it stay so.
    pub(crate) fn stall_encoder(&mut self, stalled: bool) -> bool {
        self.encoder.stalled = stalled;
        self.encoder.left > 0
    }

    pub(crate) fn take_loaded(&mut self) -> Vec<(u8, u32, Vec<u8>)> {
        assert!(self.loading.is_empty(), "bytes of no word: {:02x?}", self.loading);
        std::mem::take(&mut self.loaded)
    }

    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }
}

pub(crate) fn request(opcode: u8, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let [low, high] = sequence.to_le_bytes();
    [&[1, opcode, low, high], payload].concat()
}

pub(crate) fn spike(address: u32) -> Event {
    Event::Spike(Spike::positive(address))
}

/// Words, low byte first.
pub(crate) fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
