//! Expectation of the golden model for one inference: spikes, membranes, cycles, and a limit on the cycles.

use crate::error::Result;
use crate::pace::Pace;
use synfire_golden_model::integer::{Engine, Inference, Margins, QuantizedModel, Trace};
use synfire_golden_model::spikes::SpikeRaster;
use synfire_hw::geometry::Geometry;
use synfire_hw::plan::Plan;
use synfire_hw::work::Work;

/// Cycles that a marker takes through an idle layer, with a margin.
const MARKER_CYCLES: u64 = 16;
/// Cycles that are added to every limit.
const SPARE_CYCLES: u64 = 1000;
/// Factor between the limit and the cycles of layers that work one after the other; a wide margin, since layers work at the
/// same time.
const MARGIN: u64 = 4;

/// Expected behaviour of a design in one inference, and the cycles that it takes.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// Trace of all steps, with membranes.
    pub trace: Trace,
    /// Inference with early exit, if margins were given.
    pub exit: Option<Inference>,
    /// Cycles that each layer spends on words: one per group for every access of its array to the positions that spikes meet (one
    /// alone where sources meet only their own channels), and in every step one for every word and every settle stage of the sweep.
    pub ideal_cycles: Vec<u64>,
    /// What these cycles go into.
    pub work: Vec<Work>,
    /// Spikes that each layer receives on all paths.
    pub spikes_in: Vec<u64>,
    /// Most cycles of the inference and its clear if layers worked one after the other.
    serial_cycles: u64,
}

impl Expectation {
    /// Expectation for one inference. If `exit` gives margins, the inference exits early by them.
    ///
    /// # Errors
    /// The errors of the golden model.
    pub fn of(
        model: &QuantizedModel,
        geometry: &Geometry,
        plan: &Plan,
        raster: &SpikeRaster,
        exit: Option<&Margins>,
    ) -> Result<Self> {
        let mut engine = Engine::new(model)?;
        let trace = engine.trace(raster, true)?;
        let exit = match exit {
            Some(_) => Some(engine.infer_until(raster, exit)?),
            None => None,
        };
        let work = Work::of(model, geometry, plan, raster, &trace);
        let ideal_cycles: Vec<u64> = work.iter().map(Work::cycles).collect();
        let inference = &trace.inference;
        let streams: Vec<u64> = std::iter::once(inference.input_spikes)
            .chain(inference.spikes.iter().copied())
            .collect();
        let spikes_in: Vec<u64> = (geometry.layers.iter())
            .map(|layer| layer.paths.iter().map(|path| streams[path.stream]).sum())
            .collect();
        // Every word takes a cycle; a spike takes at most two to leave and one to arrive. A marker passes all layers, and the
        // clear is one more marker, with a sweep of its own. The early exit reads all classes in every step.
        let markers = raster.steps() as u64 + 1;
        let layers = plan.layers.len() as u64;
        let words: usize = (plan.layers.iter())
            .map(|layer| layer.sweep_words + layer.settle_stages)
            .sum();
        let classes = inference.potentials.len() as u64;
        let serial_cycles = ideal_cycles.iter().sum::<u64>()
            + spikes_in.iter().sum::<u64>()
            + 2 * streams.iter().sum::<u64>()
            + words as u64
            + markers * (layers * MARKER_CYCLES + 2 * classes);
        Ok(Self {
            trace,
            exit,
            ideal_cycles,
            work,
            spikes_in,
            serial_cycles,
        })
    }

    /// Inference to compare: the one that exits early if margins were given, or else the whole one.
    #[must_use]
    pub fn inference(&self) -> &Inference {
        self.exit.as_ref().unwrap_or(&self.trace.inference)
    }

    /// Most cycles that the inference and its clear may take at a pace; a design that takes more hangs.
    #[must_use]
    pub const fn limit(&self, pace: Pace) -> u64 {
        MARGIN * self.serial_cycles * pace.slowdown() + SPARE_CYCLES
    }
}
