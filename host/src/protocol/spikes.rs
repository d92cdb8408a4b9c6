//! Coding of input spikes: from time steps to payloads of SPIKES requests.
//!
//! A payload is a sequence of chunks. A chunk consists of a tag byte and data; bit 7 of the tag ends the time step.
//!
//! | chunk | bytes | when |
//! |---|---|---|
//! | bitmap | `1 + ⌈inputs/8⌉` | dense steps |
//! | delta | `1 + Σ ⌈gap/254⌉ + 1` | sparse steps |
//! | signed bitmap | `1 + 2 ⌈inputs/8⌉` | dense steps with negative spikes |
//! | signed delta | `1 + Σ ⌈gap/126⌉ + 1` | sparse steps with negative spikes |
//! | delta with values, signed or not | one byte more for each event | steps of a graded input |
//!
//! `gap` is the distance from one spiking address to the next, starting at −1. A step without negative spikes is coded
//! without signs, and one whose events all have the magnitude 1 without values. For each step the encoder takes the
//! smaller chunk. It packs chunks into as few frames as the slots
//! of the device allow and never divides a chunk; a step that does not fit into one frame becomes several delta
//! chunks.

use super::{REQUEST_HEADER, crc::CRC_BYTES};
use crate::error::{Error, Result};

/// Tag of a bitmap chunk.
pub const BITMAP: u8 = 0;
/// Tag of a delta chunk.
pub const DELTA: u8 = 1;
/// Bit of a chunk's tag that is set if its spikes have signs.
pub const SIGNED: u8 = 2;
/// Bit of a delta chunk's tag that is set if its events have values.
pub const VALUED: u8 = 4;
/// Bit of a chunk's tag that is set if the time step ends after the chunk.
pub const STEP_END: u8 = 0x80;
/// Largest advance of one delta byte; [`DELTA_SKIP`] advances by as much.
pub const DELTA_MAX: u32 = 254;
/// Delta byte that advances by [`DELTA_MAX`] without a spike.
pub const DELTA_SKIP: u8 = 255;
/// Largest advance of one byte of a signed delta chunk; [`SIGNED_DELTA_SKIP`] advances by as much.
pub const SIGNED_DELTA_MAX: u32 = 126;
/// Byte of a signed delta chunk that advances by [`SIGNED_DELTA_MAX`] without a spike.
pub const SIGNED_DELTA_SKIP: u8 = 127;
/// Bit of a byte of a signed delta chunk that is set if its spike is negative.
pub const NEGATIVE: u8 = 0x80;
/// Delta byte that ends the chunk.
pub const DELTA_END: u8 = 0;

/// An input spike, or an event of a graded input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spike {
    /// Number of the input.
    pub address: u32,
    /// Value: 1 for a spike, −1 for a negative spike of a signed input, −255 to 255 without 0 for a graded input.
    pub value: i16,
}

impl Spike {
    /// Returns a spike of value −1 if `negative`, or else of value 1.
    #[must_use]
    pub const fn signed(address: u32, negative: bool) -> Self {
        Self {
            address,
            value: if negative { -1 } else { 1 },
        }
    }

    /// Whether the value is negative.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.value < 0
    }
}

impl From<u32> for Spike {
    /// Returns a positive spike of this input.
    fn from(address: u32) -> Self {
        Self { address, value: 1 }
    }
}

/// Coded spikes of one inference.
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
    graded: bool,
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
            graded: false,
        };
        let needed = encoder.needed(Form {
            signed: false,
            valued: false,
        });
        if needed > room {
            return Err(Error::SlotTooSmall {
                inputs,
                found: slot_bytes,
                wanted: needed + overhead,
            });
        }
        Ok(encoder)
    }

    /// Returns an encoder that also takes negative spikes if `signed` is true.
    ///
    /// # Errors
    /// [`Error::SlotTooSmall`] if a negative spike of the last input would not fit into a slot.
    pub fn with_signs(self, signed: bool) -> Result<Self> {
        Self { signed, ..self }.checked()
    }

    /// Returns an encoder that also takes values of other magnitudes than 1 if `graded` is true.
    ///
    /// # Errors
    /// [`Error::SlotTooSmall`] if a value of the last input would not fit into a slot.
    pub fn with_values(self, graded: bool) -> Result<Self> {
        Self { graded, ..self }.checked()
    }

    /// Checks that a slot holds an event of the last input, whatever its sign and value.
    fn checked(self) -> Result<Self> {
        let needed = self.needed(Form {
            signed: self.signed,
            valued: self.graded,
        });
        if needed <= self.room {
            return Ok(self);
        }
        let overhead = REQUEST_HEADER + CRC_BYTES;
        Err(Error::SlotTooSmall {
            inputs: self.inputs,
            found: u16::try_from(self.room + overhead).unwrap_or(u16::MAX),
            wanted: needed + overhead,
        })
    }

    /// Bytes of the smallest chunk that holds an event of the last input.
    fn needed(&self, form: Form) -> usize {
        let delta = 2 + self.inputs.div_ceil(form.most()) as usize + usize::from(form.valued);
        if form.valued {
            delta
        } else {
            self.bitmap_bytes(form.signed).min(delta)
        }
    }

    /// Returns an encoder for requests of at most `frame_bytes` bytes, body and CRC together, and no more than a slot; if
    /// that is too small for a spike of the last input, of as many bytes as such a spike needs.
    pub(crate) fn with_frames_of(self, frame_bytes: usize) -> Self {
        let needed = self.needed(Form {
            signed: self.signed,
            valued: self.graded,
        });
        let room = frame_bytes.saturating_sub(REQUEST_HEADER + CRC_BYTES);
        Self {
            room: room.max(needed).min(self.room),
            ..self
        }
    }

    /// Encodes the spikes of an inference. Each step is the list of inputs that spike in it, in ascending order.
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
    /// [`Error::AddressOutOfRange`] if an address is not an input; [`Error::AddressesUnsorted`] if the addresses of a
    /// step are not in strictly ascending order; [`Error::NegativeSpike`] if the encoder takes no negative spikes;
    /// [`Error::SpikeValue`] for a value of another magnitude than the encoder takes.
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
            let form = Form::of(&step);
            let delta_bytes = self.check(count, &step, form)?;
            let bitmap_bytes = self.bitmap_bytes(form.signed);
            if !form.valued && bitmap_bytes <= self.room && bitmap_bytes < delta_bytes {
                packer.append(&self.bitmap(&step, form.signed));
            } else {
                self.delta(&step, form, &mut packer);
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

    /// Checks the spikes of a step and returns the size of its delta chunk in bytes.
    fn check(&self, step: u32, spikes: &[Spike], form: Form) -> Result<usize> {
        let mut bytes = 2;
        let mut previous = None;
        for &Spike { address, value } in spikes {
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
            if value < 0 && !self.signed {
                return Err(Error::NegativeSpike { step, address });
            }
            let largest = if self.graded { 255 } else { 1 };
            if !(1..=largest).contains(&value.unsigned_abs()) {
                return Err(Error::SpikeValue {
                    step,
                    address,
                    value,
                    largest,
                });
            }
            bytes += gap(previous, address).div_ceil(form.most()) as usize + usize::from(form.valued);
            previous = Some(address);
        }
        Ok(bytes)
    }

    /// Returns a bitmap chunk. In a signed chunk, each byte of spikes is followed by a byte of their signs.
    fn bitmap(&self, spikes: &[Spike], signed: bool) -> Vec<u8> {
        let mut chunk = vec![0; self.bitmap_bytes(signed)];
        chunk[0] = BITMAP | STEP_END | if signed { SIGNED } else { 0 };
        for spike in spikes {
            let (byte, bit) = (spike.address as usize / 8, spike.address % 8);
            if signed {
                chunk[1 + 2 * byte] |= 1 << bit;
                chunk[2 + 2 * byte] |= u8::from(spike.is_negative()) << bit;
            } else {
                chunk[1 + byte] |= 1 << bit;
            }
        }
        chunk
    }

    fn delta(&self, spikes: &[Spike], form: Form, packer: &mut Packer) {
        let (tag, most, skip) = (form.tag(), form.most(), form.skip());
        let mut chunk = vec![tag];
        let mut previous = None;
        for spike in spikes {
            let mut advance = gap(previous, spike.address);
            if chunk.len() + advance.div_ceil(most) as usize + usize::from(form.valued) + 1 > self.room {
                chunk.push(DELTA_END);
                packer.append(&chunk);
                chunk = vec![tag];
                advance = gap(None, spike.address);
            }
            while advance > most {
                chunk.push(skip);
                advance -= most;
            }
            let sign = if spike.is_negative() { NEGATIVE } else { 0 };
            chunk.push(sign | u8::try_from(advance).expect("the loop above leaves at most 254"));
            if form.valued {
                chunk.push(u8::try_from(spike.value.unsigned_abs()).expect("checked"));
            }
            previous = Some(spike.address);
        }
        chunk[0] |= STEP_END;
        chunk.push(DELTA_END);
        packer.append(&chunk);
    }
}

/// Form of a step's chunks.
#[derive(Clone, Copy)]
struct Form {
    /// Whether spikes have signs.
    signed: bool,
    /// Whether events have values.
    valued: bool,
}

impl Form {
    /// The form of fewest bytes that holds the events of a step.
    fn of(step: &[Spike]) -> Self {
        Self {
            signed: step.iter().any(|spike| spike.is_negative()),
            valued: step.iter().any(|spike| spike.value.unsigned_abs() != 1),
        }
    }

    /// Tag of a delta chunk.
    const fn tag(self) -> u8 {
        DELTA | if self.signed { SIGNED } else { 0 } | if self.valued { VALUED } else { 0 }
    }

    /// Largest advance of one delta byte.
    const fn most(self) -> u32 {
        if self.signed { SIGNED_DELTA_MAX } else { DELTA_MAX }
    }

    /// Delta byte that advances by the most, without an event.
    const fn skip(self) -> u8 {
        if self.signed {
            SIGNED_DELTA_SKIP
        } else {
            DELTA_SKIP
        }
    }
}

/// Returns the distance to `address` from the address before it, or from −1 if there is none.
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
mod tests;
