//! Estimated energy of an inference: the counts of [`Work`], times the coefficients of the device family.
//!
//! The coefficients are ranges, in `hw/energy`, one file per family; each has a source or is marked as a guess. So the estimate is a
//! range, too, and a wide one. Its use is to compare plans of one network on one device.

use crate::board::Family;
use crate::work::Work;
use serde::{Deserialize, Serialize};
use std::ops::Add;
use synfire_golden_model::counts::float;

/// Range of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Range {
    /// Smallest value.
    pub low: f64,
    /// Largest value.
    pub high: f64,
}

impl Range {
    fn times(self, factor: f64) -> Self {
        Self {
            low: self.low * factor,
            high: self.high * factor,
        }
    }
}

impl Add for Range {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            low: self.low + other.low,
            high: self.high + other.high,
        }
    }
}

/// Coefficient: a range, and where it comes from.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coefficient {
    low: f64,
    high: f64,
    /// Where the range comes from.
    pub source: Option<String>,
    /// Why the range is what it is, if nobody measured it.
    pub guess: Option<String>,
}

impl Coefficient {
    /// The range.
    #[must_use]
    pub const fn range(&self) -> Range {
        Range {
            low: self.low,
            high: self.high,
        }
    }
}

/// Coefficients of a family: mW, and pJ.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coefficients {
    /// Power of the core that flows without a clock, in mW.
    pub static_mw: Coefficient,
    /// Energy of the clock network per cycle, in pJ.
    pub clock_pj: Coefficient,
    /// Energy of a LUT and its flip-flop per cycle, in pJ.
    pub cell_pj: Coefficient,
    /// Energy of a bit of a membrane to which a weight is added, in pJ.
    pub addition_pj: Coefficient,
    /// Energy of a bit of a membrane that ends a step, in pJ.
    pub settle_pj: Coefficient,
    /// Energy of a bit that is read from block RAM or written to it, in pJ.
    pub block_ram_pj: Coefficient,
    /// Energy of a bit that is read from a memory of LUTs or written to it, in pJ.
    pub lut_ram_pj: Coefficient,
}

impl Coefficients {
    /// Coefficients of a family.
    ///
    /// # Panics
    /// Never: the files are built in, and a test reads them.
    #[must_use]
    pub fn of(family: Family) -> Self {
        let text = match family {
            Family::Ice40 => include_str!("../energy/ice40.toml"),
            Family::Ecp5 => include_str!("../energy/ecp5.toml"),
            Family::Gowin => include_str!("../energy/gowin.toml"),
        };
        toml::from_str(text).expect("a built-in file")
    }

    /// All coefficients, with their names.
    #[must_use]
    pub const fn named(&self) -> [(&'static str, &Coefficient); 7] {
        [
            ("static_mw", &self.static_mw),
            ("clock_pj", &self.clock_pj),
            ("cell_pj", &self.cell_pj),
            ("addition_pj", &self.addition_pj),
            ("settle_pj", &self.settle_pj),
            ("block_ram_pj", &self.block_ram_pj),
            ("lut_ram_pj", &self.lut_ram_pj),
        ]
    }
}

/// A design that runs inferences one after the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Running {
    /// Device family.
    pub family: Family,
    /// Clock frequency in Hz.
    pub clock_hz: f64,
    /// Mean cycles of an inference.
    pub cycles: f64,
    /// LUTs of the design.
    pub luts: usize,
    /// Work of all layers in all of these inferences.
    pub work: Work,
    /// Inferences of that work.
    pub inferences: usize,
}

/// Estimated energy of an inference, in µJ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Energy {
    /// Power that flows without a clock, for as long as the inference takes.
    pub leakage: Range,
    /// Clock network, LUTs and flip-flops, whether or not they have something to do.
    pub clock: Range,
    /// Memories of weights, membranes and thresholds.
    pub memory: Range,
    /// Additions of weights.
    pub additions: Range,
    /// Ends of steps.
    pub sweeps: Range,
}

/// pJ of a µJ.
const PICO: f64 = 1e-6;

impl Energy {
    /// Estimate for a design.
    #[must_use]
    pub fn of(running: &Running) -> Self {
        let of = Coefficients::of(running.family);
        let Running { cycles, work, .. } = *running;
        let inferences = float(running.inferences.max(1) as u64);
        let luts = float(running.luts as u64);
        // mW · s = 1000 µJ.
        let leakage = of
            .static_mw
            .range()
            .times(1000.0 * cycles / running.clock_hz.max(1.0));
        let picojoules = |coefficient: &Coefficient, count: f64| coefficient.range().times(count * PICO);
        let bits = |count: u64| float(count) / inferences;
        Self {
            leakage,
            clock: picojoules(&of.clock_pj, cycles) + picojoules(&of.cell_pj, cycles * luts),
            memory: picojoules(&of.block_ram_pj, bits(work.block_ram_bits))
                + picojoules(&of.lut_ram_pj, bits(work.lut_ram_bits)),
            additions: picojoules(&of.addition_pj, bits(work.added_bits)),
            sweeps: picojoules(&of.settle_pj, bits(work.settled_bits)),
        }
    }

    /// Energy of an inference, in µJ.
    #[must_use]
    pub fn total(&self) -> Range {
        self.leakage + self.clock + self.memory + self.additions + self.sweeps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_coefficient_is_a_range_that_says_where_it_comes_from() {
        for family in [Family::Ice40, Family::Ecp5, Family::Gowin] {
            for (name, coefficient) in Coefficients::of(family).named() {
                let Range { low, high } = coefficient.range();
                assert!(0.0 < low && low <= high, "{family:?}: {name}: {low} to {high}");
                let texts = [&coefficient.source, &coefficient.guess];
                let said = texts
                    .iter()
                    .filter(|text| text.as_ref().is_some_and(|text| !text.is_empty()));
                assert_eq!(said.count(), 1, "{family:?}: {name} needs a source or a guess");
            }
        }
    }

    #[test]
    fn an_estimate_is_counts_times_coefficients() {
        let work = Work {
            added_bits: 2_000_000,
            settled_bits: 4_000_000,
            block_ram_bits: 6_000_000,
            lut_ram_bits: 8_000_000,
            ..Work::default()
        };
        let running = Running {
            family: Family::Ice40,
            clock_hz: 1e6,
            cycles: 1000.0,
            luts: 500,
            work,
            inferences: 2,
        };
        let energy = Energy::of(&running);
        let close = |range: Range, low: f64, high: f64| {
            assert!((range.low - low).abs() < 1e-9 * low, "{range:?}");
            assert!((range.high - high).abs() < 1e-9 * high, "{range:?}");
        };
        // 0.1 mW for a millisecond is 0.1 µJ.
        close(energy.leakage, 0.1, 1.5);
        close(energy.clock, 0.05 + 0.007, 0.1 + 0.1);
        close(energy.additions, 0.2, 1.2);
        close(energy.sweeps, 0.8, 4.8);
        close(energy.memory, 0.3 + 0.4, 3.0 + 2.4);
        close(
            energy.total(),
            0.1 + 0.057 + 0.2 + 0.8 + 0.7,
            1.5 + 0.2 + 1.2 + 4.8 + 5.4,
        );
    }
}
