//! Warnings about a layer's integers and its activity.

use super::calibration::Activity;
use super::report::QuantizeWarning;
use super::width::{Format, PREFERRED_BITS};
use crate::integer::{LayerBounds, QuantizedLayer};
use ndarray::{Array2, ArrayView1};

/// Mean rate of a channel, in spikes per neuron and step, above which the channel counts as always firing.
const SATURATED: f64 = 0.95;

/// Warnings about the channels of a layer; `integers` must still contain the weights of silent channels.
pub(super) fn of_layer(name: &str, integers: &Array2<i8>, format: &Format) -> Vec<QuantizeWarning> {
    let layer = || name.to_owned();
    let all_zero = |row: ArrayView1<'_, i8>| row.iter().all(|&weight| weight == 0);
    let zero: Vec<_> = (0..integers.nrows())
        .filter(|&channel| all_zero(integers.row(channel)))
        .collect();
    let silent = |channel: &usize| format.silent.contains(channel);
    let never = format.silent.iter().copied();
    let never = never.filter(|channel| !zero.contains(channel)).collect();
    let tiny = |channel: &usize| format.thresholds[*channel] < 1 << format.guard_bits && !silent(channel);
    let trigger_happy = (0..format.thresholds.len()).filter(tiny).collect();
    let mut warnings = vec![
        QuantizeWarning::AllZero {
            layer: layer(),
            channels: zero,
        },
        QuantizeWarning::NeverFires {
            layer: layer(),
            channels: never,
        },
        QuantizeWarning::AlwaysFires {
            layer: layer(),
            channels: trigger_happy,
        },
    ];
    warnings.retain(|warning| !warning.names_no_channel());
    warnings
}

/// Warnings about the proof of a layer's width.
pub(super) fn of_bounds(layer: &QuantizedLayer, bounds: &LayerBounds) -> Vec<QuantizeWarning> {
    let mut warnings = Vec::new();
    if u32::from(layer.membrane_bits) > PREFERRED_BITS {
        warnings.push(QuantizeWarning::WideMembrane {
            layer: layer.name.clone(),
            membrane_bits: layer.membrane_bits,
        });
    }
    if let Some(steps) = bounds.steps {
        warnings.push(QuantizeWarning::StepsLimited {
            layer: layer.name.clone(),
            steps,
        });
    }
    warnings
}

/// Warnings about the activity of a layer over calibration.
pub(super) fn of_activity(layer: &QuantizedLayer, activity: &Activity) -> Vec<QuantizeWarning> {
    let among = |wanted: fn(f64) -> bool| {
        let rates = activity.rates.iter().enumerate();
        rates
            .filter(|(_, rate)| wanted(**rate))
            .map(|(channel, _)| channel)
            .collect()
    };
    let mut warnings = vec![
        QuantizeWarning::Silent {
            layer: layer.name.clone(),
            channels: among(|rate| rate == 0.0),
        },
        QuantizeWarning::Saturated {
            layer: layer.name.clone(),
            channels: among(|rate| rate > SATURATED),
        },
    ];
    warnings.retain(|warning| !warning.names_no_channel());
    warnings
}
