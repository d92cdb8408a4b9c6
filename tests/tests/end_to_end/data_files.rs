//! Data sets that are not what their names say, through the program: warnings and errors that name them.

use std::fs;
use std::path::Path;
use synfire_tests::{Program, npz};
use tempfile::TempDir;

fn program(folder: &TempDir) -> Program {
    Program::new(env!("CARGO_BIN_EXE_synfire-under-test"), folder.path())
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Writes the four idx files of a set whose sample i has the label `labels[i]`.
fn put_idx(folder: &Path, labels: &[u8]) {
    fs::create_dir_all(folder).expect("a new folder");
    let count = u32::try_from(labels.len()).expect("few").to_be_bytes();
    let side = 28_u32.to_be_bytes();
    let pixels: Vec<u8> = labels.iter().flat_map(|&label| [9 * label; 28 * 28]).collect();
    let images = [&[0, 0, 8, 3], &count[..], &side, &side, &pixels].concat();
    let labels = [&[0, 0, 8, 1], &count[..], labels].concat();
    for part in ["train", "t10k"] {
        fs::write(folder.join(format!("{part}-images-idx3-ubyte")), &images).expect("writing");
        fs::write(folder.join(format!("{part}-labels-idx1-ubyte")), &labels).expect("writing");
    }
}

#[test]
fn files_of_no_known_set_are_used_with_one_warning() {
    let folder = folder();
    put_idx(&folder.path().join("FashionMNIST/raw"), &[0, 1, 2, 9]);
    let output = program(&folder).run(&["data", "show", "fashion-mnist", "--data-dir", "."]);
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "warning: the files in ./FashionMNIST/raw are not the published ones of `fashion-mnist` (the SHA-256 of \
         train-images-idx3-ubyte differs); do not compare results with published ones, or fetch the files again\n"
    );
    assert!(String::from_utf8_lossy(&output.stdout).contains("ankle boot"));
    let drawn = program(&folder).run(&["data", "draw", "fashion-mnist", "--data-dir", ".", "-o", "a.svg"]);
    assert!(String::from_utf8_lossy(&drawn.stderr).starts_with("warning: the files in "));
    let trained = program(&folder).run(&[
        "train",
        "mnist-mlp",
        "--data",
        "fashion-mnist",
        "--data-dir",
        ".",
        "--epochs",
        "1",
        "-o",
        "a.safetensors",
    ]);
    let messages = String::from_utf8_lossy(&trained.stderr).into_owned();
    assert_eq!(
        messages.matches("are not the published ones").count(),
        1,
        "{messages}"
    );
}

#[test]
fn classes_are_counted_and_labels_beyond_the_network_are_named_so() {
    let folder = folder();
    // The letters of EMNIST: labels from 1.
    let letters: Vec<u8> = (1..=26).collect();
    put_idx(&folder.path().join("mnist"), &letters);
    let shown = program(&folder).json(&["data", "show", "mnist", "--data-dir", "."]);
    let classes = shown["classes"].as_array().expect("a list");
    assert_eq!((classes.len(), &classes[26]), (27, &"26".into()));
    let (_, message) =
        program(&folder).fail(&["train", "mnist-mlp", "--data-dir", ".", "-o", "a.safetensors"]);
    assert_eq!(
        message,
        "data set `mnist` has labels up to 26, but network `mnist-mlp` has only the classes 0..=9; give the network 27 \
         classes, or choose other data"
    );
}

#[test]
fn a_header_of_nested_brackets_costs_no_time() {
    let folder = folder();
    let text = format!(
        "{{'descr': {}{}, 'fortran_order': False, 'shape': (1,), }}",
        "[".repeat(64),
        "]".repeat(64)
    );
    let length = u16::try_from(text.len()).expect("short").to_le_bytes();
    let array = [b"\x93NUMPY\x01\x00", &length[..], text.as_bytes()].concat();
    npz::write(
        &folder.path().join("nested.npz"),
        [("train_images".to_owned(), array)],
    );
    // With an exponential parser this test would not end.
    let (_, message) = program(&folder).fail(&["data", "show", "nested.npz"]);
    assert!(
        message.starts_with(
            "nested.npz: array `train_images` is of type record, [1], but must be of type uint8"
        ),
        "{message}"
    );
}

#[test]
fn what_is_no_data_set_is_named() {
    let folder = folder();
    fs::write(folder.path().join("a.npy"), b"\x93NUMPY\x01\x00").expect("writing");
    let refusal = |name: &str| program(&folder).fail(&["data", "show", name]).1;
    assert_eq!(
        refusal("a.npy"),
        "a.npy is a single NumPy array, not an npz archive; save all its arrays in one file with numpy.savez"
    );
    assert_eq!(refusal("/dev/zero"), "/dev/zero is a device; give a regular file");
    assert!(refusal(".").starts_with(". is a folder, not an npz file; "));
    assert!(refusal("minst").starts_with("there is no data set `minst`; "));
}
