//! Memory of parameters against rows of integers: the contents at power-up, and those loaded byte by byte.

use crate::support::{assert_same, config, difference, number, simulate, word};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_hw::circuit::parameter_memory::{Contents, ParameterMemory, ParameterMemoryParams};
use synfire_hw::circuit::word_memory::{MemoryShape, Style};
use synfire_hw::simulate::Simulation;

/// Rows of numbers of the given shape.
fn rows(rng: &mut Xoshiro256PlusPlus, shape: MemoryShape) -> Vec<Vec<i32>> {
    let number = |rng: &mut Xoshiro256PlusPlus| rng.random::<i32>() >> (32 - shape.width);
    (0..shape.depth)
        .map(|_| (0..shape.lanes).map(|_| number(rng)).collect())
        .collect()
}

fn params(shape: MemoryShape, fraction_bits: usize, rows: Vec<Vec<i32>>) -> ParameterMemoryParams {
    ParameterMemoryParams {
        shape,
        loadable: true,
        fraction_bits,
        contents: Contents {
            file: "rows.hex".into(),
            rows,
        },
    }
}

fn small(style: Style) -> MemoryShape {
    MemoryShape {
        depth: 3,
        lanes: 3,
        width: 3,
        style,
    }
}

/// A memory of three words of nine bits.
fn three_words(style: Style) -> ParameterMemoryParams {
    params(
        small(style),
        5,
        vec![vec![1, -2, 3], vec![-4, 3, 2], vec![0, -1, -3]],
    )
}

/// A memory and its driver.
struct Bench(Simulation<ParameterMemory>);

impl Bench {
    fn new(params: &ParameterMemoryParams) -> Self {
        Self(simulate(ParameterMemory::new(params.clone()), |memory| {
            &mut memory.clock
        }))
    }

    fn read(&mut self, row: usize) -> Vec<i32> {
        self.0.circuit().read_address.next = word(row as u64);
        self.0.tick();
        let lanes = self.0.circuit().read_data.iter();
        lanes.map(|lane| number(lane.val())).collect()
    }

    fn read_all(&mut self, depth: usize) -> Vec<Vec<i32>> {
        (0..depth).map(|row| self.read(row)).collect()
    }

    fn shift(&mut self, byte: u8) {
        let memory = self.0.circuit();
        (memory.load_byte.next, memory.load_shift.next) = (word(byte), true);
        self.0.tick();
        self.0.circuit().load_shift.next = false;
    }

    fn write(&mut self, row: usize) {
        let memory = self.0.circuit();
        (memory.load_address.next, memory.load_write.next) = (word(row as u64), true);
        self.0.tick();
        self.0.circuit().load_write.next = false;
        // The load port's registers.
        self.0.tick();
    }

    fn load(&mut self, row: usize, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.shift(byte));
        self.write(row);
    }
}

/// Rows as they are read.
fn shown(rows: &[Vec<i32>], fraction_bits: usize) -> Vec<Vec<i32>> {
    let row = |row: &Vec<i32>| row.iter().map(|number| number << fraction_bits).collect();
    rows.iter().map(row).collect()
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn every_word_can_be_loaded_again_and_no_other_changes(
        depth in 1..12_usize, lanes in 1..6_usize, width in 1..=32_usize, fraction in 0..8_usize, huge: bool, seed: u64,
    ) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let style = if huge { Style::Spram } else { Style::Block };
        let shape = MemoryShape { depth, lanes, width, style };
        let params = params(shape, fraction.min(32 - width), rows(&mut rng, shape));
        let mut bench = Bench::new(&params);
        let mut held = if huge { vec![vec![0; lanes]; depth] } else { params.contents.rows.clone() };
        assert_same(&shown(&held, params.fraction_bits), &bench.read_all(depth));
        for new in rows(&mut rng, shape) {
            let row = rng.random_range(0..depth);
            bench.load(row, &params.word(&new));
            held[row] = new;
            assert_same(&shown(&held, params.fraction_bits), &bench.read_all(depth));
        }
    }
}

#[test]
fn contents_are_there_from_the_start_but_not_in_a_huge_memory() {
    let params = three_words(Style::Block);
    let expected = shown(&params.contents.rows, 5);
    assert_same(&expected, &Bench::new(&params).read_all(3));
    assert_same(
        &vec![vec![0; 3]; 3],
        &Bench::new(&three_words(Style::Spram)).read_all(3),
    );
}

#[test]
fn a_word_is_its_lanes_side_by_side_in_whole_bytes_the_lowest_first() {
    let params = three_words(Style::Block);
    // 3 = 011, −2 = 110, 1 = 001: 0 1111 0001.
    assert_same(&[0xF1, 0], &params.word(&[1, -2, 3]));
    assert_same(&[0x07, 0], &params.word(&[-1, 0, 0]));
    let (file, text) = params.hex_image();
    assert_eq!((file.as_str(), text.as_str()), ("rows.hex", "0f1\n09c\n178\n"));
    // Bits that fill up the last byte can have any value.
    let mut bench = Bench::new(&params);
    bench.load(1, &[0x07, 0xFE]);
    assert_same(&[-32, 0, 0], &bench.read(1));
}

#[test]
fn the_image_has_as_many_digits_as_the_word_wants() {
    let shape = |lanes, width| MemoryShape {
        depth: 1,
        lanes,
        width,
        style: Style::Block,
    };
    for (lanes, width, text) in [(1, 4, "f\n"), (2, 4, "ff\n"), (3, 4, "fff\n"), (1, 2, "3\n")] {
        let params = params(shape(lanes, width), 0, vec![vec![-1; lanes]]);
        assert_eq!(params.hex_image().1, text);
    }
}

#[test]
fn a_word_waits_for_its_write_and_reads_go_on_while_it_is_shifted() {
    let params = three_words(Style::Block);
    let mut bench = Bench::new(&params);
    let expected = shown(&params.contents.rows, 5);
    bench.0.circuit().read_address.next = word(2_u64);
    for byte in [0x07, 0x00] {
        bench.shift(byte);
        let lanes = bench.0.circuit().read_data.iter();
        assert_same(
            &expected[2],
            &lanes.map(|lane| number(lane.val())).collect::<Vec<_>>(),
        );
    }
    assert_same(&expected, &bench.read_all(3));
    bench.write(0);
    assert_same(&[-32, 0, 0], &bench.read(0));
}

#[test]
fn bytes_in_the_wrong_order_are_noticed() {
    let params = three_words(Style::Block);
    let mut bench = Bench::new(&params);
    let new = vec![3, -1, 2];
    let mut bytes = params.word(&new);
    bytes.reverse();
    bench.load(0, &bytes);
    assert!(difference(&shown(&[new], 5)[0], &bench.read(0)).is_some());
}
