//! What the golden model says of one inference: spikes, membranes, clocks, and the most clocks that it may take.

use crate::error::Result;
use crate::pace::Pace;
use synfire_golden_model::integer::{Engine, Inference, Margins, QuantizedModel, Trace};
use synfire_golden_model::spikes::SpikeRaster;
use synfire_hw::geometry::{Geometry, LayerGeometry};
use synfire_hw::plan::{LayerPlan, Plan};

/// Clocks that a marker takes through an idle layer, and some more.
const MARKER_CLOCKS: u64 = 16;
/// Clocks that an inference may take beyond all reckoning.
const SPARE_CLOCKS: u64 = 1000;
/// Times the clocks of layers that work one after the other: a wide margin, since layers work at once.
const MARGIN: u64 = 4;

/// What a design should do in one inference, and in how many clocks.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// All steps, with membranes.
    pub trace: Trace,
    /// The inference, as far as it goes where it may exit early.
    pub exit: Option<Inference>,
    /// Clocks that each layer spends on words: for every position that a spike meets one a group (of a source that meets
    /// its own channel alone: one), and in every step one for each word of the sweep.
    pub ideal_cycles: Vec<u64>,
    /// Spikes that come to each layer, by all paths.
    pub spikes_in: Vec<u64>,
    /// Clocks of the inference and its clear, at most, if layers worked one after the other.
    serial_cycles: u64,
}

impl Expectation {
    /// Of one inference, which exits where the margins say so, if any are given.
    ///
    /// # Errors
    /// Those of the golden model.
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
        let layers = geometry.layers.iter().zip(&plan.layers);
        let ideal_cycles: Vec<u64> = layers
            .map(|(geometry, plan)| ideal_cycles(geometry, plan, raster, &trace))
            .collect();
        let inference = &trace.inference;
        let streams: Vec<u64> = std::iter::once(inference.input_spikes)
            .chain(inference.spikes.iter().copied())
            .collect();
        let spikes_in: Vec<u64> = (geometry.layers.iter())
            .map(|layer| layer.paths.iter().map(|path| streams[path.stream]).sum())
            .collect();
        // Every word takes a clock; a spike at most two to leave and one to come. A marker goes through all layers, and
        // the clear is one more, with a sweep of its own. The early exit reads all classes in every step.
        let markers = raster.steps() as u64 + 1;
        let layers = plan.layers.len() as u64;
        let words: usize = plan.layers.iter().map(|layer| layer.words).sum();
        let classes = inference.potentials.len() as u64;
        let serial_cycles = ideal_cycles.iter().sum::<u64>()
            + spikes_in.iter().sum::<u64>()
            + 2 * streams.iter().sum::<u64>()
            + words as u64
            + markers * (layers * MARKER_CLOCKS + 2 * classes);
        Ok(Self {
            trace,
            exit,
            ideal_cycles,
            spikes_in,
            serial_cycles,
        })
    }

    /// The inference: that which exits, or the whole one.
    #[must_use]
    pub fn inference(&self) -> &Inference {
        self.exit.as_ref().unwrap_or(&self.trace.inference)
    }

    /// The most clocks that the inference and its clear may take at a pace: a design that takes more hangs.
    #[must_use]
    pub const fn limit(&self, pace: Pace) -> u64 {
        MARGIN * self.serial_cycles * pace.slowdown() + SPARE_CLOCKS
    }
}

fn ideal_cycles(geometry: &LayerGeometry, plan: &LayerPlan, input: &SpikeRaster, trace: &Trace) -> u64 {
    let sweeps = (input.steps() * plan.words) as u64;
    let spikes = geometry.paths.iter().map(|path| {
        let raster = path
            .stream
            .checked_sub(1)
            .map_or(input, |layer| &trace.layers[layer]);
        let groups = if path.reach.is_own_channel() {
            1
        } else {
            plan.groups as u64
        };
        path.positions_of(raster) * groups
    });
    sweeps + spikes.sum::<u64>()
}
