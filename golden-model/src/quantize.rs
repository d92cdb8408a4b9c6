//! Quantization: converts a trained float network to the integer network that the hardware runs, with a proof that no
//! membrane overflows.
//!
//! Every channel has one scale that converts its weights to integers ([`scale`]). The channels of the output layer
//! share one scale, so that classes can be compared, and both tensors of a junction share the scales of their channels.
//! If input spikes of some inferences are given, they decide how weights are rounded ([`rounding`], [`calibration`]).
//! The scale is folded into the integer threshold and bias of the channel, and for graded input also the real number for
//! which a value of 1 stands. Guard bits, width, floor, ceiling and the increments of an identity follow from the weights
//! ([`width`]); the leak factor is converted to shifts ([`leak`]). At the end,
//! [`proof::verify`] derives the bounds again from the finished integers alone.
//! [`mod@prune`] can then remove channels that do nothing.

pub mod calibration;
mod channels;
mod config;
mod error;
mod layer;
pub mod prune;
mod report;
mod requantize;
pub mod rounding;
mod rows;
pub mod scale;
mod warnings;
pub mod width;

pub use calibration::Calibration;
pub use config::{GuardBits, Leak, QuantizeConfig, ScaleSearch};
pub use error::QuantizeError;
pub use report::{LayerReport, QuantizeReport, QuantizeWarning};
pub use requantize::requantize;

use crate::Result;
use crate::float::FloatModel;
use crate::integer::{InputSigns, InputValues, QuantizedModel, leak, proof};
use crate::network::{LayerDescription, NetworkDescription};
use crate::spikes::SpikeRaster;
use layer::{Finished, LayerTask};
use std::collections::BTreeSet;

/// Quantizes a network without calibration: only the weights decide.
///
/// # Errors
/// If the model is not valid, an option is out of range or names a layer that has no weights or does not exist, or the
/// membranes of a layer need more than 32 bits.
pub fn quantize(model: &FloatModel, config: &QuantizeConfig) -> Result<(QuantizedModel, QuantizeReport)> {
    quantize_with(model, config, &Calibration::none())
}

/// Quantizes a network like [`quantize_with`], calibrated with the given rasters.
///
/// # Errors
/// Fails like [`quantize_with`].
pub fn quantize_calibrated(
    model: &FloatModel,
    config: &QuantizeConfig,
    calibration: &[SpikeRaster],
) -> Result<(QuantizedModel, QuantizeReport)> {
    let spikes = |image: usize| Ok(calibration[image].clone());
    quantize_with(model, config, &Calibration::new(calibration.len(), &spikes))
}

/// Quantizes a network with calibration: the spikes of some inferences decide how weights are rounded. Use a few
/// hundred images of the training set, encoded as for training. At 4 bits and below, calibration about halves the loss of
/// accuracy.
///
/// The weights of a layer are rounded by the spikes that the quantized layers before it emit. Without images, the
/// result equals that of [`quantize`].
///
/// # Errors
/// Fails like [`quantize`], or if the width of a raster differs from the network's, a source fires twice within a step, an
/// event has a value that the network's coding does not have, or one is negative although the widths need to hold only
/// [`InputSigns::Unsigned`].
pub fn quantize_with(
    model: &FloatModel,
    config: &QuantizeConfig,
    calibration: &Calibration<'_>,
) -> Result<(QuantizedModel, QuantizeReport)> {
    let description = &model.description;
    config.validate(description)?;
    model.validate()?;
    let input = config.input.unwrap_or_else(|| InputSigns::of(description));
    let values = InputValues {
        coding: description.coding,
        signs: input,
    };
    calibration.check(description.input.size(), values)?;
    let mut warnings = Vec::new();
    let mut leaks = BTreeSet::new();
    let nodes = description.graph()?.nodes;
    let mut layers = Vec::with_capacity(nodes.len());
    let mut fits = Vec::with_capacity(nodes.len());
    for (index, (described, node)) in description.layers.iter().zip(&nodes).enumerate() {
        let has_weights = node.tensor.is_some();
        let biases = model.biases_of(index);
        let moments = if has_weights {
            calibration.moments(description, &layers, &described.kind, node, !biases.is_empty())?
        } else {
            None
        };
        let (wanted, leak_shifts) = leak_of(described, description, &config.leak);
        if leaks.insert(wanted.to_bits()) {
            warnings.extend(leak_warning(wanted, &leak_shifts));
        }
        let task = LayerTask {
            model,
            described,
            node,
            biases,
            leak_shifts: &leak_shifts,
            input: values,
        };
        let finished = task.quantize(config, moments.as_ref())?;
        let Finished {
            layer,
            fit,
            warnings: of_layer,
        } = finished;
        warnings.extend(of_layer);
        if has_weights && moments.is_none() && calibration.images() > 0 {
            warnings.push(QuantizeWarning::NotCalibrated {
                layer: described.name.clone(),
            });
        }
        layers.push(layer);
        fits.push(fit);
    }
    let mut provenance = model.provenance.clone();
    provenance.insert("quantize.scale".to_owned(), format!("{:?}", config.scale));
    provenance.insert(
        "quantize.calibration".to_owned(),
        format!("{} inferences", calibration.images()),
    );
    let quantized = QuantizedModel {
        description: description.clone(),
        layers,
        provenance,
    };

    let bounds = proof::verify(&quantized, input)?;
    for (layer, bounds) in quantized.layers.iter().zip(&bounds) {
        warnings.extend(self::warnings::of_bounds(layer, bounds));
    }
    if calibration.images() > 0 {
        let activity = calibration.activity(&quantized)?;
        for (layer, activity) in quantized.layers.iter().zip(&activity) {
            warnings.extend(self::warnings::of_activity(layer, activity));
        }
    }
    let report = QuantizeReport::new(&quantized, &fits, bounds, warnings);
    Ok((quantized, report))
}

/// Leak that a layer would have, and its shifts. A layer with a leak of its own keeps it, whatever leak is asked for.
fn leak_of(layer: &LayerDescription, network: &NetworkDescription, asked: &Leak) -> (f64, Vec<u8>) {
    let wanted = f64::from(layer.leak.unwrap_or(network.leak));
    let shifts = match asked {
        Leak::Shifts(shifts) if layer.leak.is_none() => shifts.clone(),
        _ => leak::fit(wanted),
    };
    (wanted, shifts)
}

fn leak_warning(wanted: f64, shifts: &[u8]) -> Vec<QuantizeWarning> {
    let found = leak::factor(shifts);
    let off = (found - wanted).abs() > leak::TOLERANCE * (1.0 - wanted);
    if off {
        vec![QuantizeWarning::Leak { wanted, found }]
    } else {
        Vec::new()
    }
}
