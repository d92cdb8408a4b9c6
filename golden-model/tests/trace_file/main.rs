//! Files of traces: NumPy reads exactly the numbers that were written, and a comparison names the first difference.

#[path = "../common/mod.rs"]
mod common;
mod comparison;
mod contents;
mod graded;
#[path = "../common/npz.rs"]
mod npz;
mod refusals;

use common::{every_kind, random_raster};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use std::path::{Path, PathBuf};
use synfire_golden_model::file::trace::{Comparison, Metadata, TraceFile, TraceWriter, compare};
use synfire_golden_model::integer::{Engine, Trace};
use synfire_golden_model::spikes::SpikeRaster;
use tempfile::TempDir;

const IMAGES: usize = 3;
const STEPS: usize = 4;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Runs inferences of a network with layers of every kind.
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

/// Copies a trace and changes the bytes of its arrays with `change`, which receives the name and the numbers of each
/// array.
fn changed(path: &Path, change: impl Fn(&str, &mut Vec<u8>)) -> PathBuf {
    let copy = path.with_extension("changed.npz");
    let mut arrays = npz::arrays(path);
    for (name, bytes) in &mut arrays {
        let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let mut numbers = bytes.split_off(header);
        change(name, &mut numbers);
        bytes.append(&mut numbers);
    }
    npz::write(&copy, arrays);
    copy
}

fn numbers<T: npyz::Deserialize>(path: &Path, name: &str) -> (Vec<u64>, Vec<T>) {
    let arrays = npz::arrays(path);
    let (_, bytes) = arrays.iter().find(|(found, _)| found == name).expect(name);
    let array = npyz::NpyFile::new(&bytes[..]).expect("sound");
    (array.shape().to_vec(), array.into_vec().expect("of this type"))
}
