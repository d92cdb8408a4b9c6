use super::*;
use synfire_golden_model::Config;
use synfire_golden_model::evaluation::LayerActivity;

fn epochs(count: usize) -> Vec<EpochReport> {
    let config = config();
    let report = |index: usize| EpochReport {
        epoch: index + 1,
        learning_rate: config.learning_rate_at(index, 0, 1),
        loss: 1.0 / coordinate(index + 1),
        train_accuracy: 0.9,
        test_accuracy: Some(0.85),
        seconds: 1.0,
        test_seconds: 1.0,
        images_per_second: 1.0,
        activity: ["input", "first", "silent"]
            .map(|layer| LayerActivity {
                layer: layer.into(),
                spikes: 1.0,
                rate: if layer == "silent" { 0.0 } else { 0.02 },
                idle: None,
            })
            .into(),
        warnings: Vec::new(),
    };
    (0..count).map(report).collect()
}

fn config() -> TrainConfig {
    let mut config = Config::preset("digits").unwrap().train.unwrap();
    config.learning_rate = 0.5;
    config.milestones = vec![8, 2, 0];
    config.decay = 0.5;
    config
}

#[test]
fn drops_of_the_learning_rate_stand_between_epochs() {
    let mut config = config();
    assert_eq!(drops(&config, &epochs(2)), []);
    assert_eq!(drops(&config, &epochs(5)), [(2.5, 0.125)]);
    assert_eq!(drops(&config, &epochs(9)), [(2.5, 0.125), (8.5, 0.0625)]);
    config.schedule = Schedule::Cosine;
    assert_eq!(drops(&config, &epochs(9)), []);
}

#[test]
fn layers_have_colours_of_their_own() {
    let mut colours: Vec<_> = (0..12).map(|index| colour(index, 12)).collect();
    assert_eq!(colours[0], GREY);
    colours.sort_by_key(|colour| (colour.0, colour.1, colour.2));
    colours.dedup();
    assert_eq!(colours.len(), 12);
    assert_eq!(colour(1, 2), colour(1, 12));
}

#[test]
fn one_epoch_is_enough_for_a_picture_and_every_layer_is_named() {
    for count in [1, 9] {
        let svg = draw_text("net", &config(), "validation", &epochs(count)).unwrap();
        for text in ["Training of net", "validation accuracy", "first", "silent"] {
            assert!(svg.contains(text), "{text} after {count} epochs");
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }
}
