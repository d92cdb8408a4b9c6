//! Memories: words that are written and read, parameters that are loaded, the snapshot of the output layer.

use crate::case::{Case, Driver, Port, ports, vector};
use crate::cases::{CYCLES, bits_of, signed, word};
use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_hw::circuit::parameter_memory::{Contents, ParameterMemory, ParameterMemoryParams};
use synfire_hw::circuit::snapshot::Snapshot;
use synfire_hw::circuit::word_memory::{MemoryShape, Style, WordMemory};
use synfire_hw::circuit::word_store::WordStore;

/// All cases of memories.
pub(crate) fn all(rng: &mut Xoshiro256PlusPlus) -> Vec<Case> {
    let mut cases = Vec::new();
    let shape = |(depth, lanes, width, style)| MemoryShape {
        depth,
        lanes,
        width,
        style,
    };
    for of in [
        (1, 1, 8, Style::Logic),
        (2, 3, 20, Style::Distributed),
        (16, 4, 32, Style::Block),
        (33, 1, 1, Style::Block),
    ] {
        cases.push(word_memory(rng, shape(of), 1));
    }
    cases.push(word_memory(rng, shape((5, 2, 9, Style::Block)), 3));
    for (number, (of, fraction_bits)) in (0..).zip([
        ((1, 1, 8, Style::Logic), 0),
        ((5, 3, 4, Style::Block), 3),
        ((7, 2, 20, Style::Logic), 12),
        ((33, 1, 1, Style::Block), 4),
        ((12, 5, 7, Style::Distributed), 9),
        ((3, 2, 32, Style::Block), 0),
        ((9, 2, 5, Style::Spram), 2),
        ((4, 1, 3, Style::Spram), 0),
        // This word is wider than one copy of an enable drives, and not a whole number of bytes.
        ((3, 11, 13, Style::Logic), 0),
        ((1, 1, 2, Style::Logic), 0),
        ((2, 5, 13, Style::Block), 0),
    ]) {
        cases.push(parameter_memory(rng, number, shape(of), fraction_bits, 1));
    }
    cases.push(parameter_memory(rng, 100, shape((9, 3, 4, Style::Block)), 2, 3));
    cases.push(parameter_memory(rng, 101, shape((6, 2, 5, Style::Block)), 0, 2));
    for of in [
        (1, 1, 8, Style::Block),
        (3, 4, 20, Style::Block),
        (5, 2, 32, Style::Block),
        (2, 5, 1, Style::Logic),
    ] {
        cases.push(snapshot(rng, shape(of)));
    }
    cases.push(word_store::<8>(rng, 2, 8, false));
    cases.push(word_store::<8>(rng, 64, 8, false));
    cases.push(word_store::<32>(rng, 16, 9, false));
    cases.push(word_store::<66>(rng, 16, 66, false));
    cases.push(word_store::<66>(rng, 9, 7, false));
    cases.push(word_store::<16>(rng, 11, 9, true));
    cases
}

/// Inputs of a memory: read address, write address, write enable. Half of the writes go to the address of the next read, and
/// some to that of the read in the same cycle.
fn addresses(rng: &mut Xoshiro256PlusPlus, depth: usize) -> Vec<[u128; 3]> {
    let mut read = 0;
    (0..CYCLES)
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

/// Whether the outputs of three banks are defined.
fn three_read_other_words([inputs, before]: [&[u128]; 2]) -> bool {
    inputs[..9]
        .chunks(3)
        .all(|bank| reads_another_word_than_it_writes([bank, before]))
}

/// Whether the outputs are defined: a word that is read in the cycle that writes it is undefined in hardware.
fn reads_another_word_than_it_writes([inputs, _]: [&[u128]; 2]) -> bool {
    inputs[2] == 0 || inputs[0] != inputs[1]
}

const ADDRESSES: [&str; 3] = ["read_address", "write_address", "write_enable"];

fn memory_ports(address_bits: usize, data: impl IntoIterator<Item = Port>) -> Vec<Port> {
    let addresses = ports(ADDRESSES.into_iter().zip([address_bits, address_bits, 1]));
    addresses.into_iter().chain(data).collect()
}

fn word_memory(rng: &mut Xoshiro256PlusPlus, shape: MemoryShape, banks: usize) -> Case {
    let MemoryShape {
        depth, lanes, width, ..
    } = shape;
    let of_bank = |bank: usize| {
        let mut ports = memory_ports(24, []);
        for port in &mut ports {
            port.name = format!("{}${bank}", port.name);
        }
        ports
    };
    let driver = Driver {
        block: "word_memory",
        name: format!("word memory of {banks} x {depth} x {lanes} x {width}"),
        new: Box::new(move || WordMemory::new(shape, banks)),
        clock: Some(|memory| &mut memory.clock),
        inputs: (0..banks)
            .flat_map(of_bank)
            .chain(vector("write_data", banks * lanes, 32))
            .collect(),
        outputs: vector("read_data", banks * lanes, 32),
        set: |memory, inputs| {
            let banks = memory.read_address.len();
            for (bank, inputs) in inputs[..3 * banks].chunks(3).enumerate() {
                memory.read_address[bank].next = word(inputs[0]);
                memory.write_address[bank].next = word(inputs[1]);
                memory.write_enable[bank].next = inputs[2] == 1;
            }
            for (lane, data) in memory.write_data.iter_mut().zip(&inputs[3 * banks..]) {
                lane.next = signed(*data);
            }
        },
        get: |memory| memory.read_data.iter().map(|lane| bits_of(lane.val())).collect(),
        defines: if banks == 1 {
            reads_another_word_than_it_writes
        } else {
            three_read_other_words
        },
    };
    let of_banks: Vec<Vec<[u128; 3]>> = (0..banks).map(|_| addresses(rng, depth)).collect();
    let stimulus = (0..CYCLES).map(|cycle| {
        let addresses = of_banks.iter().flat_map(|bank| bank[cycle]);
        let data = (0..banks * lanes).map(|_| rng.random::<u32>().into());
        addresses.chain(data).collect()
    });
    let stimulus = stimulus.collect();
    driver.run(stimulus)
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

/// Whether the outputs are defined: a word that is read in the cycle that writes it, which is the one after `load_write`, is
/// undefined in hardware.
fn reads_another_word_than_it_loads([inputs, before]: [&[u128]; 2]) -> bool {
    before[3] == 0 || (inputs[0] != before[4] && inputs[5..].iter().all(|&read| read != before[4]))
}

/// Whether the outputs are defined: a memory with one port reads nothing in a cycle that writes.
fn loads_nothing([_, before]: [&[u128]; 2]) -> bool {
    before[3] == 0
}

fn parameter_memory(
    rng: &mut Xoshiro256PlusPlus,
    number: usize,
    shape: MemoryShape,
    fraction_bits: usize,
    ports_: usize,
) -> Case {
    let MemoryShape {
        depth,
        lanes,
        width,
        style,
    } = shape;
    let mut row = || (0..lanes).map(|_| rng.random::<i32>() >> (32 - width)).collect();
    let params = ParameterMemoryParams {
        shape,
        // Every second memory keeps the contents of the bitstream, and ignores loading.
        loadable: style == Style::Spram || number.is_multiple_of(2),
        fraction_bits,
        contents: Contents {
            file: format!("image{number}.hex"),
            rows: (0..depth).map(|_| row()).collect(),
        },
    };
    let files = vec![params.hex_image()];
    let driver = Driver {
        block: "parameter_memory",
        name: format!(
            "{} parameter memory of {depth} x {lanes} x {width}.{fraction_bits}, {ports_} ports",
            style.attribute()
        ),
        new: Box::new(move || ParameterMemory::with_ports(params.clone(), ports_)),
        clock: Some(|memory| &mut memory.clock),
        inputs: ports([
            ("read_address", 24),
            ("load_byte", 8),
            ("load_shift", 1),
            ("load_write", 1),
            ("load_address", 24),
        ])
        .into_iter()
        .chain(vector("more_addresses", ports_ - 1, 24))
        .collect(),
        outputs: vector("read_data", ports_ * lanes, 32),
        set: |memory, inputs| {
            memory.read_address.next = word(inputs[0]);
            memory.load_byte.next = word(inputs[1]);
            memory.load_shift.next = inputs[2] == 1;
            memory.load_write.next = inputs[3] == 1;
            memory.load_address.next = word(inputs[4]);
            for (port, address) in memory.more_addresses.iter_mut().zip(&inputs[5..]) {
                port.next = word(*address);
            }
        },
        get: |memory| memory.read_data.iter().map(|lane| bits_of(lane.val())).collect(),
        defines: if style == Style::Spram {
            loads_nothing
        } else {
            reads_another_word_than_it_loads
        },
    };
    // A word is written one cycle after its address is given, so the addresses are shifted by a cycle against the reads.
    let reads = addresses(rng, depth);
    let delayed = [[0; 3]].iter().chain(&reads).copied().collect::<Vec<_>>();
    let stimulus = delayed.into_iter().zip(reads).map(|([read, ..], [_, load, _])| {
        let byte = rng.random::<u8>().into();
        let [shifts, writes] = [0.7, 0.3].map(|rate| u128::from(rng.random_bool(rate)));
        // A word is written in a cycle without a shift.
        let more = (1..ports_).map(|_| rng.random_range(0..depth as u64).into());
        let more: Vec<u128> = more.collect();
        [vec![read, byte, shifts & (1 - writes), writes, load], more].concat()
    });
    let stimulus = stimulus.collect();
    Case {
        files,
        ..driver.run(stimulus)
    }
}

fn snapshot(rng: &mut Xoshiro256PlusPlus, shape: MemoryShape) -> Case {
    let MemoryShape {
        depth, lanes, width, ..
    } = shape;
    let driver = Driver {
        block: "snapshot",
        name: format!("snapshot of {depth} x {lanes} x {width}"),
        new: Box::new(move || Snapshot::new(shape)),
        clock: Some(|snapshot| &mut snapshot.clock),
        inputs: ports([
            ("valid", 1),
            ("last", 1),
            ("readout_group", 24),
            ("readout_lane", 8),
        ])
        .into_iter()
        .chain(vector("data", lanes, 32))
        .collect(),
        outputs: ports([("readout_data", 32)]),
        set: |snapshot, inputs| {
            snapshot.valid.next = inputs[0] == 1;
            snapshot.last.next = inputs[1] == 1;
            snapshot.readout_group.next = word(inputs[2]);
            snapshot.readout_lane.next = word(inputs[3]);
            for (lane, data) in snapshot.data.iter_mut().zip(&inputs[4..]) {
                lane.next = signed(*data);
            }
        },
        get: |snapshot| vec![bits_of(snapshot.readout_data.val())],
        defines: crate::cases::always_defined,
    };
    // Sweeps of `depth` words, and some that end earlier.
    let mut group = 0;
    let stimulus = (0..CYCLES).map(|_| {
        let valid = rng.random_bool(0.6);
        let last = group + 1 == depth || rng.random_bool(0.1);
        if valid {
            group = if last { 0 } else { group + 1 };
        }
        let read = [
            rng.random_range(0..depth as u64),
            rng.random_range(0..lanes as u64),
        ];
        let data = (0..lanes).map(|_| rng.random::<u32>().into());
        [u64::from(valid), u64::from(last), read[0], read[1]]
            .map(u128::from)
            .into_iter()
            .chain(data)
            .collect()
    });
    let stimulus = stimulus.collect();
    driver.run(stimulus)
}
