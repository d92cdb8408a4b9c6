//! Shortage: the resource that runs out, and what helps.

use super::choice::Choice;
use super::cost::link_cost;
use super::options::{Site, Target};
use super::search::bounds;
use super::unit::UnitOptions;
use super::{Cost, MOST_LANES, Plan, budget};
use crate::board::{Board, Features};
use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::traffic::LayerTraffic;
use serde::Serialize;
use synfire_golden_model::integer::QuantizedModel;

/// A resource that every choice of lanes needs more of than the board has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shortage {
    /// Name of the resource.
    pub resource: &'static str,
    /// Least amount that any choice needs.
    pub needed: usize,
    /// Amount that a plan may use.
    pub available: usize,
    /// Layer that needs the most of the resource in that choice.
    pub layer: String,
    /// Amount that this layer needs.
    pub layer_needed: usize,
}

/// The next faster choice of lanes, and the resource that it lacks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Faster {
    /// Cycles per step of the next faster choice.
    pub cycles: f64,
    /// Resource that this choice lacks.
    pub shortage: Shortage,
}

impl Shortage {
    /// Shortage of the choice that needs the least, for choices of which none fits the budget.
    ///
    /// Block RAM comes before LUTs: weights decide the block RAM, and weights are what a user can change.
    pub(super) fn of(choices: &[Choice<'_>], budget: Cost) -> Option<Self> {
        // Weights may always lie in block RAM, so some choices need no SPRAM.
        let buildable: Vec<&Choice<'_>> = choices
            .iter()
            .filter(|choice| choice.cost.sprams <= budget.sprams)
            .collect();
        let of = |resource: &'static str, choices: Vec<&&Choice<'_>>, amount: fn(Cost) -> usize| {
            let least = choices.into_iter().min_by_key(|choice| amount(choice.cost))?;
            let layers = least.layers();
            let most = layers.iter().max_by_key(|layer| amount(layer.cost))?;
            Some(Self {
                resource,
                needed: amount(least.cost),
                available: amount(budget),
                layer: most.name.clone(),
                layer_needed: amount(most.cost),
            })
        };
        let block_rams = of("block RAMs", buildable.iter().collect(), |cost| cost.block_rams)?;
        if block_rams.needed > block_rams.available {
            return Some(block_rams);
        }
        let enough = |choice: &&&Choice<'_>| choice.cost.block_rams <= budget.block_rams;
        of("LUTs", buildable.iter().filter(enough).collect(), |cost| {
            cost.luts
        })
    }
}

impl Plan {
    /// What the next faster choice of at most `most_lanes` lanes per layer lacks on the board; none if no lanes make the
    /// network faster, or if the faster choice fits.
    ///
    /// Give the `most_lanes` with which this plan was searched for.
    ///
    /// # Errors
    /// The errors of [`Plan::search`].
    pub fn faster(
        &self,
        model: &QuantizedModel,
        board: &Board,
        traffic: &[LayerTraffic],
        most_lanes: usize,
    ) -> Result<Option<Faster>> {
        let options = options(model, board, traffic, most_lanes.clamp(1, MOST_LANES))?;
        let slowest = self.expected_cycles(1);
        let cycles = bounds(&options).into_iter();
        let Some(bound) = cycles.filter(|&cycles| cycles < slowest).max_by(f64::total_cmp) else {
            return Ok(None);
        };
        let choices = Choice::undominated(&options, bound, link_cost(board, model, model.layers.len()));
        Ok(Shortage::of(&choices, budget(board)).map(|shortage| Faster {
            cycles: bound,
            shortage,
        }))
    }
}

/// Options of all units of a model on a board.
fn options(
    model: &QuantizedModel,
    board: &Board,
    traffic: &[LayerTraffic],
    most_lanes: usize,
) -> Result<Vec<UnitOptions>> {
    let geometry = Geometry::of(model)?;
    let site = Site {
        model,
        geometry: &geometry,
        target: Target::of(board),
        traffic,
    };
    site.options(most_lanes)
}

/// Whether some plan fits the board.
fn fits(model: &QuantizedModel, board: &Board, traffic: &[LayerTraffic]) -> bool {
    let Ok(options) = options(model, board, traffic, MOST_LANES) else {
        return false;
    };
    let choices = Choice::undominated(
        &options,
        f64::INFINITY,
        link_cost(board, model, model.layers.len()),
    );
    choices.iter().any(|choice| choice.cost.fits(budget(board)))
}

/// Error for a network of which no plan fits: names the resource, the shortfall and the layer, and suggests a fix.
pub(super) fn does_not_fit(
    model: &QuantizedModel,
    board: &Board,
    traffic: &[LayerTraffic],
    choices: &[Choice<'_>],
) -> Error {
    let shortage = Shortage::of(choices, budget(board)).expect("weights may lie in block RAM always");
    let mut remedies = Vec::new();
    if let Some(features) = without_some(board.link.features).into_iter().find(|&features| {
        let mut board = board.clone();
        board.link.features = features;
        fits(model, &board, traffic)
    }) {
        remedies.push(format!("it fits with --features {features}"));
    }
    let others: Vec<&str> = Board::names()
        .into_iter()
        .filter(|&name| Board::find(name).is_ok_and(|other| fits(model, &other, traffic)))
        .collect();
    if !others.is_empty() {
        remedies.push(format!("it fits on {}", others.join(", ")));
    }
    remedies.push("or use fewer weight bits or channels".into());
    Error::DoesNotFit {
        network: model.description.name.clone(),
        board: board.name.clone(),
        shortage: Box::new(shortage),
        remedies: remedies.join("; "),
    }
}

/// Subsets of the features, the largest first, without the whole set.
fn without_some(all: Features) -> Vec<Features> {
    let mut fewer: Vec<(usize, Features)> = (1..8_usize)
        .map(|gone| {
            let features = Features {
                encoder: all.encoder && gone & 1 == 0,
                early_exit: all.early_exit && gone & 2 == 0,
                reloadable: all.reloadable && gone & 4 == 0,
            };
            (features.count(), features)
        })
        .filter(|(_, features)| *features != all)
        .collect();
    fewer.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    fewer.into_iter().map(|(_, features)| features).collect()
}
