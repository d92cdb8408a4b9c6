use super::*;

fn known(name: &str) -> &'static Known {
    Known::of_name(name).unwrap()
}

fn published(name: &str, file: &str) -> String {
    let file = known(name)
        .published
        .iter()
        .find(|published| published.file == file);
    file.unwrap().sha256.to_owned()
}

#[test]
fn published_files_pass_and_others_warn_once() {
    let labels = "t10k-labels-idx1-ubyte";
    let images = "t10k-images-idx3-ubyte";
    let check = |sums: Vec<(&'static str, String)>| check(known("mnist"), Path::new("DIR"), sums).unwrap();
    let sound = (labels, published("mnist", labels));
    assert_eq!(check(vec![sound.clone()]), []);
    // A file without a known checksum is not judged.
    assert_eq!(check(vec![("README", sha256(b"text"))]), []);
    let warnings = check(vec![sound, (images, sha256(b"own")), (labels, sha256(b"own"))]);
    let texts: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "the files in DIR are not the published ones of `mnist` (the SHA-256 of t10k-images-idx3-ubyte differs); do \
             not compare results with published ones, or fetch the files again"
        ]
    );
}

#[test]
fn files_of_another_set_are_refused() {
    let labels = "train-labels-idx1-ubyte";
    let sums = vec![
        ("train-images-idx3-ubyte", sha256(b"own")),
        (labels, published("mnist", labels)),
    ];
    assert_eq!(
        check(known("fashion-mnist"), Path::new("DIR"), sums)
            .unwrap_err()
            .to_string(),
        "DIR/train-labels-idx1-ubyte is a file of data set `mnist`, not of `fashion-mnist`; choose `mnist`, or give the \
         data folder that contains fashion-mnist/"
    );
}

#[test]
fn a_checksum_may_cover_the_beginning_only() {
    let whole = Published {
        file: "a",
        first: None,
        sha256: "",
    };
    let first = Published {
        first: Some(2),
        ..whole
    };
    assert_eq!(whole.sum(b"abc"), sha256(b"abc"));
    assert_eq!(
        (first.sum(b"abc"), first.sum(b"a")),
        (sha256(b"ab"), sha256(b"a"))
    );
}
