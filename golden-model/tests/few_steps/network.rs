//! A network as lists of synapses, its parameters in f64, and the batch that it sees.

use crate::synapses::{Synapse, synapses};
use ndarray::Array2;
use synfire_golden_model::float::{FewStepsParameters, Slope};
use synfire_golden_model::network::{Graph, LayerKind, NetworkDescription, Shape, Source};

/// Numbers of one layer, `[image][step][neuron]` with neurons in C, H, W order.
pub(crate) type Map = Vec<Vec<Vec<f64>>>;

/// Parameters or their gradients, as in [`FewStepsParameters`].
#[derive(Clone, Debug)]
pub(crate) struct Numbers {
    pub(crate) weights: Vec<Array2<f64>>,
    pub(crate) scales: Vec<Vec<f64>>,
    pub(crate) shifts: Vec<Vec<f64>>,
}

impl Numbers {
    pub(crate) fn new(parameters: &FewStepsParameters) -> Self {
        let wide = |lists: &[Vec<f32>]| -> Vec<Vec<f64>> {
            lists
                .iter()
                .map(|list| list.iter().copied().map(f64::from).collect())
                .collect()
        };
        Self {
            weights: parameters
                .weights
                .iter()
                .map(|matrix| matrix.mapv(f64::from))
                .collect(),
            scales: wide(&parameters.scales),
            shifts: wide(&parameters.shifts),
        }
    }

    /// Zeros in the same shape.
    pub(crate) fn zeros(&self) -> Self {
        let zeros = |lists: &[Vec<f64>]| lists.iter().map(|list| vec![0.0; list.len()]).collect();
        Self {
            weights: self
                .weights
                .iter()
                .map(|matrix| Array2::zeros(matrix.raw_dim()))
                .collect(),
            scales: zeros(&self.scales),
            shifts: zeros(&self.shifts),
        }
    }

    /// All lists with their names, in one order.
    pub(crate) fn lists(&self) -> Vec<(String, Vec<f64>)> {
        let weights = self.weights.iter().map(|matrix| matrix.iter().copied().collect());
        let named = |kind: &'static str, lists: Vec<Vec<f64>>| {
            lists
                .into_iter()
                .enumerate()
                .map(move |(index, list)| (format!("{kind} {index}"), list))
        };
        named("tensor", weights.collect())
            .chain(named("scale of layer", self.scales.clone()))
            .chain(named("shift of layer", self.shifts.clone()))
            .collect()
    }

    /// One number of the lists of [`Self::lists`].
    pub(crate) fn entry(&mut self, list: usize, index: usize) -> &mut f64 {
        let (tensors, scales) = (self.weights.len(), self.scales.len());
        if list < tensors {
            let columns = self.weights[list].ncols();
            &mut self.weights[list][[index / columns, index % columns]]
        } else if list < tensors + scales {
            &mut self.scales[list - tensors][index]
        } else {
            &mut self.shifts[list - tensors - scales][index]
        }
    }
}

/// What a pass needs besides the parameters.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) description: NetworkDescription,
    pub(crate) graph: Graph,
    /// Synapses into every layer.
    pub(crate) synapses: Vec<Vec<Synapse>>,
    pub(crate) slope: Slope,
    /// Price of a spike of every layer: ρ·F, with F the membrane words that it touches.
    pub(crate) prices: Vec<f64>,
}

impl Network {
    pub(crate) fn new(description: &NetworkDescription, slope: Slope, price: f64) -> Self {
        let graph = description.graph().expect("a valid network");
        let indices = 0..graph.nodes.len();
        Self {
            synapses: indices
                .clone()
                .map(|index| synapses(description, &graph, index))
                .collect(),
            prices: indices
                .map(|index| price * words(description, &graph, index))
                .collect(),
            description: description.clone(),
            graph,
            slope,
        }
    }

    /// Shape of the output of layer `index`.
    pub(crate) fn shape(&self, index: usize) -> Shape {
        self.graph.nodes[index].output
    }

    /// Channel of a neuron of layer `index`.
    pub(crate) fn channel(&self, index: usize, neuron: usize) -> usize {
        let shape = self.shape(index);
        neuron / (shape.height * shape.width)
    }

    /// Zeros for every neuron of layer `index`, image and step.
    pub(crate) fn map(&self, index: usize, images: usize) -> Map {
        vec![vec![vec![0.0; self.shape(index).size()]; self.description.steps]; images]
    }

    /// Whether layer `index` pools, and if so the number of spikes in one window above which a neuron fires.
    pub(crate) fn pooling(&self, index: usize) -> Option<(f64, f64)> {
        let layer = &self.description.layers[index];
        match layer.kind {
            LayerKind::Pool { kernel } => {
                let area = (kernel * kernel) as f64;
                Some((area, f64::from(layer.threshold()) * area))
            }
            _ => None,
        }
    }

    /// Whether layer `index` is the output layer.
    pub(crate) fn reads_out(&self, index: usize) -> bool {
        index + 1 == self.graph.nodes.len()
    }

    /// Surrogate derivative of firing.
    pub(crate) fn slope_at(&self, potential: f64) -> f64 {
        let distance = (potential - 1.0).abs();
        match self.slope {
            Slope::Triangle => (1.0 - distance).max(0.0),
            Slope::Rectangle => f64::from(u8::from(distance < 0.5)),
            _ => unreachable!("both slopes"),
        }
    }

    /// Integral of the surrogate derivative: 0 far below the threshold, 1 far above.
    pub(crate) fn integral_at(&self, potential: f64) -> f64 {
        match self.slope {
            Slope::Triangle if potential < 1.0 => potential.max(0.0).powi(2) / 2.0,
            Slope::Triangle => 1.0 - (2.0 - potential).max(0.0).powi(2) / 2.0,
            Slope::Rectangle => (potential - 0.5).clamp(0.0, 1.0),
            _ => unreachable!("both slopes"),
        }
    }
}

/// Membrane words that a spike of layer `index` touches on average: (kernel/stride)² for a convolution and for the path
/// of a junction, 1 for any other layer, summed over the layers that it feeds.
fn words(description: &NetworkDescription, graph: &Graph, index: usize) -> f64 {
    let mut words = 0.0;
    for (layer, node) in description.layers.iter().zip(&graph.nodes) {
        if node.source == Source::Layer(index) {
            words += match layer.kind {
                LayerKind::Conv { kernel, stride, .. } => (kernel as f64 / stride as f64).powi(2),
                _ => 1.0,
            };
        }
        if let Some(junction) = &node.junction
            && junction.source == Source::Layer(index)
        {
            words += 1.0 / (junction.stride * junction.stride) as f64;
        }
    }
    words
}

/// Images of a batch: their values, `[image][step][input]` in C, H, W order, and labels.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    /// An image of one step shows it in all steps.
    pub(crate) inputs: Vec<Vec<Vec<i16>>>,
    pub(crate) labels: Vec<usize>,
    /// Real number for which the value 1 stands.
    pub(crate) unit: f64,
}

impl Batch {
    /// Number of images.
    pub(crate) const fn len(&self) -> usize {
        self.labels.len()
    }

    /// Value of an input.
    pub(crate) fn value(&self, image: usize, t: usize, input: usize) -> f64 {
        let steps = &self.inputs[image];
        f64::from(steps[if steps.len() == 1 { 0 } else { t }][input]) * self.unit
    }
}
