//! A layer's spikes, step by step, and the words of bits in which a step's spikes first stand.

/// Neurons per word of bits.
pub(crate) const WORD: usize = 64;

/// Addresses of the neurons that fired, one rising list per step.
#[derive(Clone, Debug)]
pub(crate) struct SpikeLists {
    addresses: Vec<u32>,
    /// `ends[t]` is one past the last spike of step t.
    ends: Vec<usize>,
    capacity: usize,
}

impl SpikeLists {
    /// Room for every one of `neurons` to fire in every step. Memory that no spike ever reaches is reserved and never
    /// used.
    pub(crate) fn new(neurons: usize, steps: usize) -> Self {
        let capacity = neurons * steps;
        Self {
            addresses: Vec::with_capacity(capacity),
            ends: Vec::with_capacity(steps),
            capacity,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.addresses.clear();
        self.ends.clear();
    }

    /// Appends a step: the set bits of `words`, and of `keep` where there is one.
    pub(crate) fn push(&mut self, words: &[u64], keep: Option<&[u64]>) {
        let mut push = |base: u32, mut word: u64| {
            while word != 0 {
                self.addresses.push(base + word.trailing_zeros());
                word &= word - 1;
            }
        };
        let bases = (0u32..).step_by(WORD);
        match keep {
            None => words.iter().zip(bases).for_each(|(&word, base)| push(base, word)),
            Some(keep) => words
                .iter()
                .zip(keep)
                .zip(bases)
                .for_each(|((&word, &keep), base)| push(base, word & keep)),
        }
        self.ends.push(self.addresses.len());
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
    pub(crate) const fn total(&self) -> usize {
        self.addresses.len()
    }

    /// Memory in bytes if every neuron fired in every step.
    pub(crate) const fn most_bytes(&self) -> usize {
        self.capacity * size_of::<u32>() + self.ends.capacity() * size_of::<usize>()
    }

    /// Memory in bytes that the spikes of now need.
    pub(crate) const fn bytes(&self) -> usize {
        self.addresses.len() * size_of::<u32>() + self.ends.len() * size_of::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_become_rising_lists() {
        let mut lists = SpikeLists::new(130, 3);
        lists.push(&[0; 3], None);
        lists.push(&[1 << 63 | 1, 0, 0b10], None);
        lists.push(&[1 << 63 | 1, 0, 0b10], Some(&[1, 0, 0b11]));
        let steps: Vec<&[u32]> = lists.steps().collect();
        assert_eq!(steps, [&[][..], &[0, 63, 129], &[0, 129]]);
        assert_eq!(lists.total(), 5);
        lists.clear();
        assert_eq!(lists.steps().count(), 0);
    }
}
