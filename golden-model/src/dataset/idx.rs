//! Idx files, the format of MNIST and similar data sets, plain or compressed.
//!
//! Integers are big-endian u32. Images: magic 0x803, count, rows, columns, then count·rows·columns bytes.
//! Labels: magic 0x801, count, then count bytes.

use super::{Dataset, Split, files};
use crate::dataset::DataError;
use crate::network::Shape;
use crate::{Error, Result};
use std::io::{ErrorKind, Read};
use std::path::Path;

const IMAGES_MAGIC: u32 = 0x803;
const LABELS_MAGIC: u32 = 0x801;
const CLASSES: usize = 10;
const FULL_SCALE: u8 = 255;

/// Reads `train-…` and `t10k-…` from `folder`; `name` is the name of the data set.
///
/// # Errors
/// If a file is missing, has the wrong magic number, is shorter or longer than its header says, or files disagree.
pub fn load(name: &str, folder: &Path) -> Result<Split> {
    let part = |prefix: &str| {
        let images = files::require(name, folder, &format!("{prefix}-images-idx3-ubyte"))?;
        let labels = files::require(name, folder, &format!("{prefix}-labels-idx1-ubyte"))?;
        let (shape, images) = read_images(&images)?;
        let labels = read_labels(&labels)?;
        Dataset::new(name, shape, CLASSES, FULL_SCALE, images, labels)
    };
    Ok(Split {
        train: part("train")?,
        test: part("t10k")?,
    })
}

fn read_images(path: &Path) -> Result<(Shape, Vec<u8>)> {
    let ([_, height, width], bytes) = read(path, "images", IMAGES_MAGIC)?;
    Ok((
        Shape {
            channels: 1,
            height,
            width,
        },
        bytes,
    ))
}

fn read_labels(path: &Path) -> Result<Vec<u8>> {
    let ([_], bytes) = read(path, "labels", LABELS_MAGIC)?;
    Ok(bytes)
}

/// Reads the `N` sizes of the header, and the bytes, whose number must be the product of the sizes.
fn read<const N: usize>(path: &Path, kind: &'static str, magic: u32) -> Result<([usize; N], Vec<u8>)> {
    let read_error = |source| files::failed(path, source);
    let mut reader = files::open(path)?;

    let header_length = 4 * (N + 1);
    let mut header = Vec::new();
    fill(&mut reader, &mut header, header_length as u64).map_err(read_error)?;
    let words: Vec<u32> = header
        .chunks_exact(4)
        .map(|word| word.iter().fold(0, |sum, &byte| sum << 8 | u32::from(byte)))
        .collect();
    if let Some(&found) = words.first()
        && found != magic
    {
        return Err(Error::Data(DataError::Magic {
            path: path.into(),
            kind,
            found,
            wanted: magic,
        }));
    }
    let length = |found, wanted| {
        Err(Error::Data(DataError::Length {
            path: path.into(),
            found,
            wanted,
        }))
    };
    if header.len() < header_length {
        return length(header.len() as u64, header_length as u64);
    }

    let mut sizes = [0; N];
    for (size, &word) in sizes.iter_mut().zip(&words[1..]) {
        *size = word as usize;
    }
    let announced = words[1..]
        .iter()
        .fold(1, |product: u128, &word| product.saturating_mul(word.into()));
    let Some(wanted) = u64::try_from(announced)
        .ok()
        .filter(|&wanted| wanted <= files::MAX_BYTES)
    else {
        return Err(Error::Data(DataError::TooLarge {
            path: path.into(),
            kind,
            found: announced,
            limit: files::MAX_BYTES,
        }));
    };

    // Reading one byte more than wanted detects a file that is too long. The buffer grows only with bytes actually
    // read.
    let mut bytes = Vec::new();
    fill(&mut reader, &mut bytes, wanted + 1).map_err(read_error)?;
    if bytes.len() as u64 != wanted {
        return length(
            (header_length + bytes.len()) as u64,
            header_length as u64 + wanted,
        );
    }
    Ok((sizes, bytes))
}

/// Reads up to `limit` bytes. A truncated compressed file counts as ending at the cut.
fn fill(reader: &mut dyn Read, bytes: &mut Vec<u8>, limit: u64) -> std::io::Result<()> {
    match reader.take(limit).read_to_end(bytes) {
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
