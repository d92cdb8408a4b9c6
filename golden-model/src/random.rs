//! Seeded random numbers, used for initial weights, the order of images and splits.
//!
//! Shuffling is implemented here and not taken from a library, so that the split of a data set does not depend on
//! library versions.

use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Random number generator xoshiro256++.
#[derive(Clone, Debug)]
pub(crate) struct Random(Xoshiro256PlusPlus);

impl Random {
    /// Creates a generator; equal seeds give equal sequences.
    pub(crate) fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Draws from the standard normal distribution.
    pub(crate) fn normal(&mut self) -> f32 {
        StandardNormal.sample(&mut self.0)
    }

    /// Draws from [0, 1) in steps of 2^−24.
    pub(crate) fn uniform(&mut self) -> f32 {
        (self.0.next_u64() >> 40) as f32 / (1u32 << 24) as f32
    }

    /// Draws an integer below `bound`; the bias is below `bound`·2^−64.
    fn below(&mut self, bound: usize) -> usize {
        let product = u128::from(self.0.next_u64()) * bound as u128;
        usize::try_from(product >> 64).expect("the quotient is below a usize")
    }

    /// Shuffles `items` (Fisher-Yates, from the end).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// Mixes several values into one: folds each part into a SplitMix64 state and finalizes it.
///
/// Use it to derive independent seeds, e.g. per epoch or per image, from the seed of a run.
pub(crate) fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(0, |state: u64, &part| {
        let mut z = (state ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffling_is_pinned() {
        let mut items: Vec<u8> = (0..10).collect();
        Random::new(1).shuffle(&mut items);
        assert_eq!(items, [4, 7, 9, 3, 2, 1, 5, 0, 6, 8]);
    }

    #[test]
    fn every_order_of_three_is_about_as_likely() {
        let mut random = Random::new(3);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..6000 {
            let mut items = [0, 1, 2];
            random.shuffle(&mut items);
            *counts.entry(items).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(
            counts.values().all(|count| (900..1100).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn normal_draws_have_mean_0_and_variance_1() {
        let mut random = Random::new(5);
        let draws: Vec<f64> = (0..20_000).map(|_| f64::from(random.normal())).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!(
            mean.abs() < 0.02 && (variance - 1.0).abs() < 0.04,
            "mean {mean}, variance {variance}"
        );
    }

    #[test]
    fn mixing_depends_on_every_part_and_on_their_order() {
        // This is the first output of SplitMix64 for seed 0, a published test vector.
        assert_eq!(mix(&[0]), 0xe220_a839_7b1d_cdaf);
        assert_ne!(mix(&[1, 2]), mix(&[2, 1]));
        assert_ne!(mix(&[1, 2, 3]), mix(&[1, 2, 4]));
    }
}
