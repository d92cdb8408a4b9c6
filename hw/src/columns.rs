//! Columns of a path in an engine whose membranes lie in banks.
//!
//! An engine that updates P positions of a row at once keeps the positions with column x in bank x mod P, so that any P neighbours
//! lie in P different banks. A source meets a run of output columns, through kernel places that ascend with them
//! ([`Axis::span`](synfire_golden_model::events::Axis::span)). Its walk takes *passes* of P columns:
//!
//! ```text
//!  P = 3, a source that meets columns 4 to 8          bank 0   bank 1   bank 2
//!                                            pass 0        6        4        5
//!                                            pass 1        9        7        8     column 9 is masked
//! ```
//!
//! The kernel place of each bank depends on the first column modulo P and on the first place. So a weight word holds the weights of
//! all banks for one *pattern* of places, and no crossbar is needed. So that there are few patterns, a walk does not start with the
//! first column that its source meets, but up to P − 1 columns before it, where the places of its phase of the stride start or are a
//! multiple of P further on. Columns that a source does not meet are masked. With P = 1 nothing is masked, and patterns are places.
//!
//! A fully-connected layer has one position, which every source meets. So its groups lie in the banks instead of positions, side by
//! side like columns: group g is in bank g mod P, and a source meets all of them in ⌈groups / P⌉ passes.

use std::collections::BTreeMap;
use synfire_golden_model::events::Axis;

/// Most positions that an engine updates at once.
pub const MAX_POSITIONS: usize = 16;

/// Columns of a path, in banks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Geometry along the columns.
    pub axis: Axis,
    /// Positions of a row that are updated at once, P.
    pub positions: usize,
    /// Groups of a position that lie side by side in the banks ([`side_by_side`]).
    pub spread: usize,
}

/// Groups of a position that lie side by side in `positions` banks, as columns do: all `groups` of a layer that has one
/// position, or else one.
#[must_use]
pub const fn side_by_side(outputs: usize, positions: usize, groups: usize) -> usize {
    if outputs == 1 && positions > 1 { groups } else { 1 }
}

/// Weights of a bank in a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taps {
    /// Kernel place.
    pub place: usize,
    /// Group, counted from the first of those that lie side by side.
    pub group: usize,
}

/// Walk of a source along a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// Word of the banks that hold the columns of the first pass, counted from the row's first; −1 if that column is masked. Banks
    /// with `carry` hold theirs in the next word.
    pub word: isize,
    /// Passes; 0 if the source meets nothing.
    pub passes: usize,
    /// Pattern of the first pass; the following passes have the following patterns.
    pub pattern: usize,
    /// Banks whose columns lie one word further on, bit p for bank p.
    pub carry: u32,
    /// Banks whose columns the source meets in the first pass, if it is not the last, and so on.
    pub first: u32,
    /// Banks whose columns the source meets in the last pass, if it is not the first. In a pass that is both, those of both.
    pub last: u32,
}

/// Start of a walk: column, place and how many columns before the first that the source meets.
struct Start {
    column: isize,
    /// First place of the phase, and place of the start.
    phase: usize,
    place: usize,
    masked: usize,
    count: usize,
}

impl Columns {
    /// Words of a row in each bank.
    #[must_use]
    pub const fn words(self) -> usize {
        (self.axis.outputs * self.spread).div_ceil(self.positions)
    }

    fn start(self, source: usize) -> Option<Start> {
        let span = self.axis.span(source);
        if span.count == 0 {
            return None;
        }
        // Kernel places of one phase of the stride are neighbours, and the first belongs to the phase's last kernel column.
        let phase = (source + self.axis.padding) % self.axis.stride;
        let mut columns = (phase..self.axis.kernel).step_by(self.axis.stride);
        let first = self.axis.place(columns.next_back()?);
        let place = first + (span.place - first) / self.positions * self.positions;
        let masked = span.place - place;
        Some(Start {
            column: span.output.cast_signed() - masked.cast_signed(),
            phase: first,
            place,
            masked,
            count: span.count,
        })
    }

    /// Bank of a column.
    fn bank(self, column: isize) -> usize {
        column.rem_euclid(self.positions.cast_signed()).cast_unsigned()
    }

    /// Passes that a source's walk takes along a row.
    #[must_use]
    pub fn passes(self, source: usize) -> usize {
        let passes = |start: Start| match self.spread {
            1 => (start.masked + start.count).div_ceil(self.positions),
            _ => self.words(),
        };
        self.start(source).map_or(0, passes)
    }

    /// First pattern and number of patterns for each phase of the stride and bank of the first column, of a row of `sources`.
    fn runs(self, sources: usize) -> BTreeMap<(usize, usize), (usize, usize)> {
        let mut runs: BTreeMap<(usize, usize), (usize, usize)> = BTreeMap::new();
        for source in 0..sources {
            if let Some(start) = self.start(source) {
                let before = (start.place - start.phase) / self.positions;
                let (_, length) = runs.entry((start.phase, self.bank(start.column))).or_default();
                *length = (*length).max(before + self.passes(source));
            }
        }
        let mut next = 0;
        for (first, length) in runs.values_mut() {
            *first = next;
            next += *length;
        }
        runs
    }

    /// Walks of the sources of a row.
    #[must_use]
    pub fn walks(self, sources: usize) -> Vec<Walk> {
        let runs = self.runs(sources);
        (0..sources).map(|source| self.walk(source, &runs)).collect()
    }

    /// Banks for which something holds.
    fn banks(self, holds: impl Fn(usize) -> bool) -> u32 {
        (0..self.positions)
            .filter(|&bank| holds(bank))
            .fold(0, |mask, bank| mask | 1 << bank)
    }

    fn walk(self, source: usize, runs: &BTreeMap<(usize, usize), (usize, usize)>) -> Walk {
        let Some(start) = self.start(source) else {
            return Walk {
                word: 0,
                passes: 0,
                pattern: 0,
                carry: 0,
                first: 0,
                last: 0,
            };
        };
        let passes = self.passes(source);
        if self.spread > 1 {
            return Walk {
                word: 0,
                passes,
                pattern: self.axis.span(source).place * passes,
                carry: 0,
                first: self.banks(|_| true),
                last: self.banks(|bank| (passes - 1) * self.positions + bank < self.spread),
            };
        }
        let bank = self.bank(start.column);
        let (run, _) = runs[&(start.phase, bank)];
        // Banks for which something holds of their column's distance from the start.
        let banks = |holds: &dyn Fn(usize) -> bool| {
            self.banks(|at| holds((at + self.positions - bank) % self.positions))
        };
        Walk {
            word: start.column.div_euclid(self.positions.cast_signed()),
            passes,
            pattern: run + (start.place - start.phase) / self.positions,
            carry: (1 << bank) - 1,
            first: banks(&|distance| distance >= start.masked),
            last: banks(&|distance| (passes - 1) * self.positions + distance < start.masked + start.count),
        }
    }

    /// Weights of each bank in each pattern, for the walks of a row of `sources`; none beyond the kernel and the groups.
    #[must_use]
    pub fn patterns(self, sources: usize) -> Vec<Vec<Option<Taps>>> {
        let mut patterns = Vec::new();
        if self.spread > 1 {
            for place in 0..self.axis.kernel {
                for pass in 0..self.words() {
                    let taps = |bank: usize| {
                        let group = pass * self.positions + bank;
                        (group < self.spread).then_some(Taps { place, group })
                    };
                    patterns.push((0..self.positions).map(taps).collect());
                }
            }
            return patterns;
        }
        for ((phase, bank), (_, length)) in self.runs(sources) {
            for pass in 0..length {
                let place = |at: usize| {
                    let distance = (at + self.positions - bank) % self.positions;
                    let place = phase + pass * self.positions + distance;
                    (place < self.axis.kernel).then_some(Taps { place, group: 0 })
                };
                patterns.push((0..self.positions).map(place).collect());
            }
        }
        patterns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every axis of small numbers, with the sources that it covers.
    fn axes() -> impl Iterator<Item = (Axis, usize)> {
        (1..=5).flat_map(|kernel| {
            (1..=3).flat_map(move |stride| {
                (0..kernel).flat_map(move |padding| {
                    (kernel..=9).map(move |sources| {
                        let outputs = (sources + 2 * padding - kernel) / stride + 1;
                        let axis = Axis {
                            kernel,
                            stride,
                            padding,
                            outputs,
                        };
                        (axis, sources)
                    })
                })
            })
        })
    }

    #[test]
    fn walks_meet_each_column_once_with_the_place_of_its_pattern() {
        let mut met = 0;
        for (axis, sources) in axes() {
            for positions in 1..=6 {
                let columns = Columns {
                    axis,
                    positions,
                    spread: 1,
                };
                let patterns = columns.patterns(sources);
                for (source, walk) in columns.walks(sources).into_iter().enumerate() {
                    let mut found = Vec::new();
                    for pass in 0..walk.passes {
                        for (bank, place) in patterns[walk.pattern + pass].iter().enumerate() {
                            let masked = (pass == 0 && walk.first >> bank & 1 == 0)
                                || (pass + 1 == walk.passes && walk.last >> bank & 1 == 0);
                            if masked {
                                continue;
                            }
                            let word = walk.word
                                + pass.cast_signed()
                                + isize::try_from(walk.carry >> bank & 1).expect("a bit");
                            let word = usize::try_from(word).expect("a column that is not masked");
                            found.push((word * positions + bank, place.expect("a place").place));
                        }
                    }
                    found.sort_unstable();
                    let span = axis.span(source);
                    let expected: Vec<_> = (0..span.count)
                        .map(|at| (span.output + at, span.place + at))
                        .collect();
                    assert_eq!(
                        found, expected,
                        "{axis:?}, {positions} positions, source {source}"
                    );
                    met += found.len();
                }
            }
        }
        assert!(met > 10_000);
    }

    #[test]
    fn one_position_is_masked_nowhere_and_has_the_places_for_patterns() {
        for (axis, sources) in axes() {
            let columns = Columns {
                axis,
                positions: 1,
                spread: 1,
            };
            for (source, walk) in columns.walks(sources).into_iter().enumerate() {
                let span = axis.span(source);
                assert_eq!((walk.passes, walk.carry), (span.count, 0));
                assert!(walk.passes == 0 || (walk.first, walk.last) == (1, 1));
            }
            assert!(columns.patterns(sources).len() <= axis.kernel);
        }
    }

    #[test]
    fn a_kernel_of_as_many_columns_as_positions_has_one_pattern_for_each_bank() {
        let axis = Axis {
            kernel: 5,
            stride: 1,
            padding: 2,
            outputs: 14,
        };
        let columns = Columns {
            axis,
            positions: 5,
            spread: 1,
        };
        assert_eq!(columns.patterns(14).len(), 5);
        assert!(columns.walks(14).iter().all(|walk| walk.passes == 1));
        // The first source meets columns 0 to 2, and its walk starts with column −2.
        let walk = columns.walks(14)[0];
        assert_eq!((walk.word, walk.carry), (-1, 0b00111));
        assert_eq!(walk.first & walk.last, 0b00111);
    }

    #[test]
    fn groups_that_lie_side_by_side_are_met_once_by_each_source() {
        let axis = Axis {
            kernel: 3,
            stride: 1,
            padding: 0,
            outputs: 1,
        };
        for spread in 2..=7 {
            for positions in 2..=4 {
                let columns = Columns {
                    axis,
                    positions,
                    spread,
                };
                let patterns = columns.patterns(3);
                assert_eq!(columns.words(), spread.div_ceil(positions));
                for (source, walk) in columns.walks(3).into_iter().enumerate() {
                    let mut met = Vec::new();
                    for pass in 0..walk.passes {
                        let mask = if pass + 1 == walk.passes {
                            walk.last
                        } else {
                            walk.first
                        };
                        for (bank, taps) in patterns[walk.pattern + pass].iter().enumerate() {
                            if mask >> bank & 1 == 1 {
                                let taps = taps.expect("weights");
                                assert_eq!(taps.place, axis.span(source).place);
                                assert_eq!(taps.group, pass * positions + bank);
                                met.push(taps.group);
                            }
                        }
                    }
                    assert_eq!(met, (0..spread).collect::<Vec<_>>(), "{columns:?}");
                    assert_eq!((walk.word, walk.carry), (0, 0));
                }
            }
        }
    }
}
