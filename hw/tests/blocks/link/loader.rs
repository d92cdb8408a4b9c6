//! Loader against the words that a payload holds.

use crate::support::{Willing, assert_same, config, simulate, willing, word};
use proptest::prelude::*;
use synfire_hw::circuit::link::identity::LoadableMemory;
use synfire_hw::circuit::link::loader::Loader;

const MEMORIES: [LoadableMemory; 3] = [
    LoadableMemory {
        number: 0,
        depth: 300,
        word_bytes: 3,
    },
    LoadableMemory {
        number: 4,
        depth: 5,
        word_bytes: 1,
    },
    LoadableMemory {
        number: 255,
        depth: 2,
        word_bytes: 40,
    },
];

/// A word as it is written: memory, address, bytes.
type Written = (u8, u32, Vec<u8>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    Malformed,
    NoMemory,
    Outside,
}

/// Result by the definition of LOAD.
fn expected(payload: &[u8]) -> (Vec<Written>, Outcome) {
    let Some((&[number, low, middle, high], bytes)) = payload.split_first_chunk::<4>() else {
        return (Vec::new(), Outcome::Malformed);
    };
    let Some(memory) = MEMORIES.iter().find(|memory| memory.number == number) else {
        return (Vec::new(), Outcome::NoMemory);
    };
    let mut words = Vec::new();
    for (address, bytes) in
        (u32::from_le_bytes([low, middle, high, 0])..).zip(bytes.chunks(memory.word_bytes))
    {
        if address as usize >= memory.depth {
            return (words, Outcome::Outside);
        }
        if bytes.len() < memory.word_bytes {
            return (words, Outcome::Malformed);
        }
        words.push((number, address, bytes.to_vec()));
    }
    (words, Outcome::Done)
}

/// Result of the circuit for payloads whose bytes are there when `there` is willing.
fn run(payloads: &[Vec<u8>], there: &Willing) -> Vec<(Vec<Written>, Outcome)> {
    let mut loader = simulate(Loader::new(&MEMORIES), |loader| &mut loader.clock);
    let mut cycle = 0;
    let mut results = Vec::new();
    for payload in payloads {
        let (mut cursor, mut words, mut bytes) = (0, Vec::new(), Vec::new());
        let outcome = loop {
            let circuit = loader.circuit();
            circuit.run.next = true;
            circuit.at_end.next = cursor == payload.len();
            circuit.byte_valid.next = cursor < payload.len() && there.at(cycle);
            circuit.in_byte.next = word(payload.get(cursor).copied().unwrap_or(0xEE));
            loader.settle();
            let circuit = loader.circuit();
            assert!(!circuit.load.shift.val() || !circuit.load.write.val());
            if circuit.load.shift.val() {
                bytes.push(circuit.load.byte.val().to_u8());
            }
            if circuit.load.write.val() {
                let last: Vec<u8> = bytes.iter().rev().take(4).copied().collect();
                let held: Vec<u8> = circuit.load_word.val().to_u32().to_be_bytes()[..last.len()].to_vec();
                assert_same(&last, &held);
                words.push((
                    circuit.load.select.val().to_u8(),
                    circuit.load.address.val().to_u32(),
                    std::mem::take(&mut bytes),
                ));
            }
            cursor += usize::from(circuit.advance.val());
            let wrong = [
                circuit.malformed.val(),
                circuit.no_memory.val(),
                circuit.outside.val(),
            ];
            let done = circuit.done.val();
            loader.tick();
            cycle += 1;
            assert!(cycle < 20_000, "no end of {payload:02x?}");
            match (done, wrong) {
                (false, [false, false, false]) => {}
                (true, [false, false, false]) => break Outcome::Done,
                (true, [true, false, false]) => break Outcome::Malformed,
                (true, [false, true, false]) => break Outcome::NoMemory,
                (true, [false, false, true]) => break Outcome::Outside,
                other => panic!("{other:?}"),
            }
        };
        loader.circuit().run.next = false;
        loader.tick();
        results.push((words, outcome));
    }
    results
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![Just(0_u8), Just(4), Just(255), any::<u8>()];
    let address = prop_oneof![Just(0_u32), 0..6_u32, 290..310_u32, 0..1_u32 << 24];
    let bytes = proptest::collection::vec(any::<u8>(), 0..90);
    (number, address, bytes, 0..6_usize).prop_map(|(number, address, bytes, cut)| {
        let [low, middle, high, _] = address.to_le_bytes();
        let mut payload = [vec![number, low, middle, high], bytes].concat();
        if cut < 4 {
            payload.truncate(payload.len() - cut.min(payload.len()));
        }
        payload
    })
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn words_are_written_whole_and_what_is_wrong_is_told(
        payloads in proptest::collection::vec(payload(), 1..5), there in willing(),
    ) {
        let expected: Vec<_> = payloads.iter().map(|payload| expected(payload)).collect();
        assert_same(&expected, &run(&payloads, &there));
    }
}

#[test]
fn what_is_wrong_with_a_payload() {
    let of = |payload: &[u8]| {
        let outcome = run(&[payload.to_vec()], &Willing::always()).swap_remove(0);
        assert_eq!(outcome, expected(payload));
        (outcome.0.len(), outcome.1)
    };
    assert_eq!(of(&[]), (0, Outcome::Malformed));
    assert_eq!(of(&[4, 0, 0]), (0, Outcome::Malformed));
    assert_eq!(of(&[4, 0, 0, 0]), (0, Outcome::Done));
    assert_eq!(of(&[4, 3, 0, 0, 7, 8]), (2, Outcome::Done));
    assert_eq!(of(&[4, 3, 0, 0, 7, 8, 9]), (2, Outcome::Outside));
    assert_eq!(of(&[4, 0, 0, 1, 7]), (0, Outcome::Outside));
    assert_eq!(of(&[0, 0, 0, 0, 1, 2, 3, 4, 5]), (1, Outcome::Malformed));
    assert_eq!(of(&[5, 0, 0, 0, 1]), (0, Outcome::NoMemory));
}
