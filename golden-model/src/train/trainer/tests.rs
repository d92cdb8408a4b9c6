use super::*;
use crate::dataset::digits;
use crate::evaluation::float::evaluate;
use crate::train::{Optimizer, TrainError, WarningKind};

/// Number of epochs, enough for the small network to learn most of the data.
const EPOCHS: usize = 20;

/// Small network for the digits, with parameters that train it in well under a second.
fn small() -> (NetworkDescription, TrainConfig) {
    let mut description = NetworkDescription::preset("digits").unwrap();
    description.layers[0].kind = crate::network::LayerKind::Fc { out: 24 };
    let mut config = crate::Config::preset("digits").unwrap().train.unwrap();
    config.learning_rate = 0.003;
    config.epochs = EPOCHS;
    config.milestones = vec![16];
    (description, config)
}

fn train(
    (description, config): (NetworkDescription, TrainConfig),
    epochs: usize,
) -> (Vec<EpochReport>, FloatModel) {
    let data = digits::load().unwrap();
    let mut trainer = Trainer::new(description, config, &data.train, Some(&data.test)).unwrap();
    let reports = (0..epochs).map(|_| trainer.epoch(&mut |_| ()).unwrap()).collect();
    (reports, trainer.model())
}

#[test]
fn a_small_network_learns_the_digits() {
    let (reports, model) = train(small(), EPOCHS);
    let last = reports.last().unwrap();
    assert!(last.test_accuracy.unwrap() > 0.93, "{last:?}");
    assert!(last.loss < reports[0].loss / 3.0, "{reports:?}");
    assert!(last.warnings.is_empty());
    assert_eq!(
        last.activity
            .iter()
            .map(|layer| layer.layer.as_str())
            .collect::<Vec<_>>(),
        ["input", "hidden"]
    );

    let data = digits::load().unwrap();
    let evaluation = evaluate(&model, &data.test, small().1.seed).unwrap();
    assert_eq!(Some(evaluation.accuracy), last.test_accuracy);
    assert_eq!(model.provenance["epochs"], EPOCHS.to_string());
    assert_eq!(
        model.provenance["test_accuracy"],
        format!("{:.4}", evaluation.accuracy)
    );
}

#[test]
fn sgd_learns_too() {
    let (_, mut config) = small();
    let description = NetworkDescription::preset("digits").unwrap();
    config.optimizer = Optimizer::Sgd;
    config.weight_decay = 0.0;
    config.learning_rate = 0.0003;
    let (reports, _) = train((description, config), EPOCHS);
    assert!(
        reports.last().unwrap().test_accuracy.unwrap() > 0.9,
        "{reports:?}"
    );
}

#[test]
fn the_result_does_not_depend_on_the_number_of_threads() {
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| train(small(), 2).1)
    };
    let one = with(1);
    assert_eq!(one, with(3));
    let mut other = small();
    other.1.seed += 1;
    assert_ne!(one.weights, train(other, 2).1.weights);
}

#[test]
fn moved_images_train_another_network() {
    let mut moved = small();
    moved.1.shift = 1;
    assert_ne!(train(moved, 1).1.weights, train(small(), 1).1.weights);
}

#[test]
fn progress_counts_up_to_the_whole_set_and_the_last_batch_is_the_rest() {
    let data = digits::load().unwrap();
    let (description, mut config) = small();
    config.batch = 100;
    let mut trainer = Trainer::new(description, config, &data.train, None).unwrap();
    let mut seen = Vec::new();
    let report = trainer.epoch(&mut |progress| seen.push(progress)).unwrap();
    assert_eq!(
        seen.iter().map(|p| p.images).collect::<Vec<_>>()[12..],
        [1300, 1400, 1437]
    );
    let last = seen.last().unwrap();
    assert_eq!((last.epoch, last.epochs, last.total_images), (1, EPOCHS, 1437));
    assert_eq!((seen[0].batch, last.batch, last.batches), (1, 15, 15));
    assert_eq!((last.loss, last.accuracy), (report.loss, report.train_accuracy));
    assert_eq!((report.test_accuracy, trainer.evaluation()), (None, None));
}

#[test]
fn the_best_epochs_model_is_kept() {
    let data = digits::load().unwrap();
    let (description, mut config) = small();
    config.learning_rate = 0.05;
    let seed = config.seed;
    let mut trainer = Trainer::new(description, config, &data.train, Some(&data.test)).unwrap();
    assert!(trainer.best().is_none());
    let accuracies: Vec<f64> = (0..6)
        .map(|_| trainer.epoch(&mut |_| ()).unwrap().test_accuracy.unwrap())
        .collect();
    let best = accuracies.iter().copied().fold(0.0, f64::max);
    let (epoch, model) = trainer.best().unwrap();
    assert_eq!(
        epoch,
        1 + accuracies.iter().position(|&accuracy| accuracy >= best).unwrap()
    );
    let evaluation = evaluate(&model, &data.test, seed).unwrap();
    assert!((evaluation.accuracy - best).abs() < 1e-12, "{accuracies:?}");
}

#[test]
fn a_silent_layer_is_warned_of() {
    let data = digits::load().unwrap();
    let (mut description, config) = small();
    description.rate = 0.001;
    let report = Trainer::new(description, config, &data.train, None)
        .unwrap()
        .epoch(&mut |_| ())
        .unwrap();
    let warnings: Vec<_> = report
        .warnings
        .iter()
        .map(|warning| (warning.layer.as_str(), warning.kind))
        .collect();
    assert_eq!(
        warnings,
        [("input", WarningKind::Silent), ("hidden", WarningKind::Silent)]
    );
}

#[test]
fn a_runaway_is_an_error() {
    let data = digits::load().unwrap();
    let (mut description, mut config) = small();
    // Without a hidden layer, which would fall silent and stop the gradient instead.
    description.layers.remove(0);
    config.optimizer = Optimizer::Sgd;
    config.learning_rate = 100.0;
    config.epochs = 100;
    let mut trainer = Trainer::new(description, config, &data.train, None).unwrap();
    let error = (0..100)
        .find_map(|_| trainer.epoch(&mut |_| ()).err())
        .expect("it must run away")
        .to_string();
    assert!(error.starts_with("training diverged in epoch "), "{error}");
    assert!(error.ends_with("; lower the learning rate (100)"), "{error}");
}

#[test]
fn a_finite_runaway_is_an_error_too() {
    let data = digits::load().unwrap();
    for kind in Loss::ALL {
        let (mut description, mut config) = small();
        // Without a hidden layer, which would fall silent and stop the gradient instead.
        description.layers.remove(0);
        config.loss = kind;
        config.optimizer = Optimizer::Sgd;
        config.learning_rate = 100.0;
        let mut trainer = Trainer::new(description.clone(), config.clone(), &data.train, None).unwrap();
        let error = (0..EPOCHS).find_map(|_| trainer.epoch(&mut |_| ()).err());
        let Some(Error::Train(TrainError::Diverged { loss, .. })) = error else {
            panic!("{kind:?}: {error:?}");
        };
        assert!(loss.is_finite() && loss > kind.limit(), "{kind:?}: {loss}");

        // The last step of all is seen by the evaluation.
        config.batch = data.train.len();
        let mut trainer = Trainer::new(description, config, &data.train, Some(&data.test)).unwrap();
        let error = trainer.epoch(&mut |_| ()).unwrap_err().to_string();
        assert!(
            error.starts_with("training diverged in epoch 1, batch 1: the loss is "),
            "{error}"
        );
    }
}

#[test]
fn healthy_runs_stay_far_from_the_limit_of_the_loss() {
    let data = digits::load().unwrap();
    for kind in Loss::ALL {
        for optimizer in [Optimizer::Sgd, Optimizer::Adam, Optimizer::AdamW] {
            let (mut description, mut config) = small();
            (config.loss, config.optimizer) = (kind, optimizer);
            // Ten times too fast, at the highest input rate.
            description.rate = 1.0;
            config.learning_rate = 0.03;
            let mut trainer = Trainer::new(description, config, &data.train, Some(&data.test)).unwrap();
            let report = trainer.epoch(&mut |_| ()).unwrap();
            assert!(
                report.loss < 1e-3 * kind.limit(),
                "{kind:?}, {optimizer:?}: {report:?}"
            );
        }
    }
}

#[test]
fn a_layer_that_dies_within_the_first_epoch_is_warned_of() {
    let data = digits::load().unwrap();
    let mut description = NetworkDescription::from_compact("4C3p1-P2-32-10@1x8x8", None).unwrap();
    description.steps = 8;
    let mut config = small().1;
    config.optimizer = Optimizer::Sgd;
    config.learning_rate = 1.0;
    let mut trainer = Trainer::new(description, config, &data.train, Some(&data.test)).unwrap();
    let report = trainer.epoch(&mut |_| ()).unwrap();
    let evaluated = &trainer.evaluation().unwrap().activity;
    let of_fc1 = |activity: &[crate::evaluation::LayerActivity]| activity[3].rate;
    assert_eq!(report.activity[3].layer, "fc1");
    assert!(
        of_fc1(&report.activity) > 0.0 && of_fc1(evaluated) == 0.0,
        "{report:?}"
    );
    let silent = |warning: &&crate::train::Warning| warning.kind == WarningKind::Silent;
    assert!(
        report
            .warnings
            .iter()
            .filter(silent)
            .any(|warning| warning.layer == "fc1"),
        "{report:?}"
    );
}

#[test]
fn data_that_do_not_fit_are_refused_before_training() {
    let data = digits::load().unwrap();
    let config = small().1;
    let error = Trainer::new(
        NetworkDescription::preset("mnist-mlp").unwrap(),
        config,
        &data.train,
        None,
    )
    .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("network `mnist-mlp` has input [1, 28, 28]"),
        "{error}"
    );
}

#[test]
fn training_starts_from_the_seeds_weights_or_a_models() {
    let data = digits::load().unwrap();
    let (description, config) = small();
    let new = || Trainer::new(description.clone(), config.clone(), &data.train, None).unwrap();
    let initial = FloatModel::initial(description.clone(), config.seed).unwrap();
    assert_eq!(new().model().weights, initial.weights);

    let mut other = FloatModel::initial(description.clone(), config.seed + 1).unwrap();
    assert_ne!(other.weights, initial.weights);
    let mut trainer = new();
    trainer.set_weights(&other).unwrap();
    assert_eq!(trainer.model().weights, other.weights);
    trainer.epoch(&mut |_| ()).unwrap();
    assert_ne!(trainer.model().weights, other.weights);

    other.weights[1] = ndarray::Array2::zeros((10, 3));
    assert_eq!(
        new().set_weights(&other).unwrap_err().to_string(),
        "layer `out`: the weights have shape [10, 3], but the network needs [10, 24]; train the network again"
    );
}
