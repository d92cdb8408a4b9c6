//! From a trained float network to the integers that hardware runs, with proof that no membrane overflows.
//!
//! Per layer: one scale per channel (per layer in the output layer, so that classes compare) turns weights into integers
//! ([`scale`]), and spikes of some inferences, if given, decide how they round ([`rounding`]). The scale is folded into
//! the channel's integer threshold; guard bits, width and floor follow from the weights ([`width`]), and the leak factor
//! becomes shifts ([`leak`]). At the end [`proof::verify`] derives the bounds again from nothing but the finished integers.

mod channels;
mod config;
pub mod leak;
pub mod proof;
pub mod reach;
mod report;
pub mod rounding;
pub mod scale;
pub mod width;

pub use config::{GuardBits, Leak, QuantizeConfig, ScaleSearch};
pub use proof::{InputSpikes, LayerBounds};
pub use report::{LayerReport, QuantizeReport, QuantizeWarning};

use crate::Result;
use crate::integer;
use crate::model::FloatModel;
use crate::network::LayerKind;
use crate::quantized::{Neuron, QuantizedLayer, QuantizedModel};
use crate::spikes::SpikeRaster;
use channels::{Channels, Fit};
use ndarray::{Array2, ArrayView1};
use std::borrow::Cow;
use width::{Demand, Format, PREFERRED_BITS};

/// Quantizes a network by its weights alone.
///
/// # Errors
/// If the model is not valid, an option is out of range or names a layer that the network lacks, or no width of at most
/// 32 bits holds a layer's membranes.
pub fn quantize(model: &FloatModel, config: &QuantizeConfig) -> Result<(QuantizedModel, QuantizeReport)> {
    quantize_calibrated(model, config, &[])
}

/// Quantizes a network, rounding its weights by the spikes of some inferences ([`rounding`]): a few hundred images of the
/// training set, encoded as for training. At 4 bits and below this saves about half of what quantization costs.
///
/// Every layer is rounded by the spikes that the quantized layers before it emit. Without calibration rasters this is
/// [`quantize`].
///
/// # Errors
/// As [`quantize`]; also if a raster's width is not the network's, a source fires twice within a step, or has negative
/// spikes although the configuration says [`InputSpikes::Unsigned`].
pub fn quantize_calibrated(
    model: &FloatModel,
    config: &QuantizeConfig,
    calibration: &[SpikeRaster],
) -> Result<(QuantizedModel, QuantizeReport)> {
    config.validate(&model.description)?;
    model.validate()?;
    model.description.require_fully_connected("quantization")?;
    let signed = config.input == InputSpikes::Signed;
    integer::check(calibration, model.description.input.size(), signed)?;
    let leak_shifts = match &config.leak {
        Leak::Auto => leak::fit(f64::from(model.description.leak)),
        Leak::Shifts(shifts) => shifts.clone(),
    };
    let mut warnings = leak_warning(f64::from(model.description.leak), &leak_shifts);
    let mut provenance = model.provenance.clone();
    provenance.insert("quantize.scale".to_owned(), format!("{:?}", config.scale));
    provenance.insert(
        "quantize.calibration".to_owned(),
        format!("{} inferences", calibration.len()),
    );

    let mut layers = Vec::new();
    let mut fits = Vec::new();
    let mut input = config.input;
    let mut spikes = Cow::Borrowed(calibration);
    for (described, weights) in model.description.layers.iter().zip(&model.weights) {
        let weight_bits = config.weight_bits_of(&described.name);
        let fires = !matches!(described.kind, LayerKind::Out { .. });
        let channels = Channels::quantize(weights, fires, weight_bits, config.scale, &spikes);
        let sums: Vec<_> = channels
            .integers
            .rows()
            .into_iter()
            .map(|row| proof::worst_sums(row, input))
            .collect();
        let threshold = f64::from(described.threshold());
        let thresholds: Vec<_> = channels.scales.iter().map(|scale| threshold / scale).collect();
        let format = Demand {
            layer: &described.name,
            sums: &sums,
            thresholds: &thresholds,
            fires,
            leak_shifts: &leak_shifts,
            steps: model.description.steps,
        }
        .format(config.guard_bits)?;
        warnings.extend(layer_warnings(&described.name, &channels.integers, &format));
        if channels.fit.drive_error.is_none() && !spikes.is_empty() {
            warnings.push(QuantizeWarning::NotCalibrated {
                layer: described.name.clone(),
            });
        }
        fits.push(channels.fit);
        let layer = finished_layer(
            &described.name,
            channels.integers,
            weight_bits,
            &leak_shifts,
            fires,
            format,
        );
        layers.push(layer);
        spikes = Cow::Owned(integer::propagate(&model.description, &layers, calibration)?);
        input = InputSpikes::Unsigned;
    }
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
        .zip(&fits)
        .zip(bounds)
        .map(|((l, fit), b)| report(l, fit, b))
        .collect();
    Ok((quantized, QuantizeReport { layers, warnings }))
}

/// Puts a layer together; neurons that nothing can fire lose their weights.
fn finished_layer(
    name: &str,
    mut weights: Array2<i8>,
    weight_bits: u8,
    leak_shifts: &[u8],
    fires: bool,
    format: Format,
) -> QuantizedLayer {
    for &neuron in &format.silent {
        weights.row_mut(neuron).fill(0);
    }
    QuantizedLayer {
        name: name.to_owned(),
        weights,
        shortcut: None,
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
        drive_error: fit.drive_error,
    }
}
