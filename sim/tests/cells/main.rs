//! Models of the vendors' cells: memories and arithmetic made of them behave like the Verilog that was synthesized.
//!
//! For each family, every kind of memory that the circuits emit is synthesized by the family's flow in one run of Yosys, in
//! shapes that use all parts of its cells. The netlists are written back as Verilog, and run with the models of the cells
//! beside the Verilog that they were made from, on the same random inputs. Every output is compared in every cycle. Outputs
//! that the blocks leave undefined are not compared: those of a word that is read in the cycle that writes it, which the
//! models give inverted.
//!
//! The same run has copies of some of these netlists with a planted fault in a cell's parameters or pins. Each of these
//! faults must be detected.

mod bench;
mod case;
mod links;
mod memories;
mod netlist;
mod operators;

use bench::{Fault, Mismatch};
use std::collections::BTreeMap;
use std::io::Write as _;
use synfire_hw::board::Family;
use synfire_hw::circuit::word_memory::Style;
use synfire_hw::tool::{Found, Tool};

/// Finds a tool; none if it is missing, which CI does not allow.
fn tool(tool: Tool) -> Option<Found> {
    match tool.find() {
        Ok(found) => Some(found),
        Err(error) if std::env::var_os("CI").is_some_and(|ci| ci == "true") => panic!("{error}"),
        Err(error) => {
            // Written past the test harness, which hides the output of a test that passes.
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED, models of cells are not checked: {error}"
            );
            None
        }
    }
}

/// Checks a family: the netlists behave like their Verilog, those with a fault do not, and the cells are those that are named.
fn check(family: Family, seed: u64, styles: &[Style], faults: &[Fault], cells: &[&str]) {
    let (Some(yosys), Some(verilator)) = (tool(Tool::Yosys), tool(Tool::Verilator)) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cases = memories::all(seed, family, styles);
    cases.extend(links::all(seed));
    cases.extend(operators::all(seed));
    let netlist = netlist::synthesize(&yosys, family, folder.path(), &cases);
    // All kinds of cells must occur, or their models would not be tested.
    let missing: Vec<&&str> = cells
        .iter()
        .filter(|kind| !netlist.cells.contains_key(**kind))
        .collect();
    assert!(
        missing.is_empty(),
        "{family:?}: no {missing:?} among {:?}",
        netlist.cells
    );
    let library = synfire_hw::cells::yosys_library(&yosys, family).expect("Yosys's own models");
    let program = bench::build(
        &verilator,
        folder.path(),
        family,
        &library,
        &netlist,
        &cases,
        faults,
    );
    let seen = bench::run(&program, folder.path(), &cases, faults);

    assert_eq!(seen.sound, [], "{family:?}: netlists differ from their memories");
    for fault in faults {
        let found: Option<&Mismatch> = seen.faulty.get(fault.name);
        assert!(
            found.is_some_and(|mismatch| mismatch.case == fault.case),
            "{family:?}: {} in {} goes unseen: {found:?}",
            fault.name,
            fault.case
        );
    }
    let expected: BTreeMap<&str, usize> = cases.iter().map(|case| (&*case.name, case.rows.len())).collect();
    assert_eq!(expected.len(), cases.len(), "two cases have one name");
}

#[test]
fn memories_of_ice40_cells_are_the_memories() {
    let faults = [
        Fault {
            name: "contents a bit off",
            case: "block parameter memory of 200 x 4 x 5, fixed",
            find: ".INIT_0(256'h",
            replace: ".INIT_0(256'h1 ^ 256'h",
        },
        Fault {
            name: "a wrong write mode",
            case: "block word memory of 512 x 1 x 8",
            find: ".WRITE_MODE(2'h1)",
            replace: ".WRITE_MODE(2'h0)",
        },
        Fault {
            name: "nibbles that are not written",
            case: "huge parameter memory of 3000 x 2 x 8, loadable",
            find: ".MASKWREN({ writes_0, ",
            replace: ".MASKWREN({ 1'b0, ",
        },
    ];
    let styles = [Style::Block, Style::Logic, Style::Spram];
    check(
        Family::Ice40,
        0x1CE4,
        &styles,
        &faults,
        &["SB_RAM40_4K", "SB_SPRAM256KA"],
    );
}

#[test]
fn memories_of_ecp5_cells_are_the_memories() {
    let faults = [
        Fault {
            name: "contents a bit off",
            case: "block parameter memory of 200 x 4 x 5, fixed",
            find: ".INITVAL_00(320'h",
            replace: ".INITVAL_00(320'h1 ^ 320'h",
        },
        Fault {
            name: "a byte that is not written",
            case: "block word memory of 1024 x 2 x 9",
            find: ".ADA0(\\write_enable$0 )",
            replace: ".ADA0(1'h0)",
        },
        Fault {
            name: "a wrong width",
            case: "block word memory of 2048 x 1 x 9",
            find: ".DATA_WIDTH_B(32'd9)",
            replace: ".DATA_WIDTH_B(32'd18)",
        },
    ];
    let styles = [Style::Block, Style::Distributed, Style::Logic];
    check(
        Family::Ecp5,
        0xEC95,
        &styles,
        &faults,
        &["DP16KD", "TRELLIS_DPR16X4"],
    );
}

#[test]
fn memories_of_gowin_cells_are_the_memories() {
    let faults = [
        Fault {
            name: "contents a bit off",
            case: "block parameter memory of 200 x 4 x 5, fixed",
            find: ".INIT_RAM_00(288'h",
            replace: ".INIT_RAM_00(288'h1 ^ 288'h",
        },
        Fault {
            name: "a write enable that is stuck",
            case: "block word memory of 1024 x 2 x 9",
            find: ".CEA(",
            replace: ".CEA(1'b0 & ",
        },
        Fault {
            name: "a wrong width",
            case: "block word memory of 2048 x 1 x 9",
            find: ".BIT_WIDTH_1(32'd9)",
            replace: ".BIT_WIDTH_1(32'd18)",
        },
    ];
    let styles = [Style::Block, Style::Distributed, Style::Logic];
    check(
        Family::Gowin,
        0x6031,
        &styles,
        &faults,
        &["DPB", "DPX9B", "SDPX9B", "SP", "SPX9", "RAM16SDP4"],
    );
}
