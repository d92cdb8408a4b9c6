use super::*;
use crate::dataset;
use crate::dataset::files::tests::gzip;
use crate::dataset::{DataError, Known};
use crate::network::NetworkDescription;
use tempfile::TempDir;

const TRAIN_IMAGES: &str = "train-images-idx3-ubyte";
const TEST_LABELS: &str = "t10k-labels-idx1-ubyte";

fn idx(magic: u32, sizes: &[u32], bytes: &[u8]) -> Vec<u8> {
    let words = std::iter::once(&magic)
        .chain(sizes)
        .flat_map(|word| word.to_be_bytes());
    words.chain(bytes.iter().copied()).collect()
}

/// Creates a folder with two training images and one test image of 1x2 pixels.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    put(&folder, TRAIN_IMAGES, &idx(0x803, &[2, 1, 2], &[1, 2, 3, 255]));
    put(&folder, "train-labels-idx1-ubyte", &idx(0x801, &[2], &[7, 9]));
    put(
        &folder,
        "t10k-images-idx3-ubyte",
        &idx(0x803, &[1, 1, 2], &[5, 6]),
    );
    put(&folder, TEST_LABELS, &idx(0x801, &[1], &[0]));
    folder
}

fn put(folder: &TempDir, file: &str, bytes: &[u8]) {
    std::fs::write(folder.path().join(file), bytes).unwrap();
}

/// Returns the error of loading `folder()` with `file` replaced, without the name of the temporary folder.
fn refusal(file: &str, bytes: &[u8]) -> String {
    let folder = folder();
    put(&folder, file, bytes);
    let error = load("mnist", folder.path())
        .expect_err("the file must be refused")
        .to_string();
    error.replace(&folder.path().display().to_string(), "DIR")
}

#[test]
fn plain_and_gzipped_files_read_alike() {
    let plain = folder();
    let split = load("mnist", plain.path()).unwrap();
    assert_eq!((split.train.len(), split.test.len()), (2, 1));
    assert_eq!(
        split.train.shape(),
        Shape {
            channels: 1,
            height: 1,
            width: 2
        }
    );
    assert_eq!((split.train.image(1), split.train.label(1)), (&[3, 255][..], 9));

    let zipped = folder();
    for entry in std::fs::read_dir(zipped.path()).unwrap() {
        let path = entry.unwrap().path();
        std::fs::write(path.with_extension("gz"), gzip(&std::fs::read(&path).unwrap())).unwrap();
        std::fs::remove_file(path).unwrap();
    }
    let unzipped = load("mnist", zipped.path()).unwrap();
    assert_eq!((unzipped.train, unzipped.test), (split.train, split.test));
}

#[test]
fn the_folder_may_be_the_sets_own_or_the_one_above() {
    let own = folder();
    let above = tempfile::tempdir().unwrap();
    std::fs::create_dir(above.path().join("fashion-mnist")).unwrap();
    for entry in std::fs::read_dir(own.path()).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(
            &path,
            above.path().join("fashion-mnist").join(path.file_name().unwrap()),
        )
        .unwrap();
    }
    let direct = dataset::load("fashion-mnist", Some(own.path())).unwrap();
    let found = dataset::load("fashion-mnist", Some(above.path())).unwrap();
    assert_eq!(direct.train.name(), "fashion-mnist");
    assert_eq!((found.train, found.test), (direct.train, direct.test));
}

#[test]
fn a_missing_file_or_folder_is_named() {
    let folder = folder();
    std::fs::remove_file(folder.path().join(TEST_LABELS)).unwrap();
    let error = load("mnist", folder.path()).unwrap_err().to_string();
    assert_eq!(
        error.replace(&folder.path().display().to_string(), "DIR"),
        "data set `mnist`: no t10k-labels-idx1-ubyte in DIR, neither plain nor with the ending .gz or .xz; put the file there"
    );
    assert_eq!(
        dataset::load("mnist", Some(Path::new("no-such-folder")))
            .unwrap_err()
            .to_string(),
        "data set `mnist`: searched no-such-folder/mnist, no-such-folder/MNIST/raw, no-such-folder and found none of \
         train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte; fetch the \
         files with `synfire data download mnist`, or from http://yann.lecun.com/exdb/mnist"
    );
}

#[test]
fn another_kind_of_file_is_refused() {
    assert_eq!(
        refusal(TRAIN_IMAGES, &idx(0x801, &[2], &[7, 9])),
        "DIR/train-images-idx3-ubyte: the magic number is 0x00000801, but an idx file of images has 0x00000803; give the right file"
    );
    assert_eq!(
        refusal(TEST_LABELS, b"<html>"),
        "DIR/t10k-labels-idx1-ubyte: the magic number is 0x3c68746d, but an idx file of labels has 0x00000801; give the right file"
    );
}

#[test]
fn truncated_and_overlong_files_are_refused() {
    let cases: [(&[u8], u64, u64); 4] = [
        (&[], 0, 16),
        (&idx(0x803, &[2, 1], &[]), 12, 16),
        (&idx(0x803, &[2, 1, 2], &[1, 2, 3]), 19, 20),
        (&idx(0x803, &[2, 1, 2], &[1, 2, 3, 4, 5, 6]), 21, 20),
    ];
    for (bytes, found, wanted) in cases {
        assert_eq!(
            refusal(TRAIN_IMAGES, bytes),
            format!(
                "DIR/train-images-idx3-ubyte: the file has {found} bytes, but its header announces {wanted}; fetch it again"
            )
        );
    }
}

#[test]
fn a_gzipped_file_that_was_cut_off_is_truncated() {
    let folder = folder();
    std::fs::remove_file(folder.path().join(TRAIN_IMAGES)).unwrap();
    let pixels: Vec<u8> = (0..20_000u32)
        .map(|i| u8::try_from(i.wrapping_mul(2_654_435_761) >> 24).unwrap())
        .collect();
    let whole = gzip(&idx(0x803, &[2, 100, 100], &pixels));
    put(&folder, "train-images-idx3-ubyte.gz", &whole[..whole.len() / 2]);
    let error = load("mnist", folder.path()).unwrap_err();
    assert!(
        matches!(error, Error::Data(DataError::Length { found, wanted: 20_016, .. }) if found < 20_016),
        "{error}"
    );
}

#[test]
fn an_absurd_header_is_refused_without_allocating() {
    assert_eq!(
        refusal(TRAIN_IMAGES, &idx(0x803, &[u32::MAX, u32::MAX, u32::MAX], &[])),
        "DIR/train-images-idx3-ubyte: the header announces 79228162458924105385300197375 bytes of images, \
         more than the 1073741824 allowed; the file is damaged"
    );
}

#[test]
fn files_that_disagree_are_refused() {
    assert_eq!(
        refusal(TEST_LABELS, &idx(0x801, &[2], &[0, 1])),
        "data set `mnist`: there are 1 samples, but 2 labels; the files do not belong together"
    );
}

#[test]
fn classes_of_other_sets_are_counted_and_a_warning_says_what_they_are() {
    let letters = folder();
    // The letters of EMNIST have labels from 1 to 26.
    put(&letters, "train-labels-idx1-ubyte", &idx(0x801, &[2], &[1, 26]));
    let split = load("mnist", letters.path()).unwrap();
    assert_eq!((split.train.classes(), split.test.classes()), (27, 27));
    let [warning] = &split.warnings[..] else {
        panic!("one warning: {:?}", split.warnings);
    };
    assert_eq!(
        warning.to_string(),
        format!(
            "the files in {} are not the published ones of `mnist` (the SHA-256 of train-images-idx3-ubyte differs); do not \
             compare results with published ones, or fetch the files again",
            letters.path().display()
        )
    );
    let mut network = NetworkDescription::preset("mnist-mlp").unwrap();
    network.input = split.train.shape();
    assert_eq!(
        split.train.check_fits(&network).unwrap_err().to_string(),
        "data set `mnist` has labels up to 26, but network `mnist-mlp` has only the classes 0..=9; give the network 27 \
         classes, or choose other data"
    );
    // A subset without the last classes fits a network that has them.
    put(&letters, "train-labels-idx1-ubyte", &idx(0x801, &[2], &[1, 2]));
    load("mnist", letters.path())
        .unwrap()
        .train
        .check_fits(&network)
        .unwrap();
}

#[test]
fn packed_files_without_their_ending_are_read() {
    let plain = folder();
    let split = load("mnist", plain.path()).unwrap();
    for entry in std::fs::read_dir(plain.path()).unwrap() {
        let path = entry.unwrap().path();
        let packed = gzip(&std::fs::read(&path).unwrap());
        std::fs::write(path, packed).unwrap();
    }
    assert_eq!(load("mnist", plain.path()).unwrap(), split);
}

#[test]
fn the_folders_of_torchvision_are_searched() {
    let above = tempfile::tempdir().unwrap();
    let raw = above.path().join("FashionMNIST/raw");
    std::fs::create_dir_all(&raw).unwrap();
    let own = folder();
    for entry in std::fs::read_dir(own.path()).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, raw.join(path.file_name().unwrap())).unwrap();
    }
    let found = Known::of_name("fashion-mnist")
        .unwrap()
        .find(Some(above.path()))
        .unwrap();
    assert_eq!(found.folder, raw);
    assert!(dataset::load("mnist", Some(above.path())).is_err());
}

#[test]
fn the_real_mnist_reads() {
    let Some(folder) = std::env::var_os("SYNFIRE_DATA") else {
        eprintln!("skipped: SYNFIRE_DATA does not name a folder that holds mnist/");
        return;
    };
    let split = dataset::load("mnist", Some(Path::new(&folder))).unwrap();
    assert_eq!((split.warnings.len(), split.train.classes()), (0, 10));
    assert_eq!((split.train.len(), split.test.len()), (60_000, 10_000));
    assert_eq!(
        split.test.class_counts(),
        [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    );
}

#[test]
fn the_real_mnist_does_not_pass_as_another_set() {
    let Some(folder) = std::env::var_os("SYNFIRE_DATA") else {
        eprintln!("skipped: SYNFIRE_DATA does not name a folder that holds mnist/");
        return;
    };
    let folder = Path::new(&folder).join("mnist");
    let wanted = format!(
        "{} is a file of data set `mnist`, not of `fashion-mnist`; choose `mnist`, or give the data folder that contains \
         fashion-mnist/",
        folder.join("train-labels-idx1-ubyte").display()
    );
    // A package of the operating system may have the set.
    let fashion = Known::of_name("fashion-mnist").unwrap();
    if fashion.find(Some(&folder)).is_err() {
        let error = dataset::load("fashion-mnist", Some(&folder)).unwrap_err();
        assert_eq!(error.to_string(), wanted);
    }
    // The reader itself refuses too: images may be of another set, with other labels.
    let error = load("fashion-mnist", &folder).unwrap_err().to_string();
    assert!(
        error.contains("is a file of data set `mnist`, not of `fashion-mnist`"),
        "{error}"
    );
}
