//! Frames on the wire: `COBS(body ‖ crc32) 0x00`.
//!
//! COBS removes every zero from a frame, so that 0x00 can only be a delimiter. A receiver that has lost its place
//! finds it again at the next zero. Delimiters may repeat; the empty frame between two of them has no meaning.

use super::crc::{CRC_BYTES, crc32, verify};
use cobs::{DecodeResult, DecoderState};

/// Byte that ends every frame and occurs nowhere inside one.
pub const DELIMITER: u8 = 0;

/// Appends the frame of `body` to `wire`, delimiter included.
///
/// ```
/// let mut wire = Vec::new();
/// synfire::protocol::frame::encode(&[1, 0, 7, 0], &mut wire); // PING, sequence number 7
/// assert_eq!(wire, [0x02, 0x01, 0x02, 0x07, 0x05, 0xBE, 0x2E, 0xB9, 0xD6, 0x00]);
/// ```
pub fn encode(body: &[u8], wire: &mut Vec<u8>) {
    let mut plain = Vec::with_capacity(body.len() + CRC_BYTES);
    plain.extend_from_slice(body);
    plain.extend_from_slice(&crc32(body).to_le_bytes());
    let start = wire.len();
    wire.resize(start + cobs::max_encoding_length(plain.len()), DELIMITER);
    let length = cobs::encode(&plain, &mut wire[start..]);
    wire.truncate(start + length);
    wire.push(DELIMITER);
}

/// Largest number of bytes that a frame of `plain` bytes (body and CRC) can take on the wire, delimiter included.
#[must_use]
pub const fn max_wire_bytes(plain: usize) -> usize {
    cobs::max_encoding_length(plain) + 1
}

/// Why a frame was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadFrame {
    /// A delimiter came in the middle of a COBS block.
    Cobs,
    /// Body and CRC are longer than the receiver's limit.
    Overlong,
    /// The CRC does not match, or the frame is too short to have one.
    Crc,
}

/// What the decoder made of one more byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// The byte completes no frame.
    Pending,
    /// The byte completes a frame with a correct CRC and this body.
    Frame(Vec<u8>),
    /// The byte ends a frame that is dropped for this reason.
    Bad(BadFrame),
}

/// Finds frames in a stream of bytes that arrives in pieces of any size.
///
/// The decoder never holds more bytes than its limit. After any garbage, the frame that follows the next delimiter is
/// decoded correctly.
#[derive(Debug)]
pub struct FrameDecoder {
    cobs: DecoderState,
    plain: Vec<u8>,
    limit: usize,
    overlong: bool,
}

impl FrameDecoder {
    /// A decoder for frames of at most `limit` bytes, body and CRC together.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            cobs: DecoderState::Idle,
            plain: Vec::new(),
            limit,
            overlong: false,
        }
    }

    /// Takes one byte off the wire.
    pub fn push(&mut self, byte: u8) -> Decoded {
        match self.cobs.feed(byte) {
            Ok(DecodeResult::NoData | DecodeResult::DataStart) => Decoded::Pending,
            Ok(DecodeResult::DataContinue(data)) => {
                if self.plain.len() < self.limit {
                    self.plain.push(data);
                } else {
                    self.overlong = true;
                }
                Decoded::Pending
            }
            Ok(DecodeResult::DataComplete) => self.finish(true),
            Err(_) => self.finish(false),
        }
    }

    fn finish(&mut self, well_formed: bool) -> Decoded {
        let mut plain = std::mem::take(&mut self.plain);
        let overlong = std::mem::take(&mut self.overlong);
        if overlong {
            return Decoded::Bad(BadFrame::Overlong);
        }
        if !well_formed {
            return Decoded::Bad(BadFrame::Cobs);
        }
        match verify(&plain).map(<[u8]>::len) {
            Some(length) => {
                plain.truncate(length);
                Decoded::Frame(plain)
            }
            None => Decoded::Bad(BadFrame::Crc),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn wire(body: &[u8]) -> Vec<u8> {
        let mut wire = Vec::new();
        encode(body, &mut wire);
        wire
    }

    fn decode(decoder: &mut FrameDecoder, bytes: &[u8]) -> Vec<Decoded> {
        bytes
            .iter()
            .map(|&byte| decoder.push(byte))
            .filter(|event| *event != Decoded::Pending)
            .collect()
    }

    /// Bodies rich in zeros and in long runs without one: the corner cases of COBS.
    fn body() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            vec(any::<u8>(), 0..40),
            vec(prop_oneof![Just(0u8), Just(1), Just(255)], 0..40),
            (245usize..270).prop_map(|n| vec![7; n]),
            (500usize..520, 0usize..500)
                .prop_map(|(n, zero)| (0..n).map(|i| if i == zero { 0 } else { 9 }).collect()),
        ]
    }

    proptest! {
        #[test]
        fn every_body_survives(bodies in vec(body(), 1..6)) {
            let mut decoder = FrameDecoder::new(600);
            let mut stream = Vec::new();
            for body in &bodies {
                let frame = wire(body);
                prop_assert!(frame.len() <= max_wire_bytes(body.len() + CRC_BYTES));
                prop_assert!(!frame[..frame.len() - 1].contains(&DELIMITER));
                stream.extend(frame);
            }
            let expected: Vec<_> = bodies.into_iter().map(Decoded::Frame).collect();
            prop_assert_eq!(decode(&mut decoder, &stream), expected);
        }

        #[test]
        fn a_frame_behind_garbage_and_a_delimiter_survives(garbage: Vec<u8>, body in body()) {
            let mut decoder = FrameDecoder::new(600);
            decode(&mut decoder, &garbage);
            decode(&mut decoder, &[DELIMITER]);
            prop_assert_eq!(decode(&mut decoder, &wire(&body)), [Decoded::Frame(body)]);
        }

        #[test]
        fn one_flipped_bit_never_yields_a_frame(body in body(), at: prop::sample::Index) {
            let mut frame = wire(&body);
            let bit = at.index((frame.len() - 1) * 8);
            frame[bit / 8] ^= 1 << (bit % 8);
            frame.push(DELIMITER);
            let events = decode(&mut FrameDecoder::new(600), &frame);
            prop_assert!(!events.is_empty());
            prop_assert!(events.iter().all(|event| matches!(event, Decoded::Bad(_))), "{:?}", events);
        }
    }

    #[test]
    fn the_limit_is_exact_and_the_next_frame_unharmed() {
        let mut decoder = FrameDecoder::new(10);
        assert_eq!(decode(&mut decoder, &wire(&[5; 6])), [Decoded::Frame(vec![5; 6])]);
        assert_eq!(
            decode(&mut decoder, &wire(&[5; 7])),
            [Decoded::Bad(BadFrame::Overlong)]
        );
        assert_eq!(decode(&mut decoder, &wire(&[0; 6])), [Decoded::Frame(vec![0; 6])]);
    }

    #[test]
    fn bad_frames_say_why() {
        let mut decoder = FrameDecoder::new(64);
        assert_eq!(
            decode(&mut decoder, &[0, 0, 0]),
            [],
            "repeated delimiters are silent"
        );
        assert_eq!(decode(&mut decoder, &[5, 1, 0]), [Decoded::Bad(BadFrame::Cobs)]);
        assert_eq!(
            decode(&mut decoder, &[1, 0]),
            [Decoded::Bad(BadFrame::Crc)],
            "shorter than a CRC"
        );
        assert_eq!(
            decode(&mut decoder, &[6, 1, 2, 3, 4, 5, 0]),
            [Decoded::Bad(BadFrame::Crc)]
        );
    }

    #[test]
    fn both_ways_to_end_a_full_block_are_accepted() {
        // 254 bytes without a zero fill one COBS block; some encoders then add an empty block, some do not.
        let body = [3; 250];
        let frame = wire(&body);
        assert_eq!(frame.len(), 256);
        let mut longer = frame.clone();
        longer.insert(255, 1);
        for frame in [frame, longer] {
            assert_eq!(
                decode(&mut FrameDecoder::new(254), &frame),
                [Decoded::Frame(body.to_vec())]
            );
        }
    }
}
