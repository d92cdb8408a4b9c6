//! The hash of a network: documented bytes, and a change with every number that affects results.

use super::common::{every_kind, tiny, tiny_extended};
use synfire_golden_model::integer::{Neuron, QuantizedModel, QuantizedShortcut};
use synfire_golden_model::network::{InputCoding, LayerKind, Readout, Reset};

#[test]
fn the_hash_is_that_of_the_documented_bytes_and_changes_with_every_number() {
    // Computed by a few lines of Python from docs/numerics.md.
    let hash = |model: &QuantizedModel| {
        model
            .hash()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    assert_eq!(
        hash(&tiny()),
        "976e49738be7a57b820aa36ea85877fdcd6858d345651dabfd64451807de4426"
    );

    let changes: [fn(&mut QuantizedModel); 12] = [
        |model| model.description.steps += 1,
        |model| model.description.rate = 0.25,
        |model| model.layers[0].weights[[1, 1]] = 1,
        |model| model.layers[0].weight_bits = 4,
        |model| model.layers[0].guard_bits = 1,
        |model| model.layers[0].membrane_bits = 9,
        |model| model.layers[0].leak_shifts = vec![3],
        |model| model.layers[0].leak_shifts = vec![],
        |model| model.layers[0].floor = -11,
        |model| {
            model.layers[0].neuron = Neuron::Lif {
                thresholds: vec![12, 12],
            }
        },
        |model| model.layers[1].weights[[0, 0]] = -1,
        |model| model.layers[0].weights.swap([0, 0], [1, 0]),
    ];
    let mut hashes = vec![tiny().hash()];
    for change in changes {
        let mut model = tiny();
        change(&mut model);
        hashes.push(model.hash());
    }
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 13);

    let mut renamed = tiny();
    renamed.description.name = "another".to_owned();
    renamed.provenance.insert("seed".to_owned(), "1".to_owned());
    renamed.layers[0].name = "first".to_owned();
    assert_eq!(renamed.hash(), tiny().hash());
}

#[test]
fn what_version_3_adds_is_hashed_number_by_number() {
    let hash: String = tiny_extended()
        .hash()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        hash,
        "6e57376eef3640d3d95a5670d8d23b10012c61bab12eb8897ce0a55cb4527230"
    );
    let changes: [Change; 7] = [
        |model| model.description.coding = InputCoding::Counts,
        |model| model.description.reset = Reset::Zero,
        |model| model.description.readout = Readout::Leak,
        |model| model.layers[0].ceiling = Some(8),
        |model| model.layers[0].biases[1] += 1,
        |model| model.layers[1].biases[0] += 1,
        |model| model.layers[1].biases.clear(),
    ];
    let mut hashes = std::collections::BTreeSet::from([tiny_extended().hash()]);
    for change in changes {
        let mut model = tiny_extended();
        change(&mut model);
        hashes.insert(model.hash());
    }
    assert_eq!(hashes.len(), 8);
}

/// Change of a network.
type Change = fn(&mut QuantizedModel);

#[test]
fn the_hash_changes_with_everything_that_affects_results_and_with_nothing_else() {
    /// Changes the convolution whose shortcut has weights.
    fn conv(model: &mut QuantizedModel, stride: usize, padding: usize) {
        model.description.layers[2].kind = LayerKind::Conv {
            out: 2,
            kernel: 3,
            stride,
            padding,
        };
    }
    fn shortcut(model: &mut QuantizedModel, from: &str, stride: usize) {
        let shortcut = model.description.layers[2].shortcut.as_mut();
        let shortcut = shortcut.expect("a shortcut");
        (shortcut.from, shortcut.stride) = (from.to_owned(), stride);
    }
    let changes: [(&str, Change); 16] = [
        ("stride", |model| conv(model, 3, 1)),
        ("padding", |model| conv(model, 3, 2)),
        ("source", |model| {
            model.description.layers[2].from = Some("input".to_owned());
        }),
        ("shortcut", |model| shortcut(model, "conv1", 2)),
        ("source of a shortcut", |model| shortcut(model, "input", 2)),
        ("stride of a shortcut", |model| shortcut(model, "conv1", 3)),
        ("identity", |model| {
            model.description.layers[2].shortcut.as_mut().unwrap().identity = true;
            model.layers[2].shortcut = Some(QuantizedShortcut::Identity(vec![3, 4]));
        }),
        ("weight of a shortcut", |model| {
            match &mut model.layers[2].shortcut {
                Some(QuantizedShortcut::Weights(weights)) => weights[[1, 0]] += 1,
                other => panic!("{other:?}"),
            }
        }),
        ("one", |model| match &mut model.layers[3].shortcut {
            Some(QuantizedShortcut::Identity(increments)) => increments[1] += 1,
            other => panic!("{other:?}"),
        }),
        ("threshold of pooling", |model| {
            model.layers[1].neuron = Neuron::Lif {
                thresholds: vec![3, 2],
            };
        }),
        ("number of steps", |model| model.description.steps = 5),
        ("normalization", |model| model.description.normalization = None),
        ("mean", |model| {
            model.description.normalization.as_mut().unwrap().mean[0] = 0.75;
        }),
        ("deviation", |model| {
            model.description.normalization.as_mut().unwrap().deviation[0] = 0.75;
        }),
        ("operation", |model| {
            model.description.layers[4].kind = LayerKind::Conv {
                out: 3,
                kernel: 2,
                stride: 1,
                padding: 0,
            };
        }),
        ("weight of a kernel", |model| model.layers[0].weights[[1, 8]] += 1),
    ];
    let mut hashes = std::collections::BTreeMap::from([(every_kind().hash(), "none")]);
    for (name, change) in changes {
        let mut model = every_kind();
        change(&mut model);
        model.description.graph().expect(name);
        if let Some(same) = hashes.insert(model.hash(), name) {
            panic!("{name} hashes like {same}");
        }
    }

    let mut same = every_kind();
    same.description.leak = 0.5;
    for layer in &mut same.description.layers {
        layer.threshold = Some(0.5);
    }
    same.description.layers[0].dropout = 0.5;
    // The layer before, given by name.
    same.description.layers[1].from = Some("conv1".to_owned());
    assert_eq!(same.hash(), every_kind().hash());
}
