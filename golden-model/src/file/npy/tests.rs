use super::*;

fn parsed(text: &str) -> Result<Header, String> {
    parser::parse(text, 0)
}

fn of_version(version: u8, text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap().to_le_bytes();
    let length = if version == 1 { &length[..2] } else { &length[..] };
    [&MAGIC[..], &[version, 0], length, text.as_bytes()].concat()
}

#[test]
fn headers_are_read_back_as_written() {
    for sizes in [&[][..], &[7], &[3, 1, 28, 28]] {
        let text = Header::text("<f4", sizes);
        assert!(text.len().is_multiple_of(64), "{sizes:?}");
        let header = Header::read(&mut &text[..]).unwrap();
        assert_eq!((&header.sizes[..], header.fortran_order), (sizes, false));
        assert_eq!(
            (&*header.type_name, header.length),
            ("float32", text.len() as u64)
        );
        // An independent reader agrees.
        let found = npyz::NpyHeader::from_reader(&text[..]).unwrap();
        assert_eq!((found.shape(), found.dtype().descr().as_str()), (sizes, "'<f4'"));
    }
}

#[test]
fn all_versions_and_spellings_are_read() {
    let text = "{'shape': (2L, 3L), 'fortran_order': True, 'descr': \">u2\"}\n";
    for version in 1..=3 {
        let header = Header::read(&mut &of_version(version, text)[..]).unwrap();
        assert_eq!((&header.sizes[..], header.fortran_order), (&[2, 3][..], true));
        let format = header.format.unwrap();
        assert_eq!(format.integer(&[1, 2]), Some(0x0102));
    }
    let text = of_version(4, text);
    let error = Header::read(&mut &text[..]).unwrap_err().to_string();
    assert_eq!(error, "version 4.0 of its header is unknown");
}

#[test]
fn a_long_header_is_refused_before_it_is_read() {
    let bytes = [&MAGIC[..], &[2, 0], &u32::MAX.to_le_bytes()].concat();
    let error = Header::read(&mut &bytes[..]).unwrap_err().to_string();
    assert_eq!(error, "its header has 4294967295 bytes, more than 65536");
}

#[test]
fn nested_brackets_cost_no_time() {
    // With an exponential parser this test would not end.
    let depth = 20_000;
    let nested = format!(
        "{{'descr': {}{}, 'fortran_order': False, 'shape': (1,), }}",
        "[".repeat(depth),
        "]".repeat(depth)
    );
    let header = parsed(&nested).unwrap();
    assert_eq!((&*header.type_name, header.format), ("record", None));
    let record =
        "{'descr': [(']', '<i4', (2,)), ('b', [('c', '|u1')])], 'fortran_order': False, 'shape': ()}";
    assert_eq!(parsed(record).unwrap().format, None);
}

#[test]
fn types_are_named_as_numpy_names_them() {
    for (descr, name) in [
        ("|b1", "bool"),
        ("|u1", "uint8"),
        ("<i8", "int64"),
        (">f8", "float64"),
        ("<f2", "float16"),
        ("<c8", "complex64"),
        ("|O", "object"),
        ("<U3", "'<U3'"),
    ] {
        let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (1,), }}");
        assert_eq!(parsed(&text).unwrap().type_name, name);
    }
}

#[test]
fn numbers_of_every_kind_are_converted() {
    let format = |descr| NumberFormat::parse(descr).unwrap();
    assert_eq!(format("|i1").integer(&[0xFF]), Some(-1));
    assert_eq!(format("<i2").integer(&[0x00, 0x80]), Some(-32768));
    assert_eq!(format("<i8").integer(&[0xFF; 8]), Some(-1));
    assert_eq!(format("<u8").integer(&[0xFF; 8]), None);
    assert_eq!(format("|b1").integer(&[1]), Some(1));
    assert_eq!(format("<f4").integer(&[0; 4]), None);
    assert_eq!(format(">f4").float(&1.5_f32.to_be_bytes()), 1.5);
    assert_eq!(format("<f8").float(&(-2.5_f64).to_le_bytes()), -2.5);
    assert_eq!(i32::of(format(">i4"), &(-7_i32).to_be_bytes()), -7);
    assert_eq!(f64::of(format("<f8"), &0.1_f64.to_le_bytes()), 0.1);
    assert!(i8::fits(format("|i1")) && !i8::fits(format("|u1")) && !f32::fits(format("<f8")));
}

#[test]
fn damaged_headers_are_named() {
    let cases = [
        ("", "its header has `` in place of `{`"),
        ("{'descr'", "its header has `` in place of `:`"),
        ("{'descr", "its header has a string without an end"),
        ("{'descr': [[, ", "its header has a list without an end"),
        ("{'size': 1}", "its header has the unknown key `size`"),
        ("{'shape': (1,)}", "its header lacks the key `descr`"),
        (
            "{'shape': (-1,)}",
            "its header has `-1,)}` in place of a size below 2^64",
        ),
        (
            "{'shape': (18446744073709551616,)}",
            "its header has `18446744073709551616,)}` in place of a size below 2^64",
        ),
        (
            "{'fortran_order': 1}",
            "its header has `1}` in place of True or False",
        ),
    ];
    for (text, wanted) in cases {
        assert_eq!(parsed(text).unwrap_err(), wanted);
    }
    let many = format!("{{'shape': ({})}}", "1,".repeat(65));
    assert_eq!(parsed(&many).unwrap_err(), "it has more than 64 dimensions");
    let error = Header::read(&mut &b"no header"[..]).unwrap_err().to_string();
    assert_eq!(error, "it does not start like a NumPy array");
}

#[test]
fn the_number_of_elements_never_overflows() {
    let header = |sizes: &str| {
        let text = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({sizes}), }}");
        parsed(&text).unwrap().numbers()
    };
    assert_eq!(header("4294967296, 4294967296, 4294967296"), u64::MAX);
    assert_eq!(header("4294967296, 4294967296, 0"), 0);
    assert_eq!(header(""), 1);
}
