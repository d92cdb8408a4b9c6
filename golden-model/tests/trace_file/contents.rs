//! Contents of a trace file, and its summary.

use super::{compared, folder, inferences, metadata, npz, numbers, written};
use std::fs;
use synfire_golden_model::file::trace::TraceFile;
use synfire_golden_model::integer::Trace;
use synfire_golden_model::spikes::SpikeRaster;

#[test]
fn arrays_are_what_the_golden_model_did() {
    let folder = folder();
    let path = written(&folder, "trace.npz", metadata(true));
    let inferences = inferences();
    let mut names: Vec<String> = npz::arrays(&path).into_iter().map(|(name, _)| name).collect();
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
                signs[step * raster.width() + spike.address as usize] =
                    i8::try_from(spike.value).expect("a sign");
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
    // Per image the label and the answer; per step 16 inputs, spikes and membranes of 32 + 8 + 8 + 8 + 3 neurons, 2
    // classes.
    assert_eq!(comparison.numbers, 3 * (2 + 4 * (16 + 2 * 59 + 2)));
    assert_eq!((comparison.difference, comparison.membranes), (None, true));
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
