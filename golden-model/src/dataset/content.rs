//! Hash of a data set's content, by which two sets of one name are told apart.

use super::{Dataset, Samples};
use crate::file::hex;
use sha2::{Digest as _, Sha256};

impl Dataset {
    /// SHA-256 of everything that the data set holds except its name, in hexadecimal.
    ///
    /// All numbers are little-endian. First come, as u64: 0 for images or 1 for recordings, the shape C, H, W, the number
    /// of classes and the number of samples. Then come the labels, one byte each. Images continue with the full scale, one
    /// byte, and all pixels. Recordings continue with the window, u32, and for each recording the number of its events,
    /// u64, and time and address of each event, both u32.
    #[must_use]
    pub fn sha256(&self) -> String {
        let kind = match &self.samples {
            Samples::Images(_) => 0,
            Samples::Recordings(_) => 1,
        };
        let [channels, height, width] = <[usize; 3]>::from(self.shape);
        let mut hasher = Sha256::new();
        for number in [kind, channels, height, width, self.classes, self.len()] {
            hasher.update((number as u64).to_le_bytes());
        }
        hasher.update(&self.labels);
        match &self.samples {
            Samples::Images(images) => {
                hasher.update([images.full_scale]);
                hasher.update(&images.pixels);
            }
            Samples::Recordings(recordings) => {
                hasher.update(recordings.window_us().to_le_bytes());
                let mut bytes = Vec::new();
                for index in 0..recordings.len() {
                    let events = recordings.get(index);
                    bytes.clear();
                    bytes.extend((events.len() as u64).to_le_bytes());
                    for event in events {
                        bytes.extend(event.time_us.to_le_bytes());
                        bytes.extend(event.address.to_le_bytes());
                    }
                    hasher.update(&bytes);
                }
            }
        }
        hex(&hasher.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Event, Recordings};
    use crate::network::Shape;

    fn shape(height: usize, width: usize) -> Shape {
        [1, height, width].into()
    }

    #[test]
    fn every_part_of_the_content_counts_and_the_name_does_not() {
        let images = |name: &str, shape, classes, full_scale, pixels: &[u8], labels: &[u8]| {
            Dataset::new(name, shape, classes, full_scale, pixels.to_vec(), labels.to_vec())
                .unwrap()
                .sha256()
        };
        let one = images("a", shape(1, 2), 3, 9, &[1, 2, 3, 4], &[0, 1]);
        assert_eq!(one.len(), 64);
        assert_eq!(one, images("b", shape(1, 2), 3, 9, &[1, 2, 3, 4], &[0, 1]));
        for other in [
            images("a", shape(2, 1), 3, 9, &[1, 2, 3, 4], &[0, 1]),
            images("a", shape(1, 2), 4, 9, &[1, 2, 3, 4], &[0, 1]),
            images("a", shape(1, 2), 3, 8, &[1, 2, 3, 4], &[0, 1]),
            images("a", shape(1, 2), 3, 9, &[1, 2, 4, 3], &[0, 1]),
            images("a", shape(1, 2), 3, 9, &[1, 2, 3, 4], &[1, 0]),
            images("a", shape(1, 4), 3, 9, &[1, 2, 3, 4], &[0]),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn recordings_count_event_by_event() {
        let recordings = |window, parts: &[&[(u32, u32)]]| {
            let mut recordings = Recordings::new(window);
            for part in parts {
                recordings.push(part.iter().map(|&(time_us, address)| Event { time_us, address }));
            }
            let labels = vec![0; parts.len()];
            Dataset::of_samples("a", shape(1, 2), 1, Samples::Recordings(recordings), labels)
                .unwrap()
                .sha256()
        };
        let one = recordings(10, &[&[(1, 0), (2, 1)], &[(3, 0)]]);
        assert_eq!(one, recordings(10, &[&[(1, 0), (2, 1)], &[(3, 0)]]));
        for other in [
            recordings(11, &[&[(1, 0), (2, 1)], &[(3, 0)]]),
            recordings(10, &[&[(1, 0)], &[(2, 1), (3, 0)]]),
            recordings(10, &[&[(1, 0), (2, 1)], &[(3, 1)]]),
            recordings(10, &[&[(1, 0), (2, 1)], &[(4, 0)]]),
        ] {
            assert_ne!(one, other);
        }
    }
}
