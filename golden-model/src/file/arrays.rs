//! Reading of npz arrays: type, order and size are checked before any number is read.

use crate::file::FileError;
use crate::{Error, Result};
use npyz::npz::NpzArchive;
use npyz::{DType, Deserialize, Order};
use std::fs::File;
use std::io::{BufReader, Error as IoError};
use std::path::{Path, PathBuf};

/// Limit on the numbers of an array, to stop at damaged headers.
const MAX_NUMBERS: u64 = 1 << 32;

/// Errors of npz files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// The file is damaged or not an npz archive.
    #[error("{} is not a valid npz file: {source}; fetch it or write it again", path.display())]
    Archive {
        /// Path of the file.
        path: PathBuf,
        /// Underlying error.
        source: IoError,
    },
    /// An array is missing, or has the wrong type or shape.
    #[error("{}: array `{array}` is {found}, but must be {wanted}; write the file again", path.display())]
    Wrong {
        /// Path of the file.
        path: PathBuf,
        /// Name of the array.
        array: String,
        /// Type and shape found, or `missing`.
        found: String,
        /// Type and shape wanted.
        wanted: String,
    },
}

/// An open npz file.
pub(crate) struct Arrays {
    path: PathBuf,
    archive: NpzArchive<BufReader<File>>,
}

impl Arrays {
    /// Opens an npz file.
    ///
    /// # Errors
    /// If the file cannot be read or is not an npz archive.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| {
            Error::File(FileError::Read {
                path: path.into(),
                source,
            })
        })?;
        let archive = NpzArchive::new(BufReader::new(file)).map_err(unsound(path))?;
        Ok(Self {
            path: path.into(),
            archive,
        })
    }

    /// Creates the error that an array differs from what is wanted.
    pub(crate) fn wrong(&self, array: &str, found: String, wanted: String) -> Error {
        wrong(&self.path, array, found, wanted)
    }

    /// Whether the file has an array `name`.
    ///
    /// # Errors
    /// If the file is damaged.
    pub(crate) fn has(&mut self, name: &str) -> Result<bool> {
        let array = self.archive.by_name(name);
        Ok(array.map_err(unsound(&self.path))?.is_some())
    }

    /// Reads type and shape of an array, which must be in C order and not too large; `wanted` describes it in errors.
    ///
    /// # Errors
    /// If the array is missing, in Fortran order or too large, or the file is damaged.
    pub(crate) fn header(&mut self, name: &str, wanted: &str) -> Result<(DType, Vec<usize>)> {
        let array = self.archive.by_name(name).map_err(unsound(&self.path))?;
        let header = array.map(|array| (array.dtype(), array.order(), array.shape().to_vec()));
        let Some((kind, order, sizes)) = header else {
            return Err(self.wrong(name, "missing".into(), wanted.into()));
        };
        if order != Order::C && sizes.len() > 1 {
            return Err(self.wrong(
                name,
                format!("{sizes:?} in Fortran order, not C order"),
                wanted.into(),
            ));
        }
        let numbers = sizes
            .iter()
            .fold(1, |product: u64, &size| product.saturating_mul(size));
        let fitting: Option<Vec<usize>> = sizes.iter().map(|&size| usize::try_from(size).ok()).collect();
        match fitting {
            Some(sizes) if numbers <= MAX_NUMBERS => Ok((kind, sizes)),
            _ => Err(self.wrong(
                name,
                format!("{sizes:?}"),
                format!("at most {MAX_NUMBERS} numbers"),
            )),
        }
    }

    /// Reads the numbers of an array in C order; call [`Self::header`] first.
    ///
    /// # Errors
    /// If the numbers have another type, or the file is damaged.
    pub(crate) fn numbers<T: Deserialize>(&mut self, name: &str, wanted: &str) -> Result<Vec<T>> {
        let wrong = |found| wrong(&self.path, name, found, wanted.into());
        let array = self.archive.by_name(name).map_err(unsound(&self.path))?;
        let array = array.ok_or_else(|| wrong("missing".into()))?;
        let found = array.dtype().descr();
        match array.data::<T>() {
            Ok(numbers) => {
                let numbers: std::io::Result<Vec<T>> = numbers.collect();
                numbers.map_err(unsound(&self.path))
            }
            Err(_) => Err(wrong(format!("of type {found}"))),
        }
    }
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
fn unsound(path: &Path) -> impl Fn(IoError) -> Error + '_ {
    |source| {
        ArrayError::Archive {
            path: path.into(),
            source,
        }
        .into()
    }
}
