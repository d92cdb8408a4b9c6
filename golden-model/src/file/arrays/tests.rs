use super::*;
use std::io::Write as _;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Writes an archive of one array `a` from its header and pieces of its numbers.
fn file<'a>(
    folder: &TempDir,
    method: CompressionMethod,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> PathBuf {
    let path = folder.path().join("a.npz");
    let mut archive = ZipWriter::new(File::create(&path).unwrap());
    let options = SimpleFileOptions::default().compression_method(method);
    archive.start_file("a.npy", options).unwrap();
    for piece in pieces {
        archive.write_all(piece).unwrap();
    }
    archive.finish().unwrap();
    path
}

fn refusal(folder: &TempDir, path: &Path) -> String {
    let error = Arrays::open(path).and_then(|mut arrays| arrays.array("a", "numbers").map(|_| ()));
    let error = error.expect_err("must be refused").to_string();
    error.replace(&folder.path().display().to_string(), "DIR")
}

#[test]
fn an_array_that_unpacks_to_far_more_than_it_is_packed_in_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    // 68 MiB of zeros.
    let zeros = vec![0; 1 << 20];
    let header = Header::text("|u1", &[68 << 20]);
    let pieces = || std::iter::once(&header[..]).chain(std::iter::repeat_n(&zeros[..], 68));
    let path = file(&folder, CompressionMethod::Deflated, pieces());
    let packed = Arrays::open(&path)
        .unwrap()
        .archive
        .by_name("a.npy")
        .unwrap()
        .compressed_size();
    assert_eq!(
        refusal(&folder, &path),
        format!(
            "DIR/a.npz: array `a` unpacks from {packed} to 71303168 bytes, which is typical of damaged files; if it is right, \
             write the file with numpy.savez, which does not compress"
        )
    );
    // The advice helps.
    let path = file(&folder, CompressionMethod::Stored, pieces());
    assert_eq!(
        Arrays::open(&path).unwrap().array("a", "").unwrap().len(),
        68 << 20
    );
}

#[test]
fn an_array_of_another_length_than_its_header_says_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    let header = Header::text("<u8", &[1 << 29]);
    let path = file(&folder, CompressionMethod::Deflated, [&header[..], &[0; 64]]);
    // Of this length the numbers would be refused as packed too tightly; the order of the checks does not matter.
    assert!(refusal(&folder, &path).contains("array `a` unpacks from"));
    let header = Header::text("<u8", &[9]);
    let path = file(&folder, CompressionMethod::Deflated, [&header[..], &[0; 64]]);
    assert_eq!(
        refusal(&folder, &path),
        "DIR/a.npz is not a valid npz file: array `a`: it has 128 bytes, but its header announces 136; fetch it or write it \
         again"
            .replace("128", &(header.len() + 64).to_string())
            .replace("136", &(header.len() + 72).to_string())
    );
    let header = Header::text("<u8", &[1 << 31]);
    let path = file(&folder, CompressionMethod::Stored, [&header[..]]);
    assert_eq!(
        refusal(&folder, &path),
        "DIR/a.npz: array `a` is [2147483648] of type uint64, 17179869184 bytes, but must be at most 8589934592 bytes; write \
         the file again"
    );
    let header = Header::text("|u1", &[1 << 33, 1 << 33]);
    let path = file(&folder, CompressionMethod::Stored, [&header[..]]);
    assert_eq!(
        refusal(&folder, &path),
        "DIR/a.npz: array `a` is [8589934592, 8589934592], but must be at most 4294967296 numbers; write the file again"
    );
}

#[test]
fn damaged_numbers_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let header = Header::text("|u1", &[64]);
    let path = file(&folder, CompressionMethod::Stored, [&header[..], &[7; 64]]);
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(64).position(|window| window == [7; 64]).unwrap();
    bytes[at + 5] = 8;
    std::fs::write(&path, bytes).unwrap();
    let error = refusal(&folder, &path);
    assert!(
        error.starts_with("DIR/a.npz is not a valid npz file: array `a`: "),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn devices_are_no_archives() {
    assert_eq!(
        Arrays::open(Path::new("/dev/zero")).err().unwrap().to_string(),
        "/dev/zero is a device; give a regular file"
    );
}
