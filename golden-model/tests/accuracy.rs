//! What quantization costs on the embedded digits: float and integers on the very same spikes.

use synfire_golden_model::encode::test_raster;
use synfire_golden_model::integer::evaluate;
use synfire_golden_model::quantize::{QuantizeConfig, quantize_calibrated};
use synfire_golden_model::train::Trainer;
use synfire_golden_model::{Config, dataset, evaluation};

#[test]
fn four_bits_lose_at_most_one_point_and_eight_at_most_half_of_it() {
    let data = dataset::load("digits", None).expect("embedded");
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
        for (weight_bits, most) in [(8, 0.5), (4, 1.0)] {
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
                lost <= most,
                "seed {seed}, {weight_bits} bits: {lost:.2} points of {:.2} %",
                100.0 * float
            );
        }
    }
}
