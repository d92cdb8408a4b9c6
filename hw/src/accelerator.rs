//! From a quantized model and a plan to the circuits of its accelerator.

use crate::circuit::core::Core;
use crate::circuit::engine::EngineParams;
use crate::circuit::word_memory::{Contents, Style, WordMemoryParams};
use crate::plan::{LayerPlan, Plan};
use synfire_golden_model::quantized::{Neuron, QuantizedLayer, QuantizedModel};

/// The core of a model's accelerator.
#[must_use]
pub fn core(model: &QuantizedModel, plan: &Plan) -> Core {
    Core::new(engines(model, plan), plan.fifo_depth)
}

/// Parameters of every layer's engine, from input to output.
#[must_use]
pub fn engines(model: &QuantizedModel, plan: &Plan) -> Vec<EngineParams> {
    model
        .layers
        .iter()
        .zip(&plan.layers)
        .enumerate()
        .map(|(index, (layer, plan))| engine(index, layer, plan))
        .collect()
}

/// Hex images that the Verilog of a model's accelerator reads: file name and text.
#[must_use]
pub fn memory_images(model: &QuantizedModel, plan: &Plan) -> Vec<(String, String)> {
    engines(model, plan)
        .iter()
        .flat_map(|engine| [engine.weights.hex_image(), engine.thresholds.hex_image()])
        .flatten()
        .collect()
}

fn engine(index: usize, layer: &QuantizedLayer, plan: &LayerPlan) -> EngineParams {
    let (inputs, outputs, lanes) = (layer.inputs(), layer.outputs(), plan.lanes);
    let groups = outputs.div_ceil(lanes);
    let membrane_bits = usize::from(layer.membrane_bits);
    // A neuron that pads the last word never gets a weight; the highest threshold keeps it silent.
    let silent = i32::MAX >> (32 - membrane_bits);
    let weight_rows = (0..groups)
        .flat_map(|group| (0..inputs).map(move |source| (group, source)))
        .map(|(group, source)| {
            (group * lanes..(group + 1) * lanes)
                .map(|neuron| {
                    layer
                        .weights
                        .get((neuron, source))
                        .map_or(0, |&weight| i32::from(weight))
                })
                .collect()
        })
        .collect();
    let threshold_rows = match &layer.neuron {
        Neuron::Lif { thresholds } => (0..groups)
            .map(|group| {
                (group * lanes..(group + 1) * lanes)
                    .map(|neuron| thresholds.get(neuron).copied().unwrap_or(silent))
                    .collect()
            })
            .collect(),
        Neuron::Output => vec![vec![silent; lanes]; groups],
    };
    EngineParams {
        inputs,
        lanes,
        groups,
        leak_shifts: layer.leak_shifts.clone(),
        floor: layer.floor,
        fires: matches!(layer.neuron, Neuron::Lif { .. }),
        weights: WordMemoryParams {
            depth: groups * inputs,
            lanes,
            width: usize::from(layer.weight_bits),
            fraction_bits: usize::from(layer.guard_bits),
            contents: Contents::Image {
                file: format!("layer{index}_weights.hex"),
                rows: weight_rows,
            },
            style: Style::Block,
        },
        membranes: WordMemoryParams {
            depth: groups,
            lanes,
            width: membrane_bits,
            fraction_bits: 0,
            contents: Contents::Zero,
            style: plan.membrane_style,
        },
        thresholds: WordMemoryParams {
            depth: groups,
            lanes,
            width: membrane_bits,
            fraction_bits: 0,
            contents: Contents::Image {
                file: format!("layer{index}_thresholds.hex"),
                rows: threshold_rows,
            },
            style: plan.threshold_style,
        },
    }
}
