//! CRC-32 of a frame body: IEEE 802.3, reflected polynomial 0xEDB88320, initial value and final XOR
//! 0xFFFFFFFF.

/// Bytes of the checksum that follows a body, little-endian.
pub const CRC_BYTES: usize = 4;

/// Returns the checksum of `body`.
///
/// ```
/// assert_eq!(synfire::protocol::crc::crc32(b"123456789"), 0xCBF4_3926);
/// ```
#[must_use]
pub fn crc32(body: &[u8]) -> u32 {
    crc32fast::hash(body)
}

/// Returns the body of `bytes`, a body followed by its checksum; `None` if `bytes` is too short or the checksum is
/// wrong.
#[must_use]
pub fn verify(bytes: &[u8]) -> Option<&[u8]> {
    let (body, sum) = bytes.split_last_chunk::<CRC_BYTES>()?;
    (crc32(body) == u32::from_le_bytes(*sum)).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computes the CRC bit by bit, like the hardware.
    fn bitwise(body: &[u8]) -> u32 {
        !body.iter().fold(!0u32, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |c, _| {
                if c & 1 == 1 { c >> 1 ^ 0xEDB8_8320 } else { c >> 1 }
            })
        })
    }

    proptest::proptest! {
        #[test]
        fn equals_the_bitwise_definition(body: Vec<u8>) {
            proptest::prop_assert_eq!(crc32(&body), bitwise(&body));
        }
    }

    #[test]
    fn verify_accepts_only_the_right_sum() {
        let mut bytes = b"123456789".to_vec();
        bytes.extend(0xCBF4_3926u32.to_le_bytes());
        assert_eq!(verify(&bytes), Some(&b"123456789"[..]));
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(verify(&damaged), None, "bit {bit}");
        }
        assert_eq!(verify(&[0; 3]), None);
        assert_eq!(verify(&[0; 4]), Some(&[][..]), "the sum of nothing is 0");
    }
}
