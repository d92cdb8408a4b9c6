//! The examples run, and what they assert holds.

#[path = "../examples/digits.rs"]
mod digits;

#[test]
fn the_digits_example_trains_quantizes_and_classifies() {
    digits::main().expect("the example runs");
}
