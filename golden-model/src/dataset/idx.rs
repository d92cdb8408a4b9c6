//! Idx files, the format of MNIST and similar data sets, plain or compressed.
//!
//! Integers are big-endian u32. Images: magic 0x803, count, rows, columns, then count·rows·columns bytes.
//! Labels: magic 0x801, count, then count bytes.

use super::{Dataset, KNOWN, Split, files, published};
use crate::dataset::DataError;
use crate::file::hex;
use crate::network::Shape;
use crate::{Error, Result};
use sha2::{Digest as _, Sha256};
use std::io::{ErrorKind, Read};
use std::path::Path;

const IMAGES_MAGIC: u32 = 0x803;
const LABELS_MAGIC: u32 = 0x801;
const FULL_SCALE: u8 = 255;

/// Reads `train-…` and `t10k-…` from `folder`; `name` is the name of the data set.
///
/// Files with the contents that the authors of a known set published have its classes. In other files, the classes are
/// counted: all up to the highest label.
///
/// # Errors
/// If a file is missing, has the wrong magic number, is shorter or longer than its header says, or files disagree; if a
/// file is one of another known set.
pub fn load(name: &str, folder: &Path) -> Result<Split> {
    let mut sums = Vec::new();
    let mut part = |prefix: &str| {
        let find = |kind: &str| {
            let file = format!("{prefix}-{kind}-ubyte");
            files::require(name, folder, &file).map(|path| (file, path))
        };
        let (file, path) = find("images-idx3")?;
        let images: Idx<3> = Idx::read(&path, "images", IMAGES_MAGIC)?;
        sums.push((file, images.sha256));
        let (file, path) = find("labels-idx1")?;
        let labels: Idx<1> = Idx::read(&path, "labels", LABELS_MAGIC)?;
        sums.push((file, labels.sha256));
        let [_, height, width] = images.sizes;
        let shape = Shape::from([1, height, width]);
        Ok::<_, Error>((shape, images.bytes, labels.bytes))
    };
    let parts = [part("train")?, part("t10k")?];

    let known = KNOWN.iter().find(|known| known.name == name);
    let warnings = match known {
        Some(known) => {
            let sums = sums.iter().map(|(file, sum)| (&**file, sum.clone()));
            published::check(known, folder, sums)?
        }
        None => Vec::new(),
    };
    let classes = known
        .filter(|_| warnings.is_empty())
        .map(|known| known.classes.len());
    let highest = parts.iter().flat_map(|(.., labels)| labels).max();
    let counted = highest.map_or(0, |&highest| usize::from(highest) + 1);
    let dataset = |(shape, images, labels)| {
        let dataset = Dataset::new(
            name,
            shape,
            classes.unwrap_or(counted),
            FULL_SCALE,
            images,
            labels,
        )?;
        Ok::<_, Error>(dataset.counted(classes.is_none()))
    };
    let [train, test] = parts;
    Ok(Split {
        train: dataset(train)?,
        test: dataset(test)?,
        warnings,
    })
}

/// Contents of an idx file with `N` sizes.
struct Idx<const N: usize> {
    sizes: [usize; N],
    bytes: Vec<u8>,
    /// SHA-256 of the whole file, unpacked.
    sha256: String,
}

impl<const N: usize> Idx<N> {
    /// Reads the `N` sizes of the header, and the bytes, whose number must be the product of the sizes.
    fn read(path: &Path, kind: &'static str, magic: u32) -> Result<Self> {
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
        let hash = Sha256::new().chain_update(&header).chain_update(&bytes);
        Ok(Self {
            sizes,
            bytes,
            sha256: hex(&hash.finalize()),
        })
    }
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
