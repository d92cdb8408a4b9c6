//! Thresholds of pixel values: all that is real in rate coding ends here.

/// Threshold at which an input spikes in every step.
pub const ALWAYS: i16 = 256;

/// Thresholds p of all pixel values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thresholds([i16; 256]);

impl Thresholds {
    /// p = round(256·level/`full_scale`·`rate`), halves away from zero, at most 256.
    #[must_use]
    pub fn new(full_scale: u8, rate: f32) -> Self {
        let scale = 256.0 * f64::from(rate) / f64::from(full_scale.max(1));
        Self(std::array::from_fn(|level| threshold(level as f64 * scale)))
    }

    /// p of one pixel value.
    #[must_use]
    pub const fn of(&self, level: u8) -> i16 {
        self.0[level as usize]
    }
}

/// `value` rounded, halves away from zero, and limited to −256..=256.
fn threshold(value: f64) -> i16 {
    let limit = f64::from(ALWAYS);
    #[expect(clippy::cast_possible_truncation, reason = "clamped to -256..=256")]
    let threshold = value.round().clamp(-limit, limit) as i16;
    threshold
}
