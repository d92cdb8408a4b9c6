//! Choices of lanes and memories, layer by layer.

use super::{Cost, LayerPlan};

/// One option for each of the first layers, and the cost of these options together with the link.
#[derive(Clone)]
pub(super) struct Choice<'a> {
    layers: Vec<&'a LayerPlan>,
    pub(super) cost: Cost,
}

impl<'a> Choice<'a> {
    /// Choices in which every layer stays within `bound` cycles per step, without those that another choice beats in all
    /// resources; sorted by LUTs. `link` is the cost of everything but the layers.
    pub(super) fn undominated(options: &'a [Vec<LayerPlan>], bound: f64, link: Cost) -> Vec<Self> {
        let mut choices = vec![Self {
            layers: Vec::new(),
            cost: link,
        }];
        for options in options {
            let options: Vec<&LayerPlan> = options
                .iter()
                .filter(|option| option.ideal_cycles <= bound)
                .collect();
            choices = choices
                .iter()
                .flat_map(|choice| options.iter().map(|option| choice.with(option)))
                .collect();
            choices.sort_by_key(|choice| (choice.cost.luts, choice.cost.block_rams, choice.cost.sprams));
            // Only a choice of no more LUTs beats another one, and such a choice comes earlier.
            let mut best: Vec<Cost> = Vec::new();
            choices.retain(|choice| {
                let is_better = !best.iter().any(|better| better.fits(choice.cost));
                if is_better {
                    best.push(choice.cost);
                }
                is_better
            });
        }
        choices
    }

    /// Plans of the chosen options.
    pub(super) fn layers(&self) -> Vec<LayerPlan> {
        self.layers.iter().copied().cloned().collect()
    }

    fn with(&self, layer: &'a LayerPlan) -> Self {
        let layers = self.layers.iter().copied().chain([layer]).collect();
        Self {
            layers,
            cost: self.cost + layer.cost,
        }
    }
}
