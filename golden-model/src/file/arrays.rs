//! Reading of npz arrays: type, shape and size are checked before memory is asked for.

mod error;
mod order;

pub use error::ArrayError;

use super::npy::{Header, Number, NumberFormat};
use super::{open_regular, signature};
use crate::{Error, Result};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Error as IoError, ErrorKind, Read};
use std::path::{Path, PathBuf};
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

/// Limit on the numbers of an array, to stop at damaged headers.
const MAX_NUMBERS: u64 = 1 << 32;
/// Limit on the size of an array in bytes: the events of the largest recorded sets fit.
const MAX_BYTES: u64 = 8 << 30;
/// Arrays up to this size in bytes may be packed however tightly.
const FREE_BYTES: u64 = 64 << 20;
/// Larger arrays unpack to at most this multiple of their packed size. Samples of the real world stay far below; the
/// densest packing of deflate, about 1000, turns megabytes into gigabytes.
const MAX_RATIO: u64 = 256;
/// Memory in bytes that is asked for before any number has been read.
const FIRST_BYTES: u64 = 16 << 20;

/// Archive that is read through a buffer.
pub(super) type Archive = ZipArchive<BufReader<File>>;

/// An open npz file.
pub(crate) struct Arrays {
    path: PathBuf,
    archive: Archive,
    /// Size of the file in bytes.
    length: u64,
}

/// Numbers of an array, in C order.
pub(crate) struct Array {
    /// Format of every number.
    pub(crate) format: NumberFormat,
    /// Bytes of all numbers.
    pub(crate) bytes: Vec<u8>,
}

impl Array {
    /// Number of numbers.
    pub(crate) const fn len(&self) -> usize {
        self.bytes.len() / self.format.bytes
    }

    /// The integer at `index`; `None` if it is 2^63 or more, or the array has floats.
    pub(crate) fn integer(&self, index: usize) -> Option<i64> {
        self.format.integer(&self.bytes[index * self.format.bytes..])
    }

    /// All numbers as floats; NaN if the array has none.
    pub(crate) fn floats(&self) -> impl Iterator<Item = f64> + '_ {
        let numbers = self.bytes.chunks_exact(self.format.bytes);
        numbers.map(|bytes| self.format.float(bytes))
    }
}

impl Arrays {
    /// Opens an npz file.
    ///
    /// # Errors
    /// If the file cannot be read or is not an npz archive; the error names the kind of a file that is something else.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let (file, length) = open_regular(path)?;
        match open_archive(file) {
            Ok(archive) => Ok(Self {
                path: path.into(),
                archive,
                length,
            }),
            Err(error) => Err(match signature::of(path)? {
                Some(signature) => ArrayError::Foreign {
                    path: path.into(),
                    signature,
                }
                .into(),
                None => unsound(path, error),
            }),
        }
    }

    /// Creates the error that an array differs from what is wanted.
    pub(crate) fn wrong(&self, array: &str, found: String, wanted: String) -> Error {
        wrong(&self.path, array, found, wanted)
    }

    /// Whether the file has an array `name`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.archive.index_for_name(&member(name)).is_some()
    }

    /// Reads type and shape of an array; `wanted` describes it in errors.
    ///
    /// # Errors
    /// If the array is missing or has too many numbers, or the file is damaged.
    pub(crate) fn header(&mut self, name: &str, wanted: &str) -> Result<(Header, Vec<usize>)> {
        let (header, sizes, _) = self.open_array(name, wanted)?;
        Ok((header, sizes))
    }

    /// Reads an array of numbers; `wanted` describes it in errors.
    ///
    /// # Errors
    /// If the array is missing, too large, or not of numbers, or the file is damaged.
    pub(crate) fn array(&mut self, name: &str, wanted: &str) -> Result<Array> {
        let (path, length) = (self.path.clone(), self.length);
        let (header, sizes, entry) = self.open_array(name, wanted)?;
        let Some(format) = header.format else {
            let found = format!("of type {}", header.type_name);
            return Err(wrong(&path, name, found, wanted.into()));
        };
        let bytes = header.numbers().saturating_mul(format.bytes as u64);
        if bytes > MAX_BYTES {
            let found = format!("{sizes:?} of type {format}, {bytes} bytes");
            return Err(wrong(&path, name, found, format!("at most {MAX_BYTES} bytes")));
        }
        // What an archive says about itself may be wrong; no member is larger than the file.
        let packed = entry.compressed_size().min(length);
        if bytes > FREE_BYTES && bytes / MAX_RATIO > packed {
            return Err(ArrayError::Bomb {
                path,
                array: name.into(),
                packed,
                unpacked: bytes,
            }
            .into());
        }
        let damaged = |source: IoError| unsound(&path, in_array(name, &source));
        let announced = header.length + bytes;
        let wrong_length = |found: u64| {
            let message = format!("it has {found} bytes, but its header announces {announced}");
            damaged(IoError::new(ErrorKind::InvalidData, message))
        };
        if entry.size() != announced {
            return Err(wrong_length(entry.size()));
        }
        let first = usize::try_from(bytes.min(FIRST_BYTES)).expect("a small number");
        let mut numbers = Vec::with_capacity(first);
        // The byte after the last one makes the archive check the sum of all bytes.
        let count = entry.take(bytes + 1).read_to_end(&mut numbers).map_err(damaged)?;
        if count as u64 != bytes {
            return Err(wrong_length(header.length + count as u64));
        }
        if header.fortran_order {
            numbers = order::c_from_fortran(&numbers, &sizes, format.bytes);
        }
        Ok(Array {
            format,
            bytes: numbers,
        })
    }

    /// Reads the numbers of an array of type `T`, in C order.
    ///
    /// # Errors
    /// Fails like [`Self::array`], or if the numbers have another type.
    pub(crate) fn numbers<T: Number>(&mut self, name: &str, wanted: &str) -> Result<Vec<T>> {
        let (header, _) = self.header(name, wanted)?;
        let Some(format) = header.format.filter(|&format| T::fits(format)) else {
            return Err(self.wrong(name, format!("of type {}", header.type_name), wanted.into()));
        };
        let array = self.array(name, wanted)?;
        let numbers = array.bytes.chunks_exact(format.bytes);
        Ok(numbers.map(|bytes| T::of(format, bytes)).collect())
    }

    /// Opens an array at its first number.
    fn open_array(
        &mut self,
        name: &str,
        wanted: &str,
    ) -> Result<(Header, Vec<usize>, ZipFile<'_, BufReader<File>>)> {
        let path = &self.path;
        let Some((header, entry)) =
            open_member(&mut self.archive, name).map_err(|source| unsound(path, source))?
        else {
            return Err(wrong(path, name, "missing".into(), wanted.into()));
        };
        let sizes: Option<Vec<usize>> = header
            .sizes
            .iter()
            .map(|&size| usize::try_from(size).ok())
            .collect();
        match sizes {
            Some(sizes) if header.numbers() <= MAX_NUMBERS => Ok((header, sizes, entry)),
            _ => {
                let wanted = format!("at most {MAX_NUMBERS} numbers");
                Err(wrong(path, name, format!("{:?}", header.sizes), wanted))
            }
        }
    }
}

/// Opens the archive that a file holds.
///
/// # Errors
/// If the file is no zip archive, or a damaged one.
pub(super) fn open_archive(file: File) -> Result<Archive, IoError> {
    let mut file = BufReader::new(file);
    if !file.fill_buf()?.starts_with(b"PK") {
        let message = "it does not start like a zip archive";
        return Err(IoError::new(ErrorKind::InvalidData, message));
    }
    Ok(ZipArchive::new(file)?)
}

/// The file of an array in an open archive.
pub(super) type Member<'a> = ZipFile<'a, BufReader<File>>;

/// Name of an array's file in the archive.
pub(super) fn member(array: &str) -> String {
    format!("{array}.npy")
}

/// Opens an array of an archive: header and numbers; `None` if it is missing.
///
/// # Errors
/// If the archive or the header is damaged.
pub(super) fn open_member<'a>(
    archive: &'a mut Archive,
    name: &str,
) -> Result<Option<(Header, Member<'a>)>, IoError> {
    let mut entry = match archive.by_name(&member(name)) {
        Err(ZipError::FileNotFound) => return Ok(None),
        entry => entry.map_err(|source| in_array(name, &source.into()))?,
    };
    let header = Header::read(&mut entry).map_err(|source| in_array(name, &source))?;
    Ok(Some((header, entry)))
}

/// Names the array that an error is about.
fn in_array(name: &str, source: &IoError) -> IoError {
    IoError::new(source.kind(), format!("array `{name}`: {source}"))
}

fn wrong(path: &Path, array: &str, found: String, wanted: String) -> Error {
    ArrayError::Wrong {
        path: path.into(),
        array: array.into(),
        found,
        wanted,
    }
    .into()
}

/// Creates the error that a file is damaged.
fn unsound(path: &Path, source: IoError) -> Error {
    ArrayError::Archive {
        path: path.into(),
        source,
    }
    .into()
}

#[cfg(test)]
mod tests;
