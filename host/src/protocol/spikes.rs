//! Coding of input spikes: time steps to payloads of SPIKES requests.
//!
//! A payload is a row of chunks. A chunk is a tag byte and data; bit 7 of the tag ends the time step.
//!
//! | chunk | bytes | when |
//! |---|---|---|
//! | bitmap | `1 + ⌈inputs/8⌉` | dense steps |
//! | delta | `1 + Σ ⌈gap/254⌉ + 1` | sparse steps |
//!
//! | signed bitmap | `1 + 2 ⌈inputs/8⌉` | dense steps with negative spikes |
//! | signed delta | `1 + Σ ⌈gap/126⌉ + 1` | sparse steps with negative spikes |
//!
//! `gap` is the distance from one spiking address to the next, starting at −1. A step without negative spikes is coded
//! without signs. Per step the encoder takes the
//! smaller. Chunks are packed into as few frames as the slots of the device allow, without cutting one in
//! two; only a step that no frame can hold whole is split into several delta chunks.

use super::{REQUEST_HEADER, crc::CRC_BYTES};
use crate::error::{Error, Result};

/// Tag of a bitmap chunk.
pub const BITMAP: u8 = 0;
/// Tag of a delta chunk.
pub const DELTA: u8 = 1;
/// Added to a chunk's tag if its spikes have signs.
pub const SIGNED: u8 = 2;
/// Added to a chunk's tag if the time step ends after the chunk.
pub const STEP_END: u8 = 0x80;
/// Largest advance of one delta byte, and what [`DELTA_SKIP`] advances by.
pub const DELTA_MAX: u32 = 254;
/// Delta byte that advances by [`DELTA_MAX`] without a spike.
pub const DELTA_SKIP: u8 = 255;
/// [`DELTA_MAX`] of a signed chunk.
pub const SIGNED_DELTA_MAX: u32 = 126;
/// [`DELTA_SKIP`] of a signed chunk.
pub const SIGNED_DELTA_SKIP: u8 = 127;
/// Added to a byte of a signed delta chunk whose spike is negative.
pub const NEGATIVE: u8 = 0x80;
/// Delta byte that ends the chunk.
pub const DELTA_END: u8 = 0;

/// A spike of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spike {
    /// The input.
    pub address: u32,
    /// Whether it is one of −1.
    pub negative: bool,
}

impl From<u32> for Spike {
    /// A positive spike.
    fn from(address: u32) -> Self {
        Self {
            address,
            negative: false,
        }
    }
}

/// The spikes of one inference, ready to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpikeTrain {
    /// SPIKES payloads, in order.
    pub payloads: Vec<Vec<u8>>,
    /// Number of time steps.
    pub steps: u32,
    /// Number of spikes.
    pub spikes: u64,
}

/// Encodes spikes for a device with a given number of inputs and slot size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpikeEncoder {
    inputs: u32,
    room: usize,
    signed: bool,
}

impl SpikeEncoder {
    /// An encoder for `inputs` inputs and receive slots of `slot_bytes` bytes.
    ///
    /// # Errors
    /// [`Error::SlotTooSmall`] if a spike of the last input would not fit into a slot.
    pub fn new(inputs: u32, slot_bytes: u16) -> Result<Self> {
        let overhead = REQUEST_HEADER + CRC_BYTES;
        let room = usize::from(slot_bytes).saturating_sub(overhead);
        let encoder = Self {
            inputs,
            room,
            signed: false,
        };
        let needed = encoder
            .bitmap_bytes(false)
            .min(2 + inputs.div_ceil(DELTA_MAX) as usize);
        if needed > room {
            return Err(Error::SlotTooSmall {
                inputs,
                found: slot_bytes,
                wanted: needed + overhead,
            });
        }
        Ok(encoder)
    }

    /// The same encoder, which also takes negative spikes where `signed`.
    ///
    /// # Errors
    /// [`Error::SlotTooSmall`] if a negative spike of the last input would not fit into a slot.
    pub fn with_signs(self, signed: bool) -> Result<Self> {
        let needed = self
            .bitmap_bytes(true)
            .min(2 + self.inputs.div_ceil(SIGNED_DELTA_MAX) as usize);
        if signed && needed > self.room {
            let overhead = REQUEST_HEADER + CRC_BYTES;
            return Err(Error::SlotTooSmall {
                inputs: self.inputs,
                found: u16::try_from(self.room + overhead).unwrap_or(u16::MAX),
                wanted: needed + overhead,
            });
        }
        Ok(Self { signed, ..self })
    }

    /// Encodes an inference. Each step is the list of inputs that spike in it, in ascending order.
    ///
    /// ```
    /// # fn main() -> synfire::Result<()> {
    /// use synfire::protocol::SpikeEncoder;
    /// let train = SpikeEncoder::new(784, 512)?.encode([vec![0, 3, 300], vec![]])?;
    /// assert_eq!(train.payloads, [[0x81, 1, 3, 255, 43, 0, 0x81, 0]]);
    /// assert_eq!((train.steps, train.spikes), (2, 3));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::AddressOutOfRange`] and [`Error::AddressesUnsorted`] for addresses that are no input, or not
    /// in strictly ascending order; [`Error::NegativeSpike`] where there are no signs.
    pub fn encode<I, S>(&self, steps: I) -> Result<SpikeTrain>
    where
        I: IntoIterator<Item: AsRef<[S]>>,
        S: Copy + Into<Spike>,
    {
        let mut packer = Packer {
            room: self.room,
            ..Packer::default()
        };
        let (mut count, mut spikes) = (0u32, 0u64);
        for step in steps {
            let step: Vec<Spike> = step.as_ref().iter().map(|&spike| spike.into()).collect();
            let signed = step.iter().any(|spike| spike.negative);
            let delta_bytes = self.check(count, &step, signed)?;
            let bitmap_bytes = self.bitmap_bytes(signed);
            if bitmap_bytes <= self.room && bitmap_bytes < delta_bytes {
                packer.append(&self.bitmap(&step, signed));
            } else {
                self.delta(&step, signed, &mut packer);
            }
            count = count.saturating_add(1);
            spikes += step.len() as u64;
        }
        Ok(SpikeTrain {
            payloads: packer.finish(),
            steps: count,
            spikes,
        })
    }

    const fn bitmap_bytes(&self, signed: bool) -> usize {
        1 + (1 + signed as usize) * self.inputs.div_ceil(8) as usize
    }

    /// Checks the spikes of a step and sizes its delta chunk.
    fn check(&self, step: u32, spikes: &[Spike], signed: bool) -> Result<usize> {
        let mut bytes = 2;
        let mut previous = None;
        for &Spike { address, negative } in spikes {
            if address >= self.inputs {
                return Err(Error::AddressOutOfRange {
                    step,
                    address,
                    inputs: self.inputs,
                });
            }
            if let Some(previous) = previous.filter(|&previous| previous >= address) {
                return Err(Error::AddressesUnsorted {
                    step,
                    previous,
                    address,
                });
            }
            if negative && !self.signed {
                return Err(Error::NegativeSpike { step, address });
            }
            bytes += gap(previous, address).div_ceil(Deltas::of(signed).most) as usize;
            previous = Some(address);
        }
        Ok(bytes)
    }

    /// A bitmap; where there are signs, each byte of it is followed by that of its spikes' signs.
    fn bitmap(&self, spikes: &[Spike], signed: bool) -> Vec<u8> {
        let mut chunk = vec![0; self.bitmap_bytes(signed)];
        chunk[0] = BITMAP | STEP_END | if signed { SIGNED } else { 0 };
        for spike in spikes {
            let (byte, bit) = (spike.address as usize / 8, spike.address % 8);
            if signed {
                chunk[1 + 2 * byte] |= 1 << bit;
                chunk[2 + 2 * byte] |= u8::from(spike.negative) << bit;
            } else {
                chunk[1 + byte] |= 1 << bit;
            }
        }
        chunk
    }

    fn delta(&self, spikes: &[Spike], signed: bool, packer: &mut Packer) {
        let Deltas { tag, most, skip } = Deltas::of(signed);
        let mut chunk = vec![tag];
        let mut previous = None;
        for spike in spikes {
            let mut advance = gap(previous, spike.address);
            if chunk.len() + advance.div_ceil(most) as usize + 1 > self.room {
                chunk.push(DELTA_END);
                packer.append(&chunk);
                chunk = vec![tag];
                advance = gap(None, spike.address);
            }
            while advance > most {
                chunk.push(skip);
                advance -= most;
            }
            let sign = if spike.negative { NEGATIVE } else { 0 };
            chunk.push(sign | u8::try_from(advance).expect("the loop above leaves at most 254"));
            previous = Some(spike.address);
        }
        chunk[0] |= STEP_END;
        chunk.push(DELTA_END);
        packer.append(&chunk);
    }
}

/// The two kinds of delta chunks.
struct Deltas {
    tag: u8,
    most: u32,
    skip: u8,
}

impl Deltas {
    const fn of(signed: bool) -> Self {
        if signed {
            Self {
                tag: DELTA | SIGNED,
                most: SIGNED_DELTA_MAX,
                skip: SIGNED_DELTA_SKIP,
            }
        } else {
            Self {
                tag: DELTA,
                most: DELTA_MAX,
                skip: DELTA_SKIP,
            }
        }
    }
}

/// Distance to `address` from the address before it, or from −1.
fn gap(previous: Option<u32>, address: u32) -> u32 {
    previous.map_or(address + 1, |previous| address - previous)
}

/// Fills payloads with chunks.
#[derive(Debug, Default)]
struct Packer {
    room: usize,
    payloads: Vec<Vec<u8>>,
    open: Vec<u8>,
}

impl Packer {
    fn append(&mut self, chunk: &[u8]) {
        if self.open.len() + chunk.len() > self.room {
            self.payloads.push(std::mem::take(&mut self.open));
        }
        self.open.extend_from_slice(chunk);
    }

    fn finish(mut self) -> Vec<Vec<u8>> {
        if !self.open.is_empty() {
            self.payloads.push(self.open);
        }
        self.payloads
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::chunks;
    use proptest::{collection::btree_set, collection::vec, prelude::*};

    fn payloads(inputs: u32, slot_bytes: u16, steps: &[&[u32]]) -> Vec<Vec<u8>> {
        SpikeEncoder::new(inputs, slot_bytes)
            .unwrap()
            .encode(steps)
            .unwrap()
            .payloads
    }

    #[test]
    fn an_empty_step_is_two_bytes_and_no_step_no_frame() {
        assert_eq!(payloads(784, 512, &[&[]]), [[0x81, 0x00]]);
        assert_eq!(payloads(784, 512, &[]), [[0u8; 0]; 0]);
    }

    #[test]
    fn delta_bytes_are_pinned_at_the_edges() {
        assert_eq!(payloads(5000, 64, &[&[253]]), [[0x81, 254, 0]]);
        assert_eq!(payloads(5000, 64, &[&[254]]), [vec![0x81, 255, 1, 0]]);
        assert_eq!(payloads(5000, 64, &[&[507]]), [vec![0x81, 255, 254, 0]]);
        assert_eq!(
            payloads(5000, 64, &[&[508, 509]]),
            [vec![0x81, 255, 255, 1, 1, 0]]
        );
    }

    #[test]
    fn the_smaller_coding_wins_and_delta_a_tie() {
        assert_eq!(
            payloads(20, 64, &[&[0, 9, 19]]),
            [vec![0x80, 0b1, 0b10, 0b1000]],
            "4 against 5 bytes"
        );
        assert_eq!(
            payloads(20, 64, &[&[0, 19]]),
            [vec![0x81, 1, 19, 0]],
            "4 against 4 bytes"
        );
    }

    #[test]
    fn chunks_are_packed_and_not_cut() {
        let step: &[u32] = &[0, 1, 2]; // five bytes as delta, into 16 bytes of room: three to a frame
        let frames = payloads(784, 24, &[step; 7]);
        assert_eq!(frames.iter().map(Vec::len).collect::<Vec<_>>(), [15, 15, 5]);
    }

    #[test]
    fn a_step_larger_than_a_frame_is_split_and_each_chunk_starts_over() {
        // 8 bytes of room hold a tag, six spikes and an end; the bitmap of 300 inputs does not fit.
        let frames = payloads(300, 16, &[&[0, 1, 2, 3, 4, 5, 6, 290]]);
        assert_eq!(
            frames,
            [vec![0x01, 1, 1, 1, 1, 1, 1, 0], vec![0x81, 7, 255, 30, 0]]
        );
    }

    #[test]
    fn signed_steps_are_pinned() {
        let encode = |inputs, step: &[(u32, bool)]| {
            let encoder = SpikeEncoder::new(inputs, 64).unwrap().with_signs(true).unwrap();
            let step: Vec<Spike> = step
                .iter()
                .map(|&(address, negative)| Spike { address, negative })
                .collect();
            encoder.encode([step]).unwrap().payloads
        };
        assert_eq!(encode(5000, &[(3, true), (4, false)]), [[0x83, 0x84, 1, 0]]);
        assert_eq!(encode(5000, &[(125, true)]), [vec![0x83, 0xFE, 0]]);
        assert_eq!(encode(5000, &[(126, true)]), [vec![0x83, 127, 0x81, 0]]);
        assert_eq!(
            encode(5000, &[(3, false)]),
            [[0x81, 4, 0]],
            "no sign, no signed chunk"
        );
        let dense = [(0, true), (1, false), (2, true), (3, false), (9, true)];
        assert_eq!(encode(10, &dense), [[0x82, 0b1111, 0b101, 0b10, 0b10]]);
        let encoder = SpikeEncoder::new(8, 64).unwrap();
        let spike = Spike {
            address: 5,
            negative: true,
        };
        assert_eq!(
            encoder.encode([vec![], vec![spike]]).unwrap_err().to_string(),
            "step 1: input 5 spikes with -1, but the network's inputs are unsigned; encode for this network"
        );
        assert!(SpikeEncoder::new(2000, 18).unwrap().with_signs(true).is_err());
        assert!(SpikeEncoder::new(2000, 26).unwrap().with_signs(true).is_ok());
    }

    #[test]
    fn a_slot_that_cannot_hold_a_spike_is_refused_and_one_byte_more_is_not() {
        // 2000 inputs: tag, eight delta bytes, end = 10 bytes, and 8 of overhead.
        assert!(SpikeEncoder::new(2000, 18).is_ok());
        let error = SpikeEncoder::new(2000, 17).unwrap_err();
        assert!(
            matches!(
                error,
                Error::SlotTooSmall {
                    inputs: 2000,
                    found: 17,
                    wanted: 18
                }
            ),
            "{error}"
        );
    }

    #[test]
    fn bad_addresses_are_refused_with_their_place() {
        let encoder = SpikeEncoder::new(100, 64).unwrap();
        let error = encoder.encode([vec![99], vec![5, 100]]).unwrap_err();
        assert!(
            matches!(
                error,
                Error::AddressOutOfRange {
                    step: 1,
                    address: 100,
                    inputs: 100
                }
            ),
            "{error}"
        );
        for (list, previous, address) in [([7, 7], 7, 7), ([9, 8], 9, 8)] {
            let error = encoder.encode([list]).unwrap_err();
            assert!(
                matches!(error, Error::AddressesUnsorted { step: 0, previous: p, address: a }
                    if (p, a) == (previous, address)),
                "{error}"
            );
        }
    }

    /// Steps of every density, for a network and a slot that need not match it well.
    fn case() -> impl Strategy<Value = (u32, u16, Vec<Vec<u32>>)> {
        (1u32..1200, 24u16..300).prop_flat_map(|(inputs, slot)| {
            let step = prop_oneof![
                btree_set(0..inputs, 0..8),
                btree_set(0..inputs, 0..inputs as usize + 1),
            ];
            let steps = vec(step.prop_map(|set| set.into_iter().collect()), 0..8);
            (Just(inputs), Just(slot), steps)
        })
    }

    proptest! {
        #[test]
        fn every_train_survives_within_its_slots((inputs, slot, steps) in case()) {
            // A third of the spikes of every other step is negative.
            let steps: Vec<Vec<Spike>> = (0..).zip(&steps).map(|(number, step)| {
                let spike = |&address: &u32| Spike { address, negative: number % 2 == 1 && address % 3 == 1 };
                step.iter().map(spike).collect()
            }).collect();
            let encoder = SpikeEncoder::new(inputs, slot).unwrap().with_signs(true).unwrap();
            let train = encoder.encode(&steps).unwrap();
            let mut decoded = vec![Vec::new()];
            for payload in &train.payloads {
                prop_assert!(payload.len() + REQUEST_HEADER + CRC_BYTES <= usize::from(slot));
                let parsed = chunks::parse(payload, inputs, true);
                prop_assert!(parsed.is_some(), "{:?}: {:?}", parsed, payload);
                for event in parsed.unwrap() {
                    match event {
                        chunks::Event::Spike(spike) => decoded.last_mut().unwrap().push(spike),
                        chunks::Event::StepEnd => decoded.push(Vec::new()),
                    }
                }
            }
            prop_assert_eq!(decoded.pop(), Some(vec![]), "the last step is ended");
            prop_assert_eq!(decoded.len(), train.steps as usize);
            prop_assert_eq!(&decoded, &steps);
            prop_assert_eq!(train.spikes, steps.iter().map(|step| step.len() as u64).sum::<u64>());
        }

        #[test]
        fn no_step_costs_more_than_its_bitmap((inputs, _, steps) in case()) {
            let train = SpikeEncoder::new(inputs, 4096).unwrap().encode(&steps).unwrap();
            let bytes: usize = train.payloads.iter().map(Vec::len).sum();
            let bitmap = (1 + inputs.div_ceil(8) as usize).max(2);
            prop_assert!(bytes <= steps.len() * bitmap);
        }
    }
}
