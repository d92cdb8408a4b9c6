//! Check of emitted Verilog: rejects text that tools could read in different ways, or other than rust-hdl's types mean it.
//!
//! The simulators, Yosys, and rust-hdl's own simulation must agree about every operator. The emitted text must not use
//! constructs for which the language's rules of width and sign allow two readings, or which tools were seen to read in two
//! ways:
//!
//! | construct | rule | reason |
//! |---|---|---|
//! | constants | have a range, and a literal of its width and sign | Yosys takes the sign of a constant without a range from its value |
//! | `+ - * & \| ^ ?:` and comparisons | both sides are signed, or both unsigned | one unsigned side, even a literal, makes a comparison unsigned |
//! | numbers in circuits | have a size | a number without a size has 32 bits in some tools, more in others |
//! | `>>`, `>>>` | `>>` of unsigned, `>>>` of signed numbers | rust-hdl prints `>>` for both, which drops the sign |
//! | shifts, parts, indices | are by unsigned numbers | a negative index may read anything |
//! | parts of signed numbers | count as unsigned in the rules above | the language makes them unsigned |
//! | sums, shifts, inversions | are not compared or assigned in more bits than they have, unless a mask cuts them | the carry, or the inverted zeros above, would count, but Rust's types wrap |
//! | conditions, `!`, `&&`, `\|\|` | have one bit | `~` of more bits is true for all values but one |
//! | signed numbers | are assigned in their own width | which of the two signs extends is easily misread |
//! | registers | have a value at power-up, except for a memory's output | simulators would begin with X or an arbitrary value |
//! | modules | have more than ports and constants | Yosys takes an empty module for a black box, and leaves it out of what it writes |
//! | memories with a clocked read | say how they are built, or that no word is read in the cycle that writes it | the result of such a read differs from memory to memory |
//! | assignments | are `<=` in clocked blocks, `=` in combinational blocks | otherwise the order of blocks matters |

mod expression;
mod reader;
mod token;

use crate::error::{Error, Result};
use reader::{Finding, Reader};

/// Checks emitted Verilog.
///
/// # Errors
/// [`Error::Design`] with the line and the fault of the first construct that breaks a rule.
pub fn check(text: &str) -> Result<()> {
    match Reader::new(text).modules() {
        Ok(_) => Ok(()),
        Err(Finding { line, what }) => {
            let shown = text
                .lines()
                .nth(line.saturating_sub(1))
                .unwrap_or_default()
                .trim();
            Err(Error::Design {
                report: format!("emitted Verilog, line {line}: {what}: `{shown}`"),
            })
        }
    }
}

#[cfg(test)]
mod tests;
