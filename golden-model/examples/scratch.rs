//! scratch
use std::path::Path;
use synfire_golden_model::Config;
use synfire_golden_model::dataset::{self, Dataset};
use synfire_golden_model::train::Trainer;
fn head(d: &Dataset, n: usize) -> Dataset {
    let mut images = Vec::new();
    for i in 0..n {
        images.extend_from_slice(d.image(i));
    }
    Dataset::new(
        d.name(),
        d.shape(),
        d.classes(),
        d.full_scale(),
        images,
        d.labels()[..n].to_vec(),
    )
    .unwrap()
}
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let config = Config::named(&a[1]).unwrap();
    let mut train = config.require_train().unwrap().clone();
    let data = dataset::load(&a[2], Some(Path::new(&a[3]))).unwrap();
    let (n, m, e): (usize, usize, usize) = (
        a[4].parse().unwrap(),
        a[5].parse().unwrap(),
        a[6].parse().unwrap(),
    );
    if let Some(lr) = a.get(7) {
        train.learning_rate = lr.parse().unwrap();
    }
    train.epochs = e;
    let (tr, te) = (head(&data.train, n), head(&data.test, m));
    let mut t = Trainer::new(config.network, train, &tr, Some(&te)).unwrap();
    for _ in 0..e {
        let r = t
            .epoch(&mut |p| {
                if p.images % 1024 == 0 {
                    eprintln!("  {} loss {:.4} acc {:.3}", p.images, p.loss, p.accuracy)
                }
            })
            .unwrap();
        println!(
            "{} loss {:.5} train {:.4} test {:.4} train {:.0}/s test {:.0}/s synops {:.1}M",
            r.epoch,
            r.loss,
            r.train_accuracy,
            r.test_accuracy.unwrap(),
            r.images_per_second,
            m as f64 / r.test_seconds,
            t.evaluation().unwrap().synaptic_operations / 1e6
        );
        for l in &r.activity {
            print!("{} {:.4} ", l.layer, l.rate);
        }
        println!();
    }
}
