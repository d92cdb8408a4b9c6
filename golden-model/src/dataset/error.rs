//! What can be wrong with the files and contents of data sets.

use super::catalog::forms;
use crate::network::Shape;
use std::path::PathBuf;

/// What can be wrong with data sets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    // Contents.
    /// A data set is of the other kind of samples.
    #[error("data set `{name}` holds {found}, but {what} needs {wanted}; choose another data set")]
    Kind {
        /// The data set.
        name: String,
        /// Who asks.
        what: &'static str,
        /// Kind of its samples.
        found: &'static str,
        /// Kind wanted.
        wanted: &'static str,
    },
    /// A network normalizes the intensities of images, and the data set has none.
    #[error(
        "network `{network}` normalizes intensities, data set `{name}` holds recordings, which have none; remove \
         [normalization] from the network"
    )]
    NoIntensities {
        /// The network.
        network: String,
        /// The data set.
        name: String,
    },
    /// Recordings that are looked at for no time at all.
    #[error("data set `{name}`: a window of 0 µs sees no events; give one of at least 1 µs")]
    NoWindow {
        /// The data set.
        name: String,
    },
    /// An event of no pixel of the camera.
    #[error(
        "data set `{name}`: an event of recording {sample} has address {found}, but a camera of {shape} has only \
         {}; the data are damaged",
        shape.size()
    )]
    EventPlace {
        /// The data set.
        name: String,
        /// Number of the recording, from 0.
        sample: usize,
        /// The address.
        found: u32,
        /// Shape of the camera.
        shape: Shape,
    },

    // Files.
    /// None of a data set's files was found.
    #[error(
        "data set `{name}`: looked in {folders} and found none of {wanted}; fetch the files {}",
        origin(name, home, *download)
    )]
    NotFound {
        /// The data set.
        name: String,
        /// Files that hold it.
        wanted: String,
        /// Folders searched.
        folders: String,
        /// Public home of the data set.
        home: &'static str,
        /// Whether `synfire data download` knows the files.
        download: bool,
    },
    /// One of a data set's files was not found.
    #[error("data set `{name}`: no {file} in {}, neither as it is nor as {}; put it there", folder.display(), forms())]
    FileMissing {
        /// The data set.
        name: String,
        /// The folder searched.
        folder: PathBuf,
        /// The file.
        file: String,
    },
    /// An archive lacks a file.
    #[error("{}: holds no {file}; fetch the archive again", path.display())]
    MemberMissing {
        /// The archive.
        path: PathBuf,
        /// The file.
        file: String,
    },
    /// A packed file cannot be unpacked.
    #[error("{}: {source}: the file is damaged; fetch it again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: std::io::Error,
    },
    /// A file holds more than any data set.
    #[error("{}: more than {limit} bytes once unpacked, which no data set has; fetch the file again", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Bytes allowed.
        limit: u64,
    },
    /// A file does not hold whole records.
    #[error(
        "{}: {found} bytes, but records have {record} each, so {wanted} are wanted; the file was cut off, fetch it \
         again",
        path.display()
    )]
    Records {
        /// The file.
        path: PathBuf,
        /// Bytes found.
        found: usize,
        /// Bytes of a record.
        record: usize,
        /// Bytes that the records begun would have.
        wanted: usize,
    },
    /// A label of a file is out of range.
    #[error("{}: the label of record {record} is {found}, but must be {wanted}; the file is damaged", path.display())]
    Label {
        /// The file.
        path: PathBuf,
        /// Number of the record, from 0.
        record: usize,
        /// The label.
        found: i64,
        /// What is allowed.
        wanted: &'static str,
    },
    /// An event of a file is of no pixel of the camera.
    #[error("{}: event {event} is at x = {x}, y = {y}, outside the camera of {shape}; the file is damaged", path.display())]
    EventOutside {
        /// The file.
        path: PathBuf,
        /// Number of the event, from 0.
        event: usize,
        /// Column.
        x: usize,
        /// Row.
        y: usize,
        /// Shape of the camera.
        shape: Shape,
    },
    /// A line of a list of recordings cannot be read.
    #[error("{}, line {line}: `{text}`, wanted a file number and a class 0..=9; the list is damaged", path.display())]
    ListLine {
        /// The list.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// The line.
        text: String,
    },
    /// A file is no MAT-file of version 5.
    #[error("{}: not readable as a MAT-file of version 5 ({source}); fetch the file again", path.display())]
    Mat {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: matfile::Error,
    },
}

/// Where the files of a data set are to be had.
fn origin(name: &str, home: &str, download: bool) -> String {
    if download {
        format!("with `synfire data download {name}`, or from {home}")
    } else {
        format!("from {home}")
    }
}
