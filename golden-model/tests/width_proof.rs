//! Proof of membrane widths for the extreme orders of events: bounds are never exceeded, and they are reached.

use ndarray::Array2;
use proptest::prelude::*;
use synfire_golden_model::integer::{
    Engine, InputSigns, LayerBounds, Neuron, QuantizedLayer, QuantizedModel, neuron, proof,
};
use synfire_golden_model::network::{
    InputCoding, LayerDescription, LayerKind, NetworkDescription, Readout, Reset, Shape,
};
use synfire_golden_model::spikes::{Spike, SpikeRaster};

/// Builds a network of one neuron: as an output layer, or as a LIF layer followed by an output layer of weight 0.
fn single(
    weights: &[i8],
    guard_bits: u8,
    leak_shifts: &[u8],
    floor: i32,
    threshold: Option<i32>,
) -> QuantizedModel {
    let inputs = weights.len();
    let layer = |name: &str, weights: Array2<i8>, neuron| QuantizedLayer {
        name: name.to_owned(),
        weights,
        shortcut: None,
        weight_bits: 8,
        guard_bits,
        membrane_bits: 32,
        leak_shifts: leak_shifts.to_vec(),
        floor,
        ceiling: None,
        biases: Vec::new(),
        neuron,
    };
    let weights = Array2::from_shape_vec((1, inputs), weights.to_vec()).expect("one row");
    let described = |name: &str, kind| LayerDescription::new(name, kind);
    let (layers, described) = match threshold {
        Some(threshold) => (
            vec![
                layer(
                    "neuron",
                    weights,
                    Neuron::Lif {
                        thresholds: vec![threshold],
                    },
                ),
                layer("out", Array2::zeros((1, 1)), Neuron::Output),
            ],
            vec![
                described("neuron", LayerKind::Fc { out: 1 }),
                described("out", LayerKind::Out { out: 1 }),
            ],
        ),
        None => (
            vec![layer("neuron", weights, Neuron::Output)],
            vec![described("neuron", LayerKind::Out { out: 1 })],
        ),
    };
    QuantizedModel {
        description: NetworkDescription {
            name: "single".to_owned(),
            input: Shape {
                channels: 1,
                height: 1,
                width: inputs,
            },
            steps: 20,
            rate: 1.0,
            leak: 0.99,
            normalization: None,
            layers: described,
            coding: InputCoding::Poisson,
            reset: Reset::Zero,
            readout: Readout::Leak,
        },
        layers,
        provenance: Default::default(),
    }
}

/// Membrane of one neuron, updated event by event, with the range that it has reached.
struct Membrane<'a> {
    layer: &'a QuantizedLayer,
    now: i32,
    lowest: i64,
    highest: i64,
}

impl<'a> Membrane<'a> {
    fn of(model: &'a QuantizedModel) -> Self {
        Self {
            layer: &model.layers[0],
            now: 0,
            lowest: 0,
            highest: 0,
        }
    }

    /// Runs one step with the given increments, in order.
    fn step(&mut self, increments: impl IntoIterator<Item = i32>) {
        for increment in increments {
            self.now += increment << self.layer.guard_bits;
            self.lowest = self.lowest.min(self.now.into());
            self.highest = self.highest.max(self.now.into());
        }
        let QuantizedLayer {
            leak_shifts, floor, ..
        } = self.layer;
        self.now = match &self.layer.neuron {
            Neuron::Lif { thresholds } => neuron::end_of_step(self.now, thresholds[0], leak_shifts, *floor).1,
            Neuron::Output => neuron::settle(self.now, leak_shifts, *floor),
        };
    }
}

/// Returns the increments of a step: in an extreme order, or a random subset.
fn increments(weights: &[i8], input: InputSigns, choice: u8, subset: u64) -> Vec<i32> {
    let weights: Vec<i32> = weights.iter().map(|&weight| i32::from(weight)).collect();
    // With signed spikes every source can act in either direction, so one spike of each can move all the same way.
    let raised = |weight: &i32| {
        if input == InputSigns::Signed {
            weight.abs()
        } else {
            *weight
        }
    };
    let up: Vec<i32> = weights
        .iter()
        .map(raised)
        .filter(|&increment| increment > 0)
        .collect();
    let down: Vec<i32> = match input {
        InputSigns::Signed => weights.iter().map(|weight| -weight.abs()).collect(),
        InputSigns::Unsigned => weights.iter().copied().filter(|&weight| weight < 0).collect(),
    };
    match (choice, input) {
        (0, _) => up,
        (1, _) => down,
        (2, InputSigns::Unsigned) => up.into_iter().chain(down).collect(),
        (3, InputSigns::Unsigned) => down.into_iter().chain(up).collect(),
        _ => weights
            .into_iter()
            .enumerate()
            .filter(|(i, _)| subset >> i & 1 == 1)
            .map(|(_, w)| w)
            .collect(),
    }
}

fn bounds(model: &QuantizedModel, input: InputSigns) -> LayerBounds {
    proof::verify(model, input).expect("32 bits suffice")[0].clone()
}

fn shifts() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::btree_set(1_u8..=9, 0..=3).prop_map(|set| set.into_iter().collect())
}

fn signs() -> impl Strategy<Value = InputSigns> {
    prop_oneof![Just(InputSigns::Unsigned), Just(InputSigns::Signed)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_order_of_events_leaves_the_bounds(
        weights in prop::collection::vec(-127_i8..=127, 1..12),
        guard_bits in 0_u8..=6,
        leak_shifts in shifts(),
        floor in -20_000_i32..=0,
        threshold in prop::option::of(0_i32..=20_000),
        input in signs(),
        steps in prop::collection::vec((0_u8..5, any::<u64>()), 1..=20),
    ) {
        let model = single(&weights, guard_bits, &leak_shifts, floor, threshold);
        let bounds = bounds(&model, input);
        let mut membrane = Membrane::of(&model);
        for (choice, subset) in steps {
            membrane.step(increments(&weights, input, choice, subset));
            let start = i64::from(membrane.now);
            prop_assert!(bounds.lowest_start <= start && start <= bounds.highest_start, "{start}: {bounds:?}");
        }
        prop_assert!(bounds.lowest <= membrane.lowest, "{}: {bounds:?}", membrane.lowest);
        prop_assert!(membrane.highest <= bounds.highest, "{}: {bounds:?}", membrane.highest);
    }

    #[test]
    fn a_lif_neuron_reaches_both_bounds(
        mut weights in prop::collection::vec(-127_i8..=127, 1..12),
        floor in -600_i32..=0,
        threshold in 0_i32..=600,
        input in signs(),
    ) {
        // A source of weight 1 steers the membrane to any value; one of −1 makes it sink to the floor.
        weights.extend([1, -1]);
        let model = single(&weights, 0, &[], floor, Some(threshold));
        let bounds = bounds(&model, input);

        let mut rising = Membrane::of(&model);
        for _ in 0..threshold {
            rising.step([1]);
        }
        rising.step(increments(&weights, input, 0, 0));
        prop_assert_eq!(rising.highest, bounds.highest);

        let mut sinking = Membrane::of(&model);
        for _ in floor..0 {
            sinking.step([-1]);
        }
        sinking.step(increments(&weights, input, 1, 0));
        prop_assert_eq!(sinking.lowest, bounds.lowest);
    }

    #[test]
    fn an_output_neuron_reaches_both_bounds(
        weights in prop::collection::vec(-127_i8..=127, 1..12),
        guard_bits in 0_u8..=6,
        shift in 1_u8..=7,
        input in signs(),
    ) {
        let model = single(&weights, guard_bits, &[shift], -(1 << 30), None);
        let bounds = bounds(&model, input);
        prop_assert_eq!(bounds.steps, None);
        let (mut rising, mut sinking) = (Membrane::of(&model), Membrane::of(&model));
        for _ in 0..4000 {
            rising.step(increments(&weights, input, 0, 0));
            sinking.step(increments(&weights, input, 1, 0));
        }
        prop_assert_eq!(rising.highest, bounds.highest);
        prop_assert_eq!(sinking.lowest, bounds.lowest);
    }

    #[test]
    fn the_width_that_the_bounds_take_is_accepted_and_one_bit_less_is_refused(
        weights in prop::collection::vec(-127_i8..=127, 1..12),
        guard_bits in 0_u8..=6,
        input in signs(),
    ) {
        let mut model = single(&weights, guard_bits, &[7, 9], -60, Some(50));
        let bounds = bounds(&model, input);
        prop_assume!(bounds.membrane_bits() > 7);
        model.layers[0].membrane_bits = u8::try_from(bounds.membrane_bits()).expect("at most 32");
        prop_assert!(proof::verify(&model, input).is_ok());
        model.layers[0].membrane_bits -= 1;
        prop_assert!(proof::verify(&model, input).is_err());
    }
}

#[test]
fn the_refusal_names_layer_and_numbers() {
    let mut model = single(&[100, 27, -100, -29], 0, &[], 0, Some(0));
    model.layers[0].membrane_bits = 8;
    let error = proof::verify(&model, InputSigns::Unsigned).expect_err("-129");
    assert_eq!(
        error.to_string(),
        "layer `neuron`: membranes have 8 bits, but sums can reach -129 to 127, which needs 9 bits; \
         quantize the float model with fewer guard bits or fewer weight bits"
    );
    model.layers[0].weights[[0, 3]] = -28;
    assert!(proof::verify(&model, InputSigns::Unsigned).is_ok());
}

#[test]
fn the_engine_refuses_negative_spikes_that_the_width_does_not_hold() {
    let mut model = single(&[100, 27, -100, -28], 0, &[], 0, Some(0));
    model.layers[0].membrane_bits = 8;
    let mut engine = Engine::new(&model).expect("proven for positive spikes");
    let mut raster = SpikeRaster::new(4);
    raster.push_step([Spike::positive(1)]);
    engine.infer(&raster).expect("positive");
    raster.push_step([Spike::signed(2, true)]);
    assert_eq!(
        engine.infer(&raster).expect_err("negative").to_string(),
        "source 2 has a negative spike in step 1, but the widths of the network are proven only for positive input; \
         quantize the float model for signed input"
    );
    model.layers[0].membrane_bits = 9;
    Engine::new(&model)
        .expect("proven")
        .infer(&raster)
        .expect("255 fits 9 bits");
}

#[test]
fn the_engine_refuses_more_steps_than_the_width_holds() {
    let mut model = single(&[6, -1], 0, &[], -128, None);
    model.layers[0].membrane_bits = 8;
    model.description.steps = 21;
    let bounds = &proof::verify(&model, InputSigns::Unsigned).expect("21 · 6 = 126")[0];
    assert_eq!((bounds.steps, bounds.highest), (Some(21), 126));
    let mut raster = SpikeRaster::new(2);
    for _ in 0..21 {
        raster.push_step([Spike::positive(0)]);
    }
    let mut engine = Engine::new(&model).expect("proven");
    assert_eq!(engine.infer(&raster).expect("21 steps").potentials, [126]);
    raster.push_step([]);
    assert_eq!(
        engine.infer(&raster).expect_err("22 steps").to_string(),
        "the input has 22 steps, but the width of layer `neuron` is proven only for 21; \
         run at most 21 steps, or quantize the network for 22"
    );
    model.description.steps = 22;
    assert!(proof::verify(&model, InputSigns::Unsigned).is_err());
}
