//! Lists of recordings: a heading that starts with `#`, then one line per recording with its file number and class.

use super::{CLASSES, DataError};
use crate::Result;
use std::path::Path;

/// Parses a list into pairs of file number and class, in the list's order.
pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Vec<(u32, u8)>> {
    let text = String::from_utf8_lossy(bytes);
    let lines = (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(line, text)| {
            let mut words = text.split_whitespace();
            let number = words.next().and_then(|word| word.parse().ok());
            let label = words.next().and_then(|word| word.parse().ok());
            match (number, label.filter(|&label| label < CLASSES), words.next()) {
                (Some(number), Some(label), None) => Ok((number, label)),
                _ => Err(DataError::ListLine {
                    path: path.into(),
                    line,
                    text: text.into(),
                }
                .into()),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_classes_are_read_from_lines_of_either_ending() {
        let list = parse(Path::new("list"), b"#sample\t#class\r\n12\t5\r\n60001 0\n\n").unwrap();
        assert_eq!(list, [(12, 5), (60001, 0)]);
    }

    #[test]
    fn damaged_lines_are_named() {
        for (line, text) in [(2, "1"), (2, "x 1"), (2, "1 10"), (2, "1 1 1"), (2, "-1 1")] {
            let error = parse(Path::new("list"), format!("# heading\n{text}\n").as_bytes()).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "list, line {line}: `{text}` is not a file number and a class 0..=9; the list is damaged, fetch it again"
                )
            );
        }
    }
}
