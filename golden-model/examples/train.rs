//! Trains a network file or preset and reports accuracy and speed.
//!
//! ```text
//! cargo run --release -p synfire-golden-model --example train -- digits
//! cargo run --release -p synfire-golden-model --example train -- mnist-mlp dataset=mnist data-dir=DATA
//! ```
//!
//! The data set's test images are evaluated after every epoch; the accuracy to report is that of the last. With
//! `validation=N`, N training images are set aside and evaluated instead and the test images are never seen: the way to
//! choose parameters.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::str::FromStr;
use synfire_golden_model::dataset;
use synfire_golden_model::train::Trainer;
use synfire_golden_model::{Config, Error};

const USAGE: &str = "usage: train NETWORK [KEY=VALUE]...
  NETWORK                  preset or network file
  dataset=NAME             digits (default), another data set known by name, or NAME.npz
  data-dir=DIR             folder of the data set's files
  validation=N             set N training images aside and judge by them
  save=FILE                write the model of the last epoch
  epochs=N batch=N seed=N learning-rate=X   instead of the network file's";

/// The `KEY=VALUE` arguments that no one has taken yet.
struct Options(BTreeMap<String, String>);

impl Options {
    fn parse(arguments: impl Iterator<Item = String>) -> Option<Self> {
        arguments
            .map(|text| {
                text.split_once('=')
                    .map(|(key, value)| (key.into(), value.into()))
            })
            .collect::<Option<_>>()
            .map(Self)
    }

    fn text(&mut self, key: &str) -> Option<String> {
        self.0.remove(key)
    }

    /// Replaces `value` where there is such an option; leaves one that cannot be read for the usage message.
    fn replace<T: FromStr>(&mut self, key: &str, value: &mut T) {
        if let Some(given) = self.0.get(key).and_then(|text| text.parse().ok()) {
            *value = given;
            self.0.remove(key);
        }
    }
}

fn run(network: &str, mut options: Options) -> Result<ExitCode, Error> {
    let config = Config::named(network)?;
    let mut train = config.require_train()?.clone();
    options.replace("epochs", &mut train.epochs);
    options.replace("batch", &mut train.batch);
    options.replace("seed", &mut train.seed);
    options.replace("learning-rate", &mut train.learning_rate);
    let mut validation = 0;
    options.replace("validation", &mut validation);
    let name = options.text("dataset").unwrap_or_else(|| "digits".into());
    let folder = options.text("data-dir");
    let file = options.text("save");
    if let Some((key, value)) = options.0.first_key_value() {
        eprintln!("cannot use {key}={value}\n{USAGE}");
        return Ok(ExitCode::FAILURE);
    }

    let mut data = dataset::load(&name, folder.as_deref().map(Path::new))?;
    if validation > 0 {
        data = data.train.split(validation, 1)?;
    }
    let epochs = train.epochs;
    let mut trainer = Trainer::new(config.network, train, &data.train, Some(&data.test))?;
    println!("epoch      loss   train    test  images/s  seconds  rates");
    let mut seconds = 0.0;
    for _ in 0..epochs {
        let report = trainer.epoch(&mut |_| ())?;
        seconds += report.seconds + report.test_seconds;
        let rates: Vec<String> = report
            .activity
            .iter()
            .map(|layer| format!("{} {:.3}", layer.layer, layer.rate))
            .collect();
        println!(
            "{:5}  {:8.5}  {:6.4}  {:6.4}  {:8.0}  {seconds:7.1}  {}",
            report.epoch,
            report.loss,
            report.train_accuracy,
            report.test_accuracy.unwrap_or(f64::NAN),
            report.images_per_second,
            rates.join(", "),
        );
        report
            .warnings
            .iter()
            .for_each(|warning| println!("warning: {warning}"));
    }
    if let Some(evaluation) = trainer.evaluation() {
        println!(
            "{} of {} right after epoch {epochs}; {:.0} synaptic operations per image",
            evaluation.correct, evaluation.images, evaluation.synaptic_operations
        );
    }
    if let Some(file) = file {
        trainer.model().save(file)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let network = arguments.next();
    let (Some(network), Some(options)) = (network, Options::parse(arguments)) else {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    };
    run(&network, options).unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}
