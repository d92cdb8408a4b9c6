//! Reports: reading those of nextpnr and Yosys, and keeping our own.

use std::path::PathBuf;
use synfire_hw::synth::nextpnr::{count_cells, read_nextpnr};
use synfire_hw::synth::path::CriticalPath;
use synfire_hw::synth::report::{Bitstream, Report, Utilization};

const NEXTPNR: &str = r#"{
    "critical_paths": [
        {"from": "async", "to": "posedge clock", "path": []},
        {"from": "posedge clock", "to": "posedge clock", "path": [
            {"delay": 0.5, "type": "clk-to-q", "net": "a",
             "from": {"cell": "accelerator.core.fifo_SB_DFF_Q", "loc": [1, 2], "port": "O"},
             "to": {"cell": "accelerator.core.fifo_SB_DFF_Q", "loc": [1, 2], "port": "O"}},
            {"delay": 1.25, "type": "routing", "net": "a",
             "from": {"cell": "accelerator.core.fifo_SB_DFF_Q", "loc": [1, 2], "port": "O"},
             "to": {"cell": "x_SB_LUT4_O", "loc": [1, 3], "port": "I0"}},
            {"delay": 0.25, "type": "logic",
             "from": {"cell": "x_SB_LUT4_O", "loc": [1, 3], "port": "I0"},
             "to": {"cell": "x_SB_LUT4_O", "loc": [1, 3], "port": "O"}},
            {"delay": 0.5, "type": "logic",
             "from": {"cell": "$nextpnr_ICESTORM_LC_7", "loc": [1, 3], "port": "I1"},
             "to": {"cell": "$nextpnr_ICESTORM_LC_7", "loc": [1, 3], "port": "O"}},
            {"delay": 1.0, "type": "setup",
             "from": {"cell": "x_SB_LUT4_O", "loc": [1, 3], "port": "O"},
             "to": {"cell": "accelerator.core.lane_SB_DFFE_Q", "loc": [1, 4], "port": "D"}}
        ]}
    ],
    "detailed_net_timings": [],
    "fmax": {"clock": {"achieved": 61.5, "constraint": 12.0}, "slow": {"achieved": 48.25, "constraint": 12.0}},
    "utilization": {"ICESTORM_LC": {"available": 7680, "used": 2345}, "ICESTORM_RAM": {"available": 32, "used": 9}}
}"#;

/// File with the given text, and its folder, which must be kept as long as the file is used.
fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("nextpnr.json");
    std::fs::write(&path, text).expect("writes");
    (folder, path)
}

#[test]
fn cells_the_slowest_clock_and_the_path_between_flip_flops_are_read() {
    let (_folder, path) = file(NEXTPNR);
    let routed = read_nextpnr(&path, "nextpnr-ice40").expect("reads");
    let cells: Vec<(&str, (usize, usize))> = routed
        .cells
        .iter()
        .map(|(name, &cell)| (name.as_str(), cell))
        .collect();
    assert_eq!(cells, [("ICESTORM_LC", (2345, 7680)), ("ICESTORM_RAM", (9, 32))]);
    assert_eq!(routed.fmax_mhz, 48.25);
    assert_eq!(
        routed.critical_path.expect("a path"),
        CriticalPath {
            from: "core.fifo".into(),
            to: "core.lane".into(),
            through: vec!["x".into()],
            logic_ns: 2.25,
            routing_ns: 1.25,
            levels: 2,
        }
    );
}

#[test]
fn a_report_without_paths_is_one_and_without_a_clock_is_none() {
    let start = NEXTPNR.find("\"detailed").expect("there");
    let (_folder, path) = file(&format!("{{{}", &NEXTPNR[start..]));
    assert_eq!(
        read_nextpnr(&path, "nextpnr-ice40").expect("reads").critical_path,
        None
    );
    let (_folder, path) = file(r#"{"fmax": {}, "utilization": {}}"#);
    let error = read_nextpnr(&path, "nextpnr-ice40").expect_err("no clock");
    assert_eq!(
        error.to_string(),
        format!(
            "report {} of nextpnr-ice40 cannot be used: it names no clock; run `synfire synth` again, or install the pinned tools \
             with `synfire tools --install`",
            path.display()
        )
    );
}

#[test]
fn a_report_that_is_missing_or_damaged_is_named() {
    let (folder, path) = file("{");
    for path in [path, folder.path().join("missing.json")] {
        let error = read_nextpnr(&path, "nextpnr-ecp5")
            .expect_err("damaged")
            .to_string();
        assert!(
            error.starts_with(&format!(
                "report {} of nextpnr-ecp5 cannot be used: ",
                path.display()
            )),
            "{error}"
        );
    }
}

#[test]
fn our_own_report_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("report.json");
    let report = Report {
        netlist: "3c".repeat(32),
        board: "ice40-hx8k".into(),
        design_hash: "00ff".into(),
        utilization: vec![Utilization {
            resource: "block RAM".into(),
            used: 9,
            available: 32,
        }],
        fmax_mhz: 48.25,
        clock_mhz: 12.0,
        critical_path: None,
        bitstream: Some(Bitstream {
            file: "bitstream.bin".into(),
            sha256: "12ab".into(),
        }),
        seed: 1,
        yosys: "0.70".into(),
        nextpnr: "0.11".into(),
        synthesis_seconds: 10.5,
        place_and_route_seconds: 40.25,
    };
    report.write(&path).expect("writes");
    assert_eq!(Report::read(&path).expect("reads"), report);
    // A terminal would obey them.
    for text in ["\u{1b}[2J", "\u{9b}2J"] {
        let foreign = Report {
            yosys: text.into(),
            ..report.clone()
        };
        foreign.write(&path).expect("writes");
        let error = Report::read(&path).expect_err("control characters").to_string();
        assert!(error.contains("it holds control characters"), "{error}");
    }
}

#[test]
fn cells_of_a_netlist_are_counted_by_type() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("netlist.json");
    let netlist = r#"{"modules": {"SB_LUT4": {}, "board": {"cells": {
        "a": {"type": "SB_LUT4"}, "b": {"type": "SB_DFFE"}, "c": {"type": "SB_LUT4"}}}}}"#;
    std::fs::write(&path, netlist).expect("writing");
    let counts = count_cells(&path, "board").expect("counts");
    let counts: Vec<(&str, usize)> = counts
        .iter()
        .map(|(kind, count)| (kind.as_str(), *count))
        .collect();
    assert_eq!(counts, [("SB_DFFE", 1), ("SB_LUT4", 2)]);
    let error = count_cells(&path, "boards")
        .expect_err("no such module")
        .to_string();
    assert!(
        error.contains("no module `boards`") && error.contains("netlist.json"),
        "{error}"
    );
}
