//! Work of a layer in an inference: what its clocks and its energy go into.
//!
//! The counts follow from the plan and from the spikes of the golden model. Co-simulation compares the clocks that follow from them
//! with the counters of the design.

use crate::circuit::word_memory::Style;
use crate::geometry::{Geometry, LayerGeometry, Path, Words};
use crate::plan::{LayerPlan, Plan};
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;
use synfire_golden_model::counts::float;
use synfire_golden_model::integer::{QuantizedLayer, QuantizedModel, Trace};
use synfire_golden_model::spikes::SpikeRaster;

/// Work of a layer, in one inference or in several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// Cycles in which lanes add weights.
    pub accesses: u64,
    /// Cycles of sweeps: one for each word, and those behind them for the settle stages.
    pub sweeps: u64,
    /// Synaptic operations: weights that are added to membranes.
    pub operations: u64,
    /// Operations that the lanes could have made in the same accesses.
    pub most_operations: u64,
    /// Bits of membranes that operations have written.
    pub added_bits: u64,
    /// Bits of membranes that ended a step.
    pub settled_bits: u64,
    /// Bits that were read from block RAM and written to it.
    pub block_ram_bits: u64,
    /// Bits that were read from memories of LUTs or flip-flops and written to them.
    pub lut_ram_bits: u64,
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.accesses += other.accesses;
        self.sweeps += other.sweeps;
        self.operations += other.operations;
        self.most_operations += other.most_operations;
        self.added_bits += other.added_bits;
        self.settled_bits += other.settled_bits;
        self.block_ram_bits += other.block_ram_bits;
        self.lut_ram_bits += other.lut_ram_bits;
    }
}

impl Work {
    /// Work of all layers of a model under a plan, in the inference of a trace.
    #[must_use]
    pub fn of(
        model: &QuantizedModel,
        geometry: &Geometry,
        plan: &Plan,
        input: &SpikeRaster,
        trace: &Trace,
    ) -> Vec<Self> {
        let layers = model.layers.iter().zip(&geometry.layers).zip(&plan.layers);
        let operations = &trace.inference.synaptic_operations;
        layers
            .zip(operations)
            .map(|(((layer, geometry), planned), &operations)| {
                let raster = |path: &Path| path.stream.checked_sub(1).map_or(input, |at| &trace.layers[at]);
                let lanes = |path: &Path| path.stream.checked_sub(1).map_or(1, |at| plan.layers[at].lanes);
                let mut work = Self::of_sweeps(layer, geometry, planned, input.steps());
                work.operations = operations;
                work.added_bits = operations * u64::from(layer.membrane_bits);
                for (at, path) in geometry.paths.iter().enumerate() {
                    let merged = if at == 0 { planned.merged } else { 1 };
                    for step in raster(path).iter() {
                        for words in path.words_of(step, [lanes(path)]) {
                            work.add_words(layer, geometry, planned, path, &words, merged);
                        }
                    }
                }
                work
            })
            .collect()
    }

    /// Cycles, if nothing ever waits.
    #[must_use]
    pub const fn cycles(&self) -> u64 {
        self.accesses + self.sweeps
    }

    /// Synaptic operations per cycle.
    #[must_use]
    pub fn operations_per_cycle(&self) -> f64 {
        float(self.operations) / float(self.cycles().max(1))
    }

    /// Share of the lanes that had something to add while lanes added.
    #[must_use]
    pub fn lanes_at_work(&self) -> f64 {
        float(self.operations) / float(self.most_operations.max(1))
    }

    fn of_sweeps(
        layer: &QuantizedLayer,
        geometry: &LayerGeometry,
        planned: &LayerPlan,
        steps: usize,
    ) -> Self {
        let bits = usize::from(layer.membrane_bits);
        let word = planned.lanes * bits;
        let mut work = Self {
            sweeps: (steps * (planned.sweep_words + planned.settle_stages)) as u64,
            settled_bits: (steps * geometry.neurons.size() * bits) as u64,
            ..Self::default()
        };
        // Each word is read and written.
        let swept = (steps * planned.words * word) as u64;
        work.add_memory(planned.membrane_style, 2 * swept);
        work.add_memory(planned.threshold_style, swept);
        work
    }

    /// Adds the words of spikes that reach a path in a step.
    fn add_words(
        &mut self,
        layer: &QuantizedLayer,
        geometry: &LayerGeometry,
        planned: &LayerPlan,
        path: &Path,
        words: &Words,
        merged: usize,
    ) {
        let is_own = path.reach.is_own_channel();
        // Cycles and membrane words for each access of one group.
        let (groups, of_banks) = if is_own {
            (1, 1)
        } else {
            (
                geometry.group_accesses(planned.positions, planned.groups),
                planned.groups,
            )
        };
        let accesses = words.accesses(path, planned.positions, merged) * groups as u64;
        self.accesses += accesses;
        let lanes = (planned.positions * planned.lanes) as u64;
        self.most_operations += accesses * lanes * merged as u64;
        let membranes = words.updates(path, merged) * (of_banks * planned.lanes) as u64;
        self.add_memory(
            planned.membrane_style,
            2 * membranes * u64::from(layer.membrane_bits),
        );
        if !is_own {
            let reads = words.accesses(path, planned.positions, 1) * groups as u64 * lanes;
            self.add_memory(planned.weight_style, reads * u64::from(layer.weight_bits));
        }
    }

    fn add_memory(&mut self, style: Style, bits: u64) {
        match style {
            Style::Block | Style::Spram => self.block_ram_bits += bits,
            Style::Distributed | Style::Logic => self.lut_ram_bits += bits,
        }
    }
}
