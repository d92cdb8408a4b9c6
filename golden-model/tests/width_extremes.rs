//! Proof of membrane widths with biases, graded input and reset by subtraction, against every membrane that is reachable.
//!
//! The layer under test has so many sources of weight ±1 that the events of a step can add any number within [−N, P]. So the
//! membranes that a neuron can reach are found by following the whole set of them from step to step.

use ndarray::Array2;
use proptest::prelude::*;
use std::collections::BTreeSet;
use synfire_golden_model::integer::neuron::Update;
use synfire_golden_model::integer::{InputSigns, Neuron, QuantizedLayer, QuantizedModel, proof};
use synfire_golden_model::network::{
    InputCoding, LayerDescription, LayerKind, NetworkDescription, Readout, Reset, Shape,
};

/// Number of sources of weight 1, and of weight −1.
const UNITS: usize = 40;

/// A neuron: a hidden layer of one, or one class.
#[derive(Clone, Debug)]
struct Case {
    weights: Vec<i8>,
    bias: i32,
    /// Threshold of a neuron that fires.
    threshold: Option<i32>,
    leak_shifts: Vec<u8>,
    floor: i32,
    /// Ceiling, with a reset by subtraction.
    ceiling: Option<i32>,
    coding: InputCoding,
    input: InputSigns,
}

impl Case {
    fn model(&self) -> QuantizedModel {
        let mut weights = self.weights.clone();
        weights.extend([1, -1].repeat(UNITS));
        let inputs = weights.len();
        let layer = |name: &str, weights: Array2<i8>, neuron| QuantizedLayer {
            name: name.to_owned(),
            weights,
            shortcut: None,
            weight_bits: 8,
            guard_bits: 0,
            membrane_bits: 32,
            leak_shifts: self.leak_shifts.clone(),
            floor: self.floor,
            ceiling: None,
            biases: Vec::new(),
            neuron,
        };
        let weights = Array2::from_shape_vec((1, inputs), weights).expect("one row");
        let mut layers = Vec::new();
        let mut described = Vec::new();
        if let Some(threshold) = self.threshold {
            let neuron = Neuron::Lif {
                thresholds: vec![threshold],
            };
            layers.push(layer("neuron", weights, neuron));
            layers[0].ceiling = self.ceiling;
            layers.push(layer("out", Array2::zeros((1, 1)), Neuron::Output));
            described.push(LayerDescription::new("neuron", LayerKind::Fc { out: 1 }));
            described.push(LayerDescription::new("out", LayerKind::Out { out: 1 }));
        } else {
            layers.push(layer("neuron", weights, Neuron::Output));
            described.push(LayerDescription::new("neuron", LayerKind::Out { out: 1 }));
        }
        layers[0].biases = vec![self.bias];
        QuantizedModel {
            description: NetworkDescription {
                name: "single".to_owned(),
                input: Shape::from([1, 1, inputs]),
                steps: 6,
                rate: 1.0,
                leak: 0.99,
                normalization: None,
                coding: self.coding,
                reset: match self.ceiling {
                    Some(_) => Reset::Subtract,
                    None => Reset::Zero,
                },
                readout: Readout::Leak,
                layers: described,
            },
            layers,
            provenance: [].into(),
        }
    }

    /// P and N: what the events of one step can add and subtract.
    fn sums(&self) -> (i64, i64) {
        let times = i64::from(self.coding.largest_value());
        let units = i64::try_from(UNITS).expect("small");
        let sum = |sign: i64| {
            let parts = self
                .weights
                .iter()
                .map(|&weight| (sign * i64::from(weight)).max(0));
            times * (parts.sum::<i64>() + units)
        };
        match self.input {
            InputSigns::Unsigned => (sum(1), sum(-1)),
            InputSigns::Signed => (sum(1) + sum(-1), sum(1) + sum(-1)),
        }
    }

    /// Membranes after a step that starts from any of `starts`.
    fn after(&self, starts: &BTreeSet<i64>) -> BTreeSet<i64> {
        let (p, n) = self.sums();
        let update = Update {
            bias: self.bias,
            threshold: self.threshold,
            leak_shifts: &self.leak_shifts,
            floor: self.floor,
            ceiling: self.ceiling,
        };
        let mut after = BTreeSet::new();
        // The sums of one start are a stretch of numbers; stretches that overlap are walked once.
        let mut done = i64::MIN;
        for start in starts {
            for sum in (start - n).max(done)..=start + p {
                let sum = i32::try_from(sum).expect("32 bits");
                after.insert(update.end_of_step(sum).1.into());
            }
            done = start + p + 1;
        }
        after
    }

    /// Lowest and highest partial sum, followed until nothing new is reached or for a number of steps.
    fn reached(&self, steps: usize) -> (i64, i64) {
        let mut starts = BTreeSet::from([0]);
        let mut new = starts.clone();
        for _ in 1..steps {
            new = self.after(&new).difference(&starts).copied().collect();
            if new.is_empty() {
                break;
            }
            starts.extend(&new);
        }
        let (p, n) = self.sums();
        let bias = i64::from(self.bias);
        let lowest = starts.first().expect("a start") - n - (-bias).max(0);
        (lowest, starts.last().expect("a start") + p + bias.max(0))
    }
}

fn shifts() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(vec![]),
        (1_u8..=6).prop_map(|shift| vec![shift]),
        Just(vec![2, 5]),
    ]
}

fn input() -> impl Strategy<Value = (InputCoding, InputSigns)> {
    prop_oneof![
        3 => Just((InputCoding::Poisson, InputSigns::Unsigned)),
        3 => Just((InputCoding::Poisson, InputSigns::Signed)),
        1 => Just((InputCoding::Counts, InputSigns::Unsigned)),
        1 => Just((InputCoding::Direct, InputSigns::Signed)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(120) })]

    #[test]
    fn a_neuron_that_fires_reaches_both_bounds_and_no_more(
        weights in prop::collection::vec(-40_i8..=40, 0..5),
        bias in -90_i32..=90,
        threshold in 0_i32..=300,
        leak_shifts in shifts(),
        floor in -300_i32..=0,
        ceiling in prop::option::of(0_i32..=500),
        (coding, input) in input(),
    ) {
        let case = Case { weights, bias, threshold: Some(threshold), leak_shifts, floor, ceiling, coding, input };
        let bounds = &proof::verify(&case.model(), input).expect("32 bits suffice")[0];
        prop_assert_eq!(bounds.steps, None);
        prop_assert_eq!((bounds.lowest, bounds.highest), case.reached(usize::MAX));
        let (p, n) = case.sums();
        let bias = i64::from(bias);
        prop_assert_eq!(
            (bounds.positive_sum, bounds.negative_sum),
            (p + bias.max(0), n + (-bias).max(0))
        );
    }

    #[test]
    fn a_class_reaches_both_bounds_and_no_more(
        weights in prop::collection::vec(-40_i8..=40, 0..5),
        bias in -90_i32..=90,
        leak_shifts in prop_oneof![Just(vec![]), (1_u8..=4).prop_map(|shift| vec![shift])],
    ) {
        let (coding, input) = (InputCoding::Poisson, InputSigns::Unsigned);
        let floor = -(1 << 20);
        let case = Case { weights, bias, threshold: None, leak_shifts, floor, ceiling: None, coding, input };
        let bounds = &proof::verify(&case.model(), input).expect("32 bits suffice")[0];
        prop_assert_eq!((bounds.lowest, bounds.highest), case.reached(bounds.steps.unwrap_or(usize::MAX)));
    }

    #[test]
    fn one_bit_less_than_the_bounds_take_is_refused(
        bias in -90_i32..=90,
        ceiling in prop::option::of(0_i32..=100),
        (coding, input) in input(),
    ) {
        let case = Case {
            weights: vec![20, -30],
            bias,
            threshold: Some(100),
            leak_shifts: vec![],
            floor: -100,
            ceiling,
            coding,
            input,
        };
        let mut model = case.model();
        let bits = proof::verify(&model, input).expect("32 bits suffice")[0].membrane_bits();
        model.layers[0].membrane_bits = u8::try_from(bits).expect("at most 32");
        prop_assert!(proof::verify(&model, input).is_ok());
        model.layers[0].membrane_bits -= 1;
        prop_assert!(proof::verify(&model, input).is_err());
    }
}

/// A change of a network.
type Change = fn(&mut QuantizedModel);

#[test]
fn what_a_layer_must_not_have_is_named() {
    let case = Case {
        weights: vec![3],
        bias: 1,
        threshold: Some(10),
        leak_shifts: vec![2],
        floor: -10,
        ceiling: Some(20),
        coding: InputCoding::Poisson,
        input: InputSigns::Unsigned,
    };
    let refusal = |change: Change| {
        let mut model = case.model();
        change(&mut model);
        model.validate().expect_err("refused").to_string()
    };
    let remedy = "quantize the float model again with `synfire quantize`";
    let cases: [(Change, &str); 7] = [
        (
            |model| model.layers[0].ceiling = None,
            "quantized layer `neuron`: ceiling is missing, but must be given, because the network resets by subtraction",
        ),
        (
            |model| model.description.reset = Reset::Zero,
            "quantized layer `neuron`: ceiling is 20, but must be none, because the network resets to zero",
        ),
        (
            |model| model.layers[1].ceiling = Some(7),
            "quantized layer `out`: ceiling is 7, but must be none, because an output layer never fires",
        ),
        (
            |model| model.layers[0].ceiling = Some(-1),
            "quantized layer `neuron`: ceiling is -1, but must be 0 to 2147483647",
        ),
        (
            |model| model.layers[1].biases = vec![1, 2],
            "quantized layer `out`: number of biases is 2, but must be 1",
        ),
        (
            |model| {
                model.layers[1].membrane_bits = 4;
                model.layers[1].floor = 0;
                model.layers[1].biases = vec![8];
            },
            "quantized layer `out`: bias is 8, but must be -8 to 7",
        ),
        (
            |model| model.description.readout = Readout::Sum,
            "quantized layer `out`: leak is [2], but must be none: the output is read as a sum",
        ),
    ];
    for (change, wanted) in cases {
        assert_eq!(refusal(change), format!("{wanted}; {remedy}"));
    }
}
