//! Conversion of a leak factor to shifts.
//!
//! A leak by shifts S has the factor λ = 1 − Σ 2^−s, s in S. For a network's factor, the smallest set of distinct
//! shifts is chosen whose loss per step, 1 − λ, is within the relative error [`TOLERANCE`]; if there is none, the
//! closest set is chosen. Among sets of equal size the closest wins. For 0.99: {7} is off by 22 % of the loss, {7, 9}
//! by 2.3 %.

use super::{MAX_LEAK_SHIFT, MAX_LEAK_SHIFTS};

/// Relative error of the loss per step, 1 − λ, up to which fewer shifts are preferred to a better fit.
pub const TOLERANCE: f64 = 0.025;

/// Computes the leak factor 1 − Σ 2^−s of `shifts`.
///
/// ```
/// use synfire_golden_model::integer::leak::factor;
/// assert_eq!(factor(&[7, 9]), 0.990234375);
/// ```
#[must_use]
pub fn factor(shifts: &[u8]) -> f64 {
    1.0 - loss(shifts)
}

fn loss(shifts: &[u8]) -> f64 {
    shifts.iter().map(|&shift| (-f64::from(shift)).exp2()).sum()
}

/// Finds the shifts whose leak factor approximates `leak`, by the rule in the module documentation.
///
/// ```
/// use synfire_golden_model::integer::leak::fit;
/// assert_eq!(fit(0.99), [7, 9]);
/// assert!(fit(1.0).is_empty());
/// ```
#[must_use]
pub fn fit(leak: f64) -> Vec<u8> {
    let wanted = 1.0 - leak;
    let error = |shifts: &[u8]| (loss(shifts) - wanted).abs();
    let mut best: Vec<u8> = Vec::new();
    let mut same_size = vec![Vec::new()];
    for _ in 0..MAX_LEAK_SHIFTS {
        if error(&best) <= TOLERANCE * wanted {
            break;
        }
        same_size = same_size
            .iter()
            .flat_map(|shifts: &Vec<u8>| {
                (shifts.last().map_or(1, |last| last + 1)..=MAX_LEAK_SHIFT).map(|next| {
                    let mut longer = shifts.clone();
                    longer.push(next);
                    longer
                })
            })
            .collect();
        for shifts in &same_size {
            if error(shifts) < error(&best) {
                best.clone_from(shifts);
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaks_of_the_papers_and_the_corners() {
        assert_eq!(fit(0.99), [7, 9]);
        assert_eq!(fit(f64::from(0.99_f32)), [7, 9]);
        assert_eq!(fit(0.990_234_375), [7, 9]);
        assert_eq!(fit(0.5), [1]);
        assert_eq!(fit(0.75), [2]);
        assert_eq!(fit(0.9), [4, 5, 7]);
        assert!(fit(1.0).is_empty(), "no leak");
        assert_eq!(fit(0.1), [1, 2, 3], "the strongest leak");
        assert!(fit(1.0 - 1e-7).is_empty(), "a leak too weak for any shift");
    }

    #[test]
    fn the_fit_is_the_best_of_all_sets_unless_a_smaller_one_is_within_tolerance() {
        for step in 1..200 {
            let leak = 1.0 - f64::from(step) / 256.0;
            let error = |shifts: &[u8]| (factor(shifts) - leak).abs();
            let chosen = fit(leak);
            for a in 1..=MAX_LEAK_SHIFT {
                for b in a + 1..=MAX_LEAK_SHIFT {
                    for c in b + 1..=MAX_LEAK_SHIFT {
                        let better = error(&[a, b, c]) < error(&chosen);
                        assert!(
                            !better || error(&chosen) <= TOLERANCE * (1.0 - leak),
                            "{leak}: {chosen:?}"
                        );
                    }
                }
            }
        }
    }
}
