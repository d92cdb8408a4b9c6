//! The input spikes of one step, as the layers want them: rising addresses, by sign.

use crate::events::{Layout, WORD};
use crate::spikes::Spike;
use crate::{Error, Result};

/// The input spikes of the current step.
#[derive(Clone, Debug)]
pub(super) struct InputSpikes {
    layout: Layout,
    /// A bit per input, positive and negative; zeros between steps.
    words: [Vec<u64>; 2],
    positive: Vec<u32>,
    negative: Vec<u32>,
}

impl InputSpikes {
    pub(super) fn new(layout: Layout) -> Self {
        let words = || vec![0; layout.size().div_ceil(WORD)];
        Self {
            layout,
            words: [words(), words()],
            positive: Vec::with_capacity(layout.size()),
            negative: Vec::with_capacity(layout.size()),
        }
    }

    /// Takes in the spikes of step `step`, in any order.
    ///
    /// # Errors
    /// If a source fires twice, which no proof of width covers.
    pub(super) fn take(&mut self, step: usize, spikes: &[Spike]) -> Result<()> {
        let mut twice = None;
        for spike in spikes {
            let address = self.layout.address(spike.address as usize);
            let (word, bit) = (address / WORD, 1 << (address % WORD));
            if (self.words[0][word] | self.words[1][word]) & bit != 0 {
                twice.get_or_insert(spike.address);
            }
            self.words[usize::from(spike.negative)][word] |= bit;
        }
        drain(&mut self.words[0], &mut self.positive);
        drain(&mut self.words[1], &mut self.negative);
        match twice {
            None => Ok(()),
            Some(source_address) => Err(Error::DuplicateSpike { step, source_address }),
        }
    }

    /// Memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        let [positive, negative] = &self.words;
        // What the lists may hold, not what they happen to: that depends on what else a worker has seen.
        let lists = 2 * self.layout.size();
        size_of_val(&positive[..]) + size_of_val(&negative[..]) + lists * size_of::<u32>()
    }

    /// The spikes of each sign.
    pub(super) fn by_sign(&self) -> [(&[u32], bool); 2] {
        [(&self.positive, false), (&self.negative, true)]
    }
}

/// Moves the set bits from `words` to `list`.
fn drain(words: &mut [u64], list: &mut Vec<u32>) {
    list.clear();
    for (word, base) in words.iter_mut().zip((0_u32..).step_by(WORD)) {
        while *word != 0 {
            list.push(base + word.trailing_zeros());
            *word &= *word - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spikes_rise_whatever_their_order_and_a_source_fires_once() {
        // Two channels of two places: number 1 is address 2.
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
                Error::DuplicateSpike {
                    step: 4,
                    source_address: 2
                }
            ),
            "{error}"
        );
        input.take(0, &[]).unwrap();
        assert_eq!(input.by_sign(), [(&[][..], false), (&[][..], true)]);
    }
}
