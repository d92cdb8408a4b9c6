//! SHA-256 and hexadecimal text.

use sha2::{Digest, Sha256};
use std::io::{ErrorKind, Read, Result as IoResult};

/// Bytes that are read at a time.
const PIECE_BYTES: usize = 1 << 16;

/// Formats bytes in hexadecimal, two lower-case digits each.
///
/// ```
/// assert_eq!(synfire_golden_model::file::hex(&[0x0F, 0xA0]), "0fa0");
/// ```
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Computes the SHA-256 of bytes, in hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Computes the SHA-256 of everything that `reader` still has, in hexadecimal.
///
/// # Errors
/// If reading fails.
pub fn sha256_of(reader: &mut impl Read) -> IoResult<String> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok(hex(&hash.finalize())),
            Ok(count) => hash.update(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_and_its_bytes_have_one_sum() {
        let bytes = vec![7; 3 * PIECE_BYTES + 1];
        assert_eq!(sha256_of(&mut &bytes[..]).unwrap(), sha256(&bytes));
        // The published sum of no bytes.
        assert!(sha256(b"").starts_with("e3b0c44298fc1c149afb"));
    }
}
