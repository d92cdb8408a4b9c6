//! Events: what flows between the engines of the layers.
//!
//! An event is a word of 32 bits. A stream carries as many of them as its addresses need:
//!
//! | bits | meaning |
//! |---|---|
//! | 1..0 | kind: 0 spikes, 1 end of the time step, 2 clear (end of the inference) |
//! | 2 | sign of a spike: 1 if its value is negative |
//! | 31..3 | address of the sources: group, row and column side by side, see [`Addressing`] |
//! | above the address | in the stream of a graded input, the magnitude of the value in 8 bits |
//!
//! A layer of L lanes emits the spikes of a word of L neurons as one event. A *mask* of L bits beside the event says which of
//! them fired: bit i stands for channel group · L + i at the event's row and column. An input has one lane, so its groups are
//! its channels, and each of its spikes is an event.

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

/// Layout of an address in the events of one stream: `group << (x + y bits) | row << x bits | column`. The fields lie side by
/// side, so that a consumer looks rows and columns up without a division.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addressing {
    /// Shape of the map of sources.
    pub shape: Shape,
    /// Channels of a group, which are the bits of a mask.
    pub lanes: usize,
    /// Whether events have values of any magnitude: those of a graded input.
    pub graded: bool,
}

impl Addressing {
    /// Layout for the sources of a map, each of which has an address of its own.
    #[must_use]
    pub const fn of(shape: Shape) -> Self {
        Self {
            shape,
            lanes: 1,
            graded: false,
        }
    }

    /// Layout for the same sources in words of `lanes` channels.
    #[must_use]
    pub const fn in_words_of(self, lanes: usize) -> Self {
        Self { lanes, ..self }
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

    /// Groups of channels: one for each channel if sources have addresses of their own.
    #[must_use]
    pub const fn groups(self) -> usize {
        self.shape.channels.div_ceil(self.lanes)
    }

    /// Bits of the group, at least 1.
    #[must_use]
    pub fn group_bits(self) -> usize {
        clog2(self.groups()).max(1)
    }

    /// Bits of an address.
    #[must_use]
    pub fn address_bits(self) -> usize {
        self.group_bits() + self.row_bits() + self.column_bits()
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

    /// Bits that a FIFO stores of an event: those of the event itself, and the mask unless every event is one spike.
    #[must_use]
    pub fn entry_bits(self) -> usize {
        self.event_bits() + if self.lanes > 1 { self.lanes } else { 0 }
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

    /// Address of a source, given its number in C, H, W order: that of its group.
    #[must_use]
    pub fn address(self, source: u32) -> u32 {
        let (channel, row, column) = self.place(source);
        ((channel / small(self.lanes)) << self.row_bits() | row) << self.column_bits() | column
    }

    /// Lane of a source, given its number in C, H, W order.
    #[must_use]
    pub fn lane(self, source: u32) -> u32 {
        self.place(source).0 % small(self.lanes)
    }

    /// Channel, row and column of a source.
    fn place(self, source: u32) -> (u32, u32, u32) {
        let (height, width) = (small(self.shape.height), small(self.shape.width));
        (source / (height * width), source / width % height, source % width)
    }

    /// Number of lane 0's source in C, H, W order, given its address; none for an address outside the map.
    #[must_use]
    pub fn source(self, address: u32) -> Option<u32> {
        self.source_in_lane(address, 0)
    }

    fn source_in_lane(self, address: u32, lane: u32) -> Option<u32> {
        let field = |shift: usize, bits: usize| address >> shift & ((1 << bits) - 1);
        let column = field(0, self.column_bits());
        let row = field(self.column_bits(), self.row_bits());
        let group = address >> (self.column_bits() + self.row_bits());
        let Shape {
            channels,
            height,
            width,
        } = self.shape;
        let (channels, height, width) = (small(channels), small(height), small(width));
        let channel = group.checked_mul(small(self.lanes))?.checked_add(lane)?;
        (channel < channels && row < height && column < width)
            .then_some((channel * height + row) * width + column)
    }

    /// Numbers of the sources of an address whose bits in a mask are set, by lane; none if one of them is outside the map.
    #[must_use]
    pub fn sources(self, address: u32, mask: u64) -> Option<Vec<u32>> {
        (0..u64::BITS)
            .filter(|lane| mask >> lane & 1 == 1)
            .map(|lane| {
                let is_lane = (lane as usize) < self.lanes;
                is_lane.then(|| self.source_in_lane(address, lane)).flatten()
            })
            .collect()
    }

    /// Spikes of sources as events with their masks: an event for each run of sources of one address whose lanes ascend.
    #[must_use]
    pub fn words(self, sources: impl IntoIterator<Item = u32>) -> Vec<(Event, u64)> {
        let mut words: Vec<(Event, u64)> = Vec::new();
        for source in sources {
            let event = Event::Spike(Spike::positive(self.address(source)));
            let bit = 1_u64 << self.lane(source);
            match words.last_mut() {
                Some((last, mask)) if *last == event && *mask < bit => *mask |= bit,
                _ => words.push((event, bit)),
            }
        }
        words
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

    #[test]
    fn a_word_of_channels_has_one_address_and_a_mask() {
        // Groups of channels 0 and 1, 2 and 3, and 4.
        let map = Addressing::of([5, 2, 3].into()).in_words_of(2);
        assert_eq!((map.groups(), map.address_bits()), (3, 2 + 1 + 2));
        // Row 1, column 2.
        let at = |channel: u32| channel * 6 + 5;
        assert_eq!(map.address(at(3)), 1 << 3 | 1 << 2 | 2);
        assert_eq!((map.lane(at(3)), map.lane(at(4))), (1, 0));
        assert_eq!(map.sources(1 << 3 | 1 << 2 | 2, 0b11), Some(vec![at(2), at(3)]));
        assert_eq!(map.sources(2 << 3 | 1 << 2 | 2, 0b01), Some(vec![at(4)]));
        for (address, mask) in [(2 << 3, 0b10), (0, 0b100), (3 << 3, 1), (3, 1)] {
            assert_eq!(map.sources(address, mask), None, "{address} {mask}");
        }
        let word = |address, mask| (Event::Spike(Spike::positive(address)), mask);
        let words = map.words([at(0), at(1), at(2), 0, 6, 6]);
        assert_eq!(words, [word(6, 3), word(8 + 6, 1), word(0, 3), word(0, 2)]);
    }
}
