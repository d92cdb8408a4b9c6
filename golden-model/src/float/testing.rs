//! Models for tests: networks of every layer kind, with any choice of coding, reset, readout and biases.

use super::FloatModel;
use crate::network::{InputCoding, NetworkDescription, Normalization, Readout, Reset};
use crate::random::{Random, mix};
use crate::spikes::{Spike, SpikeRaster};

/// Choices in which a network differs from those of the paper.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choices {
    pub(crate) coding: InputCoding,
    pub(crate) reset: Reset,
    pub(crate) readout: Readout,
    pub(crate) biased: bool,
    pub(crate) signed: bool,
}

impl Choices {
    /// All combinations.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for coding in InputCoding::ALL {
            for reset in Reset::ALL {
                for readout in Readout::ALL {
                    for (biased, signed) in [(false, false), (true, false), (true, true)] {
                        all.push(Self {
                            coding,
                            reset,
                            readout,
                            biased,
                            signed,
                        });
                    }
                }
            }
        }
        all
    }
}

/// Networks in which every kind of layer has the input as its source, and another layer.
pub(crate) const NETWORKS: [&str; 4] = [
    "I2-P2t0.5-R4s2-6-5@2x8x8",
    "R3-4C3s2p1-I4-5@2x6x7",
    "P2t0.25-3C3p1-8-4@2x8x9",
    "12-5@1x3x5",
];

/// Draws a model with weights that are multiples of 1/32 and at most 1, and biases that are multiples of 1/32 and at most
/// 1/2. Sums of a few steps are then exact in single precision.
pub(crate) fn model(compact: &str, choices: Choices, leak: f32, seed: u64) -> FloatModel {
    let mut description = NetworkDescription::from_compact(compact, None).unwrap();
    description.steps = 4;
    description.leak = leak;
    description.rate = 1.0;
    description.coding = choices.coding;
    description.reset = choices.reset;
    description.readout = choices.readout;
    let channels = description.input.channels;
    let signed = choices.signed && choices.coding != InputCoding::Counts;
    description.normalization = signed.then(|| Normalization {
        mean: vec![0.5; channels],
        deviation: vec![0.5; channels],
    });
    let mut model = FloatModel::initial(description, seed).unwrap();
    for weights in &mut model.weights {
        weights.map_inplace(|weight| *weight = (weight.clamp(-1.0, 1.0) * 32.0).round() / 32.0);
    }
    if choices.biased {
        let mut random = Random::new(mix(&[seed, 77]));
        let graph = model.description.graph().unwrap();
        model.biases = graph
            .nodes
            .iter()
            .map(|node| {
                let channels = if node.tensor.is_some() {
                    node.output.channels
                } else {
                    0
                };
                (0..channels)
                    .map(|_| (random.uniform() * 32.0).floor() / 32.0 - 0.5)
                    .collect()
            })
            .collect();
    }
    model
}

/// Draws the input of one image: spikes or values, some of them negative if the network normalizes. `share` of the
/// sources have an event.
pub(crate) fn raster(description: &NetworkDescription, share: f32, seed: u64) -> SpikeRaster {
    let mut random = Random::new(mix(&[seed, 78]));
    let width = description.input.size();
    let mut raster = SpikeRaster::new(width);
    let largest = description.coding.largest_value();
    let mut steps: Vec<Vec<Spike>> = Vec::new();
    for step in 0..description.steps {
        let same = description.coding == InputCoding::Direct && step > 0;
        let events = if same {
            steps[0].clone()
        } else {
            let mut events = Vec::new();
            for address in (0..).take(width) {
                if random.uniform() >= share {
                    continue;
                }
                #[expect(clippy::cast_possible_truncation, reason = "at most 255")]
                let size = (random.uniform() * f32::from(largest)) as i16 + 1;
                let size = match description.coding {
                    // Counts are mostly small.
                    InputCoding::Counts => (size / 64).max(1),
                    _ => size.min(largest),
                };
                let negative = description.normalization.is_some() && random.uniform() < 0.4;
                let value = if negative { -size } else { size };
                events.push(Spike { address, value });
            }
            events
        };
        steps.push(events);
    }
    steps.into_iter().for_each(|step| raster.push_step(step));
    raster
}
