//! Speed: a measurement of the same design takes precedence over the plan.

use crate::network::{plan, random_model};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_hw::board::Board;
use synfire_hw::build::Build;
use synfire_hw::synth::speed::{Speed, keep_measured};
use synfire_hw::work::Work;

#[test]
fn a_measurement_of_the_same_design_comes_before_the_plan() {
    let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(1), &[6, 5, 3]);
    let board = Board::find("ice40-hx8k").expect("a built-in board");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let build = Build::write(folder.path(), &model, &board, &plan(&model, &[2, 3])).expect("writes");
    let planned = build.manifest.plan.expected_cycles(build.manifest.steps);
    let expected = Speed {
        cycles: planned,
        measured: false,
        inferences_per_second: 48e6 / planned,
        images: 0,
        work: vec![],
    };
    assert_eq!(Speed::of(&build).expect("a speed"), expected);
    let work = vec![
        Work {
            operations: 7,
            ..Work::default()
        };
        2
    ];
    keep_measured(&build, 20, 480.0, &work).expect("keeps");
    assert_eq!(
        Speed::of(&build).expect("a speed"),
        Speed {
            cycles: 480.0,
            measured: true,
            inferences_per_second: 1e5,
            images: 20,
            work,
        }
    );
    // The same folder with another design.
    let build = Build::write(folder.path(), &model, &board, &plan(&model, &[5, 3])).expect("writes");
    assert!(!Speed::of(&build).expect("a speed").measured);
}
