//! The link protocol, version 1, free of any input or output: bytes in, bytes out.
//!
//! `docs/protocol.md` is the specification; this module is its host half, layer by layer:
//!
//! | module | layer |
//! |---|---|
//! | [`crc`] | CRC-32 over a body |
//! | [`frame`] | COBS, delimiters, streaming decoder |
//! | [`command`] | requests |
//! | [`response`] | responses: status, credits, cumulative acknowledgement |
//! | [`payload`] | contents of IDENTIFY, RESULT and COUNTERS responses |
//! | [`load`] | contents of memories to LOAD payloads |
//! | [`image`] | images that the board encodes |
//! | [`spikes`] | time steps of spikes to SPIKES payloads |
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

/// Protocol version spoken by this crate: byte 0 of every body.
pub const VERSION: u8 = 1;

/// Bytes of a request body before its payload: version, opcode, sequence number.
pub const REQUEST_HEADER: usize = 4;

/// Bytes of a response body before its payload: the request's header, status, credits, expected.
pub const RESPONSE_HEADER: usize = 8;
