//! UART receiver against lines whose edges fall between clock edges.

use crate::support::{assert_same, config, difference, simulate};
use proptest::prelude::*;
use synfire_hw::circuit::link::uart_receiver::UartReceiver;

/// A line: levels, and the number of cycles that each lasts; idle afterwards.
#[derive(Clone, Debug, Default)]
struct Line(Vec<(bool, f64)>);

impl Line {
    fn idle(mut self, cycles: f64) -> Self {
        self.0.push((true, cycles));
        self
    }

    fn low(mut self, cycles: f64) -> Self {
        self.0.push((false, cycles));
        self
    }

    /// Adds a byte with the given number of cycles per bit and the given stop bit.
    fn byte(mut self, byte: u8, bit: f64, stop: bool) -> Self {
        self.0.push((false, bit));
        self.0
            .extend((0..8).map(|position| (byte >> position & 1 == 1, bit)));
        self.0.push((stop, bit));
        self
    }

    fn bytes(self, bytes: &[u8], bit: f64) -> Self {
        bytes.iter().fold(self, |line, &byte| line.byte(byte, bit, true))
    }
}

/// Bytes that a receiver of `cycles_per_bit` cycles per bit decodes from a line that starts at the given
/// fraction of a cycle.
fn receive(cycles_per_bit: u64, line: &Line, phase: f64) -> Vec<u8> {
    let mut uart = simulate(UartReceiver::new(cycles_per_bit), |uart| &mut uart.clock);
    let mut bytes = Vec::new();
    let rest = 12.0 * f64::from(u32::try_from(cycles_per_bit).expect("small"));
    let mut now = 0.0;
    let mut end = phase;
    // A quiet line first: its synchronizer reads 0 at power-up.
    for (level, cycles) in [(true, rest)].iter().chain(&line.0).chain(&[(true, rest)]) {
        end += cycles;
        while now < end {
            uart.circuit().rx.next = *level;
            uart.settle();
            if uart.circuit().valid.val() {
                bytes.push(uart.circuit().data.val().to_u8());
            }
            uart.tick();
            now += 1.0;
        }
    }
    bytes
}

#[test]
fn every_byte_arrives_back_to_back_at_the_fewest_cycles() {
    let bytes: Vec<u8> = (0..=255).collect();
    assert_same(&bytes, &receive(4, &Line::default().bytes(&bytes, 4.0), 0.5));
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn bytes_arrive_at_rates_that_are_2_percent_off(
        cycles_per_bit in 4..=25_u32, error in prop_oneof![Just(-0.02), Just(0.02), -0.02..0.02],
        phase in 0.0..1.0, bytes in proptest::collection::vec(any::<u8>(), 1..6), gap in 0.0..3.0,
    ) {
        let bit = f64::from(cycles_per_bit) * (1.0 + error);
        let line = bytes.iter().fold(Line::default(), |line, &byte| {
            line.byte(byte, bit, true).idle(gap * bit)
        });
        assert_same(&bytes, &receive(cycles_per_bit.into(), &line, phase));
    }

    #[test]
    fn a_start_bit_that_is_gone_at_its_middle_is_noise(
        cycles_per_bit in 8..=25_u32, length in 0.05..0.4, phase in 0.0..1.0, byte: u8,
    ) {
        let bit = f64::from(cycles_per_bit);
        let line = Line::default().low(length * bit).idle(bit).byte(byte, bit, true);
        assert_same(&[byte], &receive(cycles_per_bit.into(), &line, phase));
    }
}

#[test]
fn a_byte_without_a_stop_bit_is_dropped_and_the_next_arrives() {
    let line = Line::default()
        .byte(0x35, 8.0, false)
        .idle(4.0)
        .byte(0xA7, 8.0, true);
    assert_same(&[0xA7], &receive(8, &line, 0.3));
}

#[test]
fn a_line_held_low_gives_no_byte_and_the_next_arrives() {
    let line = Line::default().low(1000.0).idle(8.0).byte(0x00, 8.0, true);
    assert_same(&[0x00], &receive(8, &line, 0.0));
}

#[test]
fn a_rate_that_is_8_percent_off_is_noticed() {
    let bytes = [0x55, 0x00, 0xFF];
    for error in [-0.08, 0.08] {
        let line = Line::default().bytes(&bytes, 16.0 * (1.0 + error));
        assert!(difference(&bytes, &receive(16, &line, 0.5)).is_some());
    }
}
