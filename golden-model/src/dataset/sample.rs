//! A sample of a data set: some of its images or recordings, with every class in proportion.

use super::{Dataset, Samples};
use crate::Result;
use crate::random::mix;
use std::borrow::Cow;

impl Dataset {
    /// Chooses `count` samples with every class in proportion, or all if there are no more.
    ///
    /// `seed` and the contents of the samples decide, not their order: a set that is sorted by class gives the same
    /// samples as the same set in any other order. A larger sample begins with a smaller one. So sample number i is the
    /// same for every `count` above i, except that all samples of the set come in their own order.
    ///
    /// # Errors
    /// If `count` is 0.
    pub fn sample(&self, count: usize, seed: u64) -> Result<Cow<'_, Self>> {
        if count >= self.len() {
            return Ok(Cow::Borrowed(self));
        }
        let indices = self.sample_indices(count, seed);
        self.select(&indices).map(Cow::Owned)
    }

    /// Indices of the samples that [`Self::sample`] chooses, in its order.
    #[must_use]
    pub fn sample_indices(&self, count: usize, seed: u64) -> Vec<usize> {
        if count >= self.len() {
            return (0..self.len()).collect();
        }
        let hashes: Vec<u64> = (0..self.len()).map(|index| self.hash(index, seed)).collect();
        let mut by_class = vec![Vec::new(); self.classes];
        for (index, &label) in self.labels.iter().enumerate() {
            by_class[usize::from(label)].push(index);
        }
        // Every class is spread evenly over 0..1, in the order of its hashes. The first samples of all classes together
        // then hold each class in proportion, wherever they end.
        let mut places = Vec::with_capacity(self.len());
        for (class, members) in by_class.iter_mut().enumerate() {
            members.sort_by_key(|&index| hashes[index]);
            // Among classes of equal size none is always the first.
            let turn = mix(&[seed, class as u64]);
            let size = members.len() as u128;
            for (rank, &index) in members.iter().enumerate() {
                let place = ((2 * rank as u128 + 1) << 64) / (2 * size);
                places.push((place, turn, index));
            }
        }
        places.sort_unstable();
        places
            .into_iter()
            .take(count)
            .map(|(_, _, index)| index)
            .collect()
    }

    /// Hash of a sample's contents.
    fn hash(&self, index: usize, seed: u64) -> u64 {
        match &self.samples {
            Samples::Images(_) => self.image(index).chunks(8).fold(seed, |hash, pixels| {
                let mut word = [0; 8];
                word[..pixels.len()].copy_from_slice(pixels);
                mix(&[hash, u64::from_le_bytes(word)])
            }),
            Samples::Recordings(recordings) => recordings.get(index).iter().fold(seed, |hash, event| {
                mix(&[hash, u64::from(event.time_us) << 32 | u64::from(event.address)])
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::digits;
    use crate::network::Shape;

    const PIXEL: Shape = Shape {
        channels: 1,
        height: 1,
        width: 1,
    };

    /// Images that are all different, of which `of_class[c]` are of class c.
    fn toy(of_class: &[usize]) -> Dataset {
        let labels: Vec<u8> = of_class
            .iter()
            .zip(0_u8..)
            .flat_map(|(&size, class)| std::iter::repeat_n(class, size))
            .collect();
        let pixels = (0..=255).take(labels.len()).collect();
        Dataset::new("toy", PIXEL, of_class.len(), 255, pixels, labels).unwrap()
    }

    #[test]
    fn every_class_is_there_in_proportion_wherever_the_sample_ends() {
        let data = toy(&[100, 50, 0, 10]);
        for count in 1..160 {
            let sample = data.sample(count, 1).unwrap();
            assert_eq!(sample.len(), count);
            for (found, size) in sample.class_counts().into_iter().zip([100, 50, 0, 10]) {
                let wanted = size as f64 * count as f64 / 160.0;
                assert!((found as f64 - wanted).abs() <= 1.5, "{found}, {wanted} wanted");
            }
        }
    }

    #[test]
    fn the_order_of_the_set_does_not_matter_and_the_seed_does() {
        let mixed = digits::load().unwrap().train;
        let mut order: Vec<usize> = (0..mixed.len()).collect();
        order.sort_by_key(|&index| mixed.label(index));
        let sorted = mixed.select(&order).unwrap();
        assert_ne!(mixed, sorted);
        let sample = mixed.sample(200, 1).unwrap();
        assert_eq!(sample, sorted.sample(200, 1).unwrap());
        assert_ne!(sample, mixed.sample(200, 2).unwrap());
        assert!(
            sample
                .class_counts()
                .iter()
                .all(|count| (18..=22).contains(count))
        );
    }

    #[test]
    fn a_larger_sample_begins_with_a_smaller_one_and_all_samples_stay_in_order() {
        let data = toy(&[9, 8, 7]);
        let large = data.sample_indices(20, 3);
        assert_eq!(data.sample_indices(6, 3), large[..6]);
        for all in [24, 25, usize::MAX] {
            assert_eq!(*data.sample(all, 3).unwrap(), data);
            assert!(data.sample_indices(all, 3).is_sorted());
        }
        assert_eq!(
            data.sample(0, 3).unwrap_err().to_string(),
            "data set `toy` is empty; give one with at least one sample"
        );
    }

    #[test]
    fn recordings_are_told_apart_by_their_events() {
        use crate::dataset::{Event, Recordings};
        let recordings = |times: &[u32]| {
            let mut recordings = Recordings::new(1000);
            for &time_us in times {
                recordings.push([Event { time_us, address: 0 }]);
            }
            let labels = vec![0; times.len()];
            Dataset::of_samples("toy", PIXEL, 1, Samples::Recordings(recordings), labels).unwrap()
        };
        let times: Vec<u32> = (0..30).collect();
        let reversed: Vec<u32> = times.iter().rev().copied().collect();
        let sample = recordings(&times);
        let sample = sample.sample(5, 1).unwrap();
        assert_eq!(sample, recordings(&reversed).sample(5, 1).unwrap());
    }
}
