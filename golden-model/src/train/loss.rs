//! What training minimizes.

use serde::{Deserialize, Serialize};

/// What training minimizes, summed over the images of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Loss {
    /// Σ over classes of (y − onehot)².
    #[default]
    SumOfSquares,
    /// −ln of the softmax of the outputs at the label.
    CrossEntropy,
}
