//! Counts as real numbers.

/// A count as a real number, for means and shares; exact below 2^53.
///
/// ```
/// assert_eq!(synfire_golden_model::counts::float(3) / 2.0, 1.5);
/// ```
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of spikes, images and cycles are far below 2^53"
)]
pub const fn float(count: u64) -> f64 {
    count as f64
}
