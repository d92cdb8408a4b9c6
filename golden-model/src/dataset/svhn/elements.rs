//! Data elements of a MAT-file of version 5: a tag of type and length, and bytes.
//!
//! The parser of MAT-files prints on standard output and standard error when it meets an element that it does not know or
//! cannot unpack. It is therefore handed unpacked arrays only.

use super::files;
use flate2::read::ZlibDecoder;
use std::io::{self, Read};

/// Bytes before the first element; the last two show the byte order.
const HEADER: usize = 128;
/// Bytes of a tag.
const TAG: usize = 8;
/// Type of an array.
const MATRIX: u32 = 14;
/// Type of a compressed array.
const COMPRESSED: u32 = 15;

/// Returns the file with its arrays unpacked, and without elements of other types. What is too short for its announced
/// length stays as it is, and so does a file that is no MAT-file.
///
/// # Errors
/// If an array cannot be unpacked, or unpacks to more than a data set has.
pub(super) fn unpacked(file: &[u8]) -> io::Result<Vec<u8>> {
    let word: fn([u8; 4]) -> u32 = match file.get(HEADER - 2..HEADER) {
        Some(b"IM") => u32::from_le_bytes,
        Some(b"MI") => u32::from_be_bytes,
        _ => return Ok(file.to_vec()),
    };
    let (header, mut rest) = file.split_at(HEADER);
    let mut arrays = header.to_vec();
    while let Some((kind, length)) = tag(rest, word) {
        // Only an element that is not compressed is padded.
        let padding = if kind == COMPRESSED {
            0
        } else {
            length.next_multiple_of(TAG) - length
        };
        let Some(bytes) = rest.get(TAG..TAG + length) else {
            arrays.extend_from_slice(rest);
            break;
        };
        let whole = rest.len().min(TAG + length + padding);
        match kind {
            COMPRESSED => {
                let array = unpack(bytes, files::MAX_BYTES.saturating_sub(arrays.len() as u64))?;
                if tag(&array, word).is_some_and(|(kind, _)| kind == MATRIX) {
                    arrays.extend_from_slice(&array);
                    arrays.resize(arrays.len().next_multiple_of(TAG), 0);
                }
            }
            MATRIX => arrays.extend_from_slice(&rest[..whole]),
            _ => {}
        }
        rest = &rest[whole..];
    }
    Ok(arrays)
}

/// Type and length of the first element; `None` at the end.
fn tag(bytes: &[u8], word: fn([u8; 4]) -> u32) -> Option<(u32, usize)> {
    let kind = word(*bytes.first_chunk()?);
    // The short form holds up to four bytes in the tag itself.
    if kind >> 16 != 0 {
        return Some((kind & 0xFFFF, 0));
    }
    let length = word(*bytes.get(4..)?.first_chunk()?);
    Some((kind, usize::try_from(length).ok()?))
}

fn unpack(bytes: &[u8], limit: u64) -> io::Result<Vec<u8>> {
    let mut array = Vec::new();
    ZlibDecoder::new(bytes).take(limit + 1).read_to_end(&mut array)?;
    if array.len() as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("an array unpacks to more than {limit} bytes"),
        ));
    }
    Ok(array)
}
