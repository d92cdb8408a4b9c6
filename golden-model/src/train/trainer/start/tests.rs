use super::*;
use crate::Config;
use crate::dataset::digits;
use crate::float::FloatModel;
use crate::train::TrainConfig;

fn small(init: Init) -> (crate::network::NetworkDescription, TrainConfig) {
    let Config { network, train } = Config::preset("digits").unwrap();
    let train = TrainConfig {
        init,
        epochs: 2,
        milestones: Vec::new(),
        ..train.unwrap()
    };
    (network, train)
}

#[test]
fn a_dry_run_shows_what_the_first_batch_of_training_does() {
    let data = digits::load().unwrap();
    for init in Init::ALL {
        let (network, config) = small(init);
        let mut trainer = Trainer::new(network, config, &data.train, None).unwrap();
        let start = trainer.model();
        let first = trainer.first_batch();
        assert_eq!(trainer.model(), start, "nothing is trained");
        assert_eq!(first.images, 32);
        let names: Vec<&str> = first.activity.iter().map(|layer| layer.layer.as_str()).collect();
        assert_eq!(names, ["input", "hidden"]);
        let tally = |trainer: &Trainer<'_>| trainer.running.tally.activity(&trainer.description);
        // The first batch of training has the same spikes.
        let _ = trainer
            .advance(&mut |_| std::ops::ControlFlow::Break(()))
            .unwrap();
        for (first, trained) in first.activity.iter().zip(tally(&trainer)) {
            assert_eq!(first.rate, trained.rate, "{init:?}");
        }
        let idle: Vec<f64> = trainer.running.fired.idle().collect();
        assert_eq!(first.activity[1].idle, Some(idle[0]));
    }
}

#[test]
fn a_scaled_start_is_recorded_and_goes_on_from_a_checkpoint() {
    let data = digits::load().unwrap();
    let (network, config) = small(Init::Data);
    let new = || Trainer::new(network.clone(), config.clone(), &data.train, None).unwrap();
    let mut whole = new();
    assert_eq!(whole.unscaled(), []);
    let initial = FloatModel::initial(network.clone(), config.seed).unwrap();
    assert_ne!(whole.model().weights, initial.weights);
    assert_eq!(whole.model().provenance["init"], "data");
    let recorded: TrainConfig = serde_json::from_str(&whole.model().provenance["parameters"]).unwrap();
    assert_eq!(recorded.init, Init::Data);
    let mut half = new();
    let _ = half.epoch(&mut |_| ()).unwrap();
    let mut resumed = Trainer::resume(
        half.checkpoint(),
        network.clone(),
        config.clone(),
        &data.train,
        None,
    )
    .unwrap();
    for _ in 0..2 {
        let _ = whole.epoch(&mut |_| ()).unwrap();
    }
    let _ = resumed.epoch(&mut |_| ()).unwrap();
    assert_eq!(resumed.model(), whole.model());
    // Another start is another run.
    let other = TrainConfig {
        init: Init::Random,
        ..config
    };
    let error = Trainer::resume(half.checkpoint(), network, other, &data.train, None).unwrap_err();
    assert!(error.to_string().contains("train.init"), "{error}");
}
