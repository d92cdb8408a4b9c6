use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use liblzma::write::XzEncoder;
use std::io::Write as _;

/// Compresses `bytes` with gzip.
pub(in super::super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Compresses `bytes` with xz.
pub(in super::super) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = XzEncoder::new(Vec::new(), 6);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn all_forms_hold_the_same() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!exists(folder.path(), "a"));
    for (form, bytes) in [
        (".xz", xz(b"contents")),
        (".gz", gzip(b"contents")),
        ("", b"contents".to_vec()),
    ] {
        std::fs::write(folder.path().join(format!("a{form}")), bytes).unwrap();
        let path = locate(folder.path(), "a").unwrap();
        // A later form in this list takes precedence over the forms already written.
        assert_eq!(path, folder.path().join(format!("a{form}")));
        assert_eq!(read(&path).unwrap(), b"contents");
    }
}

#[test]
fn packed_files_without_their_ending_are_recognized() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("train-images-idx3-ubyte");
    for bytes in [gzip(b"contents"), xz(b"contents"), b"contents".to_vec()] {
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(read(&path).unwrap(), b"contents");
    }
}

#[test]
fn filters_beyond_plain_xz_are_undone() {
    use liblzma::stream::{Check, Filters, LzmaOptions};
    let mut filters = Filters::new();
    filters.delta_properties(&[2]).unwrap();
    filters.lzma2(&LzmaOptions::new_preset(6).unwrap());
    let stream = Stream::new_stream_encoder(&filters, Check::Crc64).unwrap();
    let mut encoder = XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(&[1, 2, 3, 4, 5, 6]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xz");
    std::fs::write(&path, encoder.finish().unwrap()).unwrap();
    assert_eq!(read(&path).unwrap(), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn an_xz_file_may_not_ask_for_any_memory() {
    use liblzma::stream::{Check, Filters, LzmaOptions};
    let mut options = LzmaOptions::new_preset(0).unwrap();
    options.dict_size(1 << 30);
    let mut filters = Filters::new();
    filters.lzma2(&options);
    let stream = Stream::new_stream_encoder(&filters, Check::Crc64).unwrap();
    let mut encoder = XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(b"contents").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xz");
    std::fs::write(&path, encoder.finish().unwrap()).unwrap();
    let error = read(&path).unwrap_err();
    assert!(
        matches!(&error, Error::Data(DataError::Damaged { .. })),
        "{error:?}"
    );
}

#[test]
fn damaged_files_are_told_from_missing_ones() {
    let folder = tempfile::tempdir().unwrap();
    for (form, packed) in [("gz", gzip(&[7; 1000])), ("xz", xz(&[7; 1000]))] {
        let path = folder.path().join(format!("a.{form}"));
        for bytes in [&packed[..packed.len() / 2], b"no such form, this"] {
            std::fs::write(&path, bytes).unwrap();
            let error = read(&path).unwrap_err();
            assert!(
                matches!(&error, Error::Data(DataError::Damaged { .. })),
                "{error:?}"
            );
            assert!(
                error.to_string().ends_with("the file is damaged; fetch it again"),
                "{error}"
            );
        }
    }
    assert!(matches!(
        read(&folder.path().join("b")),
        Err(Error::File(FileError::Read { .. }))
    ));
}

#[test]
fn a_file_that_unpacks_beyond_the_limit_is_refused() {
    let limited = |length: u64, limit| {
        let mut bytes = Vec::new();
        let mut reader = Limited::new(std::io::repeat(7).take(length), limit);
        reader
            .read_to_end(&mut bytes)
            .map(|count| count as u64)
            .map_err(|source| failed(Path::new("a"), source).to_string())
    };
    assert_eq!(limited(10, 10), Ok(10));
    assert_eq!(limited(0, 0), Ok(0));
    assert_eq!(
        limited(11, 10),
        Err(format!(
            "a: the file unpacks to more than {MAX_BYTES} bytes, which no data set has; fetch it again"
        ))
    );
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("a");
    std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
    let path = locate(folder.path(), "a").unwrap();
    assert_eq!(
        read(&path).unwrap_err().to_string(),
        format!("{} is a device; give a regular file", link.display())
    );
}

/// A tar archive of one GNU sparse file that claims `length` zeros.
pub(in super::super) fn sparse(name: &str, length: u64) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_path(name).unwrap();
    header.set_entry_type(tar::EntryType::GNUSparse);
    header.set_size(0);
    let gnu = header.as_gnu_mut().unwrap();
    gnu.realsize
        .copy_from_slice(format!("{length:011o}\0").as_bytes());
    gnu.sparse[0]
        .offset
        .copy_from_slice(format!("{length:011o}\0").as_bytes());
    gnu.sparse[0].numbytes.copy_from_slice(b"00000000000\0");
    header.set_cksum();
    let mut archive = header.as_bytes().to_vec();
    archive.resize(archive.len() + 1024, 0);
    archive
}

#[test]
fn sparse_files_in_archives_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar.xz");
    std::fs::write(&path, xz(&sparse("a/1.bs2", 1 << 32))).unwrap();
    for wanted in [true, false] {
        assert_eq!(
            unpack(&path, |_| wanted).unwrap_err().to_string(),
            format!(
                "{}: 1.bs2 is a sparse file, which no data set has; pack the archive without --sparse",
                path.display()
            )
        );
    }
}
