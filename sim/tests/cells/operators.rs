//! Arithmetic: blocks with which every kind of operator passes through the synthesis of each family.
//!
//! The end of a step has signed comparisons with negative constants, which some versions of Yosys are reported to optimize wrongly. The
//! other blocks are the lane, the sums of several weights, the leak, and the lowest lane of a mask.

use crate::case::{Case, Row, bits, port, vector};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_hw::circuit::lane::Lane;
use synfire_hw::circuit::leak::Leak;
use synfire_hw::circuit::merge::{Merge, MergeParams};
use synfire_hw::circuit::priority_encoder::PriorityEncoder;
use synfire_hw::circuit::scale::{Scale, ScaleParams};
use synfire_hw::circuit::settle::{Settle, SettleParams};
use synfire_hw::emit::verilog::emit;

/// Cycles of a case.
const CYCLES: usize = 3000;

/// All cases of arithmetic.
pub(crate) fn all(seed: u64) -> Vec<Case> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed.rotate_left(17));
    let mut cases = Vec::new();
    for (floor, ceiling, width, shifts, stages) in [
        (-512, None, 14, &[7_u8, 9][..], 0),
        (-1, Some(40), 9, &[3], 0),
        (0, None, 12, &[], 1),
        (-(1 << 19), Some(1 << 18), 20, &[2, 4, 5], 2),
        (-77, None, 32, &[1], 2),
    ] {
        let params = SettleParams {
            leak_shifts: shifts.to_vec(),
            floor,
            ceiling,
            membrane_bits: width,
            fires: true,
            biased: ceiling.is_some(),
            stages,
        };
        cases.push(lane(&mut rng, width));
        cases.push(settle(&mut rng, &params));
    }
    for (merged, width, fraction_bits) in [(2, 4, 3), (4, 3, 0), (3, 8, 6)] {
        cases.push(merge(&mut rng, merged, width, fraction_bits));
    }
    for (width, fraction_bits) in [(4, 3), (2, 0), (14, 5)] {
        cases.push(scale(&mut rng, width, fraction_bits));
    }
    cases.push(leak(&mut rng));
    cases.push(priority(&mut rng, 13, 1));
    cases.push(priority(&mut rng, 14, 4));
    cases
}

/// Draws a number of `width` bits, sign-extended to 32: often at an end of the range, around zero, or around `near`.
fn number(rng: &mut Xoshiro256PlusPlus, width: usize, near: i32) -> u128 {
    let highest = i32::MAX >> (32 - width);
    let number = match rng.random_range(0..6) {
        0 => highest,
        1 => !highest,
        2 => rng.random_range(-2..=2),
        3 => near
            .saturating_add(rng.random_range(-2..=2))
            .clamp(!highest, highest),
        _ => rng.random_range(!highest..=highest),
    };
    u128::from(number.cast_unsigned())
}

/// Lane of membranes of `width` bits.
fn lane(rng: &mut Xoshiro256PlusPlus, width: usize) -> Case {
    // Sums stay within the width, as the proof of a model guarantees.
    let part = (width - 2).max(2);
    let row = |cycle: usize| {
        let flag = |rng: &mut Xoshiro256PlusPlus, often| u128::from(rng.random_bool(often));
        let inputs = vec![
            number(rng, part, 0),
            number(rng, part, 0),
            flag(rng, 0.1),
            flag(rng, 0.1),
            flag(rng, 0.1),
            number(rng, part, 0),
            flag(rng, 0.2),
            flag(rng, 0.8),
            flag(rng, 0.3),
            number(rng, part, 0),
            flag(rng, 0.5),
        ];
        Row {
            inputs,
            compared: cycle > 0,
        }
    };
    Case {
        name: format!("lane of {width} bits"),
        verilog: emit(Lane::new(width, false), &[]).expect("rust-hdl accepts the lane"),
        has_clock: true,
        inputs: vec![
            port("membrane", 32),
            port("weight", 32),
            port("take_last", 1),
            port("take_older", 1),
            port("forward_last", 1),
            port("identity", 32),
            port("adds_identity", 1),
            port("meets", 1),
            port("negative", 1),
            port("settled", 32),
            port("settles", 1),
        ],
        outputs: vec![port("result", 32).into(), port("operand", 32).into()],
        rows: (0..CYCLES).map(row).collect(),
        files: Vec::new(),
    }
}

/// End of a step.
fn settle(rng: &mut Xoshiro256PlusPlus, params: &SettleParams) -> Case {
    let (floor, width) = (params.floor, params.membrane_bits);
    let part = (width - 2).max(2);
    let row = |cycle: usize| Row {
        inputs: vec![
            number(rng, part, floor),
            number(rng, width, 0),
            number(rng, part, 0),
            u128::from(rng.random_bool(0.05)),
        ],
        compared: cycle > params.stages,
    };
    Case {
        name: format!("end of a step of {width} bits, floor {floor}"),
        verilog: emit(Settle::new(params), &[]).expect("rust-hdl accepts the unit"),
        has_clock: true,
        inputs: vec![
            port("membrane", 32),
            port("threshold", 32),
            port("bias", 32),
            port("clears", 1),
        ],
        outputs: vec![port("result", 32).into(), port("fired", 1).into()],
        rows: (0..CYCLES).map(row).collect(),
        files: Vec::new(),
    }
}

/// Sums of the weights of several spikes.
fn merge(rng: &mut Xoshiro256PlusPlus, merged: usize, width: usize, fraction_bits: usize) -> Case {
    let params = MergeParams {
        lanes: 1,
        merged,
        width,
        fraction_bits,
    };
    let row = |_| {
        let present = (0..merged).map(|_| u128::from(rng.random::<bool>()));
        let present: Vec<u128> = present.collect();
        let weight = |_| {
            let factor = u32::try_from(number(rng, width, 0)).expect("32 bits");
            u128::from(factor << fraction_bits)
        };
        let weights: Vec<u128> = (0..merged).map(weight).collect();
        Row {
            inputs: [present, weights].concat(),
            compared: true,
        }
    };
    Case {
        name: format!("sums of {merged} weights of {width} bits"),
        rows: (0..CYCLES).map(row).collect(),
        verilog: emit(Merge::new(params), &[]).expect("rust-hdl accepts the sums"),
        has_clock: false,
        inputs: vector("present", merged, 1)
            .chain(vector("number", merged, 32))
            .collect(),
        outputs: vec![port("sum$0", 32).into()],
        files: Vec::new(),
    }
}

/// Multiplier of a graded input's value.
fn scale(rng: &mut Xoshiro256PlusPlus, width: usize, fraction_bits: usize) -> Case {
    let params = ScaleParams {
        lanes: 1,
        width,
        fraction_bits,
        graded: true,
    };
    let row = |cycle: usize| {
        let factor = u32::try_from(number(rng, width, 0)).expect("32 bits") << fraction_bits;
        let value = [0, 1, 255, rng.random::<u8>()][rng.random_range(0..4)];
        Row {
            inputs: vec![value.into(), factor.into()],
            compared: cycle > 1,
        }
    };
    Case {
        name: format!("scale of {width} bits"),
        rows: (0..CYCLES).map(row).collect(),
        verilog: emit(Scale::new(params), &[]).expect("rust-hdl accepts the multiplier"),
        has_clock: true,
        inputs: vec![port("value", 8), port("number$0", 32)],
        outputs: vec![port("product$0", 32).into()],
        files: Vec::new(),
    }
}

fn leak(rng: &mut Xoshiro256PlusPlus) -> Case {
    Case {
        name: "leak by 1, 7 and 30".into(),
        verilog: emit(Leak::new(&[1, 7, 30]), &[]).expect("rust-hdl accepts the leak"),
        has_clock: false,
        inputs: vec![port("membrane", 32)],
        outputs: vec![port("amount", 32).into()],
        rows: (0..CYCLES)
            .map(|_| Row {
                inputs: vec![number(rng, 32, 0)],
                compared: true,
            })
            .collect(),
        files: Vec::new(),
    }
}

fn priority(rng: &mut Xoshiro256PlusPlus, lanes: usize, found: usize) -> Case {
    let mut outputs = vec![port("rest", 64).into()];
    for index in 0..found {
        outputs.push(port(&format!("any${index}"), 1).into());
        outputs.push(port(&format!("lane${index}"), 24).into());
    }
    Case {
        name: format!("priority encoder of {lanes} lanes, {found} at once"),
        verilog: emit(PriorityEncoder::new(lanes, found), &[]).expect("rust-hdl accepts the encoder"),
        has_clock: false,
        inputs: vec![port("mask", 64)],
        outputs,
        rows: (0..CYCLES)
            .map(|_| Row {
                inputs: vec![bits(rng, lanes) & bits(rng, lanes)],
                compared: true,
            })
            .collect(),
        files: Vec::new(),
    }
}
