//! Build folders of somebody else, and folders that are none: what opening, generating and writing refuse.

use crate::network::{plan, random_model};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::OnceLock;
use synfire_golden_model::file::sha256;
use synfire_golden_model::integer::QuantizedModel;
use synfire_hw::board::Board;
use synfire_hw::build::Build;
use synfire_hw::plan::Plan;

fn network(seed: u64) -> (QuantizedModel, Board, Plan) {
    let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(seed), &[6, 5, 3]);
    let plan = plan(&model, &[2, 3]);
    (model, Board::find("ice40-hx8k").expect("a built-in board"), plan)
}

fn write(folder: &Path, seed: u64) -> Result<Build, String> {
    let (model, board, plan) = network(seed);
    Build::write(folder, &model, &board, &plan)
        .map_err(|error| error.to_string().replace(&folder.display().to_string(), "FOLDER"))
}

/// Edits the manifest of a folder.
fn edit(folder: &Path, edit: impl FnOnce(&mut Value)) {
    let path = folder.join("manifest.json");
    let text = fs::read_to_string(&path).expect("a manifest");
    let mut manifest = serde_json::from_str(&text).expect("JSON");
    edit(&mut manifest);
    fs::write(&path, manifest.to_string()).expect("writes");
}

/// Replaces a file of a folder, and its hash in the manifest.
fn forge(folder: &Path, name: &str, content: &[u8]) {
    fs::write(folder.join(name), content).expect("writes");
    edit(folder, |manifest| {
        manifest["files"][name] = sha256(content).into()
    });
}

fn opened(folder: &Path) -> Result<Build, String> {
    Build::open(folder).map_err(|error| error.to_string().replace(&folder.display().to_string(), "FOLDER"))
}

/// A sound build in a folder of its own. It is generated once, and copied.
fn sound() -> tempfile::TempDir {
    static SOUND: OnceLock<tempfile::TempDir> = OnceLock::new();
    let sound = SOUND.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        write(folder.path(), 1).expect("writes");
        folder
    });
    let folder = tempfile::tempdir().expect("a temporary folder");
    for entry in fs::read_dir(sound.path()).expect("a folder").flatten() {
        fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("copies");
    }
    folder
}

/// Message of opening a sound folder after `damage`.
fn refused(damage: impl FnOnce(&Path)) -> String {
    let folder = sound();
    damage(folder.path());
    opened(folder.path()).expect_err("refused")
}

fn fifo(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.expect("mkfifo").success());
}

#[test]
fn files_of_a_manifest_lie_in_the_folder_itself() {
    for name in [
        "/dev/zero",
        "../model.safetensors",
        "a/b",
        "..",
        ".hidden",
        "",
        "a\\b",
        "ä.v",
    ] {
        let message =
            refused(|folder| edit(folder, |manifest| manifest["files"][name] = "0".repeat(64).into()));
        let wanted = format!(
            "build folder FOLDER: manifest.json: it lists {name:?}; files of a build lie in the folder"
        );
        assert!(message.starts_with(&wanted), "{message}");
    }
}

#[test]
fn links_devices_and_fifos_are_refused_where_a_file_of_a_build_or_of_a_tool_lies() {
    for name in [
        "board.v",
        "manifest.json",
        "synth.ys",
        "report.json",
        "bitstream.bin",
        "image0.vcd",
        "stress",
    ] {
        let message = refused(|folder| {
            let _ = fs::remove_file(folder.join(name));
            symlink("/dev/zero", folder.join(name)).expect("a link");
        });
        let wanted = format!("build folder FOLDER: {name} is a symbolic link; replace it by the file itself");
        assert!(message.starts_with(&wanted), "{message}");
        let message = refused(|folder| {
            let _ = fs::remove_file(folder.join(name));
            fifo(&folder.join(name));
        });
        assert!(
            message.contains(&format!("{name} is a device, a FIFO or a socket; remove it")),
            "{message}"
        );
    }
    // Names that nobody uses are the user's, such as the link of `synfire board --link`.
    let folder = sound();
    symlink("/dev/null", folder.path().join("port")).expect("a link");
    opened(folder.path()).expect("opens");
}

#[test]
fn hashes_that_are_none_are_refused() {
    let good = "0123456789abcdef".repeat(4);
    for hash in [
        "",
        "00",
        &good[1..],
        &good.to_uppercase(),
        &"é".repeat(32),
        &format!("{good}00"),
    ] {
        for field in ["design_hash", "model_hash"] {
            let message = refused(|folder| edit(folder, |manifest| manifest[field] = hash.into()));
            let wanted =
                format!("manifest.json: {field} = {hash:?} is not a SHA-256 in 64 lower-case hex digits");
            assert!(message.contains(&wanted), "{message}");
        }
    }
    let message = refused(|folder| edit(folder, |manifest| manifest["files"]["board.v"] = "0".into()));
    assert!(message.contains("board.v = \"0\" is not a SHA-256"), "{message}");
}

#[test]
fn a_manifest_describes_the_model_in_its_folder() {
    let (other, ..) = network(2);
    let message = refused(|folder| {
        other.save(folder.join("model.safetensors")).expect("saves");
        let content = fs::read(folder.join("model.safetensors")).expect("a model");
        forge(folder, "model.safetensors", &content);
    });
    assert!(message.contains("model.safetensors holds model "), "{message}");
    assert!(message.contains(", but manifest.json names model "), "{message}");
    for (field, value) in [
        ("network", json!("\u{1b}[2J")),
        ("inputs", json!(7)),
        ("classes", json!(0)),
        ("steps", json!(0)),
    ] {
        let message = refused(|folder| edit(folder, |manifest| manifest[field] = value));
        assert!(
            message.contains("describes network, inputs, classes and steps as "),
            "{message}"
        );
        assert!(!message.contains('\u{1b}'), "{message}");
    }
}

#[test]
fn a_plan_is_one_of_the_model() {
    for (field, value, reason) in [
        ("lanes", json!(0), "layer `layer0` has 0 lanes; give it 1 to 5"),
        ("lanes", json!(64), "layer `layer0` has 64 lanes; give it 1 to 5"),
        (
            "groups",
            json!(0),
            "is planned in a way that does not follow from the model",
        ),
        (
            "words",
            json!(1_000_000_000),
            "is planned in a way that does not follow from the model",
        ),
        (
            "weight_words",
            json!(0),
            "is planned in a way that does not follow from the model",
        ),
        (
            "fifo_depths",
            json!([]),
            "layer `layer0` has 0 FIFOs, but 1 paths lead into it",
        ),
        (
            "fifo_depths",
            json!([100]),
            "has a FIFO of 100; its depth must be a power of two from 8 to 32768",
        ),
        (
            "queue_depth",
            json!(0),
            "layer `layer0` has a queue of 0; layers that fire have one",
        ),
        ("queue_depth", json!(9), "has a FIFO of 9"),
        (
            "ideal_cycles",
            json!(0.0),
            "is planned for 1 spikes and 0 cycles per step",
        ),
    ] {
        let message = refused(|folder| edit(folder, |manifest| manifest["plan"]["layers"][0][field] = value));
        assert!(message.contains(reason), "{field}: {message}");
    }
    let message = refused(|folder| edit(folder, |manifest| manifest["plan"]["layers"] = json!([])));
    assert!(
        message.contains("the model has 2 layers, but the plan has 0"),
        "{message}"
    );
}

#[test]
fn a_manifest_runs_no_program_but_a_programmer() {
    let message = refused(|folder| {
        edit(folder, |manifest| {
            manifest["board"]["programmer"]["flash"] = json!(["/bin/sh", "-c", "touch pwned", "{bitstream}"]);
        });
    });
    assert!(
        message.contains("names the program \"/bin/sh\", which synfire does not run"),
        "{message}"
    );
}

#[test]
fn what_this_generator_would_not_make_is_found() {
    let found = |damage: &dyn Fn(&Path)| {
        let folder = sound();
        damage(folder.path());
        let build = opened(folder.path()).expect("every hash is right");
        build.check_generated().map_err(|error| {
            error
                .to_string()
                .replace(&folder.path().display().to_string(), "FOLDER")
        })
    };
    assert_eq!(found(&|_| ()), Ok(()));
    // The record of a check that passed is good for that manifest alone.
    let folder = sound();
    let of = |folder: &Path| opened(folder).expect("every hash is right").check_generated();
    of(folder.path()).expect("as generated");
    assert!(folder.path().join("generated.json").exists());
    of(folder.path()).expect("as recorded");
    forge(folder.path(), "board.v", b"module board(); endmodule\n");
    of(folder.path()).expect_err("another file");
    let start = |name: &str| {
        format!(
            "build folder FOLDER: {name} is not what {} generates from the model, board and plan in the folder",
            synfire_hw::build::generator()
        )
    };
    for name in [
        "accelerator.v",
        "cosim.v",
        "board.v",
        "lint.vlt",
        "layer0_weights.hex",
        "board.pcf",
    ] {
        let message = found(&|folder| {
            let mut text = fs::read(folder.join(name)).expect("a file");
            text.extend(b"\n// initial $system(\"touch pwned\");\n");
            forge(folder, name, &text);
        })
        .expect_err("another file");
        assert!(message.starts_with(&start(name)), "{message}");
        assert!(
            message.ends_with("generate it again with `synfire hdl`"),
            "{message}"
        );
    }
    let message =
        found(&|folder| forge(folder, "more.v", b"module more(); endmodule\n")).expect_err("one more");
    assert!(message.starts_with(&start("more.v")), "{message}");
    let other = |manifest: &mut Value| manifest["design_hash"] = "0".repeat(64).into();
    let message = found(&|folder| edit(folder, other)).expect_err("another design");
    assert!(message.starts_with(&start("manifest.json")), "{message}");
    let message = found(&|folder| edit(folder, |manifest| manifest["board"]["uart"]["rx"] = "C1".into()));
    assert!(
        message
            .expect_err("another board")
            .starts_with(&start("accelerator.v"))
    );
}

#[test]
fn only_a_new_or_empty_folder_or_an_earlier_build_is_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("notes.txt");
    fs::write(&file, "mine").expect("writes");
    assert_eq!(
        write(&file, 1).expect_err("a file"),
        "cannot write into FOLDER: it is no folder; give the name of a new or empty folder"
    );
    assert_eq!(
        write(folder.path(), 1).expect_err("somebody's folder"),
        "cannot write into FOLDER: it holds files, but no manifest.json of a build; give the name of a new or empty \
         folder, or of an earlier build"
    );
    fs::write(folder.path().join("manifest.json"), r#"{"name": "web app"}"#).expect("writes");
    write(folder.path(), 1).expect_err("the manifest of something else");
    assert_eq!(fs::read_to_string(&file).expect("still there"), "mine");
    assert_eq!(
        fs::read_dir(folder.path()).expect("a folder").count(),
        2,
        "nothing was added"
    );

    let build = folder.path().join("build");
    fs::create_dir(&build).expect("an empty folder");
    write(&build, 1).expect("writes into an empty folder");
    // A second build there replaces what is of the first, and nothing else.
    for (name, content) in [("notes.txt", "mine"), ("netlist.json", "{}")] {
        fs::write(build.join(name), content).expect("writes");
    }
    forge(&build, "layer7_weights.hex", b"00\n");
    write(&build, 2).expect("writes over an earlier build");
    assert!(
        !build.join("layer7_weights.hex").exists(),
        "a file of the earlier build alone"
    );
    assert!(
        !build.join("netlist.json").exists(),
        "an output of the earlier build"
    );
    assert_eq!(
        fs::read_to_string(build.join("notes.txt")).expect("still there"),
        "mine"
    );
    opened(&build)
        .expect("sound")
        .check_generated()
        .expect("as generated");

    // A file that the first build does not list is somebody else's, also with a name that the next one needs.
    edit(&build, |manifest| {
        manifest["files"]
            .as_object_mut()
            .expect("files")
            .remove("board.v");
    });
    let before = fs::read(build.join("accelerator.v")).expect("a file");
    let message = write(&build, 1).expect_err("somebody's file");
    assert!(
        message.contains(
            "board.v in it does not belong to the earlier build, and would be replaced; move that file away"
        ),
        "{message}"
    );
    assert_eq!(fs::read(build.join("accelerator.v")).expect("a file"), before);
}

#[test]
fn nothing_is_written_through_a_link() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (build, outside) = (folder.path().join("build"), folder.path().join("outside"));
    write(&build, 1).expect("writes");
    fs::write(&outside, "mine").expect("writes");
    fs::remove_file(build.join("board.v")).expect("removes");
    symlink(&outside, build.join("board.v")).expect("a link");
    let message = write(&build, 1).expect_err("a link");
    assert!(message.contains("board.v is a symbolic link"), "{message}");
    assert_eq!(fs::read_to_string(&outside).expect("still there"), "mine");
}

#[test]
fn a_build_that_was_interrupted_is_written_again() {
    let folder = sound();
    let build = opened(folder.path()).expect("opens");
    // As the folder is when the run is killed in the middle: the list of files, and no manifest.
    let files = json!({ "format": "synfire-build", "files": build.manifest.files });
    fs::write(folder.path().join("unfinished.json"), files.to_string()).expect("writes");
    fs::remove_file(folder.path().join("manifest.json")).expect("removes");
    opened(folder.path()).expect_err("no build");
    write(folder.path(), 1).expect("writes again");
    assert!(!folder.path().join("unfinished.json").exists());
    opened(folder.path()).expect("opens");
}

#[test]
fn one_run_at_a_time_writes_into_a_folder() {
    let folder = sound();
    let build = opened(folder.path()).expect("opens");
    let lock = build.lock().expect("free");
    let message = write(folder.path(), 2).expect_err("in use");
    assert_eq!(
        message,
        format!(
            "another run (process {}) writes FOLDER; wait until it ends, or give another name",
            std::process::id()
        )
    );
    drop(lock);
    write(folder.path(), 2).expect("free again");
}
