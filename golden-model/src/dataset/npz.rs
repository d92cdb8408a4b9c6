//! The user's own data sets: npz files of NumPy arrays.
//!
//! Every array whose name starts with `train_` has a counterpart whose name starts with `test_`. Arrays are in C or
//! Fortran order. Numbers may have any integer type unless stated otherwise.
//!
//! | array | images | recordings |
//! |---|---|---|
//! | `train_images` | \[N, C, H, W\], or \[N, H, W\] for one channel; also bool, and floats in 0..=1 | |
//! | `train_events` | | \[E, 4\]: microseconds, channel, y, x |
//! | `train_offsets` | | \[N + 1\]: recording i is events `offsets[i]..offsets[i + 1]` |
//! | `train_labels` | \[N\], classes from 0 | \[N\], classes from 0 |
//! | `shape` | | \[3\]: C, H, W |
//! | `window_us` | | one number: length of the window that the network sees, in microseconds |
//! | `full_scale` | one number, the pixel value of intensity 1; 255 if missing, 1 for bool | |
//! | `classes` | one number; if missing, one more than the highest label | as for images |

mod arrays;
mod pixels;

use super::{Dataset, Event, Images, MAX_CLASSES, Recordings, Samples, Split};
use crate::file::arrays::Arrays;
use crate::network::{MAX_NEURONS, Shape};
use crate::{Error, Result};
use std::path::Path;

/// Reads the data set at `path` and names it after the file.
///
/// # Errors
/// If the file cannot be read or is not an npz file, or an array is missing or differs from the table above.
pub(super) fn load(path: &Path) -> Result<Split> {
    let mut arrays = Arrays::open(path)?;
    let is_recordings = arrays.has("train_events");
    let (train, test) = if is_recordings {
        (
            recordings(&mut arrays, "train")?,
            recordings(&mut arrays, "test")?,
        )
    } else {
        images(&mut arrays)?
    };
    let highest = train.labels.iter().chain(&test.labels).max();
    let given = arrays.number("classes")?;
    let classes = match given {
        Some(classes) if classes <= MAX_CLASSES => classes,
        Some(classes) => {
            let wanted = format!("at most {MAX_CLASSES}, since labels are bytes");
            return Err(arrays.wrong("classes", classes.to_string(), wanted));
        }
        None => highest.map_or(0, |&label| usize::from(label) + 1),
    };
    let name = path
        .file_stem()
        .map_or_else(|| "npz".into(), |stem| stem.to_string_lossy().into_owned());
    let dataset = |part: Part| {
        let dataset = Dataset::of_samples(&*name, part.shape, classes, part.samples, part.labels)?;
        Ok::<_, Error>(dataset.counted(given.is_none()))
    };
    if train.shape != test.shape {
        let array = if is_recordings { "shape" } else { "test_images" };
        return Err(arrays.wrong(array, format!("of shape {}", test.shape), train.shape.to_string()));
    }
    Ok(Split {
        train: dataset(train)?,
        test: dataset(test)?,
        warnings: Vec::new(),
    })
}

/// Arrays of the training set or the test set.
struct Part {
    shape: Shape,
    samples: Samples,
    labels: Vec<u8>,
}

/// Reads the training and the test images.
fn images(arrays: &mut Arrays) -> Result<(Part, Part)> {
    let [train, test] = ["train_images", "test_images"];
    let (train_sizes, train_pixels) = arrays.pixels(train)?;
    let train_shape = image_shape(arrays, train, &train_sizes)?;
    let train_labels = labels(arrays, "train")?;
    let (test_sizes, test_pixels) = arrays.pixels(test)?;
    let test_shape = image_shape(arrays, test, &test_sizes)?;
    let test_labels = labels(arrays, "test")?;
    let given = match arrays.number("full_scale")? {
        None => None,
        Some(number) => match u8::try_from(number) {
            Ok(full_scale) if full_scale > 0 => Some(full_scale),
            _ => return Err(arrays.wrong("full_scale", number.to_string(), "a number in 1..=255".into())),
        },
    };
    let [train, test] = pixels::bytes_of(arrays, [(train, train_pixels), (test, test_pixels)], given)?;
    let part = |shape, (pixels, full_scale), labels| Part {
        shape,
        samples: Samples::Images(Images { full_scale, pixels }),
        labels,
    };
    Ok((
        part(train_shape, train, train_labels),
        part(test_shape, test, test_labels),
    ))
}

/// Shape of images whose array has the given sizes.
fn image_shape(arrays: &Arrays, name: &str, sizes: &[usize]) -> Result<Shape> {
    let wanted = || format!("[N, C, H, W] or [N, H, W] of at most {MAX_NEURONS} pixels");
    let shape = match *sizes {
        [_, channels, height, width] => bounded([channels, height, width]),
        [_, height, width] => bounded([1, height, width]),
        _ => None,
    };
    shape.ok_or_else(|| arrays.wrong(name, format!("{sizes:?}"), wanted()))
}

/// Shape of a sample, unless it has more pixels than a network can have inputs.
fn bounded(sizes: [usize; 3]) -> Option<Shape> {
    let pixels = sizes.into_iter().try_fold(1, usize::checked_mul)?;
    (pixels <= MAX_NEURONS).then(|| sizes.into())
}

fn recordings(arrays: &mut Arrays, part: &str) -> Result<Part> {
    let sizes = arrays.integers("shape", |sizes| sizes == [3], "[3]")?;
    let sizes = [0, 1, 2].map(|at| sizes.integer(at).and_then(|size| usize::try_from(size).ok()));
    let shape = match sizes {
        [Some(channels), Some(height), Some(width)] => bounded([channels, height, width]),
        _ => None,
    };
    let shape = shape.ok_or_else(|| {
        let found = sizes.map(|size| size.map_or("no size".into(), |size| size.to_string()));
        let wanted = format!("three sizes, at most {MAX_NEURONS} pixels");
        arrays.wrong("shape", format!("[{}]", found.join(", ")), wanted)
    })?;
    let window = arrays.number("window_us")?.ok_or_else(|| {
        arrays.wrong(
            "window_us",
            "missing".into(),
            "one number, in microseconds".into(),
        )
    })?;
    let window_us = u32::try_from(window)
        .map_err(|_| arrays.wrong("window_us", window.to_string(), "a number below 2^32".into()))?;

    let name = format!("{part}_events");
    let numbers = arrays.integers(&name, |sizes| matches!(sizes, [_, 4]), "[E, 4]")?;
    let mut events = Vec::with_capacity(numbers.len() / 4);
    for number in 0..numbers.len() / 4 {
        let row = [0, 1, 2, 3].map(|column| numbers.integer(4 * number + column));
        let place = [row[1], row[2], row[3]].map(|coordinate| {
            let coordinate = coordinate.and_then(|coordinate| usize::try_from(coordinate).ok());
            coordinate.unwrap_or(usize::MAX)
        });
        let time_us = row[0].and_then(|time| u32::try_from(time).ok());
        let event = time_us.and_then(|time_us| Event::at(shape, time_us, place));
        events.push(event.ok_or_else(|| {
            let row = row.map(|number| number.map_or("2^63 or more".into(), |number| number.to_string()));
            let found = format!("[{}] in row {number}", row.join(", "));
            arrays.wrong(&name, found, format!("times below 2^32 and places of {shape}"))
        })?);
    }
    drop(numbers);

    let name = format!("{part}_offsets");
    let offsets = arrays.integers(&name, |sizes| sizes.len() == 1, "[N + 1]")?;
    let offsets: Vec<usize> = (0..offsets.len())
        .map(|index| {
            offsets
                .integer(index)
                .and_then(|offset| usize::try_from(offset).ok())
        })
        .map(|offset| offset.unwrap_or(usize::MAX))
        .collect();
    let whole = offsets.first() == Some(&0) && offsets.last() == Some(&events.len()) && offsets.is_sorted();
    if !whole {
        let found = match offsets[..] {
            [first, .., last] => format!("from {first} to {last}"),
            _ => format!("{} numbers", offsets.len()),
        };
        let wanted = format!("numbers that never fall, from 0 to {}", events.len());
        return Err(arrays.wrong(&name, found, wanted));
    }
    let mut recordings = Recordings::new(window_us);
    for ends in offsets.windows(2) {
        recordings.push(events[ends[0]..ends[1]].iter().copied());
    }
    Ok(Part {
        shape,
        samples: Samples::Recordings(recordings),
        labels: labels(arrays, part)?,
    })
}

fn labels(arrays: &mut Arrays, part: &str) -> Result<Vec<u8>> {
    let name = format!("{part}_labels");
    let labels = arrays.integers(&name, |sizes| sizes.len() == 1, "[N]")?;
    (0..labels.len())
        .map(|index| {
            let label = labels.integer(index);
            label.and_then(|label| u8::try_from(label).ok()).ok_or_else(|| {
                let label = label.map_or("2^63 or more".into(), |label| label.to_string());
                arrays.wrong(&name, format!("{label} at {index}"), "classes in 0..=255".into())
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
