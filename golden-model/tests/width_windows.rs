//! The proof of widths where windows, junctions, pooling and signed input come in: random layers against a plain membrane
//! that is driven with the extreme orders of events, at every position. Never exceeded, and reached.

use ndarray::Array2;
use proptest::prelude::*;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::integer::{
    InputSigns, LayerBounds, Neuron, QuantizedLayer, QuantizedModel, QuantizedShortcut, proof,
};
use synfire_golden_model::network::{LayerDescription, LayerKind, NetworkDescription, Shape, Shortcut};

/// Where the layer under test gets its spikes: from the input, or from neurons that pass the input's on as spikes of +1.
const SOURCES: [&str; 2] = ["input", "pass"];

/// One thing that a spike of +1 adds to a membrane.
#[derive(Clone, Copy, Debug)]
struct Increment {
    /// Which of [`SOURCES`], and which neuron of it.
    source: (usize, usize),
    amount: i64,
}

/// A layer under test within a network.
struct Case {
    model: QuantizedModel,
    input: InputSigns,
}

/// What the layer is made of.
#[derive(Clone, Copy, Debug)]
enum Path {
    Plain,
    Shortcut,
    Identity,
}

impl Case {
    /// Index of the layer under test; the last is the output layer.
    fn tested(&self) -> usize {
        self.model.layers.len() - 2
    }

    fn layer(&self) -> &QuantizedLayer {
        &self.model.layers[self.tested()]
    }

    fn described(&self) -> &LayerDescription {
        &self.model.description.layers[self.tested()]
    }

    fn shape(&self) -> Shape {
        self.model.description.shapes()[self.tested()]
    }

    fn threshold(&self, channel: usize) -> i64 {
        match &self.layer().neuron {
            Neuron::Lif { thresholds } => thresholds[channel].into(),
            Neuron::Output => unreachable!("the layer fires"),
        }
    }

    fn bounds(&self) -> LayerBounds {
        proof::verify(&self.model, self.input).expect("32 bits suffice")[self.tested()].clone()
    }

    fn is_signed(&self, source: usize) -> bool {
        source == 0 && self.input == InputSigns::Signed
    }

    /// Whether one source with spikes of either sign leads into both paths: no spike of it does the worst along both.
    fn shares_a_signed_source(&self) -> bool {
        let described = self.described();
        let shared = |shortcut: &Shortcut| Some(&shortcut.from) == described.from.as_ref();
        described.shortcut.as_ref().is_some_and(shared)
            && described.from.as_deref() == Some("input")
            && self.is_signed(0)
    }

    /// By definition: everything that adds into the neuron of a channel and position.
    fn increments(&self, channel: usize, y: usize, x: usize) -> Vec<Increment> {
        let input = self.model.description.input;
        let (layer, described) = (self.layer(), self.described());
        let index = |name: &str| {
            SOURCES
                .iter()
                .position(|source| *source == name)
                .expect("one of both")
        };
        let number = |channel: usize, y: usize, x: usize| (channel * input.height + y) * input.width + x;
        let unit = 1_i64 << layer.guard_bits;
        let own = index(described.from.as_deref().expect("named"));
        let mut found = Vec::new();
        match described.kind {
            LayerKind::Conv {
                kernel,
                stride,
                padding,
                ..
            } => {
                for c in 0..input.channels {
                    for ky in 0..kernel {
                        for kx in 0..kernel {
                            let (Some(sy), Some(sx)) = (
                                (y * stride + ky).checked_sub(padding),
                                (x * stride + kx).checked_sub(padding),
                            ) else {
                                continue;
                            };
                            if sy < input.height && sx < input.width {
                                let weight = layer.weights[[channel, (c * kernel + ky) * kernel + kx]];
                                found.push(Increment {
                                    source: (own, number(c, sy, sx)),
                                    amount: i64::from(weight) * unit,
                                });
                            }
                        }
                    }
                }
            }
            LayerKind::Pool { kernel } => {
                for ky in 0..kernel {
                    for kx in 0..kernel {
                        found.push(Increment {
                            source: (own, number(channel, y * kernel + ky, x * kernel + kx)),
                            amount: 1,
                        });
                    }
                }
            }
            LayerKind::Fc { .. } | LayerKind::Out { .. } => unreachable!("not under test"),
        }
        if let Some(shortcut) = &described.shortcut {
            let second = index(&shortcut.from);
            let (sy, sx) = (y * shortcut.stride, x * shortcut.stride);
            match layer.shortcut.as_ref().expect("as described") {
                QuantizedShortcut::Weights(weights) => found.extend((0..input.channels).map(|c| Increment {
                    source: (second, number(c, sy, sx)),
                    amount: i64::from(weights[[channel, c]]) * unit,
                })),
                QuantizedShortcut::Identity(increments) => found.push(Increment {
                    source: (second, number(channel, sy, sx)),
                    amount: increments[channel].into(),
                }),
            }
        }
        found
    }

    fn neurons(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let shape = self.shape();
        (0..shape.channels)
            .flat_map(move |c| (0..shape.height).flat_map(move |y| (0..shape.width).map(move |x| (c, y, x))))
    }

    /// The step that lifts a membrane highest, or sinks it lowest: every source that can help fires, with the sign that
    /// helps; first comes all that helps, then all that those same spikes take back.
    fn extreme(&self, increments: &[Increment], up: bool) -> Vec<i64> {
        let wanted = |amount: i64| if up { amount > 0 } else { amount < 0 };
        let mut helping = Vec::new();
        let mut hindering = Vec::new();
        for increment in increments {
            if self.is_signed(increment.source.0) {
                helping.push(if up {
                    increment.amount.abs()
                } else {
                    -increment.amount.abs()
                });
            } else if wanted(increment.amount) {
                helping.push(increment.amount);
            } else if increments
                .iter()
                .any(|other| other.source == increment.source && wanted(other.amount))
            {
                hindering.push(increment.amount);
            }
        }
        helping.into_iter().chain(hindering).collect()
    }

    /// A random step: some sources fire, their increments in any order.
    fn random(&self, increments: &[Increment], rng: &mut Xoshiro256PlusPlus) -> Vec<i64> {
        let share = rng.random_range(0.0..1.0);
        let mut signs = std::collections::BTreeMap::new();
        for increment in increments {
            let sign = match (rng.random_bool(share), self.is_signed(increment.source.0)) {
                (false, _) => 0,
                (true, false) => 1,
                (true, true) => [-1, 1][rng.random_range(0..2)],
            };
            signs.entry(increment.source).or_insert(sign);
        }
        let mut step: Vec<i64> = increments
            .iter()
            .map(|increment| signs[&increment.source] * increment.amount)
            .collect();
        step.shuffle(rng);
        step
    }
}

/// One neuron, event by event, in 64 bits; remembers how far it went.
struct Membrane<'a> {
    threshold: i64,
    layer: &'a QuantizedLayer,
    now: i64,
    lowest: i64,
    highest: i64,
}

impl<'a> Membrane<'a> {
    fn new(case: &'a Case, channel: usize) -> Self {
        Self {
            threshold: case.threshold(channel),
            layer: case.layer(),
            now: 0,
            lowest: 0,
            highest: 0,
        }
    }

    fn step(&mut self, increments: impl IntoIterator<Item = i64>) {
        for increment in increments {
            self.now += increment;
            self.lowest = self.lowest.min(self.now);
            self.highest = self.highest.max(self.now);
        }
        let membrane = if self.now > self.threshold { 0 } else { self.now };
        let leak: i64 = self
            .layer
            .leak_shifts
            .iter()
            .map(|&shift| membrane >> shift)
            .sum();
        self.now = (membrane - leak).max(self.layer.floor.into());
    }
}

/// Draws a convolution. Where it is to be steered, two input channels of its own path add 1 and take 1 wherever they are
/// met, and no other path leads from them; there are no guard bits, and nothing leaks. So every value can be reached.
fn convolution(rng: &mut Xoshiro256PlusPlus, path: Path, input: InputSigns, steered: bool) -> Case {
    let in_channels = rng.random_range(3..6);
    let out = match path {
        Path::Identity => in_channels,
        Path::Plain | Path::Shortcut => rng.random_range(1..4),
    };
    // Drawn until both paths of a junction have one shape.
    let (shape, kernel, stride, padding, shortcut_stride) = loop {
        let (height, width) = (rng.random_range(1..7_usize), rng.random_range(1..7_usize));
        let (kernel, stride): (usize, usize) = (rng.random_range(1..6), rng.random_range(1..4));
        let padding = rng.random_range(0..kernel);
        if height.min(width) + 2 * padding < kernel {
            continue;
        }
        let windows = |length: usize| (length + 2 * padding - kernel) / stride + 1;
        let sampled =
            |by: &usize| [height.div_ceil(*by), width.div_ceil(*by)] == [windows(height), windows(width)];
        match (path, (1..=3).find(sampled)) {
            (Path::Plain, _) => break ([in_channels, height, width], kernel, stride, padding, 1),
            (_, Some(by)) => break ([in_channels, height, width], kernel, stride, padding, by),
            (_, None) => {}
        }
    };
    let steering = |channel: usize| {
        steered
            .then(|| in_channels - channel)
            .filter(|&from_last| from_last <= 2)
    };
    let largest: i8 = if steered { 20 } else { 127 };
    let mut weights = Array2::from_shape_simple_fn((out, in_channels * kernel * kernel), || {
        rng.random_range(-largest..=largest)
    });
    let mut second =
        Array2::from_shape_simple_fn((out, in_channels), || rng.random_range(-largest..=largest));
    let mut increments: Vec<i32> = (0..out).map(|_| rng.random_range(0..200)).collect();
    for ((_, column), weight) in weights.indexed_iter_mut() {
        match steering(column / (kernel * kernel)) {
            Some(1) => *weight = 1,
            Some(_) => *weight = -1,
            None => {}
        }
    }
    for ((_, channel), weight) in second.indexed_iter_mut() {
        if steering(channel).is_some() {
            *weight = 0;
        }
    }
    for (channel, one) in increments.iter_mut().enumerate().take(in_channels) {
        if steering(channel).is_some() {
            *one = 0;
        }
    }
    let shortcut = Shortcut {
        from: SOURCES[rng.random_range(0..2)].to_owned(),
        stride: shortcut_stride,
        identity: matches!(path, Path::Identity),
    };
    let (shortcut, quantized) = match path {
        Path::Plain => (None, None),
        Path::Shortcut => (Some(shortcut), Some(QuantizedShortcut::Weights(second))),
        Path::Identity => (Some(shortcut), Some(QuantizedShortcut::Identity(increments))),
    };
    let kind = LayerKind::Conv {
        out,
        kernel,
        stride,
        padding,
    };
    let described = LayerDescription {
        from: Some(SOURCES[rng.random_range(0..2)].to_owned()),
        shortcut,
        ..LayerDescription::new("tested", kind)
    };
    let layer = QuantizedLayer {
        name: "tested".to_owned(),
        weights,
        shortcut: quantized,
        weight_bits: 8,
        guard_bits: if steered { 0 } else { rng.random_range(0..=6) },
        membrane_bits: 32,
        leak_shifts: leak(rng, steered),
        floor: -rng.random_range(0..=if steered { 60 } else { 20_000 }),
        neuron: Neuron::Lif {
            thresholds: (0..out)
                .map(|_| rng.random_range(0..=if steered { 60 } else { 20_000 }))
                .collect(),
        },
    };
    case(shape.into(), described, layer, input)
}

fn pooling(rng: &mut Xoshiro256PlusPlus, input: InputSigns) -> Case {
    let kernel = rng.random_range(1..4);
    let channels = rng.random_range(1..4);
    let shape = [
        channels,
        kernel + rng.random_range(0..4),
        kernel + rng.random_range(0..4),
    ];
    let described = LayerDescription {
        from: Some("input".to_owned()),
        ..LayerDescription::new("tested", LayerKind::Pool { kernel })
    };
    let layer = QuantizedLayer {
        name: "tested".to_owned(),
        weights: Array2::zeros((channels, 0)),
        shortcut: None,
        weight_bits: 2,
        guard_bits: 0,
        membrane_bits: 32,
        leak_shifts: Vec::new(),
        floor: -rng.random_range(0..=30),
        neuron: Neuron::Lif {
            thresholds: vec![rng.random_range(0..9); channels],
        },
    };
    case(shape.into(), described, layer, input)
}

fn leak(rng: &mut Xoshiro256PlusPlus, steered: bool) -> Vec<u8> {
    if steered {
        return Vec::new();
    }
    let mut shifts: Vec<u8> = (0..rng.random_range(0..=3))
        .map(|_| rng.random_range(1..10))
        .collect();
    shifts.sort_unstable();
    shifts.dedup();
    shifts
}

/// The layer in its place: before it the neurons that it hears besides the input, behind it an output layer.
fn case(shape: Shape, described: LayerDescription, layer: QuantizedLayer, input: InputSigns) -> Case {
    let second = described.shortcut.as_ref().map(|shortcut| shortcut.from.as_str());
    let hears_pass = [described.from.as_deref(), second].contains(&Some("pass"));
    let mut description = NetworkDescription {
        name: "case".to_owned(),
        input: shape,
        steps: 20,
        rate: 1.0,
        leak: 1.0,
        normalization: None,
        layers: Vec::new(),
    };
    let mut layers = Vec::new();
    if hears_pass {
        description.layers.push(LayerDescription {
            from: Some("input".to_owned()),
            ..LayerDescription::new("pass", LayerKind::Pool { kernel: 1 })
        });
        let lif = Neuron::Lif {
            thresholds: vec![0; shape.channels],
        };
        layers.push(plain("pass", Array2::zeros((shape.channels, 0)), -2, lif));
    }
    description.layers.push(described);
    layers.push(layer);
    let shape = description.layers.len() - 1;
    description
        .layers
        .push(LayerDescription::new("out", LayerKind::Out { out: 1 }));
    let heard = description.shapes()[shape].size();
    layers.push(plain("out", Array2::zeros((1, heard)), 0, Neuron::Output));
    let model = QuantizedModel {
        description,
        layers,
        provenance: Default::default(),
    };
    Case { model, input }
}

fn plain(name: &str, weights: Array2<i8>, floor: i32, neuron: Neuron) -> QuantizedLayer {
    QuantizedLayer {
        name: name.to_owned(),
        weights,
        shortcut: None,
        weight_bits: 2,
        guard_bits: 0,
        membrane_bits: 3,
        leak_shifts: Vec::new(),
        floor,
        neuron,
    }
}

fn paths() -> impl Strategy<Value = Path> {
    prop_oneof![Just(Path::Plain), Just(Path::Shortcut), Just(Path::Identity)]
}

fn signs() -> impl Strategy<Value = InputSigns> {
    prop_oneof![Just(InputSigns::Unsigned), Just(InputSigns::Signed)]
}

/// Drives every neuron of a layer to the edge and over it, one unit at a time and then all at once.
fn check_that_bounds_are_reached(case: &Case) -> Result<(), TestCaseError> {
    let bounds = case.bounds();
    let (mut lowest, mut highest) = (0, 0);
    let (mut positive, mut negative) = (0, 0);
    for (channel, y, x) in case.neurons() {
        let increments = case.increments(channel, y, x);
        let (up, down) = (case.extreme(&increments, true), case.extreme(&increments, false));
        let sum = |amounts: &[i64]| amounts.iter().copied().filter(|amount| *amount > 0).sum::<i64>();
        positive = positive.max(sum(&up));
        negative = negative.max(sum(&down.iter().map(|amount| -amount).collect::<Vec<_>>()));

        let mut rising = Membrane::new(case, channel);
        for _ in 0..rising.threshold {
            rising.step([1]);
        }
        rising.step(up);
        highest = highest.max(rising.highest);
        let mut sinking = Membrane::new(case, channel);
        if !down.is_empty() {
            for _ in case.layer().floor..0 {
                sinking.step([-1]);
            }
        }
        sinking.step(down);
        lowest = lowest.min(sinking.lowest);
    }
    prop_assert_eq!((bounds.positive_sum, bounds.negative_sum), (positive, negative));
    prop_assert_eq!((bounds.lowest, bounds.highest), (lowest, highest));
    Ok(())
}

fn check_that_bounds_hold(case: &Case, rng: &mut Xoshiro256PlusPlus) -> Result<(), TestCaseError> {
    let bounds = case.bounds();
    for (channel, y, x) in case.neurons() {
        let increments = case.increments(channel, y, x);
        let mut membrane = Membrane::new(case, channel);
        for _ in 0..12 {
            let step = match rng.random_range(0..3) {
                0 => case.extreme(&increments, true),
                1 => case.extreme(&increments, false),
                _ => case.random(&increments, rng),
            };
            membrane.step(step);
            let start = membrane.now;
            prop_assert!(
                bounds.lowest_start <= start && start <= bounds.highest_start,
                "{start}: {bounds:?}"
            );
        }
        prop_assert!(
            bounds.lowest <= membrane.lowest,
            "{}: {bounds:?}",
            membrane.lowest
        );
        prop_assert!(
            membrane.highest <= bounds.highest,
            "{}: {bounds:?}",
            membrane.highest
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_order_of_events_leaves_the_bounds_of_a_convolution(
        seed in any::<u64>(),
        path in paths(),
        input in signs(),
    ) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let case = convolution(&mut rng, path, input, false);
        check_that_bounds_hold(&case, &mut rng)?;
    }

    #[test]
    fn the_worst_window_of_a_convolution_reaches_the_bounds(
        seed in any::<u64>(),
        path in paths(),
        input in signs(),
    ) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let case = convolution(&mut rng, path, input, true);
        if !case.shares_a_signed_source() {
            check_that_bounds_are_reached(&case)?;
        }
    }

    #[test]
    fn pooling_counters_reach_their_bounds_and_do_not_leave_them(seed in any::<u64>(), input in signs()) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let case = pooling(&mut rng, input);
        check_that_bounds_hold(&case, &mut rng)?;
        check_that_bounds_are_reached(&case)?;
    }

    #[test]
    fn one_bit_less_than_a_window_takes_is_refused(seed in any::<u64>(), path in paths(), input in signs()) {
        let mut case = convolution(&mut Xoshiro256PlusPlus::seed_from_u64(seed), path, input, false);
        let bits = u8::try_from(case.bounds().membrane_bits()).expect("at most 32");
        let tested = case.tested();
        case.model.layers[tested].membrane_bits = bits;
        // Where it is not the sums that take the width, the structure refuses what is out of range.
        case.model.layers[tested].membrane_bits -= 1;
        prop_assert!(proof::verify(&case.model, case.input).is_err());
    }
}

#[test]
fn the_refusal_names_the_layer_of_the_window() {
    let conv = LayerDescription {
        from: Some("input".to_owned()),
        ..LayerDescription::new(
            "edge",
            LayerKind::Conv {
                out: 1,
                kernel: 3,
                stride: 1,
                padding: 1,
            },
        )
    };
    // A map of one row shows the middle row of the kernel alone: 100 + 20 + 7, not the 5 · 100 around it.
    let weights = [100, 100, 100, 100, 20, 7, 100, 100, 100];
    let weights = Array2::from_shape_vec((1, 9), weights.to_vec()).expect("nine");
    let neuron = Neuron::Lif { thresholds: vec![0] };
    let layer = QuantizedLayer {
        weight_bits: 8,
        membrane_bits: 8,
        ..plain("edge", weights, 0, neuron)
    };
    let mut case = case([1, 1, 3].into(), conv, layer, InputSigns::Unsigned);
    let bounds = &proof::verify(&case.model, InputSigns::Unsigned).expect("127 fits 8 bits")[0];
    assert_eq!((bounds.positive_sum, bounds.highest), (127, 127));
    case.model.layers[0].weights[[0, 5]] = 8;
    assert_eq!(
        proof::verify(&case.model, InputSigns::Unsigned)
            .expect_err("128")
            .to_string(),
        "layer `edge`: membranes of 8 bits, but sums can reach 0 to 128, which takes 9 bits; \
         quantize the float model with fewer guard bits or fewer weight bits"
    );
}
