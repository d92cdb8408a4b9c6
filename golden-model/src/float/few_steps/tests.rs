use super::*;
use crate::events::Dispatch;
use crate::float::Parameters;
use crate::network::{InputCoding, NetworkDescription, Readout, Reset};
use crate::random::Random;

/// Number of images of the batch.
const IMAGES: usize = 5;

/// Network with every kind of layer, and numbers of channels that do and do not fill vectors.
fn network(reset: Reset, coding: InputCoding) -> NetworkDescription {
    // Pooling that fires on any spike goes with a reset to zero only.
    let text = match reset {
        Reset::Zero => "5C3p1-16C3p1-P2t0.1-20C3p1-16C3p1=3-7C3s2p1+3s2-P2-33-4@2x8x8",
        Reset::Subtract => "5C3p1-16C3p1-P2t0.3-20C3p1-16C3p1=3-7C3s2p1+3s2-P2-33-4@2x8x8",
    };
    let mut network = NetworkDescription::from_compact(text, None).unwrap();
    (network.steps, network.leak, network.readout) = (3, 0.75, Readout::Sum);
    (network.reset, network.coding) = (reset, coding);
    network
}

/// Parameters that let neurons of every layer fire.
fn parameters(network: &FewSteps, description: &NetworkDescription) -> Parameters {
    let mut random = Random::new(2);
    let mut parameters = network.initial(description, 1);
    for stage in &network.stages {
        let channels = stage.layer.layout.shape.channels;
        for place in stage.scale.into_iter().chain(stage.shift) {
            parameters.layers[place][..channels].fill_with(|| 0.2 + random.uniform());
        }
    }
    parameters
}

/// Bits of all results of a batch.
#[derive(Debug, PartialEq, Eq)]
struct Bits {
    outputs: Vec<u32>,
    losses: Vec<u64>,
    spikes: Vec<Vec<usize>>,
    gradients: Vec<u32>,
    statistics: Vec<u32>,
}

fn run(description: &NetworkDescription, slope: Slope, dispatch: Dispatch) -> Bits {
    let network = FewSteps::new(description, slope, 0.01).with_dispatch(dispatch);
    let parameters = parameters(&network, description);
    let mut batch = network.batch(IMAGES, 2, &network.zeros(description));
    let mut random = Random::new(3);
    let given = if description.coding == InputCoding::Direct {
        1
    } else {
        3
    };
    let largest = if description.coding == InputCoding::Direct {
        255.0
    } else {
        4.0
    };
    for (number, image) in batch.images.iter_mut().enumerate() {
        image.restart(number % 4);
        for _ in 0..given {
            let mut value = || {
                let value = largest * (3.0 * random.uniform() - 1.5).clamp(-1.0, 1.0);
                #[expect(clippy::cast_possible_truncation, reason = "within +-255")]
                {
                    value as i16
                }
            };
            let values: Vec<i16> = (0..description.input.size()).map(|_| value()).collect();
            image.push(&values, description.coding.unit());
        }
    }
    network.forward(&parameters, &mut batch, IMAGES, 3);
    network.backward(&parameters, &mut batch, IMAGES, 3);
    let bits = |numbers: &[f32]| -> Vec<u32> { numbers.iter().map(|number| number.to_bits()).collect() };
    let layers = 0..description.layers.len() - 1;
    let fired = |image: &Image| -> Vec<Vec<usize>> {
        layers.clone().map(|layer| image.fired(layer).collect()).collect()
    };
    Bits {
        outputs: batch
            .images
            .iter()
            .flat_map(|image| bits(&image.output))
            .collect(),
        losses: batch.images.iter().map(|image| image.loss.to_bits()).collect(),
        spikes: batch.images.iter().flat_map(fired).collect(),
        gradients: batch
            .gradients
            .iter()
            .flat_map(|gradient| &gradient.layers)
            .flat_map(|layer| bits(layer))
            .collect(),
        statistics: batch
            .norms
            .iter()
            .flat_map(|norm| [bits(&norm.mean), bits(&norm.variance)].concat())
            .collect(),
    }
}

#[test]
fn all_kinds_of_vectors_give_the_same_bits() {
    for (slope, reset, coding) in [
        (Slope::Triangle, Reset::Zero, InputCoding::Direct),
        (Slope::Rectangle, Reset::Subtract, InputCoding::Poisson),
        (Slope::Triangle, Reset::Subtract, InputCoding::Counts),
        (Slope::Rectangle, Reset::Zero, InputCoding::Direct),
    ] {
        let description = network(reset, coding);
        let wanted = run(&description, slope, Dispatch::scalar());
        let layers = description.layers.len() - 1;
        let silent = |layer: usize| (0..IMAGES).all(|image| wanted.spikes[image * layers + layer].is_empty());
        assert_eq!(
            (0..layers).find(|&layer| silent(layer)),
            None,
            "a layer is silent"
        );
        assert!(wanted.gradients.iter().any(|&bits| bits != 0));
        for dispatch in Dispatch::all() {
            let found = run(&description, slope, dispatch);
            assert!(found == wanted, "{dispatch:?}, {slope:?}, {reset:?}, {coding:?}");
        }
    }
}
