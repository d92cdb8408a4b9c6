//! The integers that masters can become, and the way there and back.

use crate::events::{Rows, VECTOR, all_rows};
use crate::float::Parameters;
use crate::integer::QuantizedModel;
use crate::network::{NetworkDescription, Tensor};
use ndarray::Array2;
use rayon::prelude::*;

/// Weights per task.
const BLOCK: usize = 1 << 14;

/// Per tensor, what its integers are worth.
#[derive(Clone, Debug)]
pub(in crate::train) struct Grid(Vec<TensorGrid>);

/// The grid of one tensor, whose rows hold one number per output channel, filled up to whole vectors.
#[derive(Clone, Debug)]
struct TensorGrid {
    /// Real value of one weight LSB, per channel.
    scales: Vec<f64>,
    /// Largest integer.
    largest: f64,
    /// 2^G.
    one: f64,
}

impl Grid {
    /// The grid of a valid network with valid scales.
    pub(super) fn new(quantized: &QuantizedModel, scales: &[Vec<f64>]) -> Self {
        let grid = |(tensor, rows): (Tensor, Rows)| {
            let layer = &quantized.layers[tensor.layer];
            let mut scales = scales[tensor.layer].clone();
            // What fills up a row is 0, whatever its scale.
            scales.resize(rows.length, 1.0);
            TensorGrid {
                scales,
                largest: f64::from((1_i32 << (layer.weight_bits - 1)) - 1),
                one: f64::from(layer.guard_bits).exp2(),
            }
        };
        let tensors = all_rows(&quantized.description, VECTOR).into_iter();
        Self(tensors.map(grid).collect())
    }

    /// The integers q·2^G of `masters`, which are brought within reach of them first.
    pub(in crate::train) fn round(&self, masters: &mut Parameters) -> Parameters {
        let mut integers = masters.clone();
        self.round_into(masters, &mut integers);
        integers
    }

    /// [`Self::round`] into the memory of earlier ones.
    pub(in crate::train) fn round_into(&self, masters: &mut Parameters, integers: &mut Parameters) {
        let layers = masters.layers.iter_mut().zip(&mut integers.layers);
        for (grid, (masters, integers)) in self.0.iter().zip(layers) {
            let block = grid.rows_per_block();
            masters
                .par_chunks_mut(block)
                .zip(integers.par_chunks_mut(block))
                .for_each(|(masters, integers)| grid.round(masters, integers));
        }
    }

    /// The integers q as matrices `[outputs, inputs]`, from what [`Self::round`] gave.
    pub(in crate::train) fn to_matrices(
        &self,
        description: &NetworkDescription,
        integers: &Parameters,
    ) -> Vec<Array2<i8>> {
        #[expect(clippy::cast_possible_truncation, reason = "clamped to at most 127")]
        let integer = |grid: &TensorGrid, number: f32| (f64::from(number) / grid.one) as i8;
        let matrices = integers.to_matrices(description);
        let tensors = self.0.iter().zip(matrices);
        tensors
            .map(|(grid, matrix)| matrix.mapv(|number| integer(grid, number)))
            .collect()
    }

    /// Turns ∂loss/∂(q·2^G) into ∂loss/∂w.
    pub(in crate::train) fn to_masters(&self, gradient: &mut Parameters) {
        for (grid, gradient) in self.0.iter().zip(&mut gradient.layers) {
            let factors: Vec<f32> = grid.scales.iter().map(|scale| narrow(grid.one / scale)).collect();
            for row in gradient.chunks_exact_mut(factors.len()) {
                for (gradient, factor) in row.iter_mut().zip(&factors) {
                    *gradient *= factor;
                }
            }
        }
    }
}

impl TensorGrid {
    /// Numbers of whole rows that make up a task.
    fn rows_per_block(&self) -> usize {
        let row = self.scales.len();
        (BLOCK / row).max(1) * row
    }

    fn round(&self, masters: &mut [f32], integers: &mut [f32]) {
        let row = self.scales.len();
        for (masters, integers) in masters.chunks_exact_mut(row).zip(integers.chunks_exact_mut(row)) {
            for ((master, integer), scale) in masters.iter_mut().zip(integers).zip(&self.scales) {
                let reach = narrow(self.largest * scale);
                *master = master.clamp(-reach, reach);
                // As the quantizer rounds, to the last bit: half a step away from zero.
                let q = (f64::from(*master) / scale).round();
                *integer = narrow(q.clamp(-self.largest, self.largest) * self.one);
            }
        }
    }
}

/// Computed in f64 to be rounded to f32 once.
#[expect(clippy::cast_possible_truncation, reason = "the nearest f32")]
fn narrow(number: f64) -> f32 {
    number as f32
}
