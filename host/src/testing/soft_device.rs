//! A device in memory: receive slots, sequence rule, opcodes, memories, encoder and early exit.

use super::accelerator::ToyAccelerator;
use super::chunks;
use super::soft_memories::SoftMemories;
use crate::protocol::{
    Counters, Decoded, FrameDecoder, Identity, InferenceResult, LayerCounters, Opcode, Response, Status,
    VERSION, frame,
};
use std::collections::VecDeque;

/// A device in memory. [`SoftDevice::take`] receives bytes; each call of [`SoftDevice::execute`] handles one request.
#[derive(Debug)]
pub struct SoftDevice {
    /// Identity that IDENTIFY returns. Change it before connecting.
    pub identity: Identity,
    /// Sequence number of the next write to be executed.
    pub expected: u16,
    /// Number of channels of the images that the board encodes.
    pub channels: usize,
    /// Number of the next requests that wait for the accelerator until the watchdog expires.
    pub watchdog_expiries: u32,
    /// Whether RESULT is never ready.
    pub never_ready: bool,
    /// Results that RESULT returns, one after the other, in place of those of the substitute for the accelerator.
    pub answers: VecDeque<InferenceResult>,
    decoder: FrameDecoder,
    slots: VecDeque<Vec<u8>>,
    accelerator: ToyAccelerator,
    memories: SoftMemories,
    /// Whether the current inference may exit early.
    exits: bool,
    /// Whether the current inference has exited.
    exited: bool,
    bad_frames: u32,
    dropped_frames: u32,
    executed: u64,
}

impl SoftDevice {
    /// A device after power-up, with two receive slots of 64 bytes.
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
            graded_inputs: false,
            encoder: true,
            early_exit: true,
            loadable: true,
            design: [0xD5; 16],
            model: [0x3A; 16],
        };
        Self::with_identity(identity)
    }

    /// A device after power-up, with this identity.
    #[must_use]
    pub fn with_identity(identity: Identity) -> Self {
        Self {
            expected: 0,
            channels: 1,
            watchdog_expiries: 0,
            never_ready: false,
            answers: VecDeque::new(),
            decoder: FrameDecoder::new(identity.slot_bytes.into()),
            slots: VecDeque::new(),
            accelerator: ToyAccelerator::new(identity.classes),
            memories: SoftMemories::new(&identity),
            exits: false,
            exited: false,
            bad_frames: 0,
            dropped_frames: 0,
            executed: 0,
            identity,
        }
    }

    /// Loses all state, as after a reset or a loss of power.
    pub fn reset(&mut self) {
        let channels = self.channels;
        *self = Self::with_identity(self.identity.clone());
        self.channels = channels;
    }

    /// Returns the number of requests executed since power-up.
    #[must_use]
    pub const fn executed(&self) -> u64 {
        self.executed
    }

    /// Receives bytes. Drops a frame if no slot is free.
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
        let has = |opcode: &Opcode| self.identity.encoder || *opcode != Opcode::Image;
        let Some(opcode) = Opcode::from_u8(opcode).filter(has) else {
            return refuse(Status::UnknownOpcode);
        };
        if opcode.is_sequenced() && seq != self.expected {
            return refuse(Status::OutOfSequence);
        }
        let has_payload = matches!(
            opcode,
            Opcode::Clear | Opcode::Spikes | Opcode::Load | Opcode::Image
        );
        if !has_payload && !payload.is_empty() {
            return refuse(Status::MalformedPayload);
        }
        let status = match opcode {
            Opcode::Ping | Opcode::Identify | Opcode::Counters => Status::Ok,
            Opcode::Sync => {
                self.expected = seq.wrapping_add(1);
                self.clear(false);
                Status::Ok
            }
            Opcode::Clear => match payload {
                [] => self.clear(false),
                &[flags] => self.clear_by(flags),
                _ => Status::MalformedPayload,
            },
            Opcode::Spikes => {
                let Identity {
                    inputs,
                    signed_inputs,
                    graded_inputs,
                    ..
                } = self.identity;
                match chunks::parse(payload, inputs, signed_inputs, graded_inputs) {
                    Some(events) => self.take_events(&events),
                    None => Status::MalformedPayload,
                }
            }
            Opcode::Load => self.memories.load(payload),
            Opcode::Image => self.image(payload),
            Opcode::Result if self.never_ready || self.watchdog_expires() => Status::NotReady,
            Opcode::Result => Status::Ok,
        };
        // A write that failed is not acknowledged.
        if opcode.is_sequenced() && status == Status::Ok {
            self.expected = self.expected.wrapping_add(1);
        }
        let answer = match (status, opcode) {
            (Status::Ok, Opcode::Identify) => Identity {
                model: self.memories.model(),
                ..self.identity.clone()
            }
            .payload(),
            (Status::Ok, Opcode::Result) => {
                let answer = self.answers.pop_front();
                answer.unwrap_or_else(|| self.accelerator.result()).payload()
            }
            (Status::Ok, Opcode::Counters) => self.counters().payload(),
            _ => Vec::new(),
        };
        (status, answer)
    }

    fn clear(&mut self, exits: bool) -> Status {
        self.accelerator.clear();
        self.accelerator.set_salt(self.memories.salt());
        (self.exits, self.exited) = (exits, false);
        Status::Ok
    }

    fn clear_by(&mut self, flags: u8) -> Status {
        if flags > 1 || flags == 1 && !self.identity.early_exit {
            return Status::MalformedPayload;
        }
        self.clear(flags == 1)
    }

    fn image(&mut self, payload: &[u8]) -> Status {
        let &[flags, s0, s1, s2, s3, low, high] = payload else {
            return Status::MalformedPayload;
        };
        let seed = u32::from_le_bytes([s0, s1, s2, s3]);
        if seed == 0 {
            return Status::MalformedPayload;
        }
        let status = self.clear_by(flags);
        if status != Status::Ok {
            return status;
        }
        let steps = u16::from_le_bytes([low, high]);
        let events = self.memories.draw(seed, steps, self.channels);
        self.take_events(&events)
    }

    /// Passes events to the accelerator until the inference exits.
    fn take_events(&mut self, events: &[chunks::Event]) -> Status {
        // If the watchdog expires, half of the events have entered.
        let expires = self.watchdog_expires();
        let count = if expires { events.len() / 2 } else { events.len() };
        for &event in &events[..count] {
            if self.exited {
                break;
            }
            self.accelerator.take(event);
            if event == chunks::Event::StepEnd && self.exits {
                let step = self.accelerator.result().steps as usize - 1;
                let margin = self.memories.margin(step).filter(|&margin| margin != u32::MAX);
                self.exited = margin.is_some_and(|margin| self.accelerator.lead() >= margin);
            }
        }
        if expires { Status::NotReady } else { Status::Ok }
    }

    const fn watchdog_expires(&mut self) -> bool {
        let expires = self.watchdog_expiries > 0;
        self.watchdog_expiries = self.watchdog_expiries.saturating_sub(1);
        expires
    }

    /// Returns the counters that COUNTERS returns. All activity is counted in the first layer.
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
