//! Bit vectors with one bit per input, set if the input spikes.

/// Bits per word.
pub(super) const WORD: usize = u64::BITS as usize;

/// Indices of the bits set in `words`, ascending, each with the bit of the same index in `marks`.
pub(super) fn set_bits<'a>(words: &'a [u64], marks: &'a [u64]) -> impl Iterator<Item = (u32, bool)> + 'a {
    (0..)
        .step_by(WORD)
        .zip(words.iter().zip(marks))
        .flat_map(|(first, (&word, &marks))| {
            SetBits(word).map(move |bit| (first + bit, marks >> bit & 1 == 1))
        })
}

/// Iterator over the indices of a word's set bits, ascending.
struct SetBits(u64);

impl Iterator for SetBits {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let bit = self.0.trailing_zeros();
        self.0 &= self.0.checked_sub(1)?;
        Some(bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_bits_come_in_order_with_their_marks() {
        let (words, marks) = ([1 << 63 | 0b101, 0, 0b10], [0b100, u64::MAX, 0]);
        let found: Vec<_> = set_bits(&words, &marks).collect();
        assert_eq!(found, [(0, false), (2, true), (63, false), (129, false)]);
    }
}
