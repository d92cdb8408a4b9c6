//! Grid: conversion between masters and the integers that they round to.

use super::input_units;
use crate::events::{Rows, VECTOR, all_rows};
use crate::float::{MAX_MEMBRANE_BITS, Parameters};
use crate::integer::{QuantizedLayer, QuantizedModel};
use crate::network::{NetworkDescription, Tensor};
use ndarray::Array2;
use rayon::prelude::*;

/// Number of weights per task.
const BLOCK: usize = 1 << 14;

/// Largest magnitude of an integer bias: membranes that fine-tuning computes hold no larger one.
const LARGEST_BIAS: f64 = ((1_i32 << (MAX_MEMBRANE_BITS - 1)) - 1) as f64;

/// Grids of all tensors, then of the biases of every layer that has any.
#[derive(Clone, Debug)]
pub(in crate::train) struct Grid(Vec<TensorGrid>);

/// Grid of one tensor, whose rows hold one number per output channel, padded to whole vectors.
#[derive(Clone, Debug)]
struct TensorGrid {
    /// Scale of each channel: the real value of one weight LSB.
    scales: Vec<f64>,
    /// Largest integer weight.
    largest: f64,
    /// Factor 2^G between weight LSB and membrane LSB.
    guard_factor: f64,
}

impl Grid {
    /// Builds the grid of a valid network with valid scales.
    pub(super) fn new(quantized: &QuantizedModel, scales: &[Vec<f64>]) -> Self {
        let units = input_units(&quantized.description);
        let grid = |((tensor, rows), unit): ((Tensor, Rows), f64)| {
            let layer = &quantized.layers[tensor.layer];
            let mut scales: Vec<f64> = scales[tensor.layer].iter().map(|scale| scale / unit).collect();
            // The padding of a row is 0 for any scale.
            scales.resize(rows.length, 1.0);
            TensorGrid {
                scales,
                largest: f64::from((1_i32 << (layer.weight_bits - 1)) - 1),
                guard_factor: f64::from(layer.guard_bits).exp2(),
            }
        };
        let biased = quantized.layers.iter().zip(scales);
        let of_biases = |(layer, scales): (&QuantizedLayer, &Vec<f64>)| {
            let lsb = |scale: &f64| scale / f64::from(layer.guard_bits).exp2();
            let mut scales: Vec<f64> = scales.iter().map(lsb).collect();
            scales.resize(scales.len().next_multiple_of(VECTOR), 1.0);
            TensorGrid {
                scales,
                largest: LARGEST_BIAS,
                guard_factor: 1.0,
            }
        };
        let tensors = all_rows(&quantized.description, VECTOR).into_iter().zip(units);
        let biases = biased
            .filter(|(layer, _)| !layer.biases.is_empty())
            .map(of_biases);
        Self(tensors.map(grid).chain(biases).collect())
    }

    /// Limits `masters` to the range of the integers, then rounds them to integers q·2^G.
    pub(in crate::train) fn round(&self, masters: &mut Parameters) -> Parameters {
        let mut integers = masters.clone();
        self.round_into(masters, &mut integers);
        integers
    }

    /// Rounds like [`Self::round`] into existing memory.
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

    /// Converts the result of [`Self::round`] to the integers q as matrices `[outputs, inputs]`.
    pub(in crate::train) fn to_matrices(
        &self,
        description: &NetworkDescription,
        integers: &Parameters,
    ) -> Vec<Array2<i8>> {
        #[expect(clippy::cast_possible_truncation, reason = "clamped to at most 127")]
        let integer = |grid: &TensorGrid, number: f32| (f64::from(number) / grid.guard_factor) as i8;
        let matrices = integers.to_matrices(description);
        let tensors = self.0.iter().zip(matrices);
        tensors
            .map(|(grid, matrix)| matrix.mapv(|number| integer(grid, number)))
            .collect()
    }

    /// Converts ∂loss/∂(q·2^G) to ∂loss/∂w.
    pub(in crate::train) fn to_masters(&self, gradient: &mut Parameters) {
        for (grid, gradient) in self.0.iter().zip(&mut gradient.layers) {
            let factors: Vec<f32> = grid
                .scales
                .iter()
                .map(|scale| narrow(grid.guard_factor / scale))
                .collect();
            for row in gradient.chunks_exact_mut(factors.len()) {
                for (gradient, factor) in row.iter_mut().zip(&factors) {
                    *gradient *= factor;
                }
            }
        }
    }
}

impl TensorGrid {
    /// Count of numbers per task, a multiple of the row length.
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
                // Rounds exactly like the quantizer: half away from zero.
                let q = (f64::from(*master) / scale).round();
                *integer = narrow(q.clamp(-self.largest, self.largest) * self.guard_factor);
            }
        }
    }
}

/// Converts a number computed in f64 to f32, so that it is rounded only once.
#[expect(clippy::cast_possible_truncation, reason = "the nearest f32")]
fn narrow(number: f64) -> f32 {
    number as f32
}
