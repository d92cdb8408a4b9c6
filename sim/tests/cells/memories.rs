//! Memories: words that are written and read, parameters that are loaded or fixed, the snapshot, constants.

use crate::case::{Addresses, Case, Output, Row, bits, port, vector};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::collections::HashSet;
use synfire_hw::board::Family;
use synfire_hw::circuit::lookup_table::LookupTable;
use synfire_hw::circuit::parameter_memory::{Contents, ParameterMemory, ParameterMemoryParams};
use synfire_hw::circuit::snapshot::Snapshot;
use synfire_hw::circuit::word_memory::{MemoryShape, Style, WordMemory};
use synfire_hw::circuit::word_store::WordStore;
use synfire_hw::emit::verilog::emit;

/// Depth, lanes and width of a memory.
type Shape = (usize, usize, usize);

/// Shapes of memories that are written and read. The first ones fill a cell of each width to the bit. The others leave a part
/// of the cell unused, or take several cells, side by side or one behind the other.
const WRITTEN: [(Style, Shape); 16] = [
    (Style::Block, (16384, 1, 1)),
    (Style::Block, (8192, 1, 2)),
    (Style::Block, (4096, 1, 4)),
    (Style::Block, (2048, 1, 8)),
    (Style::Block, (2048, 1, 9)),
    (Style::Block, (1024, 2, 9)),
    (Style::Block, (512, 4, 9)),
    (Style::Block, (512, 1, 8)),
    (Style::Block, (256, 1, 16)),
    (Style::Block, (3, 1, 5)),
    (Style::Block, (100, 15, 20)),
    (Style::Block, (1500, 3, 7)),
    (Style::Block, (700, 5, 4)),
    (Style::Distributed, (16, 1, 4)),
    (Style::Distributed, (50, 3, 7)),
    (Style::Logic, (2, 2, 11)),
];

/// Shapes of parameter memories, loadable and fixed.
const PARAMETERS: [(Style, Shape, bool); 16] = [
    (Style::Block, (16384, 1, 1), false),
    (Style::Block, (2000, 1, 2), false),
    (Style::Block, (1000, 1, 3), false),
    (Style::Block, (2048, 1, 9), false),
    (Style::Block, (1024, 2, 9), false),
    (Style::Block, (512, 9, 4), false),
    (Style::Block, (200, 4, 5), false),
    (Style::Block, (300, 5, 12), false),
    (Style::Block, (1000, 3, 6), true),
    (Style::Block, (150, 10, 6), true),
    (Style::Block, (4000, 1, 4), true),
    (Style::Distributed, (30, 4, 5), true),
    (Style::Logic, (3, 11, 13), true),
    (Style::Logic, (7, 2, 20), false),
    (Style::Spram, (3000, 2, 8), true),
    (Style::Spram, (16384, 5, 4), true),
];

/// Whether parameters of a width are of use to a family: of 9 bits, they fill cells that iCE40 has not, and Yosys takes seconds for
/// each cell with contents.
fn is_of_use(family: Family, width: usize, lanes: usize) -> bool {
    family != Family::Ice40 || !(width * lanes).is_multiple_of(9)
}

/// All cases of memories of the given styles.
pub(crate) fn all(seed: u64, family: Family, styles: &[Style]) -> Vec<Case> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let rng = &mut random;
    let mut cases = Vec::new();
    let shape = |style, (depth, lanes, width)| MemoryShape {
        depth,
        lanes,
        width,
        style,
    };
    for (style, of) in WRITTEN {
        if styles.contains(&style) {
            cases.push(word_memory(rng, shape(style, of)));
        }
    }
    for (style, of, loadable) in PARAMETERS {
        if styles.contains(&style) && is_of_use(family, of.2, of.1) {
            let file = format!("image{}.hex", cases.len());
            cases.push(parameter_memory(rng, file, shape(style, of), loadable));
        }
    }
    for of in [(3, 4, 20), (40, 2, 13)] {
        cases.push(snapshot(rng, shape(Style::Logic, of)));
    }
    cases.push(word_store::<16>(rng, 11, 9, true));
    cases.push(word_store::<16>(rng, 600, 13, true));
    cases.push(word_store::<66>(rng, 64, 66, false));
    cases.push(lookup_table(rng, 75));
    cases
}

/// Cycles of a case of a memory of `depth` words.
fn cycles(depth: usize) -> usize {
    (4 * depth).clamp(400, 4000)
}

/// Inputs of a memory: read address, write address, write enable. Some writes go to the address of the next read, and some to
/// that of the read in the same cycle.
fn addresses(rng: &mut Xoshiro256PlusPlus, depth: usize) -> Vec<[u128; 3]> {
    let any = Addresses::new(rng, depth);
    let mut read = any.next(rng);
    (0..cycles(depth))
        .map(|_| {
            let next = any.next(rng);
            let write = match rng.random_range(0..8) {
                0..3 => next,
                3 => read,
                _ => any.next(rng),
            };
            let inputs = [read, write, u64::from(rng.random_bool(0.6))].map(u128::from);
            read = next;
            inputs
        })
        .collect()
}

/// Rows of a memory with a read and a write port. A word that is read in the cycle that writes it is undefined, and so is the
/// output before the first read.
fn rows(addresses: Vec<[u128; 3]>, mut data: impl FnMut() -> Vec<u128>) -> Vec<Row> {
    let mut compared = false;
    let row = |[read, write, enable]: [u128; 3]| {
        let row = Row {
            inputs: [read, write, enable].into_iter().chain(data()).collect(),
            compared,
        };
        compared = enable == 0 || read != write;
        row
    };
    addresses.into_iter().map(row).collect()
}

fn word_memory(rng: &mut Xoshiro256PlusPlus, shape: MemoryShape) -> Case {
    let MemoryShape {
        depth, lanes, width, ..
    } = shape;
    let addresses = addresses(rng, depth);
    Case {
        name: format!(
            "{} word memory of {depth} x {lanes} x {width}",
            shape.style.attribute()
        ),
        verilog: emit(WordMemory::new(shape, 1), &[]).expect("rust-hdl accepts the memory"),
        has_clock: true,
        inputs: [
            port("read_address$0", 24),
            port("write_address$0", 24),
            port("write_enable$0", 1),
        ]
        .into_iter()
        .chain(vector("write_data", lanes, 32))
        .collect(),
        outputs: vector("read_data", lanes, 32).map(Output::from).collect(),
        rows: rows(addresses, || (0..lanes).map(|_| bits(rng, 32)).collect()),
        files: Vec::new(),
    }
}

fn word_store<const N: usize>(
    rng: &mut Xoshiro256PlusPlus,
    depth: usize,
    width: usize,
    filled: bool,
) -> Case {
    let store = if filled {
        let words: Vec<u64> = (0..depth).map(|_| rng.random_range(0..1 << width)).collect();
        WordStore::<N>::with_contents(&words, width)
    } else {
        WordStore::<N>::new(depth, width)
    };
    let addresses = addresses(rng, depth);
    Case {
        name: format!(
            "word store of {depth} x {width}{}",
            if filled { ", filled" } else { "" }
        ),
        verilog: emit(store, &[]).expect("rust-hdl accepts the store"),
        has_clock: true,
        inputs: vec![
            port("read_address", 16),
            port("write_address", 16),
            port("write_enable", 1),
            port("write_data", N),
        ],
        outputs: vec![port("read_data", N).into()],
        rows: rows(addresses, || vec![bits(rng, N)]),
        files: Vec::new(),
    }
}

/// State of a load port, which writes a word one cycle after `load_write`.
struct Loading {
    /// Address of the word that is written in this cycle.
    late: Option<u64>,
    /// Addresses of words that have been loaded; none for a memory that has contents at power-up.
    filled: Option<HashSet<u64>>,
}

impl Loading {
    /// Whether the output of the next cycle is defined, for a read at `read` and a write that follows in the next cycle.
    fn defines(&mut self, read: u64, load: Option<u64>) -> bool {
        let defined = match (&mut self.filled, self.late) {
            // A memory with one port reads nothing in a cycle that writes.
            (Some(filled), Some(word)) => {
                filled.insert(word);
                false
            }
            (Some(filled), None) => filled.contains(&read),
            (None, late) => late != Some(read),
        };
        self.late = load;
        defined
    }
}

fn parameter_memory(rng: &mut Xoshiro256PlusPlus, file: String, shape: MemoryShape, loadable: bool) -> Case {
    let MemoryShape {
        depth,
        lanes,
        width,
        style,
    } = shape;
    let mut row = || (0..lanes).map(|_| rng.random::<i32>() >> (32 - width)).collect();
    let params = ParameterMemoryParams {
        shape,
        loadable,
        fraction_bits: 0,
        contents: Contents {
            file,
            rows: (0..depth).map(|_| row()).collect(),
        },
    };
    let mut loading = Loading {
        late: None,
        filled: (style == Style::Spram).then(HashSet::new),
    };
    let reads = addresses(rng, depth);
    let mut compared = false;
    let rows = reads.iter().enumerate().map(|(cycle, &[read, _, write])| {
        // The word is written one cycle later, half of the time at the address of the read then, or of the read after that.
        let load = reads.get(cycle + 2).map_or(0, |[_, load, _]| *load);
        let write = write == 1 && rng.random_bool(0.5);
        // A word is written in a cycle without a shift.
        let shift = !write && rng.random_bool(0.8);
        let row = Row {
            inputs: vec![read, bits(rng, 8), shift.into(), write.into(), load],
            compared,
        };
        let [read, load] = [read, load].map(|address| u64::try_from(address).expect("an address"));
        compared = loading.defines(read, (write && loadable).then_some(load));
        row
    });
    Case {
        rows: rows.collect(),
        name: format!(
            "{} parameter memory of {depth} x {lanes} x {width}, {}",
            style.attribute(),
            if loadable { "loadable" } else { "fixed" }
        ),
        files: vec![params.hex_image()],
        verilog: emit(ParameterMemory::new(params), &[]).expect("rust-hdl accepts the memory"),
        has_clock: true,
        inputs: vec![
            port("read_address", 24),
            port("load_byte", 8),
            port("load_shift", 1),
            port("load_write", 1),
            port("load_address", 24),
        ],
        outputs: vector("read_data", lanes, 32).map(Output::from).collect(),
    }
}

fn snapshot(rng: &mut Xoshiro256PlusPlus, shape: MemoryShape) -> Case {
    let MemoryShape {
        depth, lanes, width, ..
    } = shape;
    // Sweeps of `depth` words, and some that end earlier.
    let mut group = 0;
    let row = |cycle| {
        let valid = rng.random_bool(0.6);
        let last = group + 1 == depth || rng.random_bool(0.02);
        if valid {
            group = if last { 0 } else { group + 1 };
        }
        let group = rng.random_range(0..depth as u64);
        let lane = rng.random_range(0..lanes as u64);
        let data = (0..lanes).map(|_| bits(rng, 32));
        Row {
            inputs: [u64::from(valid), u64::from(last), group, lane]
                .map(u128::from)
                .into_iter()
                .chain(data)
                .collect(),
            compared: cycle > 0,
        }
    };
    Case {
        rows: (0..800).map(row).collect(),
        name: format!("snapshot of {depth} x {lanes} x {width}"),
        verilog: emit(Snapshot::new(shape), &[]).expect("rust-hdl accepts the snapshot"),
        has_clock: true,
        inputs: [
            port("valid", 1),
            port("last", 1),
            port("readout_group", 24),
            port("readout_lane", 8),
        ]
        .into_iter()
        .chain(vector("data", lanes, 32))
        .collect(),
        outputs: vec![port("readout_data", 32).into()],
        files: Vec::new(),
    }
}

fn lookup_table(rng: &mut Xoshiro256PlusPlus, depth: usize) -> Case {
    let table = LookupTable::new((0..depth).map(|_| rng.random()).collect());
    Case {
        name: format!("lookup table of {depth}"),
        verilog: emit(table, &[]).expect("rust-hdl accepts the table"),
        has_clock: false,
        inputs: vec![port("address", 16)],
        outputs: vec![port("data", 64).into()],
        rows: (0..depth)
            .map(|address| Row {
                inputs: vec![address as u128],
                compared: true,
            })
            .collect(),
        files: Vec::new(),
    }
}
