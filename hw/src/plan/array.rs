//! Array of lanes of a layer: channels by positions, and the spikes that it takes at once.

use crate::circuit::engine::MAX_LANES;
use crate::circuit::picker::MAX_MERGED;
use crate::columns::MAX_POSITIONS;
use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Most lanes that an array has, in all positions together.
pub const MOST_LANES: usize = MAX_LANES * MAX_POSITIONS;

/// Array of lanes. Its text form is `LANESxPOSITIONSxSPIKESxSWEPT`, without what is 1 at the end: `20x5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Array {
    /// Neurons of a position that are updated in one cycle.
    pub lanes: usize,
    /// Positions of a row that are updated in one cycle.
    pub positions: usize,
    /// Spikes of one position that are taken in one cycle.
    pub merged: usize,
    /// Positions that end their step in one cycle: one, or as many as `positions`.
    pub swept: usize,
}

impl Array {
    /// Array of one position, which takes one spike at a time.
    #[must_use]
    pub const fn of_lanes(lanes: usize) -> Self {
        Self {
            lanes,
            positions: 1,
            merged: 1,
            swept: 1,
        }
    }

    /// Whether each of the numbers can be built, whatever the layer.
    pub(super) fn is_within_limits(self) -> bool {
        (1..=MAX_LANES).contains(&self.lanes)
            && (1..=MAX_POSITIONS).contains(&self.positions)
            && (1..=MAX_MERGED).contains(&self.merged)
            && (self.swept == 1 || self.swept == self.positions)
    }
}

impl fmt::Display for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = [self.lanes, self.positions, self.merged, self.swept];
        let last = numbers.iter().rposition(|&number| number > 1).unwrap_or(0);
        let texts: Vec<String> = numbers[..=last].iter().map(ToString::to_string).collect();
        f.write_str(&texts.join("x"))
    }
}

impl Serialize for Array {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Array {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Option<Vec<usize>> = text.split('x').map(|number| number.parse().ok()).collect();
        match numbers.as_deref() {
            Some(&[lanes, ref rest @ ..]) if rest.len() < 4 => {
                let at = |index: usize| rest.get(index).copied().unwrap_or(1);
                Ok(Self {
                    lanes,
                    positions: at(0),
                    merged: at(1),
                    swept: at(2),
                })
            }
            _ => Err(format!(
                "`{text}` is no array of lanes; give LANESxPOSITIONSxSPIKESxSWEPT or the first numbers of it, such as 16, 20x5, 50x5x2 or 20x5x1x5"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_is_its_text() {
        for text in ["16", "20x5", "50x5x2", "8x1x4", "20x5x1x5", "1"] {
            assert_eq!(text.parse::<Array>().expect("an array").to_string(), text);
        }
        assert_eq!("3x1x1".parse::<Array>().expect("an array").to_string(), "3");
        for text in ["", "x", "4x", "4x5x2x1x1", "a", "-3"] {
            let error = text.parse::<Array>().expect_err("no array");
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
    }
}
