//! Shared parts of the block tests: seeded randomness, willingness of a stream's sides, and comparison.

pub(crate) mod board;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use rust_hdl::prelude::{Bits, Block, Clock, In, Signal, Signed};
use std::fmt::Debug;
use synfire_hw::simulate::Simulation;

/// Configuration of `cases` cases, the same in every run. Shrinking stops after 10 s, since some failures
/// hang.
pub(crate) fn config(cases: u32) -> Config {
    Config {
        cases,
        rng_seed: RngSeed::Fixed(0x5EED),
        failure_persistence: None,
        max_shrink_time: 10_000,
        ..Config::default()
    }
}

/// A circuit ready to be clocked.
pub(crate) fn simulate<B: Block>(circuit: B, clock: fn(&mut B) -> &mut Signal<In, Clock>) -> Simulation<B> {
    Simulation::new(circuit, clock).expect("rust-hdl accepts the circuit")
}

/// A combinational circuit, settled. Such a circuit has no clock, and asking for one panics.
pub(crate) fn combinational<B: Block>(circuit: B) -> Simulation<B> {
    simulate(circuit, |_| {
        unreachable!("a combinational circuit is not clocked")
    })
}

/// Rhythm in which one side of a stream is willing, cycle by cycle, repeated without end.
#[derive(Clone, Debug)]
pub(crate) struct Willing(Vec<bool>);

impl Willing {
    /// Willing in every cycle.
    pub(crate) fn always() -> Self {
        Self(vec![true])
    }

    /// Willing in the given cycles.
    pub(crate) fn from_cycles(cycles: impl Iterator<Item = bool>) -> Self {
        Self(cycles.collect())
    }

    /// Whether the side is willing in this cycle.
    pub(crate) fn at(&self, cycle: usize) -> bool {
        self.0[cycle % self.0.len()]
    }
}

/// Any rhythm of up to 24 cycles with at least one willing cycle.
pub(crate) fn willing() -> impl Strategy<Value = Willing> {
    prop_oneof![
        Just(Willing::always()),
        proptest::collection::vec(any::<bool>(), 0..24).prop_map(|mut cycles| {
            cycles.push(true);
            Willing(cycles)
        }),
    ]
}

/// Description of the first difference of two sequences; their lengths are compared first.
pub(crate) fn difference<T: PartialEq + Debug>(expected: &[T], actual: &[T]) -> Option<String> {
    if expected.len() != actual.len() {
        return Some(format!(
            "{} expected, {} seen: {expected:?}, {actual:?}",
            expected.len(),
            actual.len()
        ));
    }
    let at = expected
        .iter()
        .zip(actual)
        .position(|(expected, actual)| expected != actual)?;
    Some(format!(
        "at {at}: {:?} expected, {:?} seen",
        expected[at], actual[at]
    ))
}

/// Fails if two sequences differ.
#[track_caller]
pub(crate) fn assert_same<T: PartialEq + Debug>(expected: &[T], actual: &[T]) {
    if let Some(difference) = difference(expected, actual) {
        panic!("{difference}");
    }
}

/// A number as a signal carries it.
pub(crate) fn signed(number: i32) -> Signed<32> {
    i64::from(number).into()
}

/// The number that a signal carries.
pub(crate) fn number(signal: Signed<32>) -> i32 {
    signal.inner().to_u32().cast_signed()
}

/// A word as a signal carries it.
pub(crate) fn word<const N: usize>(word: impl Into<u64>) -> Bits<N> {
    word.into().into()
}
