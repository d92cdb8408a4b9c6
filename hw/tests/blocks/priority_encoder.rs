//! Priority encoder against a walk over the lanes.

use crate::support::{assert_same, combinational, config, difference, word};
use proptest::prelude::*;
use synfire_hw::circuit::priority_encoder::PriorityEncoder;

/// Lane of the lowest bit, if there is one, and the mask without it.
fn encode(lanes: usize, mask: u64) -> (Option<u64>, u64) {
    let mut encoder = combinational(PriorityEncoder::new(lanes));
    encoder.circuit().mask.next = word(mask);
    encoder.settle();
    let circuit = encoder.circuit();
    let lane = circuit.lane.val().to_u64();
    if !circuit.any.val() {
        assert_eq!(lane, 0, "lane of an empty mask");
    }
    let rest = circuit.rest.val().to_u64();
    assert_eq!(
        circuit.more.val(),
        rest != 0,
        "whether something is left of {mask:b}"
    );
    (circuit.any.val().then_some(lane), rest)
}

/// The lanes of a mask in the order in which the encoder finds them.
fn walk(lanes: usize, mut mask: u64) -> Vec<u64> {
    std::iter::from_fn(|| {
        let (lane, rest) = encode(lanes, mask);
        mask = rest;
        lane
    })
    .collect()
}

fn lanes_and_mask() -> impl Strategy<Value = (usize, u64)> {
    (1..=64_usize, any::<u64>(), any::<u64>())
        .prop_map(|(lanes, dense, thinning)| (lanes, (dense & thinning) & (u64::MAX >> (64 - lanes))))
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn lanes_come_in_ascending_order_each_once((lanes, mask) in lanes_and_mask()) {
        let expected: Vec<u64> =
            (0..lanes).filter(|lane| mask >> lane & 1 == 1).map(|lane| lane as u64).collect();
        assert_same(&expected, &walk(lanes, mask));
    }
}

#[test]
fn every_single_lane_is_found_and_leaves_nothing() {
    for lanes in [1, 2, 33, 64] {
        for lane in 0..lanes {
            assert_eq!(encode(lanes, 1 << lane), (Some(lane as u64), 0));
        }
        assert_eq!(encode(lanes, 0), (None, 0));
    }
}

#[test]
fn another_bit_is_noticed() {
    assert_same(&[0, 2], &walk(3, 0b101));
    assert!(difference(&[0, 2], &walk(3, 0b110)).is_some());
}
