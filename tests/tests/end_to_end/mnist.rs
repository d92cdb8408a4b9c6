//! 784-128-10 on MNIST through the verbs, quickly: one epoch of training, then every later stage in full.

use synfire_tests::{Program, data_folder};

const PROGRAM: &str = env!("CARGO_BIN_EXE_synfire-under-test");

#[test]
fn mnist_through_the_verbs() {
    let Some(data) = data_folder("mnist_through_the_verbs") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = Program::new(PROGRAM, folder.path()).with("SYNFIRE_DATA", data);
    let trained = program.json(&["train", "mnist-mlp", "--epochs", "1", "-o", "float.safetensors"]);
    let float = trained["test_accuracy"].as_f64().expect("an accuracy");
    assert!(float > 0.90, "test accuracy {float} after one epoch");
    let _ = program.json(&[
        "quantize",
        "float.safetensors",
        "-o",
        "quantized.safetensors",
        "--bits",
        "4",
    ]);
    let integer = program.json(&["eval", "quantized.safetensors"])["accuracy"]
        .as_f64()
        .expect("an accuracy");
    assert!(
        integer > float - 0.02,
        "integer accuracy {integer}, float {float}"
    );
    let manifest = program.json(&[
        "hdl",
        "quantized.safetensors",
        "--board",
        "ulx3s-85f",
        "--lanes",
        "16,10",
        "-o",
        "build",
    ]);
    assert_eq!(manifest["inputs"], 784);
    let cosim = program.json(&["cosim", "build", "--images", "5"]);
    assert_eq!(cosim["verilator"]["images"], 5);
    assert_eq!(cosim["verilator"]["potentials"], 50);
    let answers = program.json(&["run", "build", "--virtual", "--images", "5"]);
    assert_eq!(answers["images"], 5);
    assert_eq!(answers["potentials"], 50);
}
