//! The embedded 8x8 digits. The crate's `data/README.md` states their origin and licence.

use super::{Dataset, Split};
use crate::dataset::DataError;
use crate::file::FileError;
use crate::network::Shape;
use crate::{Error, Result};
use std::io::Read;

const NAME: &str = "digits";
const COMPRESSED: &[u8] = include_bytes!("../../data/digits.csv.gz");
const SHAPE: Shape = Shape {
    channels: 1,
    height: 8,
    width: 8,
};
const CLASSES: usize = 10;
const FULL_SCALE: u8 = 16;
/// Number of test images: a fifth of all.
const TEST_IMAGES: usize = 360;
/// Seed that selects the test images. It defines the data set `digits` and must never change.
const SPLIT_SEED: u64 = 1;

/// Loads all 1,797 images in a fixed split: 1,437 for training and 360 for testing.
///
/// # Errors
/// Never in a sound build: the data are part of the crate.
pub fn load() -> Result<Split> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(COMPRESSED)
        .read_to_string(&mut text)
        .map_err(|source| {
            Error::File(FileError::Read {
                path: "digits.csv.gz (embedded)".into(),
                source,
            })
        })?;
    parse(&text)?.split(TEST_IMAGES, SPLIT_SEED)
}

/// Reads lines of 64 levels and a class, separated by commas.
fn parse(text: &str) -> Result<Dataset> {
    let wanted = SHAPE.size() + 1;
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        let values: Vec<u8> = line.split(',').filter_map(|value| value.parse().ok()).collect();
        if values.len() != wanted || line.split(',').count() != wanted {
            return Err(Error::Data(DataError::Line {
                name: NAME.into(),
                line: index + 1,
                found: values.len(),
                wanted,
            }));
        }
        images.extend_from_slice(&values[..SHAPE.size()]);
        labels.push(values[SHAPE.size()]);
    }
    Dataset::new(NAME, SHAPE, CLASSES, FULL_SCALE, images, labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    fn sha256(bytes: &[u8]) -> String {
        Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    #[test]
    fn the_split_is_complete_stratified_and_pinned() {
        let Split { train, test, .. } = load().unwrap();
        assert_eq!((train.len(), test.len()), (1437, 360));
        let total: Vec<usize> = train
            .class_counts()
            .iter()
            .zip(test.class_counts())
            .map(|(a, b)| a + b)
            .collect();
        assert_eq!(total, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert_eq!(test.class_counts(), [36, 37, 35, 37, 36, 36, 36, 36, 35, 36]);
        assert_eq!(
            sha256(&test.images("this test").unwrap().pixels),
            "b0e25c275d773e068fb9d2becfdc831f42abec035ee6c6ad247e25091a2f9a4d"
        );
    }

    #[test]
    fn the_embedded_file_is_the_one_credited() {
        let digest = sha256(COMPRESSED);
        assert!(include_str!("../../data/README.md").contains(&digest), "{digest}");
    }

    #[test]
    fn damaged_lines_are_refused() {
        let good = format!("{}7\n", "16,".repeat(64));
        assert_eq!(parse(&good).unwrap().label(0), 7);
        for bad in [
            format!("{good}1,2\n"),
            format!("{good}{}", good.replacen("16", "x", 1)),
            format!("{good}9,{good}"),
        ] {
            let error = parse(&bad).unwrap_err().to_string();
            assert!(error.starts_with("data set `digits`, line 2: "), "{error}");
        }
        assert_eq!(
            parse("1,2").unwrap_err().to_string(),
            "data set `digits`, line 1: the line has 2 values in 0..=255, but must have 65; the data are damaged"
        );
    }
}
