use super::*;
use crate::network::{InputCoding, LayerDescription, LayerKind, Readout, Reset, Shortcut};
use crate::train::Optimizer;

const TINY: &str = r#"
name = "tiny"
input = [1, 2, 3]
steps = 16
rate = 0.5

[[layer]]
name = "hidden"
op = "fc"
out = 8

[[layer]]
name = "out"
op = "out"
out = 2
"#;

const OUT: &str = "[[layer]]\nname = \"out\"\nop = \"out\"\nout = 2\n";

const CONV: &str = r#"
name = "tiny"
input = [1, 8, 8]
steps = 16
rate = 0.5
[[layer]]
name = "conv"
op = "conv"
out = 4
kernel = 3
stride = 2
padding = 1
dropout = 0.25
threshold = 0.5
from = "input"
[layer.shortcut]
stride = 2
from = "input"
[[layer]]
name = "out"
op = "out"
out = 2
"#;

const TRAIN: &str = r#"
[train]
optimizer = "adam"
learning_rate = 0.002
epochs = 10
batch = 32
"#;

fn refusal(text: &str) -> String {
    Config::from_toml_str(text, "tiny.toml")
        .expect_err("the text must be refused")
        .to_string()
}

#[test]
fn presets_are_valid_trainable_and_named_like_their_network() {
    assert_eq!(
        preset_names().collect::<Vec<_>>(),
        [
            "conv4",
            "digits",
            "lenet",
            "lenet-nmnist",
            "lenet4",
            "lenet8-nmnist",
            "mlp",
            "mnist-mlp",
            "resnet11",
            "resnet11-4",
            "resnet9",
            "vgg7",
            "vgg9",
            "vgg9-4",
            "vgg9-half-4"
        ]
    );
    for name in preset_names() {
        let config = Config::preset(name).unwrap();
        assert_eq!(config.network.name, name);
        config.require_train().unwrap();
    }
    assert_eq!(
        NetworkDescription::preset("digits").unwrap().input,
        Shape::from([1, 8, 8])
    );
    let mnist = NetworkDescription::preset("mnist-mlp").unwrap();
    assert_eq!(mnist.input, Shape::from([1, 28, 28]));
    assert_eq!(
        mnist
            .shapes()
            .iter()
            .map(|shape| shape.size())
            .collect::<Vec<_>>(),
        [128, 10]
    );
}

#[test]
fn an_unknown_preset_lists_the_known() {
    let error = Config::named("mnits").unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no preset `mnits`; choose one of conv4, digits, lenet, lenet-nmnist, lenet4, lenet8-nmnist, mlp, \
         mnist-mlp, resnet11, resnet11-4, resnet9, vgg7, vgg9, vgg9-4, vgg9-half-4, or give a file whose name ends in .toml, or a compact text such as 16C5-P2-10"
    );
}

#[test]
fn leak_and_train_are_optional() {
    let config = Config::from_toml_str(TINY, "tiny.toml").unwrap();
    assert!((config.network.leak - 0.99).abs() < f32::EPSILON);
    assert_eq!(config.network.layers[0].kind, LayerKind::Fc { out: 8 });
    assert_eq!(
        config.require_train().unwrap_err().to_string(),
        "network file tiny has no [train] table; add one with optimizer, learning_rate, epochs and batch"
    );
    let config = Config::from_toml_str(&format!("{TINY}{TRAIN}"), "tiny.toml").unwrap();
    assert_eq!(config.require_train().unwrap().optimizer, Optimizer::Adam);
}

#[test]
fn an_unknown_key_is_named_wherever_it_stands() {
    insta::assert_snapshot!(refusal(&TINY.replace("rate =", "rte =")), @r#"
    network file tiny.toml: TOML parse error at line 5, column 1
      |
    5 | rte = 0.5
      | ^^^
    unknown field `rte`, expected one of `name`, `input`, `steps`, `rate`, `leak`, `normalization`, `coding`, `reset`, `readout`, `layers`, `layer`, `train`
    "#);
    insta::assert_snapshot!(refusal(&TINY.replace("out = 8", "out = 8\nstrid = 2")), @r#"
    network file tiny.toml: TOML parse error at line 11, column 1
       |
    11 | strid = 2
       | ^^^^^
    unknown field `strid`, expected one of `name`, `op`, `from`, `out`, `kernel`, `stride`, `padding`, `threshold`, `leak`, `dropout`, `shortcut`
    "#);
    insta::assert_snapshot!(refusal(&CONV.replace("stride = 2", "strid = 2")), @r#"
    network file tiny.toml: TOML parse error at line 17, column 1
       |
    17 | strid = 2
       | ^^^^^
    unknown field `strid`, expected one of `from`, `stride`, `identity`
    "#);
    insta::assert_snapshot!(refusal(&format!("{TINY}{TRAIN}momentun = 0.9")), @r#"
    network file tiny.toml: TOML parse error at line 22, column 1
       |
    22 | momentun = 0.9
       | ^^^^^^^^
    unknown field `momentun`, expected one of `rule`, `optimizer`, `learning_rate`, `epochs`, `batch`, `seed`, `init`, `loss`, `momentum`, `nesterov`, `weight_decay`, `slope`, `sparsity`, `steps`, `schedule`, `milestones`, `decay`, `final_fraction`, `warmup`, `crop`, `shift`, `rotate`, `flip`
    "#);
}

#[test]
fn an_unknown_operation_lists_the_known() {
    insta::assert_snapshot!(refusal(&TINY.replace("\"fc\"", "\"cnv\"")), @r#"
    network file tiny.toml: TOML parse error at line 9, column 6
      |
    9 | op = "cnv"
      |      ^^^^^
    unknown variant `cnv`, expected one of `conv`, `pool`, `fc`, `out`
    "#);
}

#[test]
fn keys_that_an_operation_wants_or_does_not_know_are_named() {
    insta::assert_snapshot!(refusal(&TINY.replace("\"fc\"", "\"conv\"")), @r#"
    network file tiny.toml: TOML parse error at line 7, column 1
      |
    7 | [[layer]]
      | ^^^^^^^^^
    layer `hidden` has op = "conv" but no `kernel`; add it
    "#);
    insta::assert_snapshot!(refusal(&TINY.replace("out = 8", "out = 8\nstride = 2")), @r#"
    network file tiny.toml: TOML parse error at line 7, column 1
      |
    7 | [[layer]]
      | ^^^^^^^^^
    layer `hidden` has op = "fc", which takes no `stride`; leave it out
    "#);
    let last_line = |text: &str| {
        let message = refusal(text);
        message.trim_end().lines().last().unwrap().to_owned()
    };
    let pool = TINY.replace("\"fc\"", "\"pool\"");
    assert_eq!(
        last_line(&pool),
        "layer `hidden` has op = \"pool\", which takes no `out`; leave it out"
    );
    assert_eq!(
        last_line(&TINY.replace("out = 2", "kernel = 2")),
        "layer `out` has op = \"out\", which takes no `kernel`; leave it out"
    );
    assert_eq!(
        last_line(&TINY.replace("out = 2", "")),
        "layer `out` has op = \"out\" but no `out`; add it"
    );
}

#[test]
fn every_key_of_a_layer_is_read() {
    let network = Config::from_toml_str(CONV, "tiny.toml").unwrap().network;
    let mut conv = LayerDescription::new(
        "conv",
        LayerKind::Conv {
            out: 4,
            kernel: 3,
            stride: 2,
            padding: 1,
        },
    );
    conv.dropout = 0.25;
    conv.threshold = Some(0.5);
    conv.from = Some("input".into());
    conv.shortcut = Some(Shortcut {
        from: "input".into(),
        stride: 2,
        identity: false,
    });
    let out = LayerDescription::new("out", LayerKind::Out { out: 2 });
    assert_eq!(network.layers, [conv, out]);
    let plain = CONV.replace("stride = 2\npadding = 1\ndropout", "dropout");
    let plain = plain.split("[layer.shortcut]").next().unwrap().to_owned() + OUT;
    let network = Config::from_toml_str(&plain, "tiny.toml").unwrap().network;
    let defaults = LayerKind::Conv {
        out: 4,
        kernel: 3,
        stride: 1,
        padding: 0,
    };
    assert_eq!(network.layers[0].kind, defaults);
    let pool = "[[layer]]\nname = \"pool\"\nop = \"pool\"\n";
    let network = Config::from_toml_str(&CONV.replace(OUT, &format!("{pool}{OUT}")), "tiny.toml")
        .unwrap()
        .network;
    assert_eq!(network.layers[1].kind, LayerKind::Pool { kernel: 2 });
    assert!((network.layers[1].threshold() - 0.75).abs() < f32::EPSILON);
}

#[test]
fn a_leak_is_a_factor_or_the_shifts_of_the_hardware() {
    let leak = |text: &str| {
        let text = TINY.replace("rate = 0.5", &format!("rate = 0.5\nleak = {text}"));
        Config::from_toml_str(&text, "tiny.toml").map(|config| config.network.leak)
    };
    for (text, wanted) in [
        ("0.97", 0.97),
        ("1", 1.0),
        ("[7, 9]", 1.0 - 1.0 / 128.0 - 1.0 / 512.0),
        ("[16]", 1.0 - 1.0 / 65536.0),
        ("[1, 2, 3]", 0.125),
        ("[]", 1.0),
    ] {
        assert_eq!(leak(text).unwrap().to_bits(), f32::to_bits(wanted), "{text}");
    }
    for text in [
        "[9, 7]",
        "[7, 7]",
        "[0, 7]",
        "[7, 17]",
        "[-7]",
        "[1, 2, 3, 4]",
        "1000",
        "\"0.99\"",
    ] {
        let message = leak(text).expect_err("the leak must be refused").to_string();
        let wanted = "expected a factor such as 0.99, or at most 3 ascending shifts of 1..=16 such as [7, 9]";
        assert!(message.trim_end().ends_with(wanted), "{text}: {message}");
        assert!(message.contains("at line 6, column"), "{text}: {message}");
    }
    assert_eq!(
        leak("0").unwrap_err().to_string(),
        "network `tiny`: leak is 0, but must be above 0 and at most 1"
    );
}

#[test]
fn layers_may_be_said_in_compact_form() {
    let head = TINY.split("[[layer]]").next().unwrap();
    let text = |layers: &str| format!("{head}layers = \"{layers}\"\n");
    let config = Config::from_toml_str(&text("8-2"), "tiny.toml").unwrap();
    let kinds: Vec<LayerKind> = config.network.layers.iter().map(|layer| layer.kind).collect();
    assert_eq!(kinds, [LayerKind::Fc { out: 8 }, LayerKind::Out { out: 2 }]);
    insta::assert_snapshot!(refusal(&text("8d-2")), @r#"
    network file tiny.toml: TOML parse error at line 7, column 10
      |
    7 | layers = "8d-2"
      |          ^^^^^^
    network `8d-2`, character 3, in `8d`: found `-`, expected a probability
    "#);
    assert!(refusal(&text("8-2@1x2x3")).contains("remove it and give the shape with the key `input`"));
    let both = TINY.replacen("[[layer]]", "layers = \"8-2\"\n[[layer]]", 1);
    assert_eq!(
        refusal(&both).trim_end(),
        "network file tiny.toml: both `layers` and [[layer]] tables; describe the layers by one of them"
    );
}

#[test]
fn a_compact_text_is_a_network_and_is_trained_like_any() {
    let config = Config::named("4C3p1-P2-10@1x8x8").unwrap();
    assert_eq!(config.network.input, Shape::from([1, 8, 8]));
    config.require_train().unwrap().validate("compact").unwrap();
    let shape = Shape::from([3, 16, 16]);
    let config = Config::named_for("4C3p1-P2-10", Some(shape)).unwrap();
    assert_eq!(config.network.input, shape);
    let error = Config::named("4C3p1-P2-10").unwrap_err().to_string();
    assert!(error.contains("has no input shape"), "{error}");
    // A shape in the compact text overrides the shape of the data.
    assert_eq!(
        Config::named_for("lenet", Some(shape)).unwrap().network.input,
        Shape::from([1, 28, 28])
    );
}

#[test]
fn the_papers_presets_have_its_shapes_and_sizes() {
    let sizes = |name: &str| {
        let network = NetworkDescription::preset(name).unwrap();
        let shapes = network
            .shapes()
            .iter()
            .map(|shape| shape.to_string())
            .collect::<Vec<_>>();
        let tensors = network.graph().unwrap().tensors;
        let weights = tensors
            .iter()
            .map(|tensor| tensor.inputs * tensor.outputs)
            .sum::<usize>();
        (shapes.join(" "), weights)
    };
    assert_eq!(
        sizes("lenet"),
        (
            "[20, 28, 28] [20, 14, 14] [50, 14, 14] [50, 7, 7] [200, 1, 1] [10, 1, 1]".into(),
            500 + 25_000 + 490_000 + 2_000
        )
    );
    assert_eq!(
        sizes("lenet-nmnist").0,
        "[20, 32, 32] [20, 16, 16] [50, 16, 16] [50, 8, 8] [200, 1, 1] [10, 1, 1]"
    );
    let convs = 9 * (3 * 64 + 64 * 64 + 64 * 128 + 128 * 128 + 128 * 256 + 2 * 256 * 256);
    assert_eq!(sizes("vgg9").1, convs + 4096 * 1024 + 1024 * 10);
    assert_eq!(
        sizes("resnet11"),
        (
            "[64, 32, 32] [64, 16, 16] [128, 16, 16] [128, 16, 16] [256, 16, 16] [256, 8, 8] [512, 8, 8] \
             [512, 8, 8] [512, 8, 8] [512, 4, 4] [1024, 1, 1] [10, 1, 1]"
                .into(),
            9 * (3 * 64 + 64 * 128 + 128 * 128 + 128 * 256 + 256 * 256 + 256 * 512 + 3 * 512 * 512)
                + (64 * 128 + 128 * 256 + 256 * 512)
                + 8192 * 1024
                + 1024 * 10
        )
    );
    for (name, layers) in [("vgg7", 7), ("vgg9", 9), ("resnet9", 9), ("resnet11", 11)] {
        let network = NetworkDescription::preset(name).unwrap();
        let weighted = network
            .layers
            .iter()
            .filter(|layer| !matches!(layer.kind, LayerKind::Pool { .. }));
        assert_eq!(weighted.count(), layers, "{name}");
    }
}

#[test]
fn values_are_checked_after_the_syntax() {
    assert_eq!(
        refusal(&TINY.replace("steps = 16", "steps = 0")),
        "network `tiny`: steps is 0, but must be in 1..=4096"
    );
    assert_eq!(
        refusal(&format!("{TINY}{}", TRAIN.replace("epochs = 10", "epochs = 0"))),
        "network `tiny`: train.epochs is 0, but must be in 1..=100000"
    );
    assert_eq!(
        refusal(TINY.split("[[layer]]").next().unwrap()),
        "network `tiny` has no layers; add [[layer]] tables, the last with op = \"out\""
    );
}

#[test]
fn a_missing_file_is_named() {
    let error = Config::named("no-such-folder/net.toml").unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read no-such-folder/net.toml: No such file or directory (os error 2); \
         check that the file exists and that you may read it"
    );
}

#[test]
fn coding_reset_and_readout_are_read_and_default_to_those_of_the_paper() {
    let network = Config::from_toml_str(TINY, "tiny.toml").unwrap().network;
    assert_eq!(
        (network.coding, network.reset, network.readout),
        (InputCoding::Poisson, Reset::Zero, Readout::Leak)
    );
    let text = TINY.replace(
        "steps = 16",
        "steps = 16\ncoding = \"direct\"\nreset = \"subtract\"\nreadout = \"sum\"",
    );
    let network = Config::from_toml_str(&text, "tiny.toml").unwrap().network;
    assert_eq!(
        (network.coding, network.reset, network.readout),
        (InputCoding::Direct, Reset::Subtract, Readout::Sum)
    );
    for (key, names) in [
        ("coding", "expected one of `poisson`, `direct`, `counts`"),
        ("reset", "expected `zero` or `subtract`"),
        ("readout", "expected `leak` or `sum`"),
    ] {
        let error = refusal(&TINY.replace("steps = 16", &format!("steps = 16\n{key} = \"other\"")));
        assert!(
            error.contains("unknown variant `other`") && error.contains(names),
            "{error}"
        );
    }
}
