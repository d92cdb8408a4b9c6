use super::super::files::tests::{sparse, xz};
use super::*;
use crate::dataset;
use tempfile::TempDir;

/// Encodes events, given as (µs, polarity, y, x).
fn recording(events: &[(u32, u8, u8, u8)]) -> Vec<u8> {
    let bytes = |&(time_us, polarity, y, x): &(u32, u8, u8, u8)| {
        let [_, high, middle, low] = time_us.to_be_bytes();
        [x, y, polarity << 7 | high, middle, low]
    };
    events.iter().flat_map(bytes).collect()
}

const EVENTS: [(u32, u8, u8, u8); 3] = [(0, 1, 0, 33), (70_000, 0, 33, 0), (0x7f_ffff, 1, 1, 2)];

fn put(folder: &TempDir, file: &str, bytes: &[u8]) {
    let path = folder.path().join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// Returns the files of a subset with two training recordings and one test recording.
fn members() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("train1K.txt", b"#sample #class\r\n2\t5\r\n1\t0\r\n".to_vec()),
        ("test100.txt", b"#sample #class\r\n60001\t7\r\n".to_vec()),
        ("1.bs2", recording(&[])),
        ("2.bs2", recording(&EVENTS)),
        ("60001.bs2", recording(&EVENTS[..1])),
    ]
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in members() {
        put(&folder, name, &bytes);
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

fn events_of(dataset: &Dataset, index: usize) -> Vec<(u32, [usize; 3])> {
    let Samples::Recordings(recordings) = dataset.samples() else {
        panic!("recordings");
    };
    assert_eq!(recordings.window_us(), 300_000);
    let events = recordings.get(index).iter();
    events.map(|event| (event.time_us, event.place(SHAPE))).collect()
}

fn check(split: &Split) {
    assert_eq!(split.train.labels(), [5, 0]);
    assert_eq!(split.test.labels(), [7]);
    assert_eq!((split.train.shape(), split.train.classes()), (SHAPE, 10));
    let wanted = [(0, [1, 0, 33]), (70_000, [0, 33, 0]), (0x7f_ffff, [1, 1, 2])];
    assert_eq!(events_of(&split.train, 0), wanted);
    assert_eq!(events_of(&split.train, 1), []);
    assert_eq!(events_of(&split.test, 0), wanted[..1]);
}

#[test]
fn the_subset_is_read_in_the_order_of_its_lists() {
    check(&dataset::load(NAME, Some(folder().path())).unwrap());
}

#[test]
fn the_packed_subset_reads_like_the_unpacked() {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in members() {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        archive
            .append_data(&mut header, format!("nmnist1k/{name}"), &bytes[..])
            .unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let packed = xz(&archive.into_inner().unwrap());
    put(&folder, "events/nmnist1k.tar.xz", &packed);
    check(&dataset::load(NAME, Some(folder.path())).unwrap());

    put(&folder, "events/nmnist1k.tar.xz", &packed[..packed.len() / 2]);
    let error = dataset::load(NAME, Some(folder.path())).unwrap_err().to_string();
    assert!(
        error.ends_with(": the file is damaged; fetch it again"),
        "{error}"
    );
}

#[test]
fn the_authors_folders_are_read_in_the_order_of_the_numbers() {
    let folder = tempfile::tempdir().unwrap();
    for class in 0..10 {
        for part in ["Train", "Test"] {
            std::fs::create_dir_all(folder.path().join(format!("{part}/{class}"))).unwrap();
        }
    }
    put(&folder, "Train/5/00001.bin", &recording(&EVENTS));
    put(&folder, "Train/0/00002.bin", &[]);
    put(&folder, "Train/0/.DS_Store", b"not read");
    put(&folder, "Train/0/._00002.bin", b"not read either");
    put(&folder, "Test/7/00001.bin", &recording(&EVENTS[..1]));
    check(&dataset::load(NAME, Some(folder.path())).unwrap());

    std::fs::remove_dir(folder.path().join("Train/9")).unwrap();
    let error = dataset::load(NAME, Some(folder.path())).unwrap_err().to_string();
    assert!(error.contains("Train/9: "), "{error}");
}

#[test]
fn a_carry_makes_all_later_events_later() {
    let bytes = recording(&[
        (8000, 1, 0, 0),
        (0, 0, CARRY_ROW, 0),
        (100, 1, 0, 1),
        (0, 0, CARRY_ROW, 0),
        (5, 0, 0, 0),
    ]);
    let times: Vec<u32> = events(Path::new("a"), &bytes)
        .unwrap()
        .iter()
        .map(|event| event.time_us)
        .collect();
    assert_eq!(times, [8000, 8192 + 100, 2 * 8192 + 5]);
}

#[test]
fn damaged_files_are_refused() {
    assert_eq!(
        refusal(|folder| put(folder, "2.bs2", &[0; 6])),
        "DIR/2.bs2: the file has 6 bytes, but whole records of 5 bytes need 10; it is truncated, \
         fetch it again"
    );
    assert_eq!(
        refusal(|folder| put(folder, "2.bs2", &recording(&[(0, 0, 0, 0), (0, 0, 34, 5)]))),
        "DIR/2.bs2: event 1 is at x = 5, y = 34, outside the camera of [2, 34, 34]; the file is damaged"
    );
    assert_eq!(
        refusal(|folder| std::fs::remove_file(folder.path().join("1.bs2")).unwrap()),
        "data set `n-mnist`: no 1.bs2 in DIR, neither plain nor with the ending .gz or .xz; put the file there"
    );
    assert_eq!(
        refusal(|folder| put(folder, "train1K.txt", b"# nothing\r\n")),
        "data set `n-mnist` is empty; give one with at least one sample"
    );
}

#[test]
fn an_archive_of_a_few_bytes_does_not_become_gigabytes() {
    let folder = tempfile::tempdir().unwrap();
    put(
        &folder,
        "nmnist1k.tar.xz",
        &xz(&sparse("nmnist1k/1.bs2", 1 << 32)),
    );
    let error = dataset::load(NAME, Some(folder.path())).unwrap_err().to_string();
    assert_eq!(
        error.replace(&folder.path().display().to_string(), "DIR"),
        "DIR/nmnist1k.tar.xz: 1.bs2 is a sparse file, which no data set has; pack the archive without --sparse"
    );
}
