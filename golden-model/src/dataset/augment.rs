//! Augmentation: small random changes of training samples, so that a network learns shapes and not positions.
//!
//! Images are changed as thresholds ([`crate::dataset::encode`]), not as pixels. A threshold of 0 is silent whether or
//! not the network normalizes its input, so everything that moves in from outside the image is silent.

use crate::network::Shape;
use crate::random::mix;

/// Tags that separate the augmentation's uses of a run's seed from all other uses.
const SHIFT: u64 = 3;
const TURN: u64 = 1;

/// Strength of the random changes of training samples, drawn anew in every epoch. The default changes nothing.
///
/// A sample is mirrored first, then rotated, then shifted. The usual random crop of an image padded by n pixels on
/// every side equals a shift by up to n.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Augmentation {
    /// Largest shift in pixels, along each axis and in either direction.
    pub shift: usize,
    /// Largest rotation about the centre in degrees, in either direction.
    pub rotate_degrees: f32,
    /// Whether half of the samples, chosen at random, are mirrored left to right.
    pub flip: bool,
}

impl Augmentation {
    /// Draws the change for one presentation of a sample. All parts are independent and uniform, and depend only on the
    /// seed, the epoch and the sample's number.
    pub(crate) fn draw(&self, seed: u64, epoch: u64, index: usize) -> Change {
        let low = u64::from(u32::MAX);
        let place = mix(&[seed, SHIFT, epoch, index as u64]);
        let turn = mix(&[seed, SHIFT, epoch, index as u64, TURN]);
        let choices = 2 * self.shift as u64 + 1;
        let centred = |draw: u64| (draw % choices).cast_signed() - (self.shift as u64).cast_signed();
        let [down, right] = [place >> 32, place & low].map(centred);
        // In −1..=1.
        let share = (turn >> 32) as f64 / (low as f64 / 2.0) - 1.0;
        Change {
            flip: self.flip && turn & 1 == 1,
            radians: (share * f64::from(self.rotate_degrees)).to_radians(),
            // At most 64 pixels: see the limit in the training parameters.
            down: isize::try_from(down).unwrap_or(0),
            right: isize::try_from(right).unwrap_or(0),
        }
    }
}

/// Change of one sample: it is mirrored, then rotated clockwise, then shifted down and to the right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Change {
    flip: bool,
    radians: f64,
    down: isize,
    right: isize,
}

impl Change {
    /// Writes the changed image to `changed`; pixels from outside the image are 0.
    pub(crate) fn apply(self, image: &[i16], shape: Shape, changed: &mut [i16]) {
        if self.radians == 0.0 {
            self.shift(image, shape, changed);
        } else {
            self.rotate(image, shape, changed);
        }
    }

    fn shift(self, image: &[i16], shape: Shape, changed: &mut [i16]) {
        let Shape { height, width, .. } = shape;
        let kept = width.saturating_sub(self.right.unsigned_abs());
        let (from, to) = if self.right < 0 {
            (width - kept, 0)
        } else {
            (0, width - kept)
        };
        for (number, row) in changed.chunks_exact_mut(width).enumerate() {
            let (channel, y) = (number / height, number % height);
            let source = y.checked_add_signed(-self.down).filter(|&source| source < height);
            row.fill(0);
            if let Some(source) = source {
                let source = &image[(channel * height + source) * width..][..width];
                let target = &mut row[to..][..kept];
                if self.flip {
                    target.copy_from_slice(&source[width - from - kept..][..kept]);
                    target.reverse();
                } else {
                    target.copy_from_slice(&source[from..][..kept]);
                }
            }
        }
    }

    /// Rotates the image: every pixel interpolates the four pixels around the place it comes from.
    fn rotate(self, image: &[i16], shape: Shape, changed: &mut [i16]) {
        let Shape { height, width, .. } = shape;
        let plane = height * width;
        for y in 0..height {
            for x in 0..width {
                let shifted = [y as f64 - self.down as f64, x as f64 - self.right as f64];
                let [source_y, mut source_x] = turned(shifted, shape, -self.radians);
                if self.flip {
                    source_x = (width - 1) as f64 - source_x;
                }
                let neighbours = neighbours(source_y, source_x, shape);
                let channels = image.chunks_exact(plane).zip(changed.chunks_exact_mut(plane));
                for (image, changed) in channels {
                    let sum: f64 = neighbours
                        .iter()
                        .map(|&(at, weight)| weight * f64::from(image[at]))
                        .sum();
                    #[expect(clippy::cast_possible_truncation, reason = "a mean of 16-bit numbers")]
                    let mean = sum.round() as i16;
                    changed[y * width + x] = mean;
                }
            }
        }
    }

    /// Address after the change of an event at input `address`; `None` if it leaves the image.
    pub(crate) fn moved(self, address: u32, shape: Shape) -> Option<u32> {
        let Shape { height, width, .. } = shape;
        let address = address as usize;
        let (row, mut x) = (address / width, address % width);
        let (channel, mut y) = (row / height, row % height);
        if self.flip {
            x = width - 1 - x;
        }
        if self.radians != 0.0 {
            let [turned_y, turned_x] = turned([y as f64, x as f64], shape, self.radians);
            y = nearest(turned_y, height)?;
            x = nearest(turned_x, width)?;
        }
        let y = y.checked_add_signed(self.down).filter(|&y| y < height)?;
        let x = x.checked_add_signed(self.right).filter(|&x| x < width)?;
        u32::try_from((channel * height + y) * width + x).ok()
    }
}

/// Rotates a point clockwise about the centre of the image.
fn turned([y, x]: [f64; 2], shape: Shape, radians: f64) -> [f64; 2] {
    let [centre_y, centre_x] = [shape.height, shape.width].map(|size| (size - 1) as f64 / 2.0);
    let (sin, cos) = radians.sin_cos();
    let (down, right) = (y - centre_y, x - centre_x);
    [
        sin.mul_add(right, cos * down) + centre_y,
        cos.mul_add(right, -sin * down) + centre_x,
    ]
}

/// Indices of the four pixels around a point, with their interpolation weights; a pixel outside has weight 0.
fn neighbours(y: f64, x: f64, shape: Shape) -> [(usize, f64); 4] {
    let (below, after) = (y - y.floor(), x - x.floor());
    [
        (y.floor(), x.floor(), (1.0 - below) * (1.0 - after)),
        (y.floor(), x.floor() + 1.0, (1.0 - below) * after),
        (y.floor() + 1.0, x.floor(), below * (1.0 - after)),
        (y.floor() + 1.0, x.floor() + 1.0, below * after),
    ]
    .map(
        |(y, x, share)| match (nearest(y, shape.height), nearest(x, shape.width)) {
            (Some(y), Some(x)) => (y * shape.width + x, share),
            _ => (0, 0.0),
        },
    )
}

/// Rounds a coordinate to the nearest integer; `None` unless it is in 0..`size`.
fn nearest(coordinate: f64, size: usize) -> Option<usize> {
    let rounded = coordinate.round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be in range"
    )]
    let whole = (0.0..size as f64).contains(&rounded).then_some(rounded as usize);
    whole
}

#[cfg(test)]
mod tests;
