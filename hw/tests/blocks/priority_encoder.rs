//! Priority encoder against a walk over the lanes.

use crate::support::{assert_same, combinational, config, difference, word};
use proptest::prelude::*;
use synfire_hw::circuit::priority_encoder::PriorityEncoder;

/// Lanes of the lowest bits, up to `found` of them, and the mask without these.
fn encode(lanes: usize, found: usize, mask: u64) -> (Vec<u64>, u64) {
    let mut encoder = combinational(PriorityEncoder::new(lanes, found));
    encoder.circuit().mask.next = word(mask);
    encoder.settle();
    let circuit = encoder.circuit();
    assert_eq!((circuit.any.len(), circuit.lane.len()), (found, found));
    let pairs = circuit.any.iter().zip(&circuit.lane);
    let pairs: Vec<(bool, u64)> = pairs
        .map(|(any, lane)| (any.val(), lane.val().to_u64()))
        .collect();
    let lanes: Vec<u64> = pairs
        .iter()
        .filter(|(any, _)| *any)
        .map(|&(_, lane)| lane)
        .collect();
    // Those that are there come first, and the others are 0.
    let filled: Vec<(bool, u64)> = (0..found)
        .map(|j| lanes.get(j).map_or((false, 0), |&lane| (true, lane)))
        .collect();
    assert_eq!(pairs, filled, "lanes of {mask:b}");
    let rest = circuit.rest.val().to_u64();
    (lanes, rest)
}

/// The lanes of a mask in the order in which the encoder finds them.
fn walk(lanes: usize, found: usize, mut mask: u64) -> Vec<u64> {
    let mut walked = Vec::new();
    loop {
        let (lanes, rest) = encode(lanes, found, mask);
        if lanes.is_empty() {
            return walked;
        }
        walked.extend(lanes);
        mask = rest;
    }
}

fn lanes_and_mask() -> impl Strategy<Value = (usize, u64)> {
    (1..=64_usize, any::<u64>(), any::<u64>())
        .prop_map(|(lanes, dense, thinning)| (lanes, (dense & thinning) & (u64::MAX >> (64 - lanes))))
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn lanes_come_in_ascending_order_each_once((lanes, mask) in lanes_and_mask(), found in 1..=4_usize) {
        let expected: Vec<u64> =
            (0..lanes).filter(|lane| mask >> lane & 1 == 1).map(|lane| lane as u64).collect();
        assert_same(&expected, &walk(lanes, found, mask));
    }
}

#[test]
fn every_single_lane_is_found_and_leaves_nothing() {
    for lanes in [1, 2, 33, 64] {
        for lane in 0..lanes {
            for found in [1, 3] {
                assert_eq!(encode(lanes, found, 1 << lane), (vec![lane as u64], 0));
            }
        }
        assert_eq!(encode(lanes, 2, 0), (Vec::new(), 0));
    }
}

#[test]
fn another_bit_is_noticed() {
    assert_same(&[0, 2], &walk(3, 1, 0b101));
    assert!(difference(&[0, 2], &walk(3, 1, 0b110)).is_some());
}
