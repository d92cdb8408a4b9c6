//! What runs out, and what would have to give.

use super::choice::Choice;
use super::cost::link_cost;
use super::{Cost, Plan, Target, budget, layer_options};
use crate::board::{Board, Features};
use crate::circuit::engine::MAX_LANES;
use crate::error::{Error, Result};
use crate::load::LayerLoad;
use serde::Serialize;
use synfire_golden_model::integer::QuantizedModel;

/// A resource of which choices want more than there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shortage {
    /// The resource.
    pub resource: &'static str,
    /// The least that a choice wants of it.
    pub needed: usize,
    /// What a plan may use.
    pub available: usize,
    /// The layer that wants the most of it there.
    pub layer: String,
    /// What that layer wants.
    pub layer_needed: usize,
}

/// What keeps a plan from being faster.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Faster {
    /// Clocks a step of the next faster choice.
    pub cycles: f64,
    /// What it lacks.
    pub shortage: Shortage,
}

impl Shortage {
    /// What the choice with the least of it lacks, none of which fit; block RAM before tables, since weights, which
    /// decide it, are what a user can change.
    pub(super) fn of(choices: &[Choice<'_>], budget: Cost) -> Option<Self> {
        // Weights may lie in block RAM always, so that some choices need no SPRAM.
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
        of(
            "tables (LUT)",
            buildable.iter().filter(enough).collect(),
            |cost| cost.luts,
        )
    }
}

impl Plan {
    /// What the next faster choice of at most `most_lanes` lanes lacks on the board, of a plan that was searched for within
    /// them; none if no lanes make the network faster.
    ///
    /// # Errors
    /// As [`Plan::search`].
    pub fn faster(
        &self,
        model: &QuantizedModel,
        board: &Board,
        loads: &[LayerLoad],
        most_lanes: usize,
    ) -> Result<Option<Faster>> {
        let options = layer_options(model, Target::of(board), loads, most_lanes.clamp(1, MAX_LANES))?;
        let slowest = self.expected_cycles(1);
        let cycles = options.iter().flatten().map(|option| option.ideal_cycles);
        let Some(bound) = cycles.filter(|&cycles| cycles < slowest).max_by(f64::total_cmp) else {
            return Ok(None);
        };
        let choices = Choice::undominated(&options, bound, link_cost(board, model, options.len()));
        Ok(Shortage::of(&choices, budget(board)).map(|shortage| Faster {
            cycles: bound,
            shortage,
        }))
    }
}

/// Whether some plan fits.
fn fits(model: &QuantizedModel, board: &Board, loads: &[LayerLoad]) -> bool {
    let Ok(options) = layer_options(model, Target::of(board), loads, MAX_LANES) else {
        return false;
    };
    let choices = Choice::undominated(&options, f64::INFINITY, link_cost(board, model, options.len()));
    choices.iter().any(|choice| choice.cost.fits(budget(board)))
}

/// The error of a network of which no plan fits: by how much, of what, and what would.
pub(super) fn does_not_fit(
    model: &QuantizedModel,
    board: &Board,
    loads: &[LayerLoad],
    choices: &[Choice<'_>],
) -> Error {
    let shortage = Shortage::of(choices, budget(board)).expect("weights may lie in block RAM always");
    let mut remedies = Vec::new();
    if let Some(features) = without_some(board.link.features).into_iter().find(|&features| {
        let mut board = board.clone();
        board.link.features = features;
        fits(model, &board, loads)
    }) {
        remedies.push(format!("it fits with --features {features}"));
    }
    let others: Vec<&str> = Board::names()
        .into_iter()
        .filter(|&name| Board::find(name).is_ok_and(|other| fits(model, &other, loads)))
        .collect();
    if !others.is_empty() {
        remedies.push(format!("it fits {}", others.join(", ")));
    }
    remedies.push("fewer weight bits or channels take less".into());
    Error::DoesNotFit {
        network: model.description.name.clone(),
        board: board.name.clone(),
        shortage: Box::new(shortage),
        remedies: remedies.join("; "),
    }
}

/// The features without one of them, two, or all.
fn without_some(all: Features) -> Vec<Features> {
    let mut fewer: Vec<(usize, Features)> = (1..8_usize)
        .map(|gone| {
            let features = Features {
                encoder: all.encoder && gone & 1 == 0,
                early_exit: all.early_exit && gone & 2 == 0,
                load: all.load && gone & 4 == 0,
            };
            (features.count(), features)
        })
        .filter(|(_, features)| *features != all)
        .collect();
    fewer.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    fewer.into_iter().map(|(_, features)| features).collect()
}
