//! The examples run, and compute what they should.

#[path = "../examples/classify.rs"]
mod classify;

use synfire::testing::ToyAccelerator;

#[test]
fn classify_answers_with_the_weights_that_it_loads() {
    classify::main().unwrap();
    let result = classify::classify().unwrap();
    assert_eq!((result.steps, result.potentials.len()), (16, 10));
    let steps: Vec<Vec<u32>> = (0..16).map(|step| (step % 5..64).step_by(5).collect()).collect();
    let before = ToyAccelerator::answer(10, &steps);
    assert_eq!(result.cycles, before.cycles, "all spikes and steps arrived");
    assert_ne!(
        result.potentials, before.potentials,
        "the loaded weights are in use"
    );
}
