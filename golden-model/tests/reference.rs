//! Comparison of the trainer with cases computed in float64 by an independent implementation.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests may")]

#[path = "common/npz.rs"]
mod npz;

use std::path::{Path, PathBuf};
use synfire_golden_model::reference::{Case, LOSS_TOLERANCE, SpikeMismatch, TENSOR_TOLERANCE};

/// Number of spikes of all layers, counted in the files.
const LENET_SPIKES: usize = 18427;
const VGG_SPIKES: usize = 33285;
const RESNET_SPIKES: usize = 17062;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/vectors")
        .join(name)
}

fn case(name: &str) -> Case {
    Case::load(&path(name)).unwrap()
}

fn fc() -> Case {
    case("fc.npz")
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
fn convolutions_pooling_junctions_and_dropout_agree() {
    for (name, spikes, tensors) in [
        ("lenet_small.npz", LENET_SPIKES, &["c1", "c2", "f0", "out"][..]),
        ("vgg_small.npz", VGG_SPIKES, &["c11", "c12", "c21", "f0", "out"]),
        (
            "resnet_small.npz",
            RESNET_SPIKES,
            &[
                "c11",
                "c21",
                "c22",
                "c22.shortcut",
                "c31",
                "c32",
                "c32.shortcut",
                "c41",
                "c42",
                "f0",
                "out",
            ],
        ),
    ] {
        let report = case(name).check().unwrap();
        assert_eq!(report.mismatch, None, "{name}");
        assert_eq!(report.spikes, spikes, "{name}");
        let compared: Vec<&str> = report
            .tensor_errors
            .iter()
            .map(|tensor| tensor.tensor.as_str())
            .collect();
        assert_eq!(compared[0], "output", "{name}");
        assert_eq!(&compared[1..], tensors, "{name}");
        assert!(report.passes(), "{name}: {report:?}");
    }
}

#[test]
fn a_case_holds_what_its_specification_says() {
    let vgg = case("vgg_small.npz");
    let network = &vgg.model.description;
    assert_eq!(
        network.compact(),
        "8C3p1d0.2x2-P2-12C3p1d0.2-P2-32d0.2-10@3x16x16"
    );
    assert_eq!((vgg.images.len(), vgg.masks.len()), (2, 2));
    let lengths: Vec<Option<usize>> = vgg.masks[0]
        .iter()
        .map(|mask| mask.as_ref().map(Vec::len))
        .collect();
    assert_eq!(
        lengths,
        [Some(2048), Some(2048), None, Some(768), None, Some(32), None]
    );
    let kept = vgg.masks[1][0]
        .as_ref()
        .unwrap()
        .iter()
        .filter(|&&kept| kept)
        .count();
    assert!((1500..1800).contains(&kept), "{kept} of 2048 at a dropout of 0.2");
    assert!(
        vgg.images[0].iter().flatten().any(|spike| spike.is_negative()),
        "the input of this case is signed"
    );
    assert!(network.normalization.is_some());

    let resnet = case("resnet_small.npz").model;
    assert_eq!(
        resnet.description.compact(),
        "8C3p1-P2-R12-R16s2-I16s2-24-10@3x12x12"
    );
    let dims: Vec<(usize, usize)> = resnet.weights[1..4].iter().map(|weights| weights.dim()).collect();
    assert_eq!(dims, [(12, 72), (12, 108), (12, 8)]);
}

#[test]
fn a_changed_mask_or_kernel_fails() {
    let mut vgg = case("vgg_small.npz");
    let mask = vgg.masks[0][5].as_mut().unwrap();
    mask.iter_mut().for_each(|kept| *kept = true);
    assert!(!vgg.check().unwrap().passes());

    let mut resnet = case("resnet_small.npz");
    resnet.model.weights[3][[0, 0]] += 0.25;
    let report = resnet.check().unwrap();
    assert_eq!(report.mismatch.unwrap().layer, "c22");
}

#[test]
fn the_first_differing_neuron_is_named() {
    let mismatch = |expected: &[u32], actual: &[u32]| {
        SpikeMismatch {
            image: 0,
            step: 0,
            layer: "f0".into(),
            expected: expected.into(),
            actual: actual.into(),
        }
        .neuron()
    };
    assert_eq!(mismatch(&[1, 4, 9], &[1, 9]), (4, true));
    assert_eq!(mismatch(&[1, 9], &[1, 4, 9]), (4, false));
    assert_eq!(mismatch(&[1, 4], &[1]), (4, true));
    assert_eq!(mismatch(&[], &[7]), (7, false));
    assert_eq!(mismatch(&[2, 3], &[4, 5]), (2, true));
}

#[test]
fn the_worst_tensor_is_found_even_if_it_is_no_number() {
    let mut case = fc();
    let report = case.check().unwrap();
    let worst = report.worst_tensor().unwrap();
    assert!(
        report
            .tensor_errors
            .iter()
            .all(|tensor| tensor.error <= worst.error)
    );
    case.gradients[1][[0, 0]] = f64::NAN;
    let report = case.check().unwrap();
    assert_eq!(report.worst_tensor().unwrap().tensor, "f1");
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

/// Returns the error of loading `fc.npz` with array `name` replaced or left out, without the name of the temporary
/// folder.
fn refusal(name: &str, replacement: Option<&[u8]>) -> String {
    refusal_of("fc.npz", name, replacement)
}

fn refusal_of(case: &str, name: &str, replacement: Option<&[u8]>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("case.npz");
    let arrays = npz::arrays(&path(case)).into_iter();
    npz::write(
        &file,
        arrays.filter_map(|(array, bytes)| match array == name {
            true => replacement.map(|bytes| (array, bytes.to_vec())),
            false => Some((array, bytes)),
        }),
    );
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
            "{} is not a valid npz file: it does not start like a zip archive; fetch it or write it again",
            file.display()
        )
    );
}

#[test]
fn arrays_that_are_missing_or_of_another_shape_or_type_are_refused() {
    assert_eq!(
        refusal("weight/f1", None),
        "DIR/case.npz: array `weight/f1` is missing, but must be [12, 20] in C order of type f32; write the file again"
    );
    assert_eq!(
        refusal("weight/f1", Some(&npy(&[12, 19], &[0.0f32; 228]))),
        "DIR/case.npz: array `weight/f1` is [12, 19] in C order, but must be [12, 20] in C order of type f32; write the file again"
    );
    assert_eq!(
        refusal("weight/f1", Some(&npy(&[12, 20], &[0.0f64; 240]))),
        "DIR/case.npz: array `weight/f1` is of type float64, but must be [12, 20] in C order of type f32; write the file again"
    );
    assert_eq!(
        refusal("labels", Some(&npy(&[3], &[0i64, 1, -1]))),
        "DIR/case.npz: array `labels` is a negative label, but must be classes; write the file again"
    );
    assert_eq!(
        refusal("spikes/f1", Some(&npy(&[25, 3, 12, 1, 1], &[2u8; 900]))),
        "DIR/case.npz: array `spikes/f1` is a spike of 2, but must be -1, 0 or 1; write the file again"
    );
}

#[test]
fn a_specification_that_cannot_be_checked_is_refused() {
    let refusal = |spec: &str| refusal("spec", Some(&npy(&[spec.len() as u64], spec.as_bytes())));
    assert_eq!(
        refusal("{}"),
        "DIR/case.npz: array `spec`: missing field `input` at line 1 column 2; write it as tests/vectors/README.md describes"
    );
    let layers = |layers: &str| {
        refusal(&format!(
            r#"{{"input": [1, 6, 6], "T": 25, "batch": 3, "leak": 0.99, "rate": 0.5, "layers": [{layers}]}}"#
        ))
    };
    let in_spec = |message: &str| {
        format!(
            "DIR/case.npz: array `spec`: {message} at line 1 column 84; write it as tests/vectors/README.md describes"
        )
    };
    let columns = |message: String| {
        let (before, after) = message.split_once(" column ").unwrap();
        let rest = after.trim_start_matches(|letter: char| letter.is_ascii_digit());
        format!("{before} column 84{rest}")
    };
    assert_eq!(
        columns(layers(
            r#"{"name": "l", "op": "lstm", "out": 2, "from": "input"}"#
        )),
        in_spec("unknown variant `lstm`, expected one of `conv`, `pool`, `fc`, `out`")
    );
    assert_eq!(
        columns(layers(
            r#"{"name": "c", "op": "conv", "out": 2, "from": "input"}"#
        )),
        in_spec("missing field `k`")
    );
    assert_eq!(
        columns(layers(
            r#"{"name": "c", "op": "conv", "out": 2, "k": 1, "from": "input", "shortcut": {"from": "input", "k": 3}}"#
        )),
        in_spec("the shortcut from `input` has k = 3, but must have k = 1")
    );
    assert_eq!(
        layers(r#"{"name": "out", "op": "out", "out": 2, "from": "f0"}"#),
        "network `case`: source of layer `out` is `f0`, but must be one of input"
    );
    let steps = r#"{"input": [1, 6, 6], "T": 0, "batch": 3, "leak": 0.99, "rate": 0.5, "layers": []}"#;
    assert_eq!(
        refusal(steps),
        "network `case`: steps is 0, but must be in 1..=4096"
    );
}

#[test]
fn masks_of_another_dropout_are_refused() {
    let mask = npy(&[2, 32, 1, 1], &[2.0f32; 64]);
    assert_eq!(
        refusal_of("vgg_small.npz", "mask/f0", Some(&mask)),
        "DIR/case.npz: array `mask/f0` is a factor of 2, but must be 0 or 1/(1 - drop), 1.25; write the file again"
    );
    assert_eq!(
        refusal_of("vgg_small.npz", "mask/f0", None),
        "DIR/case.npz: array `mask/f0` is missing, but must be [2, 32, 1, 1] in C order of type f32; write the file again"
    );
    assert_eq!(
        refusal_of(
            "resnet_small.npz",
            "weight/c22.shortcut",
            Some(&npy(&[12, 8], &[0.0f32; 96]))
        ),
        "DIR/case.npz: array `weight/c22.shortcut` is [12, 8] in C order, \
         but must be [12, 8, 1, 1] in C order of type f32; write the file again"
    );
}
