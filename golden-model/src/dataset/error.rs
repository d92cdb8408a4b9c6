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
    /// There is no data set of that name.
    #[error("there is no data set `{name}`; known are: {known}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// All names there are.
        known: String,
    },
    /// A data set that is not embedded was asked for without a folder.
    #[error("data set `{name}` is read from files; give the folder that holds {name}/")]
    NoFolder {
        /// The data set.
        name: String,
    },
    /// A file does not start with the magic number of its kind.
    #[error("{}: magic number {found:#010x}, wanted {wanted:#010x}; this is no idx file of {kind}", path.display())]
    Magic {
        /// The file.
        path: PathBuf,
        /// What the file should hold.
        kind: &'static str,
        /// Magic number of the file.
        found: u32,
        /// Magic number of that kind.
        wanted: u32,
    },
    /// A file is shorter or longer than its header says.
    #[error("{}: {found} bytes, its header wants {wanted}; fetch the file again", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Bytes found (uncompressed); where the file is too long, one more than wanted.
        found: u64,
        /// Bytes wanted.
        wanted: u64,
    },
    /// A header asks for more than any data set of this kind has.
    #[error("{}: the header announces {found} bytes of {kind}, more than the {limit} allowed; the file is damaged", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What the file should hold.
        kind: &'static str,
        /// Bytes announced.
        found: u128,
        /// Bytes allowed.
        limit: u64,
    },
    /// Images and labels do not agree in number, or a buffer does not hold whole images.
    #[error("data set `{name}`: {images} samples but {labels} labels; the files do not belong together")]
    Counts {
        /// The data set.
        name: String,
        /// Number of images.
        images: usize,
        /// Number of labels.
        labels: usize,
    },
    /// A value of an image or a label is out of range.
    #[error(
        "data set `{name}`: {what} of image {index} is {found}, but must be at most {limit}; the data are damaged"
    )]
    Value {
        /// The data set.
        name: String,
        /// Label or pixel.
        what: &'static str,
        /// Number of the image, from 0.
        index: usize,
        /// The value.
        found: usize,
        /// Largest value allowed.
        limit: usize,
    },
    /// A data set without images.
    #[error("data set `{name}` is empty; give one with at least one sample")]
    Empty {
        /// The data set.
        name: String,
    },
    /// A line of a text data set cannot be read.
    #[error(
        "data set `{name}`, line {line}: {found} values in 0..=255, wanted {wanted}; the data are damaged"
    )]
    Line {
        /// The data set.
        name: String,
        /// Line number, from 1.
        line: usize,
        /// Readable values on that line.
        found: usize,
        /// Values wanted.
        wanted: usize,
    },
    /// A split asks for more images than there are.
    #[error(
        "data set `{name}`: cannot set aside {wanted} of {found} images; set aside at least one and leave one"
    )]
    Split {
        /// The data set.
        name: String,
        /// Images there are.
        found: usize,
        /// Images to set aside.
        wanted: usize,
    },
    /// A data set and a network do not fit together.
    #[error(
        "network `{network}` has {field} {wanted}, data set `{dataset}` has {found}; use the network with data it was made for"
    )]
    Shape {
        /// The network.
        network: String,
        /// The data set.
        dataset: String,
        /// Input shape or number of classes.
        field: &'static str,
        /// What the data set has.
        found: String,
        /// What the network has.
        wanted: String,
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
