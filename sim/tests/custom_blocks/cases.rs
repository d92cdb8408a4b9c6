//! The cases: every block with several sets of parameters and random inputs.

use crate::case::{Case, Driver, Port, ports, vector};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rust_hdl::prelude::{Bits, Signed, ToBits};
use synfire_hw::circuit::leak::Leak;
use synfire_hw::circuit::mask_pack::MaskPack;
use synfire_hw::circuit::narrow::Narrow;
use synfire_hw::circuit::priority_encoder::PriorityEncoder;
use synfire_hw::circuit::word_memory::{Contents, Style, WordMemory, WordMemoryParams};
use synfire_hw::circuit::word_store::WordStore;

/// Clocks of every case.
pub(crate) const CLOCKS: usize = 300;

/// Every case.
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
    for (depth, lanes, width, fraction_bits, image, style) in [
        (1, 1, 8, 0, false, Style::Logic),
        (2, 3, 20, 0, false, Style::Distributed),
        (5, 3, 4, 3, true, Style::Block),
        (16, 4, 32, 0, false, Style::Block),
        (7, 2, 20, 12, true, Style::Logic),
        (33, 1, 1, 4, true, Style::Block),
        (12, 5, 7, 9, true, Style::Distributed),
    ] {
        let contents = if image {
            let half = 1_i32 << (width - 1);
            let mut row = || (0..lanes).map(|_| rng.random_range(-half..half)).collect();
            Contents::Image {
                file: format!("image{}.hex", cases.len()),
                rows: (0..depth).map(|_| row()).collect(),
            }
        } else {
            Contents::Zero
        };
        cases.push(word_memory(
            rng,
            WordMemoryParams {
                depth,
                lanes,
                width,
                fraction_bits,
                contents,
                style,
            },
        ));
    }
    cases.push(word_store::<8>(rng, 2, 8, false));
    cases.push(word_store::<8>(rng, 64, 8, false));
    cases.push(word_store::<32>(rng, 16, 9, false));
    cases.push(word_store::<66>(rng, 16, 66, false));
    cases.push(word_store::<66>(rng, 9, 7, false));
    cases.push(word_store::<16>(rng, 11, 9, true));
    cases
}

const fn always_defined(_: &[u128]) -> bool {
    true
}

/// The bits of a signed number.
fn bits_of(number: Signed<32>) -> u128 {
    number.inner().to_u32().into()
}

/// Bits as a signed number.
fn signed(bits: u128) -> Signed<32> {
    i64::from(u32::try_from(bits).expect("32 bits").cast_signed()).into()
}

fn word<const N: usize>(bits: u128) -> Bits<N> {
    bits.to_bits()
}

/// Numbers of 32 bits of every size and sign, edges first.
fn numbers(rng: &mut Xoshiro256PlusPlus) -> Vec<Vec<u128>> {
    let edges = [0, 1, -1, 127, 128, -128, -129, i32::MAX, i32::MIN];
    let mut any = || rng.random::<i32>() >> rng.random_range(0..32);
    let numbers = (0..CLOCKS).map(|clock| edges.get(clock).copied().unwrap_or_else(&mut any));
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
    driver.run((0..CLOCKS).map(|_| flags()).collect())
}

fn priority_encoder(rng: &mut Xoshiro256PlusPlus, lanes: usize) -> Case {
    let driver = Driver {
        block: "priority_encoder",
        name: format!("priority encoder of {lanes} lanes"),
        new: Box::new(move || PriorityEncoder::new(lanes)),
        clock: None,
        inputs: ports([("mask", 64)]),
        outputs: ports([("lane", 24), ("any", 1), ("rest", 64)]),
        set: |encoder, inputs| encoder.mask.next = word(inputs[0]),
        get: |encoder| {
            let any = u128::from(encoder.any.val());
            vec![encoder.lane.val().to_u128(), any, encoder.rest.val().to_u128()]
        },
        defines: always_defined,
    };
    // Every number of leading zeros comes up.
    let mut mask = || rng.random::<u64>() >> (64 - lanes) >> rng.random_range(0..lanes);
    driver.run(
        (0..CLOCKS)
            .map(|clock| vec![if clock == 0 { 0 } else { mask().into() }])
            .collect(),
    )
}

/// Inputs of a memory: read address, write address, write enable. Half of the writes go where the next read
/// is, and some where this clock's read is.
fn addresses(rng: &mut Xoshiro256PlusPlus, depth: usize) -> Vec<[u128; 3]> {
    let mut read = 0;
    (0..CLOCKS)
        .map(|_| {
            let next = rng.random_range(0..depth as u64);
            let write = if rng.random() {
                next
            } else {
                rng.random_range(0..depth as u64)
            };
            let inputs = [read, write, u64::from(rng.random_bool(0.7))].map(u128::from);
            read = next;
            inputs
        })
        .collect()
}

/// A word that is read in the clock that writes it is undefined in hardware.
fn reads_another_word_than_it_writes(inputs: &[u128]) -> bool {
    inputs[2] == 0 || inputs[0] != inputs[1]
}

const ADDRESSES: [&str; 3] = ["read_address", "write_address", "write_enable"];

fn memory_ports(address_bits: usize, data: impl IntoIterator<Item = Port>) -> Vec<Port> {
    let addresses = ports(ADDRESSES.into_iter().zip([address_bits, address_bits, 1]));
    addresses.into_iter().chain(data).collect()
}

fn word_memory(rng: &mut Xoshiro256PlusPlus, params: WordMemoryParams) -> Case {
    let WordMemoryParams {
        depth,
        lanes,
        width,
        fraction_bits,
        ..
    } = params;
    let files = params.hex_image().into_iter().collect();
    let driver = Driver {
        block: "word_memory",
        name: format!("word memory of {depth} x {lanes} x {width}.{fraction_bits}"),
        new: Box::new(move || WordMemory::new(params.clone())),
        clock: Some(|memory| &mut memory.clock),
        inputs: memory_ports(24, vector("write_data", lanes, 32)),
        outputs: vector("read_data", lanes, 32),
        set: |memory, inputs| {
            memory.read_address.next = word(inputs[0]);
            memory.write_address.next = word(inputs[1]);
            memory.write_enable.next = inputs[2] == 1;
            for (lane, data) in memory.write_data.iter_mut().zip(&inputs[3..]) {
                lane.next = signed(*data);
            }
        },
        get: |memory| memory.read_data.iter().map(|lane| bits_of(lane.val())).collect(),
        defines: reads_another_word_than_it_writes,
    };
    let stimulus = addresses(rng, depth).into_iter().map(|addresses| {
        let data = (0..lanes).map(|_| rng.random::<u32>().into());
        addresses.into_iter().chain(data).collect()
    });
    let stimulus = stimulus.collect();
    Case {
        files,
        ..driver.run(stimulus)
    }
}

fn word_store<const N: usize>(
    rng: &mut Xoshiro256PlusPlus,
    depth: usize,
    width: usize,
    filled: bool,
) -> Case {
    let contents: Vec<u64> = (0..depth)
        .map(|_| rng.random_range(0..1 << width.min(63)))
        .collect();
    let driver = Driver {
        block: "word_store",
        name: format!(
            "word store of {depth} x {width}{}",
            if filled { ", filled" } else { "" }
        ),
        new: Box::new(move || {
            if filled {
                WordStore::<N>::with_contents(&contents, width)
            } else {
                WordStore::new(depth, width)
            }
        }),
        clock: Some(|store| &mut store.clock),
        inputs: memory_ports(16, ports([("write_data", N)])),
        outputs: ports([("read_data", N)]),
        set: |store, inputs| {
            store.read_address.next = word(inputs[0]);
            store.write_address.next = word(inputs[1]);
            store.write_enable.next = inputs[2] == 1;
            store.write_data.next = word(inputs[3]);
        },
        get: |store| vec![store.read_data.val().to_u128()],
        defines: reads_another_word_than_it_writes,
    };
    let stimulus = addresses(rng, depth).into_iter().map(|addresses| {
        let data = rng.random::<u128>() & ((1 << N) - 1);
        addresses.into_iter().chain([data]).collect()
    });
    let stimulus = stimulus.collect();
    driver.run(stimulus)
}
