//! Input spikes and the identity of a network, written from `docs/numerics.md`.

use crate::file::{Layer, Network, Operation, SecondPath};
use ndarray::Array3;
use sha2::{Digest, Sha256};

/// The values of an image with coding `direct`, which are the same in every step.
pub(crate) fn values(network: &Network, pixels: &[u8], full_scale: u8) -> Array3<i64> {
    let [_, height, width] = network.input;
    let value = |(input, &pixel): (usize, &u8)| {
        threshold(network, input / (height * width), pixel, full_scale).clamp(-255, 255)
    };
    let values = pixels.iter().enumerate().map(value).collect();
    Array3::from_shape_vec(network.input, values).expect("a value per input")
}

/// The spikes of test image `index`, step by step.
pub(crate) fn spikes(
    network: &Network,
    pixels: &[u8],
    full_scale: u8,
    steps: usize,
    seed: u64,
    index: u64,
) -> Vec<Array3<i64>> {
    let [channels, height, width] = network.input;
    let p: Vec<i64> = (0..channels * height * width)
        .map(|input| threshold(network, input / (height * width), pixels[input], full_scale))
        .collect();
    let mut state = image_seed(seed, index);
    let mut step = || {
        let draws = p.iter().map(|p| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            if i64::from(state >> 24) < p.abs() {
                p.signum()
            } else {
                0
            }
        });
        Array3::from_shape_vec(network.input, draws.collect()).expect("a draw per input")
    };
    (0..steps).map(|_| step()).collect()
}

/// ±p of a pixel.
fn threshold(network: &Network, channel: usize, pixel: u8, full_scale: u8) -> i64 {
    let (pixel, full_scale, rate) = (f64::from(pixel), f64::from(full_scale), f64::from(network.rate));
    let p = match &network.normalization {
        None => pixel * (256.0 * rate / full_scale),
        Some((mean, deviation)) => {
            256.0 * ((pixel / full_scale - f64::from(mean[channel])) / f64::from(deviation[channel])) * rate
        }
    };
    // `round` takes halves away from zero.
    format!("{:.0}", p.round().clamp(-256.0, 256.0))
        .parse()
        .expect("a whole number")
}

fn image_seed(seed: u64, index: u64) -> u32 {
    let mut state = 0_u64;
    for part in [seed, u64::MAX, index] {
        let mut z = (state ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state = z ^ (z >> 31);
    }
    u32::try_from(state >> 32).expect("32 bits").max(1)
}

/// The network's hash, for T steps.
pub(crate) fn hash(network: &Network, steps: usize) -> Vec<u8> {
    let extended = network.version == 3;
    let mut bytes = if extended {
        b"synfire-quantized-3".to_vec()
    } else {
        b"synfire-quantized-2".to_vec()
    };
    u32s(&mut bytes, &network.input);
    u32s(&mut bytes, &[steps]);
    bytes.extend(network.rate.to_le_bytes());
    match &network.normalization {
        None => bytes.push(0),
        Some((mean, deviation)) => {
            bytes.push(1);
            bytes.extend(
                mean.iter()
                    .chain(deviation)
                    .flat_map(|number| number.to_le_bytes()),
            );
        }
    }
    if extended {
        bytes.extend([
            network.coding,
            u8::from(network.subtracts),
            u8::from(network.sums),
        ]);
    }
    u32s(&mut bytes, &[network.layers.len()]);
    let mut shapes = vec![network.input];
    for layer in &network.layers {
        hash_layer(&mut bytes, layer, shapes[layer.source][0], extended);
        shapes.push(layer.shape);
    }
    Sha256::digest(bytes).to_vec()
}

fn hash_layer(bytes: &mut Vec<u8>, layer: &Layer, channels: usize, extended: bool) {
    let (code, window, rows, columns, weights): (u8, _, _, _, Vec<i64>) = match &layer.operation {
        Operation::Convolution { q, stride, padding } => {
            let (out, _, kernel, _) = q.dim();
            let window = [kernel, *stride, *padding];
            (
                0,
                window,
                out,
                channels * kernel * kernel,
                q.iter().copied().collect(),
            )
        }
        Operation::Pooling { kernel } => (1, [*kernel, *kernel, 0], channels, 0, Vec::new()),
        Operation::Dense { q } => {
            let code = if layer.thresholds.is_some() { 2 } else { 3 };
            (code, [1, 1, 0], q.nrows(), q.ncols(), q.iter().copied().collect())
        }
    };
    bytes.push(code);
    u32s(bytes, &[layer.source]);
    u32s(bytes, &window);
    u32s(bytes, &[rows, columns]);
    bytes.push(layer.weight_bits);
    let small = [
        layer.guard_bits,
        layer.membrane_bits,
        u32::try_from(layer.leak_shifts.len()).expect("3"),
    ];
    let bytes_of = |numbers: &[u32]| -> Vec<u8> {
        numbers
            .iter()
            .map(|&number| u8::try_from(number).expect("a small number"))
            .collect()
    };
    bytes.extend(bytes_of(&small));
    bytes.extend(bytes_of(&layer.leak_shifts));
    i32s(bytes, &[layer.floor]);
    if extended {
        bytes.push(u8::from(layer.ceiling.is_some()));
        i32s(bytes, layer.ceiling.as_slice());
        u32s(bytes, &[layer.biases.len()]);
        i32s(bytes, &layer.biases);
    }
    i32s(bytes, layer.thresholds.as_deref().unwrap_or_default());
    i8s(bytes, &weights);
    match &layer.shortcut {
        None => bytes.push(0),
        Some(shortcut) => {
            bytes.push(match shortcut.path {
                SecondPath::Weights(_) => 1,
                SecondPath::Identity(_) => 2,
            });
            u32s(bytes, &[shortcut.source, shortcut.stride]);
            match &shortcut.path {
                SecondPath::Weights(q) => {
                    u32s(bytes, &[q.ncols()]);
                    i8s(bytes, &q.iter().copied().collect::<Vec<_>>());
                }
                SecondPath::Identity(numbers) => i32s(bytes, numbers),
            }
        }
    }
}

fn u32s(bytes: &mut Vec<u8>, numbers: &[usize]) {
    for &number in numbers {
        bytes.extend(u32::try_from(number).expect("32 bits").to_le_bytes());
    }
}

fn i32s(bytes: &mut Vec<u8>, numbers: &[i64]) {
    for &number in numbers {
        bytes.extend(i32::try_from(number).expect("32 bits").to_le_bytes());
    }
}

fn i8s(bytes: &mut Vec<u8>, numbers: &[i64]) {
    for &number in numbers {
        bytes.extend(i8::try_from(number).expect("8 bits").to_le_bytes());
    }
}
