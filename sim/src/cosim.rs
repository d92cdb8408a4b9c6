//! Co-simulation: compares a design with the golden model, spike for spike, membrane for membrane, cycle for cycle.

mod activity;
mod comparison;
mod difference;
mod expectation;
mod run;
mod summary;

pub use crate::observation::Core;
pub use crate::stimulus::{Run, Stimulus, Subject};
pub use activity::{Activity, Silent};
pub use comparison::compare;
pub use difference::{Difference, Mismatch};
pub use expectation::Expectation;
pub use run::{native, native_trains, verilator, verilator_trains};
pub use summary::{LayerSummary, Summary};

use crate::error::{Error, Result};
use crate::observation::Observation;
use synfire_golden_model::counts::float;
use synfire_golden_model::integer::{Margins, QuantizedModel};
use synfire_hw::geometry::Geometry;
use synfire_hw::plan::Plan;

/// Comparison of a design's inferences with the golden model's.
#[derive(Debug)]
pub struct Cosim<'a> {
    model: &'a QuantizedModel,
    geometry: Geometry,
    plan: &'a Plan,
    simulator: &'static str,
    exit: Option<&'a Margins>,
    summary: Summary,
}

impl<'a> Cosim<'a> {
    /// Comparison for a model under a plan; mismatches name `simulator`.
    ///
    /// If `exit` gives margins, inferences exit early by them. The summary then has no cycles per layer, since they depend on
    /// how far a layer was ahead of the exit.
    ///
    /// # Errors
    /// If the model's description does not resolve.
    pub fn new(
        model: &'a QuantizedModel,
        plan: &'a Plan,
        simulator: &'static str,
        exit: Option<&'a Margins>,
    ) -> Result<Self> {
        let timed = if exit.is_some() { &[][..] } else { &model.layers };
        let layers = timed.iter().map(|layer| LayerSummary {
            name: layer.name.clone(),
            ..LayerSummary::default()
        });
        let geometry = Geometry::of(model)?;
        Ok(Self {
            model,
            plan,
            simulator,
            exit,
            summary: Summary {
                layers: layers.collect(),
                activity: Activity::new(&geometry, plan),
                ..Summary::default()
            },
            geometry,
        })
    }

    /// Runs one inference on `core`, with a limit on its cycles, and compares it.
    ///
    /// # Errors
    /// [`Error::Mismatch`] with the first difference, and those of `core`.
    pub fn infer(&mut self, run: Run<'_>, core: &mut impl Core) -> Result<()> {
        let expected = self.expect(&run)?;
        let run = Run {
            limit: expected.limit(run.pace),
            ..run
        };
        let seen = core.infer(&run)?;
        if let Some(difference) = compare(self.model, &self.geometry, self.plan, &expected, &seen) {
            return Err(Error::Mismatch(Box::new(Mismatch {
                simulator: self.simulator,
                subject: run.subject,
                seed: run.seed,
                difference,
                waveform: None,
            })));
        }
        self.count(&expected, &seen);
        Ok(())
    }

    /// Expectation of the golden model for an inference.
    fn expect(&self, run: &Run<'_>) -> Result<Expectation> {
        Expectation::of(self.model, &self.geometry, self.plan, run.raster, self.exit)
    }

    fn count(&mut self, expected: &Expectation, seen: &Observation) {
        let summary = &mut self.summary;
        summary.images += 1;
        summary.steps += seen.steps;
        let steps = seen.spikes.iter().flatten();
        summary.spikes += steps.map(|step| step.len() as u64).sum::<u64>();
        let neurons = self
            .geometry
            .layers
            .iter()
            .map(|layer| layer.neurons.size() as u64);
        let sweeps = seen.sweeps.iter().map(|sweeps| sweeps.len() as u64);
        summary.membranes += neurons
            .zip(sweeps)
            .map(|(neurons, sweeps)| neurons * sweeps)
            .sum::<u64>();
        summary.potentials += seen.potentials.len() as u64;
        summary.cycles += float(seen.cycles);
        summary.activity.add(&expected.trace.layers);
        for (((layer, counters), &ideal), &work) in summary
            .layers
            .iter_mut()
            .zip(&seen.counters)
            .zip(&expected.ideal_cycles)
            .zip(&expected.work)
        {
            layer.work += work;
            layer.ideal_cycles += float(ideal);
            layer.busy_cycles += float(counters.busy_cycles);
            layer.stalled_cycles += float(counters.stalled_cycles);
        }
    }

    /// Summary of all inferences, with means per inference.
    #[must_use]
    pub fn finish(mut self) -> Summary {
        let images = float(self.summary.images.max(1) as u64);
        self.summary.cycles /= images;
        for layer in &mut self.summary.layers {
            layer.ideal_cycles /= images;
            layer.busy_cycles /= images;
            layer.stalled_cycles /= images;
        }
        self.summary
    }
}
