//! The real data sets, tested if they are in the folder that `SYNFIRE_DATA` names.

use std::path::PathBuf;
use synfire_golden_model::dataset::{self, Dataset, Known, Samples, Split};
use synfire_golden_model::file::sha256;

/// SHA-256 of the first image of CIFAR-10, a frog, as published.
const ORIGINAL_IMAGE: &str = "e052de7deb775f78e5e3b718032db5e72434ae6f0d34152c7ad434521631b17c";

/// Loads a data set; prints a note and returns `None` if its files are missing.
fn load(name: &str) -> Option<Split> {
    let folder = std::env::var_os("SYNFIRE_DATA").map(PathBuf::from);
    match Known::of_name(name)
        .expect("a known name")
        .find(folder.as_deref())
    {
        Ok(_) => Some(dataset::load(name, folder.as_deref()).expect("sound files")),
        Err(error) => {
            eprintln!("SKIPPED: set SYNFIRE_DATA to test with `{name}` ({error})");
            None
        }
    }
}

/// Mean and standard deviation of a channel's intensities.
fn statistics(dataset: &Dataset, channel: usize) -> (f64, f64) {
    let plane = dataset.shape().height * dataset.shape().width;
    let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
    for index in 0..dataset.len() {
        for &pixel in &dataset.image(index)[channel * plane..][..plane] {
            let intensity = f64::from(pixel) / 255.0;
            sum += intensity;
            squares += intensity * intensity;
            count += 1.0;
        }
    }
    let mean = sum / count;
    (mean, (squares / count - mean * mean).sqrt())
}

fn assert_near((found, deviation): (f64, f64), wanted: (f64, f64)) {
    let near = (found - wanted.0).abs() < 0.0006 && (deviation - wanted.1).abs() < 0.0006;
    assert!(near, "mean {found}, deviation {deviation}, wanted {wanted:?}");
}

#[test]
fn mnist_has_the_published_counts_and_statistics() {
    let Some(Split {
        train,
        test,
        warnings,
    }) = load("mnist")
    else {
        return;
    };
    assert_eq!(
        train.class_counts(),
        [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    );
    assert_eq!(
        test.class_counts(),
        [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    );
    assert_near(statistics(&train, 0), (0.1307, 0.3081));
    assert_eq!(warnings, [], "these are the published files");
}

#[test]
fn fashion_mnist_has_its_published_counts_and_statistics() {
    let Some(Split {
        train,
        test,
        warnings,
    }) = load("fashion-mnist")
    else {
        return;
    };
    assert_eq!(
        (train.class_counts(), test.class_counts()),
        (vec![6000; 10], vec![1000; 10])
    );
    assert_near(statistics(&train, 0), (0.2860, 0.3530));
    assert_eq!(warnings, [], "these are the published files");
}

#[test]
fn cifar10_has_its_published_counts_and_statistics() {
    let Some(Split {
        train,
        test,
        warnings,
    }) = load("cifar10")
    else {
        return;
    };
    assert_eq!(
        (train.class_counts(), test.class_counts()),
        (vec![5000; 10], vec![1000; 10])
    );
    // Copies that went through JPEG are told from the original.
    let is_original = sha256(train.image(0)) == ORIGINAL_IMAGE;
    assert_eq!(warnings.is_empty(), is_original, "{warnings:?}");
    // Statistics of the original pixels. Copies that went through JPEG agree to three places, with slightly smaller
    // deviations.
    for (channel, (mean, deviation)) in [(0.4914, 0.2470), (0.4822, 0.2435), (0.4465, 0.2616)]
        .into_iter()
        .enumerate()
    {
        let found = statistics(&train, channel);
        assert!(
            (found.0 - mean).abs() < 0.001 && (found.1 - deviation).abs() < 0.003,
            "{channel}: {found:?}"
        );
    }
}

#[test]
fn n_mnists_labels_are_mnists() {
    let (Some(events), Some(images)) = (load("n-mnist"), load("mnist")) else {
        return;
    };
    for (events, images) in [(&events.train, &images.train), (&events.test, &images.test)] {
        assert!(events.len() >= 100);
        assert_eq!(events.labels(), &images.labels()[..events.len()]);
        let Samples::Recordings(recordings) = events.samples() else {
            panic!("recordings");
        };
        let late = recordings
            .events()
            .iter()
            .filter(|event| event.time_us >= recordings.window_us());
        assert!(
            late.count() * 100 < recordings.events().len(),
            "the window cuts off too much"
        );
        assert!((0..events.len()).all(|index| recordings.get(index).len() > 500));
    }
}
