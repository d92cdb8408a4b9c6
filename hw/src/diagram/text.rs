//! Numbers as text, and the width of text.
//!
//! The font of the viewer is not known. Widths are estimated for DejaVu Sans, one of the widest fonts that viewers use for
//! `sans-serif`, so text that fits here fits in other fonts, too.

use std::borrow::Cow;

/// Smallest font size that can be read.
const SMALLEST: f64 = 9.0;

/// A size as a real number.
pub(super) const fn float(size: usize) -> f64 {
    synfire_golden_model::counts::float(size as u64)
}

/// Writes a count with its digits in groups of three.
pub(super) fn count(number: usize) -> String {
    grouped(&number.to_string())
}

/// Writes a number in tenths if it is below 100, as a whole number otherwise.
pub(super) fn rounded(number: f64) -> String {
    if number.abs() < 99.95 {
        let text = format!("{number:.1}");
        text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
    } else {
        grouped(&format!("{number:.0}"))
    }
}

/// Writes a count and its noun, which is `one` for 1 and `more` otherwise.
pub(super) fn counted(number: usize, one: &str, more: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { more })
}

fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Width of a text in pixels.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let em: f64 = text
        .chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | ' ' | ',' | '.' | ':' | ';' | '\'' | '|' => 0.33,
            'f' | 'r' | 't' | '-' | '(' | ')' => 0.41,
            'm' | 'w' | 'M' | 'W' | '%' | '@' | '→' => 0.95,
            'A'..='Z' | '×' | '+' | '<' | '>' | '=' | '&' => 0.8,
            c if c.is_ascii() => 0.63,
            _ => 1.0,
        })
        .sum();
    em * size * if bold { 1.12 } else { 1.0 }
}

/// Fits a text into a width: reduces the font size, and cuts the text if that is not enough. Returns text and size.
pub(super) fn fitted(text: &str, size: f64, bold: bool, room: f64) -> (Cow<'_, str>, f64) {
    let needed = width(text, size, bold);
    if needed <= room {
        return (text.into(), size);
    }
    let size = (size * room / needed).max(SMALLEST.min(size));
    let mut kept: Vec<char> = text.chars().collect();
    let shown = |kept: &[char]| format!("{}…", kept.iter().collect::<String>());
    if width(text, size, bold) <= room {
        return (text.into(), size);
    }
    while !kept.is_empty() && width(&shown(&kept), size, bold) > room {
        kept.pop();
    }
    (shown(&kept).into(), size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_from_the_right() {
        let texts = [0, 7, 999, 1000, 83640, 1_234_567].map(count);
        assert_eq!(texts, ["0", "7", "999", "1,000", "83,640", "1,234,567"]);
        let texts = [0.0, 2.46, 19.8, 99.94, 99.95, 12_345.6].map(rounded);
        assert_eq!(texts, ["0", "2.5", "19.8", "99.9", "100", "12,346"]);
    }

    #[test]
    fn text_that_is_too_wide_shrinks_and_is_then_cut() {
        let name = "layer_0123456789";
        let full = width(name, 14.0, true);
        assert_eq!(fitted(name, 14.0, true, full), (name.into(), 14.0));
        let (text, size) = fitted(name, 14.0, true, 0.8 * full);
        assert_eq!(text, name);
        assert!((11.0..11.3).contains(&size), "{size}");
        let (text, size) = fitted(name, 14.0, true, 0.4 * full);
        assert!(text.starts_with("layer") && text.ends_with('…'), "{text}");
        assert_eq!(size, SMALLEST);
        assert!(width(&text, size, true) <= 0.4 * full);
    }
}
