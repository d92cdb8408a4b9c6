//! Texts that point at nothing of ours, and may. A test fails for an exception that no document needs.

/// Text and reason.
pub(crate) const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "unsafe",
        "a keyword that no source has, which is what the sentence says",
    ),
    (
        "utils",
        "a module that must not exist, which is what the sentence says",
    ),
    ("foo/tests.rs", "stands for any module's tests"),
    ("test_2", "an example of a bad name"),
    ("generate_verilog", "a function of rust-hdl that we do not call"),
    ("-- --busdev-num BUS:DEVICE", "a flag of openFPGALoader"),
    ("-- --cable-index N", "a flag of openFPGALoader"),
    ("--ftdi-serial NUMBER", "a flag of openFPGALoader"),
    ("--unprotect-flash", "a flag of openFPGALoader"),
    ("uucp", "a group of users on some Linux distributions"),
    ("lsusb", "a program of Linux"),
    ("NUMBER.bs2", "files of a data set, numbered"),
    ("ecpunpack", "a tool of Project Trellis that we do not call"),
    ("gowin_unpack", "a tool of Project Apicula that we do not call"),
    ("sklearn/datasets/data/digits.csv.gz", "a file of scikit-learn"),
];
