//! The part of a network that leads to one layer, as a network of its own.

use super::calibration::counts;
use crate::Result;
use crate::integer::Engine;
use crate::network::{LayerDescription, LayerKind, NetworkDescription, Source};
use crate::quantized::{Neuron, QuantizedLayer, QuantizedModel};
use crate::spikes::SpikeRaster;
use ndarray::Array2;
use std::collections::BTreeMap;

/// The part of a network that leads to a layer, ready to run.
#[derive(Clone, Debug)]
pub(super) struct Front {
    /// None where the layer's source is the input itself.
    engine: Option<Engine>,
    /// What it reaches, in the order of the engine's layers.
    reached: Vec<Source>,
}

impl Front {
    /// What leads to a source, and the source itself; `layers` are quantized as far as that.
    pub(super) fn to(
        source: Source,
        description: &NetworkDescription,
        layers: &[QuantizedLayer],
    ) -> Result<Self> {
        let Source::Layer(last) = source else {
            return Ok(Self {
                engine: None,
                reached: Vec::new(),
            });
        };
        let nodes = description.graph()?.nodes;
        let mut wanted = vec![false; last + 1];
        wanted[last] = true;
        for index in (0..=last).rev() {
            if !wanted[index] {
                continue;
            }
            let node = &nodes[index];
            for source in std::iter::once(node.source).chain(node.junction.as_ref().map(|path| path.source)) {
                if let Source::Layer(before) = source {
                    wanted[before] = true;
                }
            }
        }
        let kept: Vec<usize> = (0..=last).filter(|&index| wanted[index]).collect();
        let name = |source: Source| match source {
            Source::Input => "input".to_owned(),
            Source::Layer(index) => description.layers[index].name.clone(),
        };
        let mut described: Vec<LayerDescription> = kept
            .iter()
            .map(|&index| LayerDescription {
                from: Some(name(nodes[index].source)),
                ..description.layers[index].clone()
            })
            .collect();
        // There is no network without an output layer; the name of the real one is free.
        let output = &description.layers[description.layers.len() - 1].name;
        described.push(LayerDescription::new(output, LayerKind::Out { out: 1 }));
        let mut quantized: Vec<QuantizedLayer> = kept.iter().map(|&index| layers[index].clone()).collect();
        quantized.push(rest(output, nodes[last].output.size()));
        let model = QuantizedModel {
            description: NetworkDescription {
                layers: described,
                ..description.clone()
            },
            layers: quantized,
            provenance: BTreeMap::new(),
        };
        Ok(Self {
            engine: Some(Engine::new(&model)?),
            reached: kept.into_iter().map(Source::Layer).collect(),
        })
    }

    /// Whether spikes of that source can be counted.
    pub(super) fn reaches(&self, source: Source) -> bool {
        source == Source::Input || self.reached.contains(&source)
    }

    /// Sums of the signs of the spikes of every source that is reached, in C, H, W order.
    pub(super) fn counts(&mut self, raster: &SpikeRaster) -> Result<Vec<(Source, Vec<f32>)>> {
        let mut found = vec![(Source::Input, counts(raster.width(), raster.iter().flatten()))];
        if let Some(engine) = &mut self.engine {
            let trace = engine.trace(raster, false)?;
            let layers = self.reached.iter().zip(&trace.layers);
            found.extend(
                layers.map(|(&source, raster)| (source, counts(raster.width(), raster.iter().flatten()))),
            );
        }
        Ok(found)
    }
}

/// An output layer that takes everything in and adds nothing.
fn rest(name: &str, sources: usize) -> QuantizedLayer {
    QuantizedLayer {
        name: name.to_owned(),
        weights: Array2::zeros((1, sources)),
        shortcut: None,
        weight_bits: 2,
        guard_bits: 0,
        membrane_bits: 2,
        leak_shifts: Vec::new(),
        floor: 0,
        neuron: Neuron::Output,
    }
}
