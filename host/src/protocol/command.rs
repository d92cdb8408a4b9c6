//! Requests: what the host asks of a device.
//!
//! Body: `version u8, opcode u8, seq u16, payload`. *Reads* change nothing and are executed whenever they
//! arrive; their `seq` only tags the response. *Writes* are executed in sequence, exactly once. SYNC starts a
//! sequence.

use super::{REQUEST_HEADER, VERSION, frame};
use std::fmt;

/// Operation codes. The reserved one (READBACK 0x22) is not spoken by this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Opcode {
    /// Read: answers, and nothing else.
    Ping = 0x00,
    /// Read: what is on the board; see [`Identity`](super::Identity).
    Identify = 0x01,
    /// Starts a sequence: always executed, `expected` becomes `seq + 1`, and the accelerator is cleared.
    Sync = 0x02,
    /// Write: starts a new inference.
    Clear = 0x10,
    /// Write: spikes of one or more time steps; see [`spikes`](super::spikes).
    Spikes = 0x11,
    /// Write: words of a memory; see [`load`](super::load).
    Load = 0x12,
    /// Write: starts a new inference with an image that the board encodes; see [`image`](super::image).
    Image = 0x13,
    /// Read: waits for all queued steps, then answers an [`InferenceResult`](super::InferenceResult).
    Result = 0x20,
    /// Read: error and activity counters; see [`Counters`](super::Counters).
    Counters = 0x21,
}

impl Opcode {
    /// Set in a response's opcode.
    pub const RESPONSE: u8 = 0x80;

    /// All opcodes of this version.
    pub const ALL: [Self; 9] = [
        Self::Ping,
        Self::Identify,
        Self::Sync,
        Self::Clear,
        Self::Spikes,
        Self::Load,
        Self::Image,
        Self::Result,
        Self::Counters,
    ];

    /// The opcode with this number.
    #[must_use]
    pub fn from_u8(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|&opcode| opcode as u8 == number)
    }

    /// Whether a device executes it only if its sequence number is the expected one.
    #[must_use]
    pub const fn is_sequenced(self) -> bool {
        matches!(self, Self::Clear | Self::Spikes | Self::Load | Self::Image)
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ping => "PING",
            Self::Identify => "IDENTIFY",
            Self::Sync => "SYNC",
            Self::Clear => "CLEAR",
            Self::Spikes => "SPIKES",
            Self::Load => "LOAD",
            Self::Image => "IMAGE",
            Self::Result => "RESULT",
            Self::Counters => "COUNTERS",
        })
    }
}

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// What to do.
    pub opcode: Opcode,
    /// Sequence number (writes, SYNC) or tag (reads).
    pub seq: u16,
    /// Flags of CLEAR, chunks of SPIKES, words of LOAD, arguments of IMAGE; empty for all others.
    pub payload: &'a [u8],
}

impl<'a> Request<'a> {
    /// A request without payload.
    #[must_use]
    pub const fn new(opcode: Opcode, seq: u16) -> Self {
        Self {
            opcode,
            seq,
            payload: &[],
        }
    }

    /// A write with a payload.
    #[must_use]
    pub const fn write(opcode: Opcode, seq: u16, payload: &'a [u8]) -> Self {
        Self { opcode, seq, payload }
    }

    /// SPIKES with the given chunks.
    #[must_use]
    pub const fn spikes(seq: u16, chunks: &'a [u8]) -> Self {
        Self {
            opcode: Opcode::Spikes,
            seq,
            payload: chunks,
        }
    }

    /// The body: header and payload.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(REQUEST_HEADER + self.payload.len());
        body.extend_from_slice(&[VERSION, self.opcode as u8]);
        body.extend_from_slice(&self.seq.to_le_bytes());
        body.extend_from_slice(self.payload);
        body
    }

    /// Appends the request's frame to `wire`.
    pub fn encode(&self, wire: &mut Vec<u8>) {
        frame::encode(&self.body(), wire);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_pinned() {
        let table: Vec<_> = Opcode::ALL
            .iter()
            .map(|&o| (o as u8, o.to_string(), o.is_sequenced()))
            .collect();
        let expected = [
            (0x00, "PING", false),
            (0x01, "IDENTIFY", false),
            (0x02, "SYNC", false),
            (0x10, "CLEAR", true),
            (0x11, "SPIKES", true),
            (0x12, "LOAD", true),
            (0x13, "IMAGE", true),
            (0x20, "RESULT", false),
            (0x21, "COUNTERS", false),
        ]
        .map(|(number, name, sequenced)| (number, name.to_owned(), sequenced));
        assert_eq!(table, expected);
    }

    #[test]
    fn only_known_numbers_are_opcodes() {
        let known: Vec<u8> = (0..=255).filter(|&n| Opcode::from_u8(n).is_some()).collect();
        assert_eq!(known, [0x00, 0x01, 0x02, 0x10, 0x11, 0x12, 0x13, 0x20, 0x21]);
    }

    #[test]
    fn bodies_are_pinned() {
        assert_eq!(Request::new(Opcode::Clear, 0x1234).body(), [1, 0x10, 0x34, 0x12]);
        assert_eq!(
            Request::spikes(0xFFFE, &[0x81, 0]).body(),
            [1, 0x11, 0xFE, 0xFF, 0x81, 0]
        );
    }
}
