//! Build folder: everything that a board's design is made of, and the manifest that says what it is.
//!
//! | file | what |
//! |---|---|
//! | `manifest.json` | network, board, plan, hashes, files with their SHA-256 |
//! | `model.safetensors` | the quantized model |
//! | `accelerator.v` | the generated accelerator |
//! | `board.v` | the board's top module |
//! | `cosim.v` | the co-simulation's top module |
//! | `diagram.svg` | block diagram of the design |
//! | `lint.vlt` | what Verilator's `-Wall` may not say, with reasons |
//! | `board.pcf` / `board.lpf` / `board.cst` | pins and clock |
//! | `layer*_*.hex` | memory images that the Verilog reads |

use crate::accelerator::{ParameterLoad, core_params};
use crate::board::{Board, Features};
use crate::circuit::accelerator::{Accelerator, LinkParams};
use crate::circuit::core::CoreParams;
use crate::circuit::engine::MAX_LANES;
use crate::circuit::event::Addressing;
use crate::circuit::link::encoder::EncoderParams;
use crate::circuit::link::identity::Identity;
use crate::circuit::word_memory::Style;
use crate::diagram;
use crate::emit::{constraints, lint, verilog, wrapper};
use crate::error::{Error, Result, io};
use crate::geometry::Geometry;
use crate::plan::Plan;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use synfire_golden_model::integer::QuantizedModel;

/// Format name in the manifest.
const FORMAT: &str = "synfire-build";
/// Version of the build folder's layout.
const VERSION: u32 = 3;
/// The manifest's file name.
const MANIFEST: &str = "manifest.json";
/// The quantized model's file name.
const MODEL: &str = "model.safetensors";

/// What a build folder says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always `synfire-build`.
    pub format: String,
    /// Version of the layout.
    pub version: u32,
    /// Program and version that made it.
    pub generator: String,
    /// The network's name.
    pub network: String,
    /// Number of inputs.
    pub inputs: usize,
    /// Number of classes.
    pub classes: usize,
    /// Time steps of an inference.
    pub steps: usize,
    /// The board.
    pub board: Board,
    /// The plan.
    pub plan: Plan,
    /// SHA-256 of the design, in hex; the board answers with its first half.
    pub design_hash: String,
    /// SHA-256 of the model, in hex; the board answers with its first half.
    pub model_hash: String,
    /// SHA-256 of every file of the design, in hex.
    pub files: BTreeMap<String, String>,
}

/// A build folder.
#[derive(Clone, Debug)]
pub struct Build {
    /// The folder.
    pub folder: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
}

/// The design's files, before they are written.
#[derive(Clone, Debug)]
pub struct Design {
    /// File name and text.
    pub files: BTreeMap<String, String>,
    /// SHA-256 of the design.
    pub design_hash: [u8; 32],
}

/// Generates a model's design for a board.
///
/// The design hash names the hardware, whatever it holds: it is that of all files but the memory images and the diagram,
/// as they are for a nameless network with hashes of zeros in the place of model, plan and design. So two models of one
/// shape, on the same lanes and memories and for one board, have the same design, and the weights of either can be loaded
/// into it.
///
/// # Errors
/// [`Error::Design`] if rust-hdl refuses the circuit.
pub fn design(model: &QuantizedModel, board: &Board, plan: &Plan) -> Result<Design> {
    let mut files = BTreeMap::new();
    let (constraints_file, constraints) = constraints::constraints(board);
    files.insert(constraints_file.into(), constraints);
    let top = wrapper::board_top(board).map_err(|error| Error::BoardFile {
        origin: board.name.clone(),
        reason: error.to_string(),
    })?;
    files.insert("board.v".into(), top);
    files.insert(lint::LINT.into(), lint::waivers());
    let lanes: Vec<usize> = plan.layers.iter().map(|layer| layer.lanes).collect();
    files.insert("cosim.v".into(), wrapper::cosim_top(&lanes, false));
    let nameless = Names {
        network: "-",
        model: [0; 32],
        plan: [0; 32],
        design: [0; 32],
    };
    let core = core_params(model, plan)?;
    let unnamed = accelerator_verilog(model, board, plan, core.clone(), &nameless)?;
    // Contents that cannot be loaded are part of the hardware.
    let fixed: Vec<(String, String)> = core
        .parameters()
        .filter(|(_, memory)| !memory.loadable)
        .map(|(_, memory)| memory.hex_image())
        .collect();
    let mut hasher = Sha256::new();
    for (name, text) in files
        .iter()
        .map(|(name, text): (&String, &String)| (name.as_str(), text))
        .chain([("accelerator.v", &unnamed)])
        .chain(fixed.iter().map(|(name, text)| (name.as_str(), text)))
    {
        hasher.update(format!("{name} {}\n", text.len()));
        hasher.update(text);
    }
    let design_hash: [u8; 32] = hasher.finalize().into();
    let names = Names {
        network: &model.description.name,
        model: model.hash(),
        plan: plan.hash(),
        design: design_hash,
    };
    files.insert(diagram::FILE.into(), diagram::svg(model, board, plan)?);
    files.extend(core.memory_images());
    files.insert(
        "accelerator.v".into(),
        accelerator_verilog(model, board, plan, core, &names)?,
    );
    Ok(Design { files, design_hash })
}

/// What a design is called.
struct Names<'a> {
    network: &'a str,
    model: [u8; 32],
    plan: [u8; 32],
    design: [u8; 32],
}

fn accelerator_verilog(
    model: &QuantizedModel,
    board: &Board,
    plan: &Plan,
    core: CoreParams,
    names: &Names<'_>,
) -> Result<String> {
    let identity = identity(model, board, plan.features, &core, names)?;
    let link = LinkParams {
        identity,
        clocks_per_bit: board.clocks_per_bit(),
        input: input(model)?,
    };
    let circuit = Accelerator::new(&link, core);
    let lanes: Vec<String> = plan
        .layers
        .iter()
        .map(|layer| format!("{}×{}", layer.name, layer.lanes))
        .collect();
    verilog::emit(
        circuit,
        &[
            format!("Event-driven spiking accelerator, generated by {}.", generator()),
            format!(
                "Network {}, lanes {}, for {}.",
                names.network,
                lanes.join(" "),
                board.name
            ),
            format!("Model {}.", hex(&names.model)),
            format!("Plan {}.", hex(&names.plan)),
            format!("Design {}.", hex(&names.design)),
        ],
    )
}

/// What the design answers to IDENTIFY.
fn identity(
    model: &QuantizedModel,
    board: &Board,
    features: Features,
    core: &CoreParams,
    names: &Names<'_>,
) -> Result<Identity> {
    let (Some(first), Some(last)) = (model.layers.first(), model.layers.last()) else {
        return Err(too_large("network", "layers", 0, 1));
    };
    let inputs = model.description.input.size();
    let loadable = core.parameters().any(|(_, memory)| memory.loadable);
    let is_loaded = core
        .parameters()
        .all(|(_, memory)| memory.shape.style != Style::Huge);
    let half = |hash: [u8; 32]| {
        let mut half = [0; 16];
        half.copy_from_slice(&hash[..16]);
        half
    };
    Ok(Identity {
        layers: u8::try_from(model.layers.len())
            .map_err(|_| too_large("network", "layers", model.layers.len(), u8::MAX.into()))?,
        classes: u16::try_from(last.outputs())
            .map_err(|_| too_large(&last.name, "classes", last.outputs(), u16::MAX.into()))?,
        inputs: u32::try_from(inputs)
            .map_err(|_| too_large(&first.name, "inputs", inputs, u32::MAX as usize))?,
        clock_hz: board.core_hz(),
        slot_bytes: board.link.slot_bytes,
        signed_inputs: model.description.normalization.is_some(),
        encoder: has_encoder(features, inputs),
        early_exit: core.exit_steps.is_some(),
        loadable,
        design_hash: half(names.design),
        // Memories without contents at power-up hold no model before one is loaded.
        model_hash: if is_loaded { half(names.model) } else { [0; 16] },
    })
}

/// Whether a design of that many inputs has the encoder.
pub(crate) const fn has_encoder(features: Features, inputs: usize) -> bool {
    features.encoder && inputs <= 1 << 16
}

/// The input as the core addresses it.
///
/// # Errors
/// If the model's description does not resolve.
pub fn input(model: &QuantizedModel) -> Result<EncoderParams> {
    let shape = model.description.input;
    Ok(EncoderParams {
        shape: [shape.channels, shape.height, shape.width],
        is_map: Geometry::of(model)?.input == Addressing::of(shape),
    })
}

fn too_large(layer: &str, what: &'static str, found: usize, limit: usize) -> Error {
    Error::TooLarge {
        layer: layer.into(),
        what,
        found,
        limit,
    }
}

impl Build {
    /// Generates a model's design for a board and writes it into a folder, the manifest last; what an earlier
    /// design left there of a synthesis is removed.
    ///
    /// # Errors
    /// Those of [`design`], and [`Error::Io`].
    pub fn write(folder: &Path, model: &QuantizedModel, board: &Board, plan: &Plan) -> Result<Self> {
        let design = design(model, board, plan)?;
        std::fs::create_dir_all(folder).map_err(io("creating folder", folder))?;
        // Without its manifest the folder is no build until it is whole again, and an older design's bitstream
        // must not pass for this one's.
        if folder.join(MANIFEST).exists() {
            std::fs::remove_file(folder.join(MANIFEST)).map_err(io("removing", folder.join(MANIFEST)))?;
        }
        crate::synth::remove_outputs(folder)?;
        model.save(folder.join(MODEL))?;
        for (name, text) in &design.files {
            write_atomically(&folder.join(name), text)?;
        }
        let model_file = std::fs::read(folder.join(MODEL)).map_err(io("reading", folder.join(MODEL)))?;
        let mut files: BTreeMap<String, String> = design
            .files
            .iter()
            .map(|(name, text)| (name.clone(), sha256(text.as_bytes())))
            .collect();
        files.insert(MODEL.into(), sha256(&model_file));
        let manifest = Manifest {
            format: FORMAT.into(),
            version: VERSION,
            generator: generator(),
            network: model.description.name.clone(),
            inputs: model.description.input.size(),
            classes: model.layers.last().map_or(0, |layer| layer.outputs()),
            steps: model.description.steps,
            board: board.clone(),
            plan: plan.clone(),
            design_hash: hex(&design.design_hash),
            model_hash: hex(&model.hash()),
            files,
        };
        let text = serde_json::to_string_pretty(&manifest).map_err(|error| Error::BuildFolder {
            path: folder.into(),
            reason: format!("manifest does not serialize: {error}"),
        })?;
        write_atomically(&folder.join(MANIFEST), &text)?;
        Ok(Self {
            folder: folder.into(),
            manifest,
        })
    }

    /// Opens a build folder, and checks that every file is there and is the one that the manifest names.
    ///
    /// # Errors
    /// [`Error::BuildFolder`] with what is wrong.
    pub fn open(folder: &Path) -> Result<Self> {
        let wrong = |reason: String| Error::BuildFolder {
            path: folder.into(),
            reason,
        };
        let text = std::fs::read_to_string(folder.join(MANIFEST))
            .map_err(|error| wrong(format!("{MANIFEST} cannot be read ({error})")))?;
        let manifest: Manifest =
            serde_json::from_str(&text).map_err(|error| wrong(format!("{MANIFEST} is damaged ({error})")))?;
        if manifest.format != FORMAT || manifest.version != VERSION {
            return Err(wrong(format!(
                "{MANIFEST} is {} version {}, this synfire reads {FORMAT} version {VERSION}",
                manifest.format, manifest.version
            )));
        }
        check_manifest(&manifest).map_err(|reason| wrong(format!("{MANIFEST}: {reason}")))?;
        for (name, expected) in &manifest.files {
            let content = std::fs::read(folder.join(name))
                .map_err(|error| wrong(format!("{name} cannot be read ({error})")))?;
            let found = sha256(&content);
            if found != *expected {
                return Err(wrong(format!(
                    "{name} has been changed: SHA-256 {found}, not {expected}"
                )));
            }
        }
        Ok(Self {
            folder: folder.into(),
            manifest,
        })
    }

    /// The quantized model.
    ///
    /// # Errors
    /// Those of loading a quantized model file.
    pub fn model(&self) -> Result<QuantizedModel> {
        let model = QuantizedModel::load(self.folder.join(MODEL))?;
        let (layers, planned) = (model.layers.len(), self.manifest.plan.layers.len());
        if layers == planned {
            return Ok(model);
        }
        Err(Error::BuildFolder {
            path: self.folder.clone(),
            reason: format!("{MODEL} has {layers} layers, the plan in {MANIFEST} {planned}"),
        })
    }

    /// What is loaded into a board of this design so that it holds this model.
    ///
    /// # Errors
    /// As [`Build::model`].
    pub fn loads(&self) -> Result<Vec<ParameterLoad>> {
        Ok(core_params(&self.model()?, &self.manifest.plan)?
            .loads()
            .collect())
    }

    /// The half of the design's hash that the board answers with.
    #[must_use]
    pub fn short_design_hash(&self) -> Option<[u8; 16]> {
        short_hash(&self.manifest.design_hash)
    }

    /// The half of the model's hash that the board answers with.
    #[must_use]
    pub fn short_model_hash(&self) -> Option<[u8; 16]> {
        short_hash(&self.manifest.model_hash)
    }
}

/// Checks what the simulators and the host rely on; a manifest may have been edited.
fn check_manifest(manifest: &Manifest) -> Result<(), String> {
    manifest.board.check()?;
    let plan = &manifest.plan;
    if plan.layers.is_empty() || manifest.inputs == 0 || manifest.classes == 0 || manifest.steps == 0 {
        return Err("a network has layers, inputs, classes and steps".into());
    }
    for layer in &plan.layers {
        if !(1..=MAX_LANES).contains(&layer.lanes) || layer.groups == 0 {
            return Err(format!(
                "layer `{}` has {} lanes in {} words; 1..={MAX_LANES} lanes can be built",
                layer.name, layer.lanes, layer.groups
            ));
        }
        let depths = layer
            .fifo_depths
            .iter()
            .chain(Some(&layer.queue_depth).filter(|&&depth| depth > 0));
        if let Some(depth) = depths
            .into_iter()
            .find(|depth| !depth.is_power_of_two() || !(8..=32768).contains(*depth))
        {
            return Err(format!(
                "layer `{}` has a FIFO of {depth}, which is not a power of two of 8..=32768",
                layer.name
            ));
        }
    }
    let (constraints, _) = constraints::constraints(&manifest.board);
    for name in [
        "accelerator.v",
        "board.v",
        "cosim.v",
        lint::LINT,
        MODEL,
        constraints,
    ] {
        if !manifest.files.contains_key(name) {
            return Err(format!("{name} is not among its files"));
        }
    }
    Ok(())
}

/// First 16 bytes of a hash in hex.
fn short_hash(hex: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// Program and version, as files name them.
#[must_use]
pub fn generator() -> String {
    concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned()
}

/// Bytes as hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 in hex.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Writes a file under a temporary name in its folder and renames it.
///
/// # Errors
/// [`Error::Io`].
pub fn write_atomically(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As for any other new file; the process's umask applies.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let file = builder.prefix(".synfire-").tempfile_in(folder);
    let mut file = file.map_err(io("creating a file in", folder))?;
    file.write_all(text.as_bytes()).map_err(io("writing", path))?;
    file.persist(path).map_err(|error| Error::Io {
        action: "writing",
        path: path.into(),
        source: error.error,
    })?;
    Ok(())
}
