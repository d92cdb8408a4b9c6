//! Responses: a device sends one for every valid request, in order of arrival.
//!
//! Body: `version u8, opcode|0x80 u8, seq u16, status u8, credits u8, expected u16, payload`.

use super::{RESPONSE_HEADER, VERSION, command::Opcode, fields::Fields};
use std::fmt;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// The request was executed.
    Ok,
    /// The device does not know this opcode.
    UnknownOpcode,
    /// The device does not speak the request's protocol version.
    UnsupportedVersion,
    /// The payload does not follow the rules of its opcode.
    MalformedPayload,
    /// The write was not the next in the sequence and was not executed.
    OutOfSequence,
    /// The watchdog expired while the device waited for the accelerator.
    NotReady,
    /// The device does not have the memory that LOAD names.
    NoSuchMemory,
    /// A word of LOAD lies beyond the end of the memory.
    OutsideMemory,
    /// A status that this version does not know.
    Other(u8),
}

impl Status {
    /// Returns the status with this number on the wire.
    #[must_use]
    pub const fn from_u8(number: u8) -> Self {
        match number {
            0 => Self::Ok,
            1 => Self::UnknownOpcode,
            2 => Self::UnsupportedVersion,
            3 => Self::MalformedPayload,
            4 => Self::OutOfSequence,
            5 => Self::NotReady,
            6 => Self::NoSuchMemory,
            7 => Self::OutsideMemory,
            other => Self::Other(other),
        }
    }

    /// Returns the number of the status on the wire.
    #[must_use]
    pub const fn to_u8(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::UnknownOpcode => 1,
            Self::UnsupportedVersion => 2,
            Self::MalformedPayload => 3,
            Self::OutOfSequence => 4,
            Self::NotReady => 5,
            Self::NoSuchMemory => 6,
            Self::OutsideMemory => 7,
            Self::Other(number) => number,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("OK"),
            Self::UnknownOpcode => f.write_str("unknown opcode"),
            Self::UnsupportedVersion => f.write_str("unsupported protocol version"),
            Self::MalformedPayload => f.write_str("malformed payload"),
            Self::OutOfSequence => f.write_str("out of sequence"),
            Self::NotReady => f.write_str("accelerator not ready"),
            Self::NoSuchMemory => f.write_str("no such memory"),
            Self::OutsideMemory => f.write_str("outside of the memory"),
            Self::Other(number) => write!(f, "unknown status {number}"),
        }
    }
}

/// One response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Protocol version of the device. If it is not [`VERSION`], no other field has a meaning.
    pub version: u8,
    /// Opcode of the request, without [`Opcode::RESPONSE`].
    pub opcode: u8,
    /// Sequence number or tag of the request.
    pub seq: u16,
    /// What became of the request.
    pub status: Status,
    /// Number of free receive slots, the slot of this request included.
    pub credits: u8,
    /// Sequence number of the next write that the device will execute. All writes before it are acknowledged.
    pub expected: u16,
    /// Payload of the response; empty unless the status is OK.
    pub payload: Vec<u8>,
}

impl Response {
    /// Reads a body. Returns `None` if the body is shorter than a header, or belongs to a request.
    #[must_use]
    pub fn decode(body: &[u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let version = fields.u8()?;
        let opcode = fields.u8()?;
        Some(Self {
            version,
            opcode: (opcode & Opcode::RESPONSE != 0).then_some(opcode & !Opcode::RESPONSE)?,
            seq: fields.u16()?,
            status: Status::from_u8(fields.u8()?),
            credits: fields.u8()?,
            expected: fields.u16()?,
            payload: fields.0.to_vec(),
        })
    }

    /// Returns the body, header and payload, as a device sends it. Models of devices and tests use it.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(RESPONSE_HEADER + self.payload.len());
        body.extend_from_slice(&[self.version, self.opcode | Opcode::RESPONSE]);
        body.extend_from_slice(&self.seq.to_le_bytes());
        body.extend_from_slice(&[self.status.to_u8(), self.credits]);
        body.extend_from_slice(&self.expected.to_le_bytes());
        body.extend_from_slice(&self.payload);
        body
    }

    /// Whether the response answers a request with this opcode and this sequence number or tag.
    #[must_use]
    pub fn answers(&self, opcode: Opcode, seq: u16) -> bool {
        self.version == VERSION && self.opcode == opcode as u8 && self.seq == seq
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: [u8; 10] = [1, 0xA0, 0x34, 0x12, 0, 2, 0xCD, 0xAB, 7, 8];

    #[test]
    fn every_field_has_its_place() {
        let response = Response::decode(&BODY).unwrap();
        let expected = Response {
            version: 1,
            opcode: 0x20,
            seq: 0x1234,
            status: Status::Ok,
            credits: 2,
            expected: 0xABCD,
            payload: vec![7, 8],
        };
        assert_eq!(response, expected);
        assert_eq!(response.body(), BODY);
        assert!(response.answers(Opcode::Result, 0x1234));
        assert!(!response.answers(Opcode::Result, 0x1235));
        assert!(!response.answers(Opcode::Counters, 0x1234));
    }

    #[test]
    fn requests_and_stumps_are_no_responses() {
        for length in 0..RESPONSE_HEADER {
            assert_eq!(Response::decode(&BODY[..length]), None, "{length} bytes");
        }
        let mut request = BODY;
        request[1] = 0x20;
        assert_eq!(Response::decode(&request), None);
    }

    #[test]
    fn statuses_are_pinned() {
        for number in 0..=255 {
            assert_eq!(Status::from_u8(number).to_u8(), number);
        }
        let names: Vec<String> = (0..=8).map(|n| Status::from_u8(n).to_string()).collect();
        let expected = [
            "OK",
            "unknown opcode",
            "unsupported protocol version",
            "malformed payload",
            "out of sequence",
            "accelerator not ready",
            "no such memory",
            "outside of the memory",
            "unknown status 8",
        ];
        assert_eq!(names, expected);
    }
}
