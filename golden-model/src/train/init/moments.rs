//! First and second moments of the drives of a layer's channels, and the factor on its weights that follows from them.

use crate::events::Layout;

/// Sums over images, steps and positions, for one channel. Its drive is a·x + y: x comes from the weights that are to be
/// scaled by a, y from an identity and what is taken out of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Moments {
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

/// Share of the largest possible mean square of x below which x is rounding: sums of thousands of f32 numbers are exact
/// to about 1e-7 of their largest partial sum.
const ROUNDING: f64 = 1e-12;

impl Moments {
    /// Adds the drives of one step, ordered as the neurons of `layout`; `y` may be empty, which means 0.
    pub(super) fn add_step(moments: &mut [Self], layout: Layout, x: &[f32], y: &[f32]) {
        for x in x.chunks_exact(layout.stride) {
            for (moments, &x) in moments.iter_mut().zip(x) {
                let x = f64::from(x);
                moments.x += x;
                moments.xx += x * x;
            }
        }
        let positions = x.chunks_exact(layout.stride).zip(y.chunks_exact(layout.stride));
        for (x, y) in positions {
            for (moments, (&x, &y)) in moments.iter_mut().zip(x.iter().zip(y)) {
                let (x, y) = (f64::from(x), f64::from(y));
                moments.y += y;
                moments.xy += x * y;
                moments.yy += y * y;
            }
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.x += other.x;
        self.y += other.y;
        self.xx += other.xx;
        self.xy += other.xy;
        self.yy += other.yy;
    }

    /// Mean of y over `places` numbers.
    pub(super) fn mean_of_y(&self, places: f64) -> f64 {
        self.y / places
    }

    /// Factor a > 0 with which the variance of a·x + y over `places` numbers is `wanted`; `None` if there is none. `most` is
    /// the largest possible magnitude of x.
    pub(super) fn factor(&self, places: f64, wanted: f64, most: f64) -> Option<f64> {
        let mean = |sum: f64| sum / places;
        let (x, y) = (mean(self.x), mean(self.y));
        let (xx, xy, yy) = (
            mean(self.xx) - x * x,
            mean(self.xy) - x * y,
            mean(self.yy) - y * y,
        );
        if xx <= ROUNDING * most * most {
            return None;
        }
        // a² xx + 2 a xy + yy = wanted; the larger root.
        let root = (xy * xy - xx * (yy - wanted)).max(-1.0);
        let factor = (root.sqrt() - xy) / xx;
        (root >= 0.0 && factor > 0.0 && factor.is_finite()).then_some(factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(x: &[f32], y: &[f32]) -> Moments {
        let mut moments = [Moments::default()];
        for (index, &number) in x.iter().enumerate() {
            let y = y.get(index).map_or(&[][..], std::slice::from_ref);
            Moments::add_step(&mut moments, Layout::input([1, 1, 1].into()), &[number], y);
        }
        moments[0]
    }

    fn deviation(numbers: impl Iterator<Item = f64> + Clone) -> f64 {
        let count = numbers.clone().count() as f64;
        let mean = numbers.clone().sum::<f64>() / count;
        (numbers.map(|number| (number - mean).powi(2)).sum::<f64>() / count).sqrt()
    }

    #[test]
    fn the_factor_gives_the_wanted_deviation() {
        let x = [0.5, -1.0, 0.25, 3.0, -2.0];
        for y in [&[][..], &[0.0, 1.0, 0.0, 1.0, 1.0], &[0.5, -0.5, 0.0, 0.5, 0.0]] {
            let factor = moments(&x, y).factor(5.0, 4.0, 10.0).unwrap();
            let sum =
                |index: usize| factor * f64::from(x[index]) + y.get(index).copied().map_or(0.0, f64::from);
            assert!((deviation((0..5).map(sum)) - 2.0).abs() < 1e-9, "{y:?}");
        }
    }

    #[test]
    fn what_cannot_be_scaled_has_no_factor() {
        assert_eq!(moments(&[0.0; 4], &[]).factor(4.0, 1.0, 1.0), None);
        assert_eq!(moments(&[2.0; 4], &[]).factor(4.0, 1.0, 2.0), None, "constant");
        let wide = [10.0, -10.0, 10.0, -10.0];
        let independent = [1.0, 1.0, -1.0, -1.0];
        assert_eq!(
            moments(&independent, &wide).factor(4.0, 1.0, 1.0),
            None,
            "too wide"
        );
    }
}
