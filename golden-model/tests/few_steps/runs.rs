//! Runs of the trainer on the built-in digits.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use synfire_golden_model::Config;
use synfire_golden_model::dataset::{Dataset, digits};
use synfire_golden_model::train::{EpochReport, Trainer};

/// Convolutions, a pooling layer that fires on any spike, a residual junction and a fully-connected layer.
pub(crate) const CONVOLUTIONAL: &str = "8C3p1-P2t0.1-12C3p1-12C3p1+2-32-10";

/// A network file: layers in compact form, 4 steps, and the parameters of training, to which `more` adds.
pub(crate) fn text(layers: &str, epochs: usize, batch: usize, more: &str) -> String {
    let mut text = format!(
        "name = \"small\"\ninput = [1, 8, 8]\nsteps = 4\nrate = 1.0\nleak = [1]\ncoding = \"direct\"\n\
         readout = \"sum\"\nlayers = \"{layers}\"\n\n[train]\nrule = \"few-steps\"\noptimizer = \"sgd\"\n\
         loss = \"cross-entropy\"\nlearning_rate = 0.1\nmomentum = 0.9\nnesterov = true\n\
         weight_decay = 0.0005\nschedule = \"one-cycle\"\nwarmup = 1\n"
    );
    write!(text, "epochs = {epochs}\nbatch = {batch}\n{more}").expect("room for a text");
    text
}

/// Reads a network file.
pub(crate) fn config(text: &str) -> Config {
    Config::from_toml_str(text, "text").expect("a valid network file")
}

/// Creates a trainer without held-out images.
pub(crate) fn trainer<'data>(config: &Config, train: &'data Dataset) -> Trainer<'data> {
    let parameters = config.require_train().expect("parameters of training").clone();
    Trainer::new(config.network.clone(), parameters, train, None).expect("a network for the rule")
}

/// All digits to train with.
pub(crate) fn data() -> Dataset {
    digits::load().expect("the built-in digits").train
}

/// The first digits.
pub(crate) fn some(images: usize) -> Dataset {
    let all = data();
    let pixels = (0..images).flat_map(|index| all.image(index).to_vec()).collect();
    let labels = all.labels()[..images].to_vec();
    Dataset::new("digits", all.shape(), 10, 16, pixels, labels).expect("a valid data set")
}

/// Trains to the last epoch.
pub(crate) fn finish(trainer: &mut Trainer<'_>, epochs: usize) -> Vec<EpochReport> {
    while trainer.epochs_done() < epochs {
        trainer.epoch(&mut |_| ()).expect("no divergence");
    }
    trainer.history().to_vec()
}

/// Trains one batch.
pub(crate) fn one_batch(trainer: &mut Trainer<'_>) {
    trainer
        .advance(&mut |_| ControlFlow::Break(()))
        .expect("no divergence");
}

/// Reports without the measured times.
pub(crate) fn timeless(history: &[EpochReport]) -> Vec<EpochReport> {
    let without = |report: &EpochReport| EpochReport {
        seconds: 0.0,
        test_seconds: 0.0,
        images_per_second: 0.0,
        ..report.clone()
    };
    history.iter().map(without).collect()
}
