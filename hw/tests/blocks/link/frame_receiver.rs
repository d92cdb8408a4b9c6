//! Frame receiver against `cobs` and `crc32fast`.

use crate::support::{assert_same, config, difference, simulate, word};
use proptest::prelude::*;
use std::collections::VecDeque;
use synfire_hw::circuit::link::frame_receiver::{FrameReceiver, SLOTS};
use synfire_hw::simulate::Simulation;

const SLOT_BYTES: usize = 64;
/// Cycles from byte to byte: 8 of the CRC, and one to take the byte. A UART needs at least 40.
const BYTE_CLOCKS: usize = 9;

/// A body with its CRC, coded, without the delimiter.
fn encoded(body: &[u8]) -> Vec<u8> {
    let mut frame = body.to_vec();
    frame.extend(crc32fast::hash(body).to_le_bytes());
    cobs::encode_vec(&frame)
}

/// The body of a frame between delimiters, if it is good.
fn decoded(wire: &[u8], slot_bytes: usize) -> Option<Vec<u8>> {
    let mut frame = cobs::decode_vec(wire).ok()?;
    let crc = frame.split_off(frame.len().checked_sub(4)?);
    let good = (4..=slot_bytes - 4).contains(&frame.len()) && crc == crc32fast::hash(&frame).to_le_bytes();
    good.then_some(frame)
}

/// Input of a receiver.
#[derive(Clone, Debug)]
enum Action {
    /// Bytes without a zero, and a delimiter.
    Frame(Vec<u8>),
    /// The oldest frame is read and its slot freed, if there is one.
    Take,
}

/// Outputs of the receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    taken: Option<Vec<u8>>,
    free_slots: usize,
    bad_frames: u32,
    dropped_frames: u32,
}

/// A queue of bodies and two counters.
fn model(actions: &[Action], slot_bytes: usize) -> Vec<Seen> {
    let mut full: VecDeque<Vec<u8>> = VecDeque::new();
    let (mut bad_frames, mut dropped_frames) = (0, 0);
    actions
        .iter()
        .map(|action| {
            let mut taken = None;
            match action {
                Action::Take => taken = full.pop_front(),
                Action::Frame(wire) if wire.is_empty() => {}
                Action::Frame(wire) => match decoded(wire, slot_bytes) {
                    None => bad_frames += 1,
                    Some(_) if full.len() == SLOTS => dropped_frames += 1,
                    Some(body) => full.push_back(body),
                },
            }
            Seen {
                taken,
                free_slots: SLOTS - full.len(),
                bad_frames,
                dropped_frames,
            }
        })
        .collect()
}

/// A receiver and its driver.
struct Bench(Simulation<FrameReceiver>);

impl Bench {
    fn new(slot_bytes: usize) -> Self {
        Self(simulate(FrameReceiver::new(slot_bytes), |receiver| {
            &mut receiver.clock
        }))
    }

    /// One cycle with a byte.
    fn byte_once(&mut self, byte: u8) {
        self.0.circuit().data.next = word(byte);
        self.0.circuit().valid.next = true;
        self.0.tick();
        self.0.circuit().valid.next = false;
    }

    fn byte(&mut self, byte: u8) {
        self.byte_once(byte);
        for _ in 1..BYTE_CLOCKS {
            self.0.tick();
        }
    }

    fn frame(&mut self, wire: &[u8]) {
        wire.iter().chain(&[0]).for_each(|&byte| self.byte(byte));
    }

    fn take(&mut self) -> Option<Vec<u8>> {
        self.0.circuit().frame_valid.val().then(|| {
            let length = self.0.circuit().frame_length.val().to_u16();
            let body = (0..length).map(|place| {
                self.0.circuit().read_address.next = word(place);
                self.0.tick();
                self.0.circuit().read_data.val().to_u8()
            });
            let body = body.collect();
            self.free();
            body
        })
    }

    fn free(&mut self) {
        self.0.circuit().free.next = true;
        self.0.tick();
        self.0.circuit().free.next = false;
        self.0.settle();
    }

    fn seen(&mut self, taken: Option<Vec<u8>>) -> Seen {
        let circuit = self.0.circuit();
        Seen {
            taken,
            free_slots: circuit.free_slots.val().index(),
            bad_frames: circuit.bad_frames.val().to_u32(),
            dropped_frames: circuit.dropped_frames.val().to_u32(),
        }
    }
}

fn run(actions: &[Action], slot_bytes: usize) -> Vec<Seen> {
    let mut bench = Bench::new(slot_bytes);
    actions
        .iter()
        .map(|action| {
            let taken = match action {
                Action::Take => bench.take(),
                Action::Frame(wire) => {
                    bench.frame(wire);
                    None
                }
            };
            bench.seen(taken)
        })
        .collect()
}

/// Bytes of which about one in four is zero.
fn body(length: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![1 => Just(0), 3 => any::<u8>()], length)
}

fn action() -> impl Strategy<Value = Action> {
    let good = body(4..=SLOT_BYTES - 4).prop_map(|body| encoded(&body));
    let short_or_long = prop_oneof![body(0..4), body(SLOT_BYTES - 3..SLOT_BYTES + 20)];
    let damaged = (body(4..20), any::<prop::sample::Index>(), 1..=255_u8).prop_map(|(body, at, flip)| {
        let mut wire = encoded(&body);
        *at.get_mut(&mut wire) ^= flip;
        // A byte that became a delimiter would make two frames of one.
        wire.retain(|&byte| byte != 0);
        wire
    });
    let cut = (body(4..20), any::<prop::sample::Index>()).prop_map(|(body, at)| {
        let mut wire = encoded(&body);
        wire.truncate(at.index(wire.len()));
        wire
    });
    let garbage = prop::collection::vec(1..=255_u8, 0..90);
    prop_oneof![
        8 => good.prop_map(Action::Frame),
        6 => Just(Action::Take),
        1 => short_or_long.prop_map(|body| Action::Frame(encoded(&body))),
        1 => damaged.prop_map(Action::Frame),
        1 => cut.prop_map(Action::Frame),
        1 => garbage.prop_map(Action::Frame),
    ]
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn good_frames_are_kept_in_order_and_all_others_counted(
        actions in prop::collection::vec(action(), 1..16),
    ) {
        assert_same(&model(&actions, SLOT_BYTES), &run(&actions, SLOT_BYTES));
    }
}

#[test]
fn blocks_of_254_bytes_are_accepted_with_and_without_an_empty_block_behind() {
    let mut actions = Vec::new();
    // Body and CRC without a zero, of 253 to 255 bytes, and more blocks than one.
    for length in [249, 250, 251, 504] {
        let free_of_zeros = |body: &Vec<u8>| {
            body.iter()
                .chain(&crc32fast::hash(body).to_le_bytes())
                .all(|&byte| byte != 0)
        };
        let body = (1..=255_u8)
            .map(|start| {
                (0..length)
                    .map(|i| u8::try_from((i + usize::from(start)) % 255 + 1).unwrap())
                    .collect()
            })
            .find(free_of_zeros)
            .expect("a CRC without a zero");
        let wire = encoded(&body);
        let mut other = wire.clone();
        if (length + 4) % 254 == 0 {
            // Some coders put an empty block behind a full one at the end, some do not.
            if other.last() == Some(&1) && other.len() == length + 4 + (length + 4) / 254 + 1 {
                other.pop();
            } else {
                other.push(1);
            }
            assert_eq!(decoded(&other, 1024).as_ref(), Some(&body), "both are valid");
        }
        actions.extend([
            Action::Frame(wire),
            Action::Take,
            Action::Frame(other),
            Action::Take,
        ]);
    }
    let expected = model(&actions, 1024);
    assert_eq!(expected.iter().filter(|seen| seen.taken.is_some()).count(), 8);
    assert_same(&expected, &run(&actions, 1024));
}

#[test]
fn a_frame_of_exactly_a_slot_is_kept_and_one_byte_more_is_not() {
    let exact = vec![7; SLOT_BYTES - 4];
    let longer = vec![7; SLOT_BYTES - 3];
    let mut bench = Bench::new(SLOT_BYTES);
    bench.frame(&encoded(&longer));
    assert_eq!(bench.take(), None);
    bench.frame(&encoded(&exact));
    assert_eq!(bench.take(), Some(exact));
    assert_eq!(
        bench.seen(None),
        Seen {
            taken: None,
            free_slots: 2,
            bad_frames: 1,
            dropped_frames: 0
        }
    );
}

#[test]
fn an_overlong_frame_spoils_no_slot() {
    let mut bench = Bench::new(SLOT_BYTES);
    let bodies = [vec![1; SLOT_BYTES - 4], vec![2; SLOT_BYTES - 4]];
    bench.frame(&encoded(&bodies[0]));
    bench.frame(&encoded(&[9; 3 * SLOT_BYTES]));
    bench.frame(&encoded(&bodies[1]));
    bench.frame(&encoded(&[9; 3 * SLOT_BYTES]));
    assert_eq!(bodies.map(Some), [bench.take(), bench.take()]);
}

#[test]
fn a_frame_that_starts_without_a_slot_is_dropped_even_if_one_is_freed_meanwhile() {
    let mut bench = Bench::new(SLOT_BYTES);
    for fill in 1..=2 {
        bench.frame(&encoded(&[fill; 10]));
    }
    let late = encoded(&[3; 10]);
    late[..5].iter().for_each(|&byte| bench.byte(byte));
    assert_eq!(bench.take(), Some(vec![1; 10]));
    bench.frame(&late[5..]);
    assert_eq!(
        bench.seen(None),
        Seen {
            taken: None,
            free_slots: 1,
            bad_frames: 0,
            dropped_frames: 1
        }
    );
    // The free slot is in order for the next.
    bench.frame(&encoded(&[4; 10]));
    assert_eq!(
        [bench.take(), bench.take(), bench.take()],
        [Some(vec![2; 10]), Some(vec![4; 10]), None]
    );
}

#[test]
fn a_slot_freed_in_the_cycle_that_fills_another_keeps_the_count() {
    let mut bench = Bench::new(SLOT_BYTES);
    bench.frame(&encoded(&[1; 8]));
    let wire = encoded(&[2; 8]);
    wire.iter().for_each(|&byte| bench.byte(byte));
    bench.0.circuit().free.next = true;
    bench.byte_once(0);
    bench.0.circuit().free.next = false;
    bench.0.settle();
    assert_eq!(bench.seen(None).free_slots, 1);
    assert_eq!(bench.take(), Some(vec![2; 8]));
}

#[test]
fn a_receiver_of_other_slots_is_noticed() {
    let actions = [Action::Frame(encoded(&[5; SLOT_BYTES])), Action::Take];
    assert_same(&model(&actions, 2 * SLOT_BYTES), &run(&actions, 2 * SLOT_BYTES));
    assert!(difference(&model(&actions, 2 * SLOT_BYTES), &run(&actions, SLOT_BYTES)).is_some());
}
