//! A quantized network made ready to run: parameters laid out for events, state, and scratch space for one image.

use super::inference::{Inference, Trace};
use super::sources::SourceCheck;
use super::stage::{self, Stage};
use crate::quantize::proof::{InputSpikes, LayerBounds, verify};
use crate::quantized::QuantizedModel;
use crate::spikes::{Spike, SpikeRaster};
use crate::{Error, Result};
use ndarray::Array2;

/// A quantized network made ready to run. Reuse it for many images: between them it allocates only its results.
///
/// A clone shares the parameters and has a state of its own, so give each thread one.
#[derive(Clone, Debug)]
pub struct Engine {
    inputs: usize,
    stages: Vec<Box<dyn Stage>>,
    /// Spikes that enter and leave the stage at work.
    events: [Vec<Spike>; 2],
    sources: SourceCheck,
    /// What the widths are proven for, without and with negative input spikes.
    unsigned: StepLimit,
    signed: Option<StepLimit>,
}

impl Engine {
    /// Makes a network ready.
    ///
    /// # Errors
    /// If the network is inconsistent ([`QuantizedModel::validate`]) or its widths are too small
    /// ([`proof::verify`](crate::quantize::proof::verify)).
    pub fn new(model: &QuantizedModel) -> Result<Self> {
        model.description.require_fully_connected("the integer engine")?;
        let unsigned = StepLimit::of(verify(model, InputSpikes::Unsigned)?);
        let signed = verify(model, InputSpikes::Signed).ok().map(StepLimit::of);
        let stages = model.layers.iter().filter_map(stage::build).collect();
        let inputs = model.description.input.size();
        let sources = SourceCheck::new(inputs);
        Ok(Self {
            inputs,
            stages,
            events: Default::default(),
            sources,
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
        self.run(raster, |_, _, _| {})
    }

    /// Classifies one raster, and tells `answers`, after every step, the class that would have been found had it been the
    /// last.
    pub(super) fn infer_by_step(
        &mut self,
        raster: &SpikeRaster,
        mut answers: impl FnMut(usize),
    ) -> Result<Inference> {
        let last = self.stages.len() - 1;
        let mut potentials = Vec::new();
        self.run(raster, |layer, stage, _| {
            if layer == last {
                potentials.clear();
                stage.membranes(&mut potentials);
                answers(Inference::class_of(&potentials));
            }
        })
    }

    /// Classifies one raster and records every spike, and with `membranes` also every membrane.
    ///
    /// # Errors
    /// As [`Engine::infer`].
    pub fn trace(&mut self, raster: &SpikeRaster, membranes: bool) -> Result<Trace> {
        let last = self.stages.len() - 1;
        let mut layers: Vec<_> = self.stages[..last]
            .iter()
            .map(|stage| SpikeRaster::new(stage.outputs()))
            .collect();
        let mut recorded = vec![Vec::new(); self.stages.len()];
        let inference = self.run(raster, |layer, stage, fired| {
            if let Some(raster) = layers.get_mut(layer) {
                raster.push_step(fired.iter().copied());
            }
            if membranes || layer == last {
                stage.membranes(&mut recorded[layer]);
            }
        })?;
        let mut recorded: Vec<_> = recorded
            .into_iter()
            .zip(&self.stages)
            .map(|(values, stage)| {
                let steps = values.len() / stage.outputs();
                Array2::from_shape_vec((steps, stage.outputs()), values)
                    .expect("every step records every membrane")
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
            Some((step, source_address)) => self
                .signed
                .as_ref()
                .ok_or(Error::NegativeSpike { step, source_address })?,
        };
        match &limit.0 {
            Some((layer, proven)) if raster.steps() > *proven => Err(Error::StepsBeyondProof {
                found: raster.steps(),
                layer: layer.clone(),
                proven: *proven,
            }),
            _ => Ok(()),
        }
    }

    /// Runs all steps; `observe` is told of every layer's end of step: layer, stage, spikes that leave it.
    fn run(
        &mut self,
        raster: &SpikeRaster,
        mut observe: impl FnMut(usize, &dyn Stage, &[Spike]),
    ) -> Result<Inference> {
        if raster.width() != self.inputs {
            return Err(Error::RasterWidth {
                found: raster.width(),
                wanted: self.inputs,
            });
        }
        self.covered_by_proof(raster)?;
        let mut spikes = vec![0; self.stages.len()];
        let mut synaptic_operations = vec![0; self.stages.len()];
        let [arriving, leaving] = &mut self.events;
        for stage in &mut self.stages {
            stage.reset();
        }
        for (step, input) in raster.iter().enumerate() {
            self.sources.check(step, input)?;
            arriving.clear();
            arriving.extend_from_slice(input);
            for (layer, stage) in self.stages.iter_mut().enumerate() {
                leaving.clear();
                synaptic_operations[layer] += stage.integrate(arriving);
                stage.end_of_step(leaving);
                spikes[layer] += leaving.len() as u64;
                observe(layer, &**stage, leaving);
                std::mem::swap(arriving, leaving);
            }
        }
        let mut potentials = Vec::new();
        if let Some(output) = self.stages.last() {
            output.membranes(&mut potentials);
        }
        Ok(Inference {
            class: Inference::class_of(&potentials),
            potentials,
            input_spikes: raster.total() as u64,
            spikes,
            synaptic_operations,
        })
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
