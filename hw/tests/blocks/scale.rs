//! Multiplier of a word's numbers against a multiplication.

use crate::support::{assert_same, difference, number, signed, simulate, word};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_hw::circuit::scale::{Scale, ScaleParams};

/// The value, and the numbers of a word.
type Told = (u8, Vec<i32>);

fn run(params: ScaleParams, told: &[Told]) -> Vec<Vec<i32>> {
    let mut scale = simulate(Scale::new(params), |scale| &mut scale.clock);
    told.iter()
        .map(|(value, numbers)| {
            // The value comes a cycle ahead.
            scale.circuit().value.next = word(*value);
            if params.graded {
                scale.tick();
            }
            let circuit = scale.circuit();
            for (port, &number) in circuit.number.iter_mut().zip(numbers) {
                port.next = signed(number);
            }
            if params.graded {
                scale.tick();
            } else {
                scale.settle();
            }
            let products = &scale.circuit().product;
            products.iter().map(|product| number(product.val())).collect()
        })
        .collect()
}

fn model(params: ScaleParams, told: &[Told]) -> Vec<Vec<i32>> {
    let product = |value: u8, number: &i32| {
        if params.graded {
            number * i32::from(value)
        } else {
            *number
        }
    };
    told.iter()
        .map(|(value, numbers)| numbers.iter().map(|number| product(*value, number)).collect())
        .collect()
}

fn told(params: ScaleParams, rng: &mut Xoshiro256PlusPlus) -> Vec<Told> {
    let highest = i32::MAX >> (32 - params.width);
    (0..60)
        .map(|_| {
            let value = [0, 1, 255, rng.random()][rng.random_range(0..4)];
            let mut number =
                || [highest, !highest, 0, rng.random_range(!highest..=highest)][rng.random_range(0..4)];
            let numbers = (0..params.lanes)
                .map(|_| number() << params.fraction_bits)
                .collect();
            (value, numbers)
        })
        .collect()
}

#[test]
fn products_are_those_of_every_width() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    for (lanes, width, fraction_bits) in [(1, 2, 0), (3, 4, 5), (2, 8, 12), (2, 20, 4), (1, 16, 0)] {
        for graded in [false, true] {
            let params = ScaleParams {
                lanes,
                width,
                fraction_bits,
                graded,
            };
            let told = told(params, &mut rng);
            let seen = run(params, &told);
            assert_same(&model(params, &told), &seen);
            let other = ScaleParams {
                graded: !graded,
                ..params
            };
            assert!(difference(&model(other, &told), &seen).is_some(), "{params:?}");
        }
    }
}
