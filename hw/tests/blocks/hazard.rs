//! Way of a bank's words against a list of the cycles in which each is finished and written.

use crate::support::{assert_same, config, difference, simulate, word};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_hw::circuit::hazard::Hazard;

/// A word that is addressed: whether it belongs to a sweep, and its address.
type Issued = Option<(bool, usize)>;

/// Outputs in one cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shown {
    take_last: bool,
    take_older: bool,
    forward_last: bool,
    settles: bool,
    written: Option<usize>,
}

/// Cycles from the address of a word until it is finished.
const fn way(sweep: bool, stages: usize) -> usize {
    if sweep { 2 + stages } else { 2 }
}

fn model(stages: usize, issued: &[Issued]) -> Vec<Shown> {
    let finished = |cycle: usize| {
        (0..=cycle).rev().find_map(|at| match issued.get(at) {
            Some(&Some((sweep, address))) if at + way(sweep, stages) == cycle => Some((sweep, address)),
            _ => None,
        })
    };
    let address = |cycle: Option<usize>| {
        cycle
            .and_then(|cycle| *issued.get(cycle)?)
            .map(|(_, address)| address)
    };
    (0..issued.len())
        .map(|cycle| {
            let [now, before] = [finished(cycle), cycle.checked_sub(1).and_then(finished)];
            let same = |word: Option<(bool, usize)>, address: Option<usize>| {
                address.is_some() && word.map(|(_, address)| address) == address
            };
            Shown {
                take_last: same(now, address(Some(cycle))),
                take_older: same(before, address(Some(cycle))),
                forward_last: same(now, address(cycle.checked_sub(1))),
                settles: finished(cycle + 1).is_some_and(|(sweep, _)| sweep),
                written: before.map(|(_, address)| address),
            }
        })
        .collect()
}

fn run(stages: usize, issued: &[Issued]) -> Vec<Shown> {
    let mut hazard = simulate(Hazard::new(stages, false), |hazard| &mut hazard.clock);
    (0..issued.len())
        .map(|cycle| {
            let circuit = hazard.circuit();
            circuit.issue.next = issued[cycle].is_some();
            let (sweep, address) = issued[cycle].unwrap_or_default();
            circuit.sweep.next = sweep;
            circuit.address.next = word(address as u64);
            hazard.settle();
            let circuit = hazard.circuit();
            // What is forwarded matters only for a word that is there.
            let here = issued[cycle].is_some();
            let read = cycle.checked_sub(1).is_some_and(|cycle| issued[cycle].is_some());
            let shown = Shown {
                take_last: here && circuit.take_last.val(),
                take_older: here && circuit.take_older.val(),
                forward_last: read && circuit.forward_last.val(),
                settles: circuit.settles.val(),
                written: circuit
                    .write_enable
                    .val()
                    .then(|| circuit.write_address.val().index()),
            };
            hazard.tick();
            shown
        })
        .collect()
}

/// Spikes and sweeps of few words, with gaps; behind a sweep as many cycles without a word as there are stages.
fn issued(rng: &mut Xoshiro256PlusPlus, stages: usize) -> Vec<Issued> {
    let mut issued = Vec::new();
    while issued.len() < 80 {
        if rng.random_bool(0.25) {
            let words = rng.random_range(1..5);
            issued.extend((0..words).map(|address| Some((true, address))));
            issued.extend(vec![None; stages]);
        } else {
            issued.push(rng.random_bool(0.7).then(|| (false, rng.random_range(0..4))));
        }
    }
    issued
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn words_are_found_wherever_they_are(seed: u64, stages in 0..=2_usize) {
        let issued = issued(&mut Xoshiro256PlusPlus::seed_from_u64(seed), stages);
        assert_same(&model(stages, &issued), &run(stages, &issued));
    }
}

#[test]
fn a_single_word_is_announced_a_cycle_before_it_is_finished() {
    for stages in 0..=2 {
        let mut issued = issued(&mut Xoshiro256PlusPlus::seed_from_u64(3), stages);
        issued.iter_mut().flatten().for_each(|(_, address)| *address = 0);
        let mut hazard = simulate(Hazard::new(stages, true), |hazard| &mut hazard.clock);
        let (mut announced, mut written) = (Vec::new(), Vec::new());
        for word_ in &issued {
            let circuit = hazard.circuit();
            circuit.issue.next = word_.is_some();
            circuit.sweep.next = word_.is_some_and(|(sweep, _)| sweep);
            circuit.address.next = word(0_u64);
            hazard.settle();
            let circuit = hazard.circuit();
            assert!(!circuit.take_last.val() && !circuit.take_older.val());
            announced.push(circuit.forward_last.val());
            written.push(circuit.write_enable.val());
            hazard.tick();
        }
        // Finished in the cycle after, and written in the one after that.
        assert!(written.contains(&true));
        assert_same(&announced[..issued.len() - 2], &written[2..]);
    }
}

#[test]
fn a_word_that_is_not_waited_for_is_noticed() {
    let issued = issued(&mut Xoshiro256PlusPlus::seed_from_u64(1), 2);
    let seen = run(2, &issued);
    assert_same(&model(2, &issued), &seen);
    assert!(difference(&model(1, &issued), &seen).is_some());
    // The same word in every cycle: found as finished from the third cycle on, as written from the fourth on.
    let shown = run(0, &[Some((false, 1)); 5]);
    let found: Vec<[bool; 3]> = shown
        .iter()
        .map(|shown| [shown.take_last, shown.take_older, shown.forward_last])
        .collect();
    assert_eq!(found[1], [false; 3]);
    assert_eq!(found[2], [true, false, true]);
    assert_eq!(found[3..], [[true; 3]; 2]);
}
