//! The user's own data sets: npz files of NumPy arrays.
//!
//! Every array whose name starts with `train_` has a counterpart whose name starts with `test_`. Arrays are in C order.
//! Numbers may have any integer type unless stated otherwise.
//!
//! | array | images | recordings |
//! |---|---|---|
//! | `train_images` | uint8 \[N, C, H, W\], or \[N, H, W\] for one channel | |
//! | `train_events` | | \[E, 4\]: microseconds, channel, y, x |
//! | `train_offsets` | | \[N + 1\]: recording i is events `offsets[i]..offsets[i + 1]` |
//! | `train_labels` | \[N\], classes from 0 | \[N\], classes from 0 |
//! | `shape` | | \[3\]: C, H, W |
//! | `window_us` | | one number: length of the window that the network sees, in microseconds |
//! | `full_scale` | one number, the pixel value of intensity 1; 255 if missing | |
//! | `classes` | one number; if missing, one more than the highest label | as for images |

mod arrays;

use super::{Dataset, Event, Images, Recordings, Samples, Split};
use crate::Result;
use crate::file::arrays::Arrays;
use crate::network::Shape;
use std::path::Path;

/// Reads the data set at `path` and names it after the file.
///
/// # Errors
/// If the file cannot be read or is not an npz file, or an array is missing or differs from the table above.
pub(super) fn load(path: &Path) -> Result<Split> {
    let mut arrays = Arrays::open(path)?;
    let is_recordings = arrays.has("train_events")?;
    let (train, test) = if is_recordings {
        (
            recordings(&mut arrays, "train")?,
            recordings(&mut arrays, "test")?,
        )
    } else {
        (images(&mut arrays, "train")?, images(&mut arrays, "test")?)
    };
    let highest = train.labels.iter().chain(&test.labels).max();
    let classes = match arrays.number("classes")? {
        Some(classes) => classes,
        None => highest.map_or(0, |&label| usize::from(label) + 1),
    };
    let name = path
        .file_stem()
        .map_or_else(|| "npz".into(), |stem| stem.to_string_lossy().into_owned());
    let dataset = |part: Part| Dataset::of_samples(&*name, part.shape, classes, part.samples, part.labels);
    if train.shape != test.shape {
        let array = if is_recordings { "shape" } else { "test_images" };
        return Err(arrays.wrong(array, format!("of shape {}", test.shape), train.shape.to_string()));
    }
    Ok(Split {
        train: dataset(train)?,
        test: dataset(test)?,
    })
}

/// Arrays of the training set or the test set.
struct Part {
    shape: Shape,
    samples: Samples,
    labels: Vec<u8>,
}

fn images(arrays: &mut Arrays, part: &str) -> Result<Part> {
    let name = format!("{part}_images");
    let (sizes, pixels) = arrays.bytes(&name)?;
    let shape = match sizes[..] {
        [_, channels, height, width] => Shape {
            channels,
            height,
            width,
        },
        [_, height, width] => Shape {
            channels: 1,
            height,
            width,
        },
        _ => return Err(arrays.wrong(&name, format!("{sizes:?}"), "[N, C, H, W] or [N, H, W]".into())),
    };
    let full_scale = arrays.number("full_scale")?.unwrap_or(255);
    let full_scale = u8::try_from(full_scale)
        .ok()
        .filter(|&full_scale| full_scale > 0)
        .ok_or_else(|| arrays.wrong("full_scale", full_scale.to_string(), "a number in 1..=255".into()))?;
    Ok(Part {
        shape,
        samples: Samples::Images(Images { full_scale, pixels }),
        labels: labels(arrays, part)?,
    })
}

fn recordings(arrays: &mut Arrays, part: &str) -> Result<Part> {
    let shape = arrays.integers("shape", |sizes| sizes == [3], "[3]")?;
    let sizes: Vec<usize> = shape
        .iter()
        .filter_map(|&size| usize::try_from(size).ok())
        .collect();
    let [channels, height, width] = sizes[..] else {
        return Err(arrays.wrong("shape", format!("{shape:?}"), "three sizes".into()));
    };
    let shape = Shape {
        channels,
        height,
        width,
    };
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
    for (number, row) in numbers.chunks_exact(4).enumerate() {
        let time_us = u32::try_from(row[0]).ok();
        let place =
            [row[1], row[2], row[3]].map(|coordinate| usize::try_from(coordinate).unwrap_or(usize::MAX));
        let event = time_us.and_then(|time_us| Event::at(shape, time_us, place));
        let wanted = || format!("times below 2^32 and places of {shape}");
        events.push(event.ok_or_else(|| arrays.wrong(&name, format!("{row:?} in row {number}"), wanted()))?);
    }

    let name = format!("{part}_offsets");
    let offsets = arrays.integers(&name, |sizes| sizes.len() == 1, "[N + 1]")?;
    let offsets: Vec<usize> = offsets
        .iter()
        .map(|&offset| usize::try_from(offset).unwrap_or(usize::MAX))
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
    labels
        .iter()
        .enumerate()
        .map(|(index, &label)| {
            u8::try_from(label)
                .map_err(|_| arrays.wrong(&name, format!("{label} at {index}"), "classes in 0..=255".into()))
        })
        .collect()
}

#[cfg(test)]
mod tests;
