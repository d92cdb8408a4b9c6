//! Files of quantized networks: what is written is read, and whatever is wrong is refused by name.

mod common;

use common::{every_kind, random_model, tiny};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use std::fs;
use std::path::PathBuf;
use synfire_golden_model::integer::{Neuron, QuantizedModel, QuantizedShortcut};
use synfire_golden_model::network::LayerKind;
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn save(model: &QuantizedModel, folder: &TempDir) -> PathBuf {
    let path = folder.path().join("model.safetensors");
    model.save(&path).expect("saves");
    path
}

/// The error of loading these bytes, without the folder.
fn refused(bytes: &[u8]) -> String {
    let folder = folder();
    let path = folder.path().join("model.safetensors");
    fs::write(&path, bytes).expect("writes");
    let error = QuantizedModel::load(&path).expect_err("a damaged file");
    error
        .to_string()
        .replace(&format!("{}/", folder.path().display()), "")
}

/// A file of the tiny network, taken apart.
struct Parts {
    header: serde_json::Value,
    tensors: Vec<u8>,
}

impl Parts {
    fn of(model: &QuantizedModel) -> Self {
        let bytes = fs::read(save(model, &folder())).expect("reads");
        let length = u64::from_le_bytes(bytes[..8].try_into().expect("8 bytes"));
        let (header, tensors) = bytes[8..].split_at(usize::try_from(length).expect("small"));
        Self {
            header: serde_json::from_slice(header).expect("JSON"),
            tensors: tensors.to_vec(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let header = self.header.to_string().into_bytes();
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header);
        bytes.extend(&self.tensors);
        bytes
    }
}

/// The error of a network's file after a change of its header.
fn refused_header_of(model: &QuantizedModel, change: impl FnOnce(&mut serde_json::Value)) -> String {
    let mut parts = Parts::of(model);
    change(&mut parts.header);
    refused(&parts.bytes())
}

/// The error of the tiny network's file after a change of its header.
fn refused_header(change: impl FnOnce(&mut serde_json::Value)) -> String {
    refused_header_of(&tiny(), change)
}

/// Replaces in one of the texts of the metadata.
fn replace(header: &mut serde_json::Value, key: &str, from: &str, to: &str) {
    let text = header["__metadata__"][key].as_str().expect("a text");
    assert!(text.contains(from), "{text}");
    header["__metadata__"][key] = text.replacen(from, to, 1).into();
}

/// The error after a replacement in one of the texts of the tiny network's metadata.
fn refused_metadata(key: &str, from: &str, to: &str) -> String {
    refused_header(|header| replace(header, key, from, to))
}

#[test]
fn a_file_holds_everything_and_equal_networks_make_equal_files() {
    let folder = folder();
    let mut model = tiny();
    model.provenance = [
        ("seed".to_owned(), "7".to_owned()),
        ("data".to_owned(), "digits".to_owned()),
    ]
    .into();
    let path = save(&model, &folder);
    let first = fs::read(&path).expect("reads");
    let loaded = QuantizedModel::load(&path).expect("loads");
    assert_eq!(loaded, model);
    assert_eq!(loaded.hash(), model.hash());
    loaded.save(&path).expect("replaces");
    assert_eq!(fs::read(&path).expect("reads"), first);
    assert_eq!(
        fs::read_dir(folder.path()).expect("lists").count(),
        1,
        "no temporary file is left"
    );
}

#[test]
fn the_hash_is_that_of_the_documented_bytes_and_changes_with_every_number() {
    // From a few lines of Python after docs/numerics.md.
    let hash = |model: &QuantizedModel| {
        model
            .hash()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    assert_eq!(
        hash(&tiny()),
        "976e49738be7a57b820aa36ea85877fdcd6858d345651dabfd64451807de4426"
    );

    let changes: [fn(&mut QuantizedModel); 12] = [
        |model| model.description.steps += 1,
        |model| model.description.rate = 0.25,
        |model| model.layers[0].weights[[1, 1]] = 1,
        |model| model.layers[0].weight_bits = 4,
        |model| model.layers[0].guard_bits = 1,
        |model| model.layers[0].membrane_bits = 9,
        |model| model.layers[0].leak_shifts = vec![3],
        |model| model.layers[0].leak_shifts = vec![],
        |model| model.layers[0].floor = -11,
        |model| {
            model.layers[0].neuron = Neuron::Lif {
                thresholds: vec![12, 12],
            }
        },
        |model| model.layers[1].weights[[0, 0]] = -1,
        |model| model.layers[0].weights.swap([0, 0], [1, 0]),
    ];
    let mut hashes = vec![tiny().hash()];
    for change in changes {
        let mut model = tiny();
        change(&mut model);
        hashes.push(model.hash());
    }
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 13);

    let mut renamed = tiny();
    renamed.description.name = "another".to_owned();
    renamed.provenance.insert("seed".to_owned(), "1".to_owned());
    renamed.layers[0].name = "first".to_owned();
    assert_eq!(renamed.hash(), tiny().hash());
}

/// A change of a network.
type Change = fn(&mut QuantizedModel);

#[test]
fn the_hash_changes_with_everything_that_affects_results_and_with_nothing_else() {
    /// The convolution with a shortcut of weights.
    fn conv(model: &mut QuantizedModel, stride: usize, padding: usize) {
        model.description.layers[2].kind = LayerKind::Conv {
            out: 2,
            kernel: 3,
            stride,
            padding,
        };
    }
    fn shortcut(model: &mut QuantizedModel, from: &str, stride: usize) {
        let shortcut = model.description.layers[2].shortcut.as_mut();
        let shortcut = shortcut.expect("a shortcut");
        (shortcut.from, shortcut.stride) = (from.to_owned(), stride);
    }
    let changes: [(&str, Change); 16] = [
        ("stride", |model| conv(model, 3, 1)),
        ("padding", |model| conv(model, 3, 2)),
        ("source", |model| {
            model.description.layers[2].from = Some("input".to_owned());
        }),
        ("shortcut", |model| shortcut(model, "conv1", 2)),
        ("source of a shortcut", |model| shortcut(model, "input", 2)),
        ("stride of a shortcut", |model| shortcut(model, "conv1", 3)),
        ("identity", |model| {
            model.description.layers[2].shortcut.as_mut().unwrap().identity = true;
            model.layers[2].shortcut = Some(QuantizedShortcut::Identity(vec![3, 4]));
        }),
        ("weight of a shortcut", |model| {
            match &mut model.layers[2].shortcut {
                Some(QuantizedShortcut::Weights(weights)) => weights[[1, 0]] += 1,
                other => panic!("{other:?}"),
            }
        }),
        ("one", |model| match &mut model.layers[3].shortcut {
            Some(QuantizedShortcut::Identity(increments)) => increments[1] += 1,
            other => panic!("{other:?}"),
        }),
        ("threshold of pooling", |model| {
            model.layers[1].neuron = Neuron::Lif {
                thresholds: vec![3, 2],
            };
        }),
        ("number of steps", |model| model.description.steps = 5),
        ("normalization", |model| model.description.normalization = None),
        ("mean", |model| {
            model.description.normalization.as_mut().unwrap().mean[0] = 0.75;
        }),
        ("deviation", |model| {
            model.description.normalization.as_mut().unwrap().deviation[0] = 0.75;
        }),
        ("operation", |model| {
            model.description.layers[4].kind = LayerKind::Conv {
                out: 3,
                kernel: 2,
                stride: 1,
                padding: 0,
            };
        }),
        ("weight of a kernel", |model| model.layers[0].weights[[1, 8]] += 1),
    ];
    let mut hashes = std::collections::BTreeMap::from([(every_kind().hash(), "none")]);
    for (name, change) in changes {
        let mut model = every_kind();
        change(&mut model);
        model.description.graph().expect(name);
        if let Some(same) = hashes.insert(model.hash(), name) {
            panic!("{name} hashes like {same}");
        }
    }

    let mut same = every_kind();
    same.description.leak = 0.5;
    for layer in &mut same.description.layers {
        layer.threshold = Some(0.5);
    }
    same.description.layers[0].dropout = 0.5;
    // The layer before, by name.
    same.description.layers[1].from = Some("conv1".to_owned());
    assert_eq!(same.hash(), every_kind().hash());
}

#[test]
fn layers_of_every_kind_survive_a_file() {
    let folder = folder();
    let path = save(&every_kind(), &folder);
    assert_eq!(QuantizedModel::load(&path).expect("loads"), every_kind());
    let header = Parts::of(&every_kind()).header;
    let tensors: Vec<(String, String)> = header
        .as_object()
        .expect("a map")
        .iter()
        .filter(|(name, _)| *name != "__metadata__")
        .map(|(name, tensor)| (name.clone(), format!("{} {}", tensor["dtype"], tensor["shape"])))
        .collect();
    let named = |name: &str, tensor: &str| (name.to_owned(), tensor.to_owned());
    assert_eq!(
        tensors,
        [
            named("one/conv3", r#""I32" [2]"#),
            named("threshold/conv1", r#""I32" [2]"#),
            named("threshold/conv2", r#""I32" [2]"#),
            named("threshold/conv3", r#""I32" [2]"#),
            named("threshold/fc1", r#""I32" [3]"#),
            named("threshold/pool1", r#""I32" [2]"#),
            named("weight/conv1", r#""I8" [2,1,3,3]"#),
            named("weight/conv2", r#""I8" [2,2,3,3]"#),
            named("weight/conv2.shortcut", r#""I8" [2,2,1,1]"#),
            named("weight/conv3", r#""I8" [2,2,1,1]"#),
            named("weight/fc1", r#""I8" [3,8]"#),
            named("weight/out", r#""I8" [2,3]"#),
        ]
    );
}

#[test]
fn a_file_of_version_1_is_read() {
    let mut parts = Parts::of(&tiny());
    assert_eq!(parts.header["__metadata__"]["version"], "2");
    parts.header["__metadata__"]["version"] = "1".into();
    let folder = folder();
    let path = folder.path().join("old.safetensors");
    fs::write(&path, parts.bytes()).expect("writes");
    assert_eq!(QuantizedModel::load(&path).expect("loads"), tiny());
}

#[test]
fn parts_of_a_graph_that_disagree_are_refused() {
    let refused = |key: &str, from: &str, to: &str| {
        refused_header_of(&every_kind(), |header| replace(header, key, from, to))
    };
    assert_eq!(
        refused("network", "\"out\":2", "\"out\":1"),
        "model.safetensors: tensor `weight/conv1` is I8 [2, 1, 3, 3], but the network wants I8 [1, 1, 3, 3]; \
         write the file again"
    );
    assert_eq!(
        refused("network", "\"identity\":true", "\"identity\":false"),
        "model.safetensors: no tensor `weight/conv3.shortcut`; write the file again"
    );
    assert_eq!(
        refused("network", "\"identity\":false", "\"identity\":true"),
        "model.safetensors: no tensor `one/conv2`; write the file again"
    );
    assert_eq!(
        refused(
            "network",
            ",\"shortcut\":{\"from\":\"conv2\",\"stride\":1,\"identity\":true}",
            ""
        ),
        "model.safetensors: tensor `one/conv3` belongs to no layer; write the file again"
    );
    assert_eq!(
        refused("network", "\"from\":\"conv1\"", "\"from\":\"conv7\""),
        "model.safetensors: network `kinds`: source of layer `conv2` is `conv7`, \
         but must be one of input, conv1, pool1"
    );
    assert_eq!(
        refused_header_of(&every_kind(), |header| header["one/conv3"]["shape"] =
            [1, 2].into()),
        "model.safetensors: tensor `one/conv3` is I32 [1, 2], but the network wants I32 [2]; write the file again"
    );
    assert_eq!(
        refused(
            "layers",
            "\"name\":\"pool1\",\"kind\":\"lif\",\"weight_bits\":2,\"guard_bits\":0",
            "\"name\":\"pool1\",\"kind\":\"lif\",\"weight_bits\":2,\"guard_bits\":1"
        ),
        "model.safetensors: quantized layer `pool1`: guard_bits is 1, wanted 0 to 0; \
         quantize the float model again with `synfire quantize`"
    );
}

#[test]
fn what_is_no_safetensors_file_is_refused() {
    assert_eq!(
        refused(b"short"),
        "model.safetensors is not a model file: header too small; give a .safetensors file that synfire wrote"
    );
    assert_eq!(
        refused(&[b'P'; 5000]),
        "model.safetensors is not a model file: invalid header length; give a .safetensors file that synfire wrote"
    );
    let mut bytes = Parts::of(&tiny()).bytes();
    bytes[9] = b'!';
    assert_eq!(
        refused(&bytes),
        "model.safetensors is not a model file: invalid JSON in header: key must be a string at line 1 column 2; \
         give a .safetensors file that synfire wrote"
    );
    let missing = QuantizedModel::load("no/such.safetensors")
        .expect_err("no file")
        .to_string();
    assert!(
        missing.starts_with("cannot read no/such.safetensors: No such file"),
        "{missing}"
    );
}

#[test]
fn a_file_that_is_cut_or_has_more_is_refused() {
    let bytes = Parts::of(&tiny()).bytes();
    let length = bytes.len();
    assert_eq!(
        refused(&bytes[..length - 1]),
        format!(
            "model.safetensors: {} bytes, but its header wants {length}; the file is damaged, write or copy it again",
            length - 1
        )
    );
    let header = length - 16; // 2·2 + 2·2 weights, 2·4 bytes of thresholds
    assert_eq!(
        refused(&bytes[..200]),
        format!(
            "model.safetensors: 200 bytes, but its header wants {header}; the file is damaged, write or copy it again"
        )
    );
    assert!(refused(&[&bytes[..], b"x"].concat()).contains(&format!("wants {length};")));
}

#[test]
fn a_file_of_another_format_or_version_is_refused() {
    assert_eq!(
        refused_metadata("format", "synfire-quantized", "synfire-model"),
        "model.safetensors is a float model, but a quantized one is wanted; run `synfire quantize` on it"
    );
    assert_eq!(
        refused_metadata("format", "synfire-quantized", "pt"),
        "model.safetensors: a file of format `pt`, but `synfire-quantized` is wanted; give a model file that synfire wrote"
    );
    assert_eq!(
        refused_metadata("format", "synfire-quantized", "synfire-checkpoint"),
        "model.safetensors: a file of format `synfire-checkpoint`, but `synfire-quantized` is wanted; \
         give the model that `synfire train` writes when the run ends"
    );
    for version in ["3", "0", "two"] {
        assert_eq!(
            refused_metadata("version", "2", version),
            format!(
                "model.safetensors: version {version} of the format, but this program reads version 2; use a newer synfire"
            )
        );
    }
    let without = |key: &'static str| {
        refused_header(|header| drop(header["__metadata__"].as_object_mut().expect("a map").remove(key)))
    };
    for key in ["format", "version", "network", "layers", "provenance"] {
        assert_eq!(
            without(key),
            format!("model.safetensors: no `{key}` in the metadata; give a model file that synfire wrote")
        );
    }
}

#[test]
fn metadata_that_make_no_sense_are_refused() {
    assert_eq!(
        refused_metadata("layers", "\"floor\"", "\"flour\""),
        "model.safetensors: metadata `layers`: unknown field `flour`, expected one of `name`, `kind`, `weight_bits`, \
         `guard_bits`, `membrane_bits`, `leak_shifts`, `floor` at line 1 column 105; write the file again"
    );
    assert!(refused_metadata("layers", "\"weight_bits\":3", "\"weight_bits\":300").contains("300"));
    assert!(refused_metadata("network", "\"steps\":3", "\"steps\":-3").contains("metadata `network`: "));
    assert_eq!(
        refused_metadata("network", "\"steps\":3", "\"steps\":0"),
        "model.safetensors: network `tiny`: steps is 0, but must be in 1..=4096"
    );
    // More neurons than any machine has memory for, and tensors that do not have them.
    assert!(refused_metadata("network", "\"out\":2", "\"out\":2000000000").contains("2000000000"));
}

#[test]
fn numbers_out_of_range_are_refused() {
    let again = "; quantize the float model again with `synfire quantize`";
    for (from, to, message) in [
        (
            "\"weight_bits\":3",
            "\"weight_bits\":9",
            "weight_bits is 9, wanted 2 to 8",
        ),
        (
            "\"weight_bits\":3",
            "\"weight_bits\":2",
            "weight is 3, wanted -1 to 1",
        ),
        (
            "\"guard_bits\":2",
            "\"guard_bits\":13",
            "guard_bits is 13, wanted 0 to 12",
        ),
        (
            "\"membrane_bits\":8",
            "\"membrane_bits\":33",
            "membrane_bits is 33, wanted 2 to 32",
        ),
        (
            "\"membrane_bits\":8",
            "\"membrane_bits\":4",
            "floor is -10, wanted -8 to 0",
        ),
        ("\"floor\":-10", "\"floor\":1", "floor is 1, wanted -128 to 0"),
        (
            "\"leak_shifts\":[2]",
            "\"leak_shifts\":[17]",
            "leak shift is 17, wanted 1 to 16",
        ),
        (
            "\"leak_shifts\":[2]",
            "\"leak_shifts\":[1,2,3,4]",
            "number of leak shifts is 4, wanted 0 to 3",
        ),
    ] {
        assert_eq!(
            refused_metadata("layers", from, to),
            format!("model.safetensors: quantized layer `hidden`: {message}{again}")
        );
    }
    assert_eq!(
        refused_metadata("layers", "[2]", "[3,2]"),
        "model.safetensors: quantized layer `hidden`: leak shifts [3, 2] are not distinct and ascending; \
         write each shift once, smallest first"
    );
    let mut parts = Parts::of(&tiny());
    let at = parts.header["threshold/hidden"]["data_offsets"][0]
        .as_u64()
        .expect("an offset");
    parts.tensors[usize::try_from(at).expect("small") + 3] = 0xFF;
    assert_eq!(
        refused(&parts.bytes()),
        format!(
            "model.safetensors: quantized layer `hidden`: threshold is -16777204, wanted 0 to 127{again}"
        )
    );
}

#[test]
fn layers_that_are_not_those_of_the_network_are_refused() {
    let again = "; quantize the float model again with `synfire quantize`";
    assert_eq!(
        refused_metadata("layers", "\"name\":\"out\"", "\"name\":\"aus\""),
        format!("model.safetensors: quantized layer `out`: name is aus, wanted out{again}")
    );
    assert_eq!(
        refused_metadata("network", ",{\"name\":\"out\",\"op\":\"out\",\"out\":2}", ""),
        "model.safetensors: network `tiny`: layer `hidden` has op = \"fc\", but must have \"out\"; \
         the last layer, and only the last, is the output layer"
    );
    assert_eq!(
        refused_metadata("network", "{\"name\":\"hidden\",\"op\":\"fc\",\"out\":2},", ""),
        format!("model.safetensors: quantized network: 2 layers, but its description has 1{again}")
    );
    assert_eq!(
        refused_metadata(
            "network",
            "\"op\":\"fc\",\"out\":2",
            "\"op\":\"conv\",\"out\":2,\"kernel\":1"
        ),
        "model.safetensors: tensor `weight/hidden` is I8 [2, 2], but the network wants I8 [2, 1, 1, 1]; \
         write the file again"
    );
    assert_eq!(
        refused_metadata("layers", "\"kind\":\"output\"", "\"kind\":\"lif\""),
        "model.safetensors: no tensor `threshold/out`; write the file again"
    );
    assert_eq!(
        refused_metadata("network", "\"input\":[1,1,2]", "\"input\":[1,1,3]"),
        "model.safetensors: tensor `weight/hidden` is I8 [2, 2], but the network wants I8 [2, 3]; write the file again"
    );
    assert_eq!(
        refused_header(|header| header["threshold/hidden"]["dtype"] = "F32".into()),
        "model.safetensors: tensor `threshold/hidden` is F32 [2], but the network wants I32 [2]; write the file again"
    );
    assert_eq!(
        refused_header(|header| {
            let entry = header
                .as_object_mut()
                .expect("a map")
                .remove("weight/out")
                .expect("there");
            header["weight/spare"] = entry;
        }),
        "model.safetensors: no tensor `weight/out`; write the file again"
    );
    assert_eq!(
        refused_metadata("layers", "\"kind\":\"lif\"", "\"kind\":\"output\""),
        "model.safetensors: tensor `threshold/hidden` belongs to no layer; write the file again"
    );
}

#[test]
fn a_width_that_cannot_be_proven_is_neither_loaded_nor_saved() {
    let problem = "layer `hidden`: membranes of 5 bits, but sums can reach -18 to 21, which takes 6 bits; \
                   quantize the float model with fewer guard bits or fewer weight bits";
    assert_eq!(
        refused_metadata(
            "layers",
            "\"membrane_bits\":8,\"leak_shifts\":[2]",
            "\"membrane_bits\":5,\"leak_shifts\":[2]"
        ),
        format!("model.safetensors: {problem}")
    );
    let folder = folder();
    let mut model = tiny();
    model.layers[0].membrane_bits = 5;
    let error = model
        .save(folder.path().join("model.safetensors"))
        .expect_err("too narrow");
    assert_eq!(error.to_string(), problem);
    assert_eq!(fs::read_dir(folder.path()).expect("lists").count(), 0);
}

#[test]
fn a_file_too_large_for_any_model_is_not_read() {
    let folder = folder();
    let path = folder.path().join("large.safetensors");
    let file = fs::File::create(&path).expect("creates");
    file.set_len(1 << 40).expect("a sparse file");
    let error = QuantizedModel::load(&path).expect_err("2^40 bytes").to_string();
    assert!(
        error.ends_with("1099511627776 bytes, but a model file has at most 1090519048; give a model file")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn random_networks_survive_a_file(seed in any::<u64>()) {
        let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(seed), true);
        let folder = folder();
        prop_assert_eq!(QuantizedModel::load(save(&model, &folder)).expect("loads"), model);
    }

    /// Whatever happens to the bytes: an error, or a network that is proven; never a panic.
    #[test]
    fn damaged_bytes_never_panic(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = Parts::of(&tiny()).bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        let folder = folder();
        let path = folder.path().join("damaged.safetensors");
        fs::write(&path, bytes).expect("writes");
        if let Ok(model) = QuantizedModel::load(&path) {
            prop_assert!(model.save(&path).is_ok());
        }
    }
}
