use super::*;
use crate::dataset;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::{Read as _, Write as _};
use tempfile::TempDir;

/// Types of a MAT-file's data elements.
const INT8: u32 = 1;
const UINT8: u32 = 2;
const INT32: u32 = 5;
const UINT32: u32 = 6;
const DOUBLE: u32 = 9;
const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;
/// Classes of arrays.
const DOUBLE_CLASS: u32 = 6;
const UINT8_CLASS: u32 = 9;

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A data element: type, length, bytes, padded to 8.
fn element(kind: u32, bytes: &[u8]) -> Vec<u8> {
    let mut element = words(&[kind, u32::try_from(bytes.len()).unwrap()]);
    element.extend_from_slice(bytes);
    element.resize(element.len().next_multiple_of(8), 0);
    element
}

fn array(name: &str, class: u32, kind: u32, sizes: &[u32], bytes: &[u8]) -> Vec<u8> {
    let parts = [
        element(UINT32, &words(&[class, 0])),
        element(INT32, &words(sizes)),
        element(INT8, name.as_bytes()),
        element(kind, bytes),
    ];
    element(MATRIX, &parts.concat())
}

fn compressed(array: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(array).unwrap();
    let bytes = encoder.finish().unwrap();
    // This element is not padded, unlike all others.
    [words(&[COMPRESSED, u32::try_from(bytes.len()).unwrap()]), bytes].concat()
}

/// A MAT-file of version 5 in little-endian order.
fn file(arrays: &[Vec<u8>]) -> Vec<u8> {
    let mut header = b"MATLAB 5.0 MAT-file, written by a test".to_vec();
    header.resize(124, b' ');
    header.extend_from_slice(&[0x00, 0x01, b'I', b'M']);
    std::iter::once(header)
        .chain(arrays.iter().cloned())
        .collect::<Vec<_>>()
        .concat()
}

/// Pixels of the test images: the value identifies the position.
fn pixel(image: usize, channel: usize, y: usize, x: usize) -> u8 {
    u8::try_from((101 * image + 37 * channel + 3 * y + 7 * x) % 251).unwrap()
}

fn images(count: usize) -> Vec<u8> {
    let mut pixels = Vec::new();
    for image in 0..count {
        for channel in 0..3 {
            for x in 0..32 {
                pixels.extend((0..32).map(|y| pixel(image, channel, y, x)));
            }
        }
    }
    array(
        "X",
        UINT8_CLASS,
        UINT8,
        &[32, 32, 3, u32::try_from(count).unwrap()],
        &pixels,
    )
}

fn labels(digits: &[u8]) -> Vec<u8> {
    array(
        "y",
        UINT8_CLASS,
        UINT8,
        &[u32::try_from(digits.len()).unwrap(), 1],
        digits,
    )
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let whole = |digits: &[u8]| file(&[compressed(&images(digits.len())), compressed(&labels(digits))]);
    std::fs::write(folder.path().join("train_32x32.mat"), whole(&[1, 10, 9])).unwrap();
    std::fs::write(folder.path().join("test_32x32.mat"), whole(&[10])).unwrap();
    folder
}

fn refusal(bytes: &[u8]) -> String {
    let folder = folder();
    std::fs::write(folder.path().join("train_32x32.mat"), bytes).unwrap();
    let error = dataset::load(NAME, Some(folder.path())).expect_err("must be refused");
    error
        .to_string()
        .replace(&folder.path().display().to_string(), "DIR")
}

#[test]
fn columns_become_rows_and_ten_becomes_zero() {
    let split = dataset::load(NAME, Some(folder().path())).unwrap();
    assert_eq!(split.train.labels(), [1, 0, 9]);
    assert_eq!(split.test.labels(), [0]);
    assert_eq!((split.train.shape(), split.train.classes()), (SHAPE, 10));
    for index in 0..3 {
        let wanted = (0..3 * 32 * 32).map(|at| pixel(index, at / 1024, at / 32 % 32, at % 32));
        assert_eq!(
            split.train.image(index),
            wanted.collect::<Vec<_>>(),
            "image {index}"
        );
    }
}

#[test]
fn labels_may_be_real_numbers_and_arrays_uncompressed() {
    let reals: Vec<u8> = [3.0_f64, 10.0]
        .iter()
        .flat_map(|digit| digit.to_le_bytes())
        .collect();
    let labels = array("y", DOUBLE_CLASS, DOUBLE, &[2, 1], &reals);
    let dataset = parse(Path::new("a"), &file(&[images(2), labels])).unwrap();
    assert_eq!(dataset.labels(), [3, 0]);
}

#[test]
fn damaged_files_are_refused() {
    let x = compressed(&images(2));
    let y = compressed(&labels(&[1, 2]));
    let cases = [
        (
            file(std::slice::from_ref(&x)),
            "DIR/train_32x32.mat: array `y` is missing, but must be [N, 1]; write the file again",
        ),
        (
            file(std::slice::from_ref(&y)),
            "DIR/train_32x32.mat: array `X` is missing, but must be uint8 [32, 32, 3, N]; write the file again",
        ),
        (
            file(&[
                array("X", UINT8_CLASS, UINT8, &[3, 32, 32, 1], &[0; 3072]),
                y.clone(),
            ]),
            "DIR/train_32x32.mat: array `X` is [3, 32, 32, 1], but must be uint8 [32, 32, 3, N]; write the file again",
        ),
        (
            file(&[x.clone(), labels(&[1, 11])]),
            "DIR/train_32x32.mat: the label of record 1 is 11, but must be in 1..=10; the file is damaged",
        ),
        (
            file(&[x.clone(), labels(&[1, 2, 3])]),
            "data set `svhn`: there are 2 samples, but 3 labels; the files do not belong together",
        ),
    ];
    for (bytes, wanted) in cases {
        assert_eq!(refusal(&bytes), wanted);
    }
    let whole = file(&[x, y]);
    for length in [0, 100, 128, 140, whole.len() / 2, whole.len() - 20] {
        let error = refusal(&whole[..length]);
        assert!(
            error.contains("cannot be read as a MAT-file") || error.contains("is missing"),
            "{length} bytes: {error}"
        );
    }
}

#[test]
fn short_elements_and_the_other_order_of_bytes_are_read() {
    // MATLAB writes elements of up to 4 bytes into the tag.
    let short = |kind: u32, bytes: &[u8]| {
        let mut element = words(&[u32::try_from(bytes.len()).unwrap() << 16 | kind]);
        element.extend_from_slice(bytes);
        element.resize(8, 0);
        element
    };
    let parts = [
        element(UINT32, &words(&[DOUBLE_CLASS, 0])),
        element(INT32, &words(&[2, 1])),
        short(INT8, b"y"),
        short(UINT8, &[3, 10]),
    ];
    let labels = element(MATRIX, &parts.concat());
    let dataset = parse(Path::new("a"), &file(&[images(2), compressed(&labels)])).unwrap();
    assert_eq!(dataset.labels(), [3, 0]);

    let swapped = |kind: u32, bytes: &[u8]| {
        let mut element = [
            kind.to_be_bytes(),
            u32::try_from(bytes.len()).unwrap().to_be_bytes(),
        ]
        .concat();
        element.extend_from_slice(bytes);
        element.resize(element.len().next_multiple_of(8), 0);
        element
    };
    let big = |words: &[u32]| {
        words
            .iter()
            .flat_map(|word| word.to_be_bytes())
            .collect::<Vec<_>>()
    };
    let parts = [
        swapped(UINT32, &big(&[DOUBLE_CLASS, 0])),
        swapped(INT32, &big(&[1, 1])),
        swapped(INT8, b"y"),
        swapped(DOUBLE, &7.0_f64.to_be_bytes()),
    ];
    let mut bytes = b"MATLAB 5.0 MAT-file".to_vec();
    bytes.resize(124, b' ');
    bytes.extend_from_slice(&[1, 0, b'M', b'I']);
    bytes.extend(swapped(MATRIX, &parts.concat()));
    let arrays = mat::read(&bytes, &["y"]).unwrap();
    assert_eq!(digits(&arrays[0]), Some(vec![7]));
}

#[test]
fn a_packed_array_does_not_unpack_beyond_what_it_announces() {
    // A megabyte that unpacks to a gigabyte of zeros after the sizes of one image.
    let parts = [
        element(UINT32, &words(&[UINT8_CLASS, 0])),
        element(INT32, &words(&[32, 32, 3, 1])),
        element(INT8, b"X"),
        words(&[UINT8, u32::MAX]),
    ];
    let parts = parts.concat();
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&words(&[MATRIX, u32::MAX])).unwrap();
    encoder.write_all(&parts).unwrap();
    std::io::copy(&mut std::io::repeat(0).take(1 << 24), &mut encoder).unwrap();
    let packed = encoder.finish().unwrap();
    let element = [words(&[COMPRESSED, u32::try_from(packed.len()).unwrap()]), packed].concat();
    assert_eq!(
        refusal(&file(&[element])),
        "DIR/train_32x32.mat: the file cannot be read as a MAT-file of version 5 (an element has 4294967295 bytes, more \
         than 24576); fetch it again"
    );
    assert_eq!(
        refusal(b"\x89HDF\r\n\x1a\n"),
        "DIR/train_32x32.mat: the file cannot be read as a MAT-file of version 5 (it is of version 7.3, an HDF5 file); fetch \
         it again"
    );
}
