//! Flashing: the command line of every board, and the faults that prevent flashing.

use crate::network::{plan, random_model};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use std::path::PathBuf;
use synfire_golden_model::file::sha256;
use synfire_hw::board::{Board, Family};
use synfire_hw::build::Build;
use synfire_hw::flash::{CommandLine, End, Memory};
use synfire_hw::synth::report::{Bitstream, REPORT, Report};

/// Makes a build of a board in a folder of its own, with a report and a bitstream as if it had been synthesized.
fn build(board: &Board) -> (tempfile::TempDir, Build, Report) {
    let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(1), &[6, 5, 3]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let build = Build::write(folder.path(), &model, board, &plan(&model, &[2, 3])).expect("writes");
    let file = match board.device.family {
        Family::Ice40 => "bitstream.bin",
        Family::Ecp5 => "bitstream.bit",
        Family::Gowin => "bitstream.fs",
    };
    std::fs::write(folder.path().join(file), b"bits").expect("writes");
    let report = Report {
        netlist: "3c".repeat(32),
        board: board.name.clone(),
        design_hash: build.manifest.design_hash.clone(),
        utilization: Vec::new(),
        fmax_mhz: 60.0,
        clock_mhz: board.clock_mhz(),
        critical_path: None,
        bitstream: Some(Bitstream {
            file: file.into(),
            sha256: sha256(b"bits"),
        }),
        seed: 1,
        yosys: "0.70".into(),
        nextpnr: "0.11".into(),
        synthesis_seconds: 1.0,
        place_and_route_seconds: 1.0,
    };
    report.write(&folder.path().join(REPORT)).expect("writes");
    (folder, build, report)
}

fn hx8k() -> Board {
    Board::find("ice40-hx8k").expect("a built-in board")
}

#[test]
fn command_lines_of_every_board_are_as_pinned() {
    let mut lines = String::new();
    for name in Board::names() {
        let (folder, build, _) = build(&Board::find(name).expect("a board"));
        for memory in [Memory::Flash, Memory::Volatile] {
            let line = match CommandLine::of(&build, memory) {
                Ok(line) => line.to_string(),
                Err(error) => format!("({error})"),
            };
            let line = line.replace(&folder.path().display().to_string(), "FOLDER");
            lines.push_str(&format!("{name} {memory:?}: {line}\n"));
        }
    }
    insta::assert_snapshot!("command_lines", lines);
}

#[test]
fn a_word_that_a_shell_would_split_is_quoted() {
    let line = CommandLine {
        program: "loader".into(),
        arguments: vec![
            "a b".into(),
            "it's".into(),
            "plain/file.bin".into(),
            String::new(),
        ],
    };
    assert_eq!(line.to_string(), r"loader 'a b' 'it'\''s' plain/file.bin ''");
}

/// Error of flashing a build after `damage`, with FOLDER in place of its path.
fn refused(board: &Board, damage: impl FnOnce(&Build, Report)) -> String {
    let (folder, mut build, report) = build(board);
    build.manifest.board = board.clone();
    damage(&build, report);
    CommandLine::of(&build, Memory::Flash)
        .expect_err("refused")
        .to_string()
        .replace(&folder.path().display().to_string(), "FOLDER")
}

#[test]
fn only_this_designs_bitstream_that_met_its_clock_gets_onto_a_board() {
    let board = hx8k();
    let none = "build folder FOLDER holds no bitstream that met its clock: run `synfire synth` first";
    assert_eq!(
        refused(&board, |build, _| std::fs::remove_file(build.folder.join(REPORT))
            .expect("removes")),
        none
    );
    assert_eq!(
        refused(&board, |build, report| {
            let slow = Report {
                fmax_mhz: 47.9,
                bitstream: None,
                ..report
            };
            slow.write(&build.folder.join(REPORT)).expect("writes");
        }),
        none
    );
    assert_eq!(
        refused(&board, |build, _| std::fs::write(
            build.folder.join("bitstream.bin"),
            b"other"
        )
        .expect("writes")),
        format!(
            "bitstream FOLDER/bitstream.bin is not the one that was synthesized (its SHA-256 is {}, not {}): run `synfire \
             synth` again",
            sha256(b"other"),
            sha256(b"bits")
        )
    );
    let other = refused(&board, |build, report| {
        let other = Report {
            design_hash: "00".into(),
            ..report
        };
        other.write(&build.folder.join(REPORT)).expect("writes");
    });
    assert!(
        other.starts_with("report FOLDER/report.json of synfire cannot be used: it belongs to design 00, but the folder holds design "),
        "{other}"
    );
}

#[test]
fn a_report_that_names_another_file_as_the_bitstream_is_refused() {
    for file in ["/dev/zero", "../bits", "board.v"] {
        let error = refused(&hx8k(), |build, report| {
            let elsewhere = Report {
                bitstream: Some(Bitstream {
                    file: file.into(),
                    sha256: sha256(b"bits"),
                }),
                ..report
            };
            elsewhere.write(&build.folder.join(REPORT)).expect("writes");
        });
        assert!(
            error.contains(&format!(
                "it names {file} as the bitstream, which is bitstream.bin on this board"
            )),
            "{error}"
        );
    }
}

#[test]
fn a_board_without_a_programmer_says_where_to_name_it() {
    let board = Board {
        programmer: None,
        ..hx8k()
    };
    assert_eq!(
        refused(&board, |_, _| {}),
        "the board file of ice40-hx8k names no programmer: add `flash` to its [programmer]"
    );
}

fn command(program: impl Into<PathBuf>, arguments: &[&str]) -> CommandLine {
    CommandLine {
        program: program.into(),
        arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
    }
}

#[test]
fn a_serial_number_becomes_the_programs_own_flag_and_more_arguments_come_before_its_file() {
    for (program, wanted) in [
        ("iceprog", "iceprog --slow -d s:0x0403:0x6010:FT1 bits"),
        ("openFPGALoader", "openFPGALoader --slow --ftdi-serial FT1 bits"),
        ("dfu-util", "dfu-util --slow --serial FT1 bits"),
    ] {
        let line = command(program, &["bits"]).with_serial("FT1").expect("a flag");
        assert_eq!(line.with_arguments(vec!["--slow".into()]).to_string(), wanted);
    }
    for (line, wanted) in [
        (
            command("openFPGALoader", &["--board", "colorlight-i9", "bits"]),
            "openFPGALoader cannot select the probe of this board by serial number: give `--cable-index N` or \
             `--busdev-num BUS:DEVICE` after `--`",
        ),
        (
            command("/opt/loader", &["bits"]),
            "loader cannot select the probe of this board by serial number: give the programmer's own flag after `--`",
        ),
    ] {
        assert_eq!(line.with_serial("FT1").expect_err("none").to_string(), wanted);
    }
}

/// Runs a program of a given name that prints `output` and exits with `status`; returns how flashing ended.
fn run(name: &str, output: &str, status: u8) -> Result<End, String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    // A child writes it: a file that this process holds open for writing could not be run while another test forks.
    let made = std::process::Command::new("sh")
        .args([
            "-c",
            r#"printf '#!/bin/sh\ncat <<"EOF"\n%s\nEOF\nexit %s\n' "$1" "$2" > "$0" && chmod +x "$0""#,
        ])
        .args([path.as_os_str(), output.as_ref(), status.to_string().as_ref()])
        .status()
        .expect("a shell");
    assert!(made.success());
    let log = folder.path().join("flash.log");
    let line = command(&path, &["--download", "bits"]);
    line.run(&log).map_err(|error| {
        error
            .to_string()
            .replace(&folder.path().display().to_string(), "FOLDER")
    })
}

/// Output of dfu-util for an OrangeCrab that restarts as soon as everything is written.
const RESTARTED: &str = "Copying data from PC to DFU device
Download\t[=========================] 100%        99405 bytes
Download done.
DFU state(7) = dfuMANIFEST, status(0) = No error condition is present
dfu-util: unable to read DFU status after completion (LIBUSB_ERROR_NO_DEVICE)";

#[test]
fn dfu_utils_74_is_a_success_only_where_its_output_says_that_all_was_written() {
    assert_eq!(run("dfu-util", "", 0), Ok(End::Done));
    assert_eq!(run("dfu-util", RESTARTED, 74), Ok(End::Restarted));
    let half = RESTARTED.replace("Download done.\n", "");
    let faulty = RESTARTED.replace("status(0)", "status(11)");
    let no_reason = RESTARTED.replace("unable to read DFU status after completion", "");
    for output in ["", &half, &faulty, &no_reason] {
        let error = run("dfu-util", output, 74).expect_err(output);
        assert!(error.contains("failed (exit status: 74)"), "{error}");
    }
    assert!(run("dfu-util", RESTARTED, 1).is_err(), "another status");
    assert!(run("iceprog", RESTARTED, 74).is_err(), "another program");
}

#[test]
fn an_fpga_that_has_not_started_is_told_of() {
    for (output, end) in [
        (
            "init..\ncdone: high\nreset..\ncdone: low\nprogramming..\ncdone: high\nBye.",
            End::Done,
        ),
        (
            "init..\ncdone: high\nreset..\ncdone: low\nprogramming..\ncdone: low\nBye.",
            End::NotStarted,
        ),
        ("", End::Done),
    ] {
        assert_eq!(run("iceprog", output, 0), Ok(end));
    }
    assert_eq!(run("dfu-util", "cdone: low", 0), Ok(End::Done));
}
