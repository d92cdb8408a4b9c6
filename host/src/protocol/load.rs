//! Payloads of LOAD: contents of a memory, divided into requests of whole words.
//!
//! A payload consists of the memory's number (1 byte), the address of the first word (3 bytes), and the words back to
//! back, low byte first.

use super::{REQUEST_HEADER, crc::CRC_BYTES};
use crate::error::{Error, Result};

/// Number of the memory that holds the image to encode: one byte per pixel in C, H, W order.
pub const IMAGE_MEMORY: u8 = 0xFC;
/// Number of the memory that holds the encoder table: 256 words per channel, two bytes per word. Bits 8 to 0 of a word
/// hold |p|; bit 9 is set if p is negative.
pub const TABLE_MEMORY: u8 = 0xFD;
/// Number of the memory that holds the model hash, which IDENTIFY returns: four words of four bytes.
pub const HASH_MEMORY: u8 = 0xFE;
/// Number of the memory that holds the margins of early exit: four bytes per step.
pub const MARGIN_MEMORY: u8 = 0xFF;

/// Margin with which no inference exits early.
pub const NEVER: u32 = u32::MAX;

/// Bytes of a payload before its words.
const HEADER: usize = 4;
/// Bytes of a request, CRC included, besides its words.
const OVERHEAD: usize = REQUEST_HEADER + CRC_BYTES + HEADER;

/// Contents of one memory of a device, from its first word on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryImage {
    /// Number of the memory.
    pub memory: u8,
    /// Bytes of a word.
    pub word_bytes: usize,
    /// Words, back to back, low byte first.
    pub bytes: Vec<u8>,
}

impl MemoryImage {
    /// Contents of a memory whose words have two bytes.
    #[must_use]
    pub fn of_u16(memory: u8, words: &[u16]) -> Self {
        Self {
            memory,
            word_bytes: 2,
            bytes: words.iter().flat_map(|word| word.to_le_bytes()).collect(),
        }
    }

    /// Contents of a memory whose words have four bytes.
    #[must_use]
    pub fn of_u32(memory: u8, words: &[u32]) -> Self {
        Self {
            memory,
            word_bytes: 4,
            bytes: words.iter().flat_map(|word| word.to_le_bytes()).collect(),
        }
    }

    /// Returns the payloads that load the contents into a device with receive slots of `slot_bytes` bytes.
    ///
    /// ```
    /// # fn main() -> synfire::Result<()> {
    /// use synfire::protocol::MemoryImage;
    /// let image = MemoryImage::of_u16(3, &[0x0102, 0x0304, 0x0506]);
    /// // A slot of sixteen bytes leaves four for words.
    /// assert_eq!(image.payloads(16)?, [vec![3, 0, 0, 0, 2, 1, 4, 3], vec![3, 2, 0, 0, 6, 5]]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::WordTooLarge`] if a slot cannot hold a word; [`Error::MemoryTooLarge`] if an address does not fit into
    /// 24 bits, or the bytes do not divide into whole words.
    pub fn payloads(&self, slot_bytes: u16) -> Result<Vec<Vec<u8>>> {
        self.check(slot_bytes)?;
        let mut payloads = Vec::new();
        let mut first = 0;
        while let Some((payload, words)) = self.payload_from(first, slot_bytes.into()) {
            payloads.push(payload);
            first += words;
        }
        Ok(payloads)
    }

    /// Checks that a slot holds a word, and that the contents are words of a memory.
    ///
    /// # Errors
    /// Those of [`MemoryImage::payloads`].
    pub(crate) fn check(&self, slot_bytes: u16) -> Result<()> {
        if words_in(slot_bytes.into(), self.word_bytes) == 0 {
            return Err(Error::WordTooLarge {
                memory: self.memory,
                found: slot_bytes,
                wanted: self.word_bytes + OVERHEAD,
            });
        }
        let count = self.bytes.len() / self.word_bytes;
        if count > 1 << 24 || !self.bytes.len().is_multiple_of(self.word_bytes) {
            return Err(Error::MemoryTooLarge {
                memory: self.memory,
                bytes: self.bytes.len(),
                word_bytes: self.word_bytes,
            });
        }
        Ok(())
    }

    /// Returns the payload that loads words from number `first` on, as many as a request of `frame_bytes` bytes (body and
    /// CRC) holds and at least one, and their number; `None` if there are no more words.
    pub(crate) fn payload_from(&self, first: usize, frame_bytes: usize) -> Option<(Vec<u8>, usize)> {
        let words = words_in(frame_bytes, self.word_bytes).max(1);
        let chunk = self.bytes.chunks_exact(self.word_bytes).skip(first).take(words);
        let count = chunk.len();
        let address = first.to_le_bytes();
        let chunk = chunk.flatten().copied();
        (count > 0).then(|| {
            let head = [self.memory, address[0], address[1], address[2]];
            (head.into_iter().chain(chunk).collect(), count)
        })
    }
}

/// Number of words that a request of this size holds.
fn words_in(frame_bytes: usize, word_bytes: usize) -> usize {
    let room = frame_bytes.saturating_sub(OVERHEAD);
    room.checked_div(word_bytes).unwrap_or(0)
}

/// Contents of all memories of a design for one model, and the model's hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelImage {
    /// Model hash that IDENTIFY returns once everything is loaded.
    pub hash: [u8; 16],
    /// Contents of the memories of weights and thresholds.
    pub memories: Vec<MemoryImage>,
}

impl ModelImage {
    /// Returns the payloads that load the model. They set the hash to zeros first and to its value last, so that a
    /// partly loaded model is never taken for a whole one.
    ///
    /// # Errors
    /// The errors of [`MemoryImage::payloads`].
    pub fn payloads(&self, slot_bytes: u16) -> Result<Vec<Vec<u8>>> {
        let payloads: Vec<_> = self
            .contents()
            .iter()
            .map(|memory| memory.payloads(slot_bytes))
            .collect::<Result<_>>()?;
        Ok(payloads.concat())
    }

    /// Returns what to load in this order: a hash of zeros, all memories, the hash.
    pub(crate) fn contents(&self) -> Vec<MemoryImage> {
        let hash = |hash: [u8; 16]| MemoryImage {
            memory: HASH_MEMORY,
            word_bytes: 4,
            bytes: hash.to_vec(),
        };
        let memories = self.memories.iter().cloned();
        std::iter::once(hash([0; 16]))
            .chain(memories)
            .chain([hash(self.hash)])
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_has_no_hash_before_all_of_it_is_there() {
        let image = ModelImage {
            hash: [7; 16],
            memories: vec![MemoryImage::of_u32(0, &[1]), MemoryImage::of_u16(1, &[2])],
        };
        let payloads = image.payloads(64).unwrap();
        let heads: Vec<_> = payloads.iter().map(|payload| (payload[0], payload[4])).collect();
        assert_eq!(heads, [(HASH_MEMORY, 0), (0, 1), (1, 2), (HASH_MEMORY, 7)]);
        // The hash takes two requests of small slots: the last word makes it whole.
        assert_eq!(image.payloads(24).unwrap().len(), 6);
    }

    #[test]
    fn contents_can_be_loaded_from_any_word_in_requests_of_any_size() {
        let image = MemoryImage::of_u16(3, &[1, 2, 3, 4]);
        assert_eq!(image.payload_from(1, 16), Some((vec![3, 1, 0, 0, 2, 0, 3, 0], 2)));
        assert_eq!(
            image.payload_from(3, 1000),
            Some((vec![3, 3, 0, 0, 4, 0], 1)),
            "no more than there are"
        );
        assert_eq!(
            image.payload_from(0, 2),
            Some((vec![3, 0, 0, 0, 1, 0], 1)),
            "at least one"
        );
        assert_eq!(image.payload_from(4, 16), None);
    }

    #[test]
    fn words_that_no_slot_holds_and_bytes_that_are_no_words_are_refused() {
        let image = |word_bytes, bytes| MemoryImage {
            memory: 5,
            word_bytes,
            bytes: vec![0; bytes],
        };
        assert!(image(52, 52).payloads(64).is_ok());
        assert_eq!(
            image(53, 53).payloads(64).unwrap_err().to_string(),
            "receive slots of 64 bytes cannot hold a word of memory 5, which takes 65 bytes; build with larger slots, or \
             with fewer lanes"
        );
        assert_eq!(
            image(2, 5).payloads(64).unwrap_err().to_string(),
            "memory 5 takes at most 2^24 whole words of 2 bytes, but 5 bytes were given; generate its contents from the \
             model again"
        );
        assert_eq!(image(3, 0).payloads(64).unwrap(), [[0; 0]; 0]);
    }
}
