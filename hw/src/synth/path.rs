//! The slowest path of a design, in words that a designer can act upon.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Share of a path's time above which logic, or routing, is what to look at.
const MOSTLY: f64 = 0.6;

/// A path from one register or memory to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CriticalPath {
    /// Where it starts: a register or memory, by its place in the design.
    pub from: String,
    /// Where it ends.
    pub to: String,
    /// Blocks that it goes through on the way, other than those of its ends.
    pub through: Vec<String>,
    /// Nanoseconds of logic, the registers' own times included.
    pub logic_ns: f64,
    /// Nanoseconds of routing.
    pub routing_ns: f64,
    /// Levels of logic.
    pub levels: usize,
}

impl CriticalPath {
    /// The whole of it in nanoseconds.
    #[must_use]
    pub fn total_ns(&self) -> f64 {
        self.logic_ns + self.routing_ns
    }
}

impl fmt::Display for CriticalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {} ", self.from)?;
        match self.through.as_slice() {
            [] => {}
            through => write!(f, "by way of {} ", through.join(", "))?,
        }
        write!(
            f,
            "to {}: {:.1} ns, {:.1} of them logic in {} {} and {:.1} routing; ",
            self.to,
            self.total_ns(),
            self.logic_ns,
            self.levels,
            if self.levels == 1 { "level" } else { "levels" },
            self.routing_ns,
        )?;
        f.write_str(if self.routing_ns > MOSTLY * self.total_ns() {
            "mostly routing: fewer lanes, or a device less full, would shorten it"
        } else if self.logic_ns > MOSTLY * self.total_ns() {
            "mostly logic: a register on the way, or narrower numbers, would shorten it"
        } else {
            "logic and routing alike: fewer lanes, a device less full, or a register on the way would shorten it"
        })
    }
}

/// Where a cell is in the design: its name without what the tools add to it.
#[must_use]
pub fn place(cell: &str) -> &str {
    let cell = cell.strip_prefix("accelerator.").unwrap_or(cell);
    // Yosys appends `_TYPE_PORT` for each cell that it puts behind another's.
    let added = [
        "_SB_", "_LUT", "_MUX", "_DFF", "_ALU", "_TRELLIS", "_PFUMX", "_L6MUX", "_CCU2C", "_DP16KD",
    ];
    let added = added.iter().filter_map(|suffix| cell.find(suffix)).min();
    let cell = &cell[..added.unwrap_or(cell.len())];
    // rust-hdl's flip-flops and signals.
    let cell = cell.strip_suffix("_LC").unwrap_or(cell);
    // The blocks that a memory is made of are numbered, as `memory.0.1`, and what is behind their outputs as `memory.0.1_DOB3`.
    let mut cell = cell;
    while let Some((memory, number)) = cell.rsplit_once('.')
        && number.starts_with(|first: char| first.is_ascii_digit())
    {
        cell = memory;
    }
    // A flag's register, of which there are several (`fan_out`).
    let cell = match cell.rsplit_once(".copy_") {
        Some((register, copy)) if copy.bytes().all(|byte| byte.is_ascii_digit()) => register,
        _ => cell,
    };
    [".q", "$q", ".d", "$d"]
        .iter()
        .find_map(|suffix| cell.strip_suffix(suffix))
        .unwrap_or(cell)
}

/// The block that a place lies in.
#[must_use]
pub fn block(place: &str) -> &str {
    place.rsplit_once(['.', '$']).map_or(place, |(block, _)| block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_tools_add_to_names_is_left_out() {
        for (cell, wanted) in [
            (
                "accelerator.command.word$q_SB_DFFESR_Q_3_D_SB_LUT4_O_LC",
                "command.word",
            ),
            (
                "accelerator.receiver.overlong.q_LUT4_I0_F_MUX2_LUT5_I1_O",
                "receiver.overlong",
            ),
            (
                "accelerator.core.layers$0.engine.weights_DP16KD",
                "core.layers$0.engine.weights",
            ),
            ("accelerator.receiver.store.memory.0.0", "receiver.store.memory"),
            (
                "accelerator.core.engine.weights.memory.0.40_DOB3_LUT4_C_Z_LUT4_Z",
                "core.engine.weights.memory",
            ),
            (
                "core.engine.take_older.copy_2_TRELLIS_FF_Q",
                "core.engine.take_older",
            ),
            ("core.stage2_LUT4_F", "core.stage2"),
            ("ready", "ready"),
        ] {
            assert_eq!(place(cell), wanted);
        }
        assert_eq!(block("core.layers$0.engine.weights"), "core.layers$0.engine");
        assert_eq!(block("ready"), "ready");
    }

    #[test]
    fn a_path_says_what_would_shorten_it() {
        let path = CriticalPath {
            from: "command.word_index".into(),
            to: "command.word".into(),
            through: vec!["transmitter".into(), "receiver".into()],
            logic_ns: 10.25,
            routing_ns: 28.0,
            levels: 9,
        };
        assert_eq!(
            path.to_string(),
            "from command.word_index by way of transmitter, receiver to command.word: 38.2 ns, 10.2 of them logic \
             in 9 levels and 28.0 routing; mostly routing: fewer lanes, or a device less full, would shorten it"
        );
        let path = CriticalPath {
            through: Vec::new(),
            routing_ns: 2.0,
            levels: 1,
            ..path
        };
        assert_eq!(
            path.to_string(),
            "from command.word_index to command.word: 12.2 ns, 10.2 of them logic in 1 level and 2.0 routing; \
             mostly logic: a register on the way, or narrower numbers, would shorten it"
        );
        let path = CriticalPath {
            routing_ns: 12.0,
            ..path
        };
        assert_eq!(
            path.to_string(),
            "from command.word_index to command.word: 22.2 ns, 10.2 of them logic in 1 level and 12.0 routing; \
             logic and routing alike: fewer lanes, a device less full, or a register on the way would shorten it"
        );
    }
}
