use super::*;
use crate::dataset;
use npyz::{AutoSerialize, Order, Serialize, WriterBuilder};
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// An npz file under construction.
struct Writer {
    folder: TempDir,
    archive: ZipWriter<File>,
}

impl Writer {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let archive = ZipWriter::new(File::create(folder.path().join("toy.npz")).unwrap());
        Self { folder, archive }
    }

    fn add<T: Serialize + AutoSerialize + Copy>(self, name: &str, shape: &[u64], numbers: &[T]) -> Self {
        self.ordered(Order::C, name, shape, numbers)
    }

    fn ordered<T: Serialize + AutoSerialize + Copy>(
        self,
        order: Order,
        name: &str,
        shape: &[u64],
        numbers: &[T],
    ) -> Self {
        let mut bytes = Vec::new();
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(shape)
            .order(order)
            .writer(&mut bytes)
            .begin_nd()
            .unwrap();
        writer.extend(numbers.iter().copied()).unwrap();
        writer.finish().unwrap();
        self.file(name, &bytes)
    }

    /// Adds the file of an array.
    fn file(mut self, name: &str, bytes: &[u8]) -> Self {
        let options = SimpleFileOptions::default();
        self.archive.start_file(format!("{name}.npy"), options).unwrap();
        self.archive.write_all(bytes).unwrap();
        self
    }

    /// Returns the folder, and the path of the file in it.
    fn finish(self) -> (TempDir, PathBuf) {
        let path = self.folder.path().join("toy.npz");
        self.archive.finish().unwrap();
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
            "DIR/toy.npz: array `train_images` is [1, 2], but must be [N, C, H, W] or [N, H, W] of at most 16777216 pixels; \
             write the file again",
        ),
        (
            labelled(&[4]).add("classes", &[], &[1u64 << 60]),
            "DIR/toy.npz: array `classes` is 1152921504606846976, but must be at most 256, since labels are bytes; write \
             the file again",
        ),
        (
            labelled(&[4]).add("classes", &[], &[u64::MAX]),
            "DIR/toy.npz: array `classes` is 2^63 or more, but must be a number of at least 0; write the file again",
        ),
        (
            Writer::new()
                .add("train_images", &[1, 1, 1], &[1u8])
                .add("train_labels", &[1], &[1.0f64]),
            "DIR/toy.npz: array `train_labels` is of type float64, but must be of whole numbers, int8 to int64 or uint8 to \
             uint64; write the file again",
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

/// Starts a file with labels of one training and one test image.
fn labels_of_two() -> Writer {
    Writer::new()
        .add("train_labels", &[1], &[0u8])
        .add("test_labels", &[1], &[1u8])
}

fn pixels(split: &Split) -> (&Images, &Images) {
    (
        split.train.images("this test").unwrap(),
        split.test.images("this test").unwrap(),
    )
}

#[test]
fn images_of_other_types_are_read_if_nothing_is_lost() {
    let load = |writer: Writer| {
        let split = writer.load().unwrap();
        let (train, test) = pixels(&split);
        (train.full_scale, train.pixels.clone(), test.pixels.clone())
    };
    let shape = &[1, 1, 3];
    // Intensities that were bytes, divided in either precision.
    let bytes = |number: u8| f32::from(number) / 255.0;
    let floats = labels_of_two()
        .add("train_images", shape, &[0, 7, 255].map(bytes))
        .add(
            "test_images",
            shape,
            &[1, 2, 3].map(|number| f64::from(number) / 255.0),
        );
    assert_eq!(load(floats), (255, vec![0, 7, 255], vec![1, 2, 3]));
    // Intensities of sixteen levels.
    let levels = |writer: Writer| {
        writer.add("train_images", shape, &[0.0f32, 0.0625, 1.0]).add(
            "test_images",
            shape,
            &[0.5f32, 0.5, 0.75],
        )
    };
    assert_eq!(
        load(levels(labels_of_two())),
        (16, vec![0, 1, 16], vec![8, 8, 12])
    );
    let given = levels(labels_of_two()).add("full_scale", &[], &[32u8]);
    assert_eq!(load(given), (32, vec![0, 2, 32], vec![16, 16, 24]));
    // Bytes that were stored as larger numbers.
    let large = labels_of_two().add("train_images", shape, &[0i64, 7, 255]).add(
        "test_images",
        shape,
        &[1.0f64, 2.0, 255.0],
    );
    assert_eq!(load(large), (255, vec![0, 7, 255], vec![1, 2, 255]));
    let bits = labels_of_two()
        .add("train_images", shape, &[false, true, true])
        .add("test_images", shape, &[true, false, false]);
    assert_eq!(load(bits), (1, vec![0, 1, 1], vec![1, 0, 0]));
}

#[test]
fn images_whose_type_loses_something_are_refused_by_name() {
    let shape = &[1, 1, 2];
    let wanted = "but must be of type uint8, or of another type whose pixels are whole numbers in 0..=255 or intensities in \
                  0..=1; write the file again";
    let with = |writer: Writer| writer.add("test_images", shape, &[1u8, 2]).refusal();
    let array = "DIR/toy.npz: array `train_images` is";
    assert_eq!(
        with(labels_of_two().add("train_images", shape, &[-0.5f32, 2.0])),
        format!("{array} of type float32 from -0.5 to 2, {wanted}")
    );
    assert_eq!(
        with(labels_of_two().add("train_images", shape, &[f64::NAN, 0.5])),
        format!("{array} of type float64 with numbers that are not finite, {wanted}")
    );
    assert_eq!(
        with(labels_of_two().add("train_images", shape, &[7i64, 256])),
        format!("{array} of type int64 with the pixel 256, {wanted}")
    );
    assert_eq!(
        with(labels_of_two().add("train_images", shape, &[0.1f32, 0.123_456])),
        format!(
            "{array} of floats such as 0.10000000149011612, but must be multiples of 1/255 or of a larger fraction: round \
             255 times the intensity and store it as uint8; write the file again"
        )
    );
    assert_eq!(
        with(
            labels_of_two()
                .add("train_images", shape, &[0.0f32, 0.5])
                .add("full_scale", &[], &[255u8])
        ),
        format!(
            "{array} of floats such as 0.5, but must be multiples of 1/255, as `full_scale` says; write the file again"
        )
    );
    let complex = crate::file::npy::Header::text("<c8", &[1, 1, 2]);
    assert_eq!(
        with(labels_of_two().file("train_images", &complex)),
        format!("{array} of type complex64, [1, 1, 2], {wanted}")
    );
}

#[test]
fn arrays_in_fortran_order_are_read() {
    // Images: the columns of [[1, 2, 3]] and [[4, 5, 6]], image by image.
    let split = labels_of_two()
        .ordered(Order::Fortran, "train_images", &[1, 2, 3], &[1u8, 4, 2, 5, 3, 6])
        .add("test_images", &[1, 2, 3], &[7u8; 6])
        .load()
        .unwrap();
    assert_eq!(split.train.image(0), [1, 2, 3, 4, 5, 6]);
    // Events: a column after another.
    let rows = [[5u32, 1, 3, 4], [0, 0, 0, 0], [2000, 1, 0, 2]];
    let columns: Vec<u32> = (0..4).flat_map(|column| rows.map(|row| row[column])).collect();
    let read = |order, numbers: &[u32]| {
        Writer::new()
            .add("shape", &[3], &[2i32, 4, 5])
            .add("window_us", &[], &[1000u32])
            .ordered(order, "train_events", &[3, 4], numbers)
            .add("train_offsets", &[3], &[0i64, 1, 3])
            .add("train_labels", &[2], &[3u8, 2])
            .add("test_events", &[0, 4], &[0u8; 0])
            .add("test_offsets", &[2], &[0u64, 0])
            .add("test_labels", &[1], &[0i8])
            .load()
            .unwrap()
    };
    assert_eq!(read(Order::Fortran, &columns), read(Order::C, &rows.concat()));
}

#[test]
fn shapes_that_no_network_has_are_refused_before_memory_is_asked_for() {
    let huge = 1_u64 << 40;
    let empty = crate::file::npy::Header::text("|u1", &[0, huge, huge]);
    assert_eq!(
        labels_of_two().file("train_images", &empty).refusal(),
        format!(
            "DIR/toy.npz: array `train_images` is [0, {huge}, {huge}], but must be [N, C, H, W] or [N, H, W] of at most \
             16777216 pixels; write the file again"
        )
    );
    assert_eq!(
        Writer::new()
            .add("train_events", &[1, 4], &[0u8, 0, 0, 0])
            .add("shape", &[3], &[huge, huge, 2])
            .refusal(),
        format!(
            "DIR/toy.npz: array `shape` is [{huge}, {huge}, 2], but must be three sizes, at most 16777216 pixels; write the \
             file again"
        )
    );
}

#[test]
fn counted_classes_fit_a_network_with_more() {
    use crate::network::{LayerKind, NetworkDescription};
    let split = images().add("test_labels", &[1], &[4u16]).load().unwrap();
    let mut network = NetworkDescription::preset("digits").unwrap();
    network.input = split.train.shape();
    split.train.check_fits(&network).unwrap();
    split.train.sample(1, 1).unwrap().check_fits(&network).unwrap();
    network.layers[1].kind = LayerKind::Out { out: 4 };
    assert_eq!(
        split.train.check_fits(&network).unwrap_err().to_string(),
        "data set `toy` has labels up to 4, but network `digits` has only the classes 0..=3; give the network 5 classes, or \
         choose other data"
    );
}

#[test]
fn files_of_other_kinds_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let error = dataset::load(&path, None)
            .expect_err("must be refused")
            .to_string();
        error.replace(&folder.path().display().to_string(), "DIR")
    };
    assert_eq!(
        refusal("a.npy", &crate::file::npy::Header::text("|u1", &[0])),
        "DIR/a.npy is a single NumPy array, not an npz archive; save all its arrays in one file with numpy.savez"
    );
    assert_eq!(
        refusal("a.h5", b"\x89HDF\r\n\x1a\n"),
        "DIR/a.h5 is an HDF5 file, not an npz archive; convert its samples and labels to arrays and save them with numpy.savez"
    );
    assert_eq!(
        refusal("toy.npz", b"#!AER-DAT4.0\r\n"),
        "DIR/toy.npz is an AEDAT recording, not an npz archive; convert its samples and labels to arrays and save them with \
         numpy.savez"
    );
    let error = refusal("toy.txt", b"no archive");
    assert!(
        error.starts_with("DIR/toy.txt is not a valid npz file: "),
        "{error}"
    );
    assert!(error.ends_with("; fetch it or write it again"), "{error}");
    let error = dataset::load(folder.path(), None).unwrap_err().to_string();
    assert_eq!(
        error.replace(&folder.path().display().to_string(), "DIR"),
        "DIR is a folder, not an npz file; to read a known data set from it, give the set's name (digits, mnist, \
         fashion-mnist, cifar10, svhn, n-mnist) and the folder as the data folder"
    );
}

#[test]
fn the_ending_of_an_npz_file_does_not_matter() {
    let (folder, path) = images().add("test_labels", &[1], &[4u16]).finish();
    let wanted = dataset::load(&path, None).unwrap();
    for name in ["toy.NPZ", "toy.zip"] {
        let copy = folder.path().join(name);
        std::fs::copy(&path, &copy).unwrap();
        assert_eq!(dataset::load(&copy, None).unwrap(), wanted);
    }
}
