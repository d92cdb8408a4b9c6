//! Forward and backward pass of a batch under the second training rule, on the threads of the caller's pool.

use crate::Result;
use crate::float::{Batch, FewSteps, Parameters, Slope};
use crate::network::{InputCoding, NetworkDescription, NetworkError};
use crate::random::Random;

/// Largest value of an input with [`InputCoding::Direct`].
const FULL_SCALE: f32 = 255.0;

/// Number of times that the range of β is halved.
const HALVINGS: usize = 14;

/// Largest number of parts of a batch that have a gradient of their own.
const PIECES: usize = 8;

/// Network that processes the same batch again and again under the second rule, forward and backward. The parameters
/// stay unchanged.
///
/// ```
/// use synfire_golden_model::network::{InputCoding, NetworkDescription, Readout};
/// use synfire_golden_model::workload::BatchPass;
///
/// let mut network = NetworkDescription::from_compact("8C3p1-P2t0.1-10@1x8x8", None)?;
/// (network.steps, network.coding, network.readout) = (4, InputCoding::Direct, Readout::Sum);
/// let mut pass = BatchPass::initial(&network, 16, 1)?;
/// let operations = pass.forward();
/// pass.backward();
/// assert_eq!(pass.forward(), operations);
/// # Ok::<(), synfire_golden_model::Error>(())
/// ```
#[derive(Debug)]
pub struct BatchPass {
    network: FewSteps,
    parameters: Parameters,
    batch: Batch,
    steps: usize,
    layers: usize,
}

impl BatchPass {
    /// Creates a pass with the initial parameters of a training run and a batch of random images; `seed` determines both.
    ///
    /// With [`InputCoding::Direct`], an input has one value for all steps, equally likely from 0 to 255. Otherwise every
    /// fifth input is 1 in a step.
    ///
    /// # Errors
    /// If the network is invalid, the rule has no use for it, or `images` is 0.
    pub fn initial(description: &NetworkDescription, images: usize, seed: u64) -> Result<Self> {
        description.validate()?;
        FewSteps::check(description)?;
        if images == 0 {
            return Err(NetworkError::Value {
                network: description.name.clone(),
                field: "number of images of the batch".into(),
                found: images.to_string(),
                wanted: "at least 1".into(),
            }
            .into());
        }
        let network = FewSteps::new(description, Slope::default(), 0.0);
        let mut batch = network.batch(images, images.div_ceil(PIECES), &network.zeros(description));
        let mut random = Random::new(seed);
        let direct = description.coding == InputCoding::Direct;
        for (number, image) in batch.images.iter_mut().enumerate() {
            image.restart(number % description.classes());
            for _ in 0..if direct { 1 } else { description.steps } {
                let mut value = || {
                    let share = random.uniform();
                    if direct {
                        whole(share * FULL_SCALE)
                    } else {
                        i16::from(share < 0.2)
                    }
                };
                let values: Vec<i16> = (0..description.input.size()).map(|_| value()).collect();
                image.push(&values, description.coding.unit());
            }
        }
        Ok(Self {
            parameters: network.initial(description, seed),
            batch,
            network,
            steps: description.steps,
            layers: description.layers.len(),
        })
    }

    /// Runs the batch forward, normalized by its own statistics; returns the number of synaptic operations.
    pub fn forward(&mut self) -> u64 {
        let images = self.batch.images.len();
        self.network
            .forward(&self.parameters, &mut self.batch, images, self.steps);
        let operations =
            |image| (0..self.layers).map(move |layer| crate::float::Image::operations(image, layer));
        self.batch.images.iter().flat_map(operations).sum()
    }

    /// Chooses β of all layers so that neurons fire at `rate`, the spikes per neuron and step of all layers with weights
    /// together; returns the rate that they have then.
    pub fn set_rate(&mut self, rate: f64) -> f64 {
        // The drive has mean 0 and deviation 1, so that the threshold is far away at both ends.
        let (mut low, mut high) = (-8.0, 8.0);
        for _ in 0..HALVINGS {
            let beta = f32::midpoint(low, high);
            self.network.set_shifts(&mut self.parameters, beta);
            self.forward();
            if self.rate() < rate {
                low = beta;
            } else {
                high = beta;
            }
        }
        self.rate()
    }

    /// Spikes per neuron and step of all layers with weights together, in the last forward pass.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.network.rate(&self.batch)
    }

    /// Synaptic operations of a backward pass, after [`Self::forward`]: of the gradient and of the errors.
    #[must_use]
    pub fn backward_operations(&self) -> u64 {
        self.network.backward_operations(&self.batch)
    }

    /// Runs the batch backward, after [`Self::forward`].
    pub fn backward(&mut self) {
        let images = self.batch.images.len();
        self.network
            .backward(&self.parameters, &mut self.batch, images, self.steps);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the next whole number, at most 255"
)]
fn whole(value: f32) -> i16 {
    value.round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Readout;

    fn network(text: &str, coding: InputCoding) -> NetworkDescription {
        let mut network = NetworkDescription::from_compact(text, None).unwrap();
        (network.steps, network.coding, network.readout) = (4, coding, Readout::Sum);
        network
    }

    /// Without a hidden layer, the operations are those of the input alone.
    #[test]
    fn operations_are_inputs_times_their_fan_out() {
        let direct = network("10@1x16x16", InputCoding::Direct);
        let operations = BatchPass::initial(&direct, 8, 1).unwrap().forward() as f64;
        // About one value in 510 is 0.
        let all = f64::from(8 * 4 * 256 * 10);
        assert!((0.98..=1.0).contains(&(operations / all)), "{operations}");
        let poisson = network("10@1x16x16", InputCoding::Poisson);
        let operations = BatchPass::initial(&poisson, 8, 1).unwrap().forward() as f64;
        assert!((0.18..0.22).contains(&(operations / all)), "{operations}");
    }

    #[test]
    fn both_passes_may_be_repeated_and_the_seed_determines_them() {
        let network = network("6C3p1-P2t0.1-20-4@2x6x6", InputCoding::Direct);
        let run = |seed, times| {
            let mut pass = BatchPass::initial(&network, 9, seed).unwrap();
            let mut operations = 0;
            for _ in 0..times {
                operations = pass.forward();
                pass.backward();
            }
            (operations, pass.batch.gradients)
        };
        assert!(run(1, 1) == run(1, 3));
        assert!(run(1, 1) != run(2, 1));
    }

    #[test]
    fn operations_of_both_passes_follow_the_rate() {
        let network = network("16C3p1-P2t0.1-24C3p1-24C3p1+2-40-4@2x12x12", InputCoding::Direct);
        let mut pass = BatchPass::initial(&network, 6, 1).unwrap();
        let mut before = (0, 0);
        for rate in [0.02, 0.1, 0.3] {
            let found = pass.set_rate(rate);
            assert!((found - rate).abs() < 0.2 * rate, "{found} for {rate}");
            let operations = (pass.forward(), pass.backward_operations());
            assert!(operations.0 > before.0 && operations.1 > before.1, "{rate}");
            before = operations;
        }
    }

    /// With weights from the input alone, both passes take every value: the forward pass in every step, the backward pass
    /// once.
    #[test]
    fn operations_of_a_steady_input_are_those_of_one_step() {
        let direct = network("10@1x16x16", InputCoding::Direct);
        let mut pass = BatchPass::initial(&direct, 8, 1).unwrap();
        assert_eq!(pass.forward(), 4 * pass.backward_operations());
    }

    #[test]
    fn a_batch_needs_an_image_and_a_network_for_the_rule() {
        let error = |network: &NetworkDescription, images| {
            BatchPass::initial(network, images, 1).err().unwrap().to_string()
        };
        let valid = network("10@1x4x4", InputCoding::Direct);
        let found = error(&valid, 0);
        assert!(
            found.contains("number of images of the batch is 0, but must be at least 1"),
            "{found}"
        );
        let leaky = NetworkDescription {
            readout: Readout::Leak,
            ..valid
        };
        assert!(error(&leaky, 1).contains("readout is leak"));
    }
}
