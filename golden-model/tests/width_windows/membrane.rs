//! A plain membrane: one neuron, updated event by event.

use super::case::Case;
use synfire_golden_model::integer::QuantizedLayer;

/// Neuron updated event by event in 64 bits, with the range that its membrane has reached.
pub(crate) struct Membrane<'a> {
    pub(crate) threshold: i64,
    pub(crate) layer: &'a QuantizedLayer,
    pub(crate) now: i64,
    pub(crate) lowest: i64,
    pub(crate) highest: i64,
}

impl<'a> Membrane<'a> {
    pub(crate) fn new(case: &'a Case, channel: usize) -> Self {
        Self {
            threshold: case.threshold(channel),
            layer: case.layer(),
            now: 0,
            lowest: 0,
            highest: 0,
        }
    }

    pub(crate) fn step(&mut self, increments: impl IntoIterator<Item = i64>) {
        for increment in increments {
            self.now += increment;
            self.lowest = self.lowest.min(self.now);
            self.highest = self.highest.max(self.now);
        }
        let membrane = if self.now > self.threshold { 0 } else { self.now };
        let leak: i64 = self
            .layer
            .leak_shifts
            .iter()
            .map(|&shift| membrane >> shift)
            .sum();
        self.now = (membrane - leak).max(self.layer.floor.into());
    }
}
