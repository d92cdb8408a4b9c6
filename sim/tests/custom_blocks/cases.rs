//! Cases: every block with several sets of parameters and random inputs.

use crate::case::{Case, Driver, ports, vector};
use crate::{memories, network};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rust_hdl::prelude::{Bits, Signed, ToBits};
use synfire_hw::circuit::bundle::{Bundle, Unbundle};
use synfire_hw::circuit::delay::Delay;
use synfire_hw::circuit::fan_out::FanOut;
use synfire_hw::circuit::leak::Leak;
use synfire_hw::circuit::mask_pack::MaskPack;
use synfire_hw::circuit::mask_unpack::MaskUnpack;
use synfire_hw::circuit::merge::{Merge, MergeParams};
use synfire_hw::circuit::narrow::Narrow;
use synfire_hw::circuit::popcount::Popcount;
use synfire_hw::circuit::priority_encoder::PriorityEncoder;
use synfire_hw::circuit::scale::{Scale, ScaleParams};
use synfire_hw::circuit::selector::Selector;
use synfire_hw::circuit::spread::Spread;

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
    cases.extend([1, 2, 5, 63, 64].map(|lanes| mask_pack(rng, 1, lanes)));
    cases.extend([(2, 3), (5, 1), (3, 64)].map(|(banks, lanes)| mask_pack(rng, banks, lanes)));
    let encoders = [
        (1, 1),
        (2, 1),
        (5, 1),
        (63, 1),
        (64, 1),
        (1, 2),
        (2, 2),
        (5, 3),
        (14, 4),
        (33, 2),
        (64, 4),
    ];
    cases.extend(encoders.map(|(lanes, found)| priority_encoder(rng, lanes, found)));
    cases.extend([1, 2, 5, 63, 64].map(|lanes| popcount(rng, lanes)));
    cases.extend([(1, 1), (1, 64), (3, 5)].map(|(banks, lanes)| mask_unpack(rng, banks, lanes)));
    cases.extend([(1, 1), (1, 8), (1, 9), (1, 20), (3, 9)].map(|(banks, lanes)| fan_out(rng, banks, lanes)));
    cases.extend([1, 2, 3, 4].map(|merged| merge(rng, merged)));
    cases.extend([1, 2, 3, 5].map(|banks| selector(rng, banks)));
    cases.extend([1, 3].map(|banks| spread(rng, banks)));
    cases.extend([1, 2, 3].map(|count| bundle(rng, count)));
    cases.extend([1, 2, 3].map(|count| unbundle(rng, count)));
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

fn mask_pack(rng: &mut Xoshiro256PlusPlus, banks: usize, lanes: usize) -> Case {
    let driver = Driver {
        block: "mask_pack",
        name: format!("mask pack of {banks} banks of {lanes} lanes"),
        new: Box::new(move || MaskPack::new(banks, lanes)),
        clock: None,
        inputs: vector("flags", banks * lanes, 1),
        outputs: vector("mask", banks, 64),
        set: |pack, inputs| {
            for (flag, bit) in pack.flags.iter_mut().zip(inputs) {
                flag.next = *bit == 1;
            }
        },
        get: |pack| pack.mask.iter().map(|mask| mask.val().to_u128()).collect(),
        defines: always_defined,
    };
    let mut flags = || {
        (0..banks * lanes)
            .map(|_| u128::from(rng.random::<bool>()))
            .collect()
    };
    driver.run((0..CYCLES).map(|_| flags()).collect())
}

fn mask_unpack(rng: &mut Xoshiro256PlusPlus, banks: usize, lanes: usize) -> Case {
    let driver = Driver {
        block: "mask_unpack",
        name: format!("mask unpack to {banks} x {lanes} lanes"),
        new: Box::new(move || MaskUnpack::new(banks, lanes)),
        clock: None,
        inputs: ports([("mask", 64)]),
        outputs: vector("flags", banks * lanes, 1),
        set: |unpack, inputs| unpack.mask.next = word(inputs[0]),
        get: |unpack| unpack.flags.iter().map(|flag| flag.val().into()).collect(),
        defines: always_defined,
    };
    driver.run((0..CYCLES).map(|_| vec![rng.random::<u64>().into()]).collect())
}

fn popcount(rng: &mut Xoshiro256PlusPlus, lanes: usize) -> Case {
    let driver = Driver {
        block: "popcount",
        name: format!("count of {lanes} bits"),
        new: Box::new(move || Popcount::new(lanes)),
        clock: None,
        inputs: ports([("mask", 64)]),
        outputs: ports([("ones", 32)]),
        set: |popcount, inputs| popcount.mask.next = word(inputs[0]),
        get: |popcount| vec![popcount.ones.val().to_u128()],
        defines: always_defined,
    };
    let all_lanes = u64::MAX >> (64 - lanes);
    let mut mask = |cycle| match cycle {
        0 => all_lanes,
        _ => rng.random::<u64>() & all_lanes,
    };
    driver.run((0..CYCLES).map(|cycle| vec![mask(cycle).into()]).collect())
}

fn merge(rng: &mut Xoshiro256PlusPlus, merged: usize) -> Case {
    let params = MergeParams {
        lanes: 3,
        merged,
        width: 5,
        fraction_bits: 2,
    };
    let driver = Driver {
        block: "merge",
        name: format!("sums of {merged} weights"),
        new: Box::new(move || Merge::new(params)),
        clock: None,
        inputs: [vector("present", merged, 1), vector("number", merged * 3, 32)].concat(),
        outputs: vector("sum", 3, 32),
        set: |merge, inputs| {
            let (present, numbers) = inputs.split_at(merge.present.len());
            for (port, &present) in merge.present.iter_mut().zip(present) {
                port.next = present == 1;
            }
            for (port, &number) in merge.number.iter_mut().zip(numbers) {
                port.next = signed(number);
            }
        },
        get: |merge| merge.sum.iter().map(|sum| bits_of(sum.val())).collect(),
        defines: always_defined,
    };
    let rows = (0..CYCLES).map(|_| {
        let present: Vec<u128> = (0..merged).map(|_| u128::from(rng.random::<bool>())).collect();
        let number = || u128::from(((rng.random::<i32>() >> 27) << 2).cast_unsigned());
        let numbers: Vec<u128> = std::iter::repeat_with(number).take(merged * 3).collect();
        [present, numbers].concat()
    });
    driver.run(rows.collect())
}

fn selector(rng: &mut Xoshiro256PlusPlus, banks: usize) -> Case {
    let driver = Driver {
        block: "selector",
        name: format!("selection among {banks} banks"),
        new: Box::new(move || Selector::new(banks, 2, 12)),
        clock: None,
        inputs: [ports([("bank", 8)]), vector("number", banks * 2, 32)].concat(),
        outputs: vector("selected", 2, 32),
        set: |selector, inputs| {
            selector.bank.next = word(inputs[0]);
            for (port, &number) in selector.number.iter_mut().zip(&inputs[1..]) {
                port.next = signed(number);
            }
        },
        get: |selector| selector.selected.iter().map(|lane| bits_of(lane.val())).collect(),
        defines: always_defined,
    };
    let rows = (0..CYCLES).map(|_| {
        let bank = rng.random_range(0..banks as u64).into();
        let number = || u128::from((rng.random::<i32>() >> 20).cast_unsigned());
        let numbers: Vec<u128> = std::iter::repeat_with(number).take(banks * 2).collect();
        [vec![bank], numbers].concat()
    });
    driver.run(rows.collect())
}

fn spread(rng: &mut Xoshiro256PlusPlus, banks: usize) -> Case {
    let driver = Driver {
        block: "spread",
        name: format!("a word for {banks} banks"),
        new: Box::new(move || Spread::new(banks, 2)),
        clock: None,
        inputs: vector("number", 2, 32),
        outputs: vector("spread", banks * 2, 32),
        set: |spread, inputs| {
            for (port, &number) in spread.number.iter_mut().zip(inputs) {
                port.next = signed(number);
            }
        },
        get: |spread| spread.spread.iter().map(|lane| bits_of(lane.val())).collect(),
        defines: always_defined,
    };
    let mut number = || u128::from(rng.random::<u32>());
    driver.run((0..CYCLES).map(|_| vec![number(), number()]).collect())
}

fn bundle(rng: &mut Xoshiro256PlusPlus, count: usize) -> Case {
    let driver = Driver {
        block: "bundle",
        name: format!("bundle of {count}"),
        new: Box::new(move || Bundle::new(count)),
        clock: None,
        inputs: [vector("number", count, 24), vector("flag", count, 1)].concat(),
        outputs: ports([("bundle", 96)]),
        set: |bundle, inputs| {
            let (numbers, flags) = inputs.split_at(bundle.number.len());
            for (port, &number) in bundle.number.iter_mut().zip(numbers) {
                port.next = word(number);
            }
            for (port, &flag) in bundle.flag.iter_mut().zip(flags) {
                port.next = flag == 1;
            }
        },
        get: |bundle| vec![bundle.bundle.val().to_u128()],
        defines: always_defined,
    };
    let rows = (0..CYCLES).map(|_| {
        let numbers: Vec<u128> = (0..count)
            .map(|_| rng.random_range(0..1_u64 << 24).into())
            .collect();
        let flags: Vec<u128> = (0..count).map(|_| u128::from(rng.random::<bool>())).collect();
        [numbers, flags].concat()
    });
    driver.run(rows.collect())
}

fn unbundle(rng: &mut Xoshiro256PlusPlus, count: usize) -> Case {
    let driver = Driver {
        block: "bundle",
        name: format!("bundle of {count}, taken apart"),
        new: Box::new(move || Unbundle::new(count)),
        clock: None,
        inputs: ports([("bundle", 96)]),
        outputs: [vector("number", count, 24), vector("flag", count, 1)].concat(),
        set: |unbundle, inputs| unbundle.bundle.next = word(inputs[0]),
        get: |unbundle| {
            let numbers = unbundle.number.iter().map(|port| port.val().to_u128());
            numbers
                .chain(unbundle.flag.iter().map(|port| port.val().into()))
                .collect()
        },
        defines: always_defined,
    };
    driver.run((0..CYCLES).map(|_| vec![rng.random::<u128>() >> 32]).collect())
}

fn fan_out(rng: &mut Xoshiro256PlusPlus, banks: usize, lanes: usize) -> Case {
    let driver = Driver {
        block: "fan_out",
        name: format!("fan-out to {banks} x {lanes} lanes"),
        new: Box::new(move || FanOut::new(banks, lanes)),
        clock: Some(|register| &mut register.clock),
        inputs: vector("flag", banks, 1),
        outputs: vector("lanes", banks * lanes, 1),
        set: |register, inputs| {
            for (port, &flag) in register.flag.iter_mut().zip(inputs) {
                port.next = flag == 1;
            }
        },
        get: |register| register.lanes.iter().map(|lane| lane.val().into()).collect(),
        defines: always_defined,
    };
    let flags = |rng: &mut Xoshiro256PlusPlus| (0..banks).map(|_| u128::from(rng.random::<bool>())).collect();
    driver.run((0..CYCLES).map(|_| flags(rng)).collect())
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

fn priority_encoder(rng: &mut Xoshiro256PlusPlus, lanes: usize, found: usize) -> Case {
    let found_ports = (0..found).flat_map(|j| [(format!("lane${j}"), 24), (format!("any${j}"), 1)]);
    let names: Vec<(String, usize)> = found_ports.chain([("rest".to_owned(), 64)]).collect();
    let driver = Driver {
        block: "priority_encoder",
        name: format!("priority encoder of {lanes} lanes, {found} at once"),
        new: Box::new(move || PriorityEncoder::new(lanes, found)),
        clock: None,
        inputs: ports([("mask", 64)]),
        outputs: ports(names.iter().map(|(name, width)| (name.as_str(), *width))),
        set: |encoder, inputs| encoder.mask.next = word(inputs[0]),
        get: |encoder| {
            let found = encoder.lane.iter().zip(&encoder.any);
            let found = found.flat_map(|(lane, any)| [lane.val().to_u128(), any.val().into()]);
            found.chain([encoder.rest.val().to_u128()]).collect()
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
