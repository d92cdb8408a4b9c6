//! What an answer must not depend on: the order of a step's spikes, what ran before, the number of threads.

use crate::random;
use proptest::prelude::*;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::evaluation::integer::{Evaluation, evaluate};
use synfire_golden_model::integer::{Engine, QuantizedModel};
use synfire_golden_model::spikes::SpikeRaster;

/// Images per evaluation: more than threads, and no multiple of their number.
const IMAGES: usize = 7;

fn shuffled(rng: &mut Xoshiro256PlusPlus, raster: &SpikeRaster) -> SpikeRaster {
    let mut shuffled = SpikeRaster::new(raster.width());
    for step in raster.iter() {
        let mut spikes = step.to_vec();
        spikes.shuffle(rng);
        shuffled.push_step(spikes);
    }
    shuffled
}

fn evaluated(threads: usize, model: &QuantizedModel, rasters: &[SpikeRaster]) -> Evaluation {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let classes = model.description.classes();
    pool.expect("a pool")
        .install(|| {
            evaluate(model, rasters.len(), |index| {
                Ok((rasters[index].clone(), index % classes))
            })
        })
        .expect("evaluates")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn the_order_of_spikes_within_a_step_changes_nothing(seed in any::<u64>()) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let model = random::model_of(&mut rng, seed % 2 == 1);
        let (raster, _) = random::raster(&mut rng, &model);
        let mut engine = Engine::new(&model).expect("valid");
        let expected = engine.trace(&raster, true).expect("runs");
        // The same engine again: nothing of the first image may be left in it.
        let found = engine.trace(&shuffled(&mut rng, &raster), true).expect("runs");
        prop_assert_eq!(found, expected, "{}", model.description.compact());
    }

    #[test]
    fn the_number_of_threads_changes_nothing(seed in any::<u64>()) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let model = random::model_of(&mut rng, seed % 2 == 1);
        let rasters: Vec<_> = (0..IMAGES).map(|_| random::raster(&mut rng, &model).0).collect();
        let one = evaluated(1, &model, &rasters);
        prop_assert_eq!(one.predictions.len(), IMAGES);
        prop_assert_eq!(one, evaluated(3, &model, &rasters), "{}", model.description.compact());
    }
}
