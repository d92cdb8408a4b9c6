//! What the second rule refuses, and the fields that its errors name.

use crate::cases::{Sizes, case};
use crate::runs::{data, text};
use synfire_golden_model::Config;
use synfire_golden_model::float::few_steps_gradient;
use synfire_golden_model::train::Trainer;

/// Error of training with a network file.
fn error(text: &str) -> String {
    let config = match Config::from_toml_str(text, "text") {
        Ok(config) => config,
        Err(error) => return error.to_string(),
    };
    let parameters = config.train.expect("parameters of training");
    let images = data();
    let trainer = Trainer::new(config.network, parameters, &images, None);
    trainer.err().map_or_else(String::new, |error| error.to_string())
}

#[test]
fn networks_and_parameters_that_the_rule_has_no_use_for_are_named() {
    let valid = text("16-10", 2, 64, "");
    assert_eq!(error(&valid), "");
    let cases = [
        (
            "readout = \"sum\"",
            "readout = \"leak\"",
            "readout is leak, but must be sum under rule = \"few-steps\"",
        ),
        (
            "\"16-10\"",
            "\"16d0.5-10\"",
            "dropout of layer `fc1` is 0.5, but must be 0 under rule = \"few-steps\"",
        ),
        (
            "\"16-10\"",
            "\"16t2-10\"",
            "threshold of layer `fc1` is 2, but must be 1 under rule = \"few-steps\"",
        ),
        (
            "\nsteps = 4",
            "\nsteps = 17",
            "steps is 17, but must be in 1..=16 under rule = \"few-steps\"",
        ),
        (
            "loss = \"cross-entropy\"",
            "loss = \"sum-of-squares\"",
            "train.loss is sum-of-squares, but must be cross-entropy under rule = \"few-steps\"",
        ),
        (
            "epochs = 2",
            "epochs = 2\nsteps = [2, 8]",
            "train.steps is [2, 8], but must be at most the network's 4 steps",
        ),
        (
            "epochs = 2",
            "epochs = 2\nsteps = [2, 1]",
            "train.steps is [2, 1], but must be ascending numbers in 1..=16",
        ),
        (
            "epochs = 2",
            "epochs = 2\nsteps = [0, 1]",
            "train.steps is [0, 1], but must be ascending numbers in 1..=16",
        ),
        (
            "epochs = 2",
            "epochs = 2\nsparsity = -1",
            "train.sparsity is -1, but must be in 0..=1",
        ),
        (
            "epochs = 2",
            "epochs = 2\nsparsity = nan",
            "train.sparsity is NaN, but must be in 0..=1",
        ),
        (
            "optimizer = \"sgd\"",
            "optimizer = \"adamw\"",
            "train.optimizer is adamw, but must be sgd if nesterov = true",
        ),
    ];
    for (before, after, message) in cases {
        assert!(valid.contains(before), "{before}");
        assert_eq!(
            error(&valid.replace(before, after)),
            format!("network `small`: {message}")
        );
    }
}

#[test]
fn a_pooling_layer_that_fires_on_any_spike_goes_with_a_reset_to_zero() {
    let valid = text("8C3p1-P2t0.1-10", 2, 64, "");
    assert_eq!(error(&valid), "");
    let subtract = |layers: &str| {
        text(layers, 2, 64, "").replace("readout = \"sum\"", "readout = \"sum\"\nreset = \"subtract\"")
    };
    assert_eq!(error(&subtract("8C3p1-P2t0.75-10")), "");
    assert_eq!(
        error(&subtract("8C3p1-P2t0.1-10")),
        "network `small`: reset of pooling layer `pool1`, which fires on any spike, is subtract, but must be zero under rule = \
         \"few-steps\""
    );
}

#[test]
fn parameters_of_the_second_rule_are_refused_under_the_papers() {
    let paper = text("16-10", 2, 64, "")
        .replace("rule = \"few-steps\"", "rule = \"paper\"")
        .replace("readout = \"sum\"", "readout = \"leak\"")
        .replace("coding = \"direct\"", "coding = \"poisson\"");
    assert_eq!(error(&paper), "");
    for (line, message) in [
        (
            "sparsity = 0.5",
            "train.sparsity is 0.5, but must be 0 unless rule = \"few-steps\"",
        ),
        (
            "steps = [1, 2]",
            "train.steps is [1, 2], but must be left out unless rule = \"few-steps\"",
        ),
    ] {
        assert_eq!(
            error(&format!("{paper}{line}\n")),
            format!("network `small`: {message}")
        );
    }
}

#[test]
fn a_batch_that_does_not_fit_is_refused() {
    let sizes = Sizes {
        channels: 3,
        side: 4,
        batches: &[2],
    };
    let case = case(1, sizes);
    let gradient = |change: &dyn Fn(&mut crate::cases::Case)| {
        let mut case = crate::cases::case(1, sizes);
        change(&mut case);
        let result = few_steps_gradient(
            &case.description,
            &case.parameters,
            (case.slope, case.price),
            &case.batch.inputs,
            &case.batch.labels,
        );
        result.err().map_or_else(String::new, |error| error.to_string())
    };
    assert_eq!(gradient(&|_| ()), "");
    let none = gradient(&|case| {
        case.batch.inputs.clear();
        case.batch.labels.clear();
    });
    assert_eq!(none, "the batch has 0 images; give at least one");
    let fewer = gradient(&|case| {
        case.batch.labels.pop();
    });
    let images = case.batch.len();
    assert_eq!(
        fewer,
        format!(
            "{images} images but {} labels; give one label for each image",
            images - 1
        )
    );
    let long = gradient(&|case| case.description.steps = 17);
    assert!(long.contains("steps is 17, but must be in 1..=16"), "{long}");
    let narrow = gradient(&|case| {
        case.batch.inputs[1][0].pop();
    });
    assert!(narrow.starts_with("spikes of image 1: "), "{narrow}");
    let class = gradient(&|case| case.batch.labels[0] = 99);
    assert!(class.starts_with("image 0: the label is 99"), "{class}");
    let scale = gradient(&|case| {
        case.parameters.scales[0].pop();
    });
    assert!(
        scale.contains(&format!("`{}`", case.description.layers[0].name)),
        "{scale}"
    );
}
