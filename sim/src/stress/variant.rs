//! Variant of a design under stress: the same model, lanes and memories, with the smallest FIFOs and queues, and with streams
//! that can be held back. The variant is the core alone, for Verilator, and never goes to a board.

use crate::error::Result;
use synfire_golden_model::file::{io, write_atomically};
use synfire_hw::accelerator::core_params;
use synfire_hw::build::Build;
use synfire_hw::circuit::core::Core;
use synfire_hw::circuit::engine::smallest_queue;
use synfire_hw::circuit::fifo::SMALLEST_FIFO;
use synfire_hw::emit::verilog::{CORE, TOP, emit};
use synfire_hw::emit::{lint, wrapper};
use synfire_hw::folder::check_entries;
use synfire_hw::plan::{LayerPlan, Plan};

/// Name of the variant's folder within the build folder.
pub const FOLDER: &str = "stress";

/// Gives a plan the FIFOs and queues of a design under stress.
#[must_use]
pub fn tight(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    for layer in &mut plan.layers {
        layer.fifo_depths.fill(SMALLEST_FIFO);
        layer.queue_depth = layer.queue_depth.min(smallest_queue(layer.settle_stages));
    }
    plan
}

/// Writes the variant into the build folder, and returns it as a build of its own. The variant has no manifest file, so it
/// cannot pass for the design of a board.
///
/// # Errors
/// The fault that rust-hdl finds in the circuit, and those of writing files.
pub fn stressed(build: &Build) -> Result<Build> {
    let folder = build.folder.join(FOLDER);
    std::fs::create_dir_all(&folder).map_err(io("creating folder", &folder))?;
    // The folder may come from somebody else, and the files below would be written through a link.
    let plain =
        check_entries(&build.folder, |name| name == FOLDER).and_then(|()| check_entries(&folder, |_| true));
    plain.map_err(|reason| synfire_hw::Error::BuildFolder {
        path: folder.clone(),
        reason,
    })?;
    let model = build.model()?;
    let plan = tight(&build.manifest.plan);
    let core = core_params(&model, &plan)?.throttled();
    let units: Vec<usize> = plan.layers.iter().map(LayerPlan::units).collect();
    let mut files = core.memory_images();
    // The names of modules start with that of the top module. In the variant the core is the top module.
    let text = emit(Core::new(core), &[])?.replace(TOP, CORE);
    let head =
        "// The core of the design in the folder above, under stress: see synfire's sim/src/stress.rs.\n";
    files.push(("accelerator.v".into(), format!("{head}{text}")));
    files.push(("cosim.v".into(), wrapper::cosim_top(&units, true)));
    files.push((lint::LINT.into(), lint::waivers()));
    for (name, text) in files {
        write_atomically(&folder.join(name), &text)?;
    }
    // The simulator loads the model from the file name that builds use.
    model
        .save(folder.join("model.safetensors"))
        .map_err(synfire_hw::Error::from)?;
    let mut manifest = build.manifest.clone();
    manifest.plan = plan;
    Ok(Build { folder, manifest })
}
