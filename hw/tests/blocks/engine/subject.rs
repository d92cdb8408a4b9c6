//! Layer under test: its definition, computed densely, its events, and a run of the engine.

use crate::network::plan;
use crate::support::{Willing, number, simulate, word};
use ndarray::Array2;
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use std::collections::BTreeMap;
use synfire_golden_model::events::Axis;
use synfire_golden_model::integer::neuron::Update;
use synfire_golden_model::integer::{Neuron, QuantizedLayer, QuantizedModel, QuantizedShortcut};
use synfire_golden_model::network::Shape;
use synfire_golden_model::spikes::Spike;
use synfire_hw::accelerator::core_params;
use synfire_hw::circuit::engine::{Engine, EngineParams};
use synfire_hw::circuit::event::Event;
use synfire_hw::circuit::window::{Synapses, WindowParams};
use synfire_hw::geometry::{Geometry, LayerGeometry, Path, Reach};

/// A layer of a network, as the golden model and the generator describe it.
pub(super) struct Subject {
    pub(super) layer: QuantizedLayer,
    pub(super) geometry: LayerGeometry,
    pub(super) params: EngineParams,
    pub(super) signed_input: bool,
}

/// A word of a sweep: its neurons' membranes, and which of them fired, by number in C, H, W order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Swept {
    pub(super) membranes: Vec<i32>,
    pub(super) fired: Vec<usize>,
    pub(super) last: bool,
    pub(super) clear: bool,
}

/// What an engine did in a run.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) swept: Vec<Swept>,
    /// Cycle in which each word left.
    pub(super) cycles: Vec<usize>,
    pub(super) busy: usize,
    pub(super) stalled: usize,
}

/// Spikes of one word, with their path and the numbers of their sources, or a marker, which all paths share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    Word(usize, Vec<Spike>),
    Marker(Event),
}

/// An event and its mask.
pub(super) type Masked = (Event, u64);

/// Output positions along an axis that a source meets, and through which kernel row.
fn met(axis: Axis, y: usize) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for output in 0..axis.outputs {
        for row in 0..axis.kernel {
            if output * axis.stride + row == y + axis.padding {
                pairs.push((output, row));
            }
        }
    }
    pairs
}

impl Subject {
    pub(super) fn new(model: &QuantizedModel, lanes: &[usize], index: usize) -> Self {
        let mut plan = plan(model, lanes);
        // Any number of positions, be it of use or not.
        let layer = &Geometry::of(model).expect("a valid description").layers[index];
        // Sources that meet their own channels do not find them in another bank.
        let is_own = layer.paths.iter().any(|path| path.reach.is_own_channel());
        let is_only = layer.neurons.height * layer.neurons.width == 1;
        plan.layers[index].positions = if is_own && is_only {
            1
        } else {
            1 + (lanes.iter().sum::<usize>() / 3 + index) % 5
        };
        let positions = plan.layers[index].positions;
        let sweeps_all = !is_only && lanes.iter().sum::<usize>().is_multiple_of(2);
        plan.layers[index].swept = if sweeps_all { positions } else { 1 };
        let params = core_params(model, &plan).expect("a valid model");
        Self {
            layer: model.layers[index].clone(),
            geometry: Geometry::of(model)
                .expect("a valid model")
                .layers
                .swap_remove(index),
            params: params.engines().nth(index).expect("a layer").clone(),
            signed_input: model.description.normalization.is_some(),
        }
    }

    /// Adds a spike to the membranes, following the definition of the layer.
    fn integrate(&self, membranes: &mut [i32], path: &Path, spike: Spike) {
        let Shape { height, width, .. } = path.sources.shape;
        let source = spike.address as usize;
        let (channel, row, column) = (source / (height * width), source / width % height, source % width);
        let Shape {
            channels,
            height,
            width,
        } = self.geometry.neurons;
        for (y, kernel_row) in met(path.rows, row) {
            for (x, kernel_column) in met(path.columns, column) {
                let mut add = |neuron: usize, number: i32| {
                    membranes[(neuron * height + y) * width + x] += i32::from(spike.value) * number;
                };
                let weight = |weights: &Array2<i8>, neuron: usize, column: usize| {
                    i32::from(weights[(neuron, column)]) << self.layer.guard_bits
                };
                match (path.reach, &self.layer.shortcut) {
                    (Reach::Weights, _) => {
                        let place = kernel_row * path.columns.kernel + kernel_column;
                        let column = channel * path.rows.kernel * path.columns.kernel + place;
                        (0..channels)
                            .for_each(|neuron| add(neuron, weight(&self.layer.weights, neuron, column)));
                    }
                    (Reach::ShortcutWeights, Some(QuantizedShortcut::Weights(weights))) => {
                        (0..channels).for_each(|neuron| add(neuron, weight(weights, neuron, channel)));
                    }
                    (Reach::Count, _) => add(channel, 1),
                    (Reach::Identity, Some(QuantizedShortcut::Identity(numbers))) => {
                        add(channel, numbers[channel])
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    /// End of a step of a neuron of a channel: whether the neuron fires, and the new membrane.
    fn settle(&self, membrane: i32, channel: usize) -> (bool, i32) {
        let threshold = match &self.layer.neuron {
            Neuron::Lif { thresholds } => Some(thresholds[channel]),
            Neuron::Output => None,
        };
        let update = Update {
            bias: self.layer.biases.get(channel).copied().unwrap_or(0),
            threshold,
            leak_shifts: &self.layer.leak_shifts,
            floor: self.layer.floor,
            ceiling: self.layer.ceiling,
        };
        update.end_of_step(membrane)
    }

    /// The neurons of each word of a sweep, with the unit that ends their step. If several positions do so at once, these are
    /// neighbours in a row, and the units of each follow those of the one before.
    fn words(&self) -> Vec<Vec<(usize, usize)>> {
        let shape = self.geometry.neurons;
        let EngineParams { lanes, swept, .. } = self.params;
        let mut words = Vec::new();
        for row in 0..shape.height {
            for first in (0..shape.width).step_by(swept) {
                for group in 0..shape.channels.div_ceil(lanes) {
                    let channels = group * lanes..shape.channels.min((group + 1) * lanes);
                    let columns = first..shape.width.min(first + swept);
                    let neurons = columns.flat_map(|column| {
                        channels.clone().map(move |channel| {
                            let unit = (column - first) * lanes + channel % lanes;
                            (unit, (channel * shape.height + row) * shape.width + column)
                        })
                    });
                    words.push(neurons.collect());
                }
            }
        }
        words
    }

    pub(super) fn model(&self, happenings: &[Happening]) -> Vec<Swept> {
        let shape = self.geometry.neurons;
        let mut membranes = vec![0; shape.size()];
        let mut swept = Vec::new();
        let words = self.words();
        for happening in happenings {
            let clear = match happening {
                Happening::Word(path, spikes) => {
                    for &spike in spikes {
                        self.integrate(&mut membranes, &self.geometry.paths[*path], spike);
                    }
                    continue;
                }
                Happening::Marker(marker) => *marker == Event::Clear,
            };
            let mut fired = vec![false; membranes.len()];
            for (neuron, membrane) in membranes.iter_mut().enumerate() {
                (fired[neuron], *membrane) = if clear {
                    (false, 0)
                } else {
                    self.settle(*membrane, neuron / (shape.height * shape.width))
                };
            }
            swept.extend(words.iter().enumerate().map(|(word, neurons)| {
                Swept {
                    membranes: neurons.iter().map(|&(_, neuron)| membranes[neuron]).collect(),
                    fired: neurons
                        .iter()
                        .map(|&(_, neuron)| neuron)
                        .filter(|&neuron| fired[neuron])
                        .collect(),
                    last: word + 1 == words.len(),
                    clear,
                }
            }));
        }
        swept
    }

    /// The events of each path.
    pub(super) fn events(&self, happenings: &[Happening]) -> Vec<Vec<Masked>> {
        let paths = self.params.paths.iter().enumerate();
        paths
            .map(|(path, of)| {
                let event = |happening: &Happening| match happening {
                    Happening::Word(at, spikes) => (*at == path).then(|| {
                        let address = of.sources.address(spikes[0].address);
                        let lanes = spikes.iter().map(|spike| of.sources.lane(spike.address));
                        let event = Event::Spike(Spike { address, ..spikes[0] });
                        (event, lanes.fold(0, |mask, lane| mask | 1 << lane))
                    }),
                    Happening::Marker(marker) => Some((*marker, 0)),
                };
                happenings.iter().filter_map(event).collect()
            })
            .collect()
    }

    /// Cycles in which no word is written, from the first event on: two to a window, and to the walker, and three on; one more with
    /// graded input, and three more through a picker. If another path begins with spikes that need no picker, those fill the three.
    pub(super) fn way(&self, happenings: &[Happening]) -> usize {
        let picks = |path: &WindowParams| path.synapses != Synapses::OwnChannel && path.sources.lanes > 1;
        let step = happenings
            .iter()
            .take_while(|happening| matches!(happening, Happening::Word(..)));
        let unpicked = step.filter(|happening| match happening {
            Happening::Word(path, _) => !picks(&self.params.paths[*path]),
            Happening::Marker(_) => false,
        });
        let filled: usize = unpicked.map(|happening| self.ideal(happening)).sum();
        // The end of a step waits for the markers of all paths, whether they have spikes or not.
        let picking = 3 * usize::from(self.params.paths.iter().any(picks));
        4 + usize::from(self.params.is_graded()) + picking.saturating_sub(filled)
    }

    /// Ideal number of cycles of a happening.
    pub(super) fn ideal(&self, happening: &Happening) -> usize {
        match happening {
            Happening::Word(path, spikes) => {
                let merged = self.params.paths[*path].merged;
                let path = &self.geometry.paths[*path];
                let words = if path.reach.is_own_channel() {
                    1
                } else {
                    let params = &self.params;
                    self.geometry.group_accesses(params.positions, params.groups)
                        * spikes.len().div_ceil(merged)
                };
                path.accesses(spikes[0].address as usize, self.params.positions) * words
            }
            Happening::Marker(_) => self.words().len() + self.params.settle.stages,
        }
    }

    /// Steps of random spikes that meet something, at most one of a source in a step, with a clear now and
    /// then.
    pub(super) fn happenings(&self, rng: &mut Xoshiro256PlusPlus, steps: usize) -> Vec<Happening> {
        let mut happenings = Vec::new();
        for _ in 0..steps {
            let rate = rng.random_range(0.0..0.8);
            let mut words = Vec::new();
            let mut of_stream = BTreeMap::new();
            for (index, path) in self.geometry.paths.iter().enumerate() {
                let signed = self.signed_input && path.stream == 0;
                let graded = path.sources.graded;
                let of_stream = of_stream.entry(path.stream).or_insert_with(|| {
                    (0..u32::try_from(path.sources.shape.size()).expect("small"))
                        .filter_map(|address| {
                            if !rng.random_bool(rate) {
                                return None;
                            }
                            let magnitude = match rng.random_range(0..4) {
                                _ if !graded => 1,
                                0 => 255,
                                _ => rng.random_range(1..=255),
                            };
                            let value = if signed && address % 3 == 0 {
                                -magnitude
                            } else {
                                magnitude
                            };
                            Some(Spike { address, value })
                        })
                        .collect::<Vec<_>>()
                });
                let sources = self.params.paths[index].sources;
                let mut of_word: BTreeMap<u32, Vec<Spike>> = BTreeMap::new();
                for &spike in of_stream.iter() {
                    of_word
                        .entry(sources.address(spike.address))
                        .or_default()
                        .push(spike);
                }
                words.extend(of_word.into_values().map(|spikes| Happening::Word(index, spikes)));
            }
            words.retain(|word| self.ideal(word) > 0);
            words.shuffle(rng);
            happenings.append(&mut words);
            happenings.push(Happening::Marker(if rng.random_bool(0.15) {
                Event::Clear
            } else {
                Event::EndOfStep
            }));
        }
        happenings
    }

    /// Feeds an engine; sweeps are paused in the cycles in which `running` is not willing.
    pub(super) fn run(&self, events: &[Vec<Masked>], feeds: &[Willing], running: &Willing) -> Run {
        let mut engine = simulate(Engine::new(self.params.clone()), |engine| &mut engine.clock);
        let mut seen = Run::default();
        let mut next = vec![0; events.len()];
        let mut offered = vec![false; events.len()];
        let words = self.words();
        for cycle in 0.. {
            let circuit = engine.circuit();
            for path in 0..events.len() {
                let event = events[path].get(next[path]);
                // An event that is offered stays until it is taken.
                offered[path] = event.is_some() && (offered[path] || feeds[path].at(cycle));
                circuit.event_valid[path].next = offered[path];
                let sources = self.params.paths[path].sources;
                circuit.event_data[path].next = word(event.map_or(0, |&(event, _)| sources.encode(event)));
                circuit.event_mask[path].next = word(event.map_or(0, |&(_, mask)| mask));
            }
            circuit.pause.next = !running.at(cycle);
            engine.settle();
            let circuit = engine.circuit();
            if circuit.swept.val() {
                let neurons = &words[seen.swept.len() % words.len()];
                let masks: Vec<u64> = circuit
                    .fired_mask
                    .iter()
                    .map(|mask| mask.val().to_u64())
                    .collect();
                let has_fired =
                    |unit: usize| masks[unit / self.params.lanes] >> (unit % self.params.lanes) & 1 == 1;
                for unit in 0..self.params.units() {
                    let is_neuron = neurons.iter().any(|&(of_neuron, _)| of_neuron == unit);
                    assert!(is_neuron || !has_fired(unit), "a neuron that is not there fired");
                }
                seen.swept.push(Swept {
                    membranes: neurons
                        .iter()
                        .map(|&(unit, _)| number(circuit.swept_data[unit].val()))
                        .collect(),
                    fired: neurons
                        .iter()
                        .filter(|&&(unit, _)| has_fired(unit))
                        .map(|&(_, neuron)| neuron)
                        .collect(),
                    last: circuit.swept_last.val(),
                    clear: circuit.swept_clear.val(),
                });
                seen.cycles.push(cycle);
            }
            for path in 0..events.len() {
                if offered[path] && circuit.event_ready[path].val() {
                    next[path] += 1;
                    offered[path] = false;
                }
            }
            let left: usize = events
                .iter()
                .zip(&next)
                .map(|(events, next)| events.len() - next)
                .sum();
            let done = left == 0 && !circuit.busy.val();
            assert!(cycle < 40_000, "the engine hangs with {left} events to go");
            engine.tick();
            if done {
                break;
            }
        }
        let circuit = engine.circuit();
        seen.busy = usize::try_from(circuit.busy_cycles.val().to_u64()).expect("small");
        seen.stalled = usize::try_from(circuit.stalled_cycles.val().to_u64()).expect("small");
        seen
    }
}
