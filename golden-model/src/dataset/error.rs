//! Errors of data sets and their files.

use super::catalog::forms;
use crate::network::Shape;
use std::path::PathBuf;

/// Errors of data sets and their files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    // Contents.
    /// The data set holds the other kind of samples.
    #[error("data set `{name}` holds {found}, but {what} needs {wanted}; choose another data set")]
    Kind {
        /// Name of the data set.
        name: String,
        /// Feature that needs the samples.
        what: &'static str,
        /// Kind of the data set's samples, in the plural.
        found: &'static str,
        /// Kind of samples needed, in the plural.
        wanted: &'static str,
    },
    /// The network normalizes intensities, but the data set holds recordings, which have none.
    #[error(
        "network `{network}` normalizes intensities, but data set `{name}` holds recordings, which have none; \
         remove [normalization] from the network"
    )]
    NoIntensities {
        /// Name of the network.
        network: String,
        /// Name of the data set.
        name: String,
    },
    /// The network takes samples of the other kind.
    #[error(
        "network `{network}` has coding = \"{coding}\", but data set `{name}` holds {found}; images want \"direct\" or \
         \"poisson\", recordings \"counts\" or \"poisson\""
    )]
    Coding {
        /// Name of the network.
        network: String,
        /// Name of the data set.
        name: String,
        /// Coding of the network.
        coding: &'static str,
        /// Kind of the samples found.
        found: &'static str,
    },
    /// The window of the recordings is 0 µs long.
    #[error(
        "data set `{name}`: the window is 0 µs long and contains no events; give a window of at least 1 µs"
    )]
    NoWindow {
        /// Name of the data set.
        name: String,
    },
    /// The address of an event lies outside the camera.
    #[error(
        "data set `{name}`: an event of recording {sample} has address {found}, but a camera of {shape} has only \
         {}; the data are damaged",
        shape.size()
    )]
    EventPlace {
        /// Name of the data set.
        name: String,
        /// Number of the recording, from 0.
        sample: usize,
        /// Address of the event.
        found: u32,
        /// Shape of the camera: polarities, rows, columns.
        shape: Shape,
    },

    // Files.
    /// No file of the data set was found.
    #[error(
        "data set `{name}`: searched {folders} and found none of {wanted}; fetch the files {}",
        origin(name, home, *download)
    )]
    NotFound {
        /// Name of the data set.
        name: String,
        /// Files that hold the data set, in words.
        wanted: String,
        /// Searched folders, comma-separated.
        folders: String,
        /// Address of the data set's home page.
        home: &'static str,
        /// Whether `synfire data download` can fetch the files.
        download: bool,
    },
    /// One file of the data set was not found.
    #[error(
        "data set `{name}`: no {file} in {}, neither plain nor with the ending {}; put the file there",
        folder.display(), forms()
    )]
    FileMissing {
        /// Name of the data set.
        name: String,
        /// The folder searched.
        folder: PathBuf,
        /// Name of the file.
        file: String,
    },
    /// The archive lacks a file.
    #[error("{}: the archive does not contain {file}; fetch it again", path.display())]
    MemberMissing {
        /// Path of the archive.
        path: PathBuf,
        /// Name of the file.
        file: String,
    },
    /// A compressed file cannot be unpacked.
    #[error("{}: {source}: the file is damaged; fetch it again", path.display())]
    Damaged {
        /// Path of the file.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// A file is larger than any data set.
    #[error("{}: the file unpacks to more than {limit} bytes, which no data set has; fetch it again", path.display())]
    TooLong {
        /// Path of the file.
        path: PathBuf,
        /// Bytes allowed.
        limit: u64,
    },
    /// A file does not hold whole records.
    #[error(
        "{}: the file has {found} bytes, but whole records of {record} bytes need {wanted}; it is truncated, \
         fetch it again",
        path.display()
    )]
    Records {
        /// Path of the file.
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
        /// Path of the file.
        path: PathBuf,
        /// Number of the record, from 0.
        record: usize,
        /// The label.
        found: i64,
        /// Allowed labels, in words.
        wanted: &'static str,
    },
    /// The coordinates of an event in a file lie outside the camera.
    #[error(
        "{}: event {event} is at x = {x}, y = {y}, outside the camera of {shape}; the file is damaged",
        path.display()
    )]
    EventOutside {
        /// Path of the file.
        path: PathBuf,
        /// Number of the event, from 0.
        event: usize,
        /// Column of the event.
        x: usize,
        /// Row of the event.
        y: usize,
        /// Shape of the camera: polarities, rows, columns.
        shape: Shape,
    },
    /// A line of a list of recordings cannot be read.
    #[error(
        "{}, line {line}: `{text}` is not a file number and a class 0..=9; the list is damaged, fetch it \
         again",
        path.display()
    )]
    ListLine {
        /// Path of the list.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// Text of the line.
        text: String,
    },
    /// The file is not a MAT-file of version 5.
    #[error("{}: the file cannot be read as a MAT-file of version 5 ({source}); fetch it again", path.display())]
    Mat {
        /// Path of the file.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// An archive holds a sparse file.
    #[error(
        "{}: {file} is a sparse file, which no data set has; pack the archive without --sparse",
        path.display()
    )]
    Sparse {
        /// Path of the archive.
        path: PathBuf,
        /// Name of the file in it.
        file: String,
    },
    /// The files are those of another data set.
    #[error(
        "{} is a file of data set `{found}`, not of `{name}`; choose `{found}`, or give the data folder that contains \
         {name}/",
        path.display()
    )]
    OtherSet {
        /// Name of the data set that was asked for.
        name: String,
        /// Name of the data set whose file it is.
        found: &'static str,
        /// Path of the file, without the ending of a packed form.
        path: PathBuf,
    },
    /// A folder was given in place of a file.
    #[error(
        "{} is a folder, not an npz file; to read a known data set from it, give the set's name ({known}) and the folder \
         as the data folder",
        path.display()
    )]
    Folder {
        /// Path of the folder.
        path: PathBuf,
        /// Names of all data sets, comma-separated.
        known: String,
    },
    /// There is no data set with the requested name.
    #[error("there is no data set `{name}`; choose one of {known}")]
    Unknown {
        /// The requested name.
        name: String,
        /// Names of all data sets, comma-separated.
        known: String,
    },
    /// The data set is read from files, but no data folder was given.
    #[error("data set `{name}` is read from files; give the data folder that contains {name}/")]
    NoFolder {
        /// Name of the data set.
        name: String,
    },
    /// A file does not start with the magic number of its kind.
    #[error(
        "{}: the magic number is {found:#010x}, but an idx file of {kind} has {wanted:#010x}; give the right \
         file",
        path.display()
    )]
    Magic {
        /// Path of the file.
        path: PathBuf,
        /// Expected contents, in the plural.
        kind: &'static str,
        /// Magic number of the file.
        found: u32,
        /// Magic number of the expected kind of file.
        wanted: u32,
    },
    /// A file is shorter or longer than its header says.
    #[error("{}: the file has {found} bytes, but its header announces {wanted}; fetch it again", path.display())]
    Length {
        /// Path of the file.
        path: PathBuf,
        /// Bytes found, uncompressed; one more than wanted if the file is too long.
        found: u64,
        /// Bytes wanted.
        wanted: u64,
    },
    /// A header asks for more than any data set of this kind has.
    #[error(
        "{}: the header announces {found} bytes of {kind}, more than the {limit} allowed; the file is damaged",
        path.display()
    )]
    TooLarge {
        /// Path of the file.
        path: PathBuf,
        /// Expected contents, in the plural.
        kind: &'static str,
        /// Bytes that the header announces.
        found: u128,
        /// Bytes allowed.
        limit: u64,
    },
    /// The numbers of images and labels differ, or a buffer does not hold whole images.
    #[error(
        "data set `{name}`: there are {images} samples, but {labels} labels; the files do not belong together"
    )]
    Counts {
        /// Name of the data set.
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
        /// Name of the data set.
        name: String,
        /// Kind of value: label or pixel.
        what: &'static str,
        /// Number of the image, from 0.
        index: usize,
        /// The value.
        found: usize,
        /// Largest value allowed.
        limit: usize,
    },
    /// The data set has more classes than a label can name.
    #[error("data set `{name}` has {found} classes, but labels are bytes: give at most {limit}")]
    Classes {
        /// Name of the data set.
        name: String,
        /// Number of classes.
        found: usize,
        /// Largest number of classes.
        limit: usize,
    },
    /// The data set has labels beyond the classes of the network.
    #[error(
        "data set `{name}` has labels up to {highest}, but network `{network}` has only the classes 0..={}; give the \
         network {} classes, or choose other data",
        classes - 1, highest + 1
    )]
    Labels {
        /// Name of the data set.
        name: String,
        /// Highest label.
        highest: usize,
        /// Name of the network.
        network: String,
        /// Number of the network's classes.
        classes: usize,
    },
    /// The data set has no samples.
    #[error("data set `{name}` is empty; give one with at least one sample")]
    Empty {
        /// Name of the data set.
        name: String,
    },
    /// A line of a data set in text form cannot be read.
    #[error(
        "data set `{name}`, line {line}: the line has {found} values in 0..=255, but must have {wanted}; the \
         data are damaged"
    )]
    Line {
        /// Name of the data set.
        name: String,
        /// Line number, from 1.
        line: usize,
        /// Readable values on that line.
        found: usize,
        /// Values wanted.
        wanted: usize,
    },
    /// A split needs more images than there are.
    #[error(
        "data set `{name}`: cannot set aside {wanted} of {found} images; set aside at least one and leave one"
    )]
    Split {
        /// Name of the data set.
        name: String,
        /// Number of images in the data set.
        found: usize,
        /// Number of images to set aside.
        wanted: usize,
    },
    /// The data set does not fit the network.
    #[error(
        "network `{network}` has {field} {wanted}, but data set `{dataset}` has {found}; choose a data set \
         that fits the network"
    )]
    Shape {
        /// Name of the network.
        network: String,
        /// Name of the data set.
        dataset: String,
        /// The property that differs: input shape or number of classes.
        field: &'static str,
        /// Value of the data set.
        found: String,
        /// Value of the network.
        wanted: String,
    },
}

/// Sentence that says where to get the files of a data set.
fn origin(name: &str, home: &str, download: bool) -> String {
    if download {
        format!("with `synfire data download {name}`, or from {home}")
    } else {
        format!("from {home}")
    }
}
