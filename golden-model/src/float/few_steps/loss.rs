//! Cross-entropy of every step.

/// Writes the gradient of the loss of one step by its outputs to `deltas`, times `factor`; returns the loss
/// −ln softmax(output) of the label.
pub(super) fn cross_entropy(output: &[f32], label: usize, factor: f32, deltas: &mut [f32]) -> f64 {
    let largest = output.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b));
    let mut sum = 0.0;
    for (delta, y) in deltas.iter_mut().zip(output) {
        *delta = (y - largest).exp();
        sum += *delta;
    }
    for (class, delta) in deltas[..output.len()].iter_mut().enumerate() {
        let wanted = if class == label { 1.0 } else { 0.0 };
        *delta = factor * (*delta / sum - wanted);
    }
    f64::from(sum).ln() + f64::from(largest) - f64::from(output[label])
}

#[cfg(test)]
mod tests {
    use super::cross_entropy;

    #[test]
    fn equal_outputs_are_equally_likely() {
        let mut deltas = [9.0; 16];
        let loss = cross_entropy(&[3.0; 4], 1, 2.0, &mut deltas);
        assert!((loss - 4.0_f64.ln()).abs() < 1e-6);
        assert_eq!(deltas[..5], [0.5, -1.5, 0.5, 0.5, 9.0]);
    }

    #[test]
    fn large_outputs_do_not_overflow() {
        let mut deltas = [0.0; 2];
        let loss = cross_entropy(&[1000.0, -1000.0], 1, 1.0, &mut deltas);
        assert_eq!((loss, deltas), (2000.0, [1.0, -1.0]));
    }
}
