//! Npz archives, read and written without the code under test.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// Names and files of all arrays, in the order of the archive.
pub(crate) fn arrays(path: &Path) -> Vec<(String, Vec<u8>)> {
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

/// Writes an archive of arrays, each given as its name and file.
pub(crate) fn write(path: &Path, arrays: impl IntoIterator<Item = (String, Vec<u8>)>) {
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
