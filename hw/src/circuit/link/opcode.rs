//! Opcodes and status codes of `docs/protocol.md`, as constants of the circuits.

pub(super) const PING: u64 = 0x00;
pub(super) const IDENTIFY: u64 = 0x01;
pub(super) const SYNC: u64 = 0x02;
pub(super) const CLEAR_MEMBRANES: u64 = 0x10;
pub(super) const SPIKES: u64 = 0x11;
pub(super) const LOAD: u64 = 0x12;
pub(super) const IMAGE: u64 = 0x13;
pub(super) const RESULT: u64 = 0x20;
pub(super) const COUNTERS: u64 = 0x21;

pub(super) const OK: u64 = 0;
pub(super) const UNKNOWN_OPCODE: u64 = 1;
pub(super) const UNSUPPORTED_VERSION: u64 = 2;
pub(super) const MALFORMED: u64 = 3;
pub(super) const OUT_OF_SEQUENCE: u64 = 4;
pub(super) const NOT_READY: u64 = 5;
pub(super) const NO_MEMORY: u64 = 6;
pub(super) const OUTSIDE: u64 = 7;
