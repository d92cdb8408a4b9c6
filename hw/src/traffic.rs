//! Traffic: the spikes that each layer of a network receives per time step, and the positions that they meet.

pub mod array;

use crate::circuit::engine::MAX_LANES;
use crate::error::Result;
use crate::geometry::{Geometry, LayerGeometry, Path};
use serde::{Deserialize, Serialize};
use synfire_golden_model::integer::{Engine, QuantizedModel};
use synfire_golden_model::spikes::SpikeRaster;

/// Average traffic on one path into a layer, per time step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathTraffic {
    /// Spikes that arrive.
    pub spikes: f64,
    /// Positions of the layer that these spikes meet.
    pub positions: f64,
    /// The same spikes in words of several channels: an entry for each number of groups that the source's channels can
    /// have, the fewest first. The last entry, of one channel a group, has the numbers of single spikes.
    pub words: Vec<WordTraffic>,
}

/// Average traffic on one path in words of channels, per time step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WordTraffic {
    /// Groups of the source's channels.
    pub groups: usize,
    /// Events that arrive: groups of a position in which a source fires.
    pub events: f64,
    /// Accesses by which these events meet the layer's positions, for each form of an array: positions of a row, from 1 on, by spikes at once as in [`MERGED`].
    pub accesses: Vec<f64>,
}

/// Spikes at once for which accesses are counted.
pub const MERGED: [usize; 3] = [1, 2, 4];

impl WordTraffic {
    /// Accesses of an array of `positions` positions that takes `merged` spikes at once. Positions beyond those that are useful
    /// count as the most that are; spikes at once between those of [`MERGED`] as the fewer.
    #[must_use]
    pub fn accesses(&self, positions: usize, merged: usize) -> f64 {
        let most = self.accesses.len() / MERGED.len();
        let column = MERGED.iter().rposition(|&at| at <= merged).unwrap_or(0);
        let row = positions.clamp(1, most.max(1)) - 1;
        self.accesses
            .get(row * MERGED.len() + column)
            .copied()
            .unwrap_or(0.0)
    }
}

impl PathTraffic {
    /// The traffic in words, if the source's channels have this many groups.
    ///
    /// # Panics
    /// For a number of groups that no number of lanes gives.
    #[must_use]
    pub fn in_words(&self, groups: usize) -> &WordTraffic {
        let of = self.words.iter().find(|words| words.groups == groups);
        of.unwrap_or_else(|| panic!("{groups} groups"))
    }
}

/// Numbers of groups that `channels` channels can have, each with the fewest lanes that give it; the fewest groups first.
#[must_use]
pub fn groupings(channels: usize) -> Vec<(usize, usize)> {
    let mut groupings: Vec<(usize, usize)> = (1..=channels.min(MAX_LANES))
        .map(|lanes| (channels.div_ceil(lanes), lanes))
        .collect();
    groupings.dedup_by_key(|(groups, _)| *groups);
    groupings.reverse();
    groupings
}

/// Average traffic into a layer per time step: one entry for each of its paths.
pub type LayerTraffic = Vec<PathTraffic>;

/// Estimates the traffic from spike rates.
///
/// `spikes_in` has one number per layer: the spikes that its first path delivers per step. They are taken to be spread
/// evenly over the source's map. A shortcut gets the rate of the layer whose first path comes from the same source, or that
/// of the junction itself if there is no such layer.
///
/// # Errors
/// If the model's description does not resolve.
///
/// # Panics
/// If `spikes_in` does not have one number per layer.
pub fn from_rates(model: &QuantizedModel, spikes_in: &[f64]) -> Result<Vec<LayerTraffic>> {
    let geometry = Geometry::of(model)?;
    assert_eq!(spikes_in.len(), geometry.layers.len(), "spikes into each layer");
    let rate_of = |stream: usize, layer: usize| {
        let main = |at: &usize| geometry.layers[*at].paths[0].stream == stream;
        spikes_in[(0..spikes_in.len()).find(main).unwrap_or(layer)]
    };
    let on_path = |layer: &LayerGeometry, path: &Path, spikes: f64| {
        let met = path.mean_positions();
        let shape = path.sources.shape;
        let rate = (spikes / exact(shape.size())).min(1.0);
        let places = exact(shape.height * shape.width);
        // Mean accesses of a source of any place, for each number of positions.
        let accesses: Vec<f64> = positions_of(layer)
            .map(|positions| {
                let all = (0..shape.height * shape.width).map(|place| path.accesses(place, positions));
                exact(all.sum()) / places
            })
            .collect();
        let is_own = path.reach.is_own_channel();
        let word = |(groups, lanes): (usize, usize)| {
            let [whole, rest] = [shape.channels / lanes, shape.channels % lanes];
            let of_words =
                |count: &dyn Fn(usize) -> f64| places * (exact(whole) * count(lanes) + count(rest));
            let taken = MERGED.map(|merged| {
                of_words(&|lanes| {
                    expected(lanes, rate, |spikes| {
                        if is_own {
                            spikes.min(1)
                        } else {
                            spikes.div_ceil(merged)
                        }
                    })
                })
            });
            WordTraffic {
                groups,
                events: of_words(&|lanes| expected(lanes, rate, |spikes| spikes.min(1))),
                accesses: accesses
                    .iter()
                    .flat_map(|accesses| taken.map(|taken| taken * accesses))
                    .collect(),
            }
        };
        PathTraffic {
            spikes,
            positions: spikes * met,
            words: forms(path).into_iter().map(word).collect(),
        }
    };
    Ok(geometry
        .layers
        .iter()
        .enumerate()
        .map(|(index, layer)| {
            let main = on_path(layer, &layer.paths[0], spikes_in[index]);
            let side = layer.paths[1..]
                .iter()
                .map(|path| on_path(layer, path, rate_of(path.stream, index)));
            std::iter::once(main).chain(side).collect()
        })
        .collect())
}

/// Measures the traffic by running the golden model on `inputs`, averaged over the steps of all inputs.
///
/// # Errors
/// If the model's description does not resolve, or an input does not have the model's width.
pub fn measure<'a>(
    model: &QuantizedModel,
    inputs: impl IntoIterator<Item = &'a SpikeRaster>,
) -> Result<Vec<LayerTraffic>> {
    let geometry = Geometry::of(model)?;
    let mut engine = Engine::new(model)?;
    let mut traffic: Vec<LayerTraffic> = geometry
        .layers
        .iter()
        .map(|layer| layer.paths.iter().map(|path| nothing(layer, path)).collect())
        .collect();
    let mut steps = 0;
    for input in inputs {
        let trace = engine.trace(input, false)?;
        steps += input.steps();
        for (layer, traffic) in geometry.layers.iter().zip(&mut traffic) {
            for (path, traffic) in layer.paths.iter().zip(traffic) {
                let spikes = path
                    .stream
                    .checked_sub(1)
                    .map_or(input, |layer| &trace.layers[layer]);
                traffic.spikes += exact(spikes.total());
                traffic.positions += exact_u64(path.positions_of(spikes));
                let lanes: Vec<usize> = forms(path).into_iter().map(|(_, lanes)| lanes).collect();
                for step in spikes.iter() {
                    let counts = path.words_of(step, lanes.iter().copied());
                    for (count, words) in counts.into_iter().zip(&mut traffic.words) {
                        words.events += exact(count.0.len());
                        let forms = positions_of(layer)
                            .flat_map(|positions| MERGED.map(|merged| (positions, merged)));
                        for ((positions, merged), accesses) in forms.zip(&mut words.accesses) {
                            *accesses += exact_u64(count.accesses(path, positions, merged));
                        }
                    }
                }
            }
        }
    }
    let steps = exact(steps.max(1));
    for path in traffic.iter_mut().flatten() {
        path.spikes /= steps;
        path.positions /= steps;
        for words in &mut path.words {
            words.events /= steps;
            words.accesses.iter_mut().for_each(|accesses| *accesses /= steps);
        }
    }
    Ok(traffic)
}

/// Groups and lanes that the words of a path's sources can have; those of an input have one lane.
fn forms(path: &Path) -> Vec<(usize, usize)> {
    let channels = path.sources.shape.channels;
    match path.stream {
        0 => vec![(channels, 1)],
        _ => groupings(channels),
    }
}

/// Numbers of positions for which accesses are counted.
fn positions_of(layer: &LayerGeometry) -> std::ops::RangeInclusive<usize> {
    1..=layer.useful_columns().into_iter().max().unwrap_or(1)
}

/// Expectation of a number that follows from the sources of `lanes` that fire, each with probability `rate`.
fn expected(lanes: usize, rate: f64, number: impl Fn(usize) -> usize) -> f64 {
    // Probability of each number of spikes, one source after the other.
    let mut chances = vec![1.0];
    for _ in 0..lanes {
        let mut next = vec![0.0; chances.len() + 1];
        for (spikes, chance) in chances.iter().enumerate() {
            next[spikes] += chance * (1.0 - rate);
            next[spikes + 1] += chance * rate;
        }
        chances = next;
    }
    chances
        .iter()
        .enumerate()
        .map(|(spikes, chance)| chance * exact(number(spikes)))
        .sum()
}

/// Traffic of a path on which nothing arrives.
fn nothing(layer: &LayerGeometry, path: &Path) -> PathTraffic {
    let word = |(groups, _)| WordTraffic {
        groups,
        events: 0.0,
        accesses: vec![0.0; positions_of(layer).count() * MERGED.len()],
    };
    PathTraffic {
        words: forms(path).into_iter().map(word).collect(),
        ..PathTraffic::default()
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
const fn exact(number: usize) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
const fn exact_u64(number: u64) -> f64 {
    number as f64
}
