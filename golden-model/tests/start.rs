//! Whether networks are alive with their initial weights: deep networks on images of the size of CIFAR-10.

use std::path::PathBuf;
use synfire_golden_model::Config;
use synfire_golden_model::dataset::{self, Dataset, Known};
use synfire_golden_model::network::NetworkDescription;
use synfire_golden_model::train::{FirstBatch, Init, TrainConfig, Trainer};

/// Number of images, so that deep networks take seconds.
const IMAGES: usize = 4;

/// A few images of CIFAR-10 if the folder that `SYNFIRE_DATA` names has it, otherwise images of smooth colours.
fn images(count: usize) -> Dataset {
    let folder = std::env::var_os("SYNFIRE_DATA").map(PathBuf::from);
    if Known::of_name("cifar10")
        .expect("a known name")
        .find(folder.as_deref())
        .is_ok()
    {
        let split = dataset::load("cifar10", folder.as_deref()).expect("sound files");
        return split.train.sample(count, 1).expect("a sample").into_owned();
    }
    eprintln!("SYNFIRE_DATA names no folder with cifar10: images of smooth colours take its place");
    let pixel = |image: usize, index: usize| {
        let (channel, y, x) = (index / 1024, index / 32 % 32, index % 32);
        let phase = (image * 7 + channel * 3) as f64;
        let wave = (phase + x as f64 / 4.0).sin() * (phase / 2.0 + y as f64 / 6.0).cos();
        let level = format!("{:.0}", 127.0 + 120.0 * wave);
        level.parse::<u8>().expect("0 to 255")
    };
    let pixels = (0..count).flat_map(|image| (0..3 * 1024).map(move |index| pixel(image, index)));
    let labels = (0..count)
        .map(|image| u8::try_from(image % 10).expect("below 10"))
        .collect();
    Dataset::new("smooth", [3, 32, 32].into(), 10, 255, pixels.collect(), labels).expect("valid")
}

fn first_batch(network: &NetworkDescription, config: TrainConfig, data: &Dataset) -> FirstBatch {
    let mut trainer = Trainer::new(network.clone(), config, data, None).expect("fits");
    trainer.first_batch()
}

/// Names of the layers of which no neuron fired.
fn dead(batch: &FirstBatch) -> Vec<&str> {
    let layers = batch.activity[1..].iter();
    layers
        .filter(|layer| layer.idle.is_none_or(|idle| idle >= 1.0))
        .map(|layer| layer.layer.as_str())
        .collect()
}

#[test]
fn the_deep_presets_are_alive_with_the_steps_that_they_state() {
    let data = images(IMAGES);
    for preset in ["vgg7", "vgg9", "resnet9", "resnet11"] {
        let config = Config::preset(preset).expect("a preset");
        let train = TrainConfig {
            batch: IMAGES,
            ..config.train.expect("presets can be trained")
        };
        assert_eq!(config.network.steps, 100);
        let batch = first_batch(&config.network, train, &data);
        assert_eq!(batch.images, IMAGES);
        assert_eq!(dead(&batch), [""; 0], "{preset}: {:?}", batch.activity);
    }
}

#[test]
fn scaling_on_data_wakes_a_network_that_is_dead_with_few_steps() {
    let data = images(16);
    let text = "32C3p1x2-P2-64C3p1x2-P2-128C3p1x3-P2-512-10@3x32x32";
    let mut network = NetworkDescription::from_compact(text, None).expect("valid");
    let preset = Config::preset("vgg9").expect("a preset");
    (network.steps, network.normalization) = (20, preset.network.normalization);
    let train = |init| TrainConfig {
        init,
        batch: 16,
        ..preset.train.clone().expect("presets can be trained")
    };
    let before = first_batch(&network, train(Init::Random), &data);
    assert!(dead(&before).contains(&"fc1"), "{:?}", before.activity);
    let after = first_batch(&network, train(Init::Data), &data);
    assert_eq!(dead(&after), [""; 0], "{:?}", after.activity);
    for layer in &after.activity[1..] {
        assert!(layer.rate > 0.01, "{layer:?}");
    }
}
