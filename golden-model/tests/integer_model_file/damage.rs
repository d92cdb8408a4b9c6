//! Refusal of files that are damaged, or that are not files of quantized networks.

use super::common::tiny;
use super::{Parts, folder, refused, refused_header, refused_metadata};
use std::fs;
use synfire_golden_model::integer::QuantizedModel;

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
            "model.safetensors: the file has {} bytes, but its header announces {length}; it is damaged, write or copy it again",
            length - 1
        )
    );
    let header = length - 16; // 2·2 + 2·2 weights, 2·4 bytes of thresholds
    assert_eq!(
        refused(&bytes[..200]),
        format!(
            "model.safetensors: the file has 200 bytes, but its header announces {header}; it is damaged, write or copy it again"
        )
    );
    assert!(refused(&[&bytes[..], b"x"].concat()).contains(&format!("announces {length};")));
}

#[test]
fn a_file_of_another_format_or_version_is_refused() {
    assert_eq!(
        refused_metadata("format", "synfire-quantized", "synfire-model"),
        "model.safetensors is a float model, but must be a quantized one; run `synfire quantize` on it"
    );
    assert_eq!(
        refused_metadata("format", "synfire-quantized", "pt"),
        "model.safetensors: the file has format `pt`, but must have `synfire-quantized`; give a model file that synfire wrote"
    );
    assert_eq!(
        refused_metadata("format", "synfire-quantized", "synfire-checkpoint"),
        "model.safetensors: the file has format `synfire-checkpoint`, but must have `synfire-quantized`; \
         give the model that `synfire train` writes when the run ends"
    );
    for version in ["4", "0", "two"] {
        assert_eq!(
            refused_metadata("version", "2", version),
            format!(
                "model.safetensors: the file has version {version} of its format, but this program reads versions up to 3; use a newer synfire"
            )
        );
    }
    let without = |key: &'static str| {
        refused_header(|header| drop(header["__metadata__"].as_object_mut().expect("a map").remove(key)))
    };
    for key in ["format", "version", "network", "layers", "provenance"] {
        assert_eq!(
            without(key),
            format!(
                "model.safetensors: the metadata lack the key `{key}`; give a model file that synfire wrote"
            )
        );
    }
}

#[test]
fn metadata_that_make_no_sense_are_refused() {
    assert_eq!(
        refused_metadata("layers", "\"floor\"", "\"flour\""),
        "model.safetensors: metadata `layers`: unknown field `flour`, expected one of `name`, `kind`, `weight_bits`, \
         `guard_bits`, `membrane_bits`, `leak_shifts`, `floor`, `ceiling` at line 1 column 105; write the file again"
    );
    assert!(refused_metadata("layers", "\"weight_bits\":3", "\"weight_bits\":300").contains("300"));
    assert!(refused_metadata("network", "\"steps\":3", "\"steps\":-3").contains("metadata `network`: "));
    assert_eq!(
        refused_metadata("network", "\"steps\":3", "\"steps\":0"),
        "model.safetensors: network `tiny`: steps is 0, but must be in 1..=4096"
    );
    // More neurons than any machine has memory for, which the tensors do not have.
    assert!(refused_metadata("network", "\"out\":2", "\"out\":2000000000").contains("2000000000"));
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
