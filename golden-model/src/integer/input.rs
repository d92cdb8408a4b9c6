//! The input spikes of one step in the form that layers need: ascending addresses, separated by sign.

use crate::events::{Layout, SpikeLists, WORD};
use crate::integer::IntegerError;
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
}

impl InputSpikes {
    pub(super) fn new(layout: Layout) -> Self {
        let words = || vec![0; layout.size().div_ceil(WORD)];
        Self {
            layout,
            words: [words(), words()],
            positive: SpikeLists::new(layout.size(), 1),
            negative: SpikeLists::new(layout.size(), 1),
        }
    }

    /// Stores the spikes of step `step`, given in any order.
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
            self.words[usize::from(spike.negative)][word] |= bit;
        }
        for (list, words) in [&mut self.positive, &mut self.negative]
            .into_iter()
            .zip(&self.words)
        {
            list.clear();
            list.push_bits(words);
        }
        match twice {
            None => Ok(()),
            Some(source_address) => Err(Error::Integer(IntegerError::DuplicateSpike {
                step,
                source_address,
            })),
        }
    }

    /// Memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        let words = self.words.iter().map(|words| size_of_val(&words[..]));
        words.sum::<usize>() + self.positive.most_bytes() + self.negative.most_bytes()
    }

    /// Spikes last stored, as pairs of addresses and sign; true is negative.
    pub(super) fn by_sign(&self) -> [(&[u32], bool); 2] {
        [(self.positive.step(0), false), (self.negative.step(0), true)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spikes_rise_whatever_their_order_and_a_source_fires_once() {
        // With two channels of two positions, input number 1 has address 2.
        let mut input = InputSpikes::new(Layout::input([2, 1, 2].into()));
        let spike = |address, negative| Spike { address, negative };
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
    }
}
