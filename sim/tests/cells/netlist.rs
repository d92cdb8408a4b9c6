//! Netlists: the blocks of all cases, synthesized in one run of Yosys and written back as Verilog.

use crate::case::Case;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::path::Path;
use synfire_hw::board::Family;
use synfire_hw::tool::Found;

/// Netlists that Yosys makes of the cases.
pub(crate) struct Netlist {
    /// Verilog of all modules; the module of a case is named `net` and the number of the case.
    pub(crate) modules: Vec<String>,
    /// Number of cells by kind.
    pub(crate) cells: BTreeMap<String, usize>,
}

/// Synthesis command of a family, as the flow to a bitstream uses it. For iCE40 it is that of UltraPlus, which has all kinds
/// of cells.
const fn command(family: Family) -> &'static str {
    match family {
        Family::Ice40 => "synth_ice40 -abc9 -device u -dsp -spram",
        Family::Ecp5 => "synth_ecp5 -abc9",
        // The wrapper around all cases is not a design, and needs no pads.
        Family::Gowin => "synth_gowin -noiopads -nowidelut -family gw2a",
    }
}

/// Verilog of a case, with modules named after `name`.
pub(crate) fn renamed(case: &Case, name: &str) -> String {
    case.verilog.replace("synfire", name)
}

/// Synthesizes the cases in a folder.
pub(crate) fn synthesize(yosys: &Found, family: Family, folder: &Path, cases: &[Case]) -> Netlist {
    for (name, text) in cases.iter().flat_map(|case| &case.files) {
        std::fs::write(folder.join(name), text).expect("an image");
    }
    std::fs::write(folder.join("blocks.v"), verilog(cases)).expect("blocks.v");
    let script = format!(
        "read_verilog blocks.v\n{} -top blocks -json blocks.json\n\
         design -reset\nread_json blocks.json\nwrite_verilog -noattr netlist.v\n",
        command(family)
    );
    std::fs::write(folder.join("blocks.ys"), script).expect("blocks.ys");
    let output = yosys
        .command()
        .current_dir(folder)
        .args(["-q", "-s", "blocks.ys"])
        .output()
        .expect("Yosys runs");
    let text = [output.stdout, output.stderr]
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .concat();
    assert!(output.status.success(), "Yosys failed: {text}");
    let text = std::fs::read_to_string(folder.join("netlist.v")).expect("netlist.v");
    let json = std::fs::read_to_string(folder.join("blocks.json")).expect("blocks.json");
    let mut modules: HashMap<&str, &str> = text
        .split_inclusive("endmodule\n")
        .filter_map(|module| {
            let start = module.find("module ")?;
            let name = module[start..].strip_prefix("module ")?.split('(').next()?;
            Some((name.trim(), &module[start..]))
        })
        .collect();
    let modules = (0..cases.len()).map(|number| {
        let name = format!("net{number}");
        let module = modules.remove(&*name);
        module
            .unwrap_or_else(|| panic!("no {name} in netlist.v"))
            .to_owned()
    });
    Netlist {
        modules: modules.collect(),
        cells: cells(&json),
    }
}

/// Counts cells by kind, in all modules that are not cells themselves.
fn cells(json: &str) -> BTreeMap<String, usize> {
    let json: serde_json::Value = serde_json::from_str(json).expect("a netlist");
    let mut count = BTreeMap::new();
    let modules = json["modules"].as_object().expect("modules");
    for (_, module) in modules.iter().filter(|(name, _)| name.starts_with("net")) {
        for cell in module["cells"].as_object().expect("cells").values() {
            *count
                .entry(cell["type"].as_str().expect("a kind").to_owned())
                .or_default() += 1;
        }
    }
    count
}

/// Wrapper module around the blocks, each kept as a module of its own.
fn verilog(cases: &[Case]) -> String {
    let (mut blocks, mut ports, mut instances) = (String::new(), Vec::new(), String::new());
    for (number, case) in cases.iter().enumerate() {
        let name = format!("net{number}");
        blocks.push_str(&renamed(case, &name).replacen(
            &format!("module {name}("),
            &format!("(* keep_hierarchy *)\nmodule {name}("),
            1,
        ));
        let mut connections = Vec::new();
        if case.has_clock {
            connections.push(".clock(clock)".to_owned());
        }
        let outputs = case.outputs.iter().map(|output| &output.port);
        let directions = case
            .inputs
            .iter()
            .map(|port| ("input", port))
            .chain(outputs.map(|port| ("output", port)));
        for (direction, port) in directions {
            let pin = format!("{name}_{}", port.name);
            ports.push(format!("{direction} wire [{}:0] {pin}", port.width - 1));
            connections.push(format!(".{}({pin})", port.name));
        }
        writeln!(instances, "    {name} dut{number} ({});", connections.join(", ")).expect("text");
    }
    format!(
        "{blocks}\nmodule blocks(input wire clock, {});\n{instances}endmodule\n",
        ports.join(", ")
    )
}
