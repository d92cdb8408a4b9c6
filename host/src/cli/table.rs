//! Formats tables and numbers.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

/// Returns a table with this heading. All columns except the first are aligned to the right.
pub(crate) fn table<'a>(heading: impl IntoIterator<Item = &'a str>) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(heading);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Formats a share in percent with two decimal places.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// Formats a number of bytes in kB (10³ bytes) or MB (10⁶ bytes).
pub(crate) fn memory(bytes: u64) -> String {
    // The conversion is exact up to 2^53 bytes.
    let bytes = bytes as f64;
    if bytes < 1e5 {
        format!("{:.1} kB", bytes / 1e3)
    } else {
        format!("{:.1} MB", bytes / 1e6)
    }
}

/// Formats a count with spaces between thousands.
pub(crate) fn count(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) && !text.ends_with('-') {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        assert_eq!(count(0.0), "0");
        assert_eq!(count(999.4), "999");
        assert_eq!(count(1234567.0), "1 234 567");
        assert_eq!(count(-123456.0), "-123 456");
    }

    #[test]
    fn memory_is_kilobytes_or_megabytes() {
        assert_eq!(memory(3_210), "3.2 kB");
        assert_eq!(memory(21_217_836), "21.2 MB");
    }

    #[test]
    fn shares_are_percent() {
        assert_eq!(percent(0.97654), "97.65 %");
    }
}
