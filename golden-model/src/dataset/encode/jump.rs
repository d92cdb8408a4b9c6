//! Jumping ahead in the sequence of xorshift32.
//!
//! A step of the generator is linear over GF(2): a 32x32 matrix of bits. So are n steps, whose matrix is a product of
//! the matrices of powers of two.

use super::xorshift32;

/// Linear map of states, given by the images of the 32 single bits.
type Matrix = [u32; 32];

/// `POWERS[k]` is the map of 2^k steps.
const POWERS: [Matrix; 32] = powers();

const fn powers() -> [Matrix; 32] {
    let mut powers = [[0; 32]; 32];
    let mut bit = 0;
    while bit < 32 {
        powers[0][bit] = xorshift32(1 << bit);
        bit += 1;
    }
    let mut k = 1;
    while k < 32 {
        powers[k] = product(&powers[k - 1], &powers[k - 1]);
        k += 1;
    }
    powers
}

/// Composes two maps: `second` after `first`.
const fn product(second: &Matrix, first: &Matrix) -> Matrix {
    let mut product = [0; 32];
    let mut bit = 0;
    while bit < 32 {
        let mut from = 0;
        while from < 32 {
            // All ones where the bit is set: a mask instead of a branch.
            product[bit] ^= second[from] & (first[bit] >> from & 1).wrapping_neg();
            from += 1;
        }
        bit += 1;
    }
    product
}

/// Map of a fixed number of steps, tabulated per byte of the state.
#[derive(Clone, Debug)]
pub(super) struct Jump([[u32; 256]; 4]);

impl Jump {
    /// Tabulates the map of `steps` steps.
    pub(super) fn new(steps: u32) -> Self {
        let identity: Matrix = std::array::from_fn(|bit| 1 << bit);
        let matrix = (0..32)
            .filter(|k| steps >> k & 1 == 1)
            .fold(identity, |matrix, k| product(&POWERS[k], &matrix));
        let mut tables = [[0; 256]; 4];
        for (table, columns) in tables.iter_mut().zip(matrix.as_chunks::<8>().0) {
            for byte in 1..256usize {
                // This entry has one bit more than an entry that is already filled in.
                table[byte] = table[byte & (byte - 1)] ^ columns[byte.trailing_zeros() as usize];
            }
        }
        Self(tables)
    }

    /// Returns the state that follows `state` after this number of steps.
    pub(super) fn apply(&self, state: u32) -> u32 {
        let bytes = state.to_le_bytes();
        self.0
            .iter()
            .zip(bytes)
            .fold(0, |next, (table, byte)| next ^ table[usize::from(byte)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_that_many_steps() {
        for steps in [0, 1, 2, 49, 784, 3072] {
            let jump = Jump::new(steps);
            for seed in [1, 0x8000_0000, 0xdead_beef, u32::MAX] {
                let walked = (0..steps).fold(seed, |state, _| xorshift32(state));
                assert_eq!(jump.apply(seed), walked, "{steps} steps from {seed:#x}");
            }
        }
    }

    #[test]
    fn the_period_is_all_nonzero_states() {
        assert_eq!(Jump::new(u32::MAX).apply(0x1234_5678), 0x1234_5678);
    }
}
