//! Fully-connected synapses, worked spike by spike.
//!
//! Weights lie input-major, `[inputs, outputs]`: the weights of one source's spike are one contiguous row.

use crate::spikes::Spike;

/// The geometry of a fully-connected layer; its weights are passed in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dense {
    inputs: usize,
    outputs: usize,
}

impl Dense {
    pub(crate) const fn new(inputs: usize, outputs: usize) -> Self {
        Self { inputs, outputs }
    }

    pub(crate) const fn inputs(self) -> usize {
        self.inputs
    }

    pub(crate) const fn outputs(self) -> usize {
        self.outputs
    }

    fn row(self, weights: &[f32], source: u32) -> &[f32] {
        &weights[source as usize * self.outputs..][..self.outputs]
    }

    /// `membranes += W·s` for the spikes of one step.
    ///
    /// Four spikes share one pass over the membranes, which would otherwise be most of the memory traffic.
    pub(crate) fn accumulate(self, weights: &[f32], spikes: &[Spike], membranes: &mut [f32]) {
        let membranes = &mut membranes[..self.outputs];
        let (fours, rest) = spikes.as_chunks::<4>();
        for four in fours {
            if four.iter().any(|spike| spike.negative) {
                four.iter()
                    .for_each(|&spike| self.accumulate_one(weights, spike, membranes));
                continue;
            }
            let [a, b, c, d] = four.map(|spike| self.row(weights, spike.address));
            for ((((v, a), b), c), d) in membranes.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                *v += (a + b) + (c + d);
            }
        }
        rest.iter()
            .for_each(|&spike| self.accumulate_one(weights, spike, membranes));
    }

    fn accumulate_one(self, weights: &[f32], spike: Spike, membranes: &mut [f32]) {
        add_scaled(membranes, self.row(weights, spike.address), sign(spike));
    }

    /// `gradient += δ·s` for the spikes of one step.
    pub(crate) fn add_gradient(self, spikes: &[Spike], deltas: &[f32], gradient: &mut [f32]) {
        for &spike in spikes {
            add_scaled(self.row_mut(gradient, spike.address), deltas, sign(spike));
        }
    }

    /// [`Self::add_gradient`], and `errors += Wᵀ·δ` of the sources that fired, in one pass.
    pub(crate) fn backward(
        self,
        weights: &[f32],
        spikes: &[Spike],
        deltas: &[f32],
        gradient: &mut [f32],
        errors: &mut [f32],
    ) {
        for &spike in spikes {
            add_scaled(self.row_mut(gradient, spike.address), deltas, sign(spike));
            errors[spike.address as usize] += dot(self.row(weights, spike.address), deltas);
        }
    }

    /// What [`Self::backward`] adds up to over all steps when `deltas` are the same in every step: every
    /// source counts once, weighted with the sum of its spikes' signs.
    pub(crate) fn backward_steady(
        self,
        weights: &[f32],
        counts: &[f32],
        deltas: &[f32],
        gradient: &mut [f32],
        errors: Option<&mut [f32]>,
    ) {
        let rows = gradient.chunks_exact_mut(self.outputs);
        for (row, &count) in rows.zip(counts).filter(|&(_, &count)| count != 0.0) {
            add_scaled(row, deltas, count);
        }
        if let Some(errors) = errors {
            for (error, row) in errors.iter_mut().zip(weights.chunks_exact(self.outputs)) {
                *error += dot(row, deltas);
            }
        }
    }

    fn row_mut(self, weights: &mut [f32], source: u32) -> &mut [f32] {
        &mut weights[source as usize * self.outputs..][..self.outputs]
    }
}

const fn sign(spike: Spike) -> f32 {
    if spike.negative { -1.0 } else { 1.0 }
}

fn add_scaled(sums: &mut [f32], terms: &[f32], factor: f32) {
    for (sum, term) in sums.iter_mut().zip(terms) {
        *sum += factor * term;
    }
}

/// Dot product in eight partial sums, so that the compiler may use vectors: floating-point sums may not
/// otherwise be reordered.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    let [s0, s1, s2, s3, s4, s5, s6, s7] = sums;
    ((s0 + s4) + (s1 + s5)) + ((s2 + s6) + (s3 + s7)) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 5 sources, 11 neurons: neither a multiple of a block.
    const DENSE: Dense = Dense::new(5, 11);

    fn weights() -> Vec<f32> {
        (0..55u8).map(|index| f32::from(index % 17) - 8.0).collect()
    }

    fn deltas() -> Vec<f32> {
        (0..11u8).map(|index| f32::from(index) - 4.0).collect()
    }

    fn spikes(list: &[(u32, bool)]) -> Vec<Spike> {
        list.iter()
            .map(|&(address, negative)| Spike { address, negative })
            .collect()
    }

    /// All numbers are small whole ones, so that every order of sums is exact.
    #[test]
    fn spikes_add_their_signed_rows_in_blocks_or_alone() {
        for list in [
            spikes(&[(0, false), (1, false), (2, false), (3, false), (4, false)]),
            spikes(&[(0, false), (1, true), (2, false), (4, true)]),
            spikes(&[(3, true), (4, false)]),
            spikes(&[]),
        ] {
            let mut membranes = vec![1.0; 11];
            DENSE.accumulate(&weights(), &list, &mut membranes);
            for (neuron, &membrane) in membranes.iter().enumerate() {
                let row = |spike: &Spike| weights()[spike.address as usize * 11 + neuron] * sign(*spike);
                let expected = 1.0 + list.iter().map(row).sum::<f32>();
                assert!(
                    (membrane - expected).abs() < 1e-6,
                    "neuron {neuron}: {membrane}, expected {expected}"
                );
            }
        }
    }

    #[test]
    fn backward_is_the_transpose_and_the_outer_product() {
        let list = spikes(&[(1, false), (3, true)]);
        let (mut gradient, mut errors) = (vec![0.5; 55], vec![0.25; 5]);
        DENSE.backward(&weights(), &list, &deltas(), &mut gradient, &mut errors);
        for source in 0..5 {
            let factor = [0.0, 1.0, 0.0, -1.0, 0.0][source];
            for (neuron, delta) in deltas().iter().enumerate() {
                assert!((gradient[source * 11 + neuron] - (0.5 + factor * delta)).abs() < 1e-6);
            }
            let sum: f32 = deltas()
                .iter()
                .zip(&weights()[source * 11..])
                .map(|(a, b)| a * b)
                .sum();
            let expected = 0.25 + if factor == 0.0 { 0.0 } else { sum };
            assert!((errors[source] - expected).abs() < 1e-6, "source {source}");
        }
    }

    #[test]
    fn steady_deltas_give_the_sum_over_all_steps() {
        let steps = [
            spikes(&[(0, false), (2, false)]),
            spikes(&[(2, false), (4, true)]),
            spikes(&[(2, true)]),
        ];
        let (mut gradient, mut errors) = (vec![0.0; 55], vec![0.0; 5]);
        for step in &steps {
            DENSE.add_gradient(step, &deltas(), &mut gradient);
        }
        let mut steady = vec![0.0; 55];
        DENSE.backward_steady(
            &weights(),
            &[1.0, 0.0, 1.0, 0.0, -1.0],
            &deltas(),
            &mut steady,
            Some(&mut errors),
        );
        assert_eq!(steady, gradient);
        assert!((errors[3] - dot(&weights()[33..44], &deltas())).abs() < 1e-6);
    }
}
