//! Memory of signed words against rows of integers.

use crate::support::{assert_same, config, difference, number, signed, simulate, word};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_hw::circuit::word_memory::{MemoryShape, Style, WordMemory};

fn shape(depth: usize, lanes: usize, width: usize) -> MemoryShape {
    MemoryShape {
        depth,
        lanes,
        width,
        style: Style::Block,
    }
}

/// Inputs of one cycle.
#[derive(Clone, Debug)]
struct Access {
    read: usize,
    write: Option<(usize, Vec<i32>)>,
}

fn accesses(rng: &mut Xoshiro256PlusPlus, shape: MemoryShape, cycles: usize) -> Vec<Access> {
    (0..cycles)
        .map(|_| Access {
            read: rng.random_range(0..shape.depth),
            write: rng.random_bool(0.6).then(|| {
                let row = (0..shape.lanes).map(|_| rng.random()).collect();
                (rng.random_range(0..shape.depth), row)
            }),
        })
        .collect()
}

/// Low `width` bits of a number, sign-extended.
const fn kept(number: i32, width: usize) -> i32 {
    number << (32 - width) >> (32 - width)
}

/// Word that each cycle's read outputs in the next cycle.
fn model(shape: MemoryShape, accesses: &[Access]) -> Vec<Vec<i32>> {
    let mut rows = vec![vec![0; shape.lanes]; shape.depth];
    accesses
        .iter()
        .map(|access| {
            let mut shown = rows[access.read].clone();
            if let Some((row, numbers)) = &access.write {
                if *row == access.read {
                    // Undefined in hardware; garbage in simulation, which reveals such a read.
                    shown = numbers.iter().map(|&number| !number).collect();
                }
                rows[*row] = numbers.iter().map(|&number| kept(number, shape.width)).collect();
            }
            shown
        })
        .collect()
}

fn run(shape: MemoryShape, accesses: &[Access]) -> Vec<Vec<i32>> {
    let mut memory = simulate(WordMemory::new(shape, 1), |memory| &mut memory.clock);
    accesses
        .iter()
        .map(|access| {
            let circuit = memory.circuit();
            circuit.read_address[0].next = word(access.read as u64);
            circuit.write_enable[0].next = access.write.is_some();
            if let Some((row, numbers)) = &access.write {
                circuit.write_address[0].next = word(*row as u64);
                for (lane, &number) in circuit.write_data.iter_mut().zip(numbers) {
                    lane.next = signed(number);
                }
            }
            memory.tick();
            let lanes = memory.circuit().read_data.iter();
            lanes.map(|lane| number(lane.val())).collect()
        })
        .collect()
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn words_are_read_a_cycle_later_as_they_were_written(
        depth in 1..20_usize, lanes in 1..5_usize, width in 1..=32_usize, seed: u64,
    ) {
        let shape = shape(depth, lanes, width);
        let accesses = accesses(&mut Xoshiro256PlusPlus::seed_from_u64(seed), shape, 80);
        assert_same(&model(shape, &accesses), &run(shape, &accesses));
    }
}

#[test]
fn banks_are_read_and_written_independently() {
    let shape = shape(6, 3, 9);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    let of_bank: Vec<Vec<Access>> = (0..4).map(|_| accesses(&mut rng, shape, 60)).collect();
    let mut memory = simulate(WordMemory::new(shape, 4), |memory| &mut memory.clock);
    let mut seen = vec![Vec::new(); 4];
    for cycle in 0..60 {
        let circuit = memory.circuit();
        for (bank, accesses) in of_bank.iter().enumerate() {
            let access = &accesses[cycle];
            circuit.read_address[bank].next = word(access.read as u64);
            circuit.write_enable[bank].next = access.write.is_some();
            if let Some((row, numbers)) = &access.write {
                circuit.write_address[bank].next = word(*row as u64);
                for (lane, &number) in circuit.write_data[3 * bank..].iter_mut().zip(numbers) {
                    lane.next = signed(number);
                }
            }
        }
        memory.tick();
        for (bank, seen) in seen.iter_mut().enumerate() {
            let lanes = &memory.circuit().read_data[3 * bank..3 * bank + 3];
            seen.push(lanes.iter().map(|lane| number(lane.val())).collect::<Vec<i32>>());
        }
    }
    for (accesses, seen) in of_bank.iter().zip(&seen) {
        assert_same(&model(shape, accesses), seen);
    }
}

#[test]
fn a_write_in_the_cycle_of_its_read_shows_garbage_in_simulation() {
    let write = |read, value| Access {
        read,
        write: Some((2, vec![value])),
    };
    let accesses = [write(0, 7), write(2, 9), Access { read: 2, write: None }];
    assert_same(&[vec![0], vec![!9], vec![9]], &run(shape(4, 1, 8), &accesses));
}

#[test]
fn a_memory_that_is_a_bit_wider_is_noticed() {
    let accesses = accesses(&mut Xoshiro256PlusPlus::seed_from_u64(5), shape(8, 2, 6), 80);
    let expected = model(shape(8, 2, 6), &accesses);
    assert!(difference(&expected, &run(shape(8, 2, 7), &accesses)).is_some());
}
