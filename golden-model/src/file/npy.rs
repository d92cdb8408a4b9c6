//! Headers of NumPy arrays, format versions 1 to 3: type, order and shape.
//!
//! A header is a Python dictionary with three keys. It is parsed in one pass, without recursion, after at most
//! [`MAX_HEADER_BYTES`] have been read: headers of untrusted files cost little time and little memory.

mod number;
mod parser;

pub(crate) use number::{Kind, Number, NumberFormat};

use std::io::{Error as IoError, ErrorKind, Read};

/// Limit on the text of a header in bytes. NumPy refuses more than 10,000 bytes.
const MAX_HEADER_BYTES: usize = 1 << 16;

const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Description of an array: type, order and shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// NumPy's name of the type, such as `float32`, for messages.
    pub(crate) type_name: String,
    /// Format of a number; `None` if the elements are no plain numbers.
    pub(crate) format: Option<NumberFormat>,
    /// True if the first index varies fastest, false if the last one does.
    pub(crate) fortran_order: bool,
    /// Sizes of the dimensions.
    pub(crate) sizes: Vec<u64>,
    /// Bytes before the numbers: magic number, version, length and text.
    pub(crate) length: u64,
}

impl Header {
    /// Reads a header; the numbers follow.
    pub(crate) fn read(reader: &mut impl Read) -> Result<Self, IoError> {
        let mut start = [0; 8];
        reader.read_exact(&mut start)?;
        if &start[..6] != MAGIC {
            return Err(invalid("it does not start like a NumPy array".into()));
        }
        let (length, prefix) = match start[6..] {
            [1, 0] => {
                let mut length = [0; 2];
                reader.read_exact(&mut length)?;
                (u16::from_le_bytes(length).into(), 10)
            }
            [2 | 3, 0] => {
                let mut length = [0; 4];
                reader.read_exact(&mut length)?;
                (u32::from_le_bytes(length) as usize, 12)
            }
            _ => {
                let [.., major, minor] = start;
                return Err(invalid(format!(
                    "version {major}.{minor} of its header is unknown"
                )));
            }
        };
        if length > MAX_HEADER_BYTES {
            return Err(invalid(format!(
                "its header has {length} bytes, more than {MAX_HEADER_BYTES}"
            )));
        }
        let mut text = vec![0; length];
        reader.read_exact(&mut text)?;
        // Version 3 has UTF-8 text; versions 1 and 2 have Latin-1 text, which differs in names of fields only.
        let text = String::from_utf8_lossy(&text);
        parser::parse(&text, (prefix + length) as u64).map_err(invalid)
    }

    /// Header of an array in C order, as NumPy writes it.
    pub(crate) fn text(descr: &str, sizes: &[u64]) -> Vec<u8> {
        const PREFIX: usize = 10;
        const ALIGNMENT: usize = 64;
        let comma = if sizes.len() == 1 { "," } else { "" };
        let list: Vec<String> = sizes.iter().map(u64::to_string).collect();
        let mut text = format!(
            "{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}{comma}), }}",
            list.join(", ")
        );
        let length = (PREFIX + text.len() + 1).next_multiple_of(ALIGNMENT) - PREFIX;
        text.extend(std::iter::repeat_n(' ', length - text.len() - 1));
        text.push('\n');
        let length = u16::try_from(length).expect("a header of few dimensions");
        [&MAGIC[..], &[1, 0], &length.to_le_bytes(), text.as_bytes()].concat()
    }

    /// Number of elements, at most `u64::MAX`.
    pub(crate) fn numbers(&self) -> u64 {
        let product = |product: u64, &size: &u64| product.saturating_mul(size);
        match self.sizes.contains(&0) {
            true => 0,
            false => self.sizes.iter().fold(1, product),
        }
    }
}

fn invalid(message: String) -> IoError {
    IoError::new(ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests;
