use super::*;
use crate::network::{InputCoding, Normalization, Readout, Reset, Shortcut};

fn network() -> NetworkDescription {
    let layer = |name: &str, kind| LayerDescription::new(name, kind);
    NetworkDescription {
        name: "small".into(),
        input: Shape {
            channels: 1,
            height: 2,
            width: 3,
        },
        steps: 8,
        rate: 0.5,
        leak: 0.99,
        normalization: None,
        layers: vec![
            layer("hidden", LayerKind::Fc { out: 4 }),
            layer("out", LayerKind::Out { out: 2 }),
        ],
        coding: InputCoding::Poisson,
        reset: Reset::Zero,
        readout: Readout::Leak,
    }
}

/// Network with every kind of layer and a junction: 8 × 8 becomes 4 × 4 in `half` and 2 × 2 in `joined`.
fn residual() -> NetworkDescription {
    let conv = |out, kernel, stride, padding| LayerKind::Conv {
        out,
        kernel,
        stride,
        padding,
    };
    let layer = |name: &str, kind| LayerDescription::new(name, kind);
    let mut joined = layer("joined", conv(5, 3, 2, 1));
    joined.shortcut = Some(Shortcut {
        from: "half".into(),
        stride: 2,
        identity: false,
    });
    NetworkDescription {
        name: "residual".into(),
        input: Shape::from([3, 8, 8]),
        normalization: Some(Normalization {
            mean: vec![0.5; 3],
            deviation: vec![0.25; 3],
        }),
        layers: vec![
            layer("first", conv(4, 3, 1, 1)),
            layer("half", LayerKind::Pool { kernel: 2 }),
            layer("inner", conv(5, 3, 1, 1)),
            joined,
            layer("hidden", LayerKind::Fc { out: 6 }),
            layer("out", LayerKind::Out { out: 2 }),
        ],
        ..network()
    }
}

/// Returns the error of `residual()` after `change`, without its constant beginning.
fn residual_refusal(change: impl FnOnce(&mut NetworkDescription)) -> String {
    let mut network = residual();
    change(&mut network);
    let error = network
        .validate()
        .expect_err("the change must be refused")
        .to_string();
    let (_, rule) = error
        .split_once("network `residual`: ")
        .expect("the error names the network");
    rule.into()
}

/// Returns the error of `network()` after `change`.
fn refusal(change: impl FnOnce(&mut NetworkDescription)) -> String {
    let mut network = network();
    change(&mut network);
    network
        .validate()
        .expect_err("the change must be refused")
        .to_string()
}

#[test]
fn a_sound_network_passes_also_at_the_limits() {
    let mut network = network();
    network.validate().unwrap();
    network.steps = MAX_STEPS;
    network.rate = 1.0;
    network.leak = 1.0;
    network.layers[0].dropout = 0.99;
    network.layers[0].threshold = Some(f32::MIN_POSITIVE);
    network.validate().unwrap();
    network.steps = 128;
    network.layers[0].kind = LayerKind::Fc { out: MAX_NEURONS };
    network.validate().unwrap();
    assert_eq!(network.fan_in(1), MAX_NEURONS);
    assert_eq!(network.classes(), 2);
}

#[test]
fn names_that_cannot_be_file_names_are_refused() {
    assert_eq!(
        refusal(|network| network.name = "../up".into()),
        "network `../up`: name is `../up`, but must be 1..=64 characters of A-Z a-z 0-9 _ - ."
    );
    assert_eq!(
        refusal(|network| network.layers[0].name = "input".into()),
        "network `small`: name of layer 1 is `input`, but must be 1..=64 characters of \
         A-Z a-z 0-9 _ - ., and neither `input` nor end in `.shortcut`"
    );
    assert_eq!(
        refusal(|network| network.layers[0].name = "out".into()),
        "network `small`: two layers are named `out`; give every layer its own name"
    );
}

#[test]
fn zero_and_absurd_sizes_are_refused() {
    assert_eq!(
        refusal(|network| network.input.height = 0),
        "network `small`: input is [1, 0, 3], but must be 1..=16777216 inputs"
    );
    assert_eq!(
        refusal(|network| network.input = Shape {
            channels: usize::MAX,
            height: 2,
            width: 2
        }),
        "network `small`: input is [18446744073709551615, 2, 2], but must be 1..=16777216 inputs"
    );
    assert_eq!(
        refusal(|network| network.layers[0].kind = LayerKind::Fc { out: 0 }),
        "network `small`: output of layer `hidden` is [0, 1, 1], but must be 1..=16777216 neurons"
    );
    assert_eq!(
        refusal(|network| network.layers[0].kind = LayerKind::Fc { out: MAX_NEURONS + 1 }),
        "network `small`: output of layer `hidden` is [16777217, 1, 1], but must be 1..=16777216 neurons"
    );
    assert_eq!(
        refusal(|network| {
            network.input.width = 1 << 14;
            network.layers[0].kind = LayerKind::Fc { out: 1 << 14 };
        }),
        "network `small`: number of weights of layer `hidden` is 32768 x 16384, but must be at most 268435456"
    );
}

#[test]
fn the_last_layer_and_only_it_is_the_output() {
    assert_eq!(
        refusal(|network| network.layers.clear()),
        "network `small` has no layers; add [[layer]] tables, the last with op = \"out\""
    );
    assert_eq!(
        refusal(|network| network.layers.truncate(1)),
        "network `small`: layer `hidden` has op = \"fc\", but must have \"out\"; \
         the last layer, and only the last, is the output layer"
    );
    assert_eq!(
        refusal(|network| network.layers[0].kind = LayerKind::Out { out: 4 }),
        "network `small`: layer `hidden` has op = \"out\", but must have \"conv\", \"pool\" or \"fc\"; \
         the last layer, and only the last, is the output layer"
    );
}

#[test]
fn time_base_out_of_range_is_refused() {
    for steps in [0, MAX_STEPS + 1] {
        assert_eq!(
            refusal(|network| network.steps = steps),
            format!("network `small`: steps is {steps}, but must be in 1..=4096")
        );
    }
    for value in [0.0, -0.5, 1.5, f32::NAN, f32::INFINITY] {
        assert_eq!(
            refusal(|network| network.rate = value),
            format!("network `small`: rate is {value}, but must be above 0 and at most 1")
        );
        assert_eq!(
            refusal(|network| network.leak = value),
            format!("network `small`: leak is {value}, but must be above 0 and at most 1")
        );
        assert_eq!(
            refusal(|network| network.layers[0].leak = Some(value)),
            format!("network `small`: leak of layer `hidden` is {value}, but must be above 0 and at most 1")
        );
    }
}

#[test]
fn only_layers_that_leak_have_a_leak_of_their_own() {
    let mut network = residual();
    network.layers[0].leak = Some(0.5);
    network.layers[5].leak = Some(0.25);
    network.validate().unwrap();
    let leaks: Vec<f32> = (0..6).map(|index| network.leak_of(index)).collect();
    assert_eq!(leaks, [0.5, 1.0, 0.99, 0.99, 0.99, 0.25]);
    network.layers[1].leak = Some(0.5);
    let refusal = network.validate().unwrap_err().to_string();
    assert!(
        refusal.contains("`half` has op = \"pool\", which takes no leak"),
        "{refusal}"
    );
    network.layers[1].leak = None;
    network.readout = Readout::Sum;
    let refusal = network.validate().unwrap_err().to_string();
    assert!(refusal.contains("leak of layer `out` is 0.25"), "{refusal}");
}

#[test]
fn every_kind_of_layer_passes_and_its_shapes_are_worked_out() {
    let network = residual();
    network.validate().unwrap();
    let shapes = [[4, 8, 8], [4, 4, 4], [5, 4, 4], [5, 2, 2], [6, 1, 1], [2, 1, 1]];
    assert_eq!(network.shapes(), shapes.map(Shape::from));
    let tensors: Vec<(String, Vec<usize>)> = network
        .graph()
        .unwrap()
        .tensors
        .iter()
        .map(|tensor| (tensor.name.clone(), tensor.dimensions()))
        .collect();
    let wanted = [
        ("first", vec![4, 3, 3, 3]),
        ("inner", vec![5, 4, 3, 3]),
        ("joined", vec![5, 5, 3, 3]),
        ("joined.shortcut", vec![5, 4, 1, 1]),
        ("hidden", vec![6, 20]),
        ("out", vec![2, 6]),
    ];
    assert_eq!(tensors, wanted.map(|(name, shape)| (name.to_owned(), shape)));
    assert_eq!(
        (0..5).map(|layer| network.fan_in(layer)).collect::<Vec<_>>(),
        [27, 4, 36, 45, 20]
    );
}

#[test]
fn an_identity_samples_its_source() {
    let mut network = residual();
    network.layers[3].shortcut = Some(Shortcut {
        from: "inner".into(),
        stride: 2,
        identity: true,
    });
    network.validate().unwrap();
    assert!(
        network
            .graph()
            .unwrap()
            .tensors
            .iter()
            .all(|tensor| tensor.name != "joined.shortcut")
    );
}

#[test]
fn a_source_that_fills_no_whole_number_of_windows_loses_its_last_rows() {
    let mut network = residual();
    network.input = Shape::from([3, 9, 10]);
    network.validate().unwrap();
    assert_eq!(network.shapes()[1], Shape::from([4, 4, 5]));
}

#[test]
fn kernels_strides_and_paddings_out_of_range_are_refused() {
    let conv = |kernel, stride, padding| {
        residual_refusal(|network| {
            network.layers[0].kind = LayerKind::Conv {
                out: 4,
                kernel,
                stride,
                padding,
            };
        })
    };
    assert_eq!(
        conv(0, 1, 0),
        "kernel of layer `first` is 0, but must be in 1..=63"
    );
    assert_eq!(
        conv(64, 1, 0),
        "kernel of layer `first` is 64, but must be in 1..=63"
    );
    assert_eq!(
        conv(3, 0, 1),
        "stride of layer `first` is 0, but must be in 1..=63"
    );
    assert_eq!(
        conv(3, usize::MAX, 1),
        "stride of layer `first` is 18446744073709551615, but must be in 1..=63"
    );
    assert_eq!(
        conv(3, 1, 3),
        "padding of layer `first` is 3, but must be below the kernel, 3"
    );
    assert_eq!(
        conv(13, 1, 1),
        "kernel of layer `first` is 13 x 13 with padding 1, but must be no larger than its padded source, \
         which is [3, 8, 8]"
    );
    assert_eq!(
        residual_refusal(|network| network.layers[1].kind = LayerKind::Pool { kernel: 9 }),
        "kernel of layer `half` is 9 x 9 with padding 0, but must be no larger than its padded source, \
         which is [4, 8, 8]"
    );
    assert_eq!(
        residual_refusal(|network| network.layers[1].kind = LayerKind::Pool { kernel: 0 }),
        "kernel of layer `half` is 0, but must be in 1..=63"
    );
}

#[test]
fn thresholds_out_of_range_are_refused() {
    for (threshold, text) in [(0.0, "0"), (1.0, "1"), (f32::NAN, "NaN")] {
        assert_eq!(
            residual_refusal(|network| network.layers[1].threshold = Some(threshold)),
            format!("threshold of layer `half` is {text}, but must be above 0 and below 1")
        );
    }
    for (threshold, text) in [
        (0.0, "0"),
        (-1.0, "-1"),
        (f32::NAN, "NaN"),
        (f32::INFINITY, "inf"),
    ] {
        for (layer, name) in [(0, "first"), (4, "hidden"), (5, "out")] {
            assert_eq!(
                residual_refusal(|network| network.layers[layer].threshold = Some(threshold)),
                format!("threshold of layer `{name}` is {text}, but must be above 0 and finite")
            );
        }
    }
}

#[test]
fn dropout_out_of_range_or_place_is_refused() {
    for (dropout, text) in [(1.0, "1"), (-0.5, "-0.5"), (f32::NAN, "NaN")] {
        assert_eq!(
            residual_refusal(|network| network.layers[0].dropout = dropout),
            format!("dropout of layer `first` is {text}, but must be at least 0 and below 1")
        );
    }
    for (layer, name) in [(1, "half"), (5, "out")] {
        let rule = residual_refusal(|network| network.layers[layer].dropout = 0.5);
        let op = if layer == 1 { "pool" } else { "out" };
        assert_eq!(
            rule,
            format!(
                "layer `{name}` has op = \"{op}\", which takes no dropout; leave it out, \
                 only \"conv\" and \"fc\" layers have one"
            )
        );
    }
}

#[test]
fn shortcuts_out_of_shape_or_place_are_refused() {
    let shortcut = |from: &str, stride, identity| {
        residual_refusal(|network| {
            network.layers[3].shortcut = Some(Shortcut {
                from: from.into(),
                stride,
                identity,
            });
        })
    };
    assert_eq!(
        shortcut("half", 1, false),
        "shape of the shortcut of layer `joined` is [5, 4, 4], but must be that of the layer, [5, 2, 2]"
    );
    assert_eq!(
        shortcut("half", 2, true),
        "shape of the shortcut of layer `joined` is [4, 2, 2], but must be that of the layer, [5, 2, 2]"
    );
    assert_eq!(
        shortcut("half", 0, false),
        "stride of the shortcut of layer `joined` is 0, but must be in 1..=63"
    );
    assert_eq!(
        shortcut("hidden", 2, false),
        "source of layer `joined` is `hidden`, but must be one of input, first, half, inner"
    );
    assert_eq!(
        residual_refusal(|network| network.layers[4].shortcut = network.layers[3].shortcut.clone()),
        "layer `hidden` has op = \"fc\", which takes no shortcut; leave it out, only \"conv\" layers have one"
    );
}

#[test]
fn sources_must_be_earlier_layers_and_layers_must_have_takers() {
    for from in ["inner", "joined", "nowhere"] {
        assert_eq!(
            residual_refusal(|network| network.layers[2].from = Some(from.into())),
            format!("source of layer `inner` is `{from}`, but must be one of input, first, half")
        );
    }
    assert_eq!(
        residual_refusal(|network| network.layers[4].from = Some("inner".into())),
        "no layer receives the spikes of layer `joined`; make it the source (`from`) of a later layer, or leave it out"
    );
    let mut network = residual();
    network.layers[3].from = Some("input".into());
    network.layers[3].kind = LayerKind::Conv {
        out: 5,
        kernel: 4,
        stride: 4,
        padding: 0,
    };
    let error = network.validate().unwrap_err().to_string();
    assert!(error.contains("the spikes of layer `inner`"), "{error}");
    network.layers[3].shortcut.as_mut().unwrap().from = "inner".into();
    network.validate().unwrap();
}

#[test]
fn a_name_of_a_shortcuts_weights_is_refused() {
    assert_eq!(
        residual_refusal(|network| network.layers[4].name = "joined.shortcut".into()),
        "name of layer 5 is `joined.shortcut`, but must be 1..=64 characters of A-Z a-z 0-9 _ - ., \
         and neither `input` nor end in `.shortcut`"
    );
}

#[test]
fn a_normalization_that_does_not_fit_is_refused() {
    let normalization = |mean: &[f32], deviation: &[f32]| {
        residual_refusal(|network| {
            network.normalization = Some(Normalization {
                mean: mean.to_vec(),
                deviation: deviation.to_vec(),
            });
        })
    };
    assert_eq!(
        normalization(&[0.5; 2], &[0.5; 3]),
        "number of means of normalization is 2, but must be 3, one per input channel"
    );
    assert_eq!(
        normalization(&[0.5; 3], &[0.5; 4]),
        "number of deviations of normalization is 4, but must be 3, one per input channel"
    );
    assert_eq!(
        normalization(&[0.5, f32::NAN, 0.5], &[0.5; 3]),
        "mean of normalization is NaN, but must be finite"
    );
    for (value, text) in [
        (0.0, "0"),
        (-0.1, "-0.1"),
        (f32::NAN, "NaN"),
        (f32::INFINITY, "inf"),
    ] {
        assert_eq!(
            normalization(&[0.5; 3], &[0.5, 0.5, value]),
            format!("deviation of normalization is {text}, but must be above 0 and finite")
        );
    }
}

#[test]
fn networks_too_large_as_a_whole_are_refused() {
    assert_eq!(
        refusal(|network| {
            network.steps = 1024;
            network.layers[0].kind = LayerKind::Fc { out: 1 << 22 };
        }),
        "network `small`: number of inputs and neurons, times steps, is 4294975488, but must be at most 4294967296; \
         use fewer steps or neurons"
    );
    let wide = |count: usize| {
        refusal(|network| {
            network.input = Shape::from([1 << 14, 1, 1]);
            let layer = |index| LayerDescription::new(format!("fc{index}"), LayerKind::Fc { out: 1 << 14 });
            network.layers.splice(..1, (0..count).map(layer));
        })
    };
    assert_eq!(
        wide(3),
        "network `small`: number of weights is 805339136, but must be at most 536870912"
    );
    assert_eq!(
        wide(1024),
        "network `small`: number of layers is 1025, but must be at most 1024"
    );
    assert_eq!(
        residual_refusal(|network| {
            network.input = Shape::from([1 << 14, 8, 8]);
            network.normalization = None;
            network.layers[0].kind = LayerKind::Pool { kernel: 2 };
            network.layers[1].kind = LayerKind::Pool { kernel: 1 };
            network.layers[2].kind = LayerKind::Pool { kernel: 1 };
            network.layers[3].kind = LayerKind::Conv {
                out: 1 << 14,
                kernel: 1,
                stride: 2,
                padding: 0,
            };
        }),
        "number of weights of layer `joined` is 16384 x 16384 + 16384 x 16384, but must be at most 268435456"
    );
}

#[test]
fn counts_are_not_normalized() {
    assert_eq!(
        refusal(|network| {
            network.coding = InputCoding::Counts;
            network.normalization = Some(Normalization {
                mean: vec![0.5; network.input.channels],
                deviation: vec![0.5; network.input.channels],
            });
        }),
        "network `small`: coding is `counts`, but must be `poisson` or `direct` in a network with [normalization], because \
         counts are not intensities"
    );
}
