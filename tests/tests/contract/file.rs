//! A quantized network's file, read as `docs/numerics.md` says it: by its bytes, not by the program's types.

use ndarray::{Array2, Array4};
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use std::path::Path;

/// Where spikes come from: 0 is the input, i the i-th layer.
pub(crate) type Source = usize;

/// A network of integers.
pub(crate) struct Network {
    /// C, H, W.
    pub(crate) input: [usize; 3],
    pub(crate) rate: f32,
    /// Mean and deviation of every input channel.
    pub(crate) normalization: Option<(Vec<f32>, Vec<f32>)>,
    /// Number of the coding: 0 poisson, 1 direct, 2 counts.
    pub(crate) coding: u8,
    /// Whether a neuron that fires loses its threshold.
    pub(crate) subtracts: bool,
    /// Whether the output layer is read as a sum.
    pub(crate) sums: bool,
    /// Version of the file.
    pub(crate) version: u8,
    pub(crate) layers: Vec<Layer>,
}

/// What a layer does with the spikes of its source.
pub(crate) enum Operation {
    /// q[out, in, ky, kx].
    Convolution {
        q: Array4<i64>,
        stride: usize,
        padding: usize,
    },
    Pooling {
        kernel: usize,
    },
    /// q[neuron, source].
    Dense {
        q: Array2<i64>,
    },
}

/// The second path into the membranes.
pub(crate) struct Shortcut {
    pub(crate) source: Source,
    pub(crate) stride: usize,
    pub(crate) path: SecondPath,
}

pub(crate) enum SecondPath {
    /// q[out, in].
    Weights(Array2<i64>),
    /// What a spike adds to its own channel.
    Identity(Vec<i64>),
}

pub(crate) struct Layer {
    pub(crate) name: String,
    pub(crate) source: Source,
    /// C, H, W of the output.
    pub(crate) shape: [usize; 3],
    pub(crate) operation: Operation,
    pub(crate) shortcut: Option<Shortcut>,
    pub(crate) weight_bits: u8,
    pub(crate) guard_bits: u32,
    pub(crate) membrane_bits: u32,
    pub(crate) leak_shifts: Vec<u32>,
    pub(crate) floor: i64,
    pub(crate) ceiling: Option<i64>,
    /// One per channel, or none.
    pub(crate) biases: Vec<i64>,
    /// One per channel; none in the output layer.
    pub(crate) thresholds: Option<Vec<i64>>,
}

pub(crate) fn read(path: &Path) -> Network {
    let bytes = std::fs::read(path).expect("the file");
    let (_, header) = SafeTensors::read_metadata(&bytes).expect("a header");
    let metadata = header.metadata().clone().expect("metadata");
    assert_eq!(metadata["format"], "synfire-quantized");
    let version: u8 = metadata["version"].parse().expect("a version");
    assert!([2, 3].contains(&version), "version {version}");
    let tensors = SafeTensors::deserialize(&bytes).expect("tensors");
    let json = |key: &str| -> Value { serde_json::from_str(&metadata[key]).expect("JSON") };
    let (network, numbers) = (json("network"), json("layers"));

    let input = sizes(&network["input"]);
    let mut names = vec!["input".to_owned()];
    let mut shapes = vec![input];
    let mut layers = Vec::new();
    for (described, numbers) in list(&network["layer"]).iter().zip(list(&numbers)) {
        let layer = layer(described, numbers, &names, &shapes, &tensors);
        names.push(layer.name.clone());
        shapes.push(layer.shape);
        layers.push(layer);
    }
    let floats = |value: &Value| -> Vec<f32> { list(value).iter().map(float32).collect() };
    let normalization = network.get("normalization");
    let choice = |key: &str, names: &[&str]| {
        let found = network
            .get(key)
            .map_or(names[0], |name| name.as_str().expect("a name"));
        let number = names
            .iter()
            .position(|name| *name == found)
            .expect("a known name");
        u8::try_from(number).expect("few names")
    };
    Network {
        coding: choice("coding", &["poisson", "direct", "counts"]),
        subtracts: choice("reset", &["zero", "subtract"]) == 1,
        sums: choice("readout", &["leak", "sum"]) == 1,
        version,
        input,
        rate: float32(&network["rate"]),
        normalization: normalization.map(|both| (floats(&both["mean"]), floats(&both["deviation"]))),
        layers,
    }
}

fn layer(
    described: &Value,
    numbers: &Value,
    names: &[String],
    shapes: &[[usize; 3]],
    tensors: &SafeTensors<'_>,
) -> Layer {
    let name = described["name"].as_str().expect("a name").to_owned();
    assert_eq!(numbers["name"], name);
    let source_of = |value: &Value| names.iter().position(|name| *value == **name).expect("a source");
    let source = match described.get("from") {
        Some(from) => source_of(from),
        None => names.len() - 1,
    };
    let [channels, height, width] = shapes[source];
    let weights = |name: &str| {
        let (shape, numbers) = tensor(tensors, &format!("weight/{name}"), Dtype::I8);
        assert_eq!(shape.iter().product::<usize>(), numbers.len());
        (shape, numbers)
    };
    let matrix = |name: &str| {
        let (shape, numbers) = weights(name);
        Array2::from_shape_vec((shape[0], shape[1]), numbers).expect("[out, in]")
    };
    let (operation, shape) = match described["op"].as_str().expect("an operation") {
        "conv" => {
            let kernel = size(&described["kernel"]);
            let (stride, padding) = (or(described, "stride", 1), or(described, "padding", 0));
            let (shape, numbers) = weights(&name);
            let shape = [shape[0], shape[1], shape[2], shape[3]];
            assert_eq!(shape, [size(&described["out"]), channels, kernel, kernel]);
            let output = |length: usize| (length + 2 * padding - kernel) / stride + 1;
            let q = Array4::from_shape_vec(shape, numbers).expect("[out, in, k, k]");
            (
                Operation::Convolution { q, stride, padding },
                [shape[0], output(height), output(width)],
            )
        }
        "pool" => {
            let kernel = or(described, "kernel", 2);
            (
                Operation::Pooling { kernel },
                [channels, height / kernel, width / kernel],
            )
        }
        "fc" | "out" => {
            let q = matrix(&name);
            assert_eq!(q.dim(), (size(&described["out"]), channels * height * width));
            let neurons = q.nrows();
            (Operation::Dense { q }, [neurons, 1, 1])
        }
        other => panic!("operation {other}"),
    };
    let shortcut = described.get("shortcut").map(|shortcut| Shortcut {
        source: source_of(&shortcut["from"]),
        stride: or(shortcut, "stride", 1),
        path: if shortcut["identity"] == true {
            SecondPath::Identity(tensor(tensors, &format!("one/{name}"), Dtype::I32).1)
        } else {
            let (shape, numbers) = weights(&format!("{name}.shortcut"));
            assert_eq!(shape[2..], [1, 1]);
            SecondPath::Weights(
                Array2::from_shape_vec((shape[0], shape[1]), numbers).expect("[out, in, 1, 1]"),
            )
        },
    });
    let thresholds =
        (described["op"] != "out").then(|| tensor(tensors, &format!("threshold/{name}"), Dtype::I32).1);
    let bias = format!("bias/{name}");
    let biases = if tensors.names().contains(&&*bias) {
        tensor(tensors, &bias, Dtype::I32).1
    } else {
        Vec::new()
    };
    let number = |key: &str| u32::try_from(size(&numbers[key])).expect("a small number");
    Layer {
        name,
        source,
        shape,
        operation,
        shortcut,
        weight_bits: u8::try_from(number("weight_bits")).expect("at most 8"),
        guard_bits: number("guard_bits"),
        membrane_bits: number("membrane_bits"),
        leak_shifts: list(&numbers["leak_shifts"])
            .iter()
            .map(|shift| u32::try_from(size(shift)).expect("at most 16"))
            .collect(),
        floor: numbers["floor"].as_i64().expect("a floor"),
        ceiling: numbers
            .get("ceiling")
            .map(|ceiling| ceiling.as_i64().expect("a ceiling")),
        biases,
        thresholds,
    }
}

/// Shape and numbers of a tensor, row-major and little-endian.
fn tensor(tensors: &SafeTensors<'_>, name: &str, dtype: Dtype) -> (Vec<usize>, Vec<i64>) {
    let tensor = tensors.tensor(name).expect(name);
    assert_eq!(tensor.dtype(), dtype, "{name}");
    let numbers = match dtype {
        Dtype::I8 => tensor
            .data()
            .iter()
            .map(|&byte| i64::from(byte.cast_signed()))
            .collect(),
        _ => {
            let (numbers, _) = tensor.data().as_chunks();
            numbers
                .iter()
                .map(|&bytes| i64::from(i32::from_le_bytes(bytes)))
                .collect()
        }
    };
    (tensor.shape().to_vec(), numbers)
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

fn size(value: &Value) -> usize {
    usize::try_from(value.as_u64().expect("a size")).expect("a size")
}

/// A size that may be missing.
fn or(table: &Value, key: &str, default: usize) -> usize {
    table.get(key).map_or(default, size)
}

fn sizes(value: &Value) -> [usize; 3] {
    [0, 1, 2].map(|axis| size(&value[axis]))
}

/// The decimal number, rounded to float32.
fn float32(value: &Value) -> f32 {
    value.to_string().parse().expect("a number")
}
