//! Runs the examples and checks their results.

#[expect(dead_code, reason = "the test calls what `main` calls, for its result")]
#[path = "../examples/digits.rs"]
mod digits;

#[test]
fn the_digits_example_classifies_most_images_correctly() {
    let accuracy = digits::run().expect("the example runs");
    assert!(accuracy > 0.95, "{accuracy}");
    assert!(
        accuracy < 1.0,
        "no network of this size gets every digit right: {accuracy}"
    );
}
