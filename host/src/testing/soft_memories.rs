//! Memories of a device that LOAD writes, and the encoder that lives in two of them.

use super::chunks::Event;
use crate::protocol::{Identity, Spike, Status, crc};

/// A memory of whole bytes.
#[derive(Clone, Debug)]
struct Memory {
    number: u8,
    word_bytes: usize,
    bytes: Vec<u8>,
}

/// All memories of a device.
#[derive(Clone, Debug)]
pub(super) struct SoftMemories {
    memories: Vec<Memory>,
}

/// Sizes of the memories of weights: number, words, bytes of a word.
const WEIGHTS: [(u8, usize, usize); 2] = [(0, 300, 3), (4, 9, 5)];
/// Channels and steps for which there is room.
const CHANNELS: usize = 3;
const STEPS: usize = 256;

impl SoftMemories {
    /// Those of a device, zeros but for the model hash.
    pub(super) fn new(identity: &Identity) -> Self {
        let memory = |(number, words, word_bytes): (u8, usize, usize)| Memory {
            number,
            word_bytes,
            bytes: vec![0; words * word_bytes],
        };
        let mut memories: Vec<Memory> = WEIGHTS
            .into_iter()
            .chain([
                (0xFC, identity.inputs as usize, 1),
                (0xFD, 256 * CHANNELS, 2),
                (0xFF, STEPS, 4),
            ])
            .map(memory)
            .collect();
        memories.push(Memory {
            number: 0xFE,
            word_bytes: 4,
            bytes: identity.model.to_vec(),
        });
        Self { memories }
    }

    /// Executes LOAD.
    pub(super) fn load(&mut self, payload: &[u8]) -> Status {
        let Some((&[number, low, middle, high], bytes)) = payload.split_first_chunk::<4>() else {
            return Status::MalformedPayload;
        };
        let Some(memory) = self.memories.iter_mut().find(|memory| memory.number == number) else {
            return Status::NoSuchMemory;
        };
        let first = u32::from_le_bytes([low, middle, high, 0]) as usize * memory.word_bytes;
        for (index, word) in bytes.chunks(memory.word_bytes).enumerate() {
            let at = first + index * memory.word_bytes;
            let Some(place) = memory.bytes.get_mut(at..at + memory.word_bytes) else {
                return Status::OutsideMemory;
            };
            if word.len() < memory.word_bytes {
                return Status::MalformedPayload;
            }
            place.copy_from_slice(word);
        }
        Status::Ok
    }

    fn bytes(&self, number: u8) -> &[u8] {
        let memory = self.memories.iter().find(|memory| memory.number == number);
        memory.map_or(&[], |memory| &memory.bytes)
    }

    /// The model hash.
    pub(super) fn model(&self) -> [u8; 16] {
        self.bytes(0xFE).try_into().unwrap_or_default()
    }

    /// A number that depends on every weight; 0 while all are 0.
    pub(super) fn salt(&self) -> u32 {
        let sum = |&(number, _, _): &(u8, usize, usize)| {
            let bytes = self.bytes(number);
            crc::crc32(bytes) ^ crc::crc32(&vec![0; bytes.len()])
        };
        WEIGHTS
            .iter()
            .map(sum)
            .fold(0, |salt, sum| salt.rotate_left(7) ^ sum)
    }

    /// The margin of a step, counted from 0.
    pub(super) fn margin(&self, step: usize) -> Option<u32> {
        let margins = self.bytes(0xFF).as_chunks::<4>().0;
        margins.get(step).map(|&bytes| u32::from_le_bytes(bytes))
    }

    /// The events of the image that is held, as the encoder draws them.
    pub(super) fn draw(&self, seed: u32, steps: u16, channels: usize) -> Vec<Event> {
        let pixels = self.bytes(0xFC);
        let table = self.bytes(0xFD).as_chunks::<2>().0;
        let plane = pixels.len() / channels.max(1);
        let mut state = seed;
        let mut events = Vec::new();
        for _ in 0..steps {
            for (address, &pixel) in (0..).zip(pixels) {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                let channel = address as usize / plane.max(1);
                let word = u16::from_le_bytes(table[256 * channel + usize::from(pixel)]);
                if state >> 24 < u32::from(word & 0x1FF) {
                    events.push(Event::Spike(Spike {
                        address,
                        negative: word >> 9 & 1 == 1,
                    }));
                }
            }
            events.push(Event::StepEnd);
        }
        events
    }
}
