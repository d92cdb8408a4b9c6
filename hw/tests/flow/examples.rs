//! The files in `hw/examples` equal the output of the generator, byte for byte.

use ndarray::Array2;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;
use synfire_golden_model::file::hex;
use synfire_golden_model::integer::{Neuron, QuantizedLayer, QuantizedModel};
use synfire_golden_model::network::{
    InputCoding, LayerDescription, LayerKind, NetworkDescription, Readout, Reset,
};
use synfire_hw::board::Board;
use synfire_hw::build::{Build, generator};
use synfire_hw::plan::Plan;
use synfire_hw::traffic::from_rates;

/// Environment variable that makes the tests write the examples instead of comparing them.
const UPDATE: &str = "UPDATE_EXAMPLES";
const HOW: &str =
    "if that is wanted: UPDATE_EXAMPLES=1 cargo test --locked -p synfire-hw --test flow examples";
/// Most bytes of all examples: they must stay readable, and the repository small.
const MOST_BYTES: u64 = 640_000;

/// Example: a network, its board and its plan. Formulas give the weights, so that no version of a random generator matters.
struct Example {
    board: &'static str,
    model: QuantizedModel,
    rates: &'static [f64],
    lanes: &'static [usize],
}

fn examples() -> [Example; 1] {
    let out = |out| LayerDescription::new("out", LayerKind::Out { out });
    [Example {
        board: "ice40-hx8k",
        model: model(
            "tiny-mlp",
            [1, 4, 4],
            vec![LayerDescription::new("hidden", LayerKind::Fc { out: 8 }), out(4)],
        ),
        rates: &[4.0, 1.5],
        lanes: &[4, 2],
    }]
}

fn model(name: &str, input: [usize; 3], layers: Vec<LayerDescription>) -> QuantizedModel {
    let description = NetworkDescription {
        name: name.into(),
        input: input.into(),
        steps: 8,
        rate: 0.5,
        leak: 0.99,
        normalization: None,
        layers,
        coding: InputCoding::Poisson,
        reset: Reset::Zero,
        readout: Readout::Leak,
    };
    let graph = description.graph().expect("a valid network");
    let layers = description.layers.iter().zip(&graph.nodes);
    let layers = layers.map(|(layer, node)| {
        let rows = node.output.channels;
        let (columns, is_pool) = match layer.kind {
            LayerKind::Conv { kernel, .. } => (node.input.channels * kernel * kernel, false),
            LayerKind::Pool { .. } => (0, true),
            LayerKind::Fc { .. } | LayerKind::Out { .. } => (node.input.size(), false),
        };
        let weight = |(row, column): (usize, usize)| {
            i8::try_from((7 * row + 4 * column + row * column) % 15).expect("below 15") - 7
        };
        QuantizedLayer {
            name: layer.name.clone(),
            weights: Array2::from_shape_fn((rows, columns), weight),
            shortcut: None,
            weight_bits: if is_pool { 2 } else { 4 },
            guard_bits: if is_pool { 0 } else { 3 },
            membrane_bits: if is_pool { 4 } else { 14 },
            leak_shifts: if is_pool { Vec::new() } else { vec![7, 9] },
            floor: if is_pool { 0 } else { -512 },
            ceiling: None,
            biases: Vec::new(),
            neuron: match layer.kind {
                LayerKind::Out { .. } => Neuron::Output,
                LayerKind::Pool { .. } => Neuron::Lif {
                    thresholds: vec![2; rows],
                },
                _ => Neuron::Lif {
                    thresholds: vec![160; rows],
                },
            },
        }
    });
    QuantizedModel {
        layers: layers.collect(),
        description,
        provenance: [].into(),
    }
}

impl Example {
    /// Folder of the example in the repository.
    fn committed(&self) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        folder.join(&self.model.description.name)
    }

    /// Folder of the example in the repository, after all examples are written again if the environment asks for it.
    fn folder(&self) -> PathBuf {
        // The tests run side by side: whichever comes first writes, and the others wait for it.
        static UPDATED: Once = Once::new();
        UPDATED.call_once(|| {
            if std::env::var_os(UPDATE).is_some() {
                for example in examples() {
                    let committed = example.committed();
                    if committed.exists() {
                        fs::remove_dir_all(&committed).expect("removes");
                    }
                    example.write(&committed);
                }
            }
        });
        self.committed()
    }

    fn write(&self, folder: &Path) -> Build {
        let board = Board::find(self.board).expect("a built-in board");
        let traffic = from_rates(&self.model, self.rates).expect("a rate for each layer");
        let plan = Plan::with_lanes(&self.model, &board, &traffic, self.lanes).expect("lanes fit");
        Build::write(folder, &self.model, &board, &plan).expect("writes")
    }
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}; {HOW}", folder.display()));
    entries
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect()
}

#[test]
fn examples_are_what_is_generated() {
    for example in examples() {
        let committed = example.folder();
        let fresh = tempfile::tempdir().expect("a temporary folder");
        example.write(fresh.path());
        let name = &example.model.description.name;
        assert_eq!(names(&committed), names(fresh.path()), "files of {name}; {HOW}");
        for file in names(fresh.path()) {
            let [old, new] =
                [&committed, fresh.path()].map(|folder| fs::read(folder.join(&file)).expect("a file"));
            if old == new {
                continue;
            }
            let lines = |text: &[u8]| {
                String::from_utf8_lossy(text)
                    .lines()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            };
            let (old, new) = (lines(&old), lines(&new));
            let line = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
            panic!(
                "{name}/{file}, line {}: committed {:?}, generated {:?}; {HOW}",
                line + 1,
                old.get(line),
                new.get(line)
            );
        }
    }
}

#[test]
fn examples_are_builds_whose_verilog_names_what_it_is_of() {
    for example in examples() {
        let build = Build::open(&example.folder()).expect("a build folder");
        let manifest = &build.manifest;
        let verilog = fs::read_to_string(build.folder.join("accelerator.v")).expect("Verilog");
        let head: Vec<&str> = verilog
            .lines()
            .take_while(|line| line.starts_with("//"))
            .collect();
        let name = &manifest.network;
        assert!(generator().starts_with("synfire-hw "), "{}", generator());
        for part in [
            format!("generated by {}.", generator()),
            format!(
                "Network {name}, lanes {}×{}",
                manifest.plan.layers[0].name, manifest.plan.layers[0].lanes
            ),
            format!("Model {}.", manifest.model_hash),
            format!("Plan {}.", hex(&manifest.plan.hash())),
            format!("Design {}.", manifest.design_hash),
        ] {
            assert!(head.iter().any(|line| line.contains(&part)), "{part} in {head:?}");
        }
        assert_eq!(build.model().expect("a model"), example.model);
    }
}

#[test]
fn examples_stay_small() {
    let bytes = |path: PathBuf| fs::metadata(path).expect("a file").len();
    let total: u64 = examples()
        .iter()
        .map(Example::folder)
        .flat_map(|folder| {
            names(&folder)
                .into_iter()
                .map(move |name| bytes(folder.join(name)))
        })
        .sum();
    assert!(total < MOST_BYTES, "{total} bytes");
}
