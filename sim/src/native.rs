//! The core in rust-hdl's own simulation: no tool is needed, and every signal is at hand.

use crate::error::{Error, Result};
use crate::observation::{Gatherer, LayerCounters, Observation};
use crate::stimulus::events;
use synfire_golden_model::quantized::QuantizedModel;
use synfire_golden_model::spikes::SpikeRaster;
use synfire_hw::accelerator;
use synfire_hw::circuit::core::Core;
use synfire_hw::circuit::event::Event;
use synfire_hw::geometry::Geometry;
use synfire_hw::plan::Plan;
use synfire_hw::simulate::Simulation;

/// Clocks without progress after which a design counts as hung.
const WATCHDOG: u64 = 1_000_000;

/// A core in native simulation.
#[derive(Debug)]
pub struct NativeCore {
    simulation: Simulation<Core>,
    geometry: Geometry,
    hidden: usize,
    classes: usize,
    output_lanes: usize,
}

impl NativeCore {
    /// The core of a model under a plan.
    ///
    /// # Errors
    /// What rust-hdl finds wrong with the circuit.
    pub fn new(model: &QuantizedModel, plan: &Plan) -> Result<Self> {
        let core = accelerator::core(model, plan)?;
        let simulation = Simulation::new(core, |core| &mut core.clock).map_err(|error| {
            Error::Design(synfire_hw::Error::Design {
                report: format!("{error:?}"),
            })
        })?;
        Ok(Self {
            simulation,
            geometry: Geometry::of(model)?,
            hidden: model.layers.len().saturating_sub(1),
            classes: model.layers.last().map_or(0, |layer| layer.outputs()),
            output_lanes: plan.layers.last().map_or(1, |layer| layer.lanes),
        })
    }

    /// Runs one inference and clears the core.
    ///
    /// # Errors
    /// [`Error::Hung`].
    pub fn infer(&mut self, raster: &SpikeRaster) -> Result<Observation> {
        let mut gatherer = Gatherer::new(&self.geometry);
        let start = self.simulation.cycles();
        let steps = raster.steps() as u64;
        self.feed(&events(raster, self.geometry.input), &mut gatherer, |core| {
            u64::from(core.steps_done.val().to_u32()) == steps
        })?;
        let cycles = self.simulation.cycles() - start;
        for _ in 0..8 {
            self.simulation.tick();
        }
        let core = self.simulation.circuit();
        let active_cycles = core.active_cycles.val().to_u32().into();
        let steps = core.steps_done.val().to_u32().into();
        let counters = (0..=self.hidden)
            .map(|layer| LayerCounters {
                spikes_in: core.spikes_in[layer].val().to_u32().into(),
                spikes_out: core.spikes_out[layer].val().to_u32().into(),
                busy_cycles: core.busy_cycles[layer].val().to_u32().into(),
                stalled_cycles: core.stalled_cycles[layer].val().to_u32().into(),
            })
            .collect();
        let potentials = (0..self.classes).map(|class| self.readout(class)).collect();
        let clears = self.simulation.circuit().clears_done.val().to_u32();
        let mut after = Gatherer::new(&self.geometry);
        self.feed(&[Event::Clear.encode()], &mut after, |core| {
            core.clears_done.val().to_u32() != clears
        })?;
        Ok(Observation {
            spikes: gatherer.finish(),
            potentials,
            cycles,
            active_cycles,
            steps,
            counters,
        })
    }

    fn feed(&mut self, events: &[u32], gatherer: &mut Gatherer, done: impl Fn(&Core) -> bool) -> Result<()> {
        let mut next = 0;
        let mut waited = 0;
        loop {
            let core = self.simulation.circuit();
            core.event_valid.next = next < events.len();
            if let Some(&event) = events.get(next) {
                core.event_data.next = u64::from(event).into();
            }
            self.simulation.settle();
            let core = self.simulation.circuit();
            if next == events.len() && done(core) {
                return Ok(());
            }
            let taken = core.event_valid.val() && core.event_ready.val();
            for layer in 0..self.hidden {
                if core.tap_valid[layer].val() {
                    let word = core.tap_data[layer].val().to_u32();
                    assert!(gatherer.push(layer, word), "layer {layer} emitted {word:#x}");
                }
            }
            self.simulation.tick();
            next += usize::from(taken);
            waited = if taken { 0 } else { waited + 1 };
            if waited > WATCHDOG {
                return Err(Error::Hung {
                    image: 0,
                    clocks: WATCHDOG,
                    cycle: self.simulation.cycles(),
                    waveform: "none (native simulation)".into(),
                });
            }
        }
    }

    fn readout(&mut self, class: usize) -> i32 {
        let core = self.simulation.circuit();
        core.event_valid.next = false;
        core.readout_group.next = ((class / self.output_lanes) as u64).into();
        core.readout_lane.next = ((class % self.output_lanes) as u64).into();
        self.simulation.tick();
        self.simulation
            .circuit()
            .readout_data
            .val()
            .inner()
            .to_u32()
            .cast_signed()
    }
}
