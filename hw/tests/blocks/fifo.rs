//! FIFO against a cycle-accurate queue.

use crate::support::{Willing, assert_same, config, difference, simulate, willing, word};
use proptest::prelude::*;
use std::collections::VecDeque;
use synfire_hw::circuit::fifo::{Fifo, MARGIN};

const DEPTH: usize = 16;
const WIDTH: usize = 9;

/// Outputs of the FIFO in one cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    in_ready: bool,
    out: Option<u64>,
    nearly_full: bool,
}

/// A queue of words, each with the cycle in which it was put in.
struct Model {
    queue: VecDeque<(u64, usize)>,
    /// Words that the writer knows of: one that was taken in the cycle before counts.
    known: usize,
    latency: usize,
    margin: usize,
}

impl Model {
    const fn new() -> Self {
        Self {
            queue: VecDeque::new(),
            known: 0,
            latency: 2,
            margin: MARGIN,
        }
    }

    fn shown(&self, cycle: usize) -> Shown {
        let places = DEPTH - 1 - self.known;
        Shown {
            in_ready: places > 0,
            out: self
                .queue
                .front()
                .filter(|(_, came)| came + self.latency <= cycle)
                .map(|(word, _)| *word),
            nearly_full: places <= self.margin,
        }
    }

    fn run(mut self, words: &[u64], writer: &Willing, reader: &Willing, cycles: usize) -> Vec<Shown> {
        let mut words = words.iter();
        (0..cycles)
            .map(|cycle| {
                let shown = self.shown(cycle);
                let taken = reader.at(cycle) && shown.out.is_some();
                if taken {
                    self.queue.pop_front();
                }
                if writer.at(cycle) && shown.in_ready {
                    self.queue
                        .extend(words.next().map(|word| (word % (1 << WIDTH), cycle)));
                }
                self.known = self.queue.len() + usize::from(taken);
                shown
            })
            .collect()
    }
}

/// Outputs of the circuit for the same inputs as the model.
fn run(words: &[u64], writer: &Willing, reader: &Willing, cycles: usize) -> Vec<Shown> {
    let mut fifo = simulate(Fifo::<32>::new(DEPTH, WIDTH), |fifo| &mut fifo.clock);
    let mut words = words.iter().peekable();
    (0..cycles)
        .map(|cycle| {
            let circuit = fifo.circuit();
            circuit.in_valid.next = writer.at(cycle) && words.peek().is_some();
            circuit.in_data.next = word(words.peek().map_or(0, |word| **word));
            circuit.out_ready.next = reader.at(cycle);
            fifo.settle();
            let circuit = fifo.circuit();
            let shown = Shown {
                in_ready: circuit.in_ready.val(),
                out: circuit.out_valid.val().then(|| circuit.out_data.val().to_u64()),
                nearly_full: circuit.nearly_full.val(),
            };
            if circuit.in_valid.val() && shown.in_ready {
                words.next();
            }
            fifo.tick();
            shown
        })
        .collect()
}

fn words(count: usize) -> impl Strategy<Value = Vec<u64>> {
    proptest::collection::vec(0..1_u64 << 32, count)
}

/// A writer that never stalls and a reader that starts late: the FIFO fills, stalls the writer, and empties.
fn fill_then_empty() -> (Vec<u64>, Willing, Willing) {
    let reader = Willing::from_cycles((0..80).map(|cycle| cycle >= 24));
    ((100..140).collect(), Willing::always(), reader)
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn every_cycle_is_that_of_a_queue(words in words(60), writer in willing(), reader in willing()) {
        let cycles = 150;
        let expected = Model::new().run(&words, &writer, &reader, cycles);
        assert_same(&expected, &run(&words, &writer, &reader, cycles));
    }
}

#[test]
fn a_full_fifo_takes_no_word_and_loses_none() {
    let (words, writer, reader) = fill_then_empty();
    let shown = run(&words, &writer, &reader, 80);
    assert!(
        !shown[DEPTH - 1].in_ready,
        "a FIFO of {DEPTH} holds {} words",
        DEPTH - 1
    );
    let out: Vec<u64> = (0..80)
        .filter(|&cycle| reader.at(cycle))
        .filter_map(|cycle| shown[cycle].out)
        .collect();
    assert_same(&words, &out);
}

#[test]
fn nearly_full_leaves_the_margin() {
    let (words, writer, reader) = fill_then_empty();
    let shown = run(&words, &writer, &reader, 24);
    let first = shown
        .iter()
        .position(|shown| shown.nearly_full)
        .expect("it fills");
    // In cycle n, the FIFO holds the n words of the cycles before.
    assert_eq!(DEPTH - 1 - first, MARGIN);
}

#[test]
fn a_word_shows_two_cycles_after_it_came_and_words_pass_at_one_a_cycle() {
    let words: Vec<u64> = (1..=40).collect();
    let shown = run(&words, &Willing::always(), &Willing::always(), 42);
    let out: Vec<Option<u64>> = shown.iter().map(|shown| shown.out).collect();
    let expected: Vec<Option<u64>> = [None, None]
        .into_iter()
        .chain(words.into_iter().map(Some))
        .collect();
    assert_same(&expected, &out);
}

#[test]
fn a_queue_with_another_latency_or_margin_is_noticed() {
    let (words, writer, reader) = fill_then_empty();
    let shown = run(&words, &writer, &reader, 80);
    assert_same(&Model::new().run(&words, &writer, &reader, 80), &shown);
    for wrong in [
        Model {
            latency: 1,
            ..Model::new()
        },
        Model {
            margin: MARGIN - 1,
            ..Model::new()
        },
    ] {
        assert!(difference(&wrong.run(&words, &writer, &reader, 80), &shown).is_some());
    }
}
