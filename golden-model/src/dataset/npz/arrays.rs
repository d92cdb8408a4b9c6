//! The arrays of an npz file, read with their types and shapes checked first.

use crate::dataset::{DataError, files};
use crate::{Error, Result};
use npyz::npz::NpzArchive;
use npyz::{DType, Deserialize, NpyFile, Order, TypeChar};
use std::fs::File;
use std::io::{BufReader, Error as IoError, Read};
use std::path::{Path, PathBuf};

/// Most numbers of an array: a stop for damaged headers.
const MAX_NUMBERS: u64 = 1 << 32;

pub(super) struct Arrays {
    path: PathBuf,
    archive: NpzArchive<BufReader<File>>,
}

impl Arrays {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| Error::Read {
            path: path.into(),
            source,
        })?;
        let archive = NpzArchive::new(BufReader::new(file)).map_err(|source| files::failed(path, source))?;
        Ok(Self {
            path: path.into(),
            archive,
        })
    }

    pub(super) fn wrong(&self, array: &str, found: String, wanted: String) -> Error {
        DataError::Array {
            path: self.path.clone(),
            array: array.into(),
            found,
            wanted,
        }
        .into()
    }

    pub(super) fn has(&mut self, name: &str) -> Result<bool> {
        let array = self.archive.by_name(name).map(|array| array.is_some());
        array.map_err(|source| files::failed(&self.path, source))
    }

    /// An array of bytes of any shape.
    pub(super) fn bytes(&mut self, name: &str) -> Result<(Vec<usize>, Vec<u8>)> {
        let (kind, sizes) = self.header(name, "of type uint8")?;
        if kind != (TypeChar::Uint, 1) {
            return Err(self.wrong(
                name,
                format!("of another type, {sizes:?}"),
                "of type uint8".into(),
            ));
        }
        Ok((sizes, self.numbers(name)?))
    }

    /// A single number, if the array is there.
    pub(super) fn number(&mut self, name: &str) -> Result<Option<usize>> {
        if !self.has(name)? {
            return Ok(None);
        }
        let numbers = self.integers(name, |sizes| sizes.iter().product::<usize>() == 1, "one number")?;
        let number = numbers.first().and_then(|&number| usize::try_from(number).ok());
        number
            .map(Some)
            .ok_or_else(|| self.wrong(name, format!("{numbers:?}"), "a number of at least 0".into()))
    }

    /// An array of whole numbers of a shape that `accept` takes.
    pub(super) fn integers(
        &mut self,
        name: &str,
        accept: impl Fn(&[usize]) -> bool,
        wanted: &str,
    ) -> Result<Vec<i64>> {
        let (kind, sizes) = self.header(name, wanted)?;
        if !accept(&sizes) {
            return Err(self.wrong(name, format!("{sizes:?}"), wanted.into()));
        }
        match kind {
            (TypeChar::Uint, 1) => Ok(widened(self.numbers::<u8>(name)?)),
            (TypeChar::Uint, 2) => Ok(widened(self.numbers::<u16>(name)?)),
            (TypeChar::Uint, 4) => Ok(widened(self.numbers::<u32>(name)?)),
            (TypeChar::Int, 1) => Ok(widened(self.numbers::<i8>(name)?)),
            (TypeChar::Int, 2) => Ok(widened(self.numbers::<i16>(name)?)),
            (TypeChar::Int, 4) => Ok(widened(self.numbers::<i32>(name)?)),
            (TypeChar::Int, 8) => self.numbers(name),
            (TypeChar::Uint, 8) => self
                .numbers::<u64>(name)?
                .into_iter()
                .map(|number| {
                    let fits = i64::try_from(number);
                    fits.map_err(|_| self.wrong(name, number.to_string(), "numbers below 2^63".into()))
                })
                .collect(),
            _ => Err(self.wrong(name, "of another type".into(), "whole numbers".into())),
        }
    }

    /// Type, bytes per number and shape of an array in C order.
    fn header(&mut self, name: &str, wanted: &str) -> Result<((TypeChar, u64), Vec<usize>)> {
        let array = self.archive.by_name(name);
        let array = array.map_err(|source| files::failed(&self.path, source))?;
        let header = array.map(|array| (array.dtype(), array.order(), array.shape().to_vec()));
        let Some((kind, order, sizes)) = header else {
            return Err(self.wrong(name, "missing".into(), wanted.into()));
        };
        let numbers = sizes
            .iter()
            .fold(1, |product: u64, &size| product.saturating_mul(size));
        if numbers > MAX_NUMBERS {
            return Err(self.wrong(
                name,
                format!("{sizes:?}"),
                format!("at most {MAX_NUMBERS} numbers"),
            ));
        }
        if order != Order::C && sizes.len() > 1 {
            return Err(self.wrong(
                name,
                format!("{sizes:?} in Fortran order"),
                "an array in C order".into(),
            ));
        }
        let DType::Plain(kind) = kind else {
            return Err(self.wrong(name, "a record array".into(), "an array of numbers".into()));
        };
        let sizes = sizes
            .iter()
            .filter_map(|&size| usize::try_from(size).ok())
            .collect();
        Ok(((kind.type_char(), kind.size_field()), sizes))
    }

    /// The numbers of an array whose header has been checked.
    fn numbers<T: Deserialize>(&mut self, name: &str) -> Result<Vec<T>> {
        let mut read = || match self.archive.by_name(name)? {
            Some(array) => collect(array),
            None => Ok(Vec::new()),
        };
        let numbers: std::io::Result<Vec<T>> = read();
        numbers.map_err(|source| files::failed(&self.path, source))
    }
}

fn collect<T: Deserialize, R: Read>(array: NpyFile<R>) -> std::io::Result<Vec<T>> {
    let data = array
        .data::<T>()
        .map_err(|error| IoError::other(error.to_string()))?;
    data.collect()
}

fn widened<T: Into<i64>>(numbers: Vec<T>) -> Vec<i64> {
    numbers.into_iter().map(Into::into).collect()
}
