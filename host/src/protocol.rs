//! The link protocol, version 1: bytes in, bytes out, without any input or output.
//!
//! `docs/protocol.md` is the specification. This module implements the host's side of it, layer by layer:
//!
//! | module | layer |
//! |---|---|
//! | [`crc`] | CRC-32 over a body |
//! | [`frame`] | COBS, delimiters, streaming decoder |
//! | [`command`] | requests |
//! | [`response`] | responses: status, credits, cumulative acknowledgement |
//! | [`payload`] | contents of IDENTIFY, RESULT and COUNTERS responses |
//! | [`load`] | from contents of memories to LOAD payloads |
//! | [`image`] | images that the board encodes |
//! | [`spikes`] | from time steps of spikes to SPIKES payloads |
//! | [`window`] | which request to send next: credits and go-back-N |
//!
//! All integers on the wire are little-endian.

pub mod command;
pub mod crc;
mod fields;
pub mod frame;
pub mod image;
pub mod load;
pub mod payload;
pub mod response;
pub mod spikes;
pub mod window;

pub use command::{Opcode, Request};
pub use frame::{BadFrame, Decoded, FrameDecoder};
pub use image::Image;
pub use load::{MemoryImage, ModelImage};
pub use payload::{Counters, Identity, InferenceResult, LayerCounters};
pub use response::{Response, Status};
pub use spikes::{Spike, SpikeEncoder, SpikeTrain};

/// Protocol version that this crate speaks; byte 0 of every body.
pub const VERSION: u8 = 1;

/// Bytes of a request body before its payload: version, opcode, sequence number.
pub const REQUEST_HEADER: usize = 4;

/// Bytes of a response body before its payload: version, opcode, sequence number, status, credits, `expected`.
pub const RESPONSE_HEADER: usize = 8;
