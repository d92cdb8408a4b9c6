//! Blocks whose Verilog is written by hand: their simulation and their Verilog must be the same circuit.
//!
//! rust-hdl turns a kernel into Verilog itself, but a block with `Verilog::Custom` is written twice. Each such block runs
//! natively on random inputs, for several sets of parameters. One Verilator program then replays all cases and compares every
//! output in every cycle. Outputs that the blocks leave undefined in hardware are not compared: those of a word that is read
//! in the cycle that writes it.

mod bench;
mod case;
mod cases;
mod memories;
mod network;

use bench::{Bench, Mismatch};
use case::Case;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use synfire_hw::tool::{Found, Tool};

/// Finds Verilator; none if it is missing, which CI does not allow.
fn verilator() -> Option<Found> {
    match Tool::Verilator.find() {
        Ok(found) => Some(found),
        Err(error) if std::env::var_os("CI").is_some_and(|ci| ci == "true") => panic!("{error}"),
        Err(error) => {
            // Written past the test harness, which hides the output of a test that passes.
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED, hand-written Verilog is not checked: {error}"
            );
            None
        }
    }
}

/// Replays cases in a folder of their own, after `change` has changed them.
fn replay(
    bench: &Bench,
    folder: &Path,
    cases: &[Case],
    change: impl FnOnce(&mut Vec<Case>),
) -> Vec<Mismatch> {
    let mut cases = cases.to_vec();
    change(&mut cases);
    std::fs::create_dir(folder).expect("a new folder");
    bench.replay(folder, &cases)
}

#[test]
fn verilog_written_by_hand_is_the_simulated_circuit() {
    let Some(verilator) = verilator() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let cases = cases::all();
    let bench = Bench::build(&verilator, folder, &cases);
    assert_eq!(replay(&bench, &folder.join("equal"), &cases, |_| {}), []);

    // Planted faults that must be detected: a wrong expected bit in the first and in the last cycle that is compared, in every
    // case.
    for (number, case) in cases.iter().enumerate() {
        let compared: Vec<usize> = (0..case.rows.len())
            .filter(|&row| case.rows[row].compared)
            .collect();
        for row in [compared[0], compared[compared.len() - 1]] {
            let seen = replay(
                &bench,
                &folder.join(format!("fault-{number}-{row}")),
                &cases,
                |cases| {
                    cases[number].rows[row].outputs[0] ^= 1;
                },
            );
            let expected = case.rows[row].outputs[0] ^ 1;
            let mismatch = Mismatch {
                case: case.name.clone(),
                row,
                port: case.outputs[0].name.clone(),
                expected,
                actual: expected ^ 1,
            };
            assert_eq!(seen, [mismatch]);
        }
    }
}

#[test]
fn every_block_with_verilog_written_by_hand_has_cases() {
    let circuits = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hw/src/circuit");
    let mut folders = vec![circuits];
    let mut written_by_hand = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the circuits' folder") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read_to_string(&path)
                .expect("source")
                .contains("Verilog::Custom")
            {
                written_by_hand.push(path.file_stem().expect("a name").to_string_lossy().into_owned());
            }
        }
    }
    written_by_hand.sort();
    let mut with_cases: Vec<String> = cases::all()
        .into_iter()
        .map(|case| case.block.to_owned())
        .collect();
    with_cases.sort();
    with_cases.dedup();
    assert_eq!(written_by_hand, with_cases);
}
