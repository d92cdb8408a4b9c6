//! Recordings whose events lie outside their window.

use super::npz::{Npz, write_recordings};
use super::{PROGRAM, data_warnings, folder, number, warnings};
use synfire_golden_model::dataset;
use synfire_tests::Program;

#[test]
fn recordings_that_start_late_are_named_and_mended() {
    let folder = folder();
    let program = Program::new(PROGRAM, folder.path());
    write_recordings(&folder.path().join("late.npz"), 5000);
    let train = |output: &'static str| {
        [
            "train", "32-2", "--data", "late.npz", "--steps", "10", "--epochs", "40", "--lr", "0.01", "-o",
            output,
        ]
    };
    let found = data_warnings(&program, &train("plain.safetensors"));
    assert_eq!(found.len(), 2, "training and test: {found:?}");
    for part in [
        "50.0 % of the training events",
        "50.0 % of the training recordings",
        "--from-first-event",
    ] {
        assert!(found[0].contains(part), "{part} in {found:?}");
    }
    let quantize = ["quantize", "plain.safetensors", "-o", "plain4.safetensors"];
    assert_eq!(data_warnings(&program, &quantize), found);
    assert_eq!(data_warnings(&program, &["eval", "plain.safetensors"]), found);

    let mended = [&train("mended.safetensors")[..], &["--from-first-event"]].concat();
    assert_eq!(data_warnings(&program, &mended), [""; 0]);
    // The model remembers it.
    let quantize = ["quantize", "mended.safetensors", "-o", "mended4.safetensors"];
    assert_eq!(data_warnings(&program, &quantize), [""; 0]);
    let accuracy = |model: &str| number(&program.json(&["eval", model])["accuracy"]);
    let trained = program.json(&mended);
    assert_eq!(accuracy("mended.safetensors"), number(&trained["test_accuracy"]));
    assert!(accuracy("mended.safetensors") > accuracy("plain.safetensors") + 0.2);
    assert_eq!(data_warnings(&program, &["eval", "mended4.safetensors"]), [""; 0]);

    let (_, message) = program.fail(&["train", "digits", "-o", "x.safetensors", "--from-first-event"]);
    assert_eq!(
        message,
        "data set `digits` holds images, but --from-first-event needs recordings; choose another data set"
    );
}

#[test]
fn a_silent_input_of_recordings_has_its_own_remedy() {
    let folder = folder();
    let program = Program::new(PROGRAM, folder.path());
    // Nothing is on time: all recordings start when the camera had run for a while.
    let path = folder.path().join("late.npz");
    write_recordings(&path, 0);
    let split = dataset::load(&path, None).expect("a set");
    assert_eq!(split.train.len(), 80);
    let mut npz = Npz::new(&path)
        .add("shape", &[3], &[1_i64, 4, 4])
        .add("window_us", &[], &[1000_i64]);
    for part in ["train", "test"] {
        npz = npz
            .add(
                &format!("{part}_events"),
                &[2, 4],
                &[70_000_i64, 0, 0, 0, 90_000, 0, 3, 3],
            )
            .add(&format!("{part}_offsets"), &[3], &[0_i64, 1, 2])
            .add(&format!("{part}_labels"), &[2], &[0_i64, 1]);
    }
    drop(npz);
    let train = [
        "train",
        "8-2",
        "--data",
        "late.npz",
        "--steps",
        "5",
        "--epochs",
        "1",
        "-o",
        "a.safetensors",
    ];
    let found = warnings(&program, &train);
    assert!(found[0].contains("100.0 % of the training events"), "{found:?}");
    let silent =
        "epoch 1: the input is silent: no recording has an event in its window; use --from-first-event";
    assert!(found.iter().any(|text| text.starts_with(silent)), "{found:?}");
    assert!(
        found.iter().all(|text| !text.contains("raise the input rate")),
        "{found:?}"
    );
}
