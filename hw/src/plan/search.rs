//! Search for the plan of the shortest inference, and the plan of lanes that a user gives.
//!
//! The search is exact. It goes through the cycles per step that some choice of lanes gives some layer, from the smallest
//! number up. For each it looks at every combination of choices that stays within that number and that no other
//! combination beats in LUTs, block RAMs and SPRAMs at once. (Fewer lanes may take more block RAM, since their memories are
//! deeper.) The first number for which a combination fits gives the plan; if several fit, the one with the fewest LUTs.

use super::choice::Choice;
use super::cost::link_cost;
use super::limits::check_sizes;
use super::options::{Target, Work, layer_options, layer_plans, most_useful_lanes, needs_power_of_two};
use super::shortage::does_not_fit;
use super::{LayerPlan, Plan, budget};
use crate::board::Board;
use crate::circuit::engine::MAX_LANES;
use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::traffic::LayerTraffic;
use synfire_golden_model::integer::QuantizedModel;

impl Plan {
    /// Searches for the plan of the shortest inference that fits the board; `traffic` is the traffic into each layer per
    /// time step.
    ///
    /// # Errors
    /// [`Error::DoesNotFit`] with the resource that runs out, [`Error::TooLarge`] for layers beyond the generator's limits.
    pub fn search(model: &QuantizedModel, board: &Board, traffic: &[LayerTraffic]) -> Result<Self> {
        Self::search_within(model, board, traffic, MAX_LANES)
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
        let options = layer_options(model, Target::of(board), traffic, most_lanes.clamp(1, MAX_LANES))?;
        let mut bounds: Vec<f64> = options
            .iter()
            .flatten()
            .map(|option| option.ideal_cycles)
            .collect();
        bounds.sort_by(f64::total_cmp);
        bounds.dedup();
        let budget = budget(board);
        let link = link_cost(board, model, options.len());
        for bound in bounds {
            // Choices are sorted by LUTs.
            let mut choices = Choice::undominated(&options, bound, link).into_iter();
            if let Some(choice) = choices.find(|choice| choice.cost.fits(budget)) {
                return Ok(Self::of(choice.layers(), board, model));
            }
        }
        let choices = Choice::undominated(&options, f64::INFINITY, link);
        Err(does_not_fit(model, board, traffic, &choices))
    }

    /// Plan of the given lanes, whether or not it fits the board.
    ///
    /// # Errors
    /// [`Error::BadLanes`], [`Error::LanesOfOwnChannel`], [`Error::TooLarge`].
    ///
    /// # Panics
    /// Never: weights may always lie in block RAM, so there is a choice of memories.
    pub fn with_lanes(
        model: &QuantizedModel,
        board: &Board,
        traffic: &[LayerTraffic],
        lanes: &[usize],
    ) -> Result<Self> {
        check_sizes(model)?;
        if lanes.len() != model.layers.len() || lanes.iter().any(|lanes| !(1..=MAX_LANES).contains(lanes)) {
            return Err(Error::BadLanes {
                given: lanes.to_vec(),
                layers: model.layers.len(),
                most: MAX_LANES,
            });
        }
        let geometry = Geometry::of(model)?;
        let mut options = Vec::with_capacity(lanes.len());
        for (index, (layer, &lanes)) in geometry.layers.iter().zip(lanes).enumerate() {
            let lanes = lanes.min(most_useful_lanes(layer));
            if needs_power_of_two(layer) && !lanes.is_power_of_two() {
                return Err(Error::LanesOfOwnChannel {
                    layer: model.layers[index].name.clone(),
                    given: lanes,
                });
            }
            options.push(layer_plans(
                model,
                index,
                layer,
                lanes,
                Target::of(board),
                Work::of(&geometry, traffic, index),
            ));
        }
        // Of the memories that fit, the choice with the fewest LUTs. If none fit, a choice of memories that the device has.
        let choices = Choice::undominated(&options, f64::INFINITY, link_cost(board, model, options.len()));
        let budget = budget(board);
        let fits = choices.iter().find(|choice| choice.cost.fits(budget));
        let exists = || choices.iter().find(|choice| choice.cost.sprams <= budget.sprams);
        let choice = fits.or_else(exists).expect("weights may lie in block RAM always");
        Ok(Self::of(choice.layers(), board, model))
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
