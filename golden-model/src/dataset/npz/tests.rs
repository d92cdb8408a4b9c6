use super::*;
use crate::dataset;
use npyz::npz::NpzWriter;
use npyz::{AutoSerialize, Serialize, WriterBuilder};
use std::io::BufWriter;
use std::path::PathBuf;
use tempfile::TempDir;

/// An npz file under construction.
struct Writer {
    folder: TempDir,
    archive: NpzWriter<BufWriter<std::fs::File>>,
}

impl Writer {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let archive = NpzWriter::create(folder.path().join("toy.npz")).unwrap();
        Self { folder, archive }
    }

    fn add<T: Serialize + AutoSerialize + Copy>(mut self, name: &str, shape: &[u64], numbers: &[T]) -> Self {
        let mut writer = self
            .archive
            .array(name, npyz::zip::write::FileOptions::default())
            .unwrap()
            .default_dtype()
            .shape(shape)
            .begin_nd()
            .unwrap();
        writer.extend(numbers.iter().copied()).unwrap();
        writer.finish().unwrap();
        self
    }

    /// Returns the folder, and the path of the file in it.
    fn finish(self) -> (TempDir, PathBuf) {
        let path = self.folder.path().join("toy.npz");
        drop(self.archive);
        (self.folder, path)
    }

    fn load(self) -> Result<Split> {
        let (_folder, path) = self.finish();
        dataset::load(path.to_str().unwrap(), None)
    }

    fn refusal(self) -> String {
        let folder = self.folder.path().display().to_string();
        self.load()
            .expect_err("must be refused")
            .to_string()
            .replace(&folder, "DIR")
    }
}

/// Starts a file with two training images and one test image of [1, 1, 3].
fn images() -> Writer {
    Writer::new()
        .add("train_images", &[2, 1, 3], &[1u8, 2, 3, 4, 5, 6])
        .add("train_labels", &[2], &[1i64, 0])
        .add("test_images", &[1, 1, 1, 3], &[7u8, 8, 9])
}

/// Starts a file with two training recordings and one test recording, but without `train_offsets`.
fn recordings() -> Writer {
    Writer::new()
        .add("shape", &[3], &[2i32, 4, 5])
        .add("window_us", &[], &[1000u32])
        .add(
            "train_events",
            &[3, 4],
            &[5u32, 1, 3, 4, 0, 0, 0, 0, 2000, 1, 0, 2],
        )
        .add("train_labels", &[2], &[3u8, 2])
        .add("test_events", &[1, 4], &[9i16, 0, 1, 1])
        .add("test_offsets", &[2], &[0u64, 1])
        .add("test_labels", &[1], &[0i8])
}

#[test]
fn images_of_three_and_four_dimensions_are_read() {
    let split = images().add("test_labels", &[1], &[4u16]).load().unwrap();
    assert_eq!((split.train.name(), split.train.classes()), ("toy", 5));
    assert_eq!((split.train.len(), split.test.len()), (2, 1));
    assert_eq!(split.train.image(1), [4, 5, 6]);
    assert_eq!(split.train.labels(), [1, 0]);
    assert_eq!(split.test.image(0), [7, 8, 9]);
    assert_eq!(split.test.images("this test").unwrap().full_scale, 255);
    let split = images()
        .add("test_labels", &[1], &[4u8])
        .add("full_scale", &[1], &[16i32])
        .add("classes", &[], &[7i64])
        .load()
        .unwrap();
    assert_eq!(split.train.classes(), 7);
    assert_eq!(split.test.images("this test").unwrap().full_scale, 16);
}

#[test]
fn recordings_are_cut_by_their_offsets() {
    let split = recordings()
        .add("train_offsets", &[3], &[0i64, 1, 3])
        .load()
        .unwrap();
    let Samples::Recordings(train) = split.train.samples() else {
        panic!("recordings");
    };
    let shape = split.train.shape();
    assert_eq!(<[usize; 3]>::from(shape), [2, 4, 5]);
    assert_eq!((train.window_us(), train.len()), (1000, 2));
    let place = |index: usize, event: usize| {
        (
            train.get(index)[event].time_us,
            train.get(index)[event].place(shape),
        )
    };
    assert_eq!(train.get(0).len(), 1);
    assert_eq!(place(0, 0), (5, [1, 3, 4]));
    assert_eq!(place(1, 1), (2000, [1, 0, 2]));
    assert_eq!((split.train.classes(), split.test.labels()), (4, &[0u8][..]));
}

#[test]
fn a_file_may_lie_in_the_data_folder() {
    let (folder, _) = images().add("test_labels", &[1], &[4u16]).finish();
    assert_eq!(
        dataset::load("toy.npz", Some(folder.path())).unwrap().train.len(),
        2
    );
    let error = dataset::load("toy.npz", None).unwrap_err().to_string();
    assert!(error.starts_with("cannot read toy.npz: "), "{error}");
}

#[test]
fn damaged_image_sets_are_refused() {
    let labelled = |labels: &[i64]| images().add("test_labels", &[labels.len() as u64], labels);
    let cases = [
        (
            images(),
            "DIR/toy.npz: array `test_labels` is missing, but must be [N]; write the file again",
        ),
        (
            labelled(&[256]),
            "DIR/toy.npz: array `test_labels` is 256 at 0, but must be classes in 0..=255; write the file again",
        ),
        (
            labelled(&[1, 1]),
            "data set `toy`: there are 1 samples, but 2 labels; the files do not belong together",
        ),
        (
            labelled(&[4]).add("full_scale", &[], &[256u16]),
            "DIR/toy.npz: array `full_scale` is 256, but must be a number in 1..=255; write the file again",
        ),
        (
            labelled(&[4]).add("full_scale", &[], &[8u8]),
            "data set `toy`: a pixel of image 0 is 9, but must be at most 8; the data are damaged",
        ),
        (
            labelled(&[4]).add("classes", &[], &[4u8]),
            "data set `toy`: label of image 0 is 4, but must be at most 3; the data are damaged",
        ),
        (
            labelled(&[4]).add("classes", &[2], &[4u8, 4]),
            "DIR/toy.npz: array `classes` is [2], but must be one number; write the file again",
        ),
        (
            Writer::new().add("train_images", &[1, 2], &[1u8, 2]),
            "DIR/toy.npz: array `train_images` is [1, 2], but must be [N, C, H, W] or [N, H, W]; write the file again",
        ),
        (
            Writer::new().add("train_images", &[1, 1, 1], &[1.0f32]),
            "DIR/toy.npz: array `train_images` is of another type, [1, 1, 1], but must be of type uint8; write the file \
             again",
        ),
        (
            Writer::new()
                .add("train_images", &[1, 1, 1], &[1u8])
                .add("train_labels", &[1], &[1.0f64]),
            "DIR/toy.npz: array `train_labels` is of another type, but must be whole numbers; write the file again",
        ),
        (
            Writer::new()
                .add("train_images", &[1, 1, 1], &[1u8])
                .add("train_labels", &[1], &[1u8])
                .add("test_images", &[1, 1, 2], &[1u8, 1])
                .add("test_labels", &[1], &[1u8]),
            "DIR/toy.npz: array `test_images` is of shape [1, 1, 2], but must be [1, 1, 1]; write the file again",
        ),
    ];
    for (writer, wanted) in cases {
        assert_eq!(writer.refusal(), wanted);
    }
}

#[test]
fn damaged_recordings_are_refused() {
    let with = |offsets: &[i64]| recordings().add("train_offsets", &[offsets.len() as u64], offsets);
    let cases = [
        (
            with(&[0, 1, 2]),
            "array `train_offsets` is from 0 to 2, but must be numbers that never fall, from 0 to 3",
        ),
        (
            with(&[0, 4, 3]),
            "array `train_offsets` is from 0 to 3, but must be numbers that never fall, from 0 to 3",
        ),
        (
            with(&[]),
            "array `train_offsets` is 0 numbers, but must be numbers that never fall, from 0 to 3",
        ),
        (
            Writer::new()
                .add("shape", &[3], &[2u8, 4, 5])
                .add("window_us", &[], &[7u8])
                .add("train_events", &[2, 4], &[0u8, 0, 0, 0, 0, 2, 0, 0]),
            "array `train_events` is [0, 2, 0, 0] in row 1, but must be times below 2^32 and places of [2, 4, 5]",
        ),
        (
            Writer::new()
                .add("shape", &[3], &[2u8, 4, 5])
                .add("train_events", &[1, 4], &[0u8, 0, 0, 0]),
            "array `window_us` is missing, but must be one number, in microseconds",
        ),
        (
            Writer::new().add("train_events", &[1, 4], &[0u8, 0, 0, 0]),
            "array `shape` is missing, but must be [3]",
        ),
    ];
    for (writer, wanted) in cases {
        assert_eq!(
            writer.refusal(),
            format!("DIR/toy.npz: {wanted}; write the file again")
        );
    }
}

#[test]
fn what_is_no_npz_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("toy.npz");
    std::fs::write(&path, b"no archive").unwrap();
    let error = dataset::load(path.to_str().unwrap(), None)
        .unwrap_err()
        .to_string();
    assert!(error.ends_with("; fetch it or write it again"), "{error}");
}
