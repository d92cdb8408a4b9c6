use super::*;
use crate::network::{LayerKind, Shortcut};
use proptest::prelude::*;

fn parse(text: &str) -> NetworkDescription {
    NetworkDescription::from_compact(text, None).unwrap()
}

fn refusal(text: &str) -> String {
    NetworkDescription::from_compact(text, Some(Shape::from([1, 28, 28])))
        .expect_err("the text must be refused")
        .to_string()
}

const fn conv(out: usize, kernel: usize, stride: usize, padding: usize) -> LayerKind {
    LayerKind::Conv {
        out,
        kernel,
        stride,
        padding,
    }
}

#[test]
fn lenet_is_read_and_its_layers_are_named() {
    let lenet = parse("20C5p2-P2-50C5p2-P2-200-10@1x28x28");
    let layers = [
        ("conv1", conv(20, 5, 1, 2)),
        ("pool1", LayerKind::Pool { kernel: 2 }),
        ("conv2", conv(50, 5, 1, 2)),
        ("pool2", LayerKind::Pool { kernel: 2 }),
        ("fc1", LayerKind::Fc { out: 200 }),
        ("out", LayerKind::Out { out: 10 }),
    ];
    assert_eq!(
        lenet.layers,
        layers.map(|(name, kind)| LayerDescription::new(name, kind))
    );
    assert_eq!(lenet.name, "20C5p2-P2-50C5p2-P2-200-10");
    assert_eq!((lenet.input, lenet.steps), (Shape::from([1, 28, 28]), 100));
    assert!((lenet.rate - 0.5).abs() < f32::EPSILON && (lenet.leak - 0.99).abs() < f32::EPSILON);
}

#[test]
fn repeated_pieces_options_and_strides_are_read() {
    let network = parse("64C3p1d0.2x2-P4t0.5-32C5s2p1t1.5-100d0.5×2-10t2@3x32x32");
    let names: Vec<&str> = network.layers.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(names, ["conv1", "conv2", "pool1", "conv3", "fc1", "fc2", "out"]);
    let dropouts: Vec<f32> = network.layers.iter().map(|layer| layer.dropout).collect();
    assert_eq!(dropouts, [0.2, 0.2, 0.0, 0.0, 0.5, 0.5, 0.0]);
    let thresholds: Vec<f32> = network.layers.iter().map(LayerDescription::threshold).collect();
    assert_eq!(thresholds, [1.0, 1.0, 0.5, 1.5, 1.0, 1.0, 2.0]);
    assert_eq!(network.layers[3].kind, conv(32, 5, 2, 1));
    assert!(
        (network.rate - 1.0).abs() < f32::EPSILON,
        "the rate of inputs of several channels"
    );
}

#[test]
fn residual_blocks_are_two_convolutions_and_a_path_around_them() {
    let network = parse("16C3p1-P2-R32s2d0.25-I32-10@3x16x16");
    let [_, pool, inner, joined, second, last, _] = &network.layers[..] else {
        panic!("{:?}", network.layers);
    };
    assert_eq!((inner.kind, joined.kind), (conv(32, 3, 1, 1), conv(32, 3, 2, 1)));
    assert_eq!((inner.dropout, joined.dropout), (0.25, 0.25));
    assert_eq!((&inner.shortcut, &second.shortcut), (&None, &None));
    let path = |from: &LayerDescription, stride, identity| {
        Some(Shortcut {
            from: from.name.clone(),
            stride,
            identity,
        })
    };
    assert_eq!(joined.shortcut, path(pool, 2, false));
    assert_eq!(last.shortcut, path(joined, 1, true));
    let from_input = parse("I3-10@3x8x8");
    assert_eq!(from_input.layers[1].shortcut.as_ref().unwrap().from, "input");
}

#[test]
fn sources_are_numbers_of_layers() {
    let network = Compact::parse("4C3p1x2-4C3p1=1-4C3s2p1<2+0s2-10").unwrap().layers;
    let source = |index: usize| {
        let layer: &LayerDescription = &network[index];
        let shortcut = layer
            .shortcut
            .as_ref()
            .map(|path| (path.from.as_str(), path.stride, path.identity));
        (layer.from.as_deref(), shortcut)
    };
    assert_eq!(source(2), (None, Some(("conv1", 1, true))));
    assert_eq!(source(3), (Some("conv2"), Some(("input", 2, false))));
}

#[test]
fn the_presets_survive_the_way_through_text() {
    for name in crate::config::preset_names() {
        let network = NetworkDescription::preset(name).unwrap();
        let text = network.compact();
        let again = parse(&text);
        assert_eq!(again.compact(), text);
        assert_eq!(
            (again.input, again.shapes()),
            (network.input, network.shapes()),
            "{text}"
        );
    }
    let text = |name| NetworkDescription::preset(name).unwrap().compact();
    assert_eq!(text("lenet"), "20C5p2-P2-50C5p2-P2-200-10@1x28x28");
    assert_eq!(
        text("resnet11"),
        "64C3p1d0.25-P2-R128d0.25-R256s2d0.25-R512d0.25-I512s2d0.25-1024d0.25-10@3x32x32"
    );
}

#[test]
fn what_is_written_out_but_the_default_is_not_printed() {
    let mut network = parse("R8-10@1x8x8");
    network.layers[0].from = Some("input".into());
    network.layers[2].from = Some("conv2".into());
    network.layers[1].threshold = Some(1.0);
    assert_eq!(network.compact(), "R8-10@1x8x8");
}

#[test]
fn errors_point_at_what_is_wrong() {
    let cases = [
        (
            "16C5q2-10",
            "character 5, in `16C5q2`: found `q`, expected `-`, `@` or the end",
        ),
        (
            "16C-10",
            "character 4, in `16C`: found `-`, expected the kernel's rows",
        ),
        (
            "P2-16C5s",
            "character 9, in `16C5s`: found the end, expected a stride",
        ),
        (
            "16C5s2s2-10",
            "character 7, in `16C5s2s2`: found `s`, expected no second `s`",
        ),
        (
            "16C5=0=0-10",
            "character 7, in `16C5=0=0`: found `=`, expected no second path",
        ),
        (
            "16C5d0.1d0.1-10",
            "character 9, in `16C5d0.1d0.1`: found `d`, expected no second `d`",
        ),
        (
            "16C5d0.1.2-10",
            "character 6, in `16C5d0.1.2`: found `0.1.2`, expected a probability",
        ),
        (
            "16C5-",
            "character 6, in ``: found the end, expected a layer: nCk, Pk, Rn, In, or a number of neurons",
        ),
        (
            "16C5--10",
            "character 6, in ``: found `-`, expected a layer: nCk, Pk, Rn, In, or a number of neurons",
        ),
        (
            "16C5-P2",
            "character 6, in `P2`: found `P`, expected a number of classes, as the last layer",
        ),
        (
            "16C5-R16",
            "character 6, in `R16`: found `R`, expected a number of classes, as the last layer",
        ),
        (
            "16C5-10@28x28",
            "character 14, in `10@28x28`: found the end, expected a shape: channels x rows x columns, such as 1x28x28",
        ),
        (
            "16C5-10@1x28x28x3",
            "character 16, in `10@1x28x28x3`: found `x`, expected the end",
        ),
        (
            "16C5-10@1x28x28-3",
            "character 16, in `10@1x28x28`: found `-`, expected the end",
        ),
        (
            "16C5x0-10",
            "character 1, in `16C5x0`: found `1`, expected 1 to 1024 layers in all",
        ),
        (
            "R16x600-10",
            "character 1, in `R16x600`: found `R`, expected 1 to 1024 layers in all",
        ),
        (
            "16C5-16C5+1x2-10",
            "character 13, in `16C5+1x2`: found `2`, \
             expected no repetition: it takes its spikes from a layer by number",
        ),
        (
            "99999999999-10",
            "character 1, in `99999999999`: found `99999999999`, \
             expected a layer: nCk, Pk, Rn, In, or a number of neurons",
        ),
        (
            "16C5-10µ",
            "character 8, in `10µ`: found `µ`, expected `-`, `@` or the end",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(refusal(text), format!("network `{text}`, {message}"));
    }
}

#[test]
fn what_can_be_read_may_still_be_invalid() {
    assert_eq!(
        refusal("16C5+7-10"),
        "network `compact`: source of layer `conv1` is `layer-7`, but must be one of input"
    );
    assert_eq!(
        refusal("P2d0.5-10"),
        "network `P2d0.5-10`: layer `pool1` has op = \"pool\", which takes no dropout; leave it out, \
         only \"conv\" and \"fc\" layers have one"
    );
}

#[test]
fn a_text_without_shape_takes_that_of_the_data() {
    assert_eq!(
        NetworkDescription::from_compact("P2-10", None)
            .unwrap_err()
            .to_string(),
        "network `P2-10` has no input shape; append one, such as P2-10@1x28x28, or name a data set"
    );
    let data = Some(Shape::from([1, 8, 8]));
    assert_eq!(
        NetworkDescription::from_compact("P2-10", data).unwrap().input,
        Shape::from([1, 8, 8])
    );
    assert_eq!(
        NetworkDescription::from_compact("P2-10@1x4x4", data)
            .unwrap()
            .input,
        Shape::from([1, 4, 4])
    );
}

#[test]
fn compact_texts_are_told_from_names() {
    for text in ["800-10", "P2-10", "R16-10", "I3-10@3x8x8", "7"] {
        assert!(NetworkDescription::is_compact(text), "{text}");
    }
    for text in ["digits", "Resnet11", "PP2-10", "P", "", "-10", "vgg9"] {
        assert!(!NetworkDescription::is_compact(text), "{text}");
    }
}

/// Generates layers of any kind; sources given by number are earlier layers.
fn any_layers() -> impl Strategy<Value = Vec<LayerDescription>> {
    let kind = prop_oneof![
        (1..20_usize, 1..8_usize, 1..4_usize, 0..3_usize)
            .prop_map(|(out, kernel, stride, padding)| conv(out, kernel, stride, padding)),
        (1..5_usize).prop_map(|kernel| LayerKind::Pool { kernel }),
        (1..500_usize).prop_map(|out| LayerKind::Fc { out }),
        // The convolutions of blocks.
        (1..3_usize).prop_map(|stride| conv(8, 3, stride, 1)),
    ];
    let dropout = prop_oneof![Just(0.0_f32), 0.001..0.999_f32];
    let threshold = prop_oneof![Just(None), (0.001..50.0_f32).prop_map(Some)];
    let path = (any::<prop::sample::Index>(), 1..3_usize, any::<bool>());
    let from = prop::option::weighted(0.2, any::<prop::sample::Index>());
    let layer = (kind, dropout, threshold, from, prop::option::weighted(0.5, path));
    (prop::collection::vec(layer, 0..12), 1..1000_usize).prop_map(|(drawn, out)| {
        let mut names = vec!["input".to_owned()];
        let mut layers: Vec<LayerDescription> = Vec::new();
        let mut counts = std::collections::BTreeMap::new();
        for (kind, dropout, threshold, from, path) in drawn {
            let count: &mut usize = counts.entry(kind.op()).or_default();
            *count += 1;
            let mut layer = LayerDescription::new(format!("{}{count}", kind.op()), kind);
            layer.dropout = dropout;
            layer.threshold = threshold;
            // The default source is printed and parsed as `None`.
            layer.from = from
                .map(|index| index.get(&names).clone())
                .filter(|name| Some(name) != names.last());
            if matches!(layer.kind, LayerKind::Conv { .. }) {
                layer.shortcut = path.map(|(index, stride, identity)| Shortcut {
                    from: index.get(&names).clone(),
                    stride,
                    identity,
                });
            }
            names.push(layer.name.clone());
            layers.push(layer);
        }
        layers.push(LayerDescription::new("out", LayerKind::Out { out }));
        layers
    })
}

proptest! {
    #[test]
    fn printed_layers_are_read_again(layers in any_layers(), shape in [1..9_usize, 1..99_usize, 1..99_usize]) {
        let input = Shape::from(shape);
        let network = NetworkDescription { input, layers, ..parse("10@1x1x1") };
        let text = network.compact();
        let again = Compact::parse(&text).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(again.input, Some(input));
        prop_assert_eq!(again.layers, network.layers, "{}", text);
    }

    #[test]
    fn no_text_is_too_strange_to_be_refused(text in "[0-9]{0,3}[CPRIxspdt<+=@×.0-9-]{0,20}") {
        let _ = NetworkDescription::from_compact(&text, Some(Shape::from([1, 8, 8])));
    }
}
