//! Frame transmitter against `cobs` and `crc32fast`.

use crate::support::{Willing, assert_same, config, difference, simulate, willing, word};
use proptest::prelude::*;
use synfire_hw::circuit::link::frame_transmitter::FrameTransmitter;

/// Longest body of the tests: three blocks.
const BODY_BYTES: usize = 600;

/// Everything that is sent for the given bodies.
fn transmit(bodies: &[Vec<u8>], writer: &Willing, reader: &Willing) -> Vec<u8> {
    let mut transmitter = simulate(FrameTransmitter::new(BODY_BYTES), |transmitter| {
        &mut transmitter.clock
    });
    let mut input = bodies.iter().flat_map(|body| {
        body.iter()
            .enumerate()
            .map(|(place, &byte)| (byte, place + 1 == body.len()))
    });
    let mut next = input.next();
    let mut sent = Vec::new();
    let mut delimiters = 0;
    for cycle in 0.. {
        let circuit = transmitter.circuit();
        circuit.valid.next = next.is_some() && writer.at(cycle);
        let (byte, last) = next.unwrap_or_default();
        circuit.data.next = word(byte);
        circuit.last.next = last;
        circuit.out_ready.next = reader.at(cycle);
        transmitter.settle();
        let circuit = transmitter.circuit();
        if circuit.valid.val() && circuit.ready.val() {
            next = input.next();
        }
        if circuit.out_valid.val() && circuit.out_ready.val() {
            let byte = circuit.out_data.val().to_u8();
            sent.push(byte);
            delimiters += usize::from(byte == 0);
        }
        transmitter.tick();
        if delimiters >= bodies.len() {
            break;
        }
        assert!(
            cycle < 100_000,
            "the transmitter hangs after {} bytes",
            sent.len()
        );
    }
    sent
}

/// Body and CRC of every frame.
fn frames(sent: &[u8]) -> Vec<Vec<u8>> {
    let (last, frames) = sent.split_last().expect("a delimiter");
    assert_eq!(*last, 0);
    frames
        .split(|&byte| byte == 0)
        .map(|frame| cobs::decode_vec(frame).expect("COBS"))
        .collect()
}

fn with_crc(body: &[u8]) -> Vec<u8> {
    [body, &crc32fast::hash(body).to_le_bytes()].concat()
}

/// A body of a given share of zeros in 16.
fn body() -> impl Strategy<Value = Vec<u8>> {
    (0..=16_u8).prop_flat_map(|zeros| {
        let byte = (0..16_u8, 1..=255_u8).prop_map(move |(draw, byte)| if draw < zeros { 0 } else { byte });
        prop::collection::vec(byte, 1..60)
    })
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn frames_hold_their_bodies_and_the_crc(
        bodies in prop::collection::vec(body(), 1..4), writer in willing(), reader in willing(),
    ) {
        let expected: Vec<Vec<u8>> = bodies.iter().map(|body| with_crc(body)).collect();
        assert_same(&expected, &frames(&transmit(&bodies, &writer, &reader)));
    }
}

/// A body without a zero, or with a single one.
fn body_of(length: usize, zero_at: Option<usize>) -> Vec<u8> {
    let byte = |place| {
        if zero_at == Some(place) {
            0
        } else {
            u8::try_from(place % 255 + 1).expect("1..=255")
        }
    };
    (0..length).map(byte).collect()
}

#[test]
fn blocks_of_254_bytes_are_closed_wherever_they_end() {
    // The 254th byte is in the body, its last, in the CRC, its last; and there are more blocks than one.
    let mut bodies: Vec<Vec<u8>> = (248..=256)
        .chain([508, 600])
        .map(|length| body_of(length, None))
        .collect();
    bodies.extend([253, 254, 255].map(|zero| body_of(300, Some(zero))));
    let expected: Vec<Vec<u8>> = bodies.iter().map(|body| with_crc(body)).collect();
    let sent = transmit(&bodies, &Willing::always(), &Willing::always());
    assert_same(&expected, &frames(&sent));
}

#[test]
fn codes_are_those_of_cobs_byte_for_byte() {
    let body = vec![0x01, 0x80, 0x07, 0x00, 0x00, 0x02, 0x00, 0x00];
    let wire = [
        0x04, 0x01, 0x80, 0x07, 0x01, 0x02, 0x02, 0x01, 0x05, 0xD3, 0xD1, 0x1F, 0x3F, 0x00,
    ];
    assert_same(&wire, &transmit(&[body], &Willing::always(), &Willing::always()));
}

#[test]
fn a_changed_body_is_noticed() {
    let seen = frames(&transmit(
        &[vec![1, 2, 0, 3]],
        &Willing::always(),
        &Willing::always(),
    ));
    assert_same(&[with_crc(&[1, 2, 0, 3])], &seen);
    assert!(difference(&[with_crc(&[1, 2, 3, 0])], &seen).is_some());
    assert!(difference(&[[1, 2, 0, 3, 0, 0, 0, 0].to_vec()], &seen).is_some());
}
