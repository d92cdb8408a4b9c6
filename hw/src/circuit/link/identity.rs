//! What a design says of itself, and of its memories that can be loaded.

use super::frame_receiver::SLOTS;

/// Version of the protocol.
pub const PROTOCOL_VERSION: u8 = 1;

/// Memory of LOAD that is the image to encode: a pixel a word.
pub const IMAGE_MEMORY: u8 = 0xFC;
/// Memory of LOAD that is the encoder's table: two bytes a word.
pub const TABLE_MEMORY: u8 = 0xFD;
/// Memory of LOAD that is the model hash of IDENTIFY: four words of four bytes.
pub const HASH_MEMORY: u8 = 0xFE;
/// Memory of LOAD that is the margins of the early exit: four bytes a word.
pub const MARGIN_MEMORY: u8 = 0xFF;

/// Words of the model hash.
pub(super) const HASH_WORDS: usize = 4;

/// A memory that LOAD can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadableMemory {
    /// Its number.
    pub number: u8,
    /// Words.
    pub depth: usize,
    /// Bytes of a word, at least 1.
    pub word_bytes: usize,
}

/// What the design says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Hidden layers and output layer.
    pub layers: u8,
    /// Classes.
    pub classes: u16,
    /// Inputs.
    pub inputs: u32,
    /// Clock frequency in Hz.
    pub clock_hz: u32,
    /// Bytes of a receive slot.
    pub slot_bytes: u16,
    /// Input spikes may be negative.
    pub signed_inputs: bool,
    /// There is an encoder.
    pub encoder: bool,
    /// Inferences can exit early.
    pub early_exit: bool,
    /// Weights can be loaded.
    pub loadable: bool,
    /// First 16 bytes of the design's SHA-256.
    pub design_hash: [u8; 16],
    /// First 16 bytes of the SHA-256 of the model that the memories hold at power-up; zeros for none.
    pub model_hash: [u8; 16],
}

impl Identity {
    /// IDENTIFY's payload.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut bytes = vec![PROTOCOL_VERSION, self.layers];
        bytes.extend(self.classes.to_le_bytes());
        bytes.extend(self.inputs.to_le_bytes());
        bytes.extend(self.clock_hz.to_le_bytes());
        bytes.extend(self.slot_bytes.to_le_bytes());
        #[expect(clippy::cast_possible_truncation, reason = "there are two")]
        let slots = SLOTS as u8;
        let flags = [self.signed_inputs, self.encoder, self.early_exit, self.loadable];
        let flags = flags
            .iter()
            .rev()
            .fold(0, |flags, &flag| flags << 1 | u8::from(flag));
        bytes.extend([slots, flags]);
        bytes.extend(self.design_hash);
        bytes.extend(self.model_hash);
        bytes
    }

    /// The payload in words of four bytes, the lowest first; the last [`HASH_WORDS`] are the model hash.
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
