//! The variant of a build's design under stress: same model, same lanes and memories; the smallest FIFOs and queues, and
//! streams that can be held back. It is the core alone, for Verilator; no board is ever made of it.

use crate::error::{Result, io};
use synfire_hw::accelerator::core_params;
use synfire_hw::build::{Build, write_atomically};
use synfire_hw::circuit::core::Core;
use synfire_hw::circuit::fifo::SMALLEST_FIFO;
use synfire_hw::emit::verilog::{CORE, TOP, emit};
use synfire_hw::emit::{lint, wrapper};
use synfire_hw::plan::Plan;

/// Folder of the variant within the build's.
pub const FOLDER: &str = "stress";

/// A plan with the FIFOs and queues of a design under stress.
#[must_use]
pub fn tight(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    for layer in &mut plan.layers {
        layer.fifo_depths.fill(SMALLEST_FIFO);
        layer.queue_depth = layer.queue_depth.min(SMALLEST_FIFO);
    }
    plan
}

/// Writes the variant into the build's folder, and gives it as a build of its own. It has no manifest, so that nothing
/// takes it for a board's design.
///
/// # Errors
/// What rust-hdl finds wrong with the circuit; files that cannot be written.
pub fn stressed(build: &Build) -> Result<Build> {
    let folder = build.folder.join(FOLDER);
    std::fs::create_dir_all(&folder).map_err(io("creating folder", &folder))?;
    let model = build.model()?;
    let plan = tight(&build.manifest.plan);
    let core = core_params(&model, &plan)?.throttled();
    let lanes: Vec<usize> = plan.layers.iter().map(|layer| layer.lanes).collect();
    let mut files = core.memory_images();
    // Modules are named after the top module; here it is the core, elsewhere the core is below it.
    let text = emit(Core::new(core), &[])?.replace(TOP, CORE);
    let head =
        "// The core of the design in the folder above, under stress: see synfire's sim/src/stress.rs.\n";
    files.push(("accelerator.v".into(), format!("{head}{text}")));
    files.push(("cosim.v".into(), wrapper::cosim_top(&lanes, true)));
    files.push((lint::LINT.into(), lint::waivers()));
    for (name, text) in files {
        write_atomically(&folder.join(name), &text)?;
    }
    // Under the name that the build has it by: what it holds is what the simulator loads.
    model
        .save(folder.join("model.safetensors"))
        .map_err(synfire_hw::Error::from)?;
    let mut manifest = build.manifest.clone();
    manifest.plan = plan;
    Ok(Build { folder, manifest })
}
