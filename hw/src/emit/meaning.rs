//! Refuses Verilog that one tool could read otherwise than another, or than rust-hdl's types mean it.
//!
//! The simulators, Yosys, and rust-hdl's own simulation must agree about every operator. Where the language's rules of width and
//! sign leave room for two readings, or have been seen to be read in two ways, the emitted text must not go:
//!
//! | construct | rule | because |
//! |---|---|---|
//! | constants | a range, and a literal of its width and sign | Yosys takes the sign of one without a range from its value |
//! | `+ - * & \| ^ ?:` and comparisons | both sides signed, or none | one unsigned side makes a comparison unsigned, a literal among them |
//! | numbers in circuits | a size | 32 bits for some, more for others |
//! | `>>`, `>>>` | `>>` of unsigned, `>>>` of signed numbers | rust-hdl prints `>>` for both, which drops the sign |
//! | shifts, parts, indices | by unsigned numbers | a negative place is anything |
//! | parts of signed numbers | they are unsigned, and count as such above | |
//! | sums, shifts, inversions | not compared, assigned in more bits than they have, unless cut by a mask | the carry, or the inverted zeros above, would count, where Rust's types wrap |
//! | conditions, `!`, `&&`, `\|\|` | one bit | `~` of more is true for all but one value |
//! | signed numbers | assigned in their own width | which of the two signs extends is easily misread |
//! | registers | a value at power-up, but for a memory's output | simulators would begin with X or with what they like |
//! | memories read by the clock | say how they are built, or that no word is read in the clock that writes it | what such a read gives differs from memory to memory |
//! | clocked, combinational | `<=`, `=` | else the order of blocks matters |

mod expression;
mod reader;
mod token;

use crate::error::{Error, Result};
use reader::{Finding, Reader};

/// Refuses the first construct that has, or could have, two meanings.
///
/// # Errors
/// [`Error::Design`] with the line and what is wrong.
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
