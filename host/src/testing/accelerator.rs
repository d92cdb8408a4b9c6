//! A substitute for the accelerator: a function of the input spikes that is easy to compute and unlikely to be right by
//! chance.

use super::chunks::Event;
use crate::protocol::{InferenceResult, LayerCounters, Spike};

/// One layer of leaky integrators: in each step `m += Σ ±w(address, class, salt)`, then `m −= m >> 3`. The salt
/// represents the loaded weights.
///
/// The order of spikes within a step does not matter. The potentials change if a spike is lost, doubled or moved to
/// another step, or if a step is lost or doubled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToyAccelerator {
    potentials: Vec<i32>,
    salt: u32,
    steps: u32,
    cycles: u32,
    spikes: u32,
}

impl ToyAccelerator {
    /// An accelerator with `classes` classes.
    #[must_use]
    pub fn new(classes: u16) -> Self {
        Self {
            potentials: vec![0; classes.into()],
            salt: 0,
            steps: 0,
            cycles: 0,
            spikes: 0,
        }
    }

    /// Replaces the weights by those of another salt.
    pub const fn set_salt(&mut self, salt: u32) {
        self.salt = salt;
    }

    /// Returns the correct result of an inference of these steps.
    #[must_use]
    pub fn answer(classes: u16, steps: &[Vec<u32>]) -> InferenceResult {
        let mut accelerator = Self::new(classes);
        for step in steps {
            step.iter()
                .for_each(|&address| accelerator.take(Event::Spike(address.into())));
            accelerator.take(Event::StepEnd);
        }
        accelerator.result()
    }

    /// Returns the lead: the largest potential minus the second largest.
    #[must_use]
    pub fn lead(&self) -> u32 {
        let mut sorted = self.potentials.clone();
        sorted.sort_unstable();
        match sorted[..] {
            [.., second, first] => first.abs_diff(second),
            _ => u32::MAX - 1,
        }
    }

    /// Processes one event.
    pub fn take(&mut self, event: Event) {
        self.cycles += 1;
        match event {
            Event::Spike(Spike { address, value }) => {
                self.spikes += 1;
                for (class, potential) in (0..).zip(&mut self.potentials) {
                    let weight = weight(address, class ^ self.salt);
                    *potential += weight * i32::from(value);
                }
            }
            Event::StepEnd => {
                self.steps += 1;
                self.potentials
                    .iter_mut()
                    .for_each(|potential| *potential -= *potential >> 3);
            }
        }
    }

    /// Starts a new inference.
    pub fn clear(&mut self) {
        self.potentials.fill(0);
        (self.steps, self.cycles, self.spikes) = (0, 0, 0);
    }

    /// Returns the potentials and the numbers of steps and cycles since the last clear.
    #[must_use]
    pub fn result(&self) -> InferenceResult {
        InferenceResult {
            steps: self.steps,
            cycles: self.cycles,
            potentials: self.potentials.clone(),
        }
    }

    /// Returns the activity since the last clear.
    #[must_use]
    pub const fn counters(&self) -> LayerCounters {
        LayerCounters {
            spikes_in: self.spikes,
            spikes_out: 0,
            busy_cycles: self.cycles,
        }
    }
}

/// Returns a weight in −32768..=32767, different for each address and class.
fn weight(address: u32, class: u32) -> i32 {
    let hash =
        (address.wrapping_mul(0x9E37_79B1) ^ class.wrapping_mul(0x85EB_CA77)).wrapping_mul(0xC2B2_AE3D);
    i32::try_from(hash >> 16).map_or(0, |weight| weight - 0x8000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spike_and_every_step_counts() {
        let steps = [vec![1, 2], vec![], vec![3]];
        let answer = ToyAccelerator::answer(4, &steps);
        assert_eq!((answer.steps, answer.cycles, answer.potentials.len()), (3, 6, 4));
        let variants: [&[Vec<u32>]; 5] = [
            &[vec![1], vec![], vec![3]],
            &[vec![1, 2, 2], vec![], vec![3]],
            &[vec![1, 2], vec![3], vec![]],
            &[vec![1, 2], vec![3]],
            &[vec![1, 2], vec![], vec![], vec![3]],
        ];
        for variant in variants {
            assert_ne!(
                ToyAccelerator::answer(4, variant).potentials,
                answer.potentials,
                "{variant:?}"
            );
        }
        assert_eq!(
            ToyAccelerator::answer(4, &[vec![2, 1], vec![], vec![3]]),
            answer,
            "order within a step"
        );
    }
}
