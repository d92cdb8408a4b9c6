//! Cursor: a position in a compact text.

use crate::network::NetworkError;
use std::str::FromStr;

/// A compact text and the position up to which it has been read.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    /// Position in bytes.
    position: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.text[self.position..].chars().next()
    }

    /// Takes the next character if it is one of `wanted`.
    pub(super) fn take(&mut self, wanted: &[char]) -> Option<char> {
        let next = self.peek().filter(|next| wanted.contains(next))?;
        self.position += next.len_utf8();
        Some(next)
    }

    /// Takes an integer.
    pub(super) fn number(&mut self, what: &str) -> Result<usize, NetworkError> {
        let digits = self.run(|next| next.is_ascii_digit());
        let number: u32 = self.parse(digits, what)?;
        self.position += digits.len();
        // Validation of the network refuses a number that does not fit.
        Ok(usize::try_from(number).unwrap_or(usize::MAX))
    }

    /// Takes a decimal number.
    pub(super) fn decimal(&mut self, what: &str) -> Result<f32, NetworkError> {
        let digits = self.run(|next| next.is_ascii_digit() || next == '.');
        let number = self.parse(digits, what)?;
        self.position += digits.len();
        Ok(number)
    }

    fn run(&self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = &self.text[self.position..];
        let end = rest.find(|next| !belongs(next)).unwrap_or(rest.len());
        &rest[..end]
    }

    fn parse<T: FromStr>(&self, digits: &str, what: &str) -> Result<T, NetworkError> {
        if digits.is_empty() {
            return Err(self.refuse(what));
        }
        digits
            .parse()
            .map_err(|_| self.error(format!("`{digits}`"), what.to_owned()))
    }

    /// Creates the error that `wanted` was expected at this position.
    pub(super) fn refuse(&self, wanted: &str) -> NetworkError {
        let found = self
            .peek()
            .map_or_else(|| "the end".to_owned(), |next| format!("`{next}`"));
        self.error(found, wanted.to_owned())
    }

    fn error(&self, found: String, wanted: String) -> NetworkError {
        let (before, after) = self.text.split_at(self.position);
        let start = before.rfind('-').map_or(0, |dash| dash + 1);
        let end = after
            .find('-')
            .map_or(self.text.len(), |dash| self.position + dash);
        NetworkError::Compact {
            text: self.text.to_owned(),
            column: before.chars().count() + 1,
            piece: self.text[start..end].to_owned(),
            found,
            wanted,
        }
    }
}
