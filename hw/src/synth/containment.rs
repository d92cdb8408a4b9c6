//! Containment: checks that the core that was co-simulated is part of the netlist that nextpnr reads.
//!
//! Yosys maps the core as a module of its own, writes it out with all of its ports, and then flattens it into the whole
//! netlist ([`super::flow`]). This check compares the two files. Every cell of the core that the whole netlist has must have
//! the same kind, parameters and nets in both. A cell of the core that is missing from the whole netlist must not drive a
//! cell that is there.

use super::netlist::{CORE_NETLIST, NETLIST};
use super::nextpnr::read_json;
use crate::build::Build;
use crate::emit::verilog::CORE;
use crate::emit::wrapper::BOARD_TOP;
use crate::error::{Error, Result};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Prefix that Yosys gives to the cells of the core when it flattens the core into the board's top module.
const PREFIX: &str = "accelerator.core.";

#[derive(Deserialize)]
struct Netlist {
    modules: BTreeMap<String, Module>,
}

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    ports: BTreeMap<String, Port>,
    #[serde(default)]
    cells: BTreeMap<String, Cell>,
}

#[derive(Deserialize)]
struct Port {
    direction: String,
    bits: Vec<Bit>,
}

#[derive(Deserialize)]
struct Cell {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    parameters: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    port_directions: BTreeMap<String, String>,
    connections: BTreeMap<String, Vec<Bit>>,
}

/// Number of a net, or a constant.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Hash)]
#[serde(untagged)]
enum Bit {
    Net(u64),
    Constant(String),
}

/// Compares the core netlist of a build with its whole netlist; returns the number of cells that both have.
///
/// # Errors
/// [`Error::Report`] if a file is damaged; [`Error::CoreDiffers`] with the first cell that differs.
pub fn contained(build: &Build) -> Result<usize> {
    let module = |file: &str, name: &str| -> Result<Module> {
        let path = build.folder.join(file);
        let mut netlist: Netlist = read_json(&path, "yosys")?;
        let module = netlist.modules.remove(name);
        module.ok_or_else(|| Error::Report {
            path,
            tool: "yosys",
            reason: format!("it has no module `{name}`"),
        })
    };
    let (core, whole) = (module(CORE_NETLIST, CORE)?, module(NETLIST, BOARD_TOP)?);
    compare(&core, &whole).map_err(|(cell, reason)| Error::CoreDiffers { cell, reason })
}

/// Name of a core's cell in the whole netlist. Names that Yosys invents start with `$`.
fn name_in_whole(name: &str) -> String {
    if name.starts_with('$') {
        format!("$flatten\\{PREFIX}{name}")
    } else {
        format!("{PREFIX}{name}")
    }
}

fn compare(core: &Module, whole: &Module) -> Result<usize, (String, String)> {
    // The net of the whole netlist for each net of the core, and the nets of the core that something drives.
    let mut nets: HashMap<&Bit, &Bit> = HashMap::new();
    let inputs = core.ports.values().filter(|port| port.direction == "input");
    let mut driven: HashSet<&Bit> = inputs.flat_map(|port| &port.bits).collect();
    let mut read: Vec<(&str, &Bit)> = Vec::new();
    let mut common = 0;
    for (name, cell) in &core.cells {
        if cell.kind == "$scopeinfo" {
            continue;
        }
        let Some(twin) = whole.cells.get(&name_in_whole(name)) else {
            continue;
        };
        let wrong = |reason: String| (name.clone(), reason);
        common += 1;
        if (&cell.kind, &cell.parameters) != (&twin.kind, &twin.parameters) {
            return Err(wrong(format!(
                "netlist.json has it as {}, or with other parameters",
                twin.kind
            )));
        }
        for (port, bits) in &cell.connections {
            let twins = twin.connections.get(port).map_or(&[][..], Vec::as_slice);
            if bits.len() != twins.len() {
                return Err(wrong(format!(
                    "port {port} has {} bits, but {} in netlist.json",
                    bits.len(),
                    twins.len()
                )));
            }
            let is_output = cell
                .port_directions
                .get(port)
                .is_some_and(|direction| direction == "output");
            for (bit, twin) in bits.iter().zip(twins) {
                let is_same = match bit {
                    Bit::Constant(_) => bit == twin,
                    Bit::Net(_) => *nets.entry(bit).or_insert(twin) == twin,
                };
                if !is_same {
                    return Err(wrong(format!("port {port} is on another net")));
                }
                match bit {
                    Bit::Net(_) if is_output => {
                        driven.insert(bit);
                    }
                    Bit::Net(_) => read.push((name.as_str(), bit)),
                    Bit::Constant(_) => {}
                }
            }
        }
    }
    if let Some((name, _)) = read.iter().find(|(_, bit)| !driven.contains(bit)) {
        return Err((
            (*name).to_owned(),
            "its driver is missing from netlist.json".into(),
        ));
    }
    let there = |name: &&String| name.starts_with(PREFIX) || name.starts_with(&format!("$flatten\\{PREFIX}"));
    let others = whole
        .cells
        .iter()
        .filter(|(name, cell)| there(name) && cell.kind != "$scopeinfo");
    let others = others.count();
    if others != common {
        return Err((
            "all".into(),
            format!(
                "netlist.json has {others} cells of the core, but only {common} of them are in core.json"
            ),
        ));
    }
    Ok(common)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An inverter and a register behind it, as a module and in a whole netlist.
    fn netlists() -> (Module, Module) {
        let core = r#"{"ports": {"a": {"direction": "input", "bits": [2]}, "tap": {"direction": "output", "bits": [5]}},
            "cells": {
                "$abc$1": {"type": "LUT", "parameters": {"INIT": "01"}, "port_directions": {"I": "input", "O": "output"},
                           "connections": {"I": [2], "O": [3]}},
                "q": {"type": "FF", "port_directions": {"D": "input", "Q": "output"}, "connections": {"D": [3], "Q": [4]}},
                "tapped": {"type": "LUT", "port_directions": {"I": "input", "O": "output"},
                           "connections": {"I": [4], "O": [5]}}}}"#;
        let whole = r#"{"cells": {
                "$flatten\\accelerator.core.$abc$1": {"type": "LUT", "parameters": {"INIT": "01"},
                           "port_directions": {"I": "input", "O": "output"}, "connections": {"I": [70], "O": [71]}},
                "accelerator.core.q": {"type": "FF", "port_directions": {"D": "input", "Q": "output"},
                           "connections": {"D": [71], "Q": [72]}},
                "led": {"type": "LUT", "connections": {"I": [72]}}}}"#;
        let parse = |text: &str| serde_json::from_str(text).expect("a module");
        (parse(core), parse(whole))
    }

    #[test]
    fn a_core_without_what_feeds_its_open_ports_is_contained() {
        let (core, whole) = netlists();
        assert_eq!(compare(&core, &whole), Ok(2));
    }

    #[test]
    fn every_change_is_found() {
        let change = |edit: &dyn Fn(&mut Module)| {
            let (core, mut whole) = netlists();
            edit(&mut whole);
            compare(&core, &whole).expect_err("another core").1
        };
        let table = "$flatten\\accelerator.core.$abc$1";
        let other = change(&|whole| {
            let cell = whole.cells.get_mut(table).expect("the table");
            cell.parameters.insert("INIT".into(), "11".into());
        });
        assert_eq!(other, "netlist.json has it as LUT, or with other parameters");
        let other = change(&|whole| {
            let cell = whole.cells.get_mut("accelerator.core.q").expect("the register");
            cell.connections.insert("D".into(), vec![Bit::Net(70)]);
        });
        assert_eq!(other, "port D is on another net");
        let other = change(&|whole| {
            whole.cells.remove(table);
        });
        assert_eq!(other, "its driver is missing from netlist.json");
        let other = change(&|whole| {
            let cell = whole.cells.remove("led").expect("the light");
            whole.cells.insert("accelerator.core.more".into(), cell);
        });
        assert_eq!(
            other,
            "netlist.json has 3 cells of the core, but only 2 of them are in core.json"
        );
    }
}
