//! Files of traces: what is written is what NumPy reads, and the first difference is named.

mod common;

use common::{every_kind, random_raster};
use npyz::npz::{NpzArchive, file_name_from_array_name};
use npyz::zip::ZipWriter;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use synfire_golden_model::file::trace::{
    Comparison, Difference, Metadata, Quantity, TraceFile, TraceWriter, Value, compare,
};
use synfire_golden_model::integer::{Engine, Trace};
use synfire_golden_model::spikes::SpikeRaster;
use tempfile::TempDir;

const IMAGES: usize = 3;
const STEPS: usize = 4;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Inferences of a network with layers of every kind.
fn inferences() -> Vec<(SpikeRaster, Trace)> {
    let model = every_kind();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut engine = Engine::new(&model).expect("valid");
    (0..IMAGES)
        .map(|_| {
            let raster = random_raster(&mut rng, &model, STEPS, true);
            let trace = engine.trace(&raster, true).expect("runs");
            (raster, trace)
        })
        .collect()
}

fn metadata(membranes: bool) -> Metadata {
    Metadata::of_golden_model(&every_kind(), "random", IMAGES, 7, membranes)
}

fn write(path: &Path, metadata: Metadata) {
    let mut writer = TraceWriter::create(path, metadata).expect("starts");
    for (image, (raster, trace)) in inferences().iter().enumerate() {
        writer.push(image, raster, trace).expect("fits");
    }
    writer.finish().expect("whole");
}

fn written(folder: &TempDir, name: &str, metadata: Metadata) -> PathBuf {
    let path = folder.path().join(name);
    write(&path, metadata);
    path
}

fn compared(a: &Path, b: &Path, numbers_only: bool) -> Comparison {
    let open = |path| TraceFile::open(path).expect("a trace");
    compare(&mut open(a), &mut open(b), numbers_only).expect("sound")
}

/// Copies a trace, the bytes of its arrays changed by `change`, which gets the name of each and its numbers.
fn changed(path: &Path, change: impl Fn(&str, &mut Vec<u8>)) -> PathBuf {
    let mut archive = NpzArchive::open(path).expect("a trace");
    let names: Vec<String> = archive.array_names().map(Into::into).collect();
    let copy = path.with_extension("changed.npz");
    let mut writer = ZipWriter::new(File::create(&copy).expect("creates"));
    for name in names {
        let member = file_name_from_array_name(&name);
        let mut bytes = Vec::new();
        let mut entry = archive.zip_archive().by_name(&member).expect("a member");
        entry.read_to_end(&mut bytes).expect("reads");
        let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let mut numbers = bytes.split_off(header);
        change(&name, &mut numbers);
        writer.start_file(member, Default::default()).expect("starts");
        writer.write_all(&[bytes, numbers].concat()).expect("writes");
    }
    writer.finish().expect("finishes");
    copy
}

fn numbers<T: npyz::Deserialize>(path: &Path, name: &str) -> (Vec<u64>, Vec<T>) {
    let mut archive = NpzArchive::open(path).expect("an archive");
    let array = archive.by_name(name).expect("sound").expect(name);
    (array.shape().to_vec(), array.into_vec().expect("of this type"))
}

#[test]
fn arrays_are_what_the_golden_model_did() {
    let folder = folder();
    let path = written(&folder, "trace.npz", metadata(true));
    let inferences = inferences();
    let mut names: Vec<String> = NpzArchive::open(&path)
        .expect("an archive")
        .array_names()
        .map(Into::into)
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "labels",
            "membranes/conv1",
            "membranes/conv2",
            "membranes/conv3",
            "membranes/fc1",
            "membranes/pool1",
            "metadata",
            "potentials",
            "predictions",
            "spikes/conv1",
            "spikes/conv2",
            "spikes/conv3",
            "spikes/fc1",
            "spikes/input",
            "spikes/pool1",
        ]
    );

    let (shape, found) = numbers::<i8>(&path, "spikes/input");
    assert_eq!(shape, [3, 4, 1, 4, 4]);
    let signs = |raster: &SpikeRaster| {
        let mut signs = vec![0_i8; raster.width() * raster.steps()];
        for (step, spikes) in raster.iter().enumerate() {
            for spike in spikes {
                signs[step * raster.width() + spike.address as usize] = if spike.negative { -1 } else { 1 };
            }
        }
        signs
    };
    assert_eq!(
        found,
        inferences
            .iter()
            .flat_map(|(raster, _)| signs(raster))
            .collect::<Vec<_>>()
    );
    assert!(found.contains(&-1), "signed spikes occur");

    for (layer, (name, shape_wanted)) in [
        ("conv1", [2, 4, 4]),
        ("pool1", [2, 2, 2]),
        ("conv2", [2, 2, 2]),
        ("conv3", [2, 2, 2]),
        ("fc1", [3, 1, 1]),
    ]
    .into_iter()
    .enumerate()
    {
        let shape_wanted = [&[3, 4][..], &shape_wanted].concat();
        let (shape, spikes) = numbers::<u8>(&path, &format!("spikes/{name}"));
        assert_eq!(shape, shape_wanted, "{name}");
        let wanted: Vec<i8> = inferences
            .iter()
            .flat_map(|(_, trace)| signs(&trace.layers[layer]))
            .collect();
        assert_eq!(
            spikes.iter().map(|spike| spike.cast_signed()).collect::<Vec<_>>(),
            wanted,
            "{name}"
        );
        let (shape, membranes) = numbers::<i32>(&path, &format!("membranes/{name}"));
        assert_eq!(shape, shape_wanted, "{name}");
        let of = |trace: &Trace| trace.membranes.as_ref().expect("asked for")[layer].clone();
        let wanted: Vec<i32> = inferences.iter().flat_map(|(_, trace)| of(trace)).collect();
        assert_eq!(membranes, wanted, "{name}");
    }
    let (shape, potentials) = numbers::<i32>(&path, "potentials");
    assert_eq!(shape, [3, 4, 2]);
    let wanted: Vec<i32> = inferences
        .iter()
        .flat_map(|(_, trace)| trace.potentials_by_step.clone())
        .collect();
    assert_eq!(potentials, wanted);
    assert_eq!(numbers::<i64>(&path, "labels"), (vec![3], vec![0, 1, 2]));
    let classes = inferences
        .iter()
        .map(|(_, trace)| i64::try_from(trace.inference.class).expect("small"));
    assert_eq!(
        numbers::<i64>(&path, "predictions").1,
        classes.collect::<Vec<_>>()
    );
    let (_, json) = numbers::<u8>(&path, "metadata");
    let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!(
        json["layers"][2],
        serde_json::json!({"name": "conv2", "op": "conv", "shape": [2, 2, 2]})
    );
    assert_eq!((&json["seed"], &json["version"]), (&7.into(), &1.into()));
}

#[test]
fn equal_traces_are_equal_files_and_leave_no_other() {
    let folder = folder();
    let a = written(&folder, "a.npz", metadata(true));
    let b = written(&folder, "b.npz", metadata(true));
    assert_eq!(fs::read(&a).expect("reads"), fs::read(&b).expect("reads"));
    assert_eq!(fs::read_dir(folder.path()).expect("lists").count(), 2);
    let comparison = compared(&a, &b, false);
    // Labels and answers; 1·16 inputs; twice 32 + 8 + 8 + 8 + 3 neurons; 2 classes.
    assert_eq!(comparison.numbers, 3 * (2 + 4 * (16 + 2 * 59 + 2)));
    assert_eq!((comparison.difference, comparison.membranes), (None, true));
}

/// A step, a layer and a neuron of it.
type Place = (usize, String, [usize; 3]);

/// The difference of a trace from a copy with one number changed.
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
    // conv1 has 32 neurons a step and 128 an image.
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
    // Each change, and the place of it: image, step, layer, neuron, spikes before membranes.
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
    // Membranes in one trace alone.
    let b = written(&folder, "b.npz", metadata(false));
    let comparison = compared(&a, &b, false);
    assert_eq!((comparison.difference, comparison.membranes), (None, false));
}

#[test]
fn inferences_that_do_not_fit_are_refused() {
    let folder = folder();
    let path = folder.path().join("trace.npz");
    let (raster, trace) = inferences().swap_remove(0);
    let writer = || TraceWriter::create(&path, metadata(true)).expect("starts");
    let refused = |raster: &SpikeRaster, trace: &Trace| {
        writer()
            .push(0, raster, trace)
            .expect_err("does not fit")
            .to_string()
    };
    let mut longer = raster.clone();
    longer.push_step([]);
    assert_eq!(
        refused(&longer, &trace),
        "image 0 of the trace: steps 5, wanted 4; trace one network and one number of steps"
    );
    let mut without = trace.clone();
    without.membranes = None;
    assert!(refused(&raster, &without).contains("layers with membranes 0, wanted 6"));
    let mut fewer = trace.clone();
    fewer.layers.pop();
    assert!(refused(&raster, &fewer).contains("layers 5, wanted 6"));

    let mut unfinished = writer();
    unfinished.push(0, &raster, &trace).expect("fits");
    let error = unfinished.finish().expect_err("of three images").to_string();
    assert!(error.contains("images 1, wanted 3"), "{error}");
    assert_eq!(
        fs::read_dir(folder.path()).expect("lists").count(),
        0,
        "nothing is left behind"
    );

    let huge = Metadata {
        images: 1 << 40,
        ..metadata(false)
    };
    assert_eq!(
        TraceWriter::create(&path, huge)
            .expect_err("too large")
            .to_string(),
        "a trace of 1099511627776 images is 382630046466048 bytes before compression, but at most 68719476736 are \
         written; trace at most 197469760 images, or leave the membranes out"
    );
}

#[test]
fn files_that_are_no_sound_traces_are_refused() {
    let folder = folder();
    let path = written(&folder, "trace.npz", metadata(true));
    let refused = |path: &Path| {
        let error = TraceFile::open(path).expect_err("no trace").to_string();
        error.replace(&format!("{}/", folder.path().display()), "")
    };
    let with = |change: &dyn Fn(&str, &mut Vec<u8>)| refused(&changed(&path, change));
    let in_metadata = |from: &str, to: &str| {
        with(&|name, numbers| {
            if name == "metadata" {
                let text = String::from_utf8(numbers.clone()).expect("text");
                assert!(text.contains(from), "{text}");
                *numbers = text.replacen(from, to, 1).into_bytes();
            }
        })
    };
    assert_eq!(
        in_metadata("\"version\":1", "\"version\":2"),
        "trace.changed.npz: version 2 of the format, but this program reads version 1; use a newer synfire"
    );
    assert_eq!(
        in_metadata("synfire-trace", "synfire-tracE"),
        "trace.changed.npz: a file of format `synfire-tracE`, but `synfire-trace` is wanted; \
         give a file of `synfire eval --trace`"
    );
    assert_eq!(
        in_metadata("\"steps\":4", "\"steps\":5"),
        "trace.changed.npz: array `spikes/input` is |i1 [3, 4, 1, 4, 4], but must be |i1 [3, 5, 1, 4, 4]; \
         write the trace again"
    );
    assert_eq!(
        in_metadata("\"name\":\"conv3\"", "\"name\":\"conv4\""),
        "trace.changed.npz: array `spikes/conv4` is missing, but must be |u1 [3, 4, 2, 2, 2]; write the trace again"
    );
    assert!(in_metadata("{", "[").contains("array `metadata`: "));

    let bytes = fs::read(&path).expect("reads");
    for length in [0, 10, bytes.len() / 2, bytes.len() - 1] {
        let cut = folder.path().join("cut.npz");
        fs::write(&cut, &bytes[..length]).expect("writes");
        assert!(refused(&cut).starts_with("cut.npz is not a sound trace: "));
    }
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/fc.npz");
    assert!(refused(&case).ends_with("array `metadata` is missing, but must be JSON; write the trace again"));
    // An array that ends too soon is found when it is read.
    let short = changed(&path, |name, numbers| {
        if name == "spikes/conv1" {
            numbers.pop();
        }
    });
    let mut traces = [&path, &short].map(|path| TraceFile::open(path).expect("the headers are sound"));
    let [a, b] = &mut traces;
    let error = compare(a, b, false).expect_err("cut").to_string();
    assert!(
        error.contains("trace.changed.npz is not a sound trace"),
        "{error}"
    );
}

#[test]
fn a_summary_counts_spikes_and_active_neurons() {
    let folder = folder();
    let path = written(&folder, "trace.npz", metadata(false));
    let summary = TraceFile::open(&path).expect("a trace").summary().expect("sound");
    let inferences = inferences();
    let names: Vec<&str> = summary
        .activity
        .iter()
        .map(|layer| layer.layer.as_str())
        .collect();
    assert_eq!(names, ["input", "conv1", "pool1", "conv2", "conv3", "fc1"]);
    for (index, layer) in summary.activity.iter().enumerate() {
        let rasters = inferences.iter().map(|(input, trace)| match index {
            0 => input,
            _ => &trace.layers[index - 1],
        });
        let (mut spikes, mut active) = (0, 0);
        for raster in rasters {
            spikes += raster.total();
            let fired: std::collections::BTreeSet<u32> =
                raster.iter().flatten().map(|spike| spike.address).collect();
            active += fired.len();
        }
        assert_eq!(
            (layer.spikes, layer.active),
            (spikes as u64, active as u64),
            "{}",
            layer.layer
        );
        assert!(layer.spikes >= layer.active && layer.active > 0, "{layer:?}");
    }
    let right = (0..)
        .zip(&inferences)
        .filter(|(label, (_, trace))| trace.inference.class == *label);
    assert_eq!(summary.correct, right.count() as u64);
}
