//! The input of one step in the form that layers need: ascending addresses, of spikes separated by sign, of graded events
//! with their values.

use crate::events::{Layout, SpikeLists, WORD};
use crate::integer::IntegerError;
use crate::network::InputCoding;
use crate::spikes::Spike;
use crate::{Error, Result};

/// Input spikes of the current step.
#[derive(Clone, Debug)]
pub(super) struct InputSpikes {
    layout: Layout,
    /// One bit per input, set if it spikes: first for positive, then for negative spikes.
    words: [Vec<u64>; 2],
    positive: SpikeLists,
    negative: SpikeLists,
    /// Values in place of spikes, if inputs are graded.
    graded: Option<GradedInputs>,
}

/// Graded inputs of the current step.
#[derive(Clone, Debug)]
struct GradedInputs {
    /// One value per address of [`Layout`].
    by_address: Vec<i16>,
    /// Addresses of the values that are not 0, ascending, and these values.
    addresses: Vec<u32>,
    values: Vec<i16>,
}

impl InputSpikes {
    pub(super) fn new(layout: Layout, coding: InputCoding) -> Self {
        let words = || vec![0; layout.size().div_ceil(WORD)];
        let spikes = if coding.is_graded() { 0 } else { layout.size() };
        let graded = || GradedInputs {
            by_address: vec![0; layout.size()],
            addresses: Vec::with_capacity(layout.size()),
            values: Vec::with_capacity(layout.size()),
        };
        Self {
            layout,
            words: [words(), words()],
            positive: SpikeLists::new(spikes, 1),
            negative: SpikeLists::new(spikes, 1),
            graded: coding.is_graded().then(graded),
        }
    }

    /// Stores the events of step `step`, given in any order. Their values are those of the coding.
    ///
    /// # Errors
    /// If a source fires twice, which no width proof covers.
    pub(super) fn take(&mut self, step: usize, spikes: &[Spike]) -> Result<()> {
        self.words.iter_mut().for_each(|words| words.fill(0));
        let mut twice = None;
        for spike in spikes {
            let address = self.layout.address(spike.address as usize);
            let (word, bit) = (address / WORD, 1 << (address % WORD));
            if (self.words[0][word] | self.words[1][word]) & bit != 0 {
                twice.get_or_insert(spike.address);
            }
            self.words[usize::from(spike.is_negative())][word] |= bit;
        }
        if let Some(graded) = &mut self.graded {
            graded.take(spikes, self.layout);
        } else {
            self.list_spikes();
        }
        match twice {
            None => Ok(()),
            Some(source_address) => Err(Error::Integer(IntegerError::DuplicateSpike {
                step,
                source_address,
            })),
        }
    }

    fn list_spikes(&mut self) {
        for (list, words) in [&mut self.positive, &mut self.negative]
            .into_iter()
            .zip(&self.words)
        {
            list.clear();
            list.push_bits(words);
        }
    }

    /// Memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        let words = self.words.iter().map(|words| size_of_val(&words[..]));
        let graded = self.graded.as_ref().map_or(0, GradedInputs::bytes);
        words.sum::<usize>() + self.positive.most_bytes() + self.negative.most_bytes() + graded
    }

    /// Graded events last stored, as addresses and values; `None` if inputs are spikes.
    pub(super) fn graded(&self) -> Option<(&[u32], &[i16])> {
        let graded = self.graded.as_ref()?;
        Some((&graded.addresses, &graded.values))
    }

    /// Spikes last stored, as pairs of addresses and sign; true is negative.
    pub(super) fn by_sign(&self) -> [(&[u32], bool); 2] {
        [(self.positive.step(0), false), (self.negative.step(0), true)]
    }
}

impl GradedInputs {
    fn take(&mut self, events: &[Spike], layout: Layout) {
        self.by_address.fill(0);
        for event in events {
            self.by_address[layout.address(event.address as usize)] = event.value;
        }
        self.addresses.clear();
        self.values.clear();
        for (address, &value) in (0..).zip(&self.by_address).filter(|(_, value)| **value != 0) {
            self.addresses.push(address);
            self.values.push(value);
        }
    }

    fn bytes(&self) -> usize {
        // Lists with room for all inputs, whatever a clone has allocated so far.
        self.by_address.len() * (2 * size_of::<i16>() + size_of::<u32>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spikes_rise_whatever_their_order_and_a_source_fires_once() {
        // With two channels of two positions, input number 1 has address 2.
        let mut input = InputSpikes::new(Layout::input([2, 1, 2].into()), InputCoding::Poisson);
        let spike = Spike::signed;
        input
            .take(0, &[spike(3, false), spike(1, false), spike(0, true)])
            .unwrap();
        assert_eq!(input.by_sign(), [(&[2, 3][..], false), (&[0][..], true)]);
        let error = input.take(4, &[spike(2, false), spike(2, true)]).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Integer(IntegerError::DuplicateSpike {
                    step: 4,
                    source_address: 2
                })
            ),
            "{error}"
        );
        input.take(0, &[]).unwrap();
        assert_eq!(input.by_sign(), [(&[][..], false), (&[][..], true)]);
        assert_eq!(input.graded(), None);
    }

    #[test]
    fn graded_events_rise_with_their_values() {
        let mut input = InputSpikes::new(Layout::input([2, 1, 2].into()), InputCoding::Direct);
        let event = |address, value| Spike { address, value };
        input
            .take(0, &[event(3, -255), event(1, 7), event(0, 2)])
            .unwrap();
        assert_eq!(input.graded(), Some((&[0, 2, 3][..], &[2, 7, -255][..])));
        assert!(input.take(1, &[event(3, 1), event(3, 2)]).is_err());
        input.take(2, &[event(2, 9)]).unwrap();
        assert_eq!(input.graded(), Some((&[1][..], &[9][..])));
    }
}
