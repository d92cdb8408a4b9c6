//! Cases: every block with several sets of parameters and random inputs.

use crate::case::{Case, Driver, ports, vector};
use crate::{memories, network};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rust_hdl::prelude::{Bits, Signed, ToBits};
use synfire_hw::circuit::delay::Delay;
use synfire_hw::circuit::fan_out::FanOut;
use synfire_hw::circuit::leak::Leak;
use synfire_hw::circuit::mask_pack::MaskPack;
use synfire_hw::circuit::narrow::Narrow;
use synfire_hw::circuit::priority_encoder::PriorityEncoder;
use synfire_hw::circuit::scale::{Scale, ScaleParams};

/// Cycles of every case.
pub(crate) const CYCLES: usize = 300;

/// All cases.
pub(crate) fn all() -> Vec<Case> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(0xB10C);
    let rng = &mut random;
    let mut cases = Vec::new();
    for shifts in [&[][..], &[1], &[16], &[7, 9], &[1, 2, 3]] {
        cases.push(leak(rng, shifts));
    }
    cases.extend([1, 2, 12, 31, 32].map(|width| narrow(rng, width)));
    cases.extend([1, 2, 5, 63, 64].map(|lanes| mask_pack(rng, lanes)));
    cases.extend([1, 2, 5, 63, 64].map(|lanes| priority_encoder(rng, lanes)));
    cases.extend([1, 8, 9, 20].map(|lanes| fan_out(rng, lanes)));
    cases.extend([0, 1, 2, 5].map(|cycles| delay(rng, cycles)));
    for (width, fraction_bits, graded) in [
        (4, 3, true),
        (2, 0, true),
        (20, 8, true),
        (24, 0, true),
        (5, 0, false),
    ] {
        cases.push(scale(rng, width, fraction_bits, graded));
    }
    cases.extend(memories::all(rng));
    cases.extend(network::all(rng));
    cases
}

pub(crate) const fn always_defined(_: [&[u128]; 2]) -> bool {
    true
}

/// Bits of a signed number.
pub(crate) fn bits_of(number: Signed<32>) -> u128 {
    number.inner().to_u32().into()
}

/// Signed number of these bits.
pub(crate) fn signed(bits: u128) -> Signed<32> {
    i64::from(u32::try_from(bits).expect("32 bits").cast_signed()).into()
}

pub(crate) fn word<const N: usize>(bits: u128) -> Bits<N> {
    bits.to_bits()
}

/// Numbers of 32 bits of every magnitude and sign, edge cases first.
fn numbers(rng: &mut Xoshiro256PlusPlus) -> Vec<Vec<u128>> {
    let edges = [0, 1, -1, 127, 128, -128, -129, i32::MAX, i32::MIN];
    let mut any = || rng.random::<i32>() >> rng.random_range(0..32);
    let numbers = (0..CYCLES).map(|cycle| edges.get(cycle).copied().unwrap_or_else(&mut any));
    numbers
        .map(|number| vec![number.cast_unsigned().into()])
        .collect()
}

fn leak(rng: &mut Xoshiro256PlusPlus, shifts: &[u8]) -> Case {
    let owned = shifts.to_vec();
    let driver = Driver {
        block: "leak",
        name: format!("leak by {shifts:?}"),
        new: Box::new(move || Leak::new(&owned)),
        clock: None,
        inputs: ports([("membrane", 32)]),
        outputs: ports([("amount", 32)]),
        set: |leak, inputs| leak.membrane.next = signed(inputs[0]),
        get: |leak| vec![bits_of(leak.amount.val())],
        defines: always_defined,
    };
    driver.run(numbers(rng))
}

fn narrow(rng: &mut Xoshiro256PlusPlus, width: usize) -> Case {
    let driver = Driver {
        block: "narrow",
        name: format!("narrow to {width} bits"),
        new: Box::new(move || Narrow::new(width)),
        clock: None,
        inputs: ports([("wide", 32)]),
        outputs: ports([("narrow", 32)]),
        set: |narrow, inputs| narrow.wide.next = signed(inputs[0]),
        get: |narrow| vec![bits_of(narrow.narrow.val())],
        defines: always_defined,
    };
    driver.run(numbers(rng))
}

fn mask_pack(rng: &mut Xoshiro256PlusPlus, lanes: usize) -> Case {
    let driver = Driver {
        block: "mask_pack",
        name: format!("mask pack of {lanes} lanes"),
        new: Box::new(move || MaskPack::new(lanes)),
        clock: None,
        inputs: vector("flags", lanes, 1),
        outputs: ports([("mask", 64)]),
        set: |pack, inputs| {
            for (flag, bit) in pack.flags.iter_mut().zip(inputs) {
                flag.next = *bit == 1;
            }
        },
        get: |pack| vec![pack.mask.val().to_u128()],
        defines: always_defined,
    };
    let mut flags = || (0..lanes).map(|_| u128::from(rng.random::<bool>())).collect();
    driver.run((0..CYCLES).map(|_| flags()).collect())
}

fn fan_out(rng: &mut Xoshiro256PlusPlus, lanes: usize) -> Case {
    let driver = Driver {
        block: "fan_out",
        name: format!("fan-out to {lanes} lanes"),
        new: Box::new(move || FanOut::new(lanes)),
        clock: Some(|register| &mut register.clock),
        inputs: ports([("flag", 1)]),
        outputs: vector("lanes", lanes, 1),
        set: |register, inputs| register.flag.next = inputs[0] == 1,
        get: |register| register.lanes.iter().map(|lane| lane.val().into()).collect(),
        defines: always_defined,
    };
    driver.run((0..CYCLES).map(|_| vec![rng.random::<bool>().into()]).collect())
}

fn delay(rng: &mut Xoshiro256PlusPlus, cycles: usize) -> Case {
    let driver = Driver {
        block: "delay",
        name: format!("delay of {cycles} cycles"),
        new: Box::new(move || Delay::new(cycles)),
        clock: Some(|delay| &mut delay.clock),
        inputs: ports([("now", 32)]),
        outputs: ports([("late", 32)]),
        set: |delay, inputs| delay.now.next = signed(inputs[0]),
        get: |delay: &Delay<Signed<32>>| vec![bits_of(delay.late.val())],
        defines: always_defined,
    };
    driver.run(numbers(rng))
}

fn scale(rng: &mut Xoshiro256PlusPlus, width: usize, fraction_bits: usize, graded: bool) -> Case {
    let params = ScaleParams {
        lanes: 2,
        width,
        fraction_bits,
        graded,
    };
    let driver = Driver {
        block: "scale",
        name: format!("scale of {width} bits, {fraction_bits} below, graded {graded}"),
        new: Box::new(move || Scale::new(params)),
        clock: Some(|scale| &mut scale.clock),
        inputs: [ports([("value", 8)]), vector("number", 2, 32)].concat(),
        outputs: vector("product", 2, 32),
        set: |scale, inputs| {
            scale.value.next = word(inputs[0]);
            for (number, bits) in scale.number.iter_mut().zip(&inputs[1..]) {
                number.next = signed(*bits);
            }
        },
        get: |scale| {
            scale
                .product
                .iter()
                .map(|product| bits_of(product.val()))
                .collect()
        },
        defines: always_defined,
    };
    let rows = (0..CYCLES).map(|_| {
        let mut number = || {
            let number = rng.random::<i32>() >> (32 - width) << fraction_bits;
            u128::from(number.cast_unsigned())
        };
        let numbers = [number(), number()];
        vec![rng.random::<u8>().into(), numbers[0], numbers[1]]
    });
    driver.run(rows.collect())
}

fn priority_encoder(rng: &mut Xoshiro256PlusPlus, lanes: usize) -> Case {
    let driver = Driver {
        block: "priority_encoder",
        name: format!("priority encoder of {lanes} lanes"),
        new: Box::new(move || PriorityEncoder::new(lanes)),
        clock: None,
        inputs: ports([("mask", 64)]),
        outputs: ports([("lane", 24), ("any", 1), ("rest", 64), ("more", 1)]),
        set: |encoder, inputs| encoder.mask.next = word(inputs[0]),
        get: |encoder| {
            let [any, more] = [&encoder.any, &encoder.more].map(|bit| bit.val().into());
            vec![
                encoder.lane.val().to_u128(),
                any,
                encoder.rest.val().to_u128(),
                more,
            ]
        },
        defines: always_defined,
    };
    // Every number of zeros at the lower and the upper end occurs.
    let mut mask = || {
        let all_lanes = u64::MAX >> (64 - lanes);
        rng.random::<u64>() << rng.random_range(0..lanes) >> rng.random_range(0..lanes) & all_lanes
    };
    driver.run(
        (0..CYCLES)
            .map(|cycle| vec![if cycle == 0 { 0 } else { mask().into() }])
            .collect(),
    )
}
