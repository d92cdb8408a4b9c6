//! Pruning by data: which channels fired on some inferences, and whether two networks compute the same on them.

use crate::integer::{Engine, Layers, QuantizedModel};
use crate::quantize::{Calibration, QuantizeError};
use crate::{Error, Result};
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Channels of a network that fired in some inferences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiredChannels {
    /// Number of inferences.
    pub inferences: usize,
    /// For every layer, and every output channel, whether it fired at any position and step; true for the output layer,
    /// whose potentials are the answer.
    pub channels: Vec<Vec<bool>>,
}

impl FiredChannels {
    /// Observes a network in some inferences. `progress` is called after each one, from any thread, with the number done.
    ///
    /// # Errors
    /// If the description is not valid, or a raster does not fit.
    pub fn observe(
        model: &QuantizedModel,
        inferences: &Calibration<'_>,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Self> {
        let shapes = model.description.shapes();
        let hidden = &model.layers[..model.layers.len() - 1];
        let layers = Layers::new(&model.description, hidden)?;
        let done = AtomicUsize::new(0);
        let silent = || -> Vec<Vec<bool>> {
            let of_layer = |(index, layer): (usize, &crate::integer::QuantizedLayer)| {
                vec![index == hidden.len(); layer.outputs()]
            };
            model.layers.iter().enumerate().map(of_layer).collect()
        };
        let observe = |layers: &mut Layers, inference: usize| {
            let counts = layers.counts(&inferences.spikes(inference)?)?;
            let mut fired = silent();
            for ((fired, counts), shape) in fired.iter_mut().zip(counts).zip(&shapes) {
                let channels = counts.chunks(shape.height * shape.width);
                for (fired, counts) in fired.iter_mut().zip(channels) {
                    *fired = counts.iter().any(|&count| count > 0.0);
                }
            }
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
            Ok::<Vec<Vec<bool>>, Error>(fired)
        };
        let channels = (0..inferences.images())
            .into_par_iter()
            .map_init(|| layers.clone(), observe)
            .try_reduce(silent, |mut one, other| {
                for (one, other) in one.iter_mut().flatten().zip(other.iter().flatten()) {
                    *one |= other;
                }
                Ok(one)
            })?;
        Ok(Self {
            inferences: inferences.images(),
            channels,
        })
    }

    /// Checks that the channels are those of a network.
    pub(super) fn check(&self, model: &QuantizedModel) -> Result<()> {
        let found: Vec<usize> = self.channels.iter().map(Vec::len).collect();
        let wanted: Vec<usize> = model.layers.iter().map(|layer| layer.outputs()).collect();
        if found == wanted {
            Ok(())
        } else {
            Err(Error::Quantize(QuantizeError::FiredChannels { found, wanted }))
        }
    }
}

/// First potential in which two networks differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PotentialDifference {
    /// Number of the inference.
    pub inference: usize,
    /// Step, counted from 0.
    pub step: usize,
    /// Class.
    pub class: usize,
    /// Potential of the first network after this step.
    pub wanted: i32,
    /// Potential of the second network.
    pub found: i32,
}

/// Compares the potentials of two networks of the same input and classes after every step of some inferences. `progress` is
/// called after each inference, from any thread, with the number done. Returns the difference in the first inference that
/// has one.
///
/// # Errors
/// If a network is inconsistent, or a raster does not fit.
pub fn first_difference(
    one: &QuantizedModel,
    other: &QuantizedModel,
    inferences: &Calibration<'_>,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Option<PotentialDifference>> {
    let engines = (Engine::new(one)?, Engine::new(other)?);
    let done = AtomicUsize::new(0);
    let compare = |(one, other): &mut (Engine, Engine), inference: usize| {
        let raster = inferences.spikes(inference)?;
        let wanted = one.trace(&raster, false)?.potentials_by_step;
        let found = other.trace(&raster, false)?.potentials_by_step;
        progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        let mut pairs = wanted.indexed_iter().zip(&found);
        let different = pairs.find(|((_, wanted), found)| wanted != found);
        Ok(
            different.map(|(((step, class), &wanted), &found)| PotentialDifference {
                inference,
                step,
                class,
                wanted,
                found,
            }),
        )
    };
    let differences: Vec<Result<Option<PotentialDifference>>> = (0..inferences.images())
        .into_par_iter()
        .map_init(|| engines.clone(), compare)
        .collect();
    differences.into_iter().find_map(Result::transpose).transpose()
}
