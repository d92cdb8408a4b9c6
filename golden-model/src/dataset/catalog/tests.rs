use super::*;

fn refusal(name: &str, folder: &Path) -> String {
    let error = Known::of_name(name).unwrap().find(Some(folder)).unwrap_err();
    error.to_string().replace(&folder.display().to_string(), "DIR")
}

#[test]
fn entries_are_complete_and_consistent() {
    for known in KNOWN {
        assert!(
            known.shape().size() > 0 && !known.classes.is_empty(),
            "{}",
            known.name
        );
        assert_eq!(
            KNOWN.iter().filter(|other| other.name == known.name).count(),
            1,
            "{}",
            known.name
        );
        assert_eq!(known.layouts.is_empty(), known.name == "digits");
        for published in known.published {
            let mut names = known.layouts.iter().copied().flatten();
            assert!(names.any(|name| *name == published.file), "{}", published.file);
        }
        let Some(download) = known.download else {
            continue;
        };
        assert!(!download.base.ends_with('/'), "{}", known.name);
        for file in download.files {
            let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            assert!(
                file.sha256.len() == 64 && file.sha256.bytes().all(is_hex),
                "{}",
                file.name
            );
            // A file that is not packed has one checksum.
            let same = known
                .published
                .iter()
                .find(|published| published.file == file.name);
            assert!(
                same.is_none_or(|same| same.sha256 == file.sha256),
                "{}",
                file.name
            );
        }
        // The files to download form a layout.
        let names: Vec<&str> = download
            .files
            .iter()
            .map(|file| match file.name.strip_suffix(".gz") {
                Some(name) if !name.ends_with(".tar") => name,
                _ => file.name,
            })
            .collect();
        assert!(known.layouts.contains(&&names[..]), "{}: {names:?}", known.name);
    }
}

#[test]
fn the_own_folder_comes_before_the_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let svhn = Known::of_name("svhn").unwrap();
    for name in ["train_32x32.mat", "test_32x32.mat"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    let found = svhn.find(Some(folder.path())).unwrap();
    assert_eq!((found.folder.as_path(), found.layout), (folder.path(), 0));
    let own = folder.path().join("svhn");
    std::fs::create_dir(&own).unwrap();
    std::fs::write(own.join("train_32x32.mat"), "").unwrap();
    // This folder holds only half of the set.
    assert_eq!(svhn.find(Some(folder.path())).unwrap().folder, folder.path());
    std::fs::write(own.join("test_32x32.mat"), "").unwrap();
    assert_eq!(svhn.find(Some(folder.path())).unwrap().folder, own);
}

#[test]
fn what_is_missing_and_where_is_told() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        refusal("cifar10", folder.path()),
        "data set `cifar10`: searched DIR/cifar10, DIR/cifar-10, DIR/cifar-10-batches-bin, DIR and found none of \
         data_batch_1.bin, data_batch_2.bin, data_batch_3.bin, data_batch_4.bin, data_batch_5.bin, test_batch.bin; \
         or cifar-10-binary.tar.gz; fetch the files with `synfire data download cifar10`, or from \
         https://www.cs.toronto.edu/~kriz/cifar.html"
    );
    std::fs::write(folder.path().join("data_batch_1.bin.xz"), "").unwrap();
    assert_eq!(
        refusal("cifar10", folder.path()),
        "data set `cifar10`: no data_batch_2.bin in DIR, neither plain nor with the ending .gz or .xz; put the file there"
    );
    assert_eq!(
        Known::of_name("mnist")
            .unwrap()
            .find(None)
            .unwrap_err()
            .to_string(),
        "data set `mnist` is read from files; give the data folder that contains mnist/"
    );
}
