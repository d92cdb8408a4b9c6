//! Search for the plan of the shortest inference, and the plan of lanes that a user gives.
//!
//! The search looks for the smallest number of cycles per step within which all layers can stay. Candidates are the numbers that
//! some array gives some layer; since a larger number leaves no choice out, it halves their range again and again. For a number it
//! looks at every combination of choices that stays within it and that no other combination beats in LUTs, block RAMs and SPRAMs at
//! once. (Fewer lanes may take more block RAM, since their memories are deeper.) If several fit, the one with the fewest LUTs is the
//! plan. How many spikes come together depends on the lanes of the source; so choices compare only if all that is still open depends on
//! the same lanes and arrays. The search is exact.

use super::choice::Choice;
use super::cost::link_cost;
use super::limits::check_sizes;
use super::options::{Site, Target};
use super::shortage::does_not_fit;
use super::unit::{Unit, UnitOptions};
use super::{Array, Cost, LayerPlan, MOST_LANES, Plan, budget};
use crate::board::Board;
use crate::circuit::engine::MAX_LANES;
use crate::circuit::picker::MAX_MERGED;
use crate::error::{Error, Result};
use crate::geometry::{Geometry, LayerGeometry};
use crate::traffic::LayerTraffic;
use synfire_golden_model::integer::QuantizedModel;

/// Why a layer cannot have an array, if it cannot; its first path's events have words of `sources` lanes.
pub(super) fn unbuildable(array: Array, layer: &LayerGeometry, sources: usize) -> Option<String> {
    let groups = layer.neurons.channels.div_ceil(array.lanes.max(1));
    let most = layer.useful_positions(groups).into_iter().max().unwrap_or(1);
    if !array.is_within_limits() || array.positions > most {
        return Some(format!(
            "give it at most {most} positions and {MAX_MERGED} spikes at once, and let one position or all of them end their step at \
             once"
        ));
    }
    if array.swept > 1 && !layer.sweeps_banks() {
        return Some("let its groups end their step one after the other".into());
    }
    (array.merged > 1 && !layer.can_merge(sources)).then(|| {
        "several spikes at once need weights, and a source of several lanes whose spikes have no values"
            .into()
    })
}

/// Cycles per step that some option has.
pub(super) fn bounds(options: &[UnitOptions]) -> Vec<f64> {
    let layers = options.iter().flatten().flatten();
    let bounds = layers.flat_map(|layer| match &layer.merging {
        Some(merging) => merging.cycles.clone(),
        None => vec![layer.plan.ideal_cycles],
    });
    bounds.filter(|bound| bound.is_finite()).collect()
}

/// Choice of the fewest cycles per step that fits a budget; of several, the one with the fewest LUTs.
fn fastest(options: &[UnitOptions], link: Cost, budget: Cost) -> Option<Choice<'_>> {
    let mut bounds = bounds(options);
    bounds.sort_by(f64::total_cmp);
    bounds.dedup();
    // Choices are sorted by LUTs.
    let fitting = |bound: f64| {
        let choices = Choice::undominated(options, bound, link);
        choices.into_iter().find(|choice| choice.cost.fits(budget))
    };
    // A larger bound leaves no choice out, so what fits one bound fits every larger one.
    let (mut low, mut high) = (0, bounds.len());
    let mut found = None;
    while low < high {
        let middle = low.midpoint(high);
        match fitting(bounds[middle]) {
            Some(choice) => {
                found = Some(choice);
                high = middle;
            }
            None => low = middle + 1,
        }
    }
    found
}

impl Plan {
    /// Searches for the plan of the shortest inference that fits the board; `traffic` is the traffic into each layer per
    /// time step.
    ///
    /// # Errors
    /// [`Error::DoesNotFit`] with the resource that runs out, [`Error::TooLarge`] for layers beyond the generator's limits.
    pub fn search(model: &QuantizedModel, board: &Board, traffic: &[LayerTraffic]) -> Result<Self> {
        Self::search_within(model, board, traffic, MOST_LANES)
    }

    /// Searches like [`Plan::search`], with at most `most_lanes` lanes per layer: for a design that synthesizes quickly.
    ///
    /// # Errors
    /// The errors of [`Plan::search`].
    pub fn search_within(
        model: &QuantizedModel,
        board: &Board,
        traffic: &[LayerTraffic],
        most_lanes: usize,
    ) -> Result<Self> {
        let geometry = Geometry::of(model)?;
        let site = Site {
            model,
            geometry: &geometry,
            target: Target::of(board),
            traffic,
        };
        let link = link_cost(board, model, geometry.layers.len());
        let options = site.options(most_lanes.clamp(1, MOST_LANES))?;
        if let Some(choice) = fastest(&options, link, budget(board)) {
            return Ok(Self::of(site.finished(&choice.layers()), board, model));
        }
        let choices = Choice::undominated(&options, f64::INFINITY, link);
        Err(does_not_fit(model, board, traffic, &choices))
    }

    /// Plan of the given lanes, each layer with one position and one spike at a time, whether or not it fits the board.
    ///
    /// # Errors
    /// The errors of [`Plan::with_arrays`].
    pub fn with_lanes(
        model: &QuantizedModel,
        board: &Board,
        traffic: &[LayerTraffic],
        lanes: &[usize],
    ) -> Result<Self> {
        let arrays: Vec<Array> = lanes.iter().map(|&lanes| Array::of_lanes(lanes)).collect();
        Self::with_arrays(model, board, traffic, &arrays)
    }

    /// Plan of the given arrays, whether or not it fits the board.
    ///
    /// # Errors
    /// [`Error::BadLanes`], [`Error::BadArray`], [`Error::LanesOfOwnChannel`], [`Error::TooLarge`].
    ///
    /// # Panics
    /// Never: weights may always lie in block RAM, so there is a choice of memories.
    pub fn with_arrays(
        model: &QuantizedModel,
        board: &Board,
        traffic: &[LayerTraffic],
        arrays: &[Array],
    ) -> Result<Self> {
        check_sizes(model)?;
        let lanes: Vec<usize> = arrays.iter().map(|array| array.lanes).collect();
        if lanes.len() != model.layers.len() || lanes.iter().any(|lanes| !(1..=MAX_LANES).contains(lanes)) {
            return Err(Error::BadLanes {
                given: lanes,
                layers: model.layers.len(),
                most: MAX_LANES,
            });
        }
        let geometry = Geometry::of(model)?;
        let site = Site {
            model,
            geometry: &geometry,
            target: Target::of(board),
            traffic,
        };
        let mut options: Vec<UnitOptions> = Vec::new();
        for unit in Unit::of(&geometry) {
            let first = if unit.has_input { 1 } else { lanes[unit.layers[0]] };
            if let Some(&layer) = unit.layers.iter().find(|&&layer| lanes[layer] != first) {
                return Err(Error::LanesOfOwnChannel {
                    layer: model.layers[layer].name.clone(),
                    given: lanes[layer],
                    needed: first,
                });
            }
            let lanes = first.min(unit.most_lanes(&geometry));
            let array = |layer: usize| {
                vec![Array {
                    lanes,
                    ..arrays[layer]
                }]
            };
            options.push(site.unit_plans(&unit, array));
        }
        for (index, (&array, layer)) in arrays.iter().zip(&geometry.layers).enumerate() {
            let source = layer.paths[0].stream.checked_sub(1);
            let reason = unbuildable(array, layer, source.map_or(1, |source| lanes[source]));
            if let Some(reason) = reason {
                return Err(Error::BadArray {
                    layer: model.layers[index].name.clone(),
                    given: array,
                    reason,
                });
            }
        }
        // Of the memories that fit, the choice with the fewest LUTs. If none fit, a choice of memories that the device has.
        let link = link_cost(board, model, geometry.layers.len());
        let choices = Choice::undominated(&options, f64::INFINITY, link);
        let budget = budget(board);
        let fits = choices.iter().find(|choice| choice.cost.fits(budget));
        let exists = || choices.iter().find(|choice| choice.cost.sprams <= budget.sprams);
        let choice = fits.or_else(exists).expect("weights may lie in block RAM always");
        Ok(Self::of(site.finished(&choice.layers()), board, model))
    }

    fn of(layers: Vec<LayerPlan>, board: &Board, model: &QuantizedModel) -> Self {
        let link = link_cost(board, model, layers.len());
        let cost = link + layers.iter().map(|layer| layer.cost).sum();
        Self {
            layers,
            features: board.link.features,
            cost,
        }
    }
}
