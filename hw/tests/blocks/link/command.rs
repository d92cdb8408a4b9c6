//! Command processor against `docs/protocol.md`.

use super::command_bench::{
    Bench, CLEAR, COUNTERS, FREE_SLOTS, IDENTIFY, MALFORMED, NOT_READY, OK, OUT_OF_SEQUENCE, PING,
    POTENTIALS, RESULT, SPIKES, SYNC, UNKNOWN_OPCODE, UNSUPPORTED_VERSION, WATCHDOG_CLOCKS, bytes, identity,
    request, spike,
};
use crate::support::assert_same;
use synfire_hw::circuit::event::Event;

#[test]
fn reads_are_answered_whatever_their_number_and_change_nothing() {
    let mut bench = Bench::new(20);
    for tag in [0, 1, 0xFFFF] {
        assert_same(&[], &bench.expect(PING, tag, &[], OK, 0));
        assert_same(&identity(20).payload(), &bench.expect(IDENTIFY, tag, &[], OK, 0));
        let counters = bytes(&[
            0x0403_0201,
            0x0807_0605,
            0x1000_0000,
            0x2000_0000,
            0x3000_0000,
            0x1000_0001,
            0x2000_0001,
            0x3000_0001,
        ]);
        assert_same(&counters, &bench.expect(COUNTERS, tag, &[], OK, 0));
        let mut result = bytes(&[0, 0x00C0_FFEE]);
        result.extend(POTENTIALS.iter().flat_map(|potential| potential.to_le_bytes()));
        assert_same(&result, &bench.expect(RESULT, tag, &[], OK, 0));
    }
    assert_same(&[], &bench.take_events());
}

#[test]
fn identity_is_laid_out_as_documented() {
    let mut expected = vec![1, 2, 7, 0, 0x10, 3, 0, 0, 0x00, 0x1B, 0xB7, 0x00, 0, 1, 2, 0];
    expected.extend(0x10..0x20);
    expected.extend(0xA0..0xB0);
    assert_same(&expected, &Bench::new(784).expect(IDENTIFY, 5, &[], OK, 0));
}

#[test]
fn sync_starts_the_sequence_anywhere_and_writes_follow_it() {
    let mut bench = Bench::new(20);
    bench.expect(SYNC, 0xFFFE, &[], OK, 0xFFFF);
    bench.expect(CLEAR, 0xFFFF, &[], OK, 0);
    bench.expect(SPIKES, 0, &[0x81, 1, 0], OK, 1);
    bench.expect(SYNC, 0x0400, &[], OK, 0x0401);
    assert_same(
        &[
            Event::Clear,
            Event::Clear,
            spike(0),
            Event::EndOfStep,
            Event::Clear,
        ],
        &bench.take_events(),
    );
}

#[test]
fn a_write_out_of_sequence_has_no_effect() {
    let mut bench = Bench::new(20);
    bench.expect(SYNC, 9, &[], OK, 10);
    bench.take_events();
    for sequence in [9, 11, 0, 10 + 256, 0xFFFF] {
        bench.expect(CLEAR, sequence, &[], OUT_OF_SEQUENCE, 10);
        bench.expect(SPIKES, sequence, &[0x81, 1, 0], OUT_OF_SEQUENCE, 10);
    }
    assert_same(&[], &bench.take_events());
    bench.expect(CLEAR, 10, &[], OK, 11);
    bench.expect(CLEAR, 10, &[], OUT_OF_SEQUENCE, 11);
    assert_same(&[Event::Clear], &bench.take_events());
}

#[test]
fn every_other_opcode_is_unknown() {
    let mut bench = Bench::new(20);
    let known = [PING, IDENTIFY, SYNC, CLEAR, SPIKES, RESULT, COUNTERS];
    // Opcodes have 7 bits: the eighth marks a response.
    for opcode in (0..0x80).filter(|opcode| !known.contains(opcode)) {
        bench.expect(opcode, 0, &[1, 2, 3], UNKNOWN_OPCODE, 0);
    }
    assert_same(&[], &bench.take_events());
}

#[test]
fn version_is_checked_before_everything_else() {
    let mut bench = Bench::new(20);
    for opcode in [PING, IDENTIFY, SYNC, CLEAR, SPIKES, RESULT, COUNTERS, 0x7F] {
        for version in [0, 2, 0x81, 0xFF] {
            let mut body = request(opcode, 0, &[0x81, 1, 0]);
            body[0] = version;
            assert_same(
                &[1, opcode | 0x80, 0, 0, UNSUPPORTED_VERSION, FREE_SLOTS, 0, 0],
                &bench.request(&body),
            );
        }
    }
    assert_same(&[], &bench.take_events());
}

#[test]
fn opcode_is_checked_before_sequence_and_sequence_before_payload() {
    let mut bench = Bench::new(20);
    bench.expect(0x12, 77, &[0x7E], UNKNOWN_OPCODE, 0);
    bench.expect(SPIKES, 77, &[0x7E], OUT_OF_SEQUENCE, 0);
    bench.expect(SPIKES, 0, &[0x7E], MALFORMED, 1);
}

#[test]
fn reserved_bits_of_a_tag_are_malformed() {
    for bit in 1..7 {
        let mut bench = Bench::new(20);
        bench.expect(SPIKES, 0, &[0x81 | 1 << bit, 1, 0], MALFORMED, 1);
        assert_same(&[], &bench.take_events());
    }
}

#[test]
fn chunks_that_are_cut_short_are_malformed() {
    for payload in [
        &[0x81][..],
        &[0x81, 3],
        &[0x81, 255],
        &[0x80],
        &[0x80, 0, 0],
        &[0x81, 0, 0x80, 1],
    ] {
        Bench::new(20).expect(SPIKES, 0, payload, MALFORMED, 1);
    }
}

#[test]
fn addresses_beyond_the_inputs_are_malformed_and_never_pushed() {
    for (inputs, payload) in [
        (20, &[0x81, 21, 0][..]),
        (20, &[0x81, 20, 1, 0]),
        (20, &[0x81, 254, 0]),
        (254, &[0x81, 255, 1, 0]),
        (300, &[0x81, 255, 47, 0]),
    ] {
        let mut bench = Bench::new(inputs);
        bench.expect(SPIKES, 0, payload, MALFORMED, 1);
        let pushed = bench.take_events();
        assert!(
            pushed
                .iter()
                .all(|event| matches!(event, Event::Spike(s) if s.address < inputs)),
            "{pushed:?}"
        );
    }
    // The last input is one.
    let mut bench = Bench::new(300);
    bench.expect(SPIKES, 0, &[0x81, 255, 46, 0], OK, 1);
    assert_same(&[spike(299), Event::EndOfStep], &bench.take_events());
}

#[test]
fn the_request_of_the_document_is_decoded() {
    let mut bench = Bench::new(784);
    bench.expect(SYNC, 0x0401, &[], OK, 0x0402);
    bench.take_events();
    bench.expect(
        SPIKES,
        0x0402,
        &[0x81, 0x01, 0x03, 0xFF, 0x2B, 0x00, 0x81, 0x00],
        OK,
        0x0403,
    );
    assert_same(
        &[spike(0), spike(3), spike(300), Event::EndOfStep, Event::EndOfStep],
        &bench.take_events(),
    );
}

#[test]
fn result_waits_for_the_steps_and_the_clear() {
    let mut bench = Bench::new(20);
    bench.expect(SPIKES, 0, &[0x81, 1, 0, 0x81, 0], OK, 1);
    let result = bench.expect(RESULT, 0, &[], OK, 1);
    assert_same(&2_u32.to_le_bytes(), &result[..4]);
    // As many steps again: those of the inference before must not pass for them.
    bench.stalled = true;
    bench.expect(CLEAR, 1, &[], OK, 2);
    bench.expect(SPIKES, 2, &[0x81, 0, 0x81, 0], OK, 3);
    bench.expect(RESULT, 0, &[], NOT_READY, 3);
    bench.stalled = false;
    let result = bench.expect(RESULT, 0, &[], OK, 3);
    assert_same(&2_u32.to_le_bytes(), &result[..4]);
}

#[test]
fn the_watchdog_starts_anew_with_every_result() {
    let mut bench = Bench::new(20);
    bench.stalled = true;
    bench.expect(CLEAR, 0, &[], OK, 1);
    for _ in 0..2 {
        let before = bench.command.cycles();
        bench.expect(RESULT, 0, &[], NOT_READY, 1);
        let waited = bench.command.cycles() - before;
        assert!(waited > u64::from(WATCHDOG_CLOCKS), "{waited} clocks");
    }
}
