//! Events: what flows between the layers' engines.
//!
//! An event is a word of 32 bits, of which a stream carries as many as its addresses need:
//!
//! | bits | meaning |
//! |---|---|
//! | 1..0 | kind: 0 spike, 1 end of the time step, 2 clear: the end of an inference |
//! | 2 | sign of a spike: 1 for −1 |
//! | 31..3 | address of a spike's source in C, H, W order |

use synfire_golden_model::spikes::Spike;

/// Kind field of a spike.
pub const SPIKE: u32 = 0;
/// Kind field of the end of a time step.
pub const END_OF_STEP: u32 = 1;
/// Kind field of a clear.
pub const CLEAR: u32 = 2;
/// Bits below the address.
pub const ADDRESS_SHIFT: usize = 3;

/// An event, decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A source fired.
    Spike(Spike),
    /// All spikes of the time step have passed.
    EndOfStep,
    /// All steps of the inference have passed: membranes return to zero.
    Clear,
}

impl Event {
    /// The event as it travels.
    #[must_use]
    pub fn encode(self) -> u32 {
        match self {
            Self::Spike(spike) => spike.address << ADDRESS_SHIFT | u32::from(spike.negative) << 2 | SPIKE,
            Self::EndOfStep => END_OF_STEP,
            Self::Clear => CLEAR,
        }
    }

    /// The event that a word holds, or none for the unused kind.
    #[must_use]
    pub fn decode(word: u32) -> Option<Self> {
        match word & 3 {
            SPIKE => Some(Self::Spike(Spike {
                address: word >> ADDRESS_SHIFT,
                negative: word >> 2 & 1 == 1,
            })),
            END_OF_STEP => Some(Self::EndOfStep),
            CLEAR => Some(Self::Clear),
            _ => None,
        }
    }
}

/// Bits of an event whose address is below `sources`.
#[must_use]
pub fn event_width(sources: usize) -> usize {
    ADDRESS_SHIFT + rust_hdl::prelude::clog2(sources.max(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_survive_encoding() {
        let spikes = [
            Spike::positive(0),
            Spike {
                address: 5,
                negative: true,
            },
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
    fn width_is_kind_sign_and_address() {
        assert_eq!(event_width(64), 9);
        assert_eq!(event_width(65), 10);
        assert_eq!(event_width(1), 4);
    }
}
