//! Units: layers that must have the same number of lanes, and their options.
//!
//! A source that meets its own channel only finds it in the same lane of a word of the same group. So pooling has the lanes of
//! the layer before it, and a junction with an identity those of the layer that the identity comes from. An input has one lane.

use super::limits::check_sizes;
use super::options::{Fifos, Site, most_useful_lanes};
use super::{Array, LayerPlan};
use crate::error::Result;
use crate::geometry::Geometry;

/// Layers that must have the same number of lanes, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) layers: Vec<usize>,
    /// Whether they must have the input's one lane.
    pub(super) has_input: bool,
}

impl Unit {
    /// Units of a network, ordered by their first layers.
    pub(super) fn of(geometry: &Geometry) -> Vec<Self> {
        // Unit of each stream, by its lowest stream.
        let streams = geometry.layers.len() + 1;
        let mut unit: Vec<usize> = (0..streams).collect();
        for (layer, of) in geometry.layers.iter().enumerate() {
            for path in of.paths.iter().filter(|path| path.reach.is_own_channel()) {
                let (one, other) = (unit[layer + 1], unit[path.stream]);
                let (kept, gone) = (one.min(other), one.max(other));
                for of in &mut unit {
                    if *of == gone {
                        *of = kept;
                    }
                }
            }
        }
        let with = |kept: usize| Self {
            layers: (0..geometry.layers.len())
                .filter(|layer| unit[layer + 1] == kept)
                .collect(),
            has_input: kept == 0,
        };
        let mut units: Vec<Self> = (0..streams)
            .map(with)
            .filter(|unit| !unit.layers.is_empty())
            .collect();
        units.sort_by_key(|unit| unit.layers[0]);
        units
    }

    /// Most lanes that the layers can have and gain from.
    pub(super) fn most_lanes(&self, geometry: &Geometry) -> usize {
        if self.has_input {
            return 1;
        }
        let most = self
            .layers
            .iter()
            .map(|&layer| most_useful_lanes(&geometry.layers[layer]));
        most.max().unwrap_or(1)
    }
}

/// Lanes that can be built: the given ones, but the fewest of its layers for every unit, and one beside an input.
///
/// # Panics
/// If `lanes` does not have one number per layer.
#[must_use]
pub fn common_lanes(geometry: &Geometry, lanes: &[usize]) -> Vec<usize> {
    assert_eq!(lanes.len(), geometry.layers.len(), "lanes of each layer");
    let mut common = lanes.to_vec();
    for unit in Unit::of(geometry) {
        let fewest = unit.layers.iter().map(|&layer| lanes[layer]).min();
        for &layer in &unit.layers {
            common[layer] = if unit.has_input { 1 } else { fewest.unwrap_or(1) };
        }
    }
    common
}

/// Option of a layer.
#[derive(Clone, Debug)]
pub(super) struct LayerOption {
    pub(super) index: usize,
    /// The plan. If the layer takes several spikes at once, its cycles are those with the most lanes of the source.
    pub(super) plan: LayerPlan,
    pub(super) merging: Option<Merging>,
}

/// What the cycles of a layer that takes several spikes at once depend on.
#[derive(Clone, Debug)]
pub(super) struct Merging {
    /// Layer whose spikes it takes.
    pub(super) source: usize,
    /// Cycles per step for each number of lanes of the source, from 1 on; infinite with one, which has no several spikes, and with more
    /// than the search takes.
    pub(super) cycles: Vec<f64>,
}

/// Options of a unit's layers, one choice of arrays and memories after the other.
pub(super) type UnitOptions = Vec<Vec<LayerOption>>;

impl Site<'_> {
    /// Sensible options of every unit, sorted by lanes: for each number of groups the fewest lanes that give it.
    pub(super) fn options(&self, most_lanes: usize) -> Result<Vec<UnitOptions>> {
        check_sizes(self.model)?;
        let of_unit = |unit: Unit| {
            let is_sensible = |lanes: &usize| {
                let layers = unit.layers.iter();
                let mut channels = layers.map(|&layer| self.geometry.layers[layer].neurons.channels);
                *lanes == 1
                    || channels.any(|channels| channels.div_ceil(*lanes) < channels.div_ceil(*lanes - 1))
            };
            (1..=unit.most_lanes(self.geometry).min(most_lanes))
                .filter(is_sensible)
                .flat_map(|lanes| self.unit_plans(&unit, |layer| self.arrays(layer, lanes, most_lanes)))
                .collect()
        };
        Ok(Unit::of(self.geometry).into_iter().map(of_unit).collect())
    }

    /// Options of a unit's layers: one for each choice of their arrays and of the memories of their weights.
    pub(super) fn unit_plans(&self, unit: &Unit, arrays: impl Fn(usize) -> Vec<Array>) -> UnitOptions {
        let mut plans: UnitOptions = vec![Vec::new()];
        for &layer in &unit.layers {
            let options: Vec<LayerOption> = arrays(layer)
                .into_iter()
                .flat_map(|array| self.layer_plans(layer, array, Fifos::Filled))
                .map(|plan| LayerOption {
                    index: layer,
                    merging: self.merging(layer, &plan),
                    plan,
                })
                .collect();
            plans = plans
                .iter()
                .flat_map(|plans| {
                    options
                        .iter()
                        .map(|option| plans.iter().chain([option]).cloned().collect())
                })
                .collect();
        }
        plans
    }

    /// Plans of chosen layers with the FIFOs that they take events from.
    pub(super) fn finished(&self, chosen: &[LayerPlan]) -> Vec<LayerPlan> {
        let lanes: Vec<usize> = chosen.iter().map(|plan| plan.lanes).collect();
        let finished = |(index, chosen): (usize, &LayerPlan)| {
            let plans = self.layer_plans(index, chosen.array(), Fifos::Taken(&lanes));
            let of_style = |plan: &LayerPlan| plan.weight_style == chosen.weight_style;
            plans
                .into_iter()
                .find(of_style)
                .expect("the style was chosen from these")
        };
        chosen.iter().enumerate().map(finished).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use synfire_golden_model::float::FloatModel;
    use synfire_golden_model::network::NetworkDescription;
    use synfire_golden_model::quantize::{QuantizeConfig, quantize};

    fn units(layers: &str) -> Vec<(Vec<usize>, bool)> {
        let description = NetworkDescription::from_compact(layers, None).expect("a network");
        let model = FloatModel::initial(description, 1).expect("valid");
        let model = quantize(&model, &QuantizeConfig::default()).expect("quantizes").0;
        let units = Unit::of(&Geometry::of(&model).expect("resolves"));
        units
            .into_iter()
            .map(|unit| (unit.layers, unit.has_input))
            .collect()
    }

    #[test]
    fn pooling_and_identities_have_the_lanes_of_their_sources() {
        assert_eq!(
            units("4C3p1-P2-8C3p1-P2-5@1x8x8"),
            [(vec![0, 1], false), (vec![2, 3], false), (vec![4], false)]
        );
        // Pooling of the input has its one lane.
        assert_eq!(
            units("P2-4C3p1-5@3x8x8"),
            [(vec![0], true), (vec![1], false), (vec![2], false)]
        );
        // A residual block whose identity comes from the layer before it.
        let identity = units("4C3p1-I4-5@1x8x8");
        assert!(
            identity.iter().any(|(layers, _)| layers.len() == 2),
            "{identity:?}"
        );
    }
}
