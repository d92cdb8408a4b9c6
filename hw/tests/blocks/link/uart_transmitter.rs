//! UART transmitter against the line that it should make.

use crate::support::{Willing, assert_same, config, difference, simulate, willing, word};
use proptest::prelude::*;
use synfire_hw::circuit::link::uart_transmitter::UartTransmitter;

/// The line, cycle by cycle, and the cycles in which bytes were taken.
fn transmit(cycles_per_bit: usize, bytes: &[u8], writer: &Willing) -> (Vec<bool>, Vec<usize>) {
    let mut uart = simulate(UartTransmitter::new(cycles_per_bit as u64), |uart| {
        &mut uart.clock
    });
    let (mut line, mut taken) = (Vec::new(), Vec::new());
    let mut quiet = 0;
    while quiet < 2 * cycles_per_bit + 24 {
        let cycle = line.len();
        let next = bytes.get(taken.len());
        let circuit = uart.circuit();
        circuit.valid.next = next.is_some() && writer.at(cycle);
        circuit.data.next = word(next.copied().unwrap_or(0xFF));
        uart.settle();
        let circuit = uart.circuit();
        line.push(circuit.tx.val());
        if circuit.valid.val() && circuit.ready.val() {
            taken.push(cycle);
        }
        quiet = if circuit.ready.val() && next.is_none() {
            quiet + 1
        } else {
            0
        };
        uart.tick();
    }
    (line, taken)
}

/// Line for bytes that are taken in the given cycles: each starts one cycle later.
fn line(cycles_per_bit: usize, bytes: &[u8], taken: &[usize], cycles: usize) -> Vec<bool> {
    let mut line = vec![true; cycles];
    for (byte, start) in bytes.iter().zip(taken) {
        let levels = [false]
            .into_iter()
            .chain((0..8).map(|position| byte >> position & 1 == 1));
        for (position, level) in levels.enumerate() {
            line[start + 1 + position * cycles_per_bit..][..cycles_per_bit].fill(level);
        }
    }
    line
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn every_bit_lasts_its_cycles_and_every_byte_has_its_stop_bit(
        cycles_per_bit in 4..=25_usize, bytes in proptest::collection::vec(any::<u8>(), 1..5),
        writer in willing(),
    ) {
        let (seen, taken) = transmit(cycles_per_bit, &bytes, &writer);
        prop_assert_eq!(taken.len(), bytes.len());
        assert_same(&line(cycles_per_bit, &bytes, &taken, seen.len()), &seen);
        for pair in taken.windows(2) {
            prop_assert!(pair[1] - pair[0] > 10 * cycles_per_bit, "the stop bit is whole");
        }
    }
}

#[test]
fn every_byte_is_sent_back_to_back() {
    let bytes: Vec<u8> = (0..=255).collect();
    let (seen, taken) = transmit(4, &bytes, &Willing::always());
    assert_same(&line(4, &bytes, &taken, seen.len()), &seen);
    let starts: Vec<usize> = (0..256).map(|byte| byte * 41).collect();
    assert_same(&starts, &taken);
}

#[test]
fn the_line_idles_high_from_power_up() {
    let (seen, _) = transmit(4, &[], &Willing::always());
    assert!(seen.iter().all(|&level| level), "{seen:?}");
}

#[test]
fn a_flipped_bit_and_another_rate_are_noticed() {
    let (seen, taken) = transmit(8, &[0x5A], &Willing::always());
    assert_same(&line(8, &[0x5A], &taken, seen.len()), &seen);
    assert!(difference(&line(8, &[0x5B], &taken, seen.len()), &seen).is_some());
    assert!(difference(&line(7, &[0x5A], &taken, seen.len()), &seen).is_some());
}
