//! A quantized network made ready to run: parameters laid out for events, state, and scratch space for one image.

use super::inference::{Inference, Trace};
use super::stage::{self, Stage};
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
}

impl Engine {
    /// Makes a network ready.
    ///
    /// # Errors
    /// If the network is inconsistent ([`QuantizedModel::validate`]).
    pub fn new(model: &QuantizedModel) -> Result<Self> {
        model.validate()?;
        let stages = model.layers.iter().filter_map(stage::build).collect();
        let inputs = model.description.input.size();
        Ok(Self {
            inputs,
            stages,
            events: Default::default(),
            sources: SourceCheck::new(inputs),
        })
    }

    /// Classifies one raster.
    ///
    /// # Errors
    /// If the raster's width is not the network's, or a source fires twice in a step.
    pub fn infer(&mut self, raster: &SpikeRaster) -> Result<Inference> {
        self.run(raster, |_, _, _| {})
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

/// Finds sources that fire twice within a step.
#[derive(Clone, Debug)]
struct SourceCheck {
    /// Stamp of the step in which each source last fired.
    last: Vec<u64>,
    stamp: u64,
}

impl SourceCheck {
    fn new(sources: usize) -> Self {
        Self {
            last: vec![0; sources],
            stamp: 0,
        }
    }

    fn check(&mut self, step: usize, spikes: &[Spike]) -> Result<()> {
        self.stamp += 1;
        for spike in spikes {
            let last = &mut self.last[spike.address as usize];
            if *last == self.stamp {
                return Err(Error::DuplicateSpike {
                    step,
                    source_address: spike.address,
                });
            }
            *last = self.stamp;
        }
        Ok(())
    }
}
