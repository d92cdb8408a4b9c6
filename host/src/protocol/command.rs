//! Requests: what the host asks of a device.
//!
//! Body: `version u8, opcode u8, seq u16, payload`. A device executes a *read* whenever it arrives; a read changes
//! nothing, and its `seq` only tags the response. A device executes *writes* in sequence, each exactly once. SYNC
//! starts a sequence.

use super::{REQUEST_HEADER, VERSION, frame};
use std::fmt;

/// Operation codes. This version does not use the reserved code 0x22 (READBACK).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Opcode {
    /// Read that does nothing but answer.
    Ping = 0x00,
    /// Read that returns what is on the board, an [`Identity`](super::Identity).
    Identify = 0x01,
    /// Start of a sequence. Always executed: `expected` becomes `seq + 1`, and the accelerator is cleared.
    Sync = 0x02,
    /// Write that starts a new inference.
    Clear = 0x10,
    /// Write of the input spikes of one or more time steps, coded as [`spikes`](super::spikes) describes.
    Spikes = 0x11,
    /// Write of words into a memory, coded as [`load`](super::load) describes.
    Load = 0x12,
    /// Write that starts a new inference of an [`Image`](super::Image), which the board encodes.
    Image = 0x13,
    /// Read that waits for all queued steps, then returns an [`InferenceResult`](super::InferenceResult).
    Result = 0x20,
    /// Read that returns error and activity counters, a [`Counters`](super::Counters).
    Counters = 0x21,
}

impl Opcode {
    /// Bit that is set in the opcode of every response, and of no request.
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

    /// Returns the opcode with this number, or `None` if this version has none.
    #[must_use]
    pub fn from_u8(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|&opcode| opcode as u8 == number)
    }

    /// Whether a device executes this opcode only if its sequence number is the expected one.
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
    /// Operation to execute.
    pub opcode: Opcode,
    /// Sequence number of a write or SYNC, tag of a read.
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

    /// A SPIKES request with the given chunks.
    #[must_use]
    pub const fn spikes(seq: u16, chunks: &'a [u8]) -> Self {
        Self {
            opcode: Opcode::Spikes,
            seq,
            payload: chunks,
        }
    }

    /// The body of the request: header and payload.
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
