//! The demo, and what its build folders are good for: one long test, so that the tools run once.

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::{Duration, Instant};
use synfire_hw::tool::Tool;
use synfire_tests::{Background, Program};

const PROGRAM: &str = env!("CARGO_BIN_EXE_synfire-under-test");

#[test]
fn the_whole_road() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = Program::new(PROGRAM, folder.path());
    let results = program.json(&["demo", "-o", "demo"]);
    check_results(&results);
    check_artefacts(&folder.path().join("demo"));

    let mut board = start_board(&program, "demo/ice40-hx8k");
    classify_from_another_process(&program, &board.port);
    refuse_another_design(&program, &board.port);
    refuse_a_second_host(&program, &board.port);
    assert!(
        board.process.0.try_wait().expect("its status").is_none(),
        "the board outlives its hosts"
    );
    end_with_its_parent(board);
}

/// Killed, `synfire board` can end nothing: the simulator must notice by itself.
fn end_with_its_parent(mut board: Board) {
    board.process.0.kill().expect("killing");
    board.process.0.wait().expect("its end");
    let deadline = Instant::now() + Duration::from_secs(20);
    while Path::new(&board.port).exists() {
        assert!(
            Instant::now() < deadline,
            "the simulator outlives `synfire board`"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn number(value: &Value, path: &[&str]) -> f64 {
    let found = path.iter().fold(value, |value, key| &value[key]);
    found.as_f64().unwrap_or_else(|| panic!("{path:?} is {found}"))
}

fn check_results(results: &Value) {
    let float = number(results, &["float", "accuracy"]);
    assert!(float >= 0.95, "float accuracy {float}");
    let integer = number(results, &["integer", "accuracy"]);
    assert!(
        integer >= float - 0.01,
        "integer accuracy {integer}, float {float}"
    );
    assert_eq!(results["float"]["images"], results["integer"]["images"]);
    let cosim = results["cosim"].as_array().expect("co-simulations");
    assert_eq!(cosim.len(), 2, "one a board");
    for summary in cosim {
        assert!(number(summary, &["images"]) >= 20.0);
        assert!(number(summary, &["spikes"]) > 0.0, "no spikes compared");
        assert_eq!(
            number(summary, &["potentials"]),
            10.0 * number(summary, &["images"])
        );
    }
    check_netlists(results);
    assert!(number(results, &["native", "images"]) >= 1.0);
    assert!(number(results, &["over_serial", "images"]) >= 20.0);
    assert_eq!(
        number(results, &["over_serial", "potentials"]),
        10.0 * number(results, &["over_serial", "images"]),
        "all ten potentials of every image"
    );
    assert!(number(results, &["integer", "synaptic_operations"]) > 0.0);
    let boards = results["boards"].as_array().expect("boards");
    let names: Vec<&str> = boards
        .iter()
        .filter_map(|board| board["board"].as_str())
        .collect();
    assert_eq!(names, ["ice40-hx8k", "ulx3s-85f"]);
    for board in boards {
        assert!(
            number(board, &["fmax_mhz"]) >= number(board, &["clock_mhz"]),
            "{board}"
        );
        assert!(number(board, &["cycles"]) > 0.0);
        let utilization = board["utilization"].as_array().expect("utilization");
        let resources: Vec<&str> = utilization
            .iter()
            .filter_map(|used| used["resource"].as_str())
            .collect();
        for wanted in ["LUT4", "FF", "block RAM"] {
            assert!(resources.contains(&wanted), "{wanted} is not among {resources:?}");
        }
        for used in utilization {
            assert!(number(used, &["used"]) <= number(used, &["available"]), "{used}");
        }
    }
}

/// Both boards' netlists, through the core's ports and behind the pins; the iCE40's bitstream in place of its netlist there, where
/// the tool is at hand that turns it back into Verilog, as it must be in CI.
fn check_netlists(results: &Value) {
    let netlists = results["netlists"].as_array().expect("netlists");
    assert_eq!(netlists.len(), 2, "one a board");
    for summary in netlists {
        assert!(number(summary, &["images"]) >= 20.0);
        assert!(number(summary, &["spikes"]) > 100.0, "no spikes compared");
        assert!(
            number(summary, &["membranes"]) > 10_000.0,
            "no membranes compared"
        );
    }
    let behind_pins = results["behind_pins"].as_array().expect("boards behind pins");
    let is_ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    let unpacks = is_ci || Tool::IceboxVlog.find().is_ok();
    let forms = [if unpacks { "bitstream" } else { "netlist" }, "netlist"];
    assert_eq!(behind_pins.len(), 2, "one a board");
    for (behind, form) in behind_pins.iter().zip(forms) {
        assert_eq!(behind[0], form);
        assert!(number(&behind[1], &["images"]) >= 20.0);
        assert_eq!(
            number(&behind[1], &["potentials"]),
            10.0 * number(&behind[1], &["images"])
        );
    }
    for board in results["boards"].as_array().expect("boards") {
        let checks = board["checks"].as_array().expect("checks");
        assert_eq!(checks.len(), 2, "through ports and through pins: {checks:?}");
    }
}

fn check_artefacts(folder: &Path) {
    for file in [
        "model.safetensors",
        "quantized.safetensors",
        "results.json",
        "results.txt",
    ] {
        assert!(folder.join(file).is_file(), "{file}");
    }
    for (board, bitstream) in [("ice40-hx8k", "bitstream.bin"), ("ulx3s-85f", "bitstream.bit")] {
        for file in [
            "accelerator.v",
            "board.v",
            "manifest.json",
            "cosim.json",
            "report.json",
            bitstream,
        ] {
            let size = fs::metadata(folder.join(board).join(file)).map_or(0, |file| file.len());
            assert!(size > 0, "{board}/{file}");
        }
        check_copies(&folder.join(board).join("netlist.json"));
    }
    for picture in ["training.svg", "raster.svg"] {
        let svg = fs::read_to_string(folder.join(picture)).expect("a picture");
        assert!(
            svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"),
            "{picture}"
        );
        assert!(svg.len() > 5000, "{picture} has {} bytes", svg.len());
    }
}

/// Sixteen lanes hear of a sweep from two registers, which synthesis has not merged.
fn check_copies(netlist: &Path) {
    let text = fs::read_to_string(netlist).expect("a netlist");
    let netlist: Value = serde_json::from_str(&text).expect("JSON");
    let cells = netlist["modules"]["board"]["cells"].as_object().expect("cells");
    for copy in ["copy_0", "copy_1"] {
        let register = format!("engine.settles.{copy}_");
        let is_register = |(name, cell): (&String, &Value)| {
            name.contains(&register) && cell["type"].as_str().is_some_and(|kind| kind.contains("FF"))
        };
        assert!(cells.iter().any(is_register), "{register}");
    }
}

struct Board {
    process: Background,
    port: String,
}

fn start_board(program: &Program, build: &str) -> Board {
    let mut process = program.start(&["board", build, "--json"]);
    let mut line = String::new();
    let output = process.0.stdout.take().expect("its output");
    BufReader::new(output).read_line(&mut line).expect("a line");
    let up: Value = serde_json::from_str(&line).expect("JSON");
    let port = up["port"].as_str().expect("the port").to_owned();
    Board { process, port }
}

fn classify_from_another_process(program: &Program, port: &str) {
    let summary = program.json(&["run", "demo/ice40-hx8k", "--port", port, "--images", "30"]);
    assert_eq!(number(&summary, &["images"]), 30.0);
    assert_eq!(number(&summary, &["potentials"]), 300.0);
    assert_eq!(number(&summary, &["resyncs"]), 0.0);
}

fn refuse_another_design(program: &Program, port: &str) {
    let (code, message) = program.fail(&["run", "demo/ulx3s-85f", "--port", port]);
    assert_eq!(code, "synfire::link");
    assert!(
        message.starts_with("the board holds design ") && message.contains("flash the wanted build"),
        "{message}"
    );
}

fn refuse_a_second_host(program: &Program, port: &str) {
    let first = serialport::new(port, 1_000_000)
        .open_native()
        .expect("opening the port");
    let (_, message) = program.fail(&["run", "demo/ice40-hx8k", "--port", port]);
    assert!(message.contains("is in use"), "{message}");
    drop(first);
}
