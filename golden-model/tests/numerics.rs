//! The numbers of `docs/numerics.md`, and of the data sets in `docs/formats.md`, are those of the code.

mod common;

use common::tiny;
use sha2::{Digest, Sha256};
use std::io::Read;
use synfire_golden_model::dataset::encode::{PoissonEncoder, test_seed, xorshift32};
use synfire_golden_model::dataset::{self, Samples};
use synfire_golden_model::file::hex;
use synfire_golden_model::integer::{MAX_GUARD_BITS, MAX_LEAK_SHIFT, MAX_LEAK_SHIFTS, leak, neuron};
use synfire_golden_model::network::{MAX_LAYERS, MAX_NETWORK_WEIGHTS, MAX_NEURONS, MAX_STEPS, MAX_WEIGHTS};

const PAGE: &str = include_str!("../../docs/numerics.md");
const FORMATS: &str = include_str!("../../docs/formats.md");

fn assert_page_says(text: &str) {
    assert_says("numerics.md", PAGE, text);
}

fn assert_says(name: &str, page: &str, text: &str) {
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains(text), "docs/{name} does not say: {text}");
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

#[test]
fn limits_of_networks() {
    let power = |number: usize| {
        assert!(number.is_power_of_two());
        format!("2^{}", number.ilog2())
    };
    assert_page_says(&format!("| T | 1 to {MAX_STEPS} |"));
    assert_page_says(&format!("| layers | 1 to {MAX_LAYERS} |"));
    assert_page_says(&format!("neurons of a layer | 1 to {} |", power(MAX_NEURONS)));
    assert_page_says(&format!(
        "at most {} in a layer with its shortcut, {} in a network",
        power(MAX_WEIGHTS),
        power(MAX_NETWORK_WEIGHTS)
    ));
}

#[test]
fn the_rate_is_above_0_and_at_most_1() {
    assert_page_says("| rate | above 0, at most 1;");
    let with = |rate| {
        let mut description = tiny().description;
        description.rate = rate;
        description.validate()
    };
    for rate in [f32::MIN_POSITIVE, 0.5, 1.0] {
        with(rate).expect("a rate");
    }
    for rate in [0.0, -0.5, 1.0_f32.next_up(), f32::INFINITY, f32::NAN] {
        let error = with(rate).expect_err("no rate").to_string();
        let wanted = format!("network `tiny`: rate is {rate}, but must be above 0 and at most 1");
        assert_eq!(error, wanted);
    }
}

/// xoshiro256++ from the outputs of SplitMix64, as the page says it.
fn xoshiro(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    let mut s = [0; 4].map(|_: u64| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    });
    move || {
        let drawn = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let shifted = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = s[3].rotate_left(45);
        drawn
    }
}

#[test]
fn test_images_of_the_digits() {
    let mut text = String::new();
    flate2::read::GzDecoder::new(&include_bytes!("../data/digits.csv.gz")[..])
        .read_to_string(&mut text)
        .expect("gzipped text");
    let rows: Vec<Vec<u8>> = text
        .lines()
        .map(|line| {
            line.split(',')
                .map(|number| number.parse().expect("a number"))
                .collect()
        })
        .collect();
    let by_class: Vec<Vec<usize>> = (0..10)
        .map(|class| (0..rows.len()).filter(|&line| rows[line][64] == class).collect())
        .collect();

    let mut shares: Vec<usize> = by_class.iter().map(|lines| 360 * lines.len() / 1797).collect();
    while shares.iter().sum::<usize>() < 360 {
        let given = |class: &usize| shares[*class] > 360 * by_class[*class].len() / 1797;
        let remainder = |class: &usize| 360 * by_class[*class].len() % 1797;
        let next = (0..10).rev().filter(|class| !given(class)).max_by_key(remainder);
        shares[next.expect("a class")] += 1;
    }
    let (last, first) = shares.split_last().expect("ten classes");
    let first: Vec<_> = first.iter().map(usize::to_string).collect();
    assert_says(
        "formats.md",
        FORMATS,
        &format!("The classes 0 to 9 give {} and {last}.", first.join(", ")),
    );

    let mut draw = xoshiro(1);
    let mut chosen = Vec::new();
    for (mut lines, share) in by_class.into_iter().zip(shares) {
        for i in (1..lines.len()).rev() {
            let product = u128::from(draw()) * (i as u128 + 1);
            lines.swap(i, usize::try_from(product >> 64).expect("an index"));
        }
        chosen.extend_from_slice(&lines[..share]);
    }
    chosen.sort_unstable();

    let split = dataset::load("digits", None).expect("embedded");
    let pixels = |lines: &[usize]| {
        lines
            .iter()
            .flat_map(|&line| rows[line][..64].to_vec())
            .collect::<Vec<u8>>()
    };
    let others: Vec<usize> = (0..rows.len()).filter(|line| !chosen.contains(line)).collect();
    for (part, lines) in [(&split.test, &chosen), (&split.train, &others)] {
        let Samples::Images(images) = part.samples() else {
            panic!("images");
        };
        assert_eq!(part.len(), lines.len());
        assert!(images.pixels == pixels(lines), "other images, or another order");
        assert!((0..part.len()).all(|index| part.label(index) == usize::from(rows[lines[index]][64])));
    }
    let numbers: Vec<_> = chosen.iter().map(usize::to_string).collect();
    let shown = format!(
        "lines {}, …, {}.",
        numbers[..10].join(", "),
        numbers[357..].join(", ")
    );
    assert_says("formats.md", FORMATS, &shown);
    let digest = hex(&Sha256::digest(numbers.join("\n") + "\n"));
    assert_says(
        "formats.md",
        FORMATS,
        &format!("each with a line feed, is `{digest}`"),
    );
}

#[test]
fn an_event_of_n_mnist() {
    let bytes = [0x05, 0x07, 0x81, 0x00, 0x02];
    let shown = bytes.map(|byte| format!("{byte:02X}")).join(" ");
    assert_says(
        "formats.md",
        FORMATS,
        &format!("The bytes `{shown}` are an event of channel 1, row 7, column 5 at 65,538 µs."),
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    let carry = [0, 240, 0, 0, 0];
    for (name, contents) in [
        ("train1K.txt", "1 3\n".as_bytes()),
        ("test100.txt", "# number class\n2\t4\n".as_bytes()),
        ("1.bs2", &bytes),
        ("2.bs2", &[bytes, carry, bytes].concat()),
    ] {
        std::fs::write(folder.path().join(name), contents).expect("writes");
    }
    let split = dataset::load("n-mnist", Some(folder.path())).expect("a set");
    assert_eq!((split.train.label(0), split.test.label(0)), (3, 4));
    let Samples::Recordings(recordings) = split.test.samples() else {
        panic!("recordings");
    };
    let events = recordings.get(0).iter();
    let found: Vec<_> = events
        .map(|event| (event.time_us, event.place(split.test.shape())))
        .collect();
    assert_eq!(found, [(65_538, [1, 7, 5]), (65_538 + (1 << 13), [1, 7, 5])]);
}
