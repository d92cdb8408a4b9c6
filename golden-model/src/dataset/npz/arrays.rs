//! Reading of the kinds of arrays that data sets consist of.

use crate::Result;
use crate::file::arrays::Arrays;
use npyz::{DType, TypeChar};

impl Arrays {
    /// Reads the shape and numbers of an array of bytes.
    pub(super) fn bytes(&mut self, name: &str) -> Result<(Vec<usize>, Vec<u8>)> {
        const WANTED: &str = "of type uint8";
        let (kind, sizes) = self.header(name, WANTED)?;
        if plain(&kind) != Some((TypeChar::Uint, 1)) {
            return Err(self.wrong(name, format!("of another type, {sizes:?}"), WANTED.into()));
        }
        Ok((sizes, self.numbers(name, WANTED)?))
    }

    /// Reads a single number; `None` if there is no such array.
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

    /// Reads an array of integers of any type whose shape `accept` allows.
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
        match plain(&kind) {
            Some((TypeChar::Uint, 1)) => Ok(widened(self.numbers::<u8>(name, wanted)?)),
            Some((TypeChar::Uint, 2)) => Ok(widened(self.numbers::<u16>(name, wanted)?)),
            Some((TypeChar::Uint, 4)) => Ok(widened(self.numbers::<u32>(name, wanted)?)),
            Some((TypeChar::Int, 1)) => Ok(widened(self.numbers::<i8>(name, wanted)?)),
            Some((TypeChar::Int, 2)) => Ok(widened(self.numbers::<i16>(name, wanted)?)),
            Some((TypeChar::Int, 4)) => Ok(widened(self.numbers::<i32>(name, wanted)?)),
            Some((TypeChar::Int, 8)) => self.numbers(name, wanted),
            Some((TypeChar::Uint, 8)) => self
                .numbers::<u64>(name, wanted)?
                .into_iter()
                .map(|number| {
                    let fits = i64::try_from(number);
                    fits.map_err(|_| self.wrong(name, number.to_string(), "numbers below 2^63".into()))
                })
                .collect(),
            _ => Err(self.wrong(name, "of another type".into(), "whole numbers".into())),
        }
    }
}

/// Kind and size in bytes of a plain number type; `None` for record types.
fn plain(kind: &DType) -> Option<(TypeChar, u64)> {
    match kind {
        DType::Plain(kind) => Some((kind.type_char(), kind.size_field())),
        _ => None,
    }
}

fn widened<T: Into<i64>>(numbers: Vec<T>) -> Vec<i64> {
    numbers.into_iter().map(Into::into).collect()
}
