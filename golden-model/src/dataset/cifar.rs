//! The binary version of CIFAR-10: five files of training images and one of test images, or the archive of all six.
//!
//! A file holds only records. A record is one byte, the label 0..=9, followed by 3·32·32 bytes, the image in C, H, W
//! order (red, green, blue).

use super::catalog::{Found, Known};
use super::{DataError, Dataset, Split, files, published};
use crate::network::Shape;
use crate::{Error, Result};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

const NAME: &str = "cifar10";
const SHAPE: Shape = Shape {
    channels: 3,
    height: 32,
    width: 32,
};
const CLASSES: u8 = 10;
const FULL_SCALE: u8 = 255;
const RECORD: usize = 1 + SHAPE.size();

const TRAIN: [&str; 5] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
];
const TEST: &str = "test_batch.bin";
/// Index of the layout that is a single archive.
const ARCHIVE: usize = 1;

/// Path of a file, for error messages, and the file's bytes.
type Part = (PathBuf, Vec<u8>);

/// Reads the six files, or the archive, at `found`.
///
/// # Errors
/// If a file is missing, cannot be unpacked, does not hold whole records or holds an invalid label.
pub(super) fn load(known: &Known, found: &Found) -> Result<Split> {
    let mut parts = if found.layout == ARCHIVE {
        from_archive(&found.folder)?
    } else {
        from_files(&found.folder)?
    };
    let names = TRAIN.into_iter().chain([TEST]);
    let sums = names.zip(&parts).filter_map(|(name, (_, bytes))| {
        let published = known.published.iter().find(|published| published.file == name)?;
        Some((name, published.sum(bytes)))
    });
    let warnings = published::check(known, &found.folder, sums)?;
    // Files are in order: the last one is the test set.
    let test = parts.split_off(TRAIN.len());
    Ok(Split {
        train: dataset(&parts)?,
        test: dataset(&test)?,
        warnings,
    })
}

fn from_files(folder: &Path) -> Result<Vec<Part>> {
    let names: Vec<&str> = TRAIN.into_iter().chain([TEST]).collect();
    names
        .par_iter()
        .map(|name| {
            let path = files::require(NAME, folder, name)?;
            let bytes = files::read(&path)?;
            Ok((path, bytes))
        })
        .collect()
}

fn from_archive(folder: &Path) -> Result<Vec<Part>> {
    let path = folder.join("cifar-10-binary.tar.gz");
    let mut contents = files::unpack(&path, |name| TRAIN.contains(&name) || name == TEST)?;
    TRAIN
        .into_iter()
        .chain([TEST])
        .map(|name| {
            let bytes = contents.remove(name).ok_or_else(|| DataError::MemberMissing {
                path: path.clone(),
                file: name.into(),
            })?;
            Ok((path.join(name), bytes))
        })
        .collect()
}

/// Collects all records of the files, in order.
fn dataset(parts: &[Part]) -> Result<Dataset> {
    let records = parts.iter().map(|(_, bytes)| bytes.len() / RECORD).sum::<usize>();
    let mut labels = Vec::with_capacity(records);
    let mut images = Vec::with_capacity(records * SHAPE.size());
    for (path, bytes) in parts {
        if bytes.is_empty() || !bytes.len().is_multiple_of(RECORD) {
            return Err(DataError::Records {
                path: path.clone(),
                found: bytes.len(),
                record: RECORD,
                wanted: bytes.len().next_multiple_of(RECORD).max(RECORD),
            }
            .into());
        }
        for (record, bytes) in bytes.chunks_exact(RECORD).enumerate() {
            let (label, image) = (bytes[0], &bytes[1..]);
            if label >= CLASSES {
                return Err(Error::from(DataError::Label {
                    path: path.clone(),
                    record,
                    found: label.into(),
                    wanted: "in 0..=9",
                }));
            }
            labels.push(label);
            images.extend_from_slice(image);
        }
    }
    Dataset::new(NAME, SHAPE, CLASSES.into(), FULL_SCALE, images, labels)
}

#[cfg(test)]
mod tests;
