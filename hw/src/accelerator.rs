//! Parameters of an accelerator's circuits, made from a quantized model and a plan.

mod loading;

pub use loading::ParameterLoad;

use crate::board::Features;
use crate::circuit::core::{Core, CoreParams};
use crate::circuit::engine::EngineParams;
use crate::circuit::event::Addressing;
use crate::circuit::interconnect::Wiring;
use crate::circuit::layer::LayerParams;
use crate::circuit::link::encoder::EncoderParams;
use crate::circuit::parameter_memory::{Contents, ParameterMemoryParams};
use crate::circuit::settle::SettleParams;
use crate::circuit::window::{Synapses, WindowParams};
use crate::circuit::word_memory::{MemoryShape, Style};
use crate::error::Result;
use crate::geometry::{Geometry, LayerGeometry, Path, Reach};
use crate::plan::{LayerPlan, Plan};
use synfire_golden_model::integer::{Neuron, QuantizedLayer, QuantizedModel, QuantizedShortcut};

/// Makes the core of a model's accelerator.
///
/// # Errors
/// If the model's description does not resolve.
pub fn core(model: &QuantizedModel, plan: &Plan) -> Result<Core> {
    Ok(Core::new(core_params(model, plan)?))
}

/// Makes the parameters of a model's core.
///
/// # Errors
/// If the model's description does not resolve.
pub fn core_params(model: &QuantizedModel, plan: &Plan) -> Result<CoreParams> {
    let geometry = Geometry::of(model)?;
    let mut engines: Vec<EngineParams> = model
        .layers
        .iter()
        .zip(&geometry.layers)
        .zip(&plan.layers)
        .enumerate()
        .map(|(index, ((layer, geometry), layer_plan))| {
            engine(index, layer, geometry, layer_plan, plan.features.reloadable)
        })
        .collect();
    let output = engines.pop().expect("a network has an output layer");
    let hidden = engines
        .into_iter()
        .zip(&geometry.layers)
        .zip(&plan.layers)
        .map(|((engine, geometry), plan)| LayerParams {
            engine,
            neurons: Addressing::of(geometry.neurons),
            fifo_depths: plan.fifo_depths.clone(),
            queue_depth: plan.queue_depth,
        })
        .collect::<Vec<_>>();
    let stream = |layer: &LayerGeometry, path: usize| layer.paths.get(path).map(|path| path.stream);
    let wiring = Wiring {
        streams: geometry.layers.len(),
        main: geometry
            .layers
            .iter()
            .filter_map(|layer| stream(layer, 0))
            .collect(),
        side: geometry.layers[..hidden.len()]
            .iter()
            .map(|layer| stream(layer, 1))
            .collect(),
        throttled: false,
    };
    let output_fifo_depth = plan.layers.last().map_or(0, |layer| layer.fifo_depths[0]);
    Ok(CoreParams {
        hidden,
        output,
        output_fifo_depth,
        wiring,
        classes: model.description.classes(),
        exit_steps: exit_steps(model, plan),
    })
}

/// Whether a design with this number of inputs has the encoder.
pub(crate) const fn has_encoder(features: Features, inputs: usize) -> bool {
    features.encoder && inputs <= 1 << 16
}

/// Shape of the model's input, and whether the core addresses it as a map.
///
/// # Errors
/// If the model's description does not resolve.
pub fn encoder_params(model: &QuantizedModel) -> Result<EncoderParams> {
    let shape = model.description.input;
    let input = Geometry::of(model)?.input;
    Ok(EncoderParams {
        shape: [shape.channels, shape.height, shape.width],
        is_map: input.shape == shape,
        graded: input.graded,
    })
}

/// Number of early-exit margins, which is one per step; none for a design without early exit.
pub(crate) fn exit_steps(model: &QuantizedModel, plan: &Plan) -> Option<usize> {
    let steps = model.description.steps;
    (plan.features.early_exit && (1..=1 << 16).contains(&steps)).then_some(steps)
}

fn engine(
    index: usize,
    layer: &QuantizedLayer,
    geometry: &LayerGeometry,
    plan: &LayerPlan,
    reloadable: bool,
) -> EngineParams {
    let lanes = plan.lanes;
    let channels = geometry.neurons.channels;
    let groups = channels.div_ceil(lanes);
    let membrane_bits = usize::from(layer.membrane_bits);
    // Padding neurons in the last word of a position have no weights; the highest threshold keeps them silent.
    let silent = i32::MAX >> (32 - membrane_bits);
    let per_channel = |numbers: &[i32], padding: i32| -> Vec<Vec<i32>> {
        let number = |channel: usize| numbers.get(channel).copied().unwrap_or(padding);
        (0..groups)
            .map(|group| (group * lanes..(group + 1) * lanes).map(number).collect())
            .collect()
    };
    let thresholds = match &layer.neuron {
        Neuron::Lif { thresholds } => per_channel(thresholds, silent),
        Neuron::Output => vec![vec![silent; lanes]; groups],
    };
    let identities = match &layer.shortcut {
        Some(QuantizedShortcut::Identity(numbers)) => per_channel(numbers, 0),
        _ => vec![vec![0; lanes]],
    };
    let biased = !layer.biases.is_empty();
    let biases = if biased {
        per_channel(&layer.biases, 0)
    } else {
        vec![vec![0; lanes]]
    };
    let paths = windows(geometry, lanes, groups);
    let weights = weight_rows(layer, geometry, lanes);
    let memory = |kind: &str, rows: Vec<Vec<i32>>, width: usize, fraction_bits: usize, style: Style| {
        ParameterMemoryParams {
            shape: MemoryShape {
                depth: rows.len(),
                lanes,
                width,
                style,
            },
            fraction_bits,
            loadable: reloadable || style == Style::Spram,
            contents: Contents {
                file: format!("layer{index}_{kind}.hex"),
                rows,
            },
        }
    };
    // The weights of pooling are all 1, which takes two bits including the sign.
    let (weight_bits, guard_bits) = match geometry.paths[0].reach {
        Reach::Count => (2, 0),
        _ => (usize::from(layer.weight_bits), usize::from(layer.guard_bits)),
    };
    EngineParams {
        layer: index,
        lanes,
        groups,
        settle: SettleParams {
            leak_shifts: layer.leak_shifts.clone(),
            floor: layer.floor,
            ceiling: layer.ceiling,
            membrane_bits,
            fires: matches!(layer.neuron, Neuron::Lif { .. }),
            biased,
            stages: plan.settle_stages,
        },
        weights: memory("weights", weights, weight_bits, guard_bits, plan.weight_style),
        thresholds: memory("thresholds", thresholds, membrane_bits, 0, plan.threshold_style),
        identities: memory("identities", identities, membrane_bits, 0, plan.threshold_style),
        biases: memory("biases", biases, membrane_bits, 0, plan.threshold_style),
        membranes: MemoryShape {
            depth: geometry.neurons.height * geometry.neurons.width * groups,
            lanes,
            width: membrane_bits,
            style: plan.membrane_style,
        },
        paths,
    }
}

/// Parameters of a layer's window units. The weights of a second path lie behind those of the first.
fn windows(geometry: &LayerGeometry, lanes: usize, groups: usize) -> Vec<WindowParams> {
    let mut base = 0;
    geometry
        .paths
        .iter()
        .map(|path| {
            let window = WindowParams {
                sources: path.sources,
                rows: path.rows,
                columns: path.columns,
                groups,
                synapses: if path.reach.is_own_channel() {
                    Synapses::OwnChannel { lanes }
                } else {
                    Synapses::Words { base }
                },
            };
            base += window.weight_words();
            window
        })
        .collect()
}

/// Rows of the weight memory, path after path. Within a path the row of a weight is
/// (kernel place · groups + group) · source channels + source channel.
fn weight_rows(layer: &QuantizedLayer, geometry: &LayerGeometry, lanes: usize) -> Vec<Vec<i32>> {
    let groups = geometry.neurons.channels.div_ceil(lanes);
    let mut rows = Vec::new();
    for path in &geometry.paths {
        let weights = match (path.reach, &layer.shortcut) {
            (Reach::Count | Reach::Identity, _) => continue,
            (Reach::ShortcutWeights, Some(QuantizedShortcut::Weights(weights))) => weights,
            _ => &layer.weights,
        };
        let columns = kernel_columns(path);
        for place in columns {
            for group in 0..groups {
                for channel in 0..path.sources.shape.channels {
                    let column = channel * path.rows.kernel * path.columns.kernel + place;
                    let weight = |neuron| {
                        weights
                            .get((neuron, column))
                            .map_or(0, |&weight| i32::from(weight))
                    };
                    rows.push((group * lanes..(group + 1) * lanes).map(weight).collect());
                }
            }
        }
    }
    if rows.is_empty() {
        rows.push(vec![1; lanes]);
    }
    rows
}

/// For each kernel place, in the order in which walks pass them, its index in the (row, column) order of a weight tensor.
fn kernel_columns(path: &Path) -> Vec<usize> {
    let (height, width) = (path.rows.kernel, path.columns.kernel);
    let mut places = vec![0; height * width];
    for row in 0..height {
        for column in 0..width {
            let place = path.rows.place(row) * width + path.columns.place(column);
            places[place] = row * width + column;
        }
    }
    places
}
