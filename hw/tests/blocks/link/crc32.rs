//! CRC against `crc32fast`.

use crate::support::{config, simulate, word};
use proptest::prelude::*;
use synfire_hw::circuit::link::crc32::{Crc32, RESIDUE};
use synfire_hw::simulate::Simulation;

/// Feeds bytes as fast as they are taken; the register when all are in it.
fn feed(crc: &mut Simulation<Crc32>, bytes: &[u8]) -> u32 {
    for &byte in bytes {
        crc.circuit().data.next = word(byte);
        crc.circuit().valid.next = true;
        crc.settle();
        let mut waited = 0;
        while !crc.circuit().ready.val() {
            crc.tick();
            waited += 1;
            assert!(waited <= 8, "a byte takes 8 cycles");
        }
        crc.tick();
    }
    crc.circuit().valid.next = false;
    crc.settle();
    while !crc.circuit().ready.val() {
        crc.tick();
    }
    crc.circuit().value.val().to_u32()
}

fn restart(crc: &mut Simulation<Crc32>) {
    crc.circuit().restart.next = true;
    crc.tick();
    crc.circuit().restart.next = false;
}

fn new() -> Simulation<Crc32> {
    simulate(Crc32::default(), |crc| &mut crc.clock)
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn messages_have_the_crc_of_ieee_802_3_and_leave_the_residue(
        messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 1..4),
    ) {
        let mut crc = new();
        for message in messages {
            let expected = crc32fast::hash(&message);
            prop_assert_eq!(!feed(&mut crc, &message), expected);
            prop_assert_eq!(feed(&mut crc, &expected.to_le_bytes()), RESIDUE);
            restart(&mut crc);
        }
    }

    #[test]
    fn a_damaged_message_does_not_leave_the_residue(
        message in proptest::collection::vec(any::<u8>(), 1..20), at: prop::sample::Index, bit in 0..8,
    ) {
        let mut sent = message.clone();
        sent.extend(crc32fast::hash(&message).to_le_bytes());
        *at.get_mut(&mut sent) ^= 1_u8 << bit;
        prop_assert_ne!(feed(&mut new(), &sent), RESIDUE);
    }
}

#[test]
fn a_restart_in_the_middle_of_a_byte_forgets_it() {
    let mut crc = new();
    crc.circuit().data.next = word(0xA5_u8);
    crc.circuit().valid.next = true;
    crc.tick();
    crc.circuit().valid.next = false;
    crc.tick();
    restart(&mut crc);
    assert_eq!(!feed(&mut crc, b"123456789"), 0xCBF4_3926);
}
