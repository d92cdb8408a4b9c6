//! Store of plain words against an array.

use crate::support::{assert_same, config, difference, simulate, word};
use proptest::prelude::*;
use synfire_hw::circuit::word_store::WordStore;

const N: usize = 16;

/// Inputs of one cycle.
#[derive(Clone, Debug)]
struct Access {
    read: usize,
    write: Option<(usize, u64)>,
}

fn accesses(depth: usize) -> impl Strategy<Value = Vec<Access>> {
    let write = proptest::option::of((0..depth, 0..1_u64 << N));
    let access = (0..depth, write).prop_map(|(read, write)| Access { read, write });
    proptest::collection::vec(access, 1..100)
}

fn model(mut words: Vec<u64>, width: usize, accesses: &[Access]) -> Vec<u64> {
    accesses
        .iter()
        .map(|access| {
            let mut shown = words[access.read];
            if let Some((place, word)) = access.write {
                if place == access.read {
                    // Undefined in hardware; garbage in simulation, which reveals such a read.
                    shown = !word & ((1 << N) - 1);
                }
                words[place] = word & ((1 << width) - 1);
            }
            shown
        })
        .collect()
}

fn run(store: WordStore<N>, accesses: &[Access]) -> Vec<u64> {
    let mut store = simulate(store, |store| &mut store.clock);
    accesses
        .iter()
        .map(|access| {
            let circuit = store.circuit();
            circuit.read_address.next = word(access.read as u64);
            circuit.write_enable.next = access.write.is_some();
            if let Some((place, data)) = access.write {
                circuit.write_address.next = word(place as u64);
                circuit.write_data.next = word(data);
            }
            store.tick();
            store.circuit().read_data.val().to_u64()
        })
        .collect()
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn words_are_read_a_cycle_later_as_they_were_written(
        (depth, accesses) in (2..40_usize).prop_flat_map(|depth| (Just(depth), accesses(depth))),
        width in 1..=N,
    ) {
        let expected = model(vec![0; depth], width, &accesses);
        assert_same(&expected, &run(WordStore::new(depth, width), &accesses));
    }
}

#[test]
fn contents_are_there_from_the_start() {
    let words = [3, 0, 511, 7, 256];
    let reads: Vec<Access> = (0..words.len())
        .map(|read| Access { read, write: None })
        .collect();
    assert_same(&words, &run(WordStore::with_contents(&words, 9), &reads));
}

#[test]
fn a_store_that_is_a_bit_narrower_is_noticed() {
    let accesses = [
        Access {
            read: 1,
            write: Some((0, 0x1FF)),
        },
        Access { read: 0, write: None },
    ];
    let expected = model(vec![0; 4], 9, &accesses);
    assert_same(&expected, &run(WordStore::new(4, 9), &accesses));
    assert!(difference(&expected, &run(WordStore::new(4, 8), &accesses)).is_some());
}
