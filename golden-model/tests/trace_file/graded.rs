//! Traces of networks whose inputs are values.

use super::common::{tiny, tiny_extended};
use super::{compared, folder, numbers};
use std::path::Path;
use synfire_golden_model::file::trace::{Metadata, TraceFile, TraceWriter};
use synfire_golden_model::integer::{Engine, QuantizedModel};
use synfire_golden_model::spikes::{Spike, SpikeRaster};

/// Traces one image of three steps; returns the metadata that the file has.
fn write(path: &Path, model: &QuantizedModel, values: [i16; 2]) -> Metadata {
    let mut raster = SpikeRaster::new(2);
    for _ in 0..3 {
        raster.push_step((0..).zip(values).map(|(address, value)| Spike { address, value }));
    }
    let metadata = Metadata::of_golden_model(model, "random", 1, 1, true);
    let mut writer = TraceWriter::create(path, metadata).expect("starts");
    let trace = Engine::new(model)
        .expect("valid")
        .trace(&raster, true)
        .expect("runs");
    writer.push(0, &raster, &trace).expect("fits");
    writer.finish().expect("whole");
    TraceFile::open(path).expect("a trace").metadata().clone()
}

#[test]
fn values_are_kept_and_compared() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let metadata = write(&path("a.npz"), &tiny_extended(), [3, -255]);
    assert_eq!((metadata.version, metadata.graded), (2, true));
    let (shape, values) = numbers::<i16>(&path("a.npz"), "spikes/input");
    assert_eq!((shape, values), (vec![1, 3, 1, 1, 2], [3, -255].repeat(3)));
    let summary = TraceFile::open(path("a.npz"))
        .expect("a trace")
        .summary()
        .expect("sound");
    assert_eq!((summary.activity[0].spikes, summary.activity[0].active), (6, 2));

    write(&path("b.npz"), &tiny_extended(), [3, -254]);
    assert!(
        compared(&path("a.npz"), &path("a.npz"), false)
            .difference
            .is_none()
    );
    let difference = compared(&path("a.npz"), &path("b.npz"), false)
        .difference
        .expect("a value differs");
    let text = format!("{difference:?}");
    assert!(
        text.contains("Integer(-255)") && text.contains("Integer(-254)"),
        "{text}"
    );
}

#[test]
fn a_trace_of_spikes_is_of_the_first_version_and_differs_in_kind() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let metadata = write(&path("spikes.npz"), &tiny(), [1, -1]);
    assert_eq!((metadata.version, metadata.graded), (1, false));
    write(&path("values.npz"), &tiny_extended(), [1, -1]);
    let difference = compared(&path("spikes.npz"), &path("values.npz"), true)
        .difference
        .expect("another kind");
    let text = format!("{difference:?}");
    assert!(text.contains("input events"), "{text}");
}
