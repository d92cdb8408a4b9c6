//! Critical path: the slowest path of a design, in words that a designer can act on.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Share of a path's delay above which logic, or routing, counts as the cause.
const MOSTLY: f64 = 0.6;

/// Slowest path from one register or memory to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CriticalPath {
    /// Register or memory at which the path starts, by its place in the design.
    pub from: String,
    /// Register or memory at which the path ends.
    pub to: String,
    /// Blocks on the way, without those of the two ends.
    pub through: Vec<String>,
    /// Delay of the logic in ns, including that of the registers.
    pub logic_ns: f64,
    /// Delay of the routing in ns.
    pub routing_ns: f64,
    /// Levels of logic on the path.
    pub levels: usize,
}

impl CriticalPath {
    /// Total delay in ns.
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
            through => write!(f, "through {} ", through.join(", "))?,
        }
        write!(
            f,
            "to {}: {:.1} ns ({:.1} ns logic in {} {}, {:.1} ns routing); ",
            self.to,
            self.total_ns(),
            self.logic_ns,
            self.levels,
            if self.levels == 1 { "level" } else { "levels" },
            self.routing_ns,
        )?;
        f.write_str(if self.routing_ns > MOSTLY * self.total_ns() {
            "mostly routing: use fewer lanes, or a larger device"
        } else if self.logic_ns > MOSTLY * self.total_ns() {
            "mostly logic: add a register on the way, or use narrower numbers"
        } else {
            "logic and routing alike: use fewer lanes or a larger device, or add a register on the way"
        })
    }
}

/// Place of a cell in the design: its name without the parts that tools add.
#[must_use]
pub fn place(cell: &str) -> &str {
    let cell = cell.strip_prefix("accelerator.").unwrap_or(cell);
    // Yosys appends `_TYPE_PORT` for each cell that it puts behind another cell.
    let added = [
        "_SB_", "_LUT", "_MUX", "_DFF", "_ALU", "_TRELLIS", "_PFUMX", "_L6MUX", "_CCU2C", "_DP16KD",
    ];
    let added = added.iter().filter_map(|suffix| cell.find(suffix)).min();
    let cell = &cell[..added.unwrap_or(cell.len())];
    // Suffixes of rust-hdl's flip-flops and signals.
    let cell = cell.strip_suffix("_LC").unwrap_or(cell);
    // The RAMs that make up a memory are numbered, as `memory.0.1`; cells behind their outputs are `memory.0.1_DOB3`.
    let mut cell = cell;
    while let Some((memory, number)) = cell.rsplit_once('.')
        && number.starts_with(|first: char| first.is_ascii_digit())
    {
        cell = memory;
    }
    // A flag with much fan-out has several copies of its register (`fan_out`).
    let cell = match cell.rsplit_once(".copy_") {
        Some((register, copy)) if copy.bytes().all(|byte| byte.is_ascii_digit()) => register,
        _ => cell,
    };
    [".q", "$q", ".d", "$d"]
        .iter()
        .find_map(|suffix| cell.strip_suffix(suffix))
        .unwrap_or(cell)
}

/// Block that contains a place.
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
    fn a_path_says_how_to_shorten_it() {
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
            "from command.word_index through transmitter, receiver to command.word: 38.2 ns (10.2 ns logic in 9 levels, \
             28.0 ns routing); mostly routing: use fewer lanes, or a larger device"
        );
        let path = CriticalPath {
            through: Vec::new(),
            routing_ns: 2.0,
            levels: 1,
            ..path
        };
        assert_eq!(
            path.to_string(),
            "from command.word_index to command.word: 12.2 ns (10.2 ns logic in 1 level, 2.0 ns routing); mostly \
             logic: add a register on the way, or use narrower numbers"
        );
        let path = CriticalPath {
            routing_ns: 12.0,
            ..path
        };
        assert_eq!(
            path.to_string(),
            "from command.word_index to command.word: 22.2 ns (10.2 ns logic in 1 level, 12.0 ns routing); logic and \
             routing alike: use fewer lanes or a larger device, or add a register on the way"
        );
    }
}
