//! Coverage: the states of a network that a train reaches in the golden model.

use crate::error::Result;
use std::collections::BTreeSet;
use synfire_golden_model::integer::{Engine, QuantizedModel};
use synfire_golden_model::spikes::SpikeRaster;
use synfire_hw::geometry::Geometry;

/// State that a channel can reach; ranges of bits are states of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    /// A neuron fired.
    Fired,
    /// The floor held a membrane.
    Floor,
    /// A membrane was below zero.
    Negative,
    /// A membrane above zero was swept in a step without spikes for the layer, so it was read from memory, and it leaked.
    PositiveAtRest,
    /// A membrane below zero was swept in a step without spikes for the layer.
    NegativeAtRest,
    /// A membrane of the layer had this many bits.
    Bits(u32),
    /// A membrane of the layer below zero had this many bits.
    NegativeBits(u32),
}

/// States that were reached so far: layer, channel (0 for ranges of bits), state.
#[derive(Debug)]
pub struct Coverage<'a> {
    model: &'a QuantizedModel,
    geometry: Geometry,
    engine: Engine,
    reached: BTreeSet<(usize, usize, Reached)>,
}

impl<'a> Coverage<'a> {
    /// Coverage of a model in which nothing has been reached yet.
    ///
    /// # Errors
    /// The errors of the golden model.
    pub fn new(model: &'a QuantizedModel) -> Result<Self> {
        Ok(Self {
            model,
            geometry: Geometry::of(model)?,
            engine: Engine::new(model)?,
            reached: BTreeSet::new(),
        })
    }

    /// States that a raster reaches.
    ///
    /// # Errors
    /// The errors of the golden model.
    pub fn reached(&mut self, raster: &SpikeRaster) -> Result<BTreeSet<(usize, usize, Reached)>> {
        let trace = self.engine.trace(raster, true)?;
        let mut reached = BTreeSet::new();
        let membranes = trace.membranes.iter().flatten();
        for (layer, (membranes, geometry)) in membranes.zip(&self.geometry.layers).enumerate() {
            let positions = geometry.neurons.height * geometry.neurons.width;
            let floor = self.model.layers[layer].floor;
            if let Some(spikes) = trace.layers.get(layer) {
                for spike in spikes.iter().flatten() {
                    reached.insert((layer, spike.address as usize / positions, Reached::Fired));
                }
            }
            for (step, row) in membranes.rows().into_iter().enumerate() {
                let rests = geometry.paths.iter().all(|path| {
                    let source = path
                        .stream
                        .checked_sub(1)
                        .map_or(raster, |layer| &trace.layers[layer]);
                    source.step(step).is_empty()
                });
                for (neuron, &membrane) in row.iter().enumerate() {
                    let channel = neuron / positions;
                    let before = step.checked_sub(1).map_or(0, |step| membranes[(step, neuron)]);
                    let mut reach = |what| reached.insert((layer, channel, what));
                    if membrane < 0 {
                        reach(Reached::Negative);
                        if membrane == floor {
                            reach(Reached::Floor);
                        }
                    }
                    if rests && before != 0 {
                        reach(if before > 0 {
                            Reached::PositiveAtRest
                        } else {
                            Reached::NegativeAtRest
                        });
                    }
                    let bits = 32 - membrane.unsigned_abs().leading_zeros();
                    reached.insert((
                        layer,
                        0,
                        if membrane < 0 {
                            Reached::NegativeBits(bits)
                        } else {
                            Reached::Bits(bits)
                        },
                    ));
                }
            }
        }
        Ok(reached)
    }

    /// Number of these states that have not been reached before.
    #[must_use]
    pub fn new_of(&self, reached: &BTreeSet<(usize, usize, Reached)>) -> usize {
        reached.difference(&self.reached).count()
    }

    /// Adds states that were reached.
    pub fn add(&mut self, reached: BTreeSet<(usize, usize, Reached)>) {
        self.reached.extend(reached);
    }

    /// Channels of a layer that have not reached a state.
    #[must_use]
    pub fn missing(&self, layer: usize, what: Reached) -> Vec<usize> {
        (0..self.geometry.layers[layer].neurons.channels)
            .filter(|&channel| !self.reached.contains(&(layer, channel, what)))
            .collect()
    }

    /// Whether any channel of a layer has reached a state.
    #[must_use]
    pub fn has(&self, layer: usize, what: Reached) -> bool {
        self.reached
            .iter()
            .any(|&(of, _, reached)| (of, reached) == (layer, what))
    }
}
