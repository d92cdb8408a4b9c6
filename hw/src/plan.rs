//! Plan.
use crate::circuit::word_memory::Style;

/// x
#[derive(Clone, Debug)]
pub struct Plan {
    /// x
    pub layers: Vec<LayerPlan>,
    /// x
    pub fifo_depth: usize,
}

/// x
#[derive(Clone, Debug)]
pub struct LayerPlan {
    /// x
    pub lanes: usize,
    /// x
    pub membrane_style: Style,
    /// x
    pub threshold_style: Style,
}
