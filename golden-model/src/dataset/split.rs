//! Stratified splits: images set aside in proportion to the classes.

use super::{Dataset, Split};
use crate::dataset::DataError;
use crate::random::Random;
use crate::{Error, Result};

impl Dataset {
    /// Moves `aside` images into a test set; the others are the training set.
    ///
    /// Every class gives its proportional share, rounded so that the shares add up to `aside` (largest remainders
    /// first, the lower class on a tie). Within a class, `seed` selects the images. Both parts keep the order of the
    /// images.
    ///
    /// # Errors
    /// If either part would have no images.
    pub fn split(&self, aside: usize, seed: u64) -> Result<Split> {
        if aside == 0 || aside >= self.len() {
            return Err(Error::Data(DataError::Split {
                name: self.name.clone(),
                found: self.len(),
                wanted: aside,
            }));
        }
        let mut by_class = vec![Vec::new(); self.classes];
        for (index, &label) in self.labels.iter().enumerate() {
            by_class[usize::from(label)].push(index);
        }
        let shares = shares(&self.class_counts(), aside);
        let mut random = Random::new(seed);
        let mut is_aside = vec![false; self.len()];
        for (members, share) in by_class.iter_mut().zip(shares) {
            random.shuffle(members);
            for &index in &members[..share] {
                is_aside[index] = true;
            }
        }
        let all =
            |keep: &dyn Fn(usize) -> bool| (0..self.len()).filter(|&index| keep(index)).collect::<Vec<_>>();
        Ok(Split {
            train: self.select(&all(&|index| !is_aside[index]))?,
            test: self.select(&all(&|index| is_aside[index]))?,
            warnings: Vec::new(),
        })
    }

    /// Copies the samples with these indices, in this order.
    pub(super) fn select(&self, indices: &[usize]) -> Result<Self> {
        let samples = self.samples.select(self.shape.size(), indices);
        let labels = indices.iter().map(|&index| self.labels[index]).collect();
        let selected = Self::of_samples(self.name.clone(), self.shape, self.classes, samples, labels)?;
        Ok(selected.counted(self.counted))
    }
}

/// Splits `total` in proportion to `counts` by largest remainders.
fn shares(counts: &[usize], total: usize) -> Vec<usize> {
    let sum: usize = counts.iter().sum();
    let mut shares: Vec<usize> = counts.iter().map(|count| count * total / sum).collect();
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|&class| (std::cmp::Reverse(counts[class] * total % sum), class));
    let missing = total - shares.iter().sum::<usize>();
    for &class in &order[..missing] {
        shares[class] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Shape;

    fn toy() -> Dataset {
        let labels: Vec<u8> = (0..40).map(|index| u8::from(index % 4 == 3)).collect();
        let shape = Shape {
            channels: 1,
            height: 1,
            width: 1,
        };
        Dataset::new("toy", shape, 2, 255, (0..40).collect(), labels).unwrap()
    }

    #[test]
    fn shares_add_up_and_follow_the_remainders() {
        assert_eq!(shares(&[10, 10, 10], 10), [4, 3, 3]);
        assert_eq!(shares(&[1, 5, 4], 5), [1, 2, 2]);
        assert_eq!(shares(&[0, 7], 3), [0, 3]);
    }

    #[test]
    fn parts_are_disjoint_complete_ordered_and_stratified() {
        let split = toy().split(8, 7).unwrap();
        assert_eq!(split.test.class_counts(), [6, 2]);
        assert_eq!(split.train.class_counts(), [24, 8]);
        let pixels =
            |dataset: &Dataset| -> Vec<u8> { (0..dataset.len()).map(|i| dataset.image(i)[0]).collect() };
        let (train, test) = (pixels(&split.train), pixels(&split.test));
        assert!(train.is_sorted() && test.is_sorted());
        let mut all = [train, test].concat();
        all.sort_unstable();
        assert_eq!(all, (0..40).collect::<Vec<u8>>());
        for index in 0..split.test.len() {
            assert_eq!(
                split.test.label(index),
                usize::from(split.test.image(index)[0] % 4 == 3)
            );
        }
    }

    #[test]
    fn the_seed_decides_and_decides_alike() {
        assert_eq!(toy().split(8, 7).unwrap(), toy().split(8, 7).unwrap());
        assert_ne!(toy().split(8, 7).unwrap(), toy().split(8, 8).unwrap());
    }

    #[test]
    fn empty_parts_are_refused() {
        for aside in [0, 40, 41] {
            assert_eq!(
                toy().split(aside, 1).unwrap_err().to_string(),
                format!(
                    "data set `toy`: cannot set aside {aside} of 40 images; set aside at least one and leave one"
                )
            );
        }
    }
}
