//! SVHN's cropped digits: `train_32x32.mat` and `test_32x32.mat`, MAT-files of version 5.
//!
//! Array `X` is uint8 [32, 32, 3, N]: row, column, channel (red, green, blue) and image; the first index varies
//! fastest. Array `y` is [N, 1] and holds the digits; 10 stands for 0.

mod mat;

use super::catalog::{Found, Known};
use super::{DataError, Dataset, Split, files, published};
use crate::Result;
use crate::file::{ArrayError, sha256};
use crate::network::Shape;
use mat::{Array, Numbers};
use std::path::Path;

const NAME: &str = "svhn";
const SHAPE: Shape = Shape {
    channels: 3,
    height: 32,
    width: 32,
};
const CLASSES: u8 = 10;
const FULL_SCALE: u8 = 255;
/// Label that stands for the digit 0.
const ZERO: u8 = 10;

/// Reads both files at `found`.
///
/// # Errors
/// If a file is missing, is not a MAT-file of version 5, or does not hold the two arrays.
pub(super) fn load(known: &Known, found: &Found) -> Result<Split> {
    let mut sums = Vec::new();
    let mut part = |name: &'static str| {
        let path = files::require(NAME, &found.folder, name)?;
        let bytes = files::read(&path)?;
        sums.push((name, sha256(&bytes)));
        parse(&path, &bytes)
    };
    let (train, test) = (part("train_32x32.mat")?, part("test_32x32.mat")?);
    Ok(Split {
        train,
        test,
        warnings: published::check(known, &found.folder, sums)?,
    })
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Dataset> {
    let arrays = mat::read(bytes, &["X", "y"]).map_err(|source| DataError::Mat {
        path: path.into(),
        source,
    })?;
    let wrong = |array: &str, found: String, wanted: &str| ArrayError::Wrong {
        path: path.into(),
        array: array.into(),
        found,
        wanted: wanted.into(),
    };
    let array = |name, wanted| {
        let array = arrays.iter().find(|array| array.name == name);
        array.ok_or_else(|| wrong(name, "missing".into(), wanted))
    };

    const IMAGES: &str = "uint8 [32, 32, 3, N]";
    let images = array("X", IMAGES)?;
    let Numbers::Bytes(pixels) = &images.numbers else {
        return Err(wrong("X", "of another type".into(), IMAGES).into());
    };
    let wanted = [SHAPE.height, SHAPE.width, SHAPE.channels];
    let count = pixels.len() / SHAPE.size();
    if images.sizes.get(..3) != Some(&wanted[..]) || count * SHAPE.size() != pixels.len() {
        return Err(wrong("X", format!("{:?}", images.sizes), IMAGES).into());
    }

    let labels =
        digits(array("y", "[N, 1]")?).ok_or_else(|| wrong("y", "of another type".into(), "uint8 [N, 1]"))?;
    let refused = |&(_, &digit): &(usize, &u8)| !(1..=ZERO).contains(&digit);
    if let Some((record, &digit)) = labels.iter().enumerate().find(refused) {
        return Err(DataError::Label {
            path: path.into(),
            record,
            found: digit.into(),
            wanted: "in 1..=10",
        }
        .into());
    }
    let labels = labels.into_iter().map(|digit| digit % ZERO).collect();
    Dataset::new(
        NAME,
        SHAPE,
        CLASSES.into(),
        FULL_SCALE,
        rows_first(pixels),
        labels,
    )
}

/// Reads the labels; `None` if one is no whole number in 0..=255.
fn digits(array: &Array) -> Option<Vec<u8>> {
    match &array.numbers {
        Numbers::Bytes(digits) => Some(digits.clone()),
        Numbers::Doubles(digits) => digits
            .iter()
            .map(|&digit| (0..=u8::MAX).find(|&whole| f64::from(whole) == digit))
            .collect(),
        Numbers::Other => None,
    }
}

/// Converts images to C, H, W order from planes that are stored column by column.
fn rows_first(pixels: &[u8]) -> Vec<u8> {
    let Shape { height, width, .. } = SHAPE;
    let mut images = vec![0; pixels.len()];
    let planes = pixels
        .chunks_exact(height * width)
        .zip(images.chunks_exact_mut(height * width));
    for (columns, rows) in planes {
        for (x, column) in columns.chunks_exact(height).enumerate() {
            for (y, &pixel) in column.iter().enumerate() {
                rows[y * width + x] = pixel;
            }
        }
    }
    images
}

#[cfg(test)]
mod tests;
