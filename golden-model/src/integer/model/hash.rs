//! Hash of a quantized network: networks with equal hashes give equal answers.

use crate::integer::{Neuron, QuantizedLayer, QuantizedModel, QuantizedShortcut};
use crate::network::{Graph, InputCoding, LayerKind, NetworkDescription, Node, Readout, Reset, Source};
use ndarray::Array2;
use sha2::{Digest, Sha256};

impl QuantizedModel {
    /// Computes a SHA-256 over everything that affects results: input, steps, the graph, and every number of every
    /// layer. Names, provenance and training parameters are not part of it.
    ///
    /// The hashed bytes, all numbers little-endian, where lines with (3) are only for networks that are not plain
    /// ([`Self::is_plain`]):
    ///
    /// ```text
    /// "synfire-quantized-2", or -3 with (3)          19 bytes of ASCII
    /// C, H, W, T                                     u32 each
    /// rate                                           f32
    /// normalized                                     u8: 0 no, 1 yes
    /// means, deviations, if normalized               f32 x C each
    /// coding, reset, readout (3)                     u8 each: 0 poisson, 1 direct, 2 counts; 0 zero, 1 subtract;
    ///                                                0 leak, 1 sum
    /// number of layers                               u32
    /// per layer:
    ///   operation                                    u8: 0 conv, 1 pool, 2 fc, 3 out
    ///   source                                       u32: 0 the input, i the i-th layer
    ///   kernel, stride, padding                      u32 each; pool: k, k, 0; fc, out: 1, 1, 0
    ///   rows and columns of the weights              u32 each
    ///   W, G, V                                      u8 each
    ///   number of leak shifts, and each of them      u8 each
    ///   floor                                        i32
    ///   ceiling (3)                                  u8: 0 none, 1 follows; i32
    ///   number of biases, and each of them (3)       u32; i32 each
    ///   thresholds, not of out                       i32 x rows
    ///   weights, row by row                          i8 x rows x columns
    ///   shortcut                                     u8: 0 none, 1 weights, 2 identity
    ///     source and stride, unless none             u32 each
    ///     columns, and the weights row by row        u32, i8 x rows x columns
    ///     or what the identity adds                  i32 x rows
    /// ```
    ///
    /// The hash of an invalid model has no meaning.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let description = &self.description;
        let mut bytes = Bytes(Sha256::new());
        let plain = self.is_plain();
        bytes.0.update(if plain {
            b"synfire-quantized-2"
        } else {
            b"synfire-quantized-3"
        });
        let [channels, height, width] = description.input.into();
        bytes.sizes([channels, height, width, description.steps]);
        bytes.0.update(description.rate.to_le_bytes());
        bytes.0.update([u8::from(description.normalization.is_some())]);
        if let Some(normalization) = &description.normalization {
            for number in normalization.mean.iter().chain(&normalization.deviation) {
                bytes.0.update(number.to_le_bytes());
            }
        }
        if !plain {
            bytes.choices(description);
        }
        bytes.sizes([self.layers.len()]);
        let nodes = description
            .graph()
            .map_or_else(|_| Vec::new(), |Graph { nodes, .. }| nodes);
        for (index, layer) in self.layers.iter().enumerate() {
            if let (Some(described), Some(node)) = (description.layers.get(index), nodes.get(index)) {
                bytes.operation(described.kind, node);
            }
            bytes.numbers(layer, plain);
            bytes.shortcut(layer, nodes.get(index));
        }
        bytes.0.finalize().into()
    }
}

struct Bytes(Sha256);

impl Bytes {
    /// Hashes sizes as u32. A size that does not fit is limited to the largest u32; such a network cannot be valid.
    fn sizes<const N: usize>(&mut self, sizes: [usize; N]) {
        for size in sizes {
            self.0
                .update(u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes());
        }
    }

    fn integers(&mut self, numbers: &[i32]) {
        for number in numbers {
            self.0.update(number.to_le_bytes());
        }
    }

    fn weights(&mut self, weights: &Array2<i8>) {
        let bytes: Vec<u8> = weights.iter().map(|weight| weight.cast_unsigned()).collect();
        self.0.update(&bytes);
    }

    fn operation(&mut self, kind: LayerKind, node: &Node) {
        let (code, kernel, stride, padding) = match kind {
            LayerKind::Conv {
                kernel,
                stride,
                padding,
                ..
            } => (0, kernel, stride, padding),
            LayerKind::Pool { kernel } => (1, kernel, kernel, 0),
            LayerKind::Fc { .. } => (2, 1, 1, 0),
            LayerKind::Out { .. } => (3, 1, 1, 0),
        };
        self.0.update([code]);
        self.sizes([number(node.source), kernel, stride, padding]);
    }

    fn choices(&mut self, description: &NetworkDescription) {
        let coding = match description.coding {
            InputCoding::Poisson => 0,
            InputCoding::Direct => 1,
            InputCoding::Counts => 2,
        };
        let reset = match description.reset {
            Reset::Zero => 0,
            Reset::Subtract => 1,
        };
        let readout = match description.readout {
            Readout::Leak => 0,
            Readout::Sum => 1,
        };
        self.0.update([coding, reset, readout]);
    }

    fn numbers(&mut self, layer: &QuantizedLayer, plain: bool) {
        self.sizes([layer.outputs(), layer.inputs()]);
        self.0
            .update([layer.weight_bits, layer.guard_bits, layer.membrane_bits]);
        self.0
            .update([u8::try_from(layer.leak_shifts.len()).unwrap_or(u8::MAX)]);
        self.0.update(&layer.leak_shifts);
        self.integers(&[layer.floor]);
        if !plain {
            self.0.update([u8::from(layer.ceiling.is_some())]);
            self.integers(layer.ceiling.as_slice());
            self.sizes([layer.biases.len()]);
            self.integers(&layer.biases);
        }
        if let Neuron::Lif { thresholds } = &layer.neuron {
            self.integers(thresholds);
        }
        self.weights(&layer.weights);
    }

    fn shortcut(&mut self, layer: &QuantizedLayer, node: Option<&Node>) {
        let code = match &layer.shortcut {
            None => 0,
            Some(QuantizedShortcut::Weights(_)) => 1,
            Some(QuantizedShortcut::Identity(_)) => 2,
        };
        self.0.update([code]);
        let junction = node.and_then(|node| node.junction.as_ref());
        if let Some(junction) = junction {
            self.sizes([number(junction.source), junction.stride]);
        }
        match &layer.shortcut {
            None => {}
            Some(QuantizedShortcut::Weights(weights)) => {
                self.sizes([weights.ncols()]);
                self.weights(weights);
            }
            Some(QuantizedShortcut::Identity(increments)) => self.integers(increments),
        }
    }
}

/// Number of a source: 0 for the input, i + 1 for layer i.
const fn number(source: Source) -> usize {
    match source {
        Source::Input => 0,
        Source::Layer(index) => index + 1,
    }
}
