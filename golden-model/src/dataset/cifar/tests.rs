use super::super::files::tests::{gzip, xz};
use super::*;
use crate::dataset::{self, DataWarning};
use tempfile::TempDir;

/// Creates a record whose pixels count up from the label.
fn record(label: u8) -> Vec<u8> {
    let pixels = (0..SHAPE.size()).map(|at| u8::try_from((at + usize::from(label)) % 256).unwrap());
    std::iter::once(label).chain(pixels).collect()
}

/// Labels of the records of every file.
const LABELS: [(&str, [u8; 2]); 6] = [
    (TRAIN[0], [0, 1]),
    (TRAIN[1], [2, 3]),
    (TRAIN[2], [4, 5]),
    (TRAIN[3], [6, 7]),
    (TRAIN[4], [8, 9]),
    (TEST, [9, 3]),
];

fn put(folder: &TempDir, file: &str, bytes: &[u8]) {
    std::fs::write(folder.path().join(file), bytes).unwrap();
}

/// Creates a folder with all files: plain, gzipped and xz-packed in turn.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (index, (name, labels)) in LABELS.into_iter().enumerate() {
        let bytes: Vec<u8> = labels.into_iter().flat_map(record).collect();
        match index % 3 {
            0 => put(&folder, name, &bytes),
            1 => put(&folder, &format!("{name}.gz"), &gzip(&bytes)),
            _ => put(&folder, &format!("{name}.xz"), &xz(&bytes)),
        }
    }
    folder
}

fn refusal(change: impl FnOnce(&TempDir)) -> String {
    let folder = folder();
    change(&folder);
    let error = dataset::load(NAME, Some(folder.path())).expect_err("must be refused");
    error
        .to_string()
        .replace(&folder.path().display().to_string(), "DIR")
}

fn check(split: &Split) {
    let [DataWarning::Unpublished { name: NAME, file, .. }] = &split.warnings[..] else {
        panic!("one warning: {:?}", split.warnings);
    };
    assert_eq!(file, TRAIN[0]);
    assert_eq!(split.train.labels(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(split.test.labels(), [9, 3]);
    assert_eq!((split.train.shape(), split.train.classes()), (SHAPE, 10));
    for index in 0..10 {
        assert_eq!(
            split.train.image(index),
            &record(split.train.labels()[index])[1..],
            "image {index}"
        );
    }
}

#[test]
fn files_of_any_form_are_read_in_order() {
    check(&dataset::load(NAME, Some(folder().path())).unwrap());
}

#[test]
fn the_archive_reads_like_the_files() {
    let mut archive = tar::Builder::new(Vec::new());
    // The archive lists its files in another order, and holds one more that is not read.
    for (name, labels) in LABELS.into_iter().rev().chain([("batches.meta.txt", [0, 0])]) {
        let bytes: Vec<u8> = labels.into_iter().flat_map(record).collect();
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        let path = format!("cifar-10-batches-bin/{name}");
        archive.append_data(&mut header, path, &bytes[..]).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let bytes = archive.into_inner().unwrap();
    put(&folder, "cifar-10-binary.tar.gz", &gzip(&bytes));
    check(&dataset::load(NAME, Some(folder.path())).unwrap());

    put(&folder, "cifar-10-binary.tar.gz", &gzip(&bytes[..4 * 7168]));
    let error = dataset::load(NAME, Some(folder.path())).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "cifar-10-binary.tar.gz: the archive does not contain data_batch_1.bin; fetch it again"
        ),
        "{error}"
    );
}

#[test]
fn damaged_files_are_refused() {
    assert_eq!(
        refusal(|folder| std::fs::remove_file(folder.path().join("data_batch_2.bin.gz")).unwrap()),
        "data set `cifar10`: no data_batch_2.bin in DIR, neither plain nor with the ending .gz or .xz; put the file there"
    );
    assert_eq!(
        refusal(|folder| put(folder, "data_batch_1.bin", &record(0)[1..])),
        "DIR/data_batch_1.bin: the file has 3072 bytes, but whole records of 3073 bytes need 3073; it is truncated, \
         fetch it again"
    );
    assert_eq!(
        refusal(|folder| put(folder, "data_batch_1.bin", &[])),
        "DIR/data_batch_1.bin: the file has 0 bytes, but whole records of 3073 bytes need 3073; it is truncated, \
         fetch it again"
    );
    assert_eq!(
        refusal(|folder| put(folder, "data_batch_4.bin", &[record(3), record(10)].concat())),
        "DIR/data_batch_4.bin: the label of record 1 is 10, but must be in 0..=9; the file is damaged"
    );
    let cut = gzip(&record(1));
    let error = refusal(|folder| put(folder, "data_batch_2.bin.gz", &cut[..cut.len() - 9]));
    assert!(error.starts_with("DIR/data_batch_2.bin.gz: "), "{error}");
    assert!(
        error.ends_with(": the file is damaged; fetch it again"),
        "{error}"
    );
}
