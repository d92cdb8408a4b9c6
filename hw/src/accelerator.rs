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
use crate::columns::Taps;
use crate::error::Result;
use crate::geometry::{Geometry, LayerGeometry, Reach};
use crate::plan::{LayerPlan, Plan};
use synfire_golden_model::events::Axis;
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
    let lanes: Vec<usize> = plan.layers.iter().map(|layer| layer.lanes).collect();
    let mut engines: Vec<EngineParams> = model
        .layers
        .iter()
        .zip(&geometry.layers)
        .zip(&plan.layers)
        .enumerate()
        .map(|(index, ((layer, layer_geometry), layer_plan))| {
            let events = layer_geometry
                .paths
                .iter()
                .map(|path| geometry.events(path.stream, &lanes));
            let windows = windows(layer_geometry, layer_plan, events);
            engine(
                index,
                layer,
                layer_geometry,
                layer_plan,
                windows,
                plan.features.reloadable,
            )
        })
        .collect();
    let output = engines.pop().expect("a network has an output layer");
    let hidden = engines
        .into_iter()
        .zip(&geometry.layers)
        .zip(&plan.layers)
        .map(|((engine, geometry), plan)| LayerParams {
            engine,
            neurons: Addressing::of(geometry.neurons).in_words_of(plan.lanes),
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
    paths: Vec<WindowParams>,
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
    let weights = weight_rows(layer, &paths, geometry, plan);
    let memory = |kind: &str, rows: Vec<Vec<i32>>, width: usize, fraction_bits: usize, style: Style| {
        ParameterMemoryParams {
            shape: MemoryShape {
                depth: rows.len(),
                lanes: rows[0].len(),
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
        positions: plan.positions,
        merged: plan.merged,
        swept: plan.swept,
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
            depth: paths[0].membrane_words(),
            lanes,
            width: membrane_bits,
            style: plan.membrane_style,
        },
        paths,
    }
}

/// Parameters of a layer's window units, given the layout of each path's events. The weights of a second path lie behind those
/// of the first.
fn windows(
    geometry: &LayerGeometry,
    plan: &LayerPlan,
    events: impl Iterator<Item = Addressing>,
) -> Vec<WindowParams> {
    let mut base = 0;
    geometry
        .paths
        .iter()
        .zip(events)
        .enumerate()
        .map(|(index, (path, sources))| {
            let window = WindowParams {
                sources,
                rows: path.rows,
                columns: path.columns,
                positions: plan.positions,
                merged: if index == 0 { plan.merged } else { 1 },
                groups: plan.groups,
                synapses: if path.reach.is_own_channel() {
                    Synapses::OwnChannel
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
/// ((kernel row · patterns + pattern) · groups + group) · source channels + source channel. It has the weights of all banks, one
/// bank after the other.
fn weight_rows(
    layer: &QuantizedLayer,
    windows: &[WindowParams],
    geometry: &LayerGeometry,
    plan: &LayerPlan,
) -> Vec<Vec<i32>> {
    let lanes = plan.lanes;
    let mut rows = Vec::new();
    for (path, window) in geometry.paths.iter().zip(windows) {
        let weights = match (path.reach, &layer.shortcut) {
            (Reach::Count | Reach::Identity, _) => continue,
            (Reach::ShortcutWeights, Some(QuantizedShortcut::Weights(weights))) => weights,
            _ => &layer.weights,
        };
        let [kernel_rows, kernel_columns] = [path.rows, path.columns].map(kernel_order);
        let patterns = window.banks().patterns(path.sources.shape.width);
        for row in kernel_rows {
            for pattern in &patterns {
                for group in 0..window.groups_of_bank() {
                    for channel in 0..path.sources.shape.channels {
                        let weight = |taps: &Option<Taps>, lane: usize| {
                            let Taps {
                                place,
                                group: further,
                            } = (*taps)?;
                            let neuron = (group + further) * lanes + lane;
                            let column = kernel_columns[place];
                            let kernel = (channel * path.rows.kernel + row) * path.columns.kernel + column;
                            weights.get((neuron, kernel)).map(|&weight| i32::from(weight))
                        };
                        let of_bank = |taps| (0..lanes).map(move |lane| weight(taps, lane).unwrap_or(0));
                        rows.push(pattern.iter().flat_map(of_bank).collect());
                    }
                }
            }
        }
    }
    if rows.is_empty() {
        rows.push(vec![1; plan.positions * lanes]);
    }
    rows
}

/// Kernel rows of an axis in the order of their places.
fn kernel_order(axis: Axis) -> Vec<usize> {
    let mut order = vec![0; axis.kernel];
    for row in 0..axis.kernel {
        order[axis.place(row)] = row;
    }
    order
}
