//! Co-simulation: a design against the golden model, spike for spike.

use crate::error::{Error, Result};
use crate::native::NativeCore;
use crate::observation::Observation;
use crate::verilated::VerilatedCore;
use serde::Serialize;
use std::fmt;
use std::path::Path;
use synfire_golden_model::integer::{self, Engine, Inference, Margins, Trace};
use synfire_golden_model::quantized::QuantizedModel;
use synfire_golden_model::spikes::SpikeRaster;
use synfire_hw::build::Build;
use synfire_hw::geometry::{Geometry, LayerGeometry};
use synfire_hw::plan::{LayerPlan, Plan};
use synfire_hw::synth::checks::Form;

/// Where a design first differs from the golden model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What ran the design.
    pub simulator: &'static str,
    /// The image.
    pub image: usize,
    /// Seed of its spikes.
    pub seed: u64,
    /// What differs.
    pub difference: Difference,
    /// The waveform that shows it, if one could be made.
    pub waveform: Option<String>,
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A layer ended another number of steps.
    Steps {
        /// The layer.
        layer: String,
        /// The golden model's.
        expected: usize,
        /// The design's.
        actual: usize,
    },
    /// A neuron fired another number of times in a step (the golden model's is 0 or 1).
    Spikes {
        /// The step, from 0.
        step: usize,
        /// The layer.
        layer: String,
        /// The neuron.
        neuron: u32,
        /// The golden model's.
        expected: usize,
        /// The design's.
        actual: usize,
    },
    /// An output membrane.
    Potential {
        /// The class.
        class: usize,
        /// The golden model's.
        expected: i32,
        /// The design's.
        actual: i32,
    },
    /// Another number of potentials.
    Classes {
        /// The golden model's.
        expected: usize,
        /// The design's.
        actual: usize,
    },
    /// A counter of the design.
    Counter {
        /// The counter.
        name: &'static str,
        /// The layer.
        layer: String,
        /// The golden model's.
        expected: u64,
        /// The design's.
        actual: u64,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Steps {
                layer,
                expected,
                actual,
            } => {
                write!(f, "layer `{layer}`: {expected} steps expected, {actual} seen")
            }
            Self::Spikes {
                step,
                layer,
                neuron,
                expected,
                actual,
            } => write!(
                f,
                "step {step}, layer `{layer}`, neuron {neuron}: {expected} spikes expected, {actual} seen"
            ),
            Self::Potential {
                class,
                expected,
                actual,
            } => {
                write!(
                    f,
                    "output potential of class {class}: {expected} expected, {actual} seen"
                )
            }
            Self::Classes { expected, actual } => {
                write!(f, "{expected} output potentials expected, {actual} seen")
            }
            Self::Counter {
                name,
                layer,
                expected,
                actual,
            } => {
                write!(
                    f,
                    "layer `{layer}`, counter {name}: {expected} expected, {actual} seen"
                )
            }
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waveform = self.waveform.as_deref().unwrap_or("none");
        write!(
            f,
            "the design differs from the golden model in {} on image {} (seed {}): {}; waveform: {waveform}",
            self.simulator, self.image, self.seed, self.difference
        )
    }
}

/// Compares an inference with the golden model's trace, and with the golden model's early exit from it if it may have
/// exited; lengths before contents, earliest layer first.
///
/// Hidden layers work ahead of an exit, so that they may have ended more steps than it has; those are compared, too.
#[must_use]
pub fn compare(
    model: &QuantizedModel,
    geometry: &Geometry,
    trace: &Trace,
    exit: Option<&Inference>,
    seen: &Observation,
) -> Option<Difference> {
    let inference = exit.unwrap_or(&trace.inference);
    let wrong_steps = |layer: usize, actual: usize| {
        Some(Difference::Steps {
            layer: model.layers[layer].name.clone(),
            expected: inference.steps,
            actual,
        })
    };
    for (index, (raster, steps)) in trace.layers.iter().zip(&seen.spikes).enumerate() {
        let layer = || model.layers[index].name.clone();
        if !(inference.steps..=raster.steps()).contains(&steps.len()) {
            return wrong_steps(index, steps.len());
        }
        for (step, (expected, actual)) in raster.iter().zip(steps).enumerate() {
            if let Some((neuron, expected, actual)) =
                first_difference(expected.iter().map(|s| s.address), actual)
            {
                return Some(Difference::Spikes {
                    step,
                    layer: layer(),
                    neuron,
                    expected,
                    actual,
                });
            }
        }
    }
    if seen.steps != inference.steps as u64 {
        return wrong_steps(
            model.layers.len() - 1,
            usize::try_from(seen.steps).unwrap_or(usize::MAX),
        );
    }
    let potentials = &inference.potentials;
    if potentials.len() != seen.potentials.len() {
        return Some(Difference::Classes {
            expected: potentials.len(),
            actual: seen.potentials.len(),
        });
    }
    for (class, (&expected, &actual)) in potentials.iter().zip(&seen.potentials).enumerate() {
        if expected != actual {
            return Some(Difference::Potential {
                class,
                expected,
                actual,
            });
        }
    }
    if exit.is_some() {
        // How far layers have come when the clear overtakes their work is a matter of timing.
        return None;
    }
    compare_counters(model, geometry, trace, seen)
}

fn compare_counters(
    model: &QuantizedModel,
    geometry: &Geometry,
    trace: &Trace,
    seen: &Observation,
) -> Option<Difference> {
    let inference = &trace.inference;
    let streams: Vec<u64> = std::iter::once(inference.input_spikes)
        .chain(inference.spikes.iter().copied())
        .collect();
    for (index, (layer, geometry)) in model.layers.iter().zip(&geometry.layers).enumerate() {
        let spikes_in = geometry.paths.iter().map(|path| streams[path.stream]).sum();
        let spikes_out = inference.spikes.get(index).copied().unwrap_or(0);
        let counters = seen.counters.get(index).copied().unwrap_or_default();
        for (name, expected, actual) in [
            ("spikes in", spikes_in, counters.spikes_in),
            ("spikes out", spikes_out, counters.spikes_out),
        ] {
            if expected != actual {
                return Some(Difference::Counter {
                    name,
                    layer: layer.name.clone(),
                    expected,
                    actual,
                });
            }
        }
    }
    None
}

/// The lowest neuron that fired another number of times, and both numbers.
fn first_difference(expected: impl Iterator<Item = u32>, actual: &[u32]) -> Option<(u32, usize, usize)> {
    let mut expected: Vec<u32> = expected.collect();
    let mut actual = actual.to_vec();
    expected.sort_unstable();
    actual.sort_unstable();
    let times = |neurons: &[u32], neuron| neurons.iter().filter(|&&n| n == neuron).count();
    let mut all: Vec<u32> = expected.iter().chain(&actual).copied().collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter().find_map(|neuron| {
        let (expected, actual) = (times(&expected, neuron), times(&actual, neuron));
        (expected != actual).then_some((neuron, expected, actual))
    })
}

/// What a co-simulation came to; all images were equal.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// Images compared.
    pub images: usize,
    /// Time steps compared, over all images.
    pub steps: u64,
    /// Spikes compared, over all images and hidden layers.
    pub spikes: u64,
    /// Output potentials compared.
    pub potentials: u64,
    /// Clocks of an inference at core speed, on average.
    pub cycles: f64,
    /// Per layer.
    pub layers: Vec<LayerSummary>,
}

impl Summary {
    /// Ideal clocks of the slowest layer: what no inference can beat.
    #[must_use]
    pub fn slowest_ideal(&self) -> f64 {
        self.layers
            .iter()
            .map(|layer| layer.ideal_cycles)
            .fold(0.0, f64::max)
    }
}

/// A layer's clocks.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LayerSummary {
    /// The layer.
    pub name: String,
    /// Clocks that an inference would ideally take.
    pub ideal_cycles: f64,
    /// Clocks that it spent on spikes and sweeps.
    pub busy_cycles: f64,
    /// Clocks in which a sweep waited for room for its spikes.
    pub stalled_cycles: f64,
}

/// Clocks that a layer ideally takes for an inference: for every position that a spike meets one a group (of a source
/// that meets its own channel alone: one), and in every step one for each word of the sweep.
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

/// Runs images through a simulator and compares each with the golden model.
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
    /// Of a model under a plan; `simulator` is named in mismatches. Inferences exit where the margins say so, if any are
    /// given; then no layer's clocks are told, since they depend on how far it was ahead.
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
        Ok(Self {
            model,
            geometry: Geometry::of(model)?,
            plan,
            simulator,
            exit,
            summary: Summary {
                layers: layers.collect(),
                ..Summary::default()
            },
        })
    }

    /// Compares one inference; `seed` is that of the image's spikes, for errors.
    ///
    /// # Errors
    /// [`Error::Mismatch`] with the first difference.
    pub fn check(&mut self, image: usize, seed: u64, raster: &SpikeRaster, seen: &Observation) -> Result<()> {
        let trace = integer::trace(self.model, raster)?;
        let exit = match self.exit {
            Some(_) => Some(Engine::new(self.model)?.infer_until(raster, self.exit)?),
            None => None,
        };
        if let Some(difference) = compare(self.model, &self.geometry, &trace, exit.as_ref(), seen) {
            return Err(Error::Mismatch(Box::new(Mismatch {
                simulator: self.simulator,
                image,
                seed,
                difference,
                waveform: None,
            })));
        }
        let summary = &mut self.summary;
        summary.images += 1;
        summary.steps += seen.steps;
        let steps = seen.spikes.iter().flatten();
        summary.spikes += steps.map(|step| step.len() as u64).sum::<u64>();
        summary.potentials += seen.potentials.len() as u64;
        summary.cycles += float(seen.cycles);
        let geometries = self.geometry.layers.iter().zip(&self.plan.layers);
        for ((layer, counters), (geometry, plan)) in
            summary.layers.iter_mut().zip(&seen.counters).zip(geometries)
        {
            layer.ideal_cycles += float(ideal_cycles(geometry, plan, raster, &trace));
            layer.busy_cycles += float(counters.busy_cycles);
            layer.stalled_cycles += float(counters.stalled_cycles);
        }
        Ok(())
    }

    /// What it came to.
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

#[expect(
    clippy::cast_precision_loss,
    reason = "clocks of a simulation are far below 2^52"
)]
const fn float(count: u64) -> f64 {
    count as f64
}

/// One image to co-simulate.
#[derive(Clone, Debug)]
pub struct Stimulus {
    /// Its number in the data set.
    pub image: usize,
    /// Seed of its spikes.
    pub seed: u64,
    /// Its spikes.
    pub raster: SpikeRaster,
}

/// Co-simulates a build in Verilator, in one of its forms; `progress` hears of every image compared. Inferences exit where the
/// margins say so, if any are given.
///
/// On a mismatch the image runs again with a waveform, which the error names.
///
/// # Errors
/// [`Error::Mismatch`], [`Error::Hung`], and what keeps the simulator from running.
pub fn verilator(
    build: &Build,
    form: Form,
    stimuli: &[Stimulus],
    exit: Option<&Margins>,
    progress: &mut dyn FnMut(usize),
) -> Result<Summary> {
    let model = build.model()?;
    let mut cosim = Cosim::new(&model, &build.manifest.plan, simulator(form), exit)?;
    let mut core = VerilatedCore::start(build, form, exit)?;
    for (done, stimulus) in stimuli.iter().enumerate() {
        let checked = core
            .infer(stimulus.image, &stimulus.raster)
            .and_then(|seen| cosim.check(stimulus.image, stimulus.seed, &stimulus.raster, &seen));
        if let Err(error) = checked {
            return Err(with_waveform(error, build, form, exit, stimulus));
        }
        progress(done + 1);
    }
    core.finish()?;
    Ok(cosim.finish())
}

/// What runs a form of a design, as mismatches name it.
const fn simulator(form: Form) -> &'static str {
    match form {
        Form::Emitted => "verilator",
        Form::Elaborated => "verilator (as Yosys elaborates it)",
        Form::Netlist => "verilator (netlist)",
        Form::Bitstream => "verilator (bitstream)",
    }
}

/// Runs an image again with a waveform, and puts its name into the error.
fn with_waveform(
    error: Error,
    build: &Build,
    form: Form,
    exit: Option<&Margins>,
    stimulus: &Stimulus,
) -> Error {
    let file = build.folder.join(format!("image{}.vcd", stimulus.image));
    let record = |file: &Path| -> Result<()> {
        let mut core = VerilatedCore::start_traced(build, form, exit, file)?;
        // What differs is known already; a hung design still leaves a waveform.
        let _ = core.infer(stimulus.image, &stimulus.raster);
        core.finish()
    };
    let recorded = match file.parent().and_then(|folder| folder.canonicalize().ok()) {
        Some(folder) => {
            let file = folder.join(file.file_name().unwrap_or_default());
            record(&file).map(|()| file.display().to_string())
        }
        None => record(&file).map(|()| file.display().to_string()),
    };
    let recorded = recorded.unwrap_or_else(|error| format!("none ({error})"));
    match error {
        Error::Mismatch(mut mismatch) => {
            mismatch.waveform = Some(recorded);
            Error::Mismatch(mismatch)
        }
        Error::Hung {
            image, clocks, cycle, ..
        } => Error::Hung {
            image,
            clocks,
            cycle,
            waveform: recorded,
        },
        other => other,
    }
}

/// Co-simulates the circuits of a model in rust-hdl's own simulation; `progress` hears of every image.
///
/// # Errors
/// [`Error::Mismatch`], [`Error::Hung`].
pub fn native(
    model: &QuantizedModel,
    plan: &Plan,
    stimuli: &[Stimulus],
    exit: Option<&Margins>,
    progress: &mut dyn FnMut(usize),
) -> Result<Summary> {
    let mut cosim = Cosim::new(model, plan, "native simulation", exit)?;
    let mut core = NativeCore::new(model, plan, exit)?;
    for (done, stimulus) in stimuli.iter().enumerate() {
        let seen = core.infer(&stimulus.raster)?;
        cosim.check(stimulus.image, stimulus.seed, &stimulus.raster, &seen)?;
        progress(done + 1);
    }
    Ok(cosim.finish())
}
