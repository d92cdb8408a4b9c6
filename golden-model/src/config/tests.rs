use super::*;
use crate::network::LayerKind;
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
    assert_eq!(preset_names().collect::<Vec<_>>(), ["digits", "mnist-mlp"]);
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
        "there is no preset `mnits`; known are: digits, mnist-mlp"
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
    unknown field `rte`, expected one of `name`, `input`, `steps`, `rate`, `leak`, `layer`, `train`
    "#);
    insta::assert_snapshot!(refusal(&TINY.replace("out = 8", "out = 8\nstride = 2")), @r#"
    network file tiny.toml: TOML parse error at line 7, column 1
      |
    7 | [[layer]]
      | ^^^^^^^^^
    unknown field `stride`, expected `out`
    "#);
    insta::assert_snapshot!(refusal(&format!("{TINY}{TRAIN}momentun = 0.9")), @r#"
    network file tiny.toml: TOML parse error at line 22, column 1
       |
    22 | momentun = 0.9
       | ^^^^^^^^
    unknown field `momentun`, expected one of `optimizer`, `learning_rate`, `epochs`, `batch`, `seed`, `momentum`, `weight_decay`, `milestones`, `decay`, `shift`
    "#);
}

#[test]
fn an_unknown_operation_lists_the_known() {
    insta::assert_snapshot!(refusal(&TINY.replace("\"fc\"", "\"conv\"")), @r#"
    network file tiny.toml: TOML parse error at line 7, column 1
      |
    7 | [[layer]]
      | ^^^^^^^^^
    unknown variant `conv`, expected `fc` or `out`
    "#);
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
         check that it exists and that you may read it"
    );
}
