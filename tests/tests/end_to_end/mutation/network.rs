//! Odd convolutional networks with random weights, their builds, and images for them.

#[allow(dead_code, reason = "rasters are drawn as an encoder draws them")]
#[path = "../../../../hw/tests/common/random.rs"]
mod random;

use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;
use std::path::Path;
use synfire_golden_model::integer;
use synfire_golden_model::integer::QuantizedModel;
use synfire_golden_model::network::LayerKind;
use synfire_golden_model::spikes::{Spike, SpikeRaster};
use synfire_hw::board::Board;
use synfire_hw::build::Build;
use synfire_hw::geometry::Geometry;
use synfire_hw::plan::{Plan, common_lanes};
use synfire_hw::traffic;
use synfire_sim::cosim::Stimulus;

/// Number of images of a co-simulation by default.
const IMAGES: usize = 20;

/// Build of a network, with words that are half full and with more than one group.
pub(crate) fn build(folder: &Path, model: &QuantizedModel) -> Build {
    let mut board = Board::find("ulx3s-85f").expect("a board");
    board.link.features.reloadable = false;
    board.link.features.early_exit = false;
    let geometry = Geometry::of(model).expect("a valid model");
    let lanes: Vec<usize> = (geometry.layers.iter())
        .map(|layer| 3.min(layer.neurons.channels))
        .collect();
    let lanes = common_lanes(&geometry, &lanes);
    let traffic = traffic::from_rates(model, &vec![4.0; model.layers.len()]).expect("traffic");
    let plan = Plan::with_lanes(model, &board, &traffic, &lanes).expect("a plan");
    Build::write(folder, model, &board, &plan).expect("a build")
}

/// Network with stride, padding, odd kernel, pooling and a junction, which fires in every layer.
pub(crate) fn odd_network(rng: &mut Xoshiro256PlusPlus, signed: bool) -> QuantizedModel {
    loop {
        let model = random::model_of(rng, false);
        let description = &model.description;
        let has =
            |wanted: &dyn Fn(&LayerKind) -> bool| description.layers.iter().any(|layer| wanted(&layer.kind));
        let shapes = description.shapes();
        let neurons: usize = shapes.into_iter().map(|shape| shape.size()).sum();
        let is_odd = has(&|kind| matches!(kind, LayerKind::Conv { stride, .. } if *stride > 1))
            && has(&|kind| matches!(kind, LayerKind::Conv { kernel: 3, padding, .. } if *padding > 0))
            && has(&|kind| matches!(kind, LayerKind::Pool { .. }))
            && description.layers.iter().any(|layer| layer.shortcut.is_some())
            && description.normalization.is_some() == signed
            && (4..=6).contains(&description.layers.len())
            && (60..=400).contains(&neurons);
        if !is_odd {
            continue;
        }
        let trace = integer::trace(&model, &images(rng, &model)[0].raster).expect("valid");
        if trace.layers.iter().all(|layer| layer.total() > 30) {
            return model;
        }
    }
}

/// Input spikes drawn from the rates of pixels, as the encoder draws them.
pub(crate) fn images(rng: &mut Xoshiro256PlusPlus, model: &QuantizedModel) -> Vec<Stimulus> {
    let description = &model.description;
    let signed = description.normalization.is_some();
    (0..IMAGES)
        .map(|image| {
            let rates: Vec<f64> = (0..description.input.size())
                .map(|_| rng.random_range(if signed { -0.7..0.7 } else { 0.0..0.7 }))
                .collect();
            let mut raster = SpikeRaster::new(rates.len());
            for _ in 0..description.steps {
                let spikes = (0..).zip(&rates).filter(|(_, rate)| rng.random_bool(rate.abs()));
                let step: Vec<Spike> = spikes
                    .map(|(address, rate)| Spike::signed(address, *rate < 0.0))
                    .collect();
                raster.push_step(step);
            }
            Stimulus {
                image,
                seed: 0,
                raster,
            }
        })
        .collect()
}
