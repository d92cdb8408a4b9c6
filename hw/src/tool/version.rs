//! Version of a tool.

use std::fmt;

/// Version of a tool, as the numbers between its dots.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub(super) Vec<u32>);

impl Version {
    /// Finds the first dotted number in a text.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        let start = text
            .char_indices()
            .find(|&(at, c)| {
                c.is_ascii_digit()
                    && text[at..].split_once('.').is_some_and(|(head, tail)| {
                        head.bytes().all(|b| b.is_ascii_digit())
                            && tail.starts_with(|c: char| c.is_ascii_digit())
                    })
            })?
            .0;
        let number = text[start..]
            .split(|c: char| !(c.is_ascii_digit() || c == '.'))
            .next()?;
        let parts: Option<Vec<u32>> = number
            .trim_end_matches('.')
            .split('.')
            .map(|part| part.parse().ok())
            .collect();
        parts.map(Self)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(u32::to_string).collect();
        f.write_str(&parts.join("."))
    }
}
