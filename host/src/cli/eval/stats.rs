//! Savings of spikes compared with dense neurons, and the accuracy after fewer steps.

use super::super::inference::float;
use super::super::table::{count, percent, table};
use serde::Serialize;
use synfire_golden_model::evaluation::{ADDITION_PJ, MULTIPLY_ACCUMULATE_PJ, Sparsity};

/// Loss of accuracy that [`Stats::steps_needed`] allows, as a share of the images.
const TOLERANCE: f64 = 0.001;

/// Cost of an inference, and accuracy after fewer steps.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Stats {
    #[serde(flatten)]
    sparsity: Sparsity,
    /// Accuracy if the output is read after 1, 2, 3, … steps.
    pub(super) accuracy_by_step: Vec<f64>,
    /// Smallest number of steps from which on the accuracy is at most 0.1 points below that of the last step.
    steps_needed: usize,
}

impl Stats {
    pub(super) fn new(sparsity: Sparsity, correct_by_step: &[usize], images: usize) -> Self {
        let accuracy = |&correct: &usize| float(correct as u64) / float(images.max(1) as u64);
        let accuracy_by_step: Vec<f64> = correct_by_step.iter().map(accuracy).collect();
        let least = accuracy_by_step.last().copied().unwrap_or(0.0) - TOLERANCE - 1e-12;
        let worse = accuracy_by_step.iter().rposition(|&accuracy| accuracy < least);
        Self {
            sparsity,
            accuracy_by_step,
            steps_needed: worse.map_or(1, |worse| worse + 2),
        }
    }
}

/// Returns which numbers of steps to show: close together at first, then farther apart, and the last.
fn shown(steps: usize) -> Vec<usize> {
    let decades = std::iter::successors(Some(1_usize), |decade| decade.checked_mul(10));
    let marks = decades.flat_map(|decade| [10, 15, 20, 30, 50, 70].map(|tenths| tenths * decade / 10));
    let mut shown: Vec<usize> = marks.take_while(|&mark| mark < steps).collect();
    shown.dedup();
    shown.push(steps);
    shown
}

impl std::fmt::Display for Stats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sparsity = &self.sparsity;
        let mut rows = table([
            "per inference",
            "neurons",
            "spikes",
            "rate",
            "synaptic operations",
            "dense: multiply-accumulates",
            "additions",
            "ratio",
        ]);
        let rate = |rate: f64| format!("{rate:.4}");
        let ratio = |ratio: f64| format!("{ratio:.3}");
        rows.add_row([
            "input".to_owned(),
            String::new(),
            count(sparsity.input_spikes),
            rate(sparsity.input_rate),
        ]);
        for layer in &sparsity.layers {
            rows.add_row([
                layer.layer.clone(),
                layer.neurons.to_string(),
                count(layer.spikes),
                rate(layer.rate),
                count(layer.synaptic_operations),
                count(float(layer.dense.multiply_accumulates)),
                count(float(layer.dense.additions)),
                ratio(layer.ratio),
            ]);
        }
        rows.add_row([
            "total".to_owned(),
            String::new(),
            count(sparsity.spikes),
            String::new(),
            count(sparsity.synaptic_operations),
            count(float(sparsity.dense.multiply_accumulates)),
            count(float(sparsity.dense.additions)),
            ratio(sparsity.ratio),
        ]);
        writeln!(f, "{rows}")?;
        writeln!(
            f,
            "energy of the arithmetic in 45 nm, with {ADDITION_PJ} pJ per addition and {MULTIPLY_ACCUMULATE_PJ} pJ per \
             multiply-accumulate of 32-bit floats: {:.0} nJ; dense neurons: {:.0} nJ, {:.2} times as much",
            sparsity.energy_nj,
            sparsity.dense_energy_nj,
            sparsity.dense_energy_nj / sparsity.energy_nj
        )?;
        writeln!(
            f,
            "not included: memory, and {} neuron updates (one comparison and one leak each), which dense neurons do not have",
            count(float(sparsity.neuron_updates))
        )?;
        let mut rows = table(["steps", "accuracy"]);
        for steps in shown(self.accuracy_by_step.len()) {
            if let Some(accuracy) = steps
                .checked_sub(1)
                .and_then(|last| self.accuracy_by_step.get(last))
            {
                rows.add_row([steps.to_string(), percent(*accuracy)]);
            }
        }
        writeln!(f, "{rows}")?;
        write!(
            f,
            "reading the output after {} or more steps costs at most 0.1 points of accuracy",
            self.steps_needed
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use synfire_golden_model::network::NetworkDescription;

    fn stats(correct_by_step: &[usize]) -> Stats {
        let network = NetworkDescription::preset("digits").unwrap();
        let sparsity = Sparsity::new(&network, &[300.0, 40.0], &[19_200.0, 400.0]);
        Stats::new(sparsity, correct_by_step, 2000)
    }

    #[test]
    fn twelve_of_a_hundred_steps_are_shown() {
        assert_eq!(shown(100), [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100]);
        assert_eq!(shown(16), [1, 2, 3, 5, 7, 10, 15, 16]);
        assert_eq!(shown(1), [1]);
        assert_eq!(shown(10), [1, 2, 3, 5, 7, 10]);
    }

    #[test]
    fn steps_needed_are_those_after_the_last_that_is_worse() {
        // 2 of 2000 images are 0.1 points.
        assert_eq!(stats(&[500, 1900, 1000, 1898, 1910, 1900]).steps_needed, 4);
        assert_eq!(stats(&[500, 1900, 1000, 1897, 1910, 1900]).steps_needed, 5);
        assert_eq!(stats(&[1900, 1900]).steps_needed, 1);
        assert_eq!(stats(&[1000, 1900]).steps_needed, 2);
    }

    #[test]
    fn the_text_has_every_layer_and_step() {
        let text = stats(&[500, 1900]).to_string();
        for part in [
            "hidden",
            "out",
            "300",
            "19 200",
            "4 096",
            "25.00 %",
            "95.00 %",
            "after 2 or more steps",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
