//! What quantization costs on the embedded digits: float and integers on the very same spikes.

use synfire_golden_model::encode::test_raster;
use synfire_golden_model::integer::evaluate;
use synfire_golden_model::quantize::{QuantizeConfig, quantize_calibrated};
use synfire_golden_model::train::Trainer;
use synfire_golden_model::{Config, dataset, evaluation};

#[test]
fn no_network_loses_a_point_by_four_bits_nor_eight_half_of_it_on_average() {
    let data = dataset::load("digits", None).expect("embedded");
    // One image is 0.28 points, so that for 8 bits a single network tells little.
    let mut lost_by_eight = Vec::new();
    for seed in 1..=3 {
        let config = Config::named("digits").expect("a preset");
        let mut train = config.require_train().expect("a training table").clone();
        train.seed = seed;
        let epochs = train.epochs;
        let mut trainer = Trainer::new(config.network, train, &data.train, None).expect("fits");
        for _ in 0..epochs {
            trainer.epoch(&mut |_| ()).expect("trains");
        }
        let model = trainer.model();
        let float = evaluation::evaluate(&model, &data.test, 1)
            .expect("fits")
            .accuracy;
        let calibration: Vec<_> = (0..256)
            .map(|index| test_raster(&model.description, &data.train, index, 2))
            .collect();
        for weight_bits in [8, 4] {
            let config = QuantizeConfig {
                weight_bits,
                ..QuantizeConfig::default()
            };
            let (quantized, _) = quantize_calibrated(&model, &config, &calibration).expect("quantizes");
            let result = evaluate(&quantized, data.test.len(), |index| {
                let label = usize::from(data.test.labels()[index]);
                Ok((test_raster(&model.description, &data.test, index, 1), label))
            });
            let lost = 100.0 * (float - result.expect("runs").accuracy());
            assert!(
                lost <= 1.0,
                "seed {seed}, {weight_bits} bits: {lost:.2} points of {:.2} %",
                100.0 * float
            );
            if weight_bits == 8 {
                lost_by_eight.push(lost);
            }
        }
    }
    let mean = lost_by_eight.iter().sum::<f64>() / lost_by_eight.len() as f64;
    assert!(mean <= 0.5, "8 bits lose {lost_by_eight:.2?} points");
}
