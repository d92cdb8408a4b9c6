//! Reading of arrays from MAT-files of version 5.
//!
//! After a header of 128 bytes, such a file is a list of elements: type, length and bytes. An array is an element that
//! consists of elements: flags, sizes, name and numbers. An element may be packed by zlib; then the lengths inside decide
//! how much of it is unpacked, up to a limit.

use super::super::files::{Limited, MAX_BYTES};
use flate2::read::ZlibDecoder;
use std::io::{Error as IoError, ErrorKind, Read, Result as IoResult};

const HEADER_BYTES: usize = 128;
/// Limit on the dimensions of an array, and on the bytes of its name.
const MAX_DIMENSIONS: u64 = 32;
const MAX_NAME_BYTES: u64 = 64;

/// Types of elements.
const INT8: u32 = 1;
const UINT8: u32 = 2;
const INT32: u32 = 5;
const UINT32: u32 = 6;
const DOUBLE: u32 = 9;
const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;
/// Classes of arrays that are read: double, int8 to uint64.
const CLASSES: std::ops::RangeInclusive<u32> = 6..=15;
/// Flag of an array that has an imaginary part.
const COMPLEX: u32 = 0x800;

/// A named array.
#[derive(Debug)]
pub(super) struct Array {
    pub(super) name: String,
    /// Sizes of the dimensions; the first index varies fastest.
    pub(super) sizes: Vec<usize>,
    pub(super) numbers: Numbers,
}

/// Numbers of an array as they are stored, which may be smaller than the class of the array.
#[derive(Debug)]
pub(super) enum Numbers {
    Bytes(Vec<u8>),
    Doubles(Vec<f64>),
    /// Numbers of other types.
    Other,
}

/// Type and length of an element.
struct Tag {
    kind: u32,
    bytes: u64,
    /// Bytes of an element short enough to be part of the tag.
    inside: Option<[u8; 4]>,
}

/// Reads the arrays with the given names; others are skipped.
pub(super) fn read(file: &[u8], names: &[&str]) -> IoResult<Vec<Array>> {
    if file.starts_with(b"\x89HDF") || file.starts_with(b"MATLAB 7.3") {
        return Err(invalid("it is of version 7.3, an HDF5 file"));
    }
    let Some((header, mut rest)) = file.split_at_checked(HEADER_BYTES) else {
        return Err(invalid("it ends within its header"));
    };
    let big_endian = match header[124..] {
        [0, 1, b'I', b'M'] => false,
        [1, 0, b'M', b'I'] => true,
        _ => return Err(invalid("its header is of another version")),
    };
    let mut arrays = Vec::new();
    // Blanks after the last element do no harm.
    while rest.len() >= 8 {
        let tag = Elements {
            source: &mut rest,
            big_endian,
        }
        .tag()?;
        if tag.inside.is_some() {
            continue;
        }
        let length = usize::try_from(tag.bytes).unwrap_or(usize::MAX);
        let Some((element, after)) = rest.split_at_checked(length) else {
            return Err(invalid("an array goes beyond the end of the file"));
        };
        rest = match tag.kind {
            // Packed elements are not padded.
            COMPRESSED => after,
            _ => after
                .get(length.next_multiple_of(8) - length..)
                .unwrap_or_default(),
        };
        let array = match tag.kind {
            MATRIX => Elements {
                source: element,
                big_endian,
            }
            .array(names)?,
            COMPRESSED => {
                let source = Limited::new(ZlibDecoder::new(element), MAX_BYTES);
                let mut elements = Elements { source, big_endian };
                match elements.tag()?.kind {
                    MATRIX => elements.array(names)?,
                    _ => None,
                }
            }
            _ => None,
        };
        arrays.extend(array);
    }
    Ok(arrays)
}

/// Reader of the elements of an array, one after another.
struct Elements<R> {
    source: R,
    big_endian: bool,
}

impl<R: Read> Elements<R> {
    fn word(&mut self) -> IoResult<u32> {
        let mut bytes = [0; 4];
        self.source.read_exact(&mut bytes)?;
        Ok(self.word_of(bytes))
    }

    const fn word_of(&self, bytes: [u8; 4]) -> u32 {
        match self.big_endian {
            true => u32::from_be_bytes(bytes),
            false => u32::from_le_bytes(bytes),
        }
    }

    fn tag(&mut self) -> IoResult<Tag> {
        let word = self.word()?;
        let short = word >> 16;
        if short == 0 {
            return Ok(Tag {
                kind: word,
                bytes: self.word()?.into(),
                inside: None,
            });
        }
        let mut inside = [0; 4];
        self.source.read_exact(&mut inside)?;
        if short > 4 {
            return Err(invalid("a short element has more than 4 bytes"));
        }
        Ok(Tag {
            kind: word & 0xFFFF,
            bytes: short.into(),
            inside: Some(inside),
        })
    }

    /// Reads an element of at most `limit` bytes and the blanks after it. Memory grows with the bytes that are there.
    fn element(&mut self, limit: u64) -> IoResult<(u32, Vec<u8>)> {
        let tag = self.tag()?;
        if tag.bytes > limit {
            return Err(invalid(&format!(
                "an element has {} bytes, more than {limit}",
                tag.bytes
            )));
        }
        let length = usize::try_from(tag.bytes).unwrap_or(usize::MAX);
        if let Some(inside) = tag.inside {
            return Ok((tag.kind, inside[..length].to_vec()));
        }
        let mut bytes = Vec::new();
        (&mut self.source).take(tag.bytes).read_to_end(&mut bytes)?;
        if bytes.len() != length {
            return Err(invalid("an array ends early"));
        }
        let mut blanks = Vec::new();
        let padding = length.next_multiple_of(8) - length;
        (&mut self.source).take(padding as u64).read_to_end(&mut blanks)?;
        Ok((tag.kind, bytes))
    }

    /// Reads an array; `None` if it is not one of `names`, or not of numbers.
    fn array(&mut self, names: &[&str]) -> IoResult<Option<Array>> {
        let (kind, flags) = self.element(8)?;
        let flags = flags.first_chunk().map_or(0, |&word| self.word_of(word));
        if kind != UINT32 || !CLASSES.contains(&(flags & 0xFF)) || flags & COMPLEX != 0 {
            return Ok(None);
        }
        let (kind, sizes) = self.element(4 * MAX_DIMENSIONS)?;
        let sizes: Option<Vec<usize>> = sizes
            .as_chunks()
            .0
            .iter()
            .map(|&word| usize::try_from(self.word_of(word).cast_signed()).ok())
            .collect();
        let (Some(sizes), INT32) = (sizes, kind) else {
            return Err(invalid("an array has no valid sizes"));
        };
        let (kind, name) = self.element(MAX_NAME_BYTES)?;
        let name = String::from_utf8_lossy(&name).into_owned();
        if kind != INT8 || !names.contains(&&*name) {
            return Ok(None);
        }
        let count = sizes
            .iter()
            .fold(1, |product: u64, &size| product.saturating_mul(size as u64));
        let (kind, bytes) = self.element(count.saturating_mul(8).min(MAX_BYTES))?;
        let numbers = match kind {
            UINT8 => Numbers::Bytes(bytes),
            DOUBLE => Numbers::Doubles(
                bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|&number| self.double(number))
                    .collect(),
            ),
            _ => Numbers::Other,
        };
        let found = match &numbers {
            Numbers::Bytes(bytes) => bytes.len() as u64,
            Numbers::Doubles(numbers) => numbers.len() as u64,
            Numbers::Other => count,
        };
        if found != count {
            return Err(invalid(&format!(
                "array `{name}` has {found} numbers, but its sizes are {sizes:?}"
            )));
        }
        Ok(Some(Array { name, sizes, numbers }))
    }

    const fn double(&self, bytes: [u8; 8]) -> f64 {
        match self.big_endian {
            true => f64::from_be_bytes(bytes),
            false => f64::from_le_bytes(bytes),
        }
    }
}

fn invalid(message: &str) -> IoError {
    IoError::new(ErrorKind::InvalidData, message)
}
