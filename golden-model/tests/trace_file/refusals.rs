//! Refusal of inferences that do not fit, and of files that are not valid traces.

use super::{changed, folder, inferences, metadata, written};
use std::fs;
use std::path::Path;
use synfire_golden_model::file::trace::{Metadata, TraceFile, TraceWriter, compare};
use synfire_golden_model::integer::Trace;
use synfire_golden_model::spikes::SpikeRaster;

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
        "image 0 of the trace: number of steps is 5, but must be 4; trace one network with one number of steps"
    );
    let mut without = trace.clone();
    without.membranes = None;
    assert!(refused(&raster, &without).contains("layers with membranes is 0, but must be 6"));
    let mut fewer = trace.clone();
    fewer.layers.pop();
    assert!(refused(&raster, &fewer).contains("layers is 5, but must be 6"));

    let mut unfinished = writer();
    unfinished.push(0, &raster, &trace).expect("fits");
    let error = unfinished.finish().expect_err("of three images").to_string();
    assert!(error.contains("images is 1, but must be 3"), "{error}");
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
        "a trace of 1099511627776 images has 382630046466048 bytes before compression, but at most 68719476736 are \
         allowed; trace at most 197469760 images, or leave out the membranes"
    );
}

#[test]
fn files_that_are_not_valid_traces_are_refused() {
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
        in_metadata("\"version\":1", "\"version\":3"),
        "trace.changed.npz: the file has version 3 of its format, but this program reads versions up to 2; use a newer synfire"
    );
    assert_eq!(
        in_metadata("synfire-trace", "synfire-tracE"),
        "trace.changed.npz: the file has format `synfire-tracE`, but must have `synfire-trace`; \
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
    // Sizes beyond those of a network are refused before anything is computed with them.
    let huge = 1_u64 << 60;
    for (from, to, wanted) in [
        (
            "\"images\":3",
            format!("\"images\":{huge}"),
            format!("of {huge} images, more than 16777216"),
        ),
        (
            "\"steps\":4",
            format!("\"steps\":{huge}"),
            format!("of {huge} steps, more than 4096"),
        ),
        (
            "\"input\":[1,4,4]",
            format!("\"input\":[{huge},{huge},4]"),
            format!("of [{huge}, {huge}, 4] for `input`"),
        ),
    ] {
        assert_eq!(
            in_metadata(from, &to),
            format!(
                "trace.changed.npz: array `metadata` is {wanted}, but must be sizes that a trace can have; write the trace \
                 again"
            )
        );
    }

    let bytes = fs::read(&path).expect("reads");
    for length in [0, 10, bytes.len() / 2, bytes.len() - 1] {
        let cut = folder.path().join("cut.npz");
        fs::write(&cut, &bytes[..length]).expect("writes");
        assert!(refused(&cut).starts_with("cut.npz is not a valid trace: "));
    }
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/fc.npz");
    assert!(refused(&case).ends_with("array `metadata` is missing, but must be JSON; write the trace again"));
    // An array that is too short is detected when it is read.
    let short = changed(&path, |name, numbers| {
        if name == "spikes/conv1" {
            numbers.pop();
        }
    });
    let mut traces = [&path, &short].map(|path| TraceFile::open(path).expect("the headers are sound"));
    let [a, b] = &mut traces;
    let error = compare(a, b, false).expect_err("cut").to_string();
    assert!(
        error.contains("trace.changed.npz is not a valid trace"),
        "{error}"
    );
}
