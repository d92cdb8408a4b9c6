//! Identity of a design: what IDENTIFY answers, and the memories that LOAD can write.

use super::frame_receiver::SLOTS;

/// Version of the protocol.
pub const PROTOCOL_VERSION: u8 = 1;

/// Number of the memory of the image to encode: one pixel, one byte, per word.
pub const IMAGE_MEMORY: u8 = 0xFC;
/// Number of the encoder's table: two bytes per word.
pub const TABLE_MEMORY: u8 = 0xFD;
/// Number of the model hash of IDENTIFY: four words of four bytes.
pub const HASH_MEMORY: u8 = 0xFE;
/// Number of the memory of the early exit's margins: four bytes per word.
pub const MARGIN_MEMORY: u8 = 0xFF;

/// Words of the model hash.
pub(super) const HASH_WORDS: usize = 4;

/// A memory that LOAD can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadableMemory {
    /// Number of the memory in LOAD.
    pub number: u8,
    /// Number of words.
    pub depth: usize,
    /// Bytes per word, at least 1.
    pub word_bytes: usize,
}

/// Properties of the design that IDENTIFY reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Number of layers, the output layer included.
    pub layers: u8,
    /// Number of classes.
    pub classes: u16,
    /// Number of inputs.
    pub inputs: u32,
    /// Frequency of the core clock in Hz.
    pub clock_hz: u32,
    /// Bytes of a receive slot.
    pub slot_bytes: u16,
    /// Whether input spikes can be negative.
    pub signed_inputs: bool,
    /// Whether the design has an encoder.
    pub encoder: bool,
    /// Whether inferences can exit early.
    pub early_exit: bool,
    /// Weights can be loaded.
    pub loadable: bool,
    /// If the input is graded, the bit of an event of the core at which the magnitude of its value begins.
    pub graded_inputs: Option<usize>,
    /// First 16 bytes of the design's SHA-256.
    pub design_hash: [u8; 16],
    /// First 16 bytes of the SHA-256 of the model that the memories hold at power-up; zeros if they hold
    /// none.
    pub model_hash: [u8; 16],
}

impl Identity {
    /// Payload of the answer to IDENTIFY.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut bytes = vec![PROTOCOL_VERSION, self.layers];
        bytes.extend(self.classes.to_le_bytes());
        bytes.extend(self.inputs.to_le_bytes());
        bytes.extend(self.clock_hz.to_le_bytes());
        bytes.extend(self.slot_bytes.to_le_bytes());
        #[expect(clippy::cast_possible_truncation, reason = "there are two")]
        let slots = SLOTS as u8;
        let flags = [
            self.signed_inputs,
            self.encoder,
            self.early_exit,
            self.loadable,
            self.graded_inputs.is_some(),
        ];
        let flags = flags
            .iter()
            .rev()
            .fold(0, |flags, &flag| flags << 1 | u8::from(flag));
        bytes.extend([slots, flags]);
        bytes.extend(self.design_hash);
        bytes.extend(self.model_hash);
        bytes
    }

    /// Payload in words of four bytes, the lowest byte first; the last [`HASH_WORDS`] words are the model
    /// hash.
    pub(super) fn words(&self) -> Vec<u64> {
        let word = |bytes: &[u8]| {
            bytes
                .iter()
                .rev()
                .fold(0, |word, &byte| word << 8 | u64::from(byte))
        };
        self.payload().chunks(4).map(word).collect()
    }
}
