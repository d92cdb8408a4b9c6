//! Driver: draws the spikes of a train.

use super::TrainKind;
use super::coverage::{Coverage, Reached};
use crate::random::Random;
use synfire_golden_model::integer::QuantizedModel;
use synfire_golden_model::network::{LayerKind, Shape, Source};
use synfire_golden_model::spikes::{Spike, SpikeRaster};

/// Generator of the spikes of trains for a model.
#[derive(Debug)]
pub(super) struct Driver<'a> {
    model: &'a QuantizedModel,
    input: Shape,
    /// Whether input spikes can be negative.
    signed: bool,
    /// Largest magnitude of an input's events.
    largest: i16,
    /// Layers with weights that the input feeds, each with its kernel; no kernel for a fully-connected layer.
    first: Vec<(usize, Option<usize>)>,
}

/// Behaviour of the inputs in a step.
#[derive(Clone, Copy)]
enum Step {
    /// Each input fires with a probability of this number / 256.
    Random(u8),
    /// All inputs fire; true for negative spikes.
    All(bool),
    /// The inputs fire that raise or lower a channel of a layer.
    Towards {
        layer: usize,
        kernel: Option<usize>,
        channel: usize,
        raise: bool,
    },
}

impl<'a> Driver<'a> {
    pub(super) fn new(model: &'a QuantizedModel) -> Self {
        let nodes = model
            .description
            .graph()
            .map(|graph| graph.nodes)
            .unwrap_or_default();
        let layers = nodes.iter().zip(&model.description.layers).enumerate();
        let kernel = |kind: &LayerKind| match *kind {
            LayerKind::Conv { kernel, .. } => Some(Some(kernel)),
            LayerKind::Fc { .. } | LayerKind::Out { .. } => Some(None),
            LayerKind::Pool { .. } => None,
        };
        Self {
            model,
            input: model.description.input,
            signed: model.description.normalization.is_some(),
            largest: model.description.coding.largest_value(),
            first: layers
                .filter(|(_, (node, _))| node.source == Source::Input)
                .filter_map(|(index, (_, layer))| Some((index, kernel(&layer.kind)?)))
                .collect(),
        }
    }

    /// Draws a train of a kind. Trains that drive a channel choose a channel that has not reached that state.
    pub(super) fn raster(
        &self,
        kind: TrainKind,
        steps: usize,
        coverage: &Coverage<'_>,
        random: &mut Random,
    ) -> SpikeRaster {
        let negative = self.signed && random.chance(128);
        let share = 64 + u8::try_from(random.below(192)).unwrap_or(0);
        let driven = (steps / 2).max(1);
        let mut towards = Step::Random(0);
        let mut step = |at: usize, random: &mut Random| match kind {
            TrainKind::Silent => Step::Random(0),
            TrainKind::Sparse => Step::Random(share / 8),
            TrainKind::Full => Step::All(negative),
            TrainKind::SilentEnd if at < driven => Step::Random(share),
            TrainKind::Bursts if at.is_multiple_of(3) => {
                [Step::Random(255), Step::Random(share)][random.below(2)]
            }
            // A channel takes two steps, since the first finds membranes anywhere. The rest of the train leaks, which takes a
            // few steps to show.
            TrainKind::Falling if at <= driven => {
                if at.is_multiple_of(2) {
                    towards = self.towards(false, &self.missing(coverage, Reached::Floor), random);
                }
                towards
            }
            // The first step leaves membranes somewhere below their thresholds.
            TrainKind::Rising if at == 0 => Step::Random(share / 2),
            TrainKind::Rising if at + 2 < steps => {
                self.towards(true, &self.missing(coverage, Reached::Fired), random)
            }
            TrainKind::SilentEnd | TrainKind::Bursts | TrainKind::Falling | TrainKind::Rising => {
                Step::Random(0)
            }
        };
        let mut raster = SpikeRaster::new(self.input.size());
        for at in 0..if kind == TrainKind::Silent {
            steps.min(3)
        } else {
            steps
        } {
            let step = step(at, random);
            let mut spikes = self.spikes(step, random);
            // The result must not depend on the order of events within a step.
            if random.chance(128) {
                random.shuffle(&mut spikes);
            }
            raster.push_step(spikes);
        }
        raster
    }

    /// Channels of the layers that the input feeds which have not reached a state.
    fn missing(&self, coverage: &Coverage<'_>, what: Reached) -> Vec<(usize, usize)> {
        let of = |&(layer, _): &(usize, _)| {
            let channels = coverage.missing(layer, what);
            channels.into_iter().map(move |channel| (layer, channel))
        };
        self.first.iter().flat_map(of).collect()
    }

    /// Step that drives one of the channels to its threshold or floor; any channel if the list is empty.
    fn towards(&self, raise: bool, channels: &[(usize, usize)], random: &mut Random) -> Step {
        let mut any = || {
            let &(layer, _) = self.first.get(random.below(self.first.len()))?;
            Some((layer, random.below(self.model.layers[layer].weights.nrows())))
        };
        let chosen = match channels {
            [] => any(),
            _ => channels.get(random.below(channels.len())).copied(),
        };
        let Some((layer, channel)) = chosen else {
            return Step::All(!raise && self.signed);
        };
        let kernel = self
            .first
            .iter()
            .find(|(of, _)| *of == layer)
            .and_then(|(_, kernel)| *kernel);
        Step::Towards {
            layer,
            kernel,
            channel,
            raise,
        }
    }

    fn spikes(&self, step: Step, random: &mut Random) -> Vec<Spike> {
        let inputs = u32::try_from(self.input.size()).unwrap_or(u32::MAX);
        (0..inputs)
            .filter_map(|address| {
                let spike = |random: &mut Random, negative: bool| {
                    let value = self.magnitude(random);
                    Some(Spike {
                        address,
                        value: if negative { -value } else { value },
                    })
                };
                match step {
                    Step::Random(share) if share == 255 || random.chance(share) => {
                        let negative = self.signed && random.chance(100);
                        spike(random, negative)
                    }
                    Step::Random(_) => None,
                    Step::All(negative) => spike(random, negative),
                    Step::Towards {
                        layer,
                        kernel,
                        channel,
                        raise,
                    } => {
                        let weight = self.weight(layer, kernel, channel, address as usize);
                        match weight.signum() * if raise { 1 } else { -1 } {
                            1 => spike(random, false),
                            -1 if self.signed => spike(random, true),
                            _ => None,
                        }
                    }
                }
            })
            .collect()
    }

    /// Magnitude of an event: half of them the largest.
    fn magnitude(&self, random: &mut Random) -> i16 {
        if self.largest == 1 || random.chance(128) {
            return self.largest;
        }
        let below = random.below(usize::from(self.largest.unsigned_abs()));
        i16::try_from(below).map_or(self.largest, |below| below + 1)
    }

    /// Weight with which an input meets a channel. In a convolution, only the windows that lie side by side count.
    fn weight(&self, layer: usize, kernel: Option<usize>, channel: usize, input: usize) -> i8 {
        let Shape { height, width, .. } = self.input;
        let column = match kernel {
            None => input,
            Some(kernel) => {
                let (of, row, column) = (input / (height * width), input / width % height, input % width);
                (of * kernel + row % kernel) * kernel + column % kernel
            }
        };
        let weights = &self.model.layers[layer].weights;
        weights.get((channel, column)).copied().unwrap_or(0)
    }
}
