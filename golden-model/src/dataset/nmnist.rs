//! N-MNIST (Orchard and others, Frontiers in Neuroscience 9:437, 2015): MNIST's digits on a screen, recorded by an
//! event camera that makes three movements of 0.1 s each.
//!
//! Two layouts are read: the authors' folders `Train/0..9/*.bin` and `Test/0..9/*.bin`, and the subset of 1,000 + 100
//! recordings in files `NUMBER.bs2` with the lists `train1K.txt` and `test100.txt`, unpacked or as `nmnist1k.tar.xz`.
//! Recordings are sorted by number, which is the order of MNIST's images.
//!
//! Both kinds of file hold 5 bytes per event: x, y, and a 24-bit number whose top bit is the polarity (1 brighter, 0
//! darker) and whose other bits are the time in microseconds. A record with y = 240 is not an event but a carry: all
//! later times are increased by 2^13 µs. The polarity is the channel. The window is 0.3 s; few events are later.

mod list;

use super::catalog::Found;
use super::{DataError, Dataset, Event, Recordings, Samples, Split, files};
use crate::file::FileError;
use crate::network::Shape;
use crate::{Error, Result};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

const NAME: &str = "n-mnist";
const SHAPE: Shape = Shape {
    channels: 2,
    height: 34,
    width: 34,
};
const CLASSES: u8 = 10;
const WINDOW_US: u32 = 300_000;

/// Bytes per event.
const EVENT: usize = 5;
/// Row number that marks a carry.
const CARRY_ROW: u8 = 240;
const CARRY_US: u32 = 1 << 13;

const ARCHIVE: &str = "nmnist1k.tar.xz";
/// Number of files that are read at a time.
const AT_ONCE: usize = 1024;
/// Names of the subset's lists.
const TRAIN_LIST: &str = "train1K.txt";
const TEST_LIST: &str = "test100.txt";

/// Reads the folders, the subset or the subset's archive at `found`.
///
/// # Errors
/// If a file is missing, cannot be unpacked or read, or does not consist of whole events within the camera.
pub(super) fn load(found: &Found) -> Result<Split> {
    let folder = &found.folder;
    match found.layout {
        0 => Ok(Split {
            train: class_folders(&folder.join("Train"))?,
            test: class_folders(&folder.join("Test"))?,
            warnings: Vec::new(),
        }),
        1 => subset(folder, |name| {
            let path = folder.join(name);
            if path.is_file() {
                files::read(&path)
            } else {
                Err(DataError::missing(NAME, folder, name).into())
            }
        }),
        _ => {
            let path = folder.join(ARCHIVE);
            let mut members = files::unpack(&path, |name| !files::is_hidden(Path::new(name)))?;
            subset(&path, |name| {
                let bytes = members.remove(name);
                bytes.ok_or_else(|| {
                    DataError::MemberMissing {
                        path: path.clone(),
                        file: name.into(),
                    }
                    .into()
                })
            })
        }
    }
}

/// Reads the subset: two lists, and the recordings that they name. `place` is its path, for error messages.
fn subset(place: &Path, mut fetch: impl FnMut(&str) -> Result<Vec<u8>>) -> Result<Split> {
    let mut part = |name| {
        let list = list::parse(&place.join(name), &fetch(name)?)?;
        let mut recordings = Recordings::new(WINDOW_US);
        let mut labels = Vec::with_capacity(list.len());
        for (number, label) in list {
            let file = format!("{number}.bs2");
            recordings.push(events(&place.join(&file), &fetch(&file)?)?);
            labels.push(label);
        }
        dataset(recordings, labels)
    };
    Ok(Split {
        train: part(TRAIN_LIST)?,
        test: part(TEST_LIST)?,
        warnings: Vec::new(),
    })
}

/// Reads a folder of ten folders, one per class.
fn class_folders(folder: &Path) -> Result<Dataset> {
    let mut paths = Vec::new();
    for label in 0..CLASSES {
        let class = folder.join(label.to_string());
        let failed = |source| {
            Error::File(FileError::Read {
                path: class.clone(),
                source,
            })
        };
        for entry in std::fs::read_dir(&class).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let is_recording = path.extension().is_some_and(|extension| extension == "bin");
            if is_recording && !files::is_hidden(&path) {
                paths.push((path.file_name().map(ToOwned::to_owned), label, path));
            }
        }
    }
    // The numbers have leading zeros, so the order of the names is the order of the images.
    paths.sort_unstable();
    let read = |(_, _, path): &(_, u8, PathBuf)| events(path, &files::read(path)?);
    let mut recordings = Recordings::new(WINDOW_US);
    // The whole set takes gigabytes, so it is never held twice.
    for paths in paths.chunks(AT_ONCE) {
        for events in paths.par_iter().map(read).collect::<Result<Vec<_>>>()? {
            recordings.push(events);
        }
    }
    dataset(recordings, paths.into_iter().map(|(_, label, _)| label).collect())
}

fn dataset(recordings: Recordings, labels: Vec<u8>) -> Result<Dataset> {
    let samples = Samples::Recordings(recordings);
    Dataset::of_samples(NAME, SHAPE, CLASSES.into(), samples, labels)
}

/// Parses the events of one file.
fn events(path: &Path, bytes: &[u8]) -> Result<Vec<Event>> {
    if !bytes.len().is_multiple_of(EVENT) {
        return Err(DataError::Records {
            path: path.into(),
            found: bytes.len(),
            record: EVENT,
            wanted: bytes.len().next_multiple_of(EVENT),
        }
        .into());
    }
    let mut events = Vec::with_capacity(bytes.len() / EVENT);
    let mut carried_us: u32 = 0;
    for (number, bytes) in bytes.chunks_exact(EVENT).enumerate() {
        let [x, y] = [bytes[0], bytes[1]];
        if y == CARRY_ROW {
            carried_us = carried_us.saturating_add(CARRY_US);
            continue;
        }
        let polarity = usize::from(bytes[2] >> 7);
        let time_us = u32::from_be_bytes([0, bytes[2] & 0x7f, bytes[3], bytes[4]]);
        let place = [polarity, y.into(), x.into()];
        let event = Event::at(SHAPE, time_us.saturating_add(carried_us), place).ok_or_else(|| {
            DataError::EventOutside {
                path: path.into(),
                event: number,
                x: x.into(),
                y: y.into(),
                shape: SHAPE,
            }
        })?;
        events.push(event);
    }
    Ok(events)
}

#[cfg(test)]
mod tests;
