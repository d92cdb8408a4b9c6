//! A quantized network made ready to run: parameters laid out for events, state, and scratch space for one image.

use super::early_exit::Margins;
use super::inference::{Inference, Trace};
use super::input::InputSpikes;
use super::proof::verify;
use super::stage::{self, Stage};
use super::{InputSigns, LayerBounds, QuantizedLayer, QuantizedModel};
use crate::events::{ImageMemory, Layout, SpikeLists};
use crate::integer::IntegerError;
use crate::network::{NetworkDescription, Source};
use crate::spikes::{Spike, SpikeRaster};
use crate::{Error, Result};
use ndarray::Array2;
use std::ops::ControlFlow;

/// A quantized network made ready to run. Reuse it for many images: between them it allocates only its results.
///
/// A clone shares the parameters and has a state of its own, so give each thread one.
#[derive(Clone, Debug)]
pub struct Engine {
    layers: Layers,
    /// What the widths are proven for, without and with negative input spikes.
    unsigned: StepLimit,
    signed: Option<StepLimit>,
}

impl Engine {
    /// Makes a network ready.
    ///
    /// # Errors
    /// If the network is inconsistent ([`QuantizedModel::validate`]) or its widths are too small
    /// ([`proof::verify`](crate::integer::proof::verify)).
    pub fn new(model: &QuantizedModel) -> Result<Self> {
        let unsigned = StepLimit::of(verify(model, InputSigns::Unsigned)?);
        let signed = verify(model, InputSigns::Signed).ok().map(StepLimit::of);
        Ok(Self {
            layers: Layers::new(&model.description, &model.layers)?,
            unsigned,
            signed,
        })
    }

    /// Classifies one raster.
    ///
    /// # Errors
    /// If the raster's width is not the network's, a source fires twice in a step, or the network's widths are not
    /// proven for that many steps or for negative spikes.
    pub fn infer(&mut self, raster: &SpikeRaster) -> Result<Inference> {
        self.run(raster, None, |_, _, _| {})
    }

    /// Classifies one raster, and stops where the margins say so.
    ///
    /// # Errors
    /// Fails like [`Engine::infer`].
    pub fn infer_until(&mut self, raster: &SpikeRaster, exit: Option<&Margins>) -> Result<Inference> {
        self.run(raster, exit, |_, _, _| {})
    }

    /// Classifies one raster, and tells `answers`, after every step, the class that would have been found had it been the
    /// last.
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

    /// Synaptic operations up to the end of every step of the last raster.
    pub(crate) fn operations_by_step(&self) -> &[u64] {
        &self.layers.operations_by_step
    }

    /// Classifies one raster and records every spike, and with `membranes` also every membrane.
    ///
    /// # Errors
    /// Fails like [`Engine::infer`].
    pub fn trace(&mut self, raster: &SpikeRaster, membranes: bool) -> Result<Trace> {
        self.trace_until(raster, None, membranes)
    }

    /// [`Engine::trace`], which stops where the margins say so.
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

    /// Memory of the state and of a raster.
    pub(crate) fn memory(&self, raster: &SpikeRaster) -> ImageMemory {
        let state = self.layers.bytes();
        ImageMemory {
            used: state + raster.bytes(),
            most: state + SpikeRaster::most_bytes(raster.width(), raster.steps()).max(raster.bytes()),
        }
    }

    /// Whether the proof of the widths holds for this raster.
    fn covered_by_proof(&self, raster: &SpikeRaster) -> Result<()> {
        let negative = |(step, spikes): (usize, &[Spike])| {
            spikes
                .iter()
                .find(|spike| spike.negative)
                .map(|spike| (step, spike.address))
        };
        let limit = match raster.iter().enumerate().find_map(negative) {
            None => &self.unsigned,
            Some((step, source_address)) => {
                self.signed
                    .as_ref()
                    .ok_or(Error::Integer(IntegerError::NegativeSpike {
                        step,
                        source_address,
                    }))?
            }
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

    /// Runs all steps, or those up to an early exit; `observe` is told of every layer's end of step: layer, stage,
    /// addresses that fired.
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

/// Spikes of a layout's neurons, in C, H, W order.
fn spikes(layout: Layout, addresses: &[u32]) -> impl Iterator<Item = Spike> {
    let number = |&address: &u32| u32::try_from(layout.number(address as usize)).ok();
    let mut numbers: Vec<u32> = addresses.iter().filter_map(number).collect();
    numbers.sort_unstable();
    numbers.into_iter().map(Spike::positive)
}

/// The first layers of a network, or all of them.
#[derive(Clone, Debug)]
pub(crate) struct Layers {
    inputs: InputSpikes,
    stages: Vec<Box<dyn Stage>>,
    /// The spikes of every layer in the current step.
    fired: Vec<SpikeLists>,
    /// Synaptic operations of all layers up to the end of every step of the last run.
    operations_by_step: Vec<u64>,
    width: usize,
}

impl Layers {
    /// Makes layers ready that agree with the first ones of a description, and whose widths are proven.
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
            inputs: InputSpikes::new(Layout::input(description.input)),
            fired: stages.iter().map(|stage| room(&**stage)).collect(),
            stages,
            operations_by_step: Vec::with_capacity(description.steps),
            width: description.input.size(),
        })
    }

    /// Memory of the state, which does not depend on what fires.
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

    /// How often every neuron of every layer fires for a raster, in C, H, W order.
    ///
    /// # Errors
    /// If the raster's width is not the network's, or a source fires twice in a step.
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

    /// Runs all steps, or those up to one after whose last layer `observe` breaks off; adds to each layer's numbers of
    /// spikes and synaptic operations.
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
                    operations[layer] += match stage.sources()[path] {
                        Source::Input => self
                            .inputs
                            .by_sign()
                            .map(|(addresses, negative)| stage.integrate(path, addresses, negative))
                            .iter()
                            .sum(),
                        Source::Layer(source) => stage.integrate(path, self.fired[source].step(0), false),
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

/// The layer that limits the number of steps, and that number; none where any number is proven.
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
