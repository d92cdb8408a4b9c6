//! The spikes of a layer, step by step.

use super::layout::VECTOR;

/// Neurons per word of bits.
pub(crate) const WORD: usize = 64;

/// Addresses of the neurons that fired, one list per step, ascending unless [`SpikeLists::part`] has partitioned it.
#[derive(Clone, Debug)]
pub(crate) struct SpikeLists {
    /// Addresses of all steps, with room for all neurons to fire in all steps and one vector more. The memory is
    /// allocated as zeros, so pages that no spike ever reaches are reserved but not used.
    addresses: Vec<u32>,
    /// `ends[t]` is one past the last spike of step t.
    ends: Vec<usize>,
}

impl SpikeLists {
    /// Creates empty lists with room for every one of `neurons` to fire in every step.
    pub(crate) fn new(neurons: usize, steps: usize) -> Self {
        Self {
            addresses: vec![0; neurons * steps + VECTOR],
            ends: Vec::with_capacity(steps),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.ends.clear();
    }

    /// Returns memory for the next step's spikes, with room for all neurons and one vector more, and its start index,
    /// which [`Self::end_step`] needs.
    #[inline(always)]
    pub(crate) fn room(&mut self, neurons: usize) -> (&mut [u32], usize) {
        let start = self.total();
        (&mut self.addresses[start..][..neurons + VECTOR], start)
    }

    /// Ends a step after its spikes have been written; `end` is one past the last.
    #[inline(always)]
    pub(crate) fn end_step(&mut self, end: usize) {
        self.ends.push(end);
    }

    /// Appends a step whose spikes are the set bits of `words`.
    pub(crate) fn push_bits(&mut self, words: &[u64]) {
        let mut end = self.total();
        for (mut word, base) in words.iter().copied().zip((0u32..).step_by(WORD)) {
            while word != 0 {
                self.addresses[end] = base + word.trailing_zeros();
                word &= word - 1;
                end += 1;
            }
        }
        self.ends.push(end);
    }

    /// Partitions the spikes of the last step: first the neurons whose bit in `keep` is set, then the others, both
    /// ascending. Returns the number of the former; `aside` has room for all neurons.
    pub(crate) fn part(&mut self, keep: &[u64], aside: &mut [u32]) -> usize {
        let end = self.total();
        let start = self
            .ends
            .len()
            .checked_sub(2)
            .map_or(0, |before| self.ends[before]);
        let step = &mut self.addresses[start..end];
        let (mut kept, mut others) = (0, 0);
        for index in 0..step.len() {
            let address = step[index];
            // Written to both ends, which avoids an unpredictable branch.
            step[kept] = address;
            aside[others] = address;
            let passes = is_set(keep, address as usize);
            kept += usize::from(passes);
            others += usize::from(!passes);
        }
        step[kept..].copy_from_slice(&aside[..others]);
        kept
    }

    /// Spikes of step `t`, counted from 0.
    pub(crate) fn step(&self, t: usize) -> &[u32] {
        let start = if t == 0 { 0 } else { self.ends[t - 1] };
        &self.addresses[start..self.ends[t]]
    }

    /// Spikes of every step so far.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &[u32]> + Clone {
        (0..self.ends.len()).map(|t| self.step(t))
    }

    /// Number of spikes over all steps.
    pub(crate) fn total(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Memory in bytes that would be needed if every neuron fired in every step.
    pub(crate) fn most_bytes(&self) -> usize {
        size_of_val(&self.addresses[..]) + self.ends.capacity() * size_of::<usize>()
    }

    /// Memory in bytes that the current spikes need.
    pub(crate) fn bytes(&self) -> usize {
        self.total() * size_of::<u32>() + self.ends.capacity() * size_of::<usize>()
    }
}

/// Bit `index` of `words`.
pub(crate) const fn is_set(words: &[u64], index: usize) -> bool {
    words[index / WORD] >> (index % WORD) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_become_rising_lists() {
        let mut lists = SpikeLists::new(130, 3);
        lists.push_bits(&[0; 3]);
        lists.push_bits(&[1 << 63 | 1, 0, 0b10]);
        let steps: Vec<&[u32]> = lists.steps().collect();
        assert_eq!(steps, [&[][..], &[0, 63, 129]]);
        assert_eq!(lists.total(), 3);
        lists.clear();
        assert_eq!(lists.steps().count(), 0);
    }

    #[test]
    fn the_last_step_is_parted_and_no_spike_is_lost() {
        let mut lists = SpikeLists::new(70, 3);
        let mut aside = [0; 70];
        for (keep, sent) in [(0b1011, 2), (0, 0), (u64::MAX, 4)] {
            lists.push_bits(&[0b11_1010, 0]);
            assert_eq!(lists.part(&[keep, 0], &mut aside), sent);
        }
        let steps: Vec<&[u32]> = lists.steps().collect();
        assert_eq!(steps, [[1, 3, 4, 5], [1, 3, 4, 5], [1, 3, 4, 5]]);
        lists.clear();
        lists.push_bits(&[0b11_1010, 1 << 5]);
        assert_eq!(lists.part(&[0b10_0100, 1 << 5], &mut aside), 2);
        assert_eq!(lists.step(0), [5, 69, 1, 3, 4]);
        lists.push_bits(&[0, 0]);
        assert_eq!(lists.part(&[u64::MAX; 2], &mut aside), 0);
        assert_eq!(lists.total(), 5);
    }
}
