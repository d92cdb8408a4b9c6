//! Pruning: removes channels that never fire or have no effect. The smaller network has the same potentials, bit for bit.
//!
//! A channel may go for one of three reasons:
//!
//! * **It never fires**, for any input: the proof of the widths shows that no partial sum of its membrane exceeds its
//!   threshold (`silence`). A pooling channel never fires if its source never does.
//! * **It has no effect**: all weights that its spikes meet are 0.
//! * **It never fired on data.** Then the smaller network is exact only for inputs for which the channel does not fire;
//!   [`first_difference`] compares the potentials of both networks on given inferences.
//!
//! With a channel go its row of weights, its threshold, and the columns of all layers that take its spikes, over both paths
//! of a junction. What remains does not change, but widths are proven anew and become as small as the proof allows. Some
//! channels are tied: pooling has the channels of its source, and an identity adds each channel of its source to the same
//! channel of its junction. Tied channels go together or not at all (`ties`). Every layer keeps at least one channel.
//!
//! What is removed can let more channels go: those that only a silent channel could fire, and those that only a removed
//! channel listened to. So the search is repeated until nothing changes, first without data and then with them.

mod cut;
mod data;
mod report;
mod silence;
mod ties;

pub use data::{FiredChannels, PotentialDifference, first_difference};
pub use report::{Kept, KeptReason, LayerPruning, PruneReport};

use crate::Result;
use crate::integer::{InputSigns, InputValues, QuantizedModel, proof};
use crate::network::Node;
use report::Grounds;
use silence::{has_no_effect, never_firing};
use ties::Group;

/// One flag for every output channel of every layer.
type Channels = Vec<Vec<bool>>;

/// Removes channels from a network: those that never fire and those without effect, and, if `fired` is given, also those
/// that did not fire on these data.
///
/// # Errors
/// If the network is inconsistent or its widths cannot be proven, or `fired` belongs to another network.
pub fn prune(model: &QuantizedModel, fired: Option<&FiredChannels>) -> Result<(QuantizedModel, PruneReport)> {
    let input = InputValues {
        coding: model.description.coding,
        signs: InputSigns::of(&model.description),
    };
    let _ = proof::verify(model, input.signs)?;
    if let Some(fired) = fired {
        fired.check(model)?;
    }
    let nodes = model.description.graph()?.nodes;
    let mut search = Search {
        model,
        nodes: &nodes,
        input,
        groups: ties::groups(&model.description, &nodes),
        removed: model
            .layers
            .iter()
            .map(|layer| vec![false; layer.outputs()])
            .collect(),
        grounds: model.layers.iter().map(|_| Grounds::default()).collect(),
    };
    search.exhaust(None);
    if fired.is_some() {
        search.exhaust(fired);
    }
    let kept = search.kept(fired);
    let mut pruned = cut::without(model, &nodes, &search.removed, input)?;
    let _ = proof::verify(&pruned, input.signs)?;
    let report = PruneReport::new(model, &pruned, search.grounds, kept, fired);
    pruned
        .provenance
        .insert("quantize.prune".to_owned(), report.summary());
    Ok((pruned, report))
}

/// Search for channels that may go.
struct Search<'a> {
    model: &'a QuantizedModel,
    nodes: &'a [Node],
    input: InputValues,
    groups: Vec<Group>,
    removed: Channels,
    /// Why channels were removed, layer by layer.
    grounds: Vec<Grounds>,
}

/// Why a channel may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ground {
    NeverFires,
    NoEffect,
    Data,
}

impl Search<'_> {
    /// Removes channels until no more may go. With data, everything that is removed counts as removed by data, because it
    /// may follow from what was.
    fn exhaust(&mut self, fired: Option<&FiredChannels>) {
        let groups = std::mem::take(&mut self.groups);
        let mut goes_on = true;
        while goes_on {
            goes_on = false;
            let never = never_firing(self.model, self.nodes, &self.removed, self.input);
            for group in groups.iter().filter(|group| !group.has_input) {
                let first = group.layers[0];
                for channel in 0..self.removed[first].len() {
                    let left = self.removed[first].iter().filter(|&&removed| !removed).count();
                    if self.removed[first][channel] || left == 1 {
                        continue;
                    }
                    let grounds = group.layers.iter();
                    let grounds = grounds.map(|&layer| self.ground(&never, fired, layer, channel));
                    let Some(grounds) = grounds.collect::<Option<Vec<Ground>>>() else {
                        continue;
                    };
                    for (&layer, ground) in group.layers.iter().zip(grounds) {
                        self.removed[layer][channel] = true;
                        let ground = if fired.is_some() { Ground::Data } else { ground };
                        self.grounds[layer].of(ground).push(channel);
                    }
                    goes_on = true;
                }
            }
        }
        self.groups = groups;
    }

    /// Why a channel may go, if the channels tied to it go, too.
    fn ground(
        &self,
        never: &Channels,
        fired: Option<&FiredChannels>,
        layer: usize,
        channel: usize,
    ) -> Option<Ground> {
        if never[layer][channel] {
            Some(Ground::NeverFires)
        } else if has_no_effect(self.model, self.nodes, &self.removed, layer, channel) {
            Some(Ground::NoEffect)
        } else if fired.is_some_and(|fired| !fired.channels[layer][channel]) {
            Some(Ground::Data)
        } else {
            None
        }
    }

    /// Channels that could go on their own, but have to stay; one list for each layer.
    fn kept(&self, fired: Option<&FiredChannels>) -> Vec<Vec<Kept>> {
        let never = never_firing(self.model, self.nodes, &self.removed, self.input);
        let mut kept: Vec<Vec<Kept>> = vec![Vec::new(); self.model.layers.len()];
        for group in &self.groups {
            for channel in 0..self.removed[group.layers[0]].len() {
                if self.removed[group.layers[0]][channel] {
                    continue;
                }
                let free = |layer: &&usize| self.ground(&never, fired, **layer, channel).is_some();
                // A channel that feeds pooling or an identity has an effect if they have one.
                let could_go = |layer: &&usize| match self.ground(&never, fired, **layer, channel) {
                    Some(Ground::NoEffect) => !ties::feeds_tied(&self.model.description, self.nodes, **layer),
                    ground => ground.is_some(),
                };
                let needed = group.layers.iter().find(|layer| !free(layer));
                let reason = match needed {
                    _ if group.has_input => KeptReason::Tied {
                        to: "input".to_owned(),
                    },
                    Some(&layer) => KeptReason::Tied {
                        to: self.model.layers[layer].name.clone(),
                    },
                    None => KeptReason::Last,
                };
                for &layer in group.layers.iter().filter(could_go) {
                    Kept::add(&mut kept[layer], channel, &reason);
                }
            }
        }
        kept
    }
}
