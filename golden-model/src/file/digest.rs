//! SHA-256 and hexadecimal text.

use sha2::{Digest, Sha256};

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
