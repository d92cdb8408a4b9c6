//! Requantization: new weights in an existing number format.
//!
//! Fine-tuning needs it: the thresholds, guard bits, leak and floor of a quantized network stay fixed while weights are
//! trained, and the result must have exactly the trained integers. Only the widths follow from the new weights.

use super::channels::{Channels, Fit};
use super::error::QuantizeError;
use super::report::QuantizeReport;
use super::rows::{Rows, unit_of};
use super::width::PREFERRED_BITS;
use super::{warnings, width};
use crate::float::FloatModel;
use crate::integer::proof::bits_of;
use crate::integer::{
    InputSigns, InputValues, IntegerError, Neuron, QuantizedLayer, QuantizedModel, QuantizedShortcut, proof,
};
use crate::network::{LayerDescription, LayerKind, NetworkDescription, Node};
use crate::{Error, Result};

/// Rounds weights to the nearest integers for given scales, with one list per layer and one scale per channel
/// ([`LayerReport::channel_scales`](super::LayerReport::channel_scales)); the list of a pooling layer is ignored. Biases are
/// rounded to the nearest membrane LSB. All else stays as in `format`, a quantized form of the same network: weight bits,
/// guard bits, thresholds, increments of identities, leak, floor and ceiling. Channels that are silent in `format`, with no
/// weights, no bias and a threshold of 0, stay silent.
///
/// The widths are proven anew for input spikes of the given signs, and are as small as the proof allows: larger than in
/// `format` if the new weights have larger sums, or smaller.
///
/// # Errors
/// If the model or the format is not valid, they have different networks, a scale is missing or not a positive number,
/// or the membranes of a layer need more than 32 bits.
pub fn requantize(
    model: &FloatModel,
    scales: &[Vec<f64>],
    format: &QuantizedModel,
    input: InputSigns,
) -> Result<(QuantizedModel, QuantizeReport)> {
    model.validate()?;
    format.validate()?;
    let description = &model.description;
    if format.description != *description {
        return Err(QuantizeError::OtherNetwork {
            network: description.name.clone(),
            format: format.description.name.clone(),
        }
        .into());
    }
    let nodes = description.graph()?.nodes;
    let values = InputValues {
        coding: description.coding,
        signs: input,
    };
    let mut layers = Vec::with_capacity(nodes.len());
    let mut fits = Vec::with_capacity(nodes.len());
    for (index, (described, node)) in description.layers.iter().zip(&nodes).enumerate() {
        let scales = scales.get(index).map_or(&[][..], Vec::as_slice);
        let (mut layer, fit) = rounded(model, described, node, scales, &format.layers[index])?;
        layer.biases = biases(model.biases_of(index), scales, &format.layers[index]);
        layer.membrane_bits = least_width(&layer, described, node, description, values)?;
        layers.push(layer);
        fits.push(fit);
    }
    let quantized = QuantizedModel {
        description: description.clone(),
        layers,
        provenance: model.provenance.clone(),
    };
    let bounds = proof::verify(&quantized, input)?;
    let layers = quantized.layers.iter().zip(&bounds);
    let warnings = layers
        .flat_map(|(layer, bounds)| warnings::of_bounds(layer, bounds))
        .collect();
    let report = QuantizeReport::new(&quantized, &fits, bounds, warnings);
    Ok((quantized, report))
}

/// Rounds new weights of a layer in the number format of an existing layer.
fn rounded(
    model: &FloatModel,
    described: &LayerDescription,
    node: &Node,
    scales: &[f64],
    format: &QuantizedLayer,
) -> Result<(QuantizedLayer, Fit)> {
    let Some(rows) = Rows::of(model, node) else {
        let kernel = match described.kind {
            LayerKind::Pool { kernel } => kernel,
            LayerKind::Conv { .. } | LayerKind::Fc { .. } | LayerKind::Out { .. } => 1,
        };
        let unit = f64::from(unit_of(&model.description, node.source));
        let scale = unit / (kernel * kernel) as f64;
        return Ok((format.clone(), Fit::of_pooling(scale, format.outputs())));
    };
    check(scales, &described.name, rows.weights.nrows())?;
    let Channels { mut integers, fit } = Channels::with_scales(&rows.weights, format.weight_bits, scales);
    for channel in 0..format.outputs() {
        if format.is_silent(channel) {
            integers.row_mut(channel).fill(0);
        }
    }
    let (weights, second) = rows.split(&integers);
    let layer = QuantizedLayer {
        weights,
        shortcut: second
            .map(QuantizedShortcut::Weights)
            .or_else(|| format.shortcut.clone()),
        ..format.clone()
    };
    Ok((layer, fit))
}

/// Rounds biases in the number format of an existing layer.
fn biases(biases: &[f32], scales: &[f64], format: &QuantizedLayer) -> Vec<i32> {
    let rounded = |(channel, (&bias, scale)): (usize, (&f32, &f64))| {
        if format.is_silent(channel) {
            return 0;
        }
        let whole = width::rounded(f64::from(bias) / scale, format.guard_bits);
        // The width refuses such a number.
        i32::try_from(whole).unwrap_or(if whole < 0 { i32::MIN } else { i32::MAX })
    };
    biases.iter().zip(scales).enumerate().map(rounded).collect()
}

fn check(scales: &[f64], layer: &str, wanted: usize) -> Result<()> {
    let layer = || layer.to_owned();
    if scales.len() != wanted {
        return Err(QuantizeError::ScaleCount {
            layer: layer(),
            found: scales.len(),
            wanted,
        }
        .into());
    }
    let wrong = |(_, scale): &(usize, &f64)| !(scale.is_finite() && **scale > 0.0);
    match scales.iter().enumerate().find(wrong) {
        None => Ok(()),
        Some((channel, &scale)) => Err(QuantizeError::Scale {
            layer: layer(),
            channel,
            scale,
        }
        .into()),
    }
}

/// Smallest width in bits that holds every sum and every number of the format.
pub(super) fn least_width(
    layer: &QuantizedLayer,
    described: &LayerDescription,
    node: &Node,
    description: &NetworkDescription,
    input: InputValues,
) -> Result<u8> {
    let sums = proof::of_layer(layer, &described.kind, node, input);
    let bounds = proof::bounds_of(layer, &sums, description, PREFERRED_BITS);
    let thresholds = match &layer.neuron {
        Neuron::Lif { thresholds } => thresholds.as_slice(),
        Neuron::Output => &[],
    };
    let increments = match &layer.shortcut {
        Some(QuantizedShortcut::Identity(increments)) => increments.as_slice(),
        Some(QuantizedShortcut::Weights(_)) | None => &[],
    };
    let largest = thresholds.iter().chain(increments).max().copied().unwrap_or(0);
    let lowest = bounds.lowest.min(layer.floor.into());
    let highest = bounds.highest.max(largest.max(layer.ceiling.unwrap_or(0)).into());
    let needed = bits_of(lowest, highest).max(2);
    match u8::try_from(needed) {
        Ok(bits) if bits <= 32 => Ok(bits),
        _ => Err(Error::Integer(IntegerError::MembraneOverflow {
            layer: layer.name.clone(),
            membrane_bits: 32,
            lowest,
            highest,
            needed,
        })),
    }
}
