//! What a train reaches in a network, by the golden model.

use crate::error::Result;
use std::collections::BTreeSet;
use synfire_golden_model::integer::{Engine, QuantizedModel};
use synfire_golden_model::spikes::SpikeRaster;
use synfire_hw::geometry::Geometry;

/// Something that can be reached of a channel or, of ranges, of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    /// A neuron fired.
    Fired,
    /// A membrane was held by the floor.
    Floor,
    /// A membrane below zero.
    Negative,
    /// A membrane above zero was swept in a step without spikes for the layer: it was read from memory, and leaked.
    PositiveAtRest,
    /// The same below zero.
    NegativeAtRest,
    /// A membrane of so many bits; of a layer.
    Bits(u32),
    /// One below zero.
    NegativeBits(u32),
}

/// What was reached so far: layer, channel (0 of ranges), what.
#[derive(Debug)]
pub struct Coverage<'a> {
    model: &'a QuantizedModel,
    geometry: Geometry,
    engine: Engine,
    reached: BTreeSet<(usize, usize, Reached)>,
}

impl<'a> Coverage<'a> {
    /// Nothing yet.
    ///
    /// # Errors
    /// Those of the golden model.
    pub fn new(model: &'a QuantizedModel) -> Result<Self> {
        Ok(Self {
            model,
            geometry: Geometry::of(model)?,
            engine: Engine::new(model)?,
            reached: BTreeSet::new(),
        })
    }

    /// What a raster reaches.
    ///
    /// # Errors
    /// Those of the golden model.
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

    /// How much of that nothing has reached before.
    #[must_use]
    pub fn new_of(&self, reached: &BTreeSet<(usize, usize, Reached)>) -> usize {
        reached.difference(&self.reached).count()
    }

    /// Adds what was reached.
    pub fn add(&mut self, reached: BTreeSet<(usize, usize, Reached)>) {
        self.reached.extend(reached);
    }

    /// The channels of a layer of which something has not been reached.
    #[must_use]
    pub fn missing(&self, layer: usize, what: Reached) -> Vec<usize> {
        (0..self.geometry.layers[layer].neurons.channels)
            .filter(|&channel| !self.reached.contains(&(layer, channel, what)))
            .collect()
    }

    /// Whether anything of a layer has been reached.
    #[must_use]
    pub fn has(&self, layer: usize, what: Reached) -> bool {
        self.reached
            .iter()
            .any(|&(of, _, reached)| (of, reached) == (layer, what))
    }
}
