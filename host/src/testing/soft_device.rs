//! A device in memory: receive slots, sequence rule, opcodes.

use super::accelerator::ToyAccelerator;
use super::chunks;
use crate::protocol::{
    Counters, Decoded, FrameDecoder, Identity, LayerCounters, Opcode, Response, Status, VERSION, frame,
};
use std::collections::VecDeque;

/// A device in memory. Bytes go in with [`SoftDevice::take`]; each [`SoftDevice::execute`] handles one
/// request.
#[derive(Debug)]
pub struct SoftDevice {
    /// What IDENTIFY answers; change it before connecting.
    pub identity: Identity,
    /// The next sequence number to be executed.
    pub expected: u16,
    /// The next so many requests that wait for the accelerator run into the watchdog.
    pub stalls: u32,
    decoder: FrameDecoder,
    slots: VecDeque<Vec<u8>>,
    accelerator: ToyAccelerator,
    bad_frames: u32,
    dropped_frames: u32,
    executed: u64,
}

impl SoftDevice {
    /// A device with two receive slots of 64 bytes, freshly powered up.
    #[must_use]
    pub fn new(inputs: u32, classes: u16) -> Self {
        let identity = Identity {
            protocol: VERSION,
            layers: 2,
            classes,
            inputs,
            clock_hz: 25_000_000,
            slot_bytes: 64,
            slots: 2,
            signed_inputs: false,
            design: [0xD5; 16],
            model: [0x3A; 16],
        };
        Self::with_identity(identity)
    }

    /// A device of any description.
    #[must_use]
    pub fn with_identity(identity: Identity) -> Self {
        Self {
            expected: 0,
            stalls: 0,
            decoder: FrameDecoder::new(identity.slot_bytes.into()),
            slots: VecDeque::new(),
            accelerator: ToyAccelerator::new(identity.classes),
            bad_frames: 0,
            dropped_frames: 0,
            executed: 0,
            identity,
        }
    }

    /// Loses all state, as a reset or a lapse of power does.
    pub fn reset(&mut self) {
        *self = Self::with_identity(self.identity.clone());
    }

    /// Number of requests executed since power-up.
    #[must_use]
    pub const fn executed(&self) -> u64 {
        self.executed
    }

    /// Receives bytes. A frame that finds no free slot is dropped.
    pub fn take(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match self.decoder.push(byte) {
                Decoded::Pending => {}
                Decoded::Frame(body) if body.len() < crate::protocol::REQUEST_HEADER => self.bad_frames += 1,
                Decoded::Frame(_) if self.slots.len() >= usize::from(self.identity.slots) => {
                    self.dropped_frames += 1
                }
                Decoded::Frame(body) => self.slots.push_back(body),
                Decoded::Bad(_) => self.bad_frames += 1,
            }
        }
    }

    /// Executes the oldest request and appends the frame of its response to `wire`. Returns whether there was
    /// one.
    pub fn execute(&mut self, wire: &mut Vec<u8>) -> bool {
        let Some(body) = self.slots.pop_front() else {
            return false;
        };
        self.executed += 1;
        let opcode = body[1];
        let seq = u16::from_le_bytes([body[2], body[3]]);
        let (status, payload) = if body[0] == VERSION {
            self.dispatch(opcode, seq, &body[4..])
        } else {
            refuse(Status::UnsupportedVersion)
        };
        let free = usize::from(self.identity.slots) - self.slots.len();
        let response = Response {
            version: VERSION,
            opcode: opcode & !Opcode::RESPONSE,
            seq,
            status,
            credits: u8::try_from(free).unwrap_or(u8::MAX),
            expected: self.expected,
            payload,
        };
        frame::encode(&response.body(), wire);
        true
    }

    fn dispatch(&mut self, opcode: u8, seq: u16, payload: &[u8]) -> (Status, Vec<u8>) {
        let Some(opcode) = Opcode::from_u8(opcode) else {
            return refuse(Status::UnknownOpcode);
        };
        if opcode.is_sequenced() && seq != self.expected {
            return refuse(Status::OutOfSequence);
        }
        if opcode != Opcode::Spikes && !payload.is_empty() {
            return refuse(Status::MalformedPayload);
        }
        let answer = match opcode {
            Opcode::Ping => Vec::new(),
            Opcode::Identify => self.identity.payload(),
            Opcode::Sync => {
                self.expected = seq.wrapping_add(1);
                self.accelerator.clear();
                Vec::new()
            }
            Opcode::Clear => {
                self.expected = self.expected.wrapping_add(1);
                self.accelerator.clear();
                Vec::new()
            }
            Opcode::Spikes => {
                let Some(events) = chunks::parse(payload, self.identity.inputs) else {
                    return refuse(Status::MalformedPayload);
                };
                self.expected = self.expected.wrapping_add(1);
                // Half of the events are in when the watchdog runs out.
                let stalled = self.stall();
                let count = if stalled { events.len() / 2 } else { events.len() };
                events
                    .into_iter()
                    .take(count)
                    .for_each(|event| self.accelerator.take(event));
                if stalled {
                    return refuse(Status::NotReady);
                }
                Vec::new()
            }
            Opcode::Result if self.stall() => return refuse(Status::NotReady),
            Opcode::Result => self.accelerator.result().payload(),
            Opcode::Counters => self.counters().payload(),
        };
        (Status::Ok, answer)
    }

    const fn stall(&mut self) -> bool {
        let stalls = self.stalls > 0;
        self.stalls = self.stalls.saturating_sub(1);
        stalls
    }

    /// What COUNTERS answers. All activity is the first layer's.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let mut layers = vec![LayerCounters::default(); self.identity.layers.into()];
        if let Some(first) = layers.first_mut() {
            *first = self.accelerator.counters();
        }
        Counters {
            bad_frames: self.bad_frames,
            dropped_frames: self.dropped_frames,
            layers,
        }
    }
}

fn refuse(status: Status) -> (Status, Vec<u8>) {
    (status, Vec::new())
}
