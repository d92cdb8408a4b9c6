//! Refusal of files whose contents are out of range or contradict each other.

use super::common::{every_kind, tiny};
use super::{Parts, folder, refused, refused_header, refused_header_of, refused_metadata, replace};
use std::fs;

#[test]
fn parts_of_a_graph_that_disagree_are_refused() {
    let refused = |key: &str, from: &str, to: &str| {
        refused_header_of(&every_kind(), |header| replace(header, key, from, to))
    };
    assert_eq!(
        refused("network", "\"out\":2", "\"out\":1"),
        "model.safetensors: tensor `weight/conv1` is I8 [2, 1, 3, 3], but the network needs I8 [1, 1, 3, 3]; \
         write the file again"
    );
    assert_eq!(
        refused("network", "\"identity\":true", "\"identity\":false"),
        "model.safetensors: tensor `weight/conv3.shortcut` is missing; write the file again"
    );
    assert_eq!(
        refused("network", "\"identity\":false", "\"identity\":true"),
        "model.safetensors: tensor `one/conv2` is missing; write the file again"
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
        "model.safetensors: tensor `one/conv3` is I32 [1, 2], but the network needs I32 [2]; write the file again"
    );
    assert_eq!(
        refused(
            "layers",
            "\"name\":\"pool1\",\"kind\":\"lif\",\"weight_bits\":2,\"guard_bits\":0",
            "\"name\":\"pool1\",\"kind\":\"lif\",\"weight_bits\":2,\"guard_bits\":1"
        ),
        "model.safetensors: quantized layer `pool1`: guard_bits is 1, but must be 0 to 0; \
         quantize the float model again with `synfire quantize`"
    );
}

#[test]
fn numbers_out_of_range_are_refused() {
    let again = "; quantize the float model again with `synfire quantize`";
    for (from, to, message) in [
        (
            "\"weight_bits\":3",
            "\"weight_bits\":9",
            "weight_bits is 9, but must be 2 to 8",
        ),
        (
            "\"weight_bits\":3",
            "\"weight_bits\":2",
            "weight is 3, but must be -1 to 1",
        ),
        (
            "\"guard_bits\":2",
            "\"guard_bits\":13",
            "guard_bits is 13, but must be 0 to 12",
        ),
        (
            "\"membrane_bits\":8",
            "\"membrane_bits\":33",
            "membrane_bits is 33, but must be 2 to 32",
        ),
        (
            "\"membrane_bits\":8",
            "\"membrane_bits\":4",
            "floor is -10, but must be -8 to 0",
        ),
        (
            "\"floor\":-10",
            "\"floor\":1",
            "floor is 1, but must be -128 to 0",
        ),
        (
            "\"leak_shifts\":[2]",
            "\"leak_shifts\":[17]",
            "leak shift is 17, but must be 1 to 16",
        ),
        (
            "\"leak_shifts\":[2]",
            "\"leak_shifts\":[1,2,3,4]",
            "number of leak shifts is 4, but must be 0 to 3",
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
            "model.safetensors: quantized layer `hidden`: threshold is -16777204, but must be 0 to 127{again}"
        )
    );
}

#[test]
fn layers_that_are_not_those_of_the_network_are_refused() {
    let again = "; quantize the float model again with `synfire quantize`";
    assert_eq!(
        refused_metadata("layers", "\"name\":\"out\"", "\"name\":\"aus\""),
        format!("model.safetensors: quantized layer `out`: name is aus, but must be out{again}")
    );
    assert_eq!(
        refused_metadata("network", ",{\"name\":\"out\",\"op\":\"out\",\"out\":2}", ""),
        "model.safetensors: network `tiny`: layer `hidden` has op = \"fc\", but must have \"out\"; \
         the last layer, and only the last, is the output layer"
    );
    assert_eq!(
        refused_metadata("network", "{\"name\":\"hidden\",\"op\":\"fc\",\"out\":2},", ""),
        format!("model.safetensors: the quantized network has 2 layers, but its description has 1{again}")
    );
    assert_eq!(
        refused_metadata(
            "network",
            "\"op\":\"fc\",\"out\":2",
            "\"op\":\"conv\",\"out\":2,\"kernel\":1"
        ),
        "model.safetensors: tensor `weight/hidden` is I8 [2, 2], but the network needs I8 [2, 1, 1, 1]; \
         write the file again"
    );
    assert_eq!(
        refused_metadata("layers", "\"kind\":\"output\"", "\"kind\":\"lif\""),
        "model.safetensors: tensor `threshold/out` is missing; write the file again"
    );
    assert_eq!(
        refused_metadata("network", "\"input\":[1,1,2]", "\"input\":[1,1,3]"),
        "model.safetensors: tensor `weight/hidden` is I8 [2, 2], but the network needs I8 [2, 3]; write the file again"
    );
    assert_eq!(
        refused_header(|header| header["threshold/hidden"]["dtype"] = "F32".into()),
        "model.safetensors: tensor `threshold/hidden` is F32 [2], but the network needs I32 [2]; write the file again"
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
        "model.safetensors: tensor `weight/out` is missing; write the file again"
    );
    assert_eq!(
        refused_metadata("layers", "\"kind\":\"lif\"", "\"kind\":\"output\""),
        "model.safetensors: tensor `threshold/hidden` belongs to no layer; write the file again"
    );
}

#[test]
fn a_width_that_cannot_be_proven_is_neither_loaded_nor_saved() {
    let problem = "layer `hidden`: membranes have 5 bits, but sums can reach -18 to 21, which needs 6 bits; \
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
