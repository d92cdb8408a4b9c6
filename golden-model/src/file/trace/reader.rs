//! Reading of a trace, array by array, in pieces.

use super::array::Layout;
use super::{FORMAT, Metadata, TraceError, VERSION};
use crate::file::arrays::{Archive, open_archive, open_member};
use crate::file::open_regular;
use crate::{Error, Result};
use serde::Deserialize;
use std::io::{Error as IoError, Read};
use std::path::{Path, PathBuf};

/// Limit on the size of the metadata in bytes.
const MAX_METADATA_BYTES: u64 = 1 << 20;

/// Open trace whose arrays have been checked against its metadata.
pub struct TraceFile {
    path: PathBuf,
    archive: Archive,
    metadata: Metadata,
}

impl std::fmt::Debug for TraceFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TraceFile")
            .field("path", &self.path)
            .field("metadata", &self.metadata)
            .finish_non_exhaustive()
    }
}

/// Keys that the metadata of every version have.
#[derive(Deserialize)]
struct Format {
    format: String,
    version: u32,
}

impl TraceFile {
    /// Opens a trace and checks types and shapes of its arrays.
    ///
    /// # Errors
    /// If the file cannot be read, is not a trace or has a newer version, or an array is missing or differs from what
    /// the metadata imply.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let (file, _) = open_regular(path)?;
        let mut archive = open_archive(file).map_err(|source| unsound(path, source))?;
        let metadata = metadata(path, &mut archive)?;
        let mut trace = Self {
            path: path.to_owned(),
            archive,
            metadata,
        };
        for wanted in trace.metadata.arrays() {
            trace.open_array(&wanted)?;
        }
        Ok(trace)
    }

    /// Metadata of the trace.
    #[must_use]
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Opens the numbers of an array as bytes; the array must have the given type and shape.
    pub(super) fn open_array(&mut self, wanted: &Layout) -> Result<impl Read> {
        let path = &self.path;
        let wrong = |found| TraceError::Array {
            path: path.clone(),
            array: wanted.name.clone(),
            found,
            wanted: wanted.to_string(),
        };
        let member = open_member(&mut self.archive, &wanted.name);
        let Some((header, numbers)) = member.map_err(|source| unsound(path, source))? else {
            return Err(wrong("missing".to_owned()).into());
        };
        match Layout::of(&wanted.name, &header) {
            Ok(found) if found == *wanted => Ok(numbers),
            Ok(found) => Err(wrong(found.to_string()).into()),
            Err(found) => Err(wrong(found).into()),
        }
    }

    /// Passes the numbers of an array to `take`, in pieces of whole numbers, until `take` returns false.
    pub(super) fn read_array(&mut self, wanted: &Layout, mut take: impl FnMut(&[u8]) -> bool) -> Result<()> {
        let path = self.path.clone();
        let mut numbers = self.open_array(wanted)?;
        let mut buffer = vec![0; PIECE_BYTES];
        let mut left = wanted.bytes();
        while left > 0 {
            let length = usize::try_from(left).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
            numbers
                .read_exact(&mut buffer[..length])
                .map_err(|source| unsound(&path, source))?;
            if !take(&buffer[..length]) {
                break;
            }
            left -= length as u64;
        }
        Ok(())
    }

    /// Creates the error that the file is damaged.
    pub(super) fn unsound(&self, source: IoError) -> Error {
        unsound(&self.path, source)
    }
}

/// Bytes per piece: a multiple of the size of every number type.
pub(super) const PIECE_BYTES: usize = 1 << 16;

fn metadata(path: &Path, archive: &mut Archive) -> Result<Metadata> {
    let member = open_member(archive, "metadata");
    let Some((_, numbers)) = member.map_err(|source| unsound(path, source))? else {
        return Err(TraceError::Array {
            path: path.to_owned(),
            array: "metadata".to_owned(),
            found: "missing".to_owned(),
            wanted: "JSON".to_owned(),
        }
        .into());
    };
    let mut text = Vec::new();
    numbers
        .take(MAX_METADATA_BYTES)
        .read_to_end(&mut text)
        .map_err(|source| unsound(path, source))?;
    let not_json = |source| TraceError::Metadata {
        path: path.to_owned(),
        source,
    };
    let Format { format, version } = serde_json::from_slice(&text).map_err(not_json)?;
    if format != FORMAT {
        return Err(TraceError::Format {
            path: path.to_owned(),
            found: format,
            wanted: FORMAT,
        }
        .into());
    }
    if version > VERSION {
        return Err(TraceError::Version {
            path: path.to_owned(),
            found: version,
            wanted: VERSION,
        }
        .into());
    }
    let metadata: Metadata = serde_json::from_slice(&text).map_err(not_json)?;
    metadata.check().map_err(|found| TraceError::Array {
        path: path.to_owned(),
        array: "metadata".to_owned(),
        found,
        wanted: "sizes that a trace can have".to_owned(),
    })?;
    Ok(metadata)
}

fn unsound(path: &Path, source: IoError) -> Error {
    TraceError::Archive {
        path: path.to_owned(),
        source,
    }
    .into()
}
