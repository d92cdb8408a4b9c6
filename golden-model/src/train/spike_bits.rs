//! A layer's spikes over all steps, one bit per neuron and step: memory that does not depend on how much it fires.

/// Neurons per word.
pub(crate) const WORD: usize = 64;

/// The spikes of a number of neurons over a number of steps.
#[derive(Clone, Debug)]
pub(crate) struct SpikeBits {
    words: usize,
    bits: Vec<u64>,
}

impl SpikeBits {
    pub(crate) fn new(neurons: usize, steps: usize) -> Self {
        let words = neurons.div_ceil(WORD);
        Self {
            words,
            bits: vec![0; words * steps],
        }
    }

    /// Words of step `t`, counted from 0.
    pub(crate) fn step(&self, t: usize) -> &[u64] {
        &self.bits[t * self.words..][..self.words]
    }

    pub(crate) fn step_mut(&mut self, t: usize) -> &mut [u64] {
        &mut self.bits[t * self.words..][..self.words]
    }

    /// Number of spikes over all steps.
    pub(crate) fn total(&self) -> u64 {
        self.bits.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.bits.len() * size_of::<u64>()
    }
}

/// Lists the set bits of `words` & `keep` in rising order; `list` keeps its memory.
pub(crate) fn decode(words: &[u64], keep: Option<&[u64]>, list: &mut Vec<u32>) {
    list.clear();
    let mut push = |base: u32, mut word: u64| {
        while word != 0 {
            list.push(base + word.trailing_zeros());
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_back_in_order() {
        let mut bits = SpikeBits::new(130, 2);
        bits.step_mut(1).copy_from_slice(&[1 << 63 | 1, 0, 0b10]);
        let mut list = vec![7];
        decode(bits.step(0), None, &mut list);
        assert!(list.is_empty());
        decode(bits.step(1), None, &mut list);
        assert_eq!(list, [0, 63, 129]);
        assert_eq!(bits.total(), 3);
        decode(bits.step(1), Some(&[1, 0, 0]), &mut list);
        assert_eq!(list, [0]);
    }
}
