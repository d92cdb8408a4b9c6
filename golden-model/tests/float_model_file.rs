//! Files of float models: a written file is read back unchanged, and every defect is refused with an error that names
//! it.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests may")]

#[path = "common/seal.rs"]
mod seal;

use ndarray::{Array2, array};
use seal::seal;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::network::{InputCoding, NetworkDescription, Readout, Reset};

fn tiny() -> FloatModel {
    let text = r#"
        name = "tiny"
        input = [1, 1, 3]
        steps = 4
        rate = 0.3
        leak = 0.990234375
        [[layer]]
        name = "hidden"
        op = "fc"
        out = 2
        [[layer]]
        name = "out"
        op = "out"
        out = 2
    "#;
    FloatModel {
        description: NetworkDescription::from_toml_str(text).unwrap(),
        weights: vec![
            array![[0.1, -0.0, 1e-40], [f32::MAX, -3.5, 0.25]],
            array![[1.0, 2.0], [3.0, -4.0]],
        ],
        provenance: BTreeMap::from([
            ("seed".into(), "1".into()),
            ("note".into(), "a \"quoted\" é".into()),
        ]),
        biases: Vec::new(),
    }
}

/// Model with convolutions, a shortcut with weights and an identity, dropout and normalization.
fn residual() -> FloatModel {
    let text = r#"
        name = "residual"
        input = [2, 6, 6]
        steps = 4
        rate = 1.0
        layers = "3C3p1d0.25-P2-R4s2-I4-5-2"
        [normalization]
        mean = [0.5, 0.25]
        deviation = [0.5, 0.125]
    "#;
    let description = NetworkDescription::from_toml_str(text).unwrap();
    let tensors = description.graph().unwrap().tensors;
    let weights = (1..).zip(&tensors).map(|(seed, tensor)| {
        let weight = |(row, column): (usize, usize)| (seed * 1000 + row * 100 + column) as f32 / 64.0;
        Array2::from_shape_fn((tensor.outputs, tensor.inputs), weight)
    });
    FloatModel {
        weights: weights.collect(),
        description,
        provenance: BTreeMap::new(),
        biases: Vec::new(),
    }
}

/// Header and tensor bytes of the tiny model's file.
fn parts() -> (Value, Vec<u8>) {
    parts_of(&tiny())
}

fn parts_of(model: &FloatModel) -> (Value, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    model.save(&path).unwrap();
    let bytes = fs::read(path).unwrap();
    let (length, rest) = bytes.split_first_chunk().unwrap();
    let (header, tensors) = rest.split_at(usize::try_from(u64::from_le_bytes(*length)).unwrap());
    (serde_json::from_slice(header).unwrap(), tensors.to_vec())
}

fn join(header: &Value, tensors: &[u8]) -> Vec<u8> {
    let header = header.to_string().into_bytes();
    let mut bytes = [&(header.len() as u64).to_le_bytes(), &header[..], tensors].concat();
    seal(&mut bytes);
    bytes
}

/// Returns the error of loading these bytes, without the name of the temporary folder.
fn refusal(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    fs::write(&path, bytes).unwrap();
    let error = FloatModel::load(&path)
        .expect_err("the file must be refused")
        .to_string();
    error.replace(&folder.path().display().to_string(), "DIR")
}

/// Returns the error of the tiny model's file after a change of its header.
fn changed(change: impl FnOnce(&mut Value)) -> String {
    changed_of(&tiny(), change)
}

fn changed_of(model: &FloatModel, change: impl FnOnce(&mut Value)) -> String {
    let (mut header, tensors) = parts_of(model);
    change(&mut header);
    refusal(&join(&header, &tensors))
}

/// Returns the error after a replacement in one of the texts of the metadata.
fn edited(key: &str, from: &str, to: &str) -> String {
    changed(|header| {
        let text = header["__metadata__"][key].as_str().unwrap();
        assert!(text.contains(from), "{text}");
        header["__metadata__"][key] = text.replace(from, to).into();
    })
}

#[test]
fn a_file_holds_every_bit_and_equal_models_make_equal_files() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("a"), folder.path().join("b"));
    tiny().save(&first).unwrap();
    tiny().save(&second).unwrap();
    assert_eq!(fs::read(&first).unwrap(), fs::read(second).unwrap());
    let loaded = FloatModel::load(&first).unwrap();
    assert_eq!(loaded, tiny());
    assert!(
        loaded.weights[0][[0, 1]].is_sign_negative(),
        "the sign of zero is part of the weight"
    );
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        2,
        "no temporary file may stay"
    );
}

#[test]
fn weights_in_any_memory_order_are_written_row_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let mut model = tiny();
    let transposed: Array2<f32> = model.weights[0].t().as_standard_layout().into_owned();
    model.weights[0] = transposed.reversed_axes();
    assert!(!model.weights[0].is_standard_layout());
    model.save(&path).unwrap();
    assert_eq!(FloatModel::load(&path).unwrap(), tiny());
}

#[test]
fn the_layout_is_the_documented_one() {
    let (header, tensors) = parts();
    assert_eq!(header["__metadata__"]["format"], "synfire-model");
    assert_eq!(header["__metadata__"]["version"], "1");
    assert_eq!(
        header["__metadata__"]["network"],
        r#"{"name":"tiny","input":[1,1,3],"steps":4,"rate":0.3,"leak":0.9902344,"layer":[{"name":"hidden","op":"fc","out":2},{"name":"out","op":"out","out":2}]}"#
    );
    assert_eq!(
        header["weight/hidden"],
        json!({"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]})
    );
    assert_eq!(
        header["weight/out"],
        json!({"dtype": "F32", "shape": [2, 2], "data_offsets": [24, 40]})
    );
    assert_eq!(tensors[24..28], 1.0f32.to_le_bytes());
}

#[test]
fn convolutions_and_shortcuts_are_tensors_of_four_dimensions() {
    let model = residual();
    let (header, tensors) = parts_of(&model);
    let shape = |name: &str| header[name]["shape"].clone();
    assert_eq!(shape("weight/conv1"), json!([3, 2, 3, 3]));
    assert_eq!(shape("weight/conv3"), json!([4, 4, 3, 3]));
    assert_eq!(shape("weight/conv3.shortcut"), json!([4, 3, 1, 1]));
    assert_eq!(shape("weight/fc1"), json!([5, 16]));
    for absent in ["weight/pool1", "weight/conv5.shortcut"] {
        assert!(header.get(absent).is_none(), "{absent} has no weights");
    }
    // Output 1, input 1, row 2, column 0 of conv1, whose rows of 18 weights come first.
    let place = 4 * (18 + 9 + 6);
    assert_eq!(tensors[place..place + 4], model.weights[0][[1, 15]].to_le_bytes());
    let network = header["__metadata__"]["network"].as_str().unwrap();
    assert!(
        network.contains(r#""normalization":{"mean":[0.5,0.25],"deviation":[0.5,0.125]}"#),
        "{network}"
    );
    assert!(
        network.contains(
            r#"{"name":"conv3","shortcut":{"from":"pool1","stride":2,"identity":false},"op":"conv","out":4,"kernel":3,"stride":2,"padding":1}"#
        ),
        "{network}"
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    model.save(&path).unwrap();
    assert_eq!(FloatModel::load(&path).unwrap(), model);
}

#[test]
fn kernels_that_do_not_fit_the_network_are_refused() {
    let changed = |change: &dyn Fn(&mut Value)| changed_of(&residual(), change);
    assert_eq!(
        changed(&|header| header["weight/conv3.shortcut"]["shape"] = json!([4, 3])),
        "DIR/model.safetensors: tensor `weight/conv3.shortcut` is F32 [4, 3], but the network needs F32 [4, 3, 1, 1]; \
         write the file again"
    );
    assert_eq!(
        changed(&|header| {
            let tensor = header["weight/conv3.shortcut"].take();
            header.as_object_mut().unwrap().remove("weight/conv3.shortcut");
            header["weight/conv5.shortcut"] = tensor;
        }),
        "DIR/model.safetensors: tensor `weight/conv3.shortcut` is missing; write the file again"
    );
    let network = |from: &str, to: &str| {
        changed(&|header| {
            let text = header["__metadata__"]["network"].as_str().unwrap();
            assert!(text.contains(from), "{text}");
            header["__metadata__"]["network"] = text.replace(from, to).into();
        })
    };
    assert_eq!(
        network(r#""from":"pool1""#, r#""from":"pool7""#),
        "DIR/model.safetensors: network `residual`: source of layer `conv3` is `pool7`, \
         but must be one of input, conv1, pool1, conv2"
    );
    assert_eq!(
        network(r#""identity":true"#, r#""identity":false"#),
        "DIR/model.safetensors: tensor `weight/conv5.shortcut` is missing; write the file again"
    );
    assert_eq!(
        network(r#""deviation":[0.5,0.125]"#, r#""deviation":[0.5,0.0]"#),
        "DIR/model.safetensors: network `residual`: deviation of normalization is 0, but must be above 0 and finite"
    );
}

#[test]
fn files_of_something_else_are_refused() {
    assert_eq!(
        refusal(b"name = \"digits\""),
        "DIR/model.safetensors is not a model file: invalid header length; give a .safetensors file that synfire wrote"
    );
    assert_eq!(
        refusal(b""),
        "DIR/model.safetensors is not a model file: header too small; give a .safetensors file that synfire wrote"
    );
    assert_eq!(
        edited("format", "synfire-model", "synfire-quantized"),
        "DIR/model.safetensors: the file has format `synfire-quantized`, but must have `synfire-model`; \
         give the float model that it was quantized from"
    );
    assert_eq!(
        changed(|header| header["__metadata__"] = json!({})),
        "DIR/model.safetensors: the metadata lack the key `format`; give a model file that synfire wrote"
    );
    assert_eq!(
        edited("version", "1", "3"),
        "DIR/model.safetensors: the file has version 3 of its format, but this program reads versions up to 2; use a newer synfire"
    );
}

#[test]
fn truncated_and_overlong_files_are_refused() {
    let (header, tensors) = parts();
    let whole = join(&header, &tensors);
    let length = whole.len();
    for bytes in [&whole[..length - 1], &[&whole[..], b"x"].concat()] {
        assert_eq!(
            refusal(bytes),
            format!(
                "DIR/model.safetensors: the file has {} bytes, but its header announces {length}; \
                 it is damaged, write or copy it again",
                bytes.len()
            )
        );
    }
    // A file truncated at any position is refused, with any message.
    for end in 0..length {
        refusal(&whole[..end]);
    }
}

/// One flipped bit would be another weight, another leak or another name.
#[test]
fn a_file_with_any_flipped_bit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    tiny().save(&path).unwrap();
    let sound = fs::read(&path).unwrap();
    for bit in 0..8 * sound.len() {
        let mut bytes = sound.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        refusal(&bytes);
    }
    // Damage that nothing else shows.
    let last = sound.len() - 1;
    let mut bytes = sound;
    bytes[last] ^= 1;
    assert_eq!(
        refusal(&bytes),
        "DIR/model.safetensors: the contents do not have the SHA-256 that the file records; it is damaged, write or \
         copy it again"
    );
}

/// Earlier versions of the program wrote no checksum.
#[test]
fn a_file_without_a_checksum_is_read() {
    let (mut header, tensors) = parts();
    header["__metadata__"]
        .as_object_mut()
        .unwrap()
        .remove("sha256")
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    fs::write(&path, join(&header, &tensors)).unwrap();
    assert_eq!(FloatModel::load(&path).unwrap(), tiny());
}

#[test]
fn an_absurd_header_length_is_refused_without_allocating() {
    let mut bytes = u64::MAX.to_le_bytes().to_vec();
    bytes.extend(b"{}        ");
    assert_eq!(
        refusal(&bytes),
        "DIR/model.safetensors is not a model file: invalid header length; give a .safetensors file that synfire wrote"
    );
}

#[test]
fn a_network_that_is_invalid_or_absurd_is_refused() {
    assert_eq!(
        edited("network", "\"steps\":4", "\"steps\":0"),
        "DIR/model.safetensors: network `tiny`: steps is 0, but must be in 1..=4096"
    );
    assert_eq!(
        edited("network", "[1,1,3]", "[1,1,99999999999]"),
        "DIR/model.safetensors: network `tiny`: input is [1, 1, 99999999999], but must be 1..=16777216 inputs"
    );
    assert_eq!(
        edited("network", "\"fc\"", "\"cnv\""),
        "DIR/model.safetensors: metadata `network`: unknown variant `cnv`, expected one of `conv`, `pool`, `fc`, `out` \
         at line 1 column 105; write the file again"
    );
    assert_eq!(
        edited("network", "\"fc\"", "\"conv\""),
        "DIR/model.safetensors: metadata `network`: layer `hidden` has op = \"conv\" but no `kernel`; add it \
         at line 1 column 116; write the file again"
    );
}

#[test]
fn weights_that_do_not_fit_the_network_are_refused() {
    assert_eq!(
        edited("network", "\"op\":\"fc\",\"out\":2", "\"op\":\"fc\",\"out\":5"),
        "DIR/model.safetensors: tensor `weight/hidden` is F32 [2, 3], but the network needs F32 [5, 3]; \
         write the file again"
    );
    assert_eq!(
        edited("network", "\"name\":\"hidden\"", "\"name\":\"other\""),
        "DIR/model.safetensors: tensor `weight/other` is missing; write the file again"
    );
    assert_eq!(
        changed(|header| header["weight/hidden"]["dtype"] = "I32".into()),
        "DIR/model.safetensors: tensor `weight/hidden` is I32 [2, 3], but the network needs F32 [2, 3]; \
         write the file again"
    );
    assert_eq!(
        changed(|header| header["extra"] = json!({"dtype": "F32", "shape": [0], "data_offsets": [40, 40]})),
        "DIR/model.safetensors: tensor `extra` belongs to no layer; write the file again"
    );
}

#[test]
fn weights_that_are_not_finite_are_neither_read_nor_written() {
    let (header, mut tensors) = parts();
    tensors[4 * 7..][..4].copy_from_slice(&f32::NEG_INFINITY.to_le_bytes());
    assert_eq!(
        refusal(&join(&header, &tensors)),
        "DIR/model.safetensors: layer `out`: the weight of neuron 0 for source 1 is -inf; \
         train the network again with a lower learning rate"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let mut model = tiny();
    model.weights[1][[1, 0]] = f32::NAN;
    model.save(&path).unwrap_err();
    assert!(!path.exists());
}

#[test]
fn a_file_that_cannot_be_read_or_written_is_named() {
    assert_eq!(
        FloatModel::load("no-such-folder/a").unwrap_err().to_string(),
        "cannot read no-such-folder/a: No such file or directory (os error 2); \
         check that the file exists and that you may read it"
    );
    let error = tiny().save("no-such-folder/a").unwrap_err().to_string();
    assert!(error.starts_with("cannot write no-such-folder/a: "), "{error}");
    assert!(
        error.ends_with("; check that its folder exists, has free space and is writable"),
        "{error}"
    );
}

/// The residual model with biases, graded input, reset by subtraction and an output without leak.
fn extended() -> FloatModel {
    let mut model = residual();
    model.description.coding = InputCoding::Direct;
    model.description.reset = Reset::Subtract;
    model.description.readout = Readout::Sum;
    let nodes = model.description.graph().unwrap().nodes;
    let biases = (0..).zip(&nodes).map(|(index, node)| {
        // One layer with weights has none.
        let has_biases = node.tensor.is_some() && index != 2;
        let channels = if has_biases { node.output.channels } else { 0 };
        (0..channels).map(|channel| channel as f32 / 8.0 - 0.25).collect()
    });
    model.biases = biases.collect();
    model
}

#[test]
fn biases_and_choices_survive_a_file_of_version_2() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let model = extended();
    model.save(&path).unwrap();
    assert_eq!(FloatModel::load(&path).unwrap(), model);
    let (header, _) = parts_of(&model);
    assert_eq!(header["__metadata__"]["version"], "2");
    assert_eq!(header["bias/conv1"]["shape"], json!([3]));
    assert_eq!(header["bias/fc1"]["shape"], json!([5]));
    assert!(header.get("bias/pool1").is_none());
    // Each alone asks for version 2, and nothing of them is in a plain file.
    let changes: [fn(&mut FloatModel); 4] = [
        |model| model.biases = vec![vec![], vec![0.0, 1.0]],
        |model| model.description.coding = InputCoding::Counts,
        |model| model.description.reset = Reset::Subtract,
        |model| model.description.readout = Readout::Sum,
    ];
    for change in changes {
        let mut model = tiny();
        change(&mut model);
        assert_eq!(parts_of(&model).0["__metadata__"]["version"], "2");
        model.save(&path).unwrap();
        assert_eq!(FloatModel::load(&path).unwrap(), model);
        assert_eq!(
            changed_of(&model, |header| header["__metadata__"]["version"] = "1".into()),
            "DIR/model.safetensors: the file has version 1 of its format, but contains biases, graded input, a reset by \
             subtraction or an output without leak, which version 2 has; write the file again"
        );
    }
    let (plain, _) = parts();
    assert_eq!(plain["__metadata__"]["version"], "1");
    for absent in ["bias", "coding", "reset", "readout"] {
        assert!(!plain.to_string().contains(absent), "{absent}");
    }
}

#[test]
fn biases_that_do_not_fit_are_refused() {
    assert_eq!(
        changed_of(&extended(), |header| header["bias/fc1"]["shape"] = json!([1, 5])),
        "DIR/model.safetensors: tensor `bias/fc1` is F32 [1, 5], but the network needs F32 [5]; write the file again"
    );
    let refused = |change: fn(&mut FloatModel)| {
        let mut model = extended();
        change(&mut model);
        model.validate().unwrap_err().to_string()
    };
    assert_eq!(
        refused(|model| model.biases[0].push(1.0)),
        "layer `conv1`: the number of biases is 4, but must be 3 or, without biases, 0; train the network again"
    );
    assert_eq!(
        refused(|model| model.biases[1] = vec![1.0; 3]),
        "layer `pool1`: the number of biases is 3, but must be 0 or, without biases, 0; train the network again"
    );
    assert_eq!(
        refused(|model| model.biases[0][2] = f32::NAN),
        "layer `conv1`: the bias of channel 2 is NaN; train the network again with a lower learning rate"
    );
    assert_eq!(
        refused(|model| model.biases.truncate(2)),
        "the model has biases of 2 layers, but the network has 8 layers; give one list per layer, empty where a layer has \
         none"
    );
}
