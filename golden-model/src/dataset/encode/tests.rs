use super::*;
use crate::dataset::digits;
use proptest::prelude::*;

fn addresses(raster: &SpikeRaster) -> Vec<Vec<u32>> {
    raster
        .iter()
        .map(|step| step.iter().map(|spike| spike.address).collect())
        .collect()
}

#[test]
fn xorshift32_matches_marsaglias_sequence() {
    // 2463534242 is the seed of the paper (J. Stat. Soft. 8(14), 2003); 723471715 its first output.
    assert_eq!(xorshift32(2_463_534_242), 723_471_715);
    let mut state = 1;
    let states: Vec<u32> = (0..4)
        .map(|_| {
            state = xorshift32(state);
            state
        })
        .collect();
    assert_eq!(states, [270_369, 67_634_689, 2_647_435_461, 307_599_695]);
}

#[test]
fn every_input_takes_one_draw_per_step_in_order() {
    let mut state = 1;
    let tops: Vec<u32> = (0..8)
        .map(|_| {
            state = xorshift32(state);
            state >> 24
        })
        .collect();
    assert_eq!(tops, [0, 4, 157, 18, 142, 44, 37, 25]);
    let raster = PoissonEncoder::new(&[1, 5, 157, 18], 1).encode(2);
    assert_eq!(addresses(&raster), [vec![0, 1], vec![2]]);
    let raster = PoissonEncoder::new(&[0, 4, 158, 19], 1).encode(1);
    assert_eq!(addresses(&raster), [vec![2, 3]]);
}

#[test]
fn encoding_is_pinned() {
    let thresholds: Vec<i16> = (0..=16).map(|level| level * 16).collect();
    let raster = PoissonEncoder::new(&thresholds, 0x1234_5678).encode(3);
    assert_eq!(
        addresses(&raster),
        [
            vec![5, 9, 10, 11, 13, 14, 16],
            vec![3, 5, 12, 13, 15, 16],
            vec![8, 9, 10, 11, 12, 13, 14, 15, 16]
        ]
    );
}

#[test]
fn image_seeds_are_pinned_nonzero_and_distinct() {
    assert_eq!(
        [image_seed(0, 0, 0), image_seed(1, 2, 3), test_seed(1, 0)],
        [595_752_380, 3_497_215_824, 1_389_303_178]
    );
    let seeds: std::collections::BTreeSet<u32> = (0..10)
        .flat_map(|epoch| (0..1000).map(move |index| image_seed(1, epoch, index)))
        .collect();
    assert!(
        seeds.len() >= 9_998 && !seeds.contains(&0),
        "{} distinct seeds",
        seeds.len()
    );
}

#[test]
fn a_test_raster_depends_on_image_index_and_seed_only() {
    let test = digits::load().unwrap().test;
    let network = NetworkDescription::preset("digits").unwrap();
    let raster = test_raster(&network, &test, 3, 1);
    assert_eq!((raster.width(), raster.steps()), (64, network.steps));
    assert_eq!(raster, test_raster(&network, &test, 3, 1));
    assert_ne!(raster, test_raster(&network, &test, 4, 1));
    assert_ne!(raster, test_raster(&network, &test, 3, 2));
}

#[test]
fn an_encoder_that_starts_over_forgets_the_last_image() {
    let mut encoder = PoissonEncoder::new(&[200; 40], 9);
    encoder.step(&mut SpikeRaster::new(40));
    encoder.restart([100; 30].into_iter(), 5);
    assert_eq!(encoder.encode(4), PoissonEncoder::new(&[100; 30], 5).encode(4));
}

#[test]
#[should_panic(expected = "xorshift32 never leaves state 0")]
fn seed_0_is_refused() {
    let _ = PoissonEncoder::new(&[1], 0);
}

proptest! {
    #[test]
    fn rates_follow_the_thresholds(threshold in 0i16..=256, seed in 1u32..) {
        let spikes = PoissonEncoder::new(&[threshold; 64], seed).encode(64).total();
        let expected = f64::from(threshold) * 16.0;
        prop_assert!((spikes as f64 - expected).abs() <= 6.0 * 32.0, "{spikes} spikes, expected {expected}");
    }

    #[test]
    fn draws_follow_the_plain_definition(
        thresholds in proptest::collection::vec(-256i16..=256, 1..1300), seed in 1u32.., steps in 1usize..5,
    ) {
        let mut state = seed;
        let expected: Vec<Vec<Spike>> = (0..steps).map(|_| {
            let mut fired = Vec::new();
            for (address, &threshold) in (0u32..).zip(&thresholds) {
                state = xorshift32(state);
                if state >> 24 < u32::from(threshold.unsigned_abs()) {
                    fired.push(Spike::signed(address, threshold < 0));
                }
            }
            fired
        }).collect();
        let raster = PoissonEncoder::new(&thresholds, seed).encode(steps);
        prop_assert_eq!(raster.iter().map(<[Spike]>::to_vec).collect::<Vec<_>>(), expected);
    }
}
