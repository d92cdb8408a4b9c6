//! Comparison of traces.

use super::{changed, compared, folder, metadata, written};
use synfire_golden_model::file::trace::{Difference, Metadata, Quantity, Value};

/// Step, layer and neuron of a difference.
type Place = (usize, String, [usize; 3]);

/// Returns the difference between a trace and a copy with one number changed.
fn difference(array: &str, at: usize, byte: u8) -> (Quantity, usize, Option<Place>, Value, Value) {
    let folder = folder();
    let path = written(&folder, "a.npz", metadata(true));
    let copy = changed(&path, |name, numbers| {
        if name == array {
            numbers[at] ^= byte;
        }
    });
    match compared(&path, &copy, false).difference {
        Some(Difference::Number {
            quantity,
            image,
            step,
            layer,
            neuron,
            a,
            b,
        }) => {
            let place = step
                .zip(layer)
                .zip(neuron)
                .map(|((step, layer), neuron)| (step, layer, neuron));
            (quantity, image, place, a, b)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_number_that_differs_is_named() {
    // conv1 has 32 neurons per step and 128 per image.
    let (quantity, image, place, a, b) = difference("spikes/conv1", 2 * 128 + 3 * 32 + 16 + 4 * 2 + 1, 1);
    assert_eq!(
        (quantity, image, place),
        (Quantity::Spike, 2, Some((3, "conv1".into(), [1, 2, 1])))
    );
    assert!(matches!((a, b), (Value::Integer(a), Value::Integer(b)) if a + b == 1));

    let (quantity, image, place, ..) = difference("membranes/pool1", 4 * (32 + 8 + 7), 1);
    assert_eq!(
        (quantity, image, place),
        (Quantity::Membrane, 1, Some((1, "pool1".into(), [1, 1, 1])))
    );

    let (quantity, image, place, a, b) = difference("potentials", 4 * (3 * 8 - 1) + 3, 0x80);
    assert_eq!(
        (quantity, image, place),
        (Quantity::Membrane, 2, Some((3, "out".into(), [1, 0, 0])))
    );
    // The highest bit of an i32: signs are read as signs.
    assert!(
        matches!((a, b), (Value::Integer(a), Value::Integer(b)) if (a - b).abs() == 1 << 31),
        "{a} {b}"
    );

    let (quantity, image, place, a, b) = difference("labels", 8, 2);
    assert_eq!(
        (quantity, image, place, a, b),
        (Quantity::Label, 1, None, Value::Integer(1), Value::Integer(3))
    );
    assert_eq!(difference("predictions", 0, 4).0, Quantity::Answer);
    assert_eq!(
        difference("spikes/input", 0, 0x80).2,
        Some((0, "input".into(), [0, 0, 0]))
    );
}

#[test]
fn of_several_differences_the_first_is_named() {
    let folder = folder();
    let path = written(&folder, "a.npz", metadata(true));
    // Changes and their places (image, step, layer, neuron), from the last place to the first.
    let faults: [(&str, usize, &str); 8] = [
        ("predictions", 0, "image 0, answer"),
        ("spikes/fc1", 3 * 3 + 2, "image 0, step 3, fc1, 2, spike"),
        (
            "membranes/fc1",
            4 * (3 * 3 + 1),
            "image 0, step 3, fc1, 1, membrane",
        ),
        ("spikes/fc1", 3 * 3 + 1, "image 0, step 3, fc1, 1, spike"),
        (
            "membranes/conv2",
            4 * (3 * 8 + 7),
            "image 0, step 3, conv2, 7, membrane",
        ),
        ("spikes/input", 3 * 16 + 15, "image 0, step 3, input, 15, spike"),
        ("potentials", 4 * (2 * 2), "image 0, step 2, out, 0, membrane"),
        ("labels", 0, "image 0, label"),
    ];
    for count in 1..=faults.len() {
        let copy = changed(&path, |name, numbers| {
            for (array, at, _) in &faults[..count] {
                if name == *array {
                    numbers[*at] ^= 1;
                }
            }
        });
        let text = match compared(&path, &copy, false).difference {
            Some(Difference::Number {
                quantity,
                image,
                step,
                layer,
                neuron,
                ..
            }) => {
                let quantity = format!("{quantity:?}").to_lowercase();
                match (step, layer, neuron) {
                    (Some(step), Some(layer), Some([channel, row, column])) => {
                        let (height, width) = if layer == "input" {
                            (4, 4)
                        } else if layer == "conv2" {
                            (2, 2)
                        } else {
                            (1, 1)
                        };
                        let neuron = (channel * height + row) * width + column;
                        format!("image {image}, step {step}, {layer}, {neuron}, {quantity}")
                    }
                    _ => format!("image {image}, {quantity}"),
                }
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(text, faults[count - 1].2);
    }
}

#[test]
fn what_traces_are_of_is_compared_first() {
    let folder = folder();
    let a = written(&folder, "a.npz", metadata(true));
    let key = |change: fn(&mut Metadata), numbers_only| {
        let mut other = metadata(true);
        change(&mut other);
        let b = written(&folder, "b.npz", other);
        match compared(&a, &b, numbers_only).difference {
            Some(Difference::Metadata { key, a, b }) => format!("{key}: {a}, {b}"),
            None => "equal".to_owned(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(key(|other| other.seed = 8, false), "seed: 7, 8");
    assert_eq!(
        key(|other| other.data = "mnist".into(), false),
        "data set: random, mnist"
    );
    assert_eq!(key(|other| other.model = "0".into(), true), "equal");
    assert_eq!(key(|other| other.computed_by = "a board".into(), false), "equal");
    assert_eq!(
        key(|other| other.layers[1].name = "pool".into(), true),
        "layer 2: pool1 (pool) of shape [2, 2, 2], pool (pool) of shape [2, 2, 2]"
    );
    // Only one of the traces has membranes.
    let b = written(&folder, "b.npz", metadata(false));
    let comparison = compared(&a, &b, false);
    assert_eq!((comparison.difference, comparison.membranes), (None, false));
}
