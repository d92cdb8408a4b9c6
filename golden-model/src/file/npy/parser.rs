//! Parser of the dictionary in a header.

use super::{Header, NumberFormat};

/// Limit on the number of dimensions. NumPy has at most 64.
const MAX_DIMENSIONS: usize = 64;
/// Longest description of a type that is quoted in a message.
const MAX_QUOTE: usize = 40;

/// Parses the text of a header that ends after `length` bytes; the error says what is wrong.
pub(super) fn parse(text: &str, length: u64) -> Result<Header, String> {
    let mut cursor = Cursor { rest: text };
    let (mut types, mut order, mut sizes) = (None, None, None);
    cursor.expect('{')?;
    while !cursor.take('}') {
        let key = cursor.string()?;
        cursor.expect(':')?;
        match key {
            "descr" => types = Some(cursor.descr()?),
            "fortran_order" => order = Some(cursor.boolean()?),
            "shape" => sizes = Some(cursor.sizes()?),
            _ => return Err(format!("its header has the unknown key `{}`", quoted(key))),
        }
        if !cursor.take(',') {
            cursor.expect('}')?;
            break;
        }
    }
    let missing = |key: &str| format!("its header lacks the key `{key}`");
    let (type_name, format) = types.ok_or_else(|| missing("descr"))?;
    Ok(Header {
        type_name,
        format,
        fortran_order: order.ok_or_else(|| missing("fortran_order"))?,
        sizes: sizes.ok_or_else(|| missing("shape"))?,
        length,
    })
}

fn quoted(text: &str) -> String {
    text.chars().take(MAX_QUOTE).collect()
}

/// The part of the text that is still to be parsed.
struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    /// Skips blanks, and `letter` if it comes next.
    fn take(&mut self, letter: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(letter) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, letter: char) -> Result<(), String> {
        match self.take(letter) {
            true => Ok(()),
            false => Err(self.wanted(&format!("`{letter}`"))),
        }
    }

    fn wanted(&self, what: &str) -> String {
        format!(
            "its header has `{}` in place of {what}",
            quoted(self.rest.trim_end())
        )
    }

    /// A string in single or double quotes, without escapes.
    fn string(&mut self) -> Result<&'a str, String> {
        for quote in ['\'', '"'] {
            if self.take(quote) {
                let end = self.rest.find(quote);
                let end = end.ok_or_else(|| "its header has a string without an end".to_owned())?;
                let string = &self.rest[..end];
                self.rest = &self.rest[end + 1..];
                return Ok(string);
            }
        }
        Err(self.wanted("a string"))
    }

    /// A type: its name, and its format if it is a plain number.
    fn descr(&mut self) -> Result<(String, Option<NumberFormat>), String> {
        if self.take('[') {
            self.skip_list()?;
            return Ok(("record".into(), None));
        }
        let descr = self.string()?;
        let format = NumberFormat::parse(descr);
        let name = match (format, descr.trim_start_matches(['<', '>', '|', '='])) {
            (Some(format), _) => format.to_string(),
            (None, "f2") => "float16".into(),
            (None, "c8") => "complex64".into(),
            (None, "c16") => "complex128".into(),
            (None, "O") => "object".into(),
            (None, _) => format!("'{}'", quoted(descr)),
        };
        Ok((name, format))
    }

    /// Skips the rest of a list whose bracket has been taken, with all lists in it.
    fn skip_list(&mut self) -> Result<(), String> {
        let (mut depth, mut quote) = (1_usize, None);
        for (at, letter) in self.rest.char_indices() {
            match (quote, letter) {
                (Some(open), letter) if open == letter => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(letter),
                (None, '[') => depth += 1,
                (None, ']') => depth -= 1,
                (None, _) => {}
            }
            if depth == 0 {
                self.rest = &self.rest[at + 1..];
                return Ok(());
            }
        }
        Err("its header has a list without an end".into())
    }

    fn boolean(&mut self) -> Result<bool, String> {
        self.rest = self.rest.trim_start();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(self.wanted("True or False"))
    }

    /// The sizes in a tuple.
    fn sizes(&mut self) -> Result<Vec<u64>, String> {
        self.expect('(')?;
        let mut sizes = Vec::new();
        while !self.take(')') {
            let digits = self.rest.find(|letter: char| !letter.is_ascii_digit());
            let (number, rest) = self.rest.split_at(digits.unwrap_or(self.rest.len()));
            sizes.push(number.parse().map_err(|_| self.wanted("a size below 2^64"))?);
            if sizes.len() > MAX_DIMENSIONS {
                return Err(format!("it has more than {MAX_DIMENSIONS} dimensions"));
            }
            // Python 2 wrote long integers with a suffix.
            self.rest = rest.strip_prefix('L').unwrap_or(rest);
            if !self.take(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(sizes)
    }
}
