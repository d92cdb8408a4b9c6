//! The numbers of `docs/numerics.md` are those of the code.

mod common;

use common::tiny;
use synfire_golden_model::dataset::encode::{PoissonEncoder, test_seed, xorshift32};
use synfire_golden_model::integer::{MAX_GUARD_BITS, MAX_LEAK_SHIFT, MAX_LEAK_SHIFTS, leak, neuron};

const PAGE: &str = include_str!("../../docs/numerics.md");

fn assert_page_says(text: &str) {
    let page = PAGE.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains(text), "docs/numerics.md does not say: {text}");
}

#[test]
fn states_and_spikes_of_the_poisson_coder() {
    let mut states = Vec::new();
    let mut state = 1;
    for _ in 0..5 {
        state = xorshift32(state);
        states.push(state);
    }
    let hexadecimal: Vec<_> = states.iter().map(|state| format!("{state:08X}")).collect();
    assert_page_says(&format!(
        "the first five states are {} and {}",
        hexadecimal[..4].join(", "),
        hexadecimal[4]
    ));
    let bytes: Vec<_> = states.iter().map(|state| (state >> 24).to_string()).collect();
    assert_page_says(&format!("top bytes {}.", bytes.join(", ")));
    let raster = PoissonEncoder::new(&[19], 1).encode(5);
    let spiking: Vec<_> = (0..5).filter(|&step| !raster.step(step).is_empty()).collect();
    assert_eq!(spiking, [0, 1, 3]);
    assert_page_says("p = 19 spikes in steps 0, 1 and 3");
}

#[test]
fn seeds_of_images() {
    assert_page_says(&format!(
        "images 0 and 1 start from {:08X} and {:08X}.",
        test_seed(1, 0),
        test_seed(1, 1)
    ));
}

#[test]
fn edges_of_the_end_of_a_step() {
    assert_eq!(neuron::end_of_step(100, 100, &[], -9), (false, 100));
    assert_page_says("| m = θ | does not fire, leaks |");
    assert_eq!(neuron::end_of_step(101, 100, &[1, 2, 3], -9), (true, 0));
    assert_eq!(neuron::settle(-1, &[7], -9), 0);
    assert_page_says("| m = −1, shifts {7} | −1 − (−1) = 0 |");
    assert_eq!(neuron::settle(-1, &[7, 9], -9), 1);
    assert_page_says("| m = −1, shifts {7, 9} | −1 − (−1) − (−1) = 1:");
    assert_eq!(neuron::settle(127, &[7, 9], -9), 127);
}

#[test]
fn the_hash_of_the_example() {
    let hash: String = tiny().hash().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_page_says(&format!("has the hash `{hash}`"));
}

#[test]
fn limits_and_the_default_leak() {
    assert_page_says(&format!("| G | 0 to {MAX_GUARD_BITS} |"));
    assert_page_says(&format!(
        "| shifts | up to {MAX_LEAK_SHIFTS}, distinct, ascending, each 1 to {MAX_LEAK_SHIFT} |"
    ));
    assert_page_says(&format!("within {} % of 1 − leak", 100.0 * leak::TOLERANCE));
    assert_page_says(&format!(
        "0.99 gives {{7, 9}}, a leak of {}",
        leak::factor(&leak::fit(0.99))
    ));
}
