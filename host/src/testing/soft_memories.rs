//! Memories of a device, which LOAD writes, and the encoder that uses two of them.

use super::chunks::Event;
use crate::protocol::{Identity, Spike, Status, crc};

/// A memory whose words consist of whole bytes.
#[derive(Clone, Debug)]
struct Memory {
    number: u8,
    word_bytes: usize,
    bytes: Vec<u8>,
}

/// All memories of a device in memory.
#[derive(Clone, Debug)]
pub(super) struct SoftMemories {
    memories: Vec<Memory>,
}

/// Memories of weights: number of the memory, number of words, bytes of a word.
const WEIGHTS: [(u8, usize, usize); 2] = [(0, 300, 3), (4, 9, 5)];
/// Number of channels that the encoder table has room for.
const CHANNELS: usize = 3;
/// Number of steps that the memory of margins has room for.
const STEPS: usize = 256;

impl SoftMemories {
    /// The memories of a device after power-up: all zeros, except for the model hash.
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

    /// Executes a LOAD with this payload.
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

    /// Returns the model hash.
    pub(super) fn model(&self) -> [u8; 16] {
        self.bytes(0xFE).try_into().unwrap_or_default()
    }

    /// Returns a number that depends on every weight, and is 0 while all weights are 0.
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

    /// Returns the margin of a step, counted from 0.
    pub(super) fn margin(&self, step: usize) -> Option<u32> {
        let margins = self.bytes(0xFF).as_chunks::<4>().0;
        margins.get(step).map(|&bytes| u32::from_le_bytes(bytes))
    }

    /// Returns the events that the encoder draws for the image in memory.
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
                    events.push(Event::Spike(Spike::signed(address, word >> 9 & 1 == 1)));
                }
            }
            events.push(Event::StepEnd);
        }
        events
    }
}
