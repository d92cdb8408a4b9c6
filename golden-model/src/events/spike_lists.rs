//! A layer's spikes, step by step.

use super::layout::VECTOR;

/// Neurons per word of bits.
pub(crate) const WORD: usize = 64;

/// Addresses of the neurons that fired, one rising list per step.
#[derive(Clone, Debug)]
pub(crate) struct SpikeLists {
    /// As long as all neurons firing in all steps need, and a vector more. It starts as zeros, so that memory which no
    /// spike ever reaches is reserved but not used.
    addresses: Vec<u32>,
    /// `ends[t]` is one past the last spike of step t.
    ends: Vec<usize>,
}

impl SpikeLists {
    /// Room for every one of `neurons` to fire in every step.
    pub(crate) fn new(neurons: usize, steps: usize) -> Self {
        Self {
            addresses: vec![0; neurons * steps + VECTOR],
            ends: Vec::with_capacity(steps),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.ends.clear();
    }

    /// Where the next step's spikes go, with room for `neurons` of them and a vector more; and where that begins, for
    /// [`Self::end_step`].
    #[inline(always)]
    pub(crate) fn room(&mut self, neurons: usize) -> (&mut [u32], usize) {
        let start = self.total();
        (&mut self.addresses[start..][..neurons + VECTOR], start)
    }

    /// Ends a step whose spikes have been written, `end` one past the last.
    #[inline(always)]
    pub(crate) fn end_step(&mut self, end: usize) {
        self.ends.push(end);
    }

    /// Appends a step: the set bits of `words`.
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

    /// Appends the last step of `all`, less the neurons whose bit in `keep` is not set.
    pub(crate) fn push_kept(&mut self, all: &Self, keep: &[u64]) {
        let mut end = self.total();
        for &address in all
            .ends
            .len()
            .checked_sub(1)
            .map_or(&[][..], |last| all.step(last))
        {
            self.addresses[end] = address;
            end += usize::from(is_set(keep, address as usize));
        }
        self.ends.push(end);
    }

    /// The spikes of step `t`, counted from 0.
    pub(crate) fn step(&self, t: usize) -> &[u32] {
        let start = if t == 0 { 0 } else { self.ends[t - 1] };
        &self.addresses[start..self.ends[t]]
    }

    /// Steps so far.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.ends.len()).map(|t| self.step(t))
    }

    /// Number of spikes over all steps.
    pub(crate) fn total(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Memory in bytes if every neuron fired in every step.
    pub(crate) fn most_bytes(&self) -> usize {
        size_of_val(&self.addresses[..]) + self.ends.capacity() * size_of::<usize>()
    }

    /// Memory in bytes that the spikes of now need.
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
        let mut kept = SpikeLists::new(130, 3);
        kept.push_kept(&lists, &[1, 0, 0b11]);
        let steps: Vec<&[u32]> = lists.steps().collect();
        assert_eq!(steps, [&[][..], &[0, 63, 129]]);
        assert_eq!(lists.total(), 3);
        assert_eq!(kept.step(0), [0, 129]);
        lists.clear();
        assert_eq!(lists.steps().count(), 0);
    }
}
