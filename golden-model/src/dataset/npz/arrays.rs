//! Reading of the kinds of arrays that data sets consist of.

use crate::Result;
use crate::file::arrays::{Array, Arrays};
use crate::file::npy::Kind;

/// Types of whole numbers, for messages.
const WHOLE: &str = "of whole numbers, int8 to int64 or uint8 to uint64";

impl Arrays {
    /// Reads a single number; `None` if there is no such array.
    pub(super) fn number(&mut self, name: &str) -> Result<Option<usize>> {
        if !self.has(name) {
            return Ok(None);
        }
        let is_one = |sizes: &[usize]| sizes.iter().all(|&size| size == 1);
        let numbers = self.integers(name, is_one, "one number")?;
        let number = numbers.integer(0);
        number
            .and_then(|number| usize::try_from(number).ok())
            .map(Some)
            .ok_or_else(|| {
                let found = number.map_or_else(|| "2^63 or more".into(), |number| number.to_string());
                self.wrong(name, found, "a number of at least 0".into())
            })
    }

    /// Reads an array of integers of any type whose shape `accept` allows.
    pub(super) fn integers(
        &mut self,
        name: &str,
        accept: impl Fn(&[usize]) -> bool,
        wanted: &str,
    ) -> Result<Array> {
        let (header, sizes) = self.header(name, wanted)?;
        if !accept(&sizes) {
            return Err(self.wrong(name, format!("{sizes:?}"), wanted.into()));
        }
        if header.format.is_none_or(|format| format.kind == Kind::Float) {
            return Err(self.wrong(name, format!("of type {}", header.type_name), WHOLE.into()));
        }
        self.array(name, wanted)
    }
}
