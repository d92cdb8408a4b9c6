//! State of a batch: one image beside the other, layer by layer over all steps.

use super::FewSteps;
use super::parameters::Norm;
use crate::events::{ImageMemory, Layout, Numbers, SpikeLists, zeros};
use crate::float::Parameters;
use crate::float::engine::Dynamics;
use crate::float::synapses::{ChannelOrder, GradedEvents};

/// State of one layer for one image; all maps are `[steps, neurons]`.
#[derive(Clone, Debug)]
pub(super) struct Map {
    /// z; for a pooling layer the number of spikes of the window.
    pub(super) drive: Numbers,
    /// What identity paths bring; empty if there are none.
    pub(super) plain: Numbers,
    /// e, then ε, then δ.
    pub(super) errors: Numbers,
    pub(super) spikes: SpikeLists,
    /// Neurons whose errors are wanted: those whose slope is not 0.
    pub(super) active: SpikeLists,
    /// Sums over one image, per channel.
    pub(super) sums: [Vec<f64>; 2],
    /// Number of synaptic operations into the layer.
    pub(super) operations: u64,
}

/// Scratch memory of one image.
#[derive(Clone, Debug)]
pub(super) struct Scratch {
    pub(super) rest: Numbers,
    pub(super) sums: [Numbers; 2],
}

/// State of one image of a batch.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub(super) input: Input,
    pub(super) maps: Vec<Map>,
    pub(super) scratch: Scratch,
    /// y, `[steps, classes]`.
    pub(crate) output: Vec<f32>,
    pub(crate) label: usize,
    pub(crate) loss: f64,
    /// Number of input events.
    pub(crate) input_events: u64,
}

/// What the neurons of a layer fire from, and the lists that they fire into.
pub(super) struct Firing<'a> {
    pub(super) drive: &'a mut [f32],
    pub(super) plain: &'a [f32],
    /// What each neuron starts the next step from.
    pub(super) rest: &'a mut [f32],
    pub(super) spikes: &'a mut SpikeLists,
    pub(super) active: &'a mut SpikeLists,
}

impl Image {
    /// Starts the neurons of layer `index` at rest, with empty lists.
    pub(super) fn firing(&mut self, index: usize, neurons: usize) -> Firing<'_> {
        let Map {
            drive,
            plain,
            spikes,
            active,
            ..
        } = &mut self.maps[index];
        let rest = &mut self.scratch.rest[..neurons];
        rest.fill(0.0);
        spikes.clear();
        active.clear();
        Firing {
            drive,
            plain,
            rest,
            spikes,
            active,
        }
    }
}

/// Values of the inputs that are not 0, step by step.
#[derive(Clone, Debug)]
pub(super) struct Input {
    /// Number in C, H, W order of every address.
    numbers: Vec<u32>,
    addresses: Vec<u32>,
    values: Vec<f32>,
    ends: Vec<usize>,
}

impl Input {
    /// Creates an empty input with room for every value of every step, which is reserved, but not used.
    fn new(layout: Layout, steps: usize) -> Self {
        let number = |address| u32::try_from(layout.number(address)).unwrap_or(u32::MAX);
        let all = layout.size() * steps;
        Self {
            numbers: (0..layout.size()).map(number).collect(),
            addresses: Vec::with_capacity(all),
            values: Vec::with_capacity(all),
            ends: Vec::with_capacity(steps),
        }
    }

    /// Whether all steps have the values of the first.
    pub(super) const fn is_steady(&self) -> bool {
        self.ends.len() == 1
    }

    /// Values of step `t`.
    pub(super) fn step(&self, t: usize) -> GradedEvents<'_> {
        let t = if self.is_steady() { 0 } else { t };
        let start = if t == 0 { 0 } else { self.ends[t - 1] };
        let range = start..self.ends[t];
        GradedEvents {
            addresses: &self.addresses[range.clone()],
            numbers: &self.values[range],
        }
    }

    /// Memory in bytes of the current values.
    fn bytes(&self) -> usize {
        size_of_val(&self.numbers[..])
            + size_of_val(&self.addresses[..])
            + size_of_val(&self.values[..])
            + self.ends.capacity() * size_of::<usize>()
    }

    /// Memory in bytes if no value of any step were 0.
    const fn most_bytes(&self) -> usize {
        self.numbers.len() * size_of::<u32>()
            + self.addresses.capacity() * size_of::<u32>()
            + self.values.capacity() * size_of::<f32>()
            + self.ends.capacity() * size_of::<usize>()
    }
}

impl Image {
    /// Begins another image.
    pub(crate) fn restart(&mut self, label: usize) {
        self.label = label;
        self.input.addresses.clear();
        self.input.values.clear();
        self.input.ends.clear();
    }

    /// Takes the values of the next step, in C, H, W order; `unit` is the real number that 1 stands for. If only one step
    /// is given, all steps are alike.
    pub(crate) fn push(&mut self, values: &[i16], unit: f32) {
        let input = &mut self.input;
        for (address, &number) in (0..).zip(&input.numbers) {
            let value = values[number as usize];
            if value != 0 {
                input.addresses.push(address);
                input.values.push(f32::from(value) * unit);
            }
        }
        input.ends.push(input.addresses.len());
    }

    /// Number of spikes of layer `index` in the last forward pass.
    pub(crate) fn spikes(&self, index: usize) -> u64 {
        self.maps[index].spikes.total() as u64
    }

    /// Addresses of all spikes of layer `index` in the last forward pass, ordered as in [`Layout`].
    pub(crate) fn fired(&self, index: usize) -> impl Iterator<Item = usize> {
        self.maps[index]
            .spikes
            .steps()
            .flatten()
            .map(|&address| address as usize)
    }

    /// Number of synaptic operations into layer `index` in the last forward pass.
    pub(crate) fn operations(&self, index: usize) -> u64 {
        self.maps[index].operations
    }

    /// Class with the largest sum of outputs over the first `steps` steps; the lowest on a tie.
    pub(crate) fn answer(&self, steps: usize) -> usize {
        let classes = self.maps.last().map_or(1, |map| map.sums[0].len().max(1));
        let mut sums = vec![0.0_f32; classes];
        for outputs in self.output.chunks_exact(classes).take(steps) {
            for (sum, output) in sums.iter_mut().zip(outputs) {
                *sum += output;
            }
        }
        let mut best = 0;
        for (class, &sum) in sums.iter().enumerate() {
            if sum > sums[best] {
                best = class;
            }
        }
        best
    }

    /// Memory of the image now, and if every input and neuron fired and was active in every step.
    pub(crate) fn memory(&self) -> ImageMemory {
        let bytes = |numbers: &Numbers| size_of_val(&numbers[..]);
        let of_map = |map: &Map| {
            let sums = map.sums.iter().map(|sums| size_of_val(&sums[..]));
            bytes(&map.drive) + bytes(&map.plain) + bytes(&map.errors) + sums.sum::<usize>()
        };
        let Scratch { rest, sums } = &self.scratch;
        let fixed = self.maps.iter().map(of_map).sum::<usize>()
            + bytes(rest)
            + sums.iter().map(bytes).sum::<usize>()
            + size_of_val(&self.output[..]);
        let lists = || self.maps.iter().flat_map(|map| [&map.spikes, &map.active]);
        ImageMemory {
            used: fixed + self.input.bytes() + lists().map(SpikeLists::bytes).sum::<usize>(),
            most: fixed + self.input.most_bytes() + lists().map(SpikeLists::most_bytes).sum::<usize>(),
        }
    }
}

/// State of a batch.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) images: Vec<Image>,
    /// Gradient of each piece of images.
    pub(crate) gradients: Vec<Parameters>,
    /// Scratch memory of each piece for sorting.
    pub(super) orders: Vec<ChannelOrder>,
    /// Images per piece.
    pub(crate) piece: usize,
    pub(super) norms: Vec<Norm>,
}

impl Batch {
    /// Memory in bytes of what the images share: gradients and scratch memory of the pieces, and the normalization.
    pub(crate) fn shared_bytes(&self) -> usize {
        let gradients = self.gradients.iter().map(Parameters::bytes);
        let orders = self.orders.iter().map(ChannelOrder::bytes);
        gradients.sum::<usize>() + orders.sum::<usize>() + self.norms.iter().map(Norm::bytes).sum::<usize>()
    }
}

impl FewSteps {
    /// Allocates the state of batches of up to `images` images, `piece` of which share a gradient; `zeros` has the shape
    /// of the parameters.
    pub(crate) fn batch(&self, images: usize, piece: usize, zeros: &Parameters) -> Batch {
        let norm = |stage: &super::network::Stage| {
            let mut norm = Norm::new(if stage.layer.dynamics == Dynamics::Pool {
                0
            } else {
                stage.layer.layout.stride
            });
            if let Some(integers) = stage
                .integers
                .as_ref()
                .filter(|_| stage.layer.dynamics == Dynamics::Lif)
            {
                // Without normalization, δ = ε/unit.
                norm.scale.copy_from_slice(&integers.inverse_units);
            }
            norm
        };
        let hidden = self
            .stages
            .iter()
            .filter(|stage| stage.layer.dynamics != Dynamics::Output);
        let most = hidden.map(|stage| stage.layer.layout.size()).max().unwrap_or(0);
        Batch {
            // Not copies of one image: a copy would use all of the memory that a new one only reserves.
            images: (0..images).map(|_| self.image()).collect(),
            gradients: vec![zeros.clone(); images.div_ceil(piece)],
            orders: vec![ChannelOrder::of_steps(most * self.steps); images.div_ceil(piece)],
            piece,
            norms: self.stages.iter().map(norm).collect(),
        }
    }

    /// Allocates the state of one image.
    fn image(&self) -> Image {
        let maps = self.stages.iter().map(|stage| {
            let layout = stage.layer.layout;
            let (neurons, fires) = (layout.size(), stage.layer.dynamics != Dynamics::Output);
            let all = neurons * self.steps;
            let listed = if fires { neurons } else { 0 };
            let channels = if fires { layout.stride } else { layout.shape.size() };
            Map {
                drive: zeros(all),
                plain: zeros(if stage.has_plain { all } else { 0 }),
                errors: zeros(all),
                spikes: SpikeLists::new(listed, self.steps),
                active: SpikeLists::new(listed, self.steps),
                sums: [vec![0.0; channels], vec![0.0; channels]],
                operations: 0,
            }
        });
        let layouts = || self.stages.iter().map(|stage| stage.layer.layout);
        let neurons = layouts().map(Layout::size).max().unwrap_or(0);
        let channels = layouts().map(|layout| layout.stride).max().unwrap_or(0);
        Image {
            input: Input::new(self.input, self.steps),
            maps: maps.collect(),
            scratch: Scratch {
                rest: zeros(neurons),
                sums: [zeros(channels), zeros(channels)],
            },
            output: vec![0.0; self.classes() * self.steps],
            label: 0,
            loss: 0.0,
            input_events: 0,
        }
    }
}
