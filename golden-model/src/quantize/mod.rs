//! From a trained float network to the integers that hardware runs, with proof that no membrane overflows.
//!
//! Per layer: one scale per channel (per layer in the output layer, so that classes compare) turns weights into integers
//! ([`scale`]); the scale is folded into the channel's integer threshold, and guard bits, width and floor follow from the
//! weights ([`width`]); the leak factor becomes shifts ([`leak`]). At the end [`proof::verify`] derives the bounds again
//! from nothing but the finished integers.

mod config;
pub mod leak;
pub mod proof;
pub mod reach;
mod report;
pub mod scale;
pub mod width;

pub use config::{GuardBits, Leak, QuantizeConfig, ScaleSearch};
pub use proof::{InputSpikes, LayerBounds};
pub use report::{LayerReport, QuantizeReport, QuantizeWarning};

use crate::Result;
use crate::model::FloatModel;
use crate::network::LayerKind;
use crate::quantized::{Neuron, QuantizedLayer, QuantizedModel};
use ndarray::{Array2, ArrayView1};
use rayon::prelude::*;
use scale::Scaled;
use width::{Demand, Format, PREFERRED_BITS};

/// Firing threshold of the float model's neurons.
const V_TH: f64 = 1.0;

/// Quantizes a network.
///
/// # Errors
/// If an option is out of range or names a layer that the network lacks, a weight matrix has another shape than the
/// description says or holds a number that is not finite, or no width of at most 32 bits holds a layer's membranes.
pub fn quantize(model: &FloatModel, config: &QuantizeConfig) -> Result<(QuantizedModel, QuantizeReport)> {
    config.validate(&model.description)?;
    model.validate()?;
    let leak_shifts = match &config.leak {
        Leak::Auto => leak::fit(f64::from(model.description.leak)),
        Leak::Shifts(shifts) => shifts.clone(),
    };
    let mut warnings = leak_warning(f64::from(model.description.leak), &leak_shifts);

    let mut layers = Vec::new();
    let mut fits = Vec::new();
    let mut input = config.input;
    for (index, weights) in model.weights.iter().enumerate() {
        let (layer, fit) = quantize_layer(model, index, weights, &leak_shifts, config, input, &mut warnings)?;
        layers.push(layer);
        fits.push(fit);
        input = InputSpikes::Unsigned;
    }
    let mut provenance = model.provenance.clone();
    provenance.insert("quantize.scale".to_owned(), format!("{:?}", config.scale));
    let quantized = QuantizedModel {
        description: model.description.clone(),
        layers,
        provenance,
    };

    let bounds = proof::verify(&quantized, config.input)?;
    for bounds in &bounds {
        if let Some(steps) = bounds.steps {
            warnings.push(QuantizeWarning::StepsLimited {
                layer: bounds.layer.clone(),
                steps,
            });
        }
    }
    let layers = quantized
        .layers
        .iter()
        .zip(fits)
        .zip(bounds)
        .map(|((l, fit), b)| report(l, &fit, b))
        .collect();
    Ok((quantized, QuantizeReport { layers, warnings }))
}

/// How well integers and scales represent a layer.
struct Fit {
    scales: [f64; 2],
    rms_error: f64,
    relative_rms_error: f64,
}

fn quantize_layer(
    model: &FloatModel,
    index: usize,
    weights: &Array2<f32>,
    leak_shifts: &[u8],
    config: &QuantizeConfig,
    input: InputSpikes,
    warnings: &mut Vec<QuantizeWarning>,
) -> Result<(QuantizedLayer, Fit)> {
    let described = &model.description.layers[index];
    let name = &described.name;
    let weight_bits = config.weight_bits_of(name);
    let fires = match described.kind {
        LayerKind::Fc { .. } => true,
        LayerKind::Out { .. } => false,
    };
    // One group of weights per scale, each whole rows, in order.
    let groups: Vec<Vec<f32>> = if fires {
        weights.rows().into_iter().map(|row| row.to_vec()).collect()
    } else {
        vec![weights.iter().copied().collect()]
    };
    let scaled: Vec<Scaled> = groups
        .par_iter()
        .map(|group| scale::quantize(group, weight_bits, config.scale))
        .collect();
    let fit = fit(&scaled, weights);

    let integers = scaled
        .iter()
        .flat_map(|group| group.integers.iter().copied())
        .collect();
    let mut integers =
        Array2::from_shape_vec(weights.raw_dim(), integers).expect("as many integers as weights");
    let sums: Vec<_> = integers
        .rows()
        .into_iter()
        .map(|row| proof::worst_sums(row, input))
        .collect();
    let thresholds: Vec<f64> = (0..integers.nrows())
        .map(|row| V_TH / scaled[row.min(scaled.len() - 1)].scale)
        .collect();
    let steps = model.description.steps;
    let format = Demand {
        layer: name,
        sums: &sums,
        thresholds: &thresholds,
        fires,
        leak_shifts,
        steps,
    }
    .format(config.guard_bits)?;
    warnings.extend(layer_warnings(name, &integers, &format));
    for &neuron in &format.silent {
        integers.row_mut(neuron).fill(0);
    }

    let layer = QuantizedLayer {
        name: name.clone(),
        weights: integers,
        weight_bits,
        guard_bits: format.guard_bits,
        membrane_bits: format.membrane_bits,
        leak_shifts: leak_shifts.to_vec(),
        floor: format.floor,
        neuron: if fires {
            Neuron::Lif {
                thresholds: format.thresholds,
            }
        } else {
            Neuron::Output
        },
    };
    Ok((layer, fit))
}

#[expect(clippy::cast_precision_loss, reason = "a number of weights")]
fn fit(scaled: &[Scaled], weights: &Array2<f32>) -> Fit {
    let scales = scaled.iter().map(|group| group.scale);
    let mean = |sum: f64| (sum / weights.len() as f64).sqrt();
    let rms_error = mean(scaled.iter().map(|group| group.squared_error).sum());
    let rms = mean(weights.iter().map(|&weight| f64::from(weight).powi(2)).sum());
    Fit {
        scales: [
            scales.clone().fold(f64::INFINITY, f64::min),
            scales.fold(0.0, f64::max),
        ],
        rms_error,
        relative_rms_error: if rms > 0.0 { rms_error / rms } else { 0.0 },
    }
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

fn layer_warnings(name: &str, integers: &Array2<i8>, format: &Format) -> Vec<QuantizeWarning> {
    let layer = || name.to_owned();
    let all_zero = |row: ArrayView1<'_, i8>| row.iter().all(|&weight| weight == 0);
    let zero: Vec<_> = (0..integers.nrows())
        .filter(|&neuron| all_zero(integers.row(neuron)))
        .collect();
    let silent = format
        .silent
        .iter()
        .copied()
        .filter(|neuron| !zero.contains(neuron))
        .collect();
    let tiny = |&neuron: &usize| {
        format.thresholds[neuron] < 1 << format.guard_bits && !format.silent.contains(&neuron)
    };
    let trigger_happy = (0..format.thresholds.len()).filter(tiny).collect();
    let mut warnings = vec![
        QuantizeWarning::AllZero {
            layer: layer(),
            neurons: zero,
        },
        QuantizeWarning::NeverFires {
            layer: layer(),
            neurons: silent,
        },
        QuantizeWarning::AlwaysFires {
            layer: layer(),
            neurons: trigger_happy,
        },
    ];
    warnings.retain(|warning| !warning.names_no_neuron());
    if u32::from(format.membrane_bits) > PREFERRED_BITS {
        warnings.push(QuantizeWarning::WideMembrane {
            layer: layer(),
            membrane_bits: format.membrane_bits,
        });
    }
    warnings
}

fn report(layer: &QuantizedLayer, fit: &Fit, bounds: LayerBounds) -> LayerReport {
    let thresholds = match &layer.neuron {
        Neuron::Lif { thresholds } => thresholds
            .iter()
            .min()
            .zip(thresholds.iter().max())
            .map(|(&low, &high)| [low, high]),
        Neuron::Output => None,
    };
    LayerReport {
        layer: layer.name.clone(),
        weight_bits: layer.weight_bits,
        guard_bits: layer.guard_bits,
        membrane_bits: layer.membrane_bits,
        leak_shifts: layer.leak_shifts.clone(),
        floor: layer.floor,
        scales: fit.scales,
        thresholds,
        bounds,
        rms_error: fit.rms_error,
        relative_rms_error: fit.relative_rms_error,
    }
}
