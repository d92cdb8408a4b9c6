//! Memory of signed words against rows of integers.

use crate::support::{assert_same, config, difference, number, signed, simulate, word};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_hw::circuit::word_memory::{Contents, Style, WordMemory, WordMemoryParams};

fn params(depth: usize, lanes: usize, width: usize, fraction_bits: usize) -> WordMemoryParams {
    WordMemoryParams {
        depth,
        lanes,
        width,
        fraction_bits,
        contents: Contents::Zero,
        style: Style::Block,
    }
}

/// One clock's inputs.
#[derive(Clone, Debug)]
struct Access {
    read: usize,
    write: Option<(usize, Vec<i32>)>,
}

fn accesses(rng: &mut Xoshiro256PlusPlus, params: &WordMemoryParams, clocks: usize) -> Vec<Access> {
    (0..clocks)
        .map(|_| Access {
            read: rng.random_range(0..params.depth),
            write: rng.random_bool(0.6).then(|| {
                let row = (0..params.lanes).map(|_| rng.random()).collect();
                (rng.random_range(0..params.depth), row)
            }),
        })
        .collect()
}

/// The low `width` bits of a number, with the sign that they have.
const fn kept(number: i32, width: usize) -> i32 {
    number << (32 - width) >> (32 - width)
}

/// What each clock's read shows in the clock after it, after the rows that the memory starts with.
fn model(mut rows: Vec<Vec<i32>>, params: &WordMemoryParams, accesses: &[Access]) -> Vec<Vec<i32>> {
    accesses
        .iter()
        .map(|access| {
            let mut shown: Vec<i32> = rows[access.read]
                .iter()
                .map(|&number| number << params.fraction_bits)
                .collect();
            if let Some((row, numbers)) = &access.write {
                if *row == access.read {
                    // Undefined in hardware; garbage in simulation, by which such a read shows.
                    shown = numbers.iter().map(|&number| !number).collect();
                }
                rows[*row] = numbers.iter().map(|&number| kept(number, params.width)).collect();
            }
            shown
        })
        .collect()
}

fn run(params: &WordMemoryParams, accesses: &[Access]) -> Vec<Vec<i32>> {
    let mut memory = simulate(WordMemory::new(params.clone()), |memory| &mut memory.clock);
    accesses
        .iter()
        .map(|access| {
            let circuit = memory.circuit();
            circuit.read_address.next = word(access.read as u64);
            circuit.write_enable.next = access.write.is_some();
            if let Some((row, numbers)) = &access.write {
                circuit.write_address.next = word(*row as u64);
                for (lane, &number) in circuit.write_data.iter_mut().zip(numbers) {
                    lane.next = signed(number);
                }
            }
            memory.tick();
            memory
                .circuit()
                .read_data
                .iter()
                .map(|lane| number(lane.val()))
                .collect()
        })
        .collect()
}

fn zeros(params: &WordMemoryParams) -> Vec<Vec<i32>> {
    vec![vec![0; params.lanes]; params.depth]
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn words_are_read_a_clock_later_as_they_were_written(
        depth in 1..20_usize, lanes in 1..5_usize, width in 1..=32_usize, fraction in 0..8_usize,
        seed: u64,
    ) {
        let params = params(depth, lanes, width, fraction.min(32 - width));
        let accesses = accesses(&mut Xoshiro256PlusPlus::seed_from_u64(seed), &params, 80);
        assert_same(&model(zeros(&params), &params, &accesses), &run(&params, &accesses));
    }
}

#[test]
fn an_image_is_there_from_the_start() {
    let rows = vec![vec![1, -2, 3], vec![-4, 3, 2], vec![0, -1, -3]];
    let contents = Contents::Image {
        file: "image.hex".into(),
        rows: rows.clone(),
    };
    let params = WordMemoryParams {
        contents,
        ..params(3, 3, 3, 5)
    };
    let accesses: Vec<Access> = (0..3).map(|read| Access { read, write: None }).collect();
    assert_same(&model(rows, &params, &accesses), &run(&params, &accesses));
}

#[test]
fn the_hex_image_has_lane_0_in_the_lowest_bits_and_one_line_a_word() {
    let rows = vec![vec![1, -2, 3], vec![-1, 0, 0]];
    let contents = Contents::Image {
        file: "image.hex".into(),
        rows,
    };
    let image = WordMemoryParams {
        contents,
        ..params(2, 3, 3, 0)
    }
    .hex_image();
    // 3 = 011, −2 = 110, 1 = 001: 0 1111 0001.
    assert_eq!(image, Some(("image.hex".into(), "0f1\n007\n".into())));
    assert_eq!(params(2, 3, 3, 0).hex_image(), None);
}

#[test]
fn a_write_in_the_clock_of_its_read_shows_garbage_in_simulation() {
    let params = params(4, 1, 8, 0);
    let write = |read, value| Access {
        read,
        write: Some((2, vec![value])),
    };
    let seen = run(
        &params,
        &[write(0, 7), write(2, 9), Access { read: 2, write: None }],
    );
    assert_same(&[vec![0], vec![!9], vec![9]], &seen);
}

#[test]
fn a_memory_that_is_a_bit_wider_is_noticed() {
    let params = params(8, 2, 6, 3);
    let accesses = accesses(&mut Xoshiro256PlusPlus::seed_from_u64(5), &params, 80);
    let wider = WordMemoryParams {
        width: 7,
        ..params.clone()
    };
    assert!(
        difference(
            &model(zeros(&params), &params, &accesses),
            &run(&wider, &accesses)
        )
        .is_some()
    );
}
