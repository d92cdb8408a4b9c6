//! Command processor against `docs/protocol.md`.

use super::command_bench::{
    Bench, CLEAR, COUNTERS, FREE_SLOTS, IDENTIFY, IMAGE, LOAD, MALFORMED, NO_MEMORY, NOT_READY, OK,
    OUT_OF_SEQUENCE, OUTSIDE, PING, POTENTIALS, RESULT, SPIKES, SYNC, UNKNOWN_OPCODE, UNSUPPORTED_VERSION,
    WATCHDOG_CYCLES, bytes, identity, request, spike,
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
    let mut expected = vec![1, 2, 7, 0, 0x10, 3, 0, 0, 0x00, 0x1B, 0xB7, 0x00, 0, 1, 2, 0b1110];
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
        bench.expect(LOAD, sequence, &[3, 0, 0, 0, 1, 2], OUT_OF_SEQUENCE, 10);
        bench.expect(IMAGE, sequence, &[0, 1, 0, 0, 0, 5, 0], OUT_OF_SEQUENCE, 10);
    }
    assert_same(&[], &bench.take_loaded());
    assert_same(&[], bench.images());
    assert_same(&[], &bench.take_events());
    bench.expect(CLEAR, 10, &[], OK, 11);
    bench.expect(CLEAR, 10, &[], OUT_OF_SEQUENCE, 11);
    assert_same(&[Event::Clear], &bench.take_events());
}

#[test]
fn every_other_opcode_is_unknown() {
    let mut bench = Bench::new(20);
    let known = [PING, IDENTIFY, SYNC, CLEAR, SPIKES, LOAD, IMAGE, RESULT, COUNTERS];
    // Opcodes have 7 bits: the eighth marks a response.
    for opcode in (0..0x80).filter(|opcode| !known.contains(opcode)) {
        bench.expect(opcode, 0, &[1, 2, 3], UNKNOWN_OPCODE, 0);
    }
    assert_same(&[], &bench.take_events());
}

#[test]
fn version_is_checked_before_everything_else() {
    let mut bench = Bench::new(20);
    for opcode in [
        PING, IDENTIFY, SYNC, CLEAR, SPIKES, LOAD, IMAGE, RESULT, COUNTERS, 0x7F,
    ] {
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
    bench.expect(0x14, 77, &[0x7E], UNKNOWN_OPCODE, 0);
    bench.expect(SPIKES, 77, &[0x7E], OUT_OF_SEQUENCE, 0);
    bench.expect(SPIKES, 0, &[0x7E], MALFORMED, 0);
}

#[test]
fn reserved_bits_of_a_tag_are_malformed() {
    for bit in 1..7 {
        let mut bench = Bench::new(20);
        bench.expect(SPIKES, 0, &[0x81 | 1 << bit, 1, 0], MALFORMED, 0);
        assert_same(&[], &bench.take_events());
    }
}

#[test]
fn chunks_that_are_cut_short_or_go_beyond_the_inputs_are_malformed() {
    for payload in [
        &[0x81][..],
        &[0x81, 3],
        &[0x81, 255],
        &[0x80],
        &[0x80, 0, 0],
        &[0x81, 0, 0x80, 1],
        // Inputs 20 and 23 of 20.
        &[0x80, 0, 0, 0x10],
        &[0x80, 0, 0, 0x80],
    ] {
        Bench::new(20).expect(SPIKES, 0, payload, MALFORMED, 0);
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
        bench.expect(SPIKES, 0, payload, MALFORMED, 0);
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
        assert!(waited > u64::from(WATCHDOG_CYCLES), "{waited} cycles");
    }
}

#[test]
fn words_are_loaded_and_refused() {
    let mut bench = Bench::new(20);
    bench.expect(LOAD, 0, &[3, 7, 0, 0, 1, 2, 3, 4], OK, 1);
    assert_same(&[(3, 7, vec![1, 2]), (3, 8, vec![3, 4])], &bench.take_loaded());
    // A write that failed is not acknowledged: what follows is out of sequence.
    bench.expect(LOAD, 1, &[3, 9, 0, 0, 1, 2, 3, 4], OUTSIDE, 1);
    assert_same(&[(3, 9, vec![1, 2])], &bench.take_loaded());
    bench.expect(LOAD, 2, &[3, 9, 0, 0, 1, 2], OUT_OF_SEQUENCE, 1);
    bench.expect(LOAD, 1, &[4, 0, 0, 0, 1], NO_MEMORY, 1);
    bench.expect(LOAD, 1, &[3, 0, 0], MALFORMED, 1);
    assert_same(&[], &bench.take_loaded());
    bench.expect(LOAD, 1, &[0xFC, 255, 0, 0, 9], OK, 2);
    assert_same(&[(0xFC, 255, vec![9])], &bench.take_loaded());
    assert_same(&[], &bench.take_events());
}

#[test]
fn identify_answers_the_model_hash_that_was_loaded() {
    let mut bench = Bench::new(20);
    let payload = identity(20).payload();
    assert_same(&payload, &bench.expect(IDENTIFY, 0, &[], OK, 0));
    let hash: Vec<u8> = (0xC0..0xD0).collect();
    bench.expect(LOAD, 0, &[&[0xFE, 0, 0, 0][..], &hash].concat(), OK, 1);
    assert_same(
        &[&payload[..32], &hash].concat(),
        &bench.expect(IDENTIFY, 0, &[], OK, 1),
    );
    bench.expect(LOAD, 1, &[0xFE, 3, 0, 0, 0, 0, 0, 0], OK, 2);
    assert_same(
        &[&payload[..32], &hash[..12], &[0; 4]].concat(),
        &bench.expect(IDENTIFY, 0, &[], OK, 2),
    );
    bench.expect(LOAD, 2, &[0xFE, 4, 0, 0, 0], OUTSIDE, 2);
}

#[test]
fn an_image_clears_starts_the_encoder_and_its_result_waits_for_all_steps() {
    let mut bench = Bench::new(20);
    bench.expect(IMAGE, 0, &[0, 0x78, 0x56, 0x34, 0x12, 9, 0], OK, 1);
    assert_same(&[(0x1234_5678, 9)], bench.images());
    assert_same(&[Event::Clear], &bench.take_events());
    let result = bench.expect(RESULT, 0, &[], OK, 1);
    assert_same(&9_u32.to_le_bytes(), &result[..4]);
    bench.expect(IMAGE, 1, &[0, 1, 0, 0, 0, 0, 0], OK, 2);
    assert_same(&0_u32.to_le_bytes(), &bench.expect(RESULT, 0, &[], OK, 2)[..4]);
}

#[test]
fn images_that_break_a_rule_are_malformed_and_start_nothing() {
    for payload in [
        &[][..],
        &[0],
        &[0, 1, 0, 0, 0, 5],
        &[0, 1, 0, 0, 0, 5, 0, 0],
        &[0, 0, 0, 0, 0, 5, 0],
        &[2, 1, 0, 0, 0, 5, 0],
        &[0x80, 1, 0, 0, 0, 5, 0],
    ] {
        let mut bench = Bench::new(20);
        bench.expect(IMAGE, 0, payload, MALFORMED, 0);
        assert_same(&[], &bench.take_events());
        assert_same(&[], bench.images());
    }
    for payload in [&[2][..], &[0, 0], &[0xFF]] {
        Bench::new(20).expect(CLEAR, 0, payload, MALFORMED, 0);
    }
}

#[test]
fn writes_wait_for_the_encoder_and_a_clear_stops_it() {
    let image = [0, 1, 0, 0, 0, 200, 0];
    let mut bench = Bench::new(20);
    bench.expect(IMAGE, 0, &image, OK, 1);
    bench.stall_encoder(true);
    for (opcode, payload) in [(SPIKES, &[0x81, 1, 0][..]), (LOAD, &[0xFC, 0, 0, 0, 1])] {
        bench.expect(opcode, 1, payload, NOT_READY, 1);
    }
    bench.expect(RESULT, 0, &[], NOT_READY, 1);
    assert_same(&[], &bench.take_loaded());
    assert_same(&[Event::Clear], &bench.take_events());
    bench.expect(CLEAR, 1, &[], OK, 2);
    assert!(!bench.stall_encoder(false), "still at work");
    bench.expect(IMAGE, 2, &image, OK, 3);
    bench.expect(SYNC, 9, &[], OK, 10);
    assert!(!bench.stall_encoder(false), "still at work");
    // Steps of an image, and then some of spikes.
    bench.expect(IMAGE, 10, &[0, 1, 0, 0, 0, 4, 0], OK, 11);
    bench.expect(SPIKES, 11, &[0x81, 0], OK, 12);
    assert_same(&5_u32.to_le_bytes(), &bench.expect(RESULT, 0, &[], OK, 12)[..4]);
}

#[test]
fn early_exit_is_enabled_by_the_flag_of_what_clears() {
    let mut bench = Bench::new(20);
    let image = |flags| [flags, 1, 0, 0, 0, 2, 0];
    for (sequence, (opcode, payload, enabled)) in (0..).zip([
        (CLEAR, &[][..], false),
        (CLEAR, &[1], true),
        (CLEAR, &[0], false),
        (IMAGE, &image(1), true),
        (IMAGE, &image(0), false),
        (CLEAR, &[1], true),
        (CLEAR, &[], false),
    ]) {
        bench.expect(opcode, sequence, payload, OK, sequence + 1);
        assert_eq!(bench.command.circuit().exit_enable.val(), enabled, "{payload:?}");
    }
    bench.expect(CLEAR, 7, &[1], OK, 8);
    bench.expect(SYNC, 99, &[], OK, 100);
    assert!(!bench.command.circuit().exit_enable.val());
    // A design without it takes no such flag.
    let mut identity = identity(20);
    identity.early_exit = false;
    identity.encoder = false;
    let mut bench = Bench::with_identity(&identity);
    bench.expect(CLEAR, 0, &[1], MALFORMED, 0);
    bench.expect(CLEAR, 0, &[0], OK, 1);
    bench.expect(IMAGE, 1, &image(0), UNKNOWN_OPCODE, 1);
}

#[test]
fn after_an_exit_spikes_are_dropped_and_the_result_is_there() {
    let mut bench = Bench::new(20);
    bench.expect(CLEAR, 0, &[1], OK, 1);
    bench.expect(SPIKES, 1, &[0x81, 1, 0, 0x81, 2, 0], OK, 2);
    bench.expect(RESULT, 0, &[], OK, 2);
    bench.take_events();
    bench.exited = true;
    bench.expect(SPIKES, 2, &[0x81, 1, 0, 0x81, 2, 0], OK, 3);
    assert_same(&[], &bench.take_events());
    let result = bench.expect(RESULT, 0, &[], OK, 3);
    assert_same(&2_u32.to_le_bytes(), &result[..4]);
    // What clears is not dropped, and until the core has cleared the exit is that of the inference before.
    bench.stalled = true;
    bench.expect(CLEAR, 3, &[1], OK, 4);
    bench.expect(SPIKES, 4, &[0x81, 1, 0], OK, 5);
    assert_same(&[Event::Clear, spike(0), Event::EndOfStep], &bench.take_events());
    bench.expect(RESULT, 0, &[], NOT_READY, 5);
}

#[test]
fn a_result_while_a_step_is_open_is_that_of_the_steps_before() {
    let mut bench = Bench::new(20);
    bench.expect(SPIKES, 0, &[0x81, 1, 0, 0x01, 2, 0], OK, 1);
    assert_same(&1_u32.to_le_bytes(), &bench.expect(RESULT, 0, &[], OK, 1)[..4]);
    bench.expect(SPIKES, 1, &[0x81, 3, 0], OK, 2);
    assert_same(&2_u32.to_le_bytes(), &bench.expect(RESULT, 0, &[], OK, 2)[..4]);
}
