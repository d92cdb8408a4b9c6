//! Mends constants that rust-hdl prints in a form that tools read differently.
//!
//! rust-hdl prints the signedness of a constant and a literal, but no range, and no sign in the literal:
//!
//! ```text
//! localparam signed floor = 32'hfffffe00;      as printed
//! localparam signed [31:0] floor = 32'shfffffe00;      as mended
//! localparam TransmitState$Send = 6;
//! localparam [31:0] TransmitState$Send = 32'h6;
//! ```
//!
//! By IEEE 1364-2005 (§4.10.1) a parameter that is declared `signed` is signed, and takes its range from its value. Verilator
//! and Icarus read it so. Yosys (0.62 and 0.70) takes the sign from the value, too, which is unsigned: `a < floor` became
//! `a < 4294966784`, and in hardware every membrane that is not negative fell to the floor. A constant with a range and a
//! literal of the same width and sign has only one reading.

use crate::error::{Error, Result};

/// Bits of a constant that rust-hdl prints without a width: a state of a state machine.
const UNSIZED_BITS: usize = 32;

/// Gives every constant a range, and a literal of the same width and sign.
///
/// # Errors
/// [`Error::Design`] for a constant in an unknown form.
pub(super) fn constants(text: &str) -> Result<String> {
    let mut mended = String::with_capacity(text.len());
    for line in text.lines() {
        match line.trim_start().strip_prefix("localparam ") {
            None => mended.push_str(line),
            Some(constant) => {
                let indent = &line[..line.len() - line.trim_start().len()];
                let constant = self::constant(constant).ok_or_else(|| Error::Design {
                    report: format!(
                        "rust-hdl printed a constant in an unknown form: `{}`",
                        line.trim()
                    ),
                })?;
                mended.push_str(indent);
                mended.push_str(&constant);
            }
        }
        mended.push('\n');
    }
    Ok(mended)
}

/// Mends one constant, from the text after `localparam`.
fn constant(text: &str) -> Option<String> {
    let (declared, value) = text.trim_end().strip_suffix(';')?.split_once(" = ")?;
    let (signed, name) = match declared.trim().strip_prefix("signed ") {
        Some(name) => (true, name.trim()),
        None => (false, declared.trim()),
    };
    let (bits, digits) = match value.split_once('\'') {
        Some((bits, digits)) => (bits.parse().ok()?, digits.to_owned()),
        None => (UNSIZED_BITS, format!("h{:x}", value.parse::<u32>().ok()?)),
    };
    // A negative number would be printed as `32'h-200`.
    let is_number = digits.len() > 1 && digits[1..].bytes().all(|digit| digit.is_ascii_hexdigit());
    let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
    if bits == 0 || !is_number || !is_name || !digits.starts_with(['h', 'b']) {
        return None;
    }
    let (keyword, sign) = if signed { (" signed", "s") } else { ("", "") };
    let top = bits - 1;
    Some(format!(
        "localparam{keyword} [{top}:0] {name} = {bits}'{sign}{digits};"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_get_a_range_and_a_literal_of_their_sign() {
        let printed = "  localparam signed floor = 32'hfffffe00;\n    localparam  mask = 9'b101;\nreg signed [3:0] a;\n    \
                       localparam TransmitState$Send = 6;";
        let mended = "  localparam signed [31:0] floor = 32'shfffffe00;\n    localparam [8:0] mask = 9'b101;\nreg signed \
                      [3:0] a;\n    localparam [31:0] TransmitState$Send = 32'h6;\n";
        assert_eq!(constants(printed).expect("constants"), mended);
    }

    #[test]
    fn a_constant_in_another_form_is_refused() {
        for odd in [
            "localparam a = 32'h-200;",
            "localparam a = b;",
            "localparam signed [31:0] a = 32'h1;",
            "localparam a = 0'h0;",
        ] {
            let error = constants(odd).expect_err("it is not understood").to_string();
            assert!(error.contains(odd), "{error}");
        }
    }
}
