//! Activity: which layers, channels and lanes fired. One that never fired shows nothing about its thresholds.

use std::fmt;
use synfire_golden_model::spikes::SpikeRaster;
use synfire_hw::geometry::Geometry;
use synfire_hw::plan::Plan;

/// Most channels that a warning names.
const NAMED: usize = 8;

/// Number of spikes of every channel of the hidden layers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    layers: Vec<LayerActivity>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct LayerActivity {
    name: String,
    lanes: usize,
    positions: usize,
    channels: Vec<u64>,
}

/// Channels and lanes of a layer that never fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silent {
    /// Name of the layer.
    pub layer: String,
    /// Number of channels of the layer.
    pub channels: usize,
    /// Channels that never fired.
    pub silent_channels: Vec<usize>,
    /// Lanes of which no channel ever fired.
    pub silent_lanes: Vec<usize>,
}

impl Activity {
    /// Activity of the hidden layers of a network, without any spikes yet.
    #[must_use]
    pub fn new(geometry: &Geometry, plan: &Plan) -> Self {
        let hidden = geometry.layers.len().saturating_sub(1);
        let layers = geometry.layers.iter().zip(&plan.layers).take(hidden);
        Self {
            layers: layers
                .map(|(layer, plan)| LayerActivity {
                    name: plan.name.clone(),
                    lanes: plan.lanes,
                    positions: layer.neurons.height * layer.neurons.width,
                    channels: vec![0; layer.neurons.channels],
                })
                .collect(),
        }
    }

    /// Adds the spikes of one inference.
    pub fn add(&mut self, layers: &[SpikeRaster]) {
        for (layer, raster) in self.layers.iter_mut().zip(layers) {
            for spike in raster.iter().flatten() {
                layer.channels[spike.address as usize / layer.positions] += 1;
            }
        }
    }

    /// Adds the activity of another co-simulation of the same design.
    pub fn merge(&mut self, other: &Self) {
        if self.layers.is_empty() {
            self.layers.clone_from(&other.layers);
            return;
        }
        for (layer, other) in self.layers.iter_mut().zip(&other.layers) {
            for (count, more) in layer.channels.iter_mut().zip(&other.channels) {
                *count += more;
            }
        }
    }

    /// Channels and lanes that never fired, layer by layer; empty if all fired.
    #[must_use]
    pub fn silent(&self) -> Vec<Silent> {
        let silent = |layer: &LayerActivity| {
            let silent_channels: Vec<usize> = (0..layer.channels.len())
                .filter(|&channel| layer.channels[channel] == 0)
                .collect();
            let lanes = layer.lanes.min(layer.channels.len());
            let fires = |lane: usize| {
                layer
                    .channels
                    .iter()
                    .skip(lane)
                    .step_by(layer.lanes)
                    .any(|&c| c > 0)
            };
            (!silent_channels.is_empty()).then(|| Silent {
                layer: layer.name.clone(),
                channels: layer.channels.len(),
                silent_channels,
                // If each lane has one channel, the list of channels is enough.
                silent_lanes: (0..lanes)
                    .filter(|&lane| layer.channels.len() > lanes && !fires(lane))
                    .collect(),
            })
        };
        self.layers.iter().filter_map(silent).collect()
    }
}

impl fmt::Display for Silent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.silent_channels.len() == self.channels {
            return write!(
                f,
                "layer `{}` never fired, so its spikes prove nothing",
                self.layer
            );
        }
        let list = |numbers: &[usize]| {
            let named: Vec<String> = numbers.iter().take(NAMED).map(ToString::to_string).collect();
            let more = numbers.len().saturating_sub(NAMED);
            match more {
                0 => named.join(", "),
                _ => format!("{} and {more} more", named.join(", ")),
            }
        };
        write!(
            f,
            "layer `{}`: {} of {} channels never fired ({})",
            self.layer,
            self.silent_channels.len(),
            self.channels,
            list(&self.silent_channels)
        )?;
        if self.silent_lanes.is_empty() {
            return Ok(());
        }
        write!(
            f,
            ", including all channels of lanes {}",
            list(&self.silent_lanes)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn activity(channels: &[u64], lanes: usize) -> Activity {
        Activity {
            layers: vec![LayerActivity {
                name: "a".into(),
                lanes,
                positions: 2,
                channels: channels.to_vec(),
            }],
        }
    }

    #[test]
    fn silence_is_reported_by_layer_channel_and_lane() {
        let texts = |activity: &Activity| -> Vec<String> {
            activity.silent().iter().map(ToString::to_string).collect()
        };
        assert!(texts(&activity(&[1, 2, 3], 2)).is_empty(), "everything fires");
        assert_eq!(
            texts(&activity(&[0, 0, 0], 2)),
            ["layer `a` never fired, so its spikes prove nothing"]
        );
        assert_eq!(
            texts(&activity(&[0, 2, 3], 2)),
            ["layer `a`: 1 of 3 channels never fired (0)"]
        );
        assert_eq!(
            texts(&activity(&[1, 0, 3, 0], 2)),
            ["layer `a`: 2 of 4 channels never fired (1, 3), including all channels of lanes 1"]
        );
    }

    #[test]
    fn spikes_count_for_the_channel_of_their_neuron() {
        let mut seen = activity(&[0, 0, 0], 3);
        let mut raster = SpikeRaster::new(6);
        raster.push_step([1, 5].map(synfire_golden_model::spikes::Spike::positive));
        seen.add(&[raster]);
        assert_eq!(seen, activity(&[1, 0, 1], 3));
        seen.merge(&activity(&[0, 4, 0], 3));
        assert_eq!(seen, activity(&[1, 4, 1], 3));
    }
}
