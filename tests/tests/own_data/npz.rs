//! Writes data sets as npz files.

use npyz::npz::NpzWriter;
use npyz::{AutoSerialize, Serialize, WriterBuilder};
use std::fs;
use std::path::Path;
use synfire_golden_model::dataset::{self, Dataset};

/// An npz file under construction.
pub(crate) struct Npz(NpzWriter<std::io::BufWriter<fs::File>>);

impl Npz {
    pub(crate) fn new(path: &Path) -> Self {
        Self(NpzWriter::create(path).expect("a new file"))
    }

    pub(crate) fn add<T: Serialize + AutoSerialize + Copy>(
        mut self,
        name: &str,
        shape: &[u64],
        numbers: &[T],
    ) -> Self {
        let array = self.0.array(name, npyz::zip::write::FileOptions::default());
        let mut writer = array
            .expect("a new array")
            .default_dtype()
            .shape(shape)
            .begin_nd()
            .expect("a header");
        writer.extend(numbers.iter().copied()).expect("writing");
        writer.finish().expect("as many numbers as announced");
        self
    }
}

/// Writes the digits to an npz file: the images changed by `change`, in the order that `order` gives to the indices.
pub(crate) fn write_digits(
    path: &Path,
    change: impl Fn(&[u8]) -> Vec<u8>,
    order: impl Fn(&Dataset, &mut Vec<usize>),
) {
    let digits = dataset::load("digits", None).expect("embedded");
    let mut npz = Npz::new(path).add("full_scale", &[], &[16_u8]);
    for (part, data) in [("train", &digits.train), ("test", &digits.test)] {
        let mut indices: Vec<usize> = (0..data.len()).collect();
        order(data, &mut indices);
        let pixels: Vec<u8> = indices
            .iter()
            .flat_map(|&index| change(data.image(index)))
            .collect();
        let labels: Vec<u8> = indices.iter().map(|&index| data.labels()[index]).collect();
        let samples = indices.len() as u64;
        npz = npz.add(&format!("{part}_images"), &[samples, 8, 8], &pixels).add(
            &format!("{part}_labels"),
            &[samples],
            &labels,
        );
    }
}

/// Writes a set of the shape of the digits that a network of the digits does not know.
pub(crate) fn write_transposed(path: &Path) {
    let transposed = |image: &[u8]| (0..64).map(|at| image[at % 8 * 8 + at / 8]).collect();
    write_digits(path, transposed, |_, _| ());
}

/// Writes recordings of two classes, whose events lie in different rows. Every second recording is `late` µs late.
pub(crate) fn write_recordings(path: &Path, late: i64) {
    let mut npz = Npz::new(path)
        .add("shape", &[3], &[1_i64, 4, 4])
        .add("window_us", &[], &[1000_i64]);
    for part in ["train", "test"] {
        let (mut events, mut offsets, mut labels) = (Vec::new(), vec![0_i64], Vec::new());
        for recording in 0..80_i64 {
            let class = recording / 2 % 2;
            let start = if recording % 2 == 1 { late } else { 0 };
            for event in 0..20 {
                events.extend([
                    start + event * 50,
                    0,
                    2 * class + event % 2,
                    (recording + event) % 4,
                ]);
            }
            offsets.push(offsets.len() as i64 * 20);
            labels.push(class);
        }
        npz = npz
            .add(&format!("{part}_events"), &[80 * 20, 4], &events)
            .add(&format!("{part}_offsets"), &[81], &offsets)
            .add(&format!("{part}_labels"), &[80], &labels);
    }
}
