//! Pixels of an npz file as bytes. Types other than uint8 are converted if that loses nothing.

use crate::Result;
use crate::file::arrays::{Array, Arrays};
use crate::file::npy::Kind;

/// Types that are read, for messages.
const WANTED: &str = "of type uint8, or of another type whose pixels are whole numbers in 0..=255 or intensities in \
                      0..=1";
/// Largest distance of a float from a multiple of 1/`full_scale`, in units of it, that is an error of rounding.
const TOLERANCE: f64 = 1.0 / 1024.0;

/// Pixels of one array.
pub(super) enum Pixels {
    /// Whole numbers in 0..=255.
    Bytes(Vec<u8>),
    /// Zeros and ones of a bool array: 1 is full scale.
    Bits(Vec<u8>),
    /// Intensities of a float array, in 0..=1.
    Intensities(Array),
}

impl Arrays {
    /// Reads sizes and pixels of an array.
    pub(super) fn pixels(&mut self, name: &str) -> Result<(Vec<usize>, Pixels)> {
        let (header, sizes) = self.header(name, WANTED)?;
        if header.format.is_none() {
            return Err(self.wrong(
                name,
                format!("of type {}, {sizes:?}", header.type_name),
                WANTED.into(),
            ));
        }
        let array = self.array(name, WANTED)?;
        let format = array.format;
        let pixels = match (format.kind, format.bytes) {
            (Kind::Unsigned, 1) => Pixels::Bytes(array.bytes),
            (Kind::Bool, _) => Pixels::Bits(array.bytes.iter().map(|&byte| u8::from(byte != 0)).collect()),
            (Kind::Signed | Kind::Unsigned, _) => {
                let byte = |index| {
                    let number = array.integer(index);
                    number.and_then(|number| u8::try_from(number).ok()).ok_or(index)
                };
                match (0..array.len()).map(byte).collect() {
                    Ok(bytes) => Pixels::Bytes(bytes),
                    Err(index) => {
                        let number = array
                            .integer(index)
                            .map_or("2^63 or more".into(), |number| number.to_string());
                        let found = format!("of type {format} with the pixel {number}");
                        return Err(self.wrong(name, found, WANTED.into()));
                    }
                }
            }
            (Kind::Float, _) => {
                let (least, most) =
                    array
                        .floats()
                        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), number| {
                            // NaN must not get lost.
                            match number.is_nan() {
                                true => (f64::NEG_INFINITY, f64::INFINITY),
                                false => (least.min(number), most.max(number)),
                            }
                        });
                if (least >= 0.0 && most <= 1.0) || array.len() == 0 {
                    Pixels::Intensities(array)
                } else if let Some(bytes) = array.floats().map(whole).collect() {
                    Pixels::Bytes(bytes)
                } else {
                    let found = match least.is_finite() && most.is_finite() {
                        true => format!("of type {format} from {least} to {most}"),
                        false => format!("of type {format} with numbers that are not finite"),
                    };
                    return Err(self.wrong(name, found, WANTED.into()));
                }
            }
        };
        Ok((sizes, pixels))
    }
}

impl Pixels {
    /// Whether every pixel is a multiple of 1/`full_scale`.
    fn divide(&self, full_scale: u8) -> bool {
        match self {
            Self::Intensities(array) => array.floats().all(|number| steps(number, full_scale).is_some()),
            Self::Bytes(_) | Self::Bits(_) => true,
        }
    }

    /// Returns the bytes, and the byte of intensity 1, which is `full_scale` unless the pixels are bits.
    fn into_bytes(self, full_scale: u8) -> (Vec<u8>, u8) {
        match self {
            Self::Bytes(bytes) => (bytes, full_scale),
            Self::Bits(bits) => (bits, 1),
            Self::Intensities(array) => {
                let byte = |number| steps(number, full_scale).unwrap_or_default();
                (array.floats().map(byte).collect(), full_scale)
            }
        }
    }
}

/// Converts the pixels of the training and the test images to bytes; returns with each the byte of intensity 1.
///
/// `given` is the full scale that the file names. Without one it is 255, unless the pixels are floats: then it is the
/// first of 255, 1, 2, … of which all intensities are multiples.
pub(super) fn bytes_of(
    arrays: &Arrays,
    parts: [(&str, Pixels); 2],
    given: Option<u8>,
) -> Result<[(Vec<u8>, u8); 2]> {
    let candidates = match given {
        Some(given) => given..=given,
        None => 1..=u8::MAX,
    };
    let last = *candidates.end();
    let fits = |&full_scale: &u8| parts.iter().all(|(_, pixels)| pixels.divide(full_scale));
    let Some(full_scale) = std::iter::once(last).chain(candidates).find(fits) else {
        let wrong = parts.iter().find(|(_, pixels)| !pixels.divide(last));
        let (name, pixels) = wrong.unwrap_or(&parts[0]);
        let number = match pixels {
            Pixels::Intensities(array) => array.floats().find(|&number| steps(number, last).is_none()),
            _ => None,
        };
        let found = format!("of floats such as {}", number.unwrap_or_default());
        let wanted = match given {
            Some(given) => format!("multiples of 1/{given}, as `full_scale` says"),
            None => "multiples of 1/255 or of a larger fraction: round 255 times the intensity and store it as uint8"
                .to_owned(),
        };
        return Err(arrays.wrong(name, found, wanted));
    };
    Ok(parts.map(|(_, pixels)| pixels.into_bytes(full_scale)))
}

/// Converts a float that is a whole number in 0..=255.
fn whole(number: f64) -> Option<u8> {
    let bounded = (0.0..=255.0).contains(&number) && number.fract() == 0.0;
    bounded.then(|| byte(number))
}

/// Converts an intensity to multiples of 1/`full_scale`; `None` if it lies between two.
fn steps(intensity: f64, full_scale: u8) -> Option<u8> {
    let steps = intensity * f64::from(full_scale);
    let nearest = steps.round();
    ((steps - nearest).abs() <= TOLERANCE).then(|| byte(nearest))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "called with whole numbers in 0..=255"
)]
const fn byte(number: f64) -> u8 {
    number as u8
}
