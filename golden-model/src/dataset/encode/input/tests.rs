use super::*;
use crate::dataset::encode::test_raster;
use crate::dataset::{Event, digits};
use crate::network::{Normalization, Shape};
use crate::spikes::Spike;

const SHAPE: Shape = Shape {
    channels: 2,
    height: 1,
    width: 3,
};

/// Two recordings seen through a window of 40 µs.
fn recordings() -> Dataset {
    let event = |time_us, channel, x| Event::at(SHAPE, time_us, [channel, 0, x]).unwrap();
    let mut recordings = Recordings::new(40);
    recordings.push([
        event(0, 1, 2),
        event(9, 0, 0),
        event(3, 1, 2),
        event(39, 0, 1),
        event(40, 0, 2),
    ]);
    recordings.push([event(25, 0, 2)]);
    Dataset::of_samples("toy", SHAPE, 10, Samples::Recordings(recordings), vec![0, 1]).unwrap()
}

fn network(steps: usize) -> NetworkDescription {
    let mut network = NetworkDescription::preset("digits").unwrap();
    network.input = SHAPE;
    network.steps = steps;
    network
}

fn addresses(raster: &SpikeRaster) -> Vec<Vec<u32>> {
    raster
        .iter()
        .map(|step| step.iter().map(|spike| spike.address).collect())
        .collect()
}

fn presented(encoder: &mut InputEncoder<'_>, steps: usize) -> SpikeRaster {
    let mut raster = SpikeRaster::new(SHAPE.size());
    for _ in 0..steps {
        encoder.step(&mut raster);
    }
    raster
}

#[test]
fn events_are_binned_in_order_once_each_and_end_with_the_window() {
    let data = recordings();
    let raster = test_raster(&network(4), &data, 0, 1);
    // Events at 0, 3 and 9 µs are in the first bin, two of them of one pixel; 39 µs is in the last bin, 40 µs in none.
    assert_eq!(addresses(&raster), [vec![0, 5], vec![], vec![], vec![1]]);
    assert!(raster.iter().flatten().all(|spike| !spike.is_negative()));
    let raster = test_raster(&network(8), &data, 0, 1);
    assert_eq!(addresses(&raster)[..2], [vec![5], vec![0]]);
    assert_eq!(raster.total(), 3);
    // The seed has no effect.
    assert_eq!(
        test_raster(&network(4), &data, 1, 1),
        test_raster(&network(4), &data, 1, 2)
    );
}

#[test]
fn an_encoder_that_starts_over_forgets_the_last_recording() {
    let (data, network) = (recordings(), network(4));
    let mut encoder = InputEncoder::new(&network, &data);
    encoder.restart_test(0, 1);
    presented(&mut encoder, 2);
    encoder.restart_test(1, 1);
    // There are no spikes after the last step.
    assert_eq!(
        addresses(&presented(&mut encoder, 6)),
        [vec![], vec![], vec![2], vec![], vec![], vec![]]
    );
}

#[test]
fn recordings_are_moved_in_training() {
    let (data, network) = (recordings(), network(4));
    let mut encoder = InputEncoder::new(&network, &data);
    let augmentation = Augmentation {
        shift: 1,
        ..Augmentation::default()
    };
    let mut seen = std::collections::BTreeSet::new();
    for epoch in 0..40 {
        encoder.restart_training(1, &augmentation, 1, epoch);
        seen.insert(addresses(&presented(&mut encoder, 4)).concat());
    }
    // The event stays, moves one to the left, or leaves the image to the right, above or below.
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [vec![], vec![1], vec![2]]);
    encoder.restart_training(1, &Augmentation::default(), 1, 0);
    assert_eq!(presented(&mut encoder, 4), test_raster(&network, &data, 1, 1));
}

#[test]
fn images_are_drawn_anew_in_every_epoch() {
    let data = digits::load().unwrap().train;
    let network = NetworkDescription::preset("digits").unwrap();
    let mut encoder = InputEncoder::new(&network, &data);
    let mut present = |epoch, augmentation: &Augmentation| {
        encoder.restart_training(3, augmentation, 1, epoch);
        let mut raster = SpikeRaster::new(64);
        encoder.step(&mut raster);
        raster
    };
    let plain = Augmentation::default();
    assert_eq!(present(0, &plain), present(0, &plain));
    assert_ne!(present(0, &plain), present(1, &plain));
    let mut thresholds = [0; 64];
    Thresholds::new(1, 16, network.rate, None).look_up(data.image(3), &mut thresholds);
    let spikes = PoissonEncoder::new(&thresholds, image_seed(1, 0, 3)).encode(1);
    assert_eq!(present(0, &plain), spikes);
    let moved = Augmentation { shift: 8, ..plain };
    assert_ne!(present(0, &moved), present(0, &plain));
}

#[test]
fn normalized_images_spike_with_both_signs_and_are_padded_with_silence() {
    let shape = Shape {
        channels: 1,
        height: 1,
        width: 3,
    };
    let data = Dataset::new("toy", shape, 10, 2, vec![0, 1, 2], vec![0]).unwrap();
    let mut network = network(1);
    network.input = shape;
    network.rate = 1.0;
    network.normalization = Some(Normalization {
        mean: vec![0.5],
        deviation: vec![0.5],
    });
    let spike = Spike::signed;
    assert_eq!(
        test_raster(&network, &data, 0, 1).step(0),
        [spike(0, true), spike(2, false)]
    );
    let mut encoder = InputEncoder::new(&network, &data);
    let augmentation = Augmentation {
        shift: 1,
        ..Augmentation::default()
    };
    let mut seen = std::collections::BTreeSet::new();
    for epoch in 0..40 {
        encoder.restart_training(0, &augmentation, 1, epoch);
        let mut raster = SpikeRaster::new(3);
        encoder.step(&mut raster);
        seen.insert(raster.step(0).to_vec());
    }
    let wanted = [
        vec![],
        vec![spike(0, true), spike(2, false)],
        vec![spike(1, true)],
        vec![spike(1, false)],
    ];
    assert_eq!(seen, wanted.into_iter().collect());
}
