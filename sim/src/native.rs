//! Core in rust-hdl's own simulation, which needs no tool and gives access to every signal.

use crate::error::{Error, Result};
use crate::observation::{self, Gatherer, LayerCounters, Observation};
use crate::pace::Holds;
use crate::preparation::Preparation;
use crate::stimulus::{Run, events};
use synfire_golden_model::integer::{Margins, QuantizedModel};
use synfire_hw::accelerator;
use synfire_hw::circuit::core::{Core, CoreParams};
use synfire_hw::circuit::event::Event;
use synfire_hw::geometry::Geometry;
use synfire_hw::plan::{LayerPlan, Plan};
use synfire_hw::simulate::Simulation;

/// Core in native simulation.
#[derive(Debug)]
pub struct NativeCore {
    simulation: Simulation<Core>,
    geometry: Geometry,
    /// Lanes of every layer; the output layer is the last.
    lanes: Vec<usize>,
    /// Membranes of each layer that a sweep shows at once.
    units: Vec<usize>,
    classes: usize,
    /// Per layer: whether a sweep is in progress, and the cycles without a word within sweeps.
    sweeping: Vec<(bool, u64)>,
    /// Cycles that the design counts as idle although a tap shows an event or a word.
    idle: u64,
    /// Whether inferences may exit early.
    exits: bool,
}

impl NativeCore {
    /// Core of a model under a plan. If `exit` gives margins, inferences exit early by them.
    ///
    /// # Errors
    /// The fault that rust-hdl finds in the circuit, and those of [`Preparation::of`].
    pub fn new(model: &QuantizedModel, plan: &Plan, exit: Option<&Margins>) -> Result<Self> {
        Self::of(model, plan, accelerator::core_params(model, plan)?, exit)
    }

    /// Core whose streams can be held back.
    ///
    /// # Errors
    /// The errors of [`NativeCore::new`].
    pub fn throttled(model: &QuantizedModel, plan: &Plan) -> Result<Self> {
        let params = accelerator::core_params(model, plan)?.throttled();
        Self::of(model, plan, params, None)
    }

    fn of(model: &QuantizedModel, plan: &Plan, params: CoreParams, exit: Option<&Margins>) -> Result<Self> {
        let preparation = Preparation::of(&params, exit)?;
        let simulation = Simulation::new(Core::new(params), |core| &mut core.clock).map_err(|error| {
            Error::Design(synfire_hw::Error::Design {
                report: format!("{error:?}"),
            })
        })?;
        let mut core = Self {
            simulation,
            geometry: Geometry::of(model)?,
            lanes: plan.layers.iter().map(|layer| layer.lanes).collect(),
            units: plan.layers.iter().map(LayerPlan::units).collect(),
            classes: model.layers.last().map_or(0, |layer| layer.outputs()),
            sweeping: vec![(false, 0); model.layers.len()],
            idle: 0,
            exits: preparation.exits,
        };
        core.prepare(&preparation);
        Ok(core)
    }

    fn prepare(&mut self, preparation: &Preparation) {
        for load in &preparation.parameter_loads {
            for (address, word) in load.bytes.chunks(load.word_bytes).enumerate() {
                let core = self.simulation.circuit();
                core.load.select.next = u64::from(load.memory).into();
                core.load.shift.next = true;
                for &byte in word {
                    self.simulation.circuit().load.byte.next = u64::from(byte).into();
                    self.simulation.tick();
                }
                let core = self.simulation.circuit();
                core.load.shift.next = false;
                core.load.write.next = true;
                core.load.address.next = (address as u64).into();
                self.simulation.tick();
                self.simulation.circuit().load.write.next = false;
            }
        }
        self.simulation.circuit().exit_enable.next = preparation.exits;
    }

    fn feed(&mut self, events: &[u32], feed: &mut Feed<'_>, done: impl Fn(&Core) -> bool) -> Result<()> {
        let mut next = 0;
        // After an early exit the core accepts no more events of the inference, until a clear.
        let exits = events != [Event::Clear.encode()];
        loop {
            let core = self.simulation.circuit();
            let (offered, held) = feed.holds.next();
            core.event_valid.next = offered && next < events.len();
            if let Some(&event) = events.get(next) {
                core.event_data.next = u64::from(event).into();
            }
            for (port, held) in core.throttle.iter_mut().zip(held) {
                port.next = held;
            }
            self.simulation.settle();
            let core = self.simulation.circuit();
            if (next == events.len() && done(core)) || (exits && core.exited.val()) {
                core.event_valid.next = false;
                for port in &mut core.throttle {
                    port.next = false;
                }
                return Ok(());
            }
            let taken = core.event_valid.val() && core.event_ready.val();
            self.tick(feed.gatherer);
            next += usize::from(taken);
            if self.simulation.cycles() > feed.end {
                return Err(Error::Hung {
                    subject: feed.run.subject,
                    limit: feed.run.limit,
                    cycle: self.simulation.cycles(),
                    waveform: "none (native simulation)".into(),
                });
            }
        }
    }

    /// Runs one cycle and gathers the events and words at the taps. Layers may still work while the result of an inference
    /// that has exited is read, so every cycle is observed.
    fn tick(&mut self, gatherer: &mut Gatherer) {
        self.simulation.settle();
        let core = self.simulation.circuit();
        let active = core.active_cycles.val();
        let mut tapped = false;
        let taps = core.tap_data.iter().zip(&core.tap_mask);
        for (layer, (valid, (data, mask))) in core.tap_valid.iter().zip(taps).enumerate() {
            if valid.val() {
                tapped = true;
                gatherer.event(layer, data.val().to_u32(), mask.val().to_u64());
            }
        }
        let mut first = 0;
        for (layer, &units) in self.units.iter().enumerate() {
            let word = &core.swept_data[first..first + units];
            first += units;
            let (sweeping, stalled) = &mut self.sweeping[layer];
            if core.swept[layer].val() {
                tapped = true;
                let [is_last, clears] = [core.swept_last[layer].val(), core.swept_clear[layer].val()];
                let word = word.iter().map(|lane| lane.val().inner().to_u32().cast_signed());
                gatherer.swept(layer, is_last, clears, word);
                *sweeping = !is_last && !clears;
            } else if *sweeping {
                *stalled += 1;
            }
        }
        self.simulation.tick();
        let is_idle = self.simulation.circuit().active_cycles.val() == active;
        self.idle += u64::from(tapped && is_idle);
    }

    fn readout(&mut self, class: usize, gatherer: &mut Gatherer) -> i32 {
        let output_lanes = self.lanes.last().copied().unwrap_or(1);
        let core = self.simulation.circuit();
        core.event_valid.next = false;
        core.readout_group.next = ((class / output_lanes) as u64).into();
        core.readout_lane.next = ((class % output_lanes) as u64).into();
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

impl observation::Core for NativeCore {
    fn infer(&mut self, run: &Run<'_>) -> Result<Observation> {
        let mut gatherer = Gatherer::new(&self.geometry, &self.lanes);
        self.sweeping.fill((false, 0));
        self.idle = 0;
        let end = self.simulation.cycles().saturating_add(run.limit);
        let mut holds = Holds::new(run.pace, self.simulation.circuit().throttle.len());
        let start = self.simulation.cycles();
        let steps = run.raster.steps() as u64;
        let events = events(run.raster, self.geometry.input);
        let mut feed = Feed {
            run,
            end,
            holds: &mut holds,
            gatherer: &mut gatherer,
        };
        self.feed(&events, &mut feed, |core| {
            u64::from(core.steps_done.val().to_u32()) == steps && !core.exit_busy.val()
        })?;
        let cycles = self.simulation.cycles() - start;
        for _ in 0..8 {
            self.tick(feed.gatherer);
        }
        let seen_stalled: Vec<u64> = self.sweeping.iter().map(|&(_, stalled)| stalled).collect();
        let seen_idle = self.idle;
        let core = self.simulation.circuit();
        let mut observation = Observation {
            seen_idle,
            cycles,
            active_cycles: core.active_cycles.val().to_u32().into(),
            steps: core.steps_done.val().to_u32().into(),
            counters: seen_stalled
                .into_iter()
                .enumerate()
                .map(|(layer, seen_stalled)| LayerCounters {
                    spikes_in: core.spikes_in[layer].val().to_u32().into(),
                    spikes_out: core.spikes_out[layer].val().to_u32().into(),
                    busy_cycles: core.busy_cycles[layer].val().to_u32().into(),
                    stalled_cycles: core.stalled_cycles[layer].val().to_u32().into(),
                    seen_stalled,
                })
                .collect(),
            ..Observation::default()
        };
        observation.potentials = (0..self.classes)
            .map(|class| self.readout(class, feed.gatherer))
            .collect();
        let clears = self.simulation.circuit().clears_done.val().to_u32();
        self.feed(&[Event::Clear.encode()], &mut feed, |core| {
            core.clears_done.val().to_u32() != clears
        })?;
        gatherer.finish(self.exits, &mut observation);
        Ok(observation)
    }
}

/// State that goes along with the events of one inference.
struct Feed<'a> {
    run: &'a Run<'a>,
    /// Cycle by which the inference must have ended.
    end: u64,
    holds: &'a mut Holds,
    gatherer: &'a mut Gatherer,
}
