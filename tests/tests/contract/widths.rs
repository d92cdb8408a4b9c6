//! The proof of widths, written from `docs/numerics.md`: which networks are valid, and for how many steps.
//!
//! Every window of a convolution counts, and the leak's extremes are found by trying every membrane of an interval, so
//! the networks are those whose intervals are short.

use crate::file::{Layer, Network, Operation, SecondPath};
use crate::{random, through_a_file};
use ndarray::Array3;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::collections::BTreeSet;
use synfire_golden_model::integer::InputSigns;
use synfire_golden_model::integer::proof::verify;

/// Longest interval that is searched.
const LONGEST: i64 = 1 << 12;

/// What the page says about the width of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    AnySteps,
    /// T steps only.
    Steps(usize),
    Refused,
    /// An interval is too long to be searched, or grows for too long.
    Unknown,
}

/// P and N of every neuron, channel by channel.
fn sums(network: &Network, layer: &Layer, shapes: &[[usize; 3]]) -> Vec<BTreeSet<(i64, i64)>> {
    let unit = 1_i64 << layer.guard_bits;
    let neurons = Array3::<u8>::zeros(layer.shape);
    let mut channels = vec![BTreeSet::new(); layer.shape[0]];
    for ((out, y, x), _) in neurons.indexed_iter() {
        let (mut p, mut n) = (0, 0);
        let mut add = |weight: i64, source: usize| {
            let signed = source == 0 && network.normalization.is_some();
            let times = if source == 0 && network.coding > 0 { 255 } else { 1 };
            p += times * if signed { weight.abs() } else { weight.max(0) };
            n += times * if signed { weight.abs() } else { (-weight).max(0) };
        };
        let [_, height, width] = shapes[layer.source];
        match &layer.operation {
            Operation::Convolution { q, stride, padding } => {
                for ((row, _, i, j), q) in q.indexed_iter() {
                    let (v, u) = (y * stride + i, x * stride + j);
                    let within = |place: usize, length| (*padding..padding + length).contains(&place);
                    if row == out && within(v, height) && within(u, width) {
                        add(q * unit, layer.source);
                    }
                }
            }
            Operation::Pooling { kernel } => {
                (0..kernel * kernel).for_each(|_| add(1, layer.source));
            }
            Operation::Dense { q } => q.row(out).iter().for_each(|q| add(q * unit, layer.source)),
        }
        if let Some(shortcut) = &layer.shortcut {
            match &shortcut.path {
                SecondPath::Weights(q) => {
                    q.row(out).iter().for_each(|q| add(q * unit, shortcut.source));
                }
                SecondPath::Identity(one) => add(one[out], shortcut.source),
            }
        }
        channels[out].insert((p, n));
    }
    channels
}

/// Smallest and largest result of leak, floor and ceiling over an interval; `None` if it is too long.
fn settled(layer: &Layer, low: i64, high: i64) -> Option<(i64, i64)> {
    if high - low > LONGEST {
        return None;
    }
    let leak = |m: i64| {
        let taken: i64 = layer
            .leak_shifts
            .iter()
            .map(|&shift| m.div_euclid(1 << shift))
            .sum();
        let floored = (m - taken).max(layer.floor);
        layer.ceiling.map_or(floored, |ceiling| floored.min(ceiling))
    };
    let results = || (low..=high).map(leak);
    results().min().zip(results().max())
}

/// Interval of partial sums over `steps` steps, or over any number if the starts settle; `None` if that is not known.
fn reach(
    network: &Network,
    layer: &Layer,
    channel: usize,
    (p, n): (i64, i64),
    steps: Option<usize>,
) -> Option<(i64, i64)> {
    let bias = layer.biases.get(channel).copied().unwrap_or(0);
    let sums = |a: i64, b: i64| (a - n - (-bias).max(0), b + p + bias.max(0));
    let (mut a, mut b) = (0, 0);
    for _ in 1..steps.unwrap_or(1 << 15) {
        let (low, high) = (a - n + bias, b + p + bias);
        let mut next = (a, b);
        let mut count = |low: i64, high: i64| {
            if low <= high {
                let (lower, upper) = settled(layer, low, high)?;
                next = (next.0.min(lower), next.1.max(upper));
            }
            Some(())
        };
        match &layer.thresholds {
            None => count(low, high)?,
            Some(thresholds) => {
                let threshold = thresholds[channel];
                count(low, high.min(threshold))?;
                if network.subtracts {
                    count((low - threshold).max(1), high - threshold)?;
                }
            }
        }
        if next == (a, b) {
            return Some(sums(a, b));
        }
        (a, b) = next;
    }
    steps.map(|_| sums(a, b))
}

fn verdict(network: &Network, layer: &Layer, shapes: &[[usize; 3]]) -> Verdict {
    let half = 1_i64 << (layer.membrane_bits - 1);
    let channels = sums(network, layer, shapes);
    let all = |steps| -> Option<bool> {
        let pairs = channels.iter().enumerate();
        let mut pairs = pairs.flat_map(|(channel, pairs)| pairs.iter().map(move |pair| (channel, *pair)));
        pairs.try_fold(true, |fits, (channel, pair)| {
            let (low, high) = reach(network, layer, channel, pair, steps)?;
            Some(fits && -half <= low && high < half)
        })
    };
    let is_output = layer.thresholds.is_none();
    let grows_for_ever = layer.leak_shifts.is_empty()
        && channels.iter().enumerate().any(|(channel, pairs)| {
            let bias = layer.biases.get(channel).copied().unwrap_or(0);
            pairs.iter().any(|(p, _)| *p + bias > 0)
        });
    match all(None) {
        Some(true) => Verdict::AnySteps,
        Some(false) if !is_output => Verdict::Refused,
        None if !(is_output && grows_for_ever) => Verdict::Unknown,
        _ => match all(Some(random::STEPS)) {
            Some(true) => Verdict::Steps(random::STEPS),
            Some(false) => Verdict::Refused,
            None => Verdict::Unknown,
        },
    }
}

/// What the golden model proves: for each layer the number of steps, `None` for any number.
type Proven = Result<Vec<Option<usize>>, String>;

/// The verdicts on all layers, and what the golden model says; `None` if one is unknown. Some widths are changed.
fn both(seed: u64) -> Option<(Vec<Verdict>, Proven)> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let (mut model, mut network) = through_a_file(&random::model_of(&mut rng, seed % 3 == 2));
    for (layer, same) in model.layers.iter_mut().zip(&mut network.layers) {
        let is_output = same.thresholds.is_none();
        let (often, most) = if is_output { (0.7, 4) } else { (0.1, 1) };
        let narrower = layer.membrane_bits.saturating_sub(rng.random_range(1..=most));
        if narrower < 2 || !rng.random_bool(often) {
            continue;
        }
        let half = 1_i64 << (narrower - 1);
        let identity = match same.shortcut.as_ref().map(|shortcut| &shortcut.path) {
            Some(SecondPath::Identity(one)) => &one[..],
            _ => &[],
        };
        let mut compared = same
            .thresholds
            .iter()
            .flatten()
            .chain(identity)
            .chain(&same.ceiling);
        let biases_fit = same.biases.iter().all(|bias| (-half..half).contains(bias));
        if compared.all(|&number| number < half) && biases_fit {
            (layer.membrane_bits, same.membrane_bits) = (narrower, narrower.into());
            same.floor = same.floor.max(-half);
            layer.floor = i32::try_from(same.floor).expect("32 bits");
        }
    }
    let mut shapes = vec![network.input];
    let mut verdicts = Vec::new();
    for layer in &network.layers {
        verdicts.push(verdict(&network, layer, &shapes));
        shapes.push(layer.shape);
    }
    let found = verify(&model, InputSigns::of(&model.description));
    let found = found.map(|bounds| bounds.into_iter().map(|bounds| bounds.steps).collect());
    let known = !verdicts.contains(&Verdict::Unknown);
    known.then_some((verdicts, found.map_err(|error| error.to_string())))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn the_same_networks_are_valid_for_the_same_steps(seed in any::<u64>()) {
        let Some((verdicts, found)) = both(seed) else {
            return Ok(());
        };
        if verdicts.contains(&Verdict::Refused) {
            prop_assert!(found.is_err(), "{verdicts:?}, {found:?}");
        } else {
            let steps = verdicts.iter().map(|verdict| match verdict {
                Verdict::Steps(steps) => Some(*steps),
                _ => None,
            });
            prop_assert_eq!(found, Ok(steps.collect()));
        }
    }
}

/// Agreement says little if one verdict is hardly ever drawn.
#[test]
fn every_verdict_is_drawn() {
    let (mut any, mut limited, mut leaky, mut refused) = (0, 0, 0, 0);
    for seed in 0..700 {
        let Some((verdicts, _)) = both(seed) else {
            continue;
        };
        let (_, network) = through_a_file(&random::model_of(
            &mut Xoshiro256PlusPlus::seed_from_u64(seed),
            seed % 3 == 2,
        ));
        match verdicts.last() {
            _ if verdicts.contains(&Verdict::Refused) => refused += 1,
            Some(Verdict::Steps(_)) => {
                limited += 1;
                leaky += usize::from(
                    network
                        .layers
                        .last()
                        .is_some_and(|out| !out.leak_shifts.is_empty()),
                );
            }
            _ => any += 1,
        }
    }
    let counts = [any, limited, leaky, refused];
    assert!(counts.iter().all(|&count| count >= 5), "{counts:?}");
}
