//! Choices of arrays and memories, unit by unit.

use super::unit::{LayerOption, UnitOptions};
use super::{Cost, LayerPlan};
use std::collections::BTreeSet;

/// One option for each of the first units, and the cost of these options together with the link.
#[derive(Clone)]
pub(super) struct Choice<'a> {
    units: Vec<&'a [LayerOption]>,
    /// Lanes of each layer; none if they are not chosen yet.
    lanes: Vec<Option<usize>>,
    pub(super) cost: Cost,
}

/// A layer that can take several spikes at once, behind its source: the cycles of the one depend on the lanes of the other.
type Pair = (usize, usize);

impl<'a> Choice<'a> {
    /// Choices in which every layer stays within `bound` cycles per step, without those that another choice beats in all
    /// resources; sorted by LUTs. `link` is the cost of everything but the layers.
    pub(super) fn undominated(options: &'a [UnitOptions], bound: f64, link: Cost) -> Vec<Self> {
        let layers = || options.iter().flatten().flatten();
        let pairs: BTreeSet<Pair> = layers()
            .filter_map(|layer| Some((layer.merging.as_ref()?.source, layer.index)))
            .collect();
        let count = layers().map(|layer| layer.index + 1).max().unwrap_or(0);
        let mut choices = vec![Self {
            units: Vec::new(),
            lanes: vec![None; count],
            cost: link,
        }];
        for options in options {
            choices = choices
                .iter()
                .flat_map(|choice| options.iter().map(|option| choice.with(option)))
                .filter(|choice| choice.cycles() <= bound)
                .collect();
            // What is open must be the same for one choice to beat another.
            choices.sort_by_cached_key(|choice| {
                let Cost {
                    luts,
                    block_rams,
                    sprams,
                } = choice.cost;
                (choice.open(&pairs), luts, block_rams, sprams)
            });
            let mut open = Vec::new();
            let mut best: Vec<Cost> = Vec::new();
            choices.retain(|choice| {
                let of_choice = choice.open(&pairs);
                if of_choice != open {
                    open = of_choice;
                    best.clear();
                }
                // Only a choice of no more LUTs beats another one, and such a choice comes earlier.
                let is_better = !best.iter().any(|better| better.fits(choice.cost));
                if is_better {
                    best.push(choice.cost);
                }
                is_better
            });
        }
        choices
    }

    /// Plans of the chosen options, in the order of the layers.
    pub(super) fn layers(&self) -> Vec<LayerPlan> {
        let mut layers: Vec<&LayerOption> = self.units.iter().copied().flatten().collect();
        layers.sort_by_key(|layer| layer.index);
        layers.into_iter().map(|layer| layer.plan.clone()).collect()
    }

    fn with(&self, unit: &'a [LayerOption]) -> Self {
        let mut lanes = self.lanes.clone();
        for layer in unit {
            lanes[layer.index] = Some(layer.plan.lanes);
        }
        Self {
            units: self.units.iter().copied().chain([unit]).collect(),
            lanes,
            cost: self.cost + unit.iter().map(|layer| layer.plan.cost).sum(),
        }
    }

    /// Most cycles per step of a chosen layer; at the least, where they depend on lanes that are not chosen yet.
    fn cycles(&self) -> f64 {
        let layers = self.units.iter().copied().flatten();
        let cycles = layers.map(|layer| match &layer.merging {
            Some(merging) => match self.lanes[merging.source] {
                Some(lanes) => merging.cycles[lanes - 1],
                None => layer.plan.ideal_cycles,
            },
            None => layer.plan.ideal_cycles,
        });
        cycles.fold(0.0, f64::max)
    }

    /// What later cycles depend on: lanes of sources whose layers are not chosen, and arrays of layers whose sources are not.
    fn open(&self, pairs: &BTreeSet<Pair>) -> Vec<[usize; 4]> {
        let array = |layer: usize| {
            let mut options = self.units.iter().copied().flatten();
            options
                .find(|option| option.index == layer)
                .map_or([0; 4], |option| {
                    [
                        layer,
                        option.plan.lanes,
                        option.plan.positions,
                        option.plan.merged,
                    ]
                })
        };
        let open =
            pairs
                .iter()
                .filter_map(|&(source, layer)| match (self.lanes[source], self.lanes[layer]) {
                    (Some(lanes), None) => Some([source, lanes, 0, 0]),
                    (None, Some(_)) => Some(array(layer)),
                    _ => None,
                });
        open.collect()
    }
}
