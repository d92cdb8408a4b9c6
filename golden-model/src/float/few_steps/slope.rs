//! The surrogate derivative of firing in the second training rule.

use serde::{Deserialize, Serialize};

/// Surrogate derivative h(v) of firing at a threshold of 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Slope {
    /// max(0, 1 − |v − 1|), as in Bellec et al. 2018 (arXiv 1803.09574).
    #[default]
    Triangle,
    /// 1 where |v − 1| < ½, else 0, as in Wu et al. 2018 (arXiv 1706.02609).
    Rectangle,
}

impl Slope {
    /// All slopes.
    pub const ALL: [Self; 2] = [Self::Triangle, Self::Rectangle];

    /// Name of the slope in network files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Triangle => "triangle",
            Self::Rectangle => "rectangle",
        }
    }

    /// Distance from the threshold at and beyond which the slope is 0.
    pub(super) const fn half_width(self) -> f32 {
        match self {
            Self::Triangle => 1.0,
            Self::Rectangle => 0.5,
        }
    }
}
