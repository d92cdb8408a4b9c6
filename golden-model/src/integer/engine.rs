//! The integer engine: parameters in a layout for events, and the state and scratch memory for one image.

use super::early_exit::Margins;
use super::inference::{Inference, Trace};
use super::input::InputSpikes;
use super::proof::verify;
use super::stage::{self, Stage};
use super::{InputSigns, InputValues, LayerBounds, QuantizedLayer, QuantizedModel};
use crate::events::{ImageMemory, Layout, SpikeLists};
use crate::integer::IntegerError;
use crate::network::{InputCoding, NetworkDescription, Source};
use crate::spikes::{Spike, SpikeRaster};
use crate::{Error, Result};
use ndarray::Array2;
use std::ops::ControlFlow;

/// Quantized network prepared to run. Reuse it for many images: an inference allocates only its results.
///
/// A clone shares the parameters and has its own state, so give each thread its own clone.
#[derive(Clone, Debug)]
pub struct Engine {
    layers: Layers,
    coding: InputCoding,
    /// Limit on the number of steps, from the proof for positive input only.
    unsigned: StepLimit,
    /// Limit on the number of steps, from the proof for input of either sign; `None` if that proof fails.
    signed: Option<StepLimit>,
}

impl Engine {
    /// Prepares a network.
    ///
    /// # Errors
    /// If the network is inconsistent ([`QuantizedModel::validate`]) or its widths are too small
    /// ([`proof::verify`](crate::integer::proof::verify)).
    pub fn new(model: &QuantizedModel) -> Result<Self> {
        let unsigned = StepLimit::of(verify(model, InputSigns::Unsigned)?);
        let signed = verify(model, InputSigns::Signed).ok().map(StepLimit::of);
        Ok(Self {
            layers: Layers::new(&model.description, &model.layers)?,
            coding: model.description.coding,
            unsigned,
            signed,
        })
    }

    /// Classifies one raster.
    ///
    /// # Errors
    /// If the width of the raster differs from the network's, a source fires twice in a step, an event has a value that the
    /// network's coding does not have, or the network's widths are not proven for this number of steps or for negative
    /// input.
    pub fn infer(&mut self, raster: &SpikeRaster) -> Result<Inference> {
        self.run(raster, None, |_, _, _| {})
    }

    /// Classifies one raster with early exit: stops as soon as the margins allow it.
    ///
    /// # Errors
    /// Fails like [`Engine::infer`].
    pub fn infer_until(&mut self, raster: &SpikeRaster, exit: Option<&Margins>) -> Result<Inference> {
        self.run(raster, exit, |_, _, _| {})
    }

    /// Classifies one raster, and calls `answers` after every step with the class found so far.
    pub(crate) fn infer_by_step(
        &mut self,
        raster: &SpikeRaster,
        exit: Option<&Margins>,
        mut answers: impl FnMut(usize),
    ) -> Result<Inference> {
        let last = self.layers.stages.len() - 1;
        let mut potentials = Vec::new();
        self.run(raster, exit, |layer, stage, _| {
            if layer == last {
                potentials.clear();
                stage.membranes(&mut potentials);
                answers(Inference::class_of(&potentials));
            }
        })
    }

    /// Number of synaptic operations up to the end of each step of the last raster.
    pub(crate) fn operations_by_step(&self) -> &[u64] {
        &self.layers.operations_by_step
    }

    /// Classifies one raster and records all spikes, and with `membranes` also all membranes.
    ///
    /// # Errors
    /// Fails like [`Engine::infer`].
    pub fn trace(&mut self, raster: &SpikeRaster, membranes: bool) -> Result<Trace> {
        self.trace_until(raster, None, membranes)
    }

    /// Traces like [`Engine::trace`], with early exit as in [`Engine::infer_until`].
    ///
    /// # Errors
    /// Fails like [`Engine::infer`].
    pub fn trace_until(
        &mut self,
        raster: &SpikeRaster,
        exit: Option<&Margins>,
        membranes: bool,
    ) -> Result<Trace> {
        let sizes: Vec<usize> = self
            .layers
            .stages
            .iter()
            .map(|stage| stage.layout().shape.size())
            .collect();
        let last = sizes.len() - 1;
        let mut layers: Vec<_> = sizes[..last].iter().map(|&size| SpikeRaster::new(size)).collect();
        let mut recorded = vec![Vec::new(); sizes.len()];
        let inference = self.run(raster, exit, |layer, stage, fired| {
            if let Some(raster) = layers.get_mut(layer) {
                raster.push_step(spikes(stage.layout(), fired));
            }
            if membranes || layer == last {
                stage.membranes(&mut recorded[layer]);
            }
        })?;
        let mut recorded: Vec<_> = recorded
            .into_iter()
            .zip(sizes)
            .map(|(values, size)| {
                let steps = values.len() / size;
                Array2::from_shape_vec((steps, size), values).expect("every step records every membrane")
            })
            .collect();
        let (potentials_by_step, membranes) = if membranes {
            (recorded[last].clone(), Some(recorded))
        } else {
            (recorded.swap_remove(last), None)
        };
        Ok(Trace {
            layers,
            potentials_by_step,
            membranes,
            inference,
        })
    }

    /// Memory of the state and of a raster, in bytes.
    pub(crate) fn memory(&self, raster: &SpikeRaster) -> ImageMemory {
        let state = self.layers.bytes();
        ImageMemory {
            used: state + raster.bytes(),
            most: state + SpikeRaster::most_bytes(raster.width(), raster.steps()).max(raster.bytes()),
        }
    }

    /// Checks that the proof of the widths covers this raster.
    fn covered_by_proof(&self, raster: &SpikeRaster) -> Result<()> {
        let signs = match self.signed {
            Some(_) => InputSigns::Signed,
            None => InputSigns::Unsigned,
        };
        let values = InputValues {
            coding: self.coding,
            signs,
        };
        let mut negative = false;
        for (step, spikes) in raster.iter().enumerate() {
            for spike in spikes {
                values.check(step, *spike)?;
                negative |= spike.is_negative();
            }
        }
        let limit = match &self.signed {
            Some(signed) if negative => signed,
            _ => &self.unsigned,
        };
        match &limit.0 {
            Some((layer, proven)) if raster.steps() > *proven => {
                Err(Error::Integer(IntegerError::StepsBeyondProof {
                    found: raster.steps(),
                    layer: layer.clone(),
                    proven: *proven,
                }))
            }
            _ => Ok(()),
        }
    }

    /// Runs all steps, or the steps up to an early exit. `observe` is called at the end of a step of each layer with
    /// the layer, its stage and the addresses that fired.
    fn run(
        &mut self,
        raster: &SpikeRaster,
        exit: Option<&Margins>,
        mut observe: impl FnMut(usize, &dyn Stage, &[u32]),
    ) -> Result<Inference> {
        self.layers.check_width(raster)?;
        self.covered_by_proof(raster)?;
        let mut inference = Inference {
            class: 0,
            steps: 0,
            potentials: Vec::new(),
            input_spikes: 0,
            spikes: vec![0; self.layers.stages.len()],
            synaptic_operations: vec![0; self.layers.stages.len()],
        };
        let last = self.layers.stages.len() - 1;
        let (mut steps, mut potentials) = (0, Vec::new());
        self.layers.run(
            raster,
            &mut inference.spikes,
            &mut inference.synaptic_operations,
            |layer, stage, fired| {
                observe(layer, stage, fired);
                if layer < last {
                    return ControlFlow::Continue(());
                }
                steps += 1;
                let stops = exit.is_some_and(|margins| {
                    potentials.clear();
                    stage.membranes(&mut potentials);
                    margins.stops(steps - 1, &potentials)
                });
                if stops {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            },
        )?;
        inference.steps = steps;
        inference.input_spikes = raster.iter().take(steps).map(|step| step.len() as u64).sum();
        if let Some(output) = self.layers.stages.last() {
            output.membranes(&mut inference.potentials);
        }
        inference.class = Inference::class_of(&inference.potentials);
        Ok(inference)
    }
}

/// Converts addresses of a layout to spikes in C, H, W order.
fn spikes(layout: Layout, addresses: &[u32]) -> impl Iterator<Item = Spike> {
    let number = |&address: &u32| u32::try_from(layout.number(address as usize)).ok();
    let mut numbers: Vec<u32> = addresses.iter().filter_map(number).collect();
    numbers.sort_unstable();
    numbers.into_iter().map(Spike::positive)
}

/// Prepared layers: all layers of a network, or its first ones.
#[derive(Clone, Debug)]
pub(crate) struct Layers {
    inputs: InputSpikes,
    stages: Vec<Box<dyn Stage>>,
    /// Spikes of every layer in the current step.
    fired: Vec<SpikeLists>,
    /// Number of synaptic operations of all layers up to the end of each step of the last run.
    operations_by_step: Vec<u64>,
    width: usize,
}

impl Layers {
    /// Prepares layers that agree with the first layers of a description and whose widths are proven.
    ///
    /// # Errors
    /// If the description is not valid.
    pub(crate) fn new(description: &NetworkDescription, layers: &[QuantizedLayer]) -> Result<Self> {
        let graph = description.graph()?;
        let build = |(index, layer)| stage::build(description, &graph, index, layer);
        let stages: Vec<_> = layers.iter().enumerate().map(build).collect();
        let room = |stage: &dyn Stage| {
            let neurons = if stage.fires() { stage.layout().size() } else { 0 };
            SpikeLists::new(neurons, 1)
        };
        Ok(Self {
            inputs: InputSpikes::new(Layout::input(description.input), description.coding),
            fired: stages.iter().map(|stage| room(&**stage)).collect(),
            stages,
            operations_by_step: Vec::with_capacity(description.steps),
            width: description.input.size(),
        })
    }

    /// Memory of the state in bytes, which does not depend on the spikes.
    fn bytes(&self) -> usize {
        let stages = self.stages.iter().map(|stage| stage.state_bytes());
        let fired = self.fired.iter().map(SpikeLists::most_bytes);
        stages.chain(fired).sum::<usize>() + self.inputs.bytes()
    }

    fn check_width(&self, raster: &SpikeRaster) -> Result<()> {
        if raster.width() == self.width {
            Ok(())
        } else {
            Err(Error::Integer(IntegerError::RasterWidth {
                found: raster.width(),
                wanted: self.width,
            }))
        }
    }

    /// Counts the spikes of every neuron for a raster: one list per layer, in C, H, W order.
    ///
    /// # Errors
    /// If the width of the raster differs from the network's, or a source fires twice in a step.
    pub(crate) fn counts(&mut self, raster: &SpikeRaster) -> Result<Vec<Vec<f32>>> {
        self.check_width(raster)?;
        let layouts: Vec<Layout> = self.stages.iter().map(|stage| stage.layout()).collect();
        let mut counts: Vec<Vec<f32>> = layouts.iter().map(|layout| vec![0.0; layout.size()]).collect();
        let mut unused = vec![0; 2 * layouts.len()];
        let (spikes, operations) = unused.split_at_mut(layouts.len());
        self.run(raster, spikes, operations, |layer, _, fired| {
            for &address in fired {
                counts[layer][address as usize] += 1.0;
            }
            ControlFlow::Continue(())
        })?;
        let in_order = |(counts, layout): (Vec<f32>, &Layout)| {
            let numbers = 0..layout.shape.size();
            numbers.map(|number| counts[layout.address(number)]).collect()
        };
        Ok(counts.into_iter().zip(&layouts).map(in_order).collect())
    }

    /// Runs all steps, or stops after the step in whose last layer `observe` breaks. Adds to the numbers of spikes and
    /// synaptic operations of each layer.
    fn run(
        &mut self,
        raster: &SpikeRaster,
        spikes: &mut [u64],
        operations: &mut [u64],
        mut observe: impl FnMut(usize, &dyn Stage, &[u32]) -> ControlFlow<()>,
    ) -> Result<()> {
        for stage in &mut self.stages {
            stage.reset();
        }
        self.operations_by_step.clear();
        for (step, input) in raster.iter().enumerate() {
            self.inputs.take(step, input)?;
            let mut goes_on = ControlFlow::Continue(());
            for (layer, stage) in self.stages.iter_mut().enumerate() {
                for path in 0..stage.sources().len() {
                    operations[layer] += match (stage.sources()[path], self.inputs.graded()) {
                        (Source::Input, None) => self
                            .inputs
                            .by_sign()
                            .map(|(addresses, negative)| stage.integrate(path, addresses, negative))
                            .iter()
                            .sum(),
                        (Source::Input, Some((addresses, values))) => {
                            stage.integrate_graded(path, addresses, values)
                        }
                        (Source::Layer(source), _) => {
                            stage.integrate(path, self.fired[source].step(0), false)
                        }
                    };
                }
                let fired = &mut self.fired[layer];
                fired.clear();
                stage.end_step(fired);
                let addresses = if stage.fires() { fired.step(0) } else { &[] };
                spikes[layer] += addresses.len() as u64;
                goes_on = observe(layer, &**stage, addresses);
            }
            self.operations_by_step.push(operations.iter().sum());
            if goes_on.is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// Layer that limits the number of steps, and the limit; `None` if any number of steps is proven.
#[derive(Clone, Debug)]
struct StepLimit(Option<(String, usize)>);

impl StepLimit {
    fn of(bounds: Vec<LayerBounds>) -> Self {
        let limits = bounds
            .into_iter()
            .filter_map(|bounds| bounds.steps.map(|steps| (bounds.layer, steps)));
        Self(limits.min_by_key(|(_, steps)| *steps))
    }
}
