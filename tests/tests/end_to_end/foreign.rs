//! Build folders of somebody else run nothing, folders of something else stay, and no tool outlives its run.
//!
//! A shell script stands in for Verilator. It notes its calls, and makes a simulator that notes that it ran.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use synfire_golden_model::config::Config;
use synfire_golden_model::file::sha256;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::quantize::{QuantizeConfig, quantize};
use synfire_hw::board::Board;
use synfire_hw::build::Build;
use synfire_hw::plan::Plan;
use synfire_hw::traffic;
use synfire_tests::Program;

const PROGRAM: &str = env!("CARGO_BIN_EXE_synfire-under-test");
/// Variable with the path of the file in which the scripts note what happens.
const NOTES: &str = "NOTES";

/// Folder with a build `build`, a model `model.safetensors` and programs in `programs`.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let network = Config::preset("digits").expect("a preset").network;
        let float = FloatModel::initial(network, 1).expect("a model");
        let (model, _) = quantize(&float, &QuantizeConfig::default()).expect("a quantized model");
        let board = Board::find("ice40-hx8k").expect("a board");
        let traffic = traffic::from_rates(&model, &[20.0, 2.0]).expect("traffic");
        let plan = Plan::with_lanes(&model, &board, &traffic, &[2, 2]).expect("a plan");
        Build::write(&folder.path().join("build"), &model, &board, &plan).expect("a build");
        model
            .save(folder.path().join("model.safetensors"))
            .expect("saves");
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Program of a user, with a script as Verilator.
    fn program(&self, user: &str, script: &str) -> Program {
        let verilator = self.path("verilator");
        let version = "case \"$1\" in --version) echo Verilator 5.040; exit;; esac";
        // A child writes it: a file that this process holds open for writing could not be run while another test forks.
        let text = format!("#!/bin/sh\n{version}\n{script}\n");
        let made = Command::new("sh")
            .args(["-c", r#"printf %s "$1" > "$0" && chmod +x "$0""#])
            .args([verilator.as_os_str(), text.as_ref()])
            .status();
        assert!(made.expect("a shell").success());
        Program::new(PROGRAM, self.folder.path())
            .with("SYNFIRE_VERILATOR", verilator)
            .with("XDG_DATA_HOME", self.path(user))
            .with(NOTES, self.path("notes"))
    }

    /// What happened since the last call.
    fn notes(&self) -> String {
        let notes = fs::read_to_string(self.path("notes")).unwrap_or_default();
        let _ = fs::remove_file(self.path("notes"));
        notes
    }

    fn edit_manifest(&self, edit: impl FnOnce(&mut Value)) {
        let path = self.path("build/manifest.json");
        let mut manifest =
            serde_json::from_str(&fs::read_to_string(&path).expect("a manifest")).expect("JSON");
        edit(&mut manifest);
        fs::write(&path, manifest.to_string()).expect("writes");
    }
}

/// Compiles a simulator that ends at once.
const COMPILE: &str = r#"echo compiled >> "$NOTES"
while [ $# -gt 0 ]; do
    case "$1" in --Mdir) folder=$2;; -o) name=$2;; esac
    shift
done
printf '#!/bin/sh\necho ran >> "$NOTES"\nexit 1\n' > "$folder/$name"
chmod +x "$folder/$name""#;

/// Starts another program, notes its number, and waits for it.
const WAIT: &str = r#"sleep 600 &
echo $! > "$NOTES.new"
mv "$NOTES.new" "$NOTES"
wait"#;

#[test]
fn a_simulator_runs_only_for_the_user_who_built_it() {
    let place = Place::new();
    let [own, other] = ["own", "other"].map(|user| place.program(user, COMPILE));
    let run = |program: &Program| {
        let (code, message) = program.fail(&["board", "build"]);
        assert_eq!(code, "synfire::simulation", "{message}");
        assert!(message.contains(" has ended (exit status: 1)"), "{message}");
        place.notes()
    };
    assert_eq!(run(&own), "compiled\nran\n");
    assert_eq!(run(&own), "ran\n", "nothing has changed");
    // For another user, the same folder comes from somebody else, with a program and a record of it.
    assert_eq!(run(&other), "compiled\nran\n");
    assert_eq!(run(&other), "ran\n");
    // A program that is not the one that was built.
    let simulator = place.path("build/verilator-board/board");
    let script = "#!/bin/sh\necho foreign >> \"$NOTES\"\n";
    fs::write(&simulator, script).expect("writes");
    assert_eq!(run(&other), "compiled\nran\n");
    fs::write(&simulator, script).expect("writes");
    let record = place.path("build/verilator-board/built.json");
    let text = fs::read_to_string(&record).expect("a record");
    let mut forged: Value = serde_json::from_str(&text).expect("JSON");
    forged["record"]["program"] = sha256(script.as_bytes()).into();
    fs::write(&record, forged.to_string()).expect("writes");
    assert_eq!(
        run(&other),
        "compiled\nran\n",
        "a record with a seal that is not its own"
    );
}

#[test]
fn verilog_of_somebody_else_reaches_no_tool() {
    let place = Place::new();
    let program = place
        .program("own", COMPILE)
        .with("SYNFIRE_YOSYS", place.path("none"));
    let path = place.path("build/accelerator.v");
    let text = fs::read_to_string(&path).expect("Verilog");
    let text = text.replacen("endmodule", "initial $system(\"touch pwned\");\nendmodule", 1);
    fs::write(&path, &text).expect("writes");
    place.edit_manifest(|manifest| manifest["files"]["accelerator.v"] = sha256(text.as_bytes()).into());
    for verb in [
        &["cosim", "build", "--images", "1"][..],
        &["synth", "build"],
        &["board", "build"],
        &["run", "build", "--virtual"],
    ] {
        let (code, message) = program.fail(verb);
        assert_eq!(code, "synfire::hardware");
        assert!(
            message.starts_with("build folder build: accelerator.v is not what synfire-hw "),
            "{verb:?}: {message}"
        );
    }
    assert_eq!(place.notes(), "");
    // Nothing of the Verilog is used here.
    let _ = program.succeed(&["report", "build"]);
    let _ = program.succeed(&[
        "cosim",
        "build",
        "--simulator",
        "native",
        "--images",
        "1",
        "--stress",
        "none",
    ]);
}

#[test]
fn a_command_line_of_somebody_else_is_not_run() {
    let place = Place::new();
    let program = place.program("own", COMPILE);
    let line = ["/bin/sh", "-c", "touch pwned", "{bitstream}"];
    place.edit_manifest(|manifest| manifest["board"]["programmer"]["flash"] = line.as_slice().into());
    for verb in [
        &["flash", "build"][..],
        &["flash", "build", "--dry-run"],
        &["report", "build"],
    ] {
        let (_, message) = program.fail(verb);
        assert!(
            message.contains("names the program \"/bin/sh\", which synfire does not run"),
            "{message}"
        );
    }
    let text = include_str!("../../../hw/boards/icebreaker.toml").replace("\"iceprog\"", "\"./iceprog\"");
    fs::write(place.path("own.toml"), text).expect("writes");
    let hdl = [
        "hdl",
        "model.safetensors",
        "--rates",
        "20,2",
        "-o",
        "mine",
        "--board",
    ];
    let (_, message) = program.fail(&[&hdl[..], &["own.toml"]].concat());
    assert!(message.contains("names the program \"./iceprog\""), "{message}");
    assert!(!place.path("pwned").exists() && !place.path("mine").exists());
}

#[test]
fn folders_of_something_else_stay_as_they_are() {
    let place = Place::new();
    let program = place.program("own", COMPILE);
    let notes = place.path("project");
    fs::create_dir(&notes).expect("a folder");
    fs::write(notes.join("README.md"), "mine").expect("writes");
    let hdl = [
        "hdl",
        "model.safetensors",
        "--rates",
        "20,2",
        "--board",
        "ice40-hx8k",
        "-o",
    ];
    for (verb, reason) in [
        (
            &[&hdl[..], &["project"]].concat()[..],
            "cannot write into project: it holds files, but no manifest.json of a build; give the name of a new or empty \
             folder, or of an earlier build",
        ),
        (
            &[&hdl[..], &["project/README.md"]].concat(),
            "cannot write into project/README.md: it is no folder; give the name of a new or empty folder",
        ),
        (
            &[&hdl[..], &["/dev/null"]].concat(),
            "cannot write into /dev/null: it is no folder; give the name of a new or empty folder",
        ),
        (
            &["demo", "-o", "project"],
            "cannot write into project: it holds files, but no demo.json of an earlier demo; give the name of a new or empty \
             folder with `--output`",
        ),
        (
            &["tools", "--install", "--venv", "project"],
            "cannot write into project: it holds files, but no virtual environment of Python; give the path of a new or empty \
             folder, or of a virtual environment",
        ),
    ] {
        let (_, message) = program.fail(verb);
        assert_eq!(message, reason, "{verb:?}");
    }
    let entries: Vec<_> = fs::read_dir(&notes).expect("a folder").flatten().collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(
        fs::read_to_string(notes.join("README.md")).expect("still there"),
        "mine"
    );
}

/// Waits until `is_so`, for at most 20 seconds.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether a process exists and is not a zombie.
fn is_alive(process: &str) -> bool {
    fs::read_to_string(Path::new("/proc").join(process).join("stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[cfg(target_os = "linux")]
#[test]
fn tools_end_with_the_run_that_is_killed_and_meanwhile_no_other_run_writes_into_the_folder() {
    let place = Place::new();
    let program = place.program("own", WAIT);
    for signal in ["KILL", "TERM"] {
        let mut run = program.start(&["cosim", "build", "--images", "1"]);
        wait_until("no tool is started", || place.path("notes").exists());
        let tool = place.notes().trim().to_owned();
        assert!(is_alive(&tool), "{tool}");
        for verb in [
            &["cosim", "build"][..],
            &["synth", "build"],
            &["run", "build", "--virtual"],
        ] {
            let (_, message) = program.fail(verb);
            assert_eq!(
                message,
                format!(
                    "another run (process {}) writes build; wait until it ends, or give another name",
                    run.0.id()
                )
            );
        }
        let sent = Command::new("kill")
            .args(["-s", signal, &run.0.id().to_string()])
            .status();
        assert!(sent.expect("kill").success());
        let _ = run.0.wait();
        wait_until(&format!("SIG{signal} leaves the tool at work"), || {
            !is_alive(&tool)
        });
    }
}
