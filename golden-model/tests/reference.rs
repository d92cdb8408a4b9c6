//! The trainer against cases computed in float64 by an independent implementation.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests may")]

use std::path::{Path, PathBuf};
use synfire_golden_model::reference::{Case, LOSS_TOLERANCE, TENSOR_TOLERANCE};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/vectors")
        .join(name)
}

fn fc() -> Case {
    Case::load(&path("fc.npz")).unwrap()
}

#[test]
fn every_spike_the_loss_and_all_gradients_agree() {
    let case = fc();
    assert_eq!(
        (case.images.len(), case.images[0].steps(), case.images[0].width()),
        (3, 25, 36)
    );
    assert_eq!(
        case.gradients
            .iter()
            .map(|gradient| gradient.dim())
            .collect::<Vec<_>>(),
        [(20, 36), (12, 20), (4, 12)]
    );
    let report = case.check().unwrap();
    assert_eq!(report.spikes, 402 + 131);
    assert_eq!(report.mismatch, None);
    assert!(report.loss_error <= LOSS_TOLERANCE, "{report:?}");
    let tensors: Vec<&str> = report
        .tensor_errors
        .iter()
        .map(|tensor| tensor.tensor.as_str())
        .collect();
    assert_eq!(tensors, ["output", "f0", "f1", "out"]);
    assert!(
        report
            .tensor_errors
            .iter()
            .all(|tensor| tensor.error <= TENSOR_TOLERANCE),
        "{report:?}"
    );
    assert!(report.passes());
}

#[test]
fn one_wrong_spike_fails_and_is_named() {
    let mut case = fc();
    let raster = &mut case.spikes[1][0];
    let mut changed = synfire_golden_model::spikes::SpikeRaster::new(raster.width());
    for (step, spikes) in raster.iter().enumerate() {
        changed.push_step(spikes.iter().copied().skip(usize::from(step == 7)));
    }
    assert_eq!(
        changed.total() + 1,
        raster.total(),
        "step 7 must have had a spike to lose"
    );
    *raster = changed;
    let report = case.check().unwrap();
    assert!(!report.passes());
    let mismatch = report.mismatch.unwrap();
    assert_eq!(
        (mismatch.image, mismatch.step, mismatch.layer.as_str()),
        (1, 7, "f0")
    );
    assert_eq!(mismatch.actual.len(), mismatch.expected.len() + 1);
}

#[test]
fn one_wrong_gradient_output_or_loss_fails() {
    let mut case = fc();
    case.gradients[0][[3, 5]] +=
        2.0 * TENSOR_TOLERANCE * case.gradients[0].iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    assert!(!case.check().unwrap().passes());

    let mut case = fc();
    case.gradients[1][[0, 0]] = f64::NAN;
    assert!(!case.check().unwrap().passes());

    let mut case = fc();
    case.outputs[[2, 3]] += 1e-3;
    assert!(!case.check().unwrap().passes());

    let mut case = fc();
    case.loss *= 1.0 + 2.0 * LOSS_TOLERANCE;
    assert!(!case.check().unwrap().passes());
}

#[test]
fn a_changed_weight_fails() {
    let mut case = fc();
    case.model.weights[0][[0, 0]] += 0.25;
    assert!(!case.check().unwrap().passes());
}

/// The error of loading `fc.npz` with array `name` replaced, or left out; the temporary folder's name is cut out.
fn refusal(name: &str, replacement: Option<&[u8]>) -> String {
    use std::io::{Read, Write};
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("case.npz");
    let mut archive = npyz::npz::NpzArchive::open(path("fc.npz")).unwrap();
    let names: Vec<String> = archive.array_names().map(Into::into).collect();
    let mut writer = npyz::npz::NpzWriter::create(&file).unwrap();
    for array in names {
        let mut bytes = Vec::new();
        let member = npyz::npz::file_name_from_array_name(&array);
        archive
            .zip_archive()
            .by_name(&member)
            .unwrap()
            .read_to_end(&mut bytes)
            .unwrap();
        if array == name {
            let Some(replacement) = replacement else { continue };
            bytes = replacement.to_vec();
        }
        writer
            .zip_writer()
            .start_file(member, Default::default())
            .unwrap();
        writer.zip_writer().write_all(&bytes).unwrap();
    }
    drop(writer);
    let error = Case::load(&file)
        .expect_err("the case must be refused")
        .to_string();
    error.replace(&folder.path().display().to_string(), "DIR")
}

fn npy<T: npyz::AutoSerialize + Copy>(shape: &[u64], numbers: &[T]) -> Vec<u8> {
    use npyz::WriterBuilder;
    let mut bytes = Vec::new();
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(shape)
        .writer(&mut bytes)
        .begin_nd()
        .unwrap();
    writer.extend(numbers.iter().copied()).unwrap();
    writer.finish().unwrap();
    bytes
}

#[test]
fn a_file_that_is_no_archive_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("case.npz");
    std::fs::write(&file, "no archive").unwrap();
    assert_eq!(
        Case::load(&file).unwrap_err().to_string(),
        format!(
            "{} is not a sound npz file: invalid Zip archive: Invalid zip header; fetch or make it again",
            file.display()
        )
    );
}

#[test]
fn arrays_that_are_missing_or_of_another_shape_or_type_are_refused() {
    assert_eq!(
        refusal("weight/f1", None),
        "DIR/case.npz: array `weight/f1` is missing, but must be [12, 20] in C order of type f32"
    );
    assert_eq!(
        refusal("weight/f1", Some(&npy(&[12, 19], &[0.0f32; 228]))),
        "DIR/case.npz: array `weight/f1` is [12, 19] in C order, but must be [12, 20] in C order of type f32"
    );
    assert_eq!(
        refusal("weight/f1", Some(&npy(&[12, 20], &[0.0f64; 240]))),
        "DIR/case.npz: array `weight/f1` is of type '<f8', but must be [12, 20] in C order of type f32"
    );
    assert_eq!(
        refusal("labels", Some(&npy(&[3], &[0i64, 1, -1]))),
        "DIR/case.npz: array `labels` is a negative label, but must be classes"
    );
    assert_eq!(
        refusal("spikes/f1", Some(&npy(&[25, 3, 12, 1, 1], &[2u8; 900]))),
        "DIR/case.npz: array `spikes/f1` is a spike of 2, but must be -1, 0 or 1"
    );
}

#[test]
fn a_specification_that_cannot_be_checked_is_refused() {
    let refusal = |spec: &str| refusal("spec", Some(&npy(&[spec.len() as u64], spec.as_bytes())));
    assert_eq!(
        refusal("{}"),
        "DIR/case.npz: array `spec`: missing field `input` at line 1 column 2; the layout is in tests/vectors/README.md"
    );
    let conv = r#"{"input": [1, 6, 6], "T": 25, "batch": 3, "leak": 0.99, "rate": 0.5,
        "layers": [{"name": "c0", "op": "conv", "out": 2, "k": 3, "s": 1, "p": 1, "from": "input"}]}"#;
    assert_eq!(
        refusal(conv),
        "DIR/case.npz: layer `c0` has op `conv` from `input`; \
         only fc and out layers with `out` neurons, each from the one before, can be checked"
    );
    let steps = r#"{"input": [1, 6, 6], "T": 0, "batch": 3, "leak": 0.99, "rate": 0.5, "layers": []}"#;
    assert_eq!(
        refusal(steps),
        "network `case`: steps is 0, but must be in 1..=4096"
    );
}
