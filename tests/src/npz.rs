//! Npz archives, read and written without the code under test.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// Names and files of all arrays, in the order of the archive.
///
/// # Panics
/// If the file is not an npz archive.
#[must_use]
pub fn arrays(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = ZipArchive::new(File::open(path).expect("opens")).expect("an archive");
    (0..archive.len())
        .map(|index| {
            let mut member = archive.by_index(index).expect("sound");
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes).expect("reads");
            let name = member.name().expect("UTF-8").into_owned();
            (name.strip_suffix(".npy").expect("an array").to_owned(), bytes)
        })
        .collect()
}

/// File of one array.
///
/// # Panics
/// If the file is not an npz archive, or has no such array.
#[must_use]
pub fn array(path: &Path, name: &str) -> Vec<u8> {
    let array = arrays(path).into_iter().find(|(found, _)| found == name);
    array
        .unwrap_or_else(|| panic!("no array {name} in {}", path.display()))
        .1
}

/// Copies an archive with a change of one array's numbers.
///
/// # Panics
/// If the file is not an npz archive, has no such array, or the copy cannot be written.
pub fn changed(path: &Path, array: &str, change: impl FnOnce(&mut [u8]), copy: &Path) {
    let mut arrays = arrays(path);
    let found = arrays.iter_mut().find(|(name, _)| name == array);
    let (_, bytes) = found.unwrap_or_else(|| panic!("no array {array} in {}", path.display()));
    let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    change(&mut bytes[header..]);
    write(copy, arrays);
}

/// Writes an archive of arrays, each given as its name and file.
///
/// # Panics
/// If the file cannot be written.
pub fn write(path: &Path, arrays: impl IntoIterator<Item = (String, Vec<u8>)>) {
    let mut archive = ZipWriter::new(File::create(path).expect("creates"));
    for (name, bytes) in arrays {
        let options = SimpleFileOptions::default();
        archive
            .start_file(format!("{name}.npy"), options)
            .expect("starts");
        archive.write_all(&bytes).expect("writes");
    }
    archive.finish().expect("finishes");
}
