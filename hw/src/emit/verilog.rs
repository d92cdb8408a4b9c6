//! Verilog of a rust-hdl circuit.

use super::{groups, meaning, mend};
use crate::error::{Error, Result};
use rust_hdl::prelude::{Block, check_all, generate_verilog_unchecked};

/// Name of the accelerator's top module, and prefix of all its modules.
pub const TOP: &str = "synfire";
/// Name of the module that co-simulation drives: the core of the accelerator.
pub const CORE: &str = "synfire$core";

/// Writes a circuit as Verilog, with `lines` as a comment at the head and modules named after [`TOP`]. Equal circuits give
/// equal text.
///
/// # Errors
/// [`Error::Design`] with the fault that rust-hdl or the check of the text finds.
pub fn emit<B: Block>(mut circuit: B, lines: &[String]) -> Result<String> {
    circuit.connect_all();
    // `generate_verilog` panics on a faulty design; `check_all` returns the fault.
    check_all(&circuit).map_err(|error| Error::Design {
        report: format!("{error:?}"),
    })?;
    groups::check(&circuit)?;
    let body = mend::constants(&rename_top(&generate_verilog_unchecked(&circuit)))?;
    if let Some(word) = keyword(&body) {
        return Err(Error::Design {
            report: format!("a field is named `{word}`, which is a keyword of Verilog"),
        });
    }
    let mut text = String::new();
    for line in lines {
        text.push_str(&format!("// {line}\n"));
    }
    text.push_str("\n`default_nettype none\n");
    for line in body.lines() {
        // rust-hdl leaves blanks at the ends of lines.
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str("\n`default_nettype wire\n");
    meaning::check(&text)?;
    Ok(text)
}

/// Keywords of Verilog and SystemVerilog; rust-hdl knows only a few of them.
const KEYWORDS: &str = "\
    alias always_comb always_ff always_latch assert assume automatic before begin bind bins bit break \
    buf byte case cell chandle checker class clocking config const constraint context continue cover \
    covergroup coverpoint cross deassign default defparam design disable dist do edge else end enum \
    event expect export extends extern final first_match for force foreach forever fork forkjoin \
    function generate genvar global if iff ifnone illegal_bins implements implies import incdir include \
    initial inout input inside instance int integer interface intersect join large let liblist library \
    local localparam logic longint macromodule matches medium modport module nand negedge new nexttime \
    nmos nor not null or output package packed parameter pmos posedge primitive priority program \
    property protected pulldown pullup pure rand randc randcase real realtime ref reg reject_on release \
    repeat restrict return scalared sequence shortint shortreal signed small soft solve specify static \
    string strong struct super supply0 supply1 table tagged task this throughout time timeprecision \
    timeunit tran tri trior type typedef union unique unsigned until use uwire var vectored virtual void \
    wait wand weak while wildcard wire with within wor xnor xor";

/// Finds the first keyword that names a signal or an instance.
fn keyword(text: &str) -> Option<&'static str> {
    let named = |line: &str| {
        let line = line.trim();
        let is_signal = ["reg ", "wire ", "input ", "output "]
            .iter()
            .any(|kind| line.starts_with(kind));
        let name = if is_signal {
            line.trim_end_matches(';').rsplit(' ').next()
        } else if line.starts_with(TOP) && line.ends_with('(') {
            line.trim_end_matches('(').split_whitespace().nth(1)
        } else {
            None
        };
        KEYWORDS.split_whitespace().find(|&word| Some(word) == name)
    };
    text.lines().find_map(named)
}

/// Renames the top module, which rust-hdl always calls `top`, and the modules below it, which it calls `top$…`.
fn rename_top(text: &str) -> String {
    let is_identifier = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let mut renamed = String::with_capacity(text.len() + text.len() / 8);
    let mut rest = text;
    while let Some(start) = rest.find(is_identifier) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_identifier(c)).unwrap_or(from.len());
        let (identifier, after) = from.split_at(end);
        renamed.push_str(before);
        match identifier.strip_prefix("top") {
            Some(tail) if tail.is_empty() || tail.starts_with('$') => {
                renamed.push_str(TOP);
                renamed.push_str(tail);
            }
            _ => renamed.push_str(identifier),
        }
        rest = after;
    }
    renamed.push_str(rest);
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_keywords_are_found() {
        assert_eq!(
            keyword("    reg  [9:0] table;\n    wire signed [1:0] sum;"),
            Some("table")
        );
        assert_eq!(keyword("    synfire$core$signed signed(\n"), Some("signed"));
        assert_eq!(
            keyword("    reg  signed [9:0] signed$d;\n    synfire$table tables("),
            None
        );
    }

    #[test]
    fn only_the_top_module_and_its_children_are_renamed() {
        assert_eq!(
            rename_top("module top(a); top$core core(.stop(stop), .top_level(x)); endmodule // top"),
            "module synfire(a); synfire$core core(.stop(stop), .top_level(x)); endmodule // synfire"
        );
    }
}
