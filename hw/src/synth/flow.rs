//! Flow to a bitstream, as far as it differs between families.

use super::nextpnr::{Cells, count_cells};
use super::report::Utilization;
use crate::board::{Board, Device, Family};
use crate::build::files::{BITSTREAMS, CORE_NETLIST, NETLIST, NEXTPNR_REPORT, ROUTED};
use crate::emit::constraints::constraints;
use crate::emit::verilog::CORE;
use crate::emit::wrapper::BOARD_TOP;
use crate::error::Result;
use crate::tool::Tool;
use std::path::Path;

/// Tools of a family, and their flags.
pub(super) struct Flow<'a> {
    board: &'a Board,
    pub(super) nextpnr: Tool,
    pub(super) packer: Tool,
    routed: &'static str,
    pub(super) bitstream: &'static str,
}

impl<'a> Flow<'a> {
    pub(super) const fn of(board: &'a Board) -> Self {
        let (nextpnr, packer, index) = match board.device.family {
            Family::Ice40 => (Tool::NextpnrIce40, Tool::Icepack, 0),
            Family::Ecp5 => (Tool::NextpnrEcp5, Tool::Ecppack, 1),
            Family::Gowin => (Tool::NextpnrGowin, Tool::GowinPack, 2),
        };
        Self {
            board,
            nextpnr,
            packer,
            routed: ROUTED[index],
            bitstream: BITSTREAMS[index],
        }
    }

    /// Script for Yosys.
    ///
    /// The core is mapped as a module of its own and written out with all of its ports, before it is flattened into the whole
    /// netlist. So co-simulation through these ports runs the very cells that nextpnr reads. Only cells that drive nothing but
    /// ports that the board leaves open are missing from the whole netlist.
    pub(super) fn script(&self) -> String {
        let synth = match self.board.device.family {
            Family::Ice40 => ice40_synth(&self.board.device),
            Family::Ecp5 => "synth_ecp5 -abc9".into(),
            Family::Gowin => {
                let family = match self.database().get(..4) {
                    Some("GW1N") => "gw1n",
                    Some("GW5A") => "gw5a",
                    _ => "gw2a",
                };
                // Wide LUTs, made of LUTs and multiplexers, would take more of the device and be slower. Distributed RAM and
                // carry chains are reported to fail on the chip: see docs/boards.md. Pads are added last, since the core's
                // ports would get some, too.
                format!("synth_gowin -nowidelut -nolutram -noalu -noiopads -family {family}")
            }
        };
        let pads = match self.board.device.family {
            Family::Gowin => "iopadmap -bits -inpad IBUF O:I -outpad OBUF I:O\n",
            Family::Ice40 | Family::Ecp5 => "",
        };
        format!(
            "read_verilog accelerator.v board.v
hierarchy -top {BOARD_TOP}
setattr -mod -set keep_hierarchy 1 {CORE}
{synth} -top {BOARD_TOP}
select {CORE}
write_json -selected {CORE_NETLIST}
select -clear
setattr -mod -unset keep_hierarchy {CORE}
flatten
opt_clean -purge
{pads}write_json {NETLIST}
"
        )
    }

    /// Arguments of nextpnr; `seed` decides its random choices.
    pub(super) fn place_and_route(&self, seed: u32) -> Vec<String> {
        let device = &self.board.device;
        let (constraints, _) = constraints(self.board);
        let mut arguments: Vec<String> = match device.family {
            Family::Ice40 => vec!["--pcf".into(), constraints.into(), "--asc".into()],
            Family::Ecp5 => vec!["--lpf".into(), constraints.into(), "--textcfg".into()],
            Family::Gowin => vec![
                "--device".into(),
                device.part.clone(),
                "--vopt".into(),
                format!("family={}", self.database()),
                "--vopt".into(),
                format!("cst={constraints}"),
                "--write".into(),
            ],
        };
        arguments.push(self.routed.into());
        if let Some(package) = &device.package {
            arguments.extend([format!("--{}", device.part), "--package".into(), package.clone()]);
        }
        if let Some(speed) = device.speed {
            arguments.extend(["--speed".into(), speed.to_string()]);
        }
        if device.family != Family::Gowin {
            // The default for iCE40 is router1, which some netlists keep busy for ever. For Gowin the default is best.
            arguments.extend(["--router".into(), "router2".into()]);
        }
        let (frequency, seed) = (self.board.clock_mhz().to_string(), seed.to_string());
        arguments.extend(
            [
                "--json",
                NETLIST,
                "--freq",
                &frequency,
                "--seed",
                &seed,
                "--report",
                NEXTPNR_REPORT,
                // `synthesize` compares the frequency with the clock afterwards.
                "--timing-allow-fail",
            ]
            .map(String::from),
        );
        arguments
    }

    /// Arguments of the packer.
    pub(super) fn pack(&self) -> Vec<String> {
        let (routed, bitstream) = (self.routed.to_owned(), self.bitstream.to_owned());
        match self.board.device.family {
            Family::Ice40 => vec![routed, bitstream],
            Family::Ecp5 => vec!["--compress".into(), routed, bitstream],
            Family::Gowin => vec![
                "-d".into(),
                self.database().into(),
                "-o".into(),
                bitstream,
                routed,
            ],
        }
    }

    fn database(&self) -> &str {
        self.board.device.database.as_deref().unwrap_or_default()
    }

    /// Resources that the netlist in `folder` takes: counted by nextpnr, or in the netlist if nextpnr counts cells of several
    /// kinds as one.
    pub(super) fn utilization(&self, cells: &Cells, folder: &Path) -> Result<Vec<Utilization>> {
        let sum = |kinds: &[&str]| {
            let of = |kind: &&str| cells.get(*kind).copied().unwrap_or_default();
            let used = kinds.iter().map(|kind| of(kind).0).sum();
            // The kinds are uses of one resource, and nextpnr reports all of the resource as available for each of them.
            let available = kinds.iter().map(|kind| of(kind).1).max().unwrap_or(0);
            (used, available)
        };
        let row = |resource: &str, (used, available): (usize, usize)| Utilization {
            resource: resource.into(),
            used,
            available,
        };
        let rows = match self.board.device.family {
            Family::Ice40 => {
                // nextpnr counts logic cells, each of a LUT and a flip-flop; the netlist shows which of them are used.
                let netlist = count_cells(&folder.join(NETLIST), BOARD_TOP)?;
                let logic_cells = sum(&["ICESTORM_LC"]);
                let count = |prefix: &str| {
                    let of_prefix = netlist.iter().filter(|(kind, _)| kind.starts_with(prefix));
                    (of_prefix.map(|(_, count)| count).sum(), logic_cells.1)
                };
                vec![
                    row(LUT, count("SB_LUT4")),
                    row(FF, count("SB_DFF")),
                    row(LOGIC_CELL, logic_cells),
                    row(BLOCK_RAM, sum(&["ICESTORM_RAM"])),
                    row(SPRAM, sum(&["ICESTORM_SPRAM"])),
                    row(DSP, sum(&["ICESTORM_DSP"])),
                ]
            }
            Family::Ecp5 => vec![
                row(LUT, sum(&["TRELLIS_COMB"])),
                row(FF, sum(&["TRELLIS_FF"])),
                row(BLOCK_RAM, sum(&["DP16KD"])),
                row(DSP, sum(&["MULT18X18D"])),
            ],
            Family::Gowin => {
                // A carry takes one LUT, a distributed RAM four.
                let (luts, available) = sum(&["LUT4"]);
                let (carries, _) = sum(&["ALU"]);
                let (rams, _) = sum(&["RAM16SDP4"]);
                let (multipliers, _) = sum(&["MULT9X9", "MULT18X18", "MULT36X36"]);
                vec![
                    row(LUT, (luts + carries + 4 * rams, available)),
                    row(FF, sum(&["DFF"])),
                    row(BLOCK_RAM, sum(&["BSRAM"])),
                    row(DSP, (multipliers, sum(&["MULT18X18"]).1)),
                ]
            }
        };
        // Resources that the device does not have are left out.
        Ok(rows.into_iter().filter(|row| row.available > 0).collect())
    }
}

/// LUTs of 4 inputs, as reports name them.
pub const LUT: &str = "LUT4";
/// Logic cells of iCE40, as reports name them: each holds a LUT and a flip-flop, and counts if either is used.
pub const LOGIC_CELL: &str = "logic cells (LUT4 and FF)";
/// Flip-flops, as reports name them.
pub const FF: &str = "FF";
/// Block RAMs, as reports name them.
pub const BLOCK_RAM: &str = "block RAM";
/// Single-port RAMs of iCE40 UltraPlus, as reports name them.
pub const SPRAM: &str = "SPRAM";
/// Multipliers, as reports name them.
pub const DSP: &str = "DSP";

fn ice40_synth(device: &Device) -> String {
    let series = if device.part.starts_with("up") {
        "u"
    } else if device.part.starts_with("lp") {
        "lp"
    } else {
        "hx"
    };
    let mut synth = format!("synth_ice40 -abc9 -device {series}");
    if device.dsps > 0 {
        synth.push_str(" -dsp");
    }
    if device.sprams > 0 {
        // SPRAM is for memories with `ram_style = "huge"`, and for memories that are too large for anything else.
        synth.push_str(" -spram");
    }
    synth
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_is_synthesized_by_its_own_command() {
        for (board, wanted) in [
            ("icebreaker", "synth_ice40 -abc9 -device u -dsp -spram"),
            ("ice40-hx8k", "synth_ice40 -abc9 -device hx"),
            ("ulx3s-25f", "synth_ecp5 -abc9"),
            (
                "tang-nano-9k",
                "synth_gowin -nowidelut -nolutram -noalu -noiopads -family gw1n",
            ),
            (
                "tang-nano-20k",
                "synth_gowin -nowidelut -nolutram -noalu -noiopads -family gw2a",
            ),
        ] {
            let board = Board::find(board).expect("a built-in board");
            let script = Flow::of(&board).script();
            assert!(script.contains(&format!("\n{wanted} -top board\n")), "{script}");
        }
    }
}
