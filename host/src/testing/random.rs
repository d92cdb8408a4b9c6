//! A reproducible generator of random numbers.

/// The generator SplitMix64, which hashes a counter. Equal seeds give equal numbers on every machine.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator with this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut hash = self.0;
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        hash ^ (hash >> 31)
    }

    /// Returns a number below `bound`, or 0 if `bound` is 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        let number = self.next();
        if bound == 0 { 0 } else { number % bound }
    }

    /// Draws the time steps of an inference. In each step, each of `inputs` inputs spikes with probability
    /// `1 / sparsity`.
    pub fn steps(&mut self, steps: usize, inputs: u32, sparsity: u64) -> Vec<Vec<u32>> {
        (0..steps)
            .map(|_| (0..inputs).filter(|_| self.below(sparsity) == 0).collect())
            .collect()
    }
}
