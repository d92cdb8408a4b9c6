//! The core in rust-hdl's own simulation: no tool is needed, and every signal is at hand.

use crate::error::{Error, Result};
use crate::observation::{Gatherer, LayerCounters, Observation};
use crate::preparation::Preparation;
use crate::stimulus::events;
use synfire_golden_model::integer::Margins;
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
    /// Inferences may exit early.
    exits: bool,
}

impl NativeCore {
    /// The core of a model under a plan; inferences exit where the margins say so, if any are given.
    ///
    /// # Errors
    /// What rust-hdl finds wrong with the circuit, and [`Preparation::of`].
    pub fn new(model: &QuantizedModel, plan: &Plan, exit: Option<&Margins>) -> Result<Self> {
        let params = accelerator::core_params(model, plan)?;
        let preparation = Preparation::of(&params, exit)?;
        let simulation = Simulation::new(Core::new(params), |core| &mut core.clock).map_err(|error| {
            Error::Design(synfire_hw::Error::Design {
                report: format!("{error:?}"),
            })
        })?;
        let mut core = Self {
            simulation,
            geometry: Geometry::of(model)?,
            hidden: model.layers.len().saturating_sub(1),
            classes: model.layers.last().map_or(0, |layer| layer.outputs()),
            output_lanes: plan.layers.last().map_or(1, |layer| layer.lanes),
            exits: preparation.exits,
        };
        core.prepare(&preparation);
        Ok(core)
    }

    fn prepare(&mut self, preparation: &Preparation) {
        for load in &preparation.loads {
            for (address, word) in load.bytes.chunks(load.word_bytes).enumerate() {
                let core = self.simulation.circuit();
                core.load_select.next = u64::from(load.memory).into();
                core.load_shift.next = true;
                for &byte in word {
                    self.simulation.circuit().load_byte.next = u64::from(byte).into();
                    self.simulation.tick();
                }
                let core = self.simulation.circuit();
                core.load_shift.next = false;
                core.load_write.next = true;
                core.load_address.next = (address as u64).into();
                self.simulation.tick();
                self.simulation.circuit().load_write.next = false;
            }
        }
        self.simulation.circuit().exit_enable.next = preparation.exits;
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
            u64::from(core.steps_done.val().to_u32()) == steps && !core.exit_busy.val()
        })?;
        let cycles = self.simulation.cycles() - start;
        for _ in 0..8 {
            self.tick(&mut gatherer);
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
        let potentials = (0..self.classes)
            .map(|class| self.readout(class, &mut gatherer))
            .collect();
        let clears = self.simulation.circuit().clears_done.val().to_u32();
        self.feed(&[Event::Clear.encode()], &mut gatherer, |core| {
            core.clears_done.val().to_u32() != clears
        })?;
        Ok(Observation {
            spikes: gatherer.finish(self.exits),
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
        // An inference that has exited takes no more of its events; its clear ends that.
        let exits = events != [Event::Clear.encode()];
        loop {
            let core = self.simulation.circuit();
            core.event_valid.next = next < events.len();
            if let Some(&event) = events.get(next) {
                core.event_data.next = u64::from(event).into();
            }
            self.simulation.settle();
            let core = self.simulation.circuit();
            if (next == events.len() && done(core)) || (exits && core.exited.val()) {
                self.simulation.circuit().event_valid.next = false;
                return Ok(());
            }
            let taken = core.event_valid.val() && core.event_ready.val();
            self.tick(gatherer);
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

    /// Gathers what layers emit, also while the result of an inference that has exited is read.
    fn tick(&mut self, gatherer: &mut Gatherer) {
        self.simulation.settle();
        let core = self.simulation.circuit();
        for layer in 0..self.hidden {
            if core.tap_valid[layer].val() {
                let word = core.tap_data[layer].val().to_u32();
                assert!(gatherer.push(layer, word), "layer {layer} emitted {word:#x}");
            }
        }
        self.simulation.tick();
    }

    fn readout(&mut self, class: usize, gatherer: &mut Gatherer) -> i32 {
        let core = self.simulation.circuit();
        core.event_valid.next = false;
        core.readout_group.next = ((class / self.output_lanes) as u64).into();
        core.readout_lane.next = ((class % self.output_lanes) as u64).into();
        self.tick(gatherer);
        self.simulation
            .circuit()
            .readout_data
            .val()
            .inner()
            .to_u32()
            .cast_signed()
    }
}
