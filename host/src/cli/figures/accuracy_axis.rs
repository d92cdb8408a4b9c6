//! An axis of accuracies that is logarithmic in the error: 99.0 and 99.5 % are as far apart as 98 and 99 %.

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use std::ops::Range;

/// Accuracies at which the axis may begin and end, and which it labels.
const MARKS: [f64; 12] = [
    0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999,
];

/// An axis of accuracies, in 0..=1.
#[derive(Clone, Debug)]
pub(super) struct AccuracyAxis {
    range: Range<f64>,
}

impl AccuracyAxis {
    /// The shortest axis between two marks that contains these accuracies and the range from 90 to 95 %.
    pub(super) fn around(accuracies: impl Iterator<Item = f64> + Clone) -> Self {
        let lowest = accuracies.clone().fold(0.9, f64::min);
        let highest = accuracies.fold(0.95, f64::max);
        let foot = MARKS.into_iter().rev().find(|&mark| mark <= lowest);
        let head = MARKS.into_iter().find(|&mark| mark >= highest);
        Self {
            range: foot.unwrap_or(MARKS[0])..head.unwrap_or(MARKS[MARKS.len() - 1]),
        }
    }
}

/// Returns the decimal logarithm of an accuracy's error. Accuracies above the last of [`MARKS`] have the same value.
fn decades(accuracy: f64) -> f64 {
    (1.0 - accuracy).max(1e-4).log10()
}

impl Ranged for AccuracyAxis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, &accuracy: &f64, (from, to): (i32, i32)) -> i32 {
        let (foot, head) = (decades(self.range.start), decades(self.range.end));
        let share = (decades(accuracy) - foot) / (head - foot);
        let offset = share.clamp(0.0, 1.0) * f64::from(to - from);
        #[expect(clippy::cast_possible_truncation, reason = "between two pixels")]
        let offset = offset.round() as i32;
        from + offset
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        let Range { start, end } = self.range;
        MARKS
            .into_iter()
            .filter(|mark| (start..=end).contains(mark))
            .collect()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

impl ValueFormatter<f64> for AccuracyAxis {
    /// Formats an accuracy in percent, with as many digits as its mark needs.
    fn format_ext(&self, &accuracy: &f64) -> String {
        let percent = format!("{:.2}", 100.0 * accuracy);
        percent.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(accuracies: &[f64]) -> AccuracyAxis {
        AccuracyAxis::around(accuracies.iter().copied())
    }

    #[test]
    fn an_axis_goes_from_mark_to_mark() {
        assert_eq!(axis(&[]).range(), 0.9..0.95);
        assert_eq!(axis(&[0.47, 0.93, 0.989]).range(), 0.0..0.99);
        assert_eq!(axis(&[0.99, 0.9942]).range(), 0.9..0.995);
        assert_eq!(axis(&[0.5, 1.0]).range(), 0.5..0.9999);
    }

    #[test]
    fn a_tenth_of_the_errors_is_as_far_everywhere() {
        let axis = AccuracyAxis { range: 0.9..0.999 };
        let places = [0.9, 0.99, 0.999].map(|accuracy| axis.map(&accuracy, (400, 0)));
        assert_eq!(places, [400, 200, 0]);
        assert_eq!([0.1, 1.0].map(|accuracy| axis.map(&accuracy, (400, 0))), [400, 0]);
    }

    #[test]
    fn marks_are_labelled_in_percent() {
        let axis = axis(&[0.0, 1.0]);
        let names = MARKS.map(|mark| axis.format_ext(&mark));
        let wanted = [
            "0", "50", "80", "90", "95", "98", "99", "99.5", "99.8", "99.9", "99.95", "99.99",
        ];
        assert_eq!(names, wanted);
    }
}
