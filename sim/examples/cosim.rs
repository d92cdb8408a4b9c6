//! Builds a small network for a board, and co-simulates the design with the golden model.
//!
//! Run it with `cargo run --release -p synfire-sim --example cosim`.

use std::error::Error;
use synfire_golden_model::config::Config;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::quantize::{QuantizeConfig, quantize};
use synfire_golden_model::workload::random_raster;
use synfire_hw::board::Board;
use synfire_hw::build::Build;
use synfire_hw::plan::Plan;
use synfire_hw::synth::checks::Form;
use synfire_hw::tool::Tool;
use synfire_hw::traffic;
use synfire_sim::cosim::{self, Stimulus, Summary};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    // A preset network with random weights, quantized to integers.
    let network = Config::preset("digits")?.network;
    let float = FloatModel::initial(network.clone(), 1)?;
    let (model, _) = quantize(&float, &QuantizeConfig::default())?;
    // Input spikes: a quarter of the inputs in every step.
    let rasters: Vec<_> = (0..3).map(|seed| random_raster(&network, 0.25, seed)).collect();

    // The plan gives each layer its lanes; the build folder gets the Verilog.
    let board = Board::find("ice40-hx8k")?;
    let traffic = traffic::measure(&model, &rasters)?;
    let plan = Plan::search_within(&model, &board, &traffic, 4)?;
    let folder = tempfile::tempdir()?;
    let build = Build::write(folder.path(), &model, &board, &plan)?;
    println!(
        "{} for {}: about {} LUTs",
        network.name, board.title, plan.cost.luts
    );

    // Both simulators compare every spike, membrane, potential and counter, and fail at the first difference.
    let stimuli: Vec<Stimulus> = rasters
        .into_iter()
        .enumerate()
        .map(|(image, raster)| Stimulus {
            image,
            seed: image as u64,
            raster,
        })
        .collect();
    report(
        "native simulation",
        &cosim::native(&model, &plan, &stimuli, None, &mut |_| ())?,
    );
    match Tool::Verilator.find() {
        Ok(_) => report(
            "Verilator",
            &cosim::verilator(&build, Form::Emitted, &stimuli, None, &mut |_| ())?,
        ),
        Err(error) => println!("Verilator: left out ({error})"),
    }
    Ok(())
}

fn report(simulator: &str, summary: &Summary) {
    println!(
        "{simulator}: {} inferences equal the golden model, {} spikes and {} membranes compared, {:.0} cycles per inference",
        summary.images, summary.spikes, summary.membranes, summary.cycles
    );
}
