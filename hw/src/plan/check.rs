//! Check of a plan that was read from a file: whether it is a plan of this model that the generator can build.

use super::options::{Fifos, Site, Target};
use super::search::unbuildable;
use super::unit::Unit;
use super::{LayerPlan, Plan, check_sizes};
use crate::board::Board;
use crate::circuit::engine::smallest_queue;
use crate::circuit::settle::MOST_STAGES;
use crate::geometry::{Geometry, LayerGeometry};
use crate::traffic::from_rates;
use synfire_golden_model::integer::{Neuron, QuantizedModel};

/// Fewest and most entries of a FIFO or queue.
const DEPTHS: std::ops::RangeInclusive<usize> = 8..=32768;

impl Plan {
    /// Checks that the plan is one of this model on this board. Lanes, FIFOs, settle stages and the choice of memories are the
    /// plan's own;
    /// everything else must be what follows from them.
    ///
    /// # Errors
    /// The fault as text; the caller names the file.
    pub fn check(&self, model: &QuantizedModel, board: &Board) -> Result<(), String> {
        let (layers, planned) = (model.layers.len(), self.layers.len());
        if layers != planned {
            return Err(format!(
                "the model has {layers} layers, but the plan has {planned}"
            ));
        }
        check_sizes(model).map_err(|error| error.to_string())?;
        let geometry = Geometry::of(model).map_err(|error| error.to_string())?;
        // Depths of FIFOs and costs depend on traffic, but nothing that is compared does.
        let traffic = from_rates(model, &vec![0.0; layers]).map_err(|error| error.to_string())?;
        let site = Site {
            model,
            geometry: &geometry,
            target: Target::of(board),
            traffic: &traffic,
        };
        let chosen: Vec<usize> = self.layers.iter().map(|plan| plan.lanes).collect();
        for unit in Unit::of(&geometry) {
            lanes(self, &unit, unit.most_lanes(&geometry))?;
        }
        for (index, (plan, layer)) in self.layers.iter().zip(&geometry.layers).enumerate() {
            let source = layer.paths[0].stream.checked_sub(1);
            if let Some(reason) = unbuildable(plan.array(), layer, source.map_or(1, |source| chosen[source]))
            {
                let array = plan.array();
                return Err(format!("layer `{}` has an array of {array}; {reason}", plan.name));
            }
            let options = site.layer_plans(index, plan.array(), Fifos::Taken(&chosen));
            if !options.iter().any(|option| has_shape_of(plan, option)) {
                return Err(format!(
                    "layer `{}` with {} lanes is planned in a way that does not follow from the model",
                    plan.name, plan.lanes
                ));
            }
            let fires = matches!(model.layers[index].neuron, Neuron::Lif { .. });
            depths(plan, layer, fires)?;
            numbers(plan)?;
        }
        Ok(())
    }
}

fn lanes(plan: &Plan, unit: &Unit, most: usize) -> Result<(), String> {
    let first = plan.layers[unit.layers[0]].lanes;
    for plan in unit.layers.iter().map(|&layer| &plan.layers[layer]) {
        if !(1..=most).contains(&plan.lanes) {
            return Err(format!(
                "layer `{}` has {} lanes; give it 1 to {most}",
                plan.name, plan.lanes
            ));
        }
        if plan.lanes != first {
            return Err(format!(
                "layer `{}` has {} lanes; give it the {first} of the layer whose spikes it adds to its own channels",
                plan.name, plan.lanes
            ));
        }
    }
    Ok(())
}

/// Whether two plans of a layer differ in FIFOs, queue, settle stages, traffic and cost at most.
fn has_shape_of(plan: &LayerPlan, other: &LayerPlan) -> bool {
    let shape = |plan: &LayerPlan| {
        (
            (
                plan.name.clone(),
                plan.lanes,
                plan.groups,
                [plan.words, plan.sweep_words],
            ),
            (plan.weight_words, plan.weight_style),
            (plan.membrane_style, plan.threshold_style),
        )
    };
    shape(plan) == shape(other)
}

fn depths(plan: &LayerPlan, layer: &LayerGeometry, fires: bool) -> Result<(), String> {
    let (fifos, paths) = (plan.fifo_depths.len(), layer.paths.len());
    if fifos != paths {
        return Err(format!(
            "layer `{}` has {fifos} FIFOs, but {paths} paths lead into it",
            plan.name
        ));
    }
    if fires != (plan.queue_depth > 0) {
        return Err(format!(
            "layer `{}` has a queue of {}; layers that fire have one, and the output layer has none",
            plan.name, plan.queue_depth
        ));
    }
    if plan.settle_stages > MOST_STAGES {
        return Err(format!(
            "layer `{}` has {} settle stages; give it at most {MOST_STAGES}",
            plan.name, plan.settle_stages
        ));
    }
    let queue = fires.then_some(&plan.queue_depth);
    let is_wrong = |depth: &&usize| !depth.is_power_of_two() || !DEPTHS.contains(*depth);
    let least = smallest_queue(plan.settle_stages);
    match plan.fifo_depths.iter().chain(queue).find(is_wrong) {
        None if fires && plan.queue_depth < least => Err(format!(
            "layer `{}` has a queue of {}; give it at least {least}",
            plan.name, plan.queue_depth
        )),
        None => Ok(()),
        Some(depth) => Err(format!(
            "layer `{}` has a FIFO of {depth}; its depth must be a power of two from {} to {}",
            plan.name,
            DEPTHS.start(),
            DEPTHS.end()
        )),
    }
}

fn numbers(plan: &LayerPlan) -> Result<(), String> {
    if plan.ideal_cycles.is_finite() && plan.ideal_cycles > 0.0 && plan.spikes_in >= 0.0 {
        return Ok(());
    }
    Err(format!(
        "layer `{}` is planned for {} spikes and {} cycles per step",
        plan.name, plan.spikes_in, plan.ideal_cycles
    ))
}
