//! Events: what flows between the engines of the layers.
//!
//! An event is a word of 32 bits. A stream carries as many of them as its addresses need:
//!
//! | bits | meaning |
//! |---|---|
//! | 1..0 | kind: 0 spike, 1 end of the time step, 2 clear (end of the inference) |
//! | 2 | sign of a spike: 1 if its value is negative |
//! | 31..3 | address of the spike's source: channel, row and column side by side, see [`Addressing`] |
//! | above the address | in the stream of a graded input, the magnitude of the value in 8 bits |

use rust_hdl::prelude::clog2;
use synfire_golden_model::network::Shape;
use synfire_golden_model::spikes::Spike;

/// Kind field of a spike.
pub const SPIKE: u32 = 0;
/// Kind field of an end of step.
pub const END_OF_STEP: u32 = 1;
/// Kind field of a clear.
pub const CLEAR: u32 = 2;
/// Bits of an event below the address: kind and sign.
pub const ADDRESS_SHIFT: usize = 3;
/// Bits of the magnitude of a graded input's value.
pub const VALUE_BITS: usize = 8;

/// An event, decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A source fired.
    Spike(Spike),
    /// All spikes of the time step have passed.
    EndOfStep,
    /// All steps of the inference have passed: membranes and counters return to zero.
    Clear,
}

impl Event {
    /// Encodes the event as a word, without the magnitude of a value; [`Addressing::encode`] adds it.
    #[must_use]
    pub fn encode(self) -> u32 {
        match self {
            Self::Spike(spike) => {
                spike.address << ADDRESS_SHIFT | u32::from(spike.is_negative()) << 2 | SPIKE
            }
            Self::EndOfStep => END_OF_STEP,
            Self::Clear => CLEAR,
        }
    }

    /// Decodes a word without magnitude; none for the unused kind 3. [`Addressing::decode`] decodes any word.
    #[must_use]
    pub fn decode(word: u32) -> Option<Self> {
        match word & 3 {
            SPIKE => Some(Self::Spike(Spike::signed(
                word >> ADDRESS_SHIFT,
                word >> 2 & 1 == 1,
            ))),
            END_OF_STEP => Some(Self::EndOfStep),
            CLEAR => Some(Self::Clear),
            _ => None,
        }
    }
}

/// Layout of a source's address in the events of one stream: `channel << (x + y bits) | row << x bits |
/// column`. The fields lie side by side, so that a consumer looks rows and columns up without a division.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addressing {
    /// Shape of the map of sources.
    pub shape: Shape,
    /// Whether events have values of any magnitude: those of a graded input.
    pub graded: bool,
}

impl Addressing {
    /// Layout for the sources of a map.
    #[must_use]
    pub const fn of(shape: Shape) -> Self {
        Self { shape, graded: false }
    }

    /// Layout for the same sources, whose events have values if `graded`.
    #[must_use]
    pub const fn with_values(self, graded: bool) -> Self {
        Self { graded, ..self }
    }

    /// Bits of the column; 0 for a map of one column.
    #[must_use]
    pub fn column_bits(self) -> usize {
        clog2(self.shape.width)
    }

    /// Bits of the row; 0 for a map of one row.
    #[must_use]
    pub fn row_bits(self) -> usize {
        clog2(self.shape.height)
    }

    /// Bits of the channel, at least 1.
    #[must_use]
    pub fn channel_bits(self) -> usize {
        clog2(self.shape.channels).max(1)
    }

    /// Bits of an address.
    #[must_use]
    pub fn address_bits(self) -> usize {
        self.channel_bits() + self.row_bits() + self.column_bits()
    }

    /// Place of the lowest bit of a magnitude, if events have one.
    #[must_use]
    pub fn value_shift(self) -> usize {
        ADDRESS_SHIFT + self.address_bits()
    }

    /// Bits of an event with such an address.
    #[must_use]
    pub fn event_bits(self) -> usize {
        self.value_shift() + if self.graded { VALUE_BITS } else { 0 }
    }

    /// Encodes an event of this stream, whose spikes have addresses of this layout, as a word.
    #[must_use]
    pub fn encode(self, event: Event) -> u32 {
        let magnitude = match event {
            Event::Spike(spike) if self.graded => u32::from(spike.value.unsigned_abs()),
            _ => 0,
        };
        event.encode() | magnitude << self.value_shift()
    }

    /// Decodes a word of this stream; none for the unused kind 3.
    #[must_use]
    pub fn decode(self, word: u32) -> Option<Event> {
        if !self.graded {
            return Event::decode(word);
        }
        let below = word & ((1 << self.value_shift()) - 1);
        Some(match Event::decode(below)? {
            Event::Spike(spike) => {
                let magnitude = i16::try_from(word >> self.value_shift()).ok()?;
                Event::Spike(Spike {
                    value: spike.value * magnitude,
                    ..spike
                })
            }
            marker => marker,
        })
    }

    /// Address of a source, given its number in C, H, W order.
    #[must_use]
    pub fn address(self, source: u32) -> u32 {
        let (height, width) = (small(self.shape.height), small(self.shape.width));
        let (channel, row, column) = (source / (height * width), source / width % height, source % width);
        (channel << self.row_bits() | row) << self.column_bits() | column
    }

    /// Number of a source in C, H, W order, given its address; none for an address outside the map.
    #[must_use]
    pub fn source(self, address: u32) -> Option<u32> {
        let field = |shift: usize, bits: usize| address >> shift & ((1 << bits) - 1);
        let column = field(0, self.column_bits());
        let row = field(self.column_bits(), self.row_bits());
        let channel = address >> (self.column_bits() + self.row_bits());
        let Shape {
            channels,
            height,
            width,
        } = self.shape;
        let (channels, height, width) = (small(channels), small(height), small(width));
        (channel < channels && row < height && column < width)
            .then_some((channel * height + row) * width + column)
    }
}

/// A side of a map; validation bounds the neurons of a layer far below 2³².
fn small(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_survive_encoding() {
        let spikes = [
            Spike::positive(0),
            Spike::signed(5, true),
            Spike::positive((1 << 29) - 1),
        ];
        for event in spikes
            .map(Event::Spike)
            .into_iter()
            .chain([Event::EndOfStep, Event::Clear])
        {
            assert_eq!(Event::decode(event.encode()), Some(event));
        }
        assert_eq!(Event::decode(3), None);
    }

    #[test]
    fn width_is_kind_sign_and_fields() {
        let bits = |shape: [usize; 3]| Addressing::of(shape.into()).event_bits();
        assert_eq!(bits([64, 1, 1]), 9);
        assert_eq!(bits([65, 1, 1]), 10);
        assert_eq!(bits([1, 1, 1]), 4);
        assert_eq!(bits([20, 28, 28]), 18);
    }

    #[test]
    fn the_magnitude_of_a_value_lies_above_the_address() {
        let map = Addressing::of([3, 5, 6].into()).with_values(true);
        assert_eq!((map.value_shift(), map.event_bits()), (11, 19));
        let event = Event::Spike(Spike {
            address: 5,
            value: -200,
        });
        assert_eq!(map.encode(event), 200 << 11 | 5 << 3 | 4);
        for event in [event, Event::EndOfStep, Event::Clear] {
            assert_eq!(map.decode(map.encode(event)), Some(event));
        }
        assert_eq!(map.decode(3), None);
        let plain = map.with_values(false);
        assert_eq!(plain.encode(event), 5 << 3 | 4);
        assert_eq!(plain.decode(5 << 3), Some(Event::Spike(Spike::positive(5))));
    }

    #[test]
    fn fields_lie_side_by_side() {
        let map = Addressing::of([3, 5, 6].into());
        assert_eq!(map.address(2 * 30 + 4 * 6 + 5), 2 << 6 | 4 << 3 | 5);
        assert_eq!(map.source(2 << 6 | 4 << 3 | 5), Some(89));
        for source in 0..90 {
            assert_eq!(map.source(map.address(source)), Some(source));
        }
        for outside in [3 << 6, 5 << 3, 6] {
            assert_eq!(map.source(outside), None);
        }
    }
}
