use super::*;

fn run(model: &str) -> Run {
    Run {
        network: "digits".into(),
        model_sha256: model.into(),
        data: "digits".into(),
        data_sha256: "00".into(),
        images: 10,
        seed: 1,
        calibration: 0,
        scale: "Max".into(),
        synfire: "0".into(),
    }
}

fn setting(weight_bits: u8) -> Setting {
    Setting {
        weight_bits,
        leak: "7:9".parse().unwrap(),
        guard_bits: "auto".parse().unwrap(),
    }
}

fn reading(steps: usize) -> Reading {
    Reading {
        steps,
        correct: 9,
        accuracy: 0.9,
    }
}

fn point(weight_bits: u8, steps: usize) -> Point {
    Point {
        setting: setting(weight_bits),
        reading: reading(steps),
        synaptic_operations: 1234.1,
        made: Made {
            weights_bits: 100,
            thresholds_bits: 20,
            model_bits: 120,
            membrane_bits: 14,
            leak_shifts: vec![7, 9],
            hash: format!("{weight_bits:02x}"),
        },
    }
}

fn all() -> [Finding; 4] {
    [
        Finding::Float(reading(16)),
        Finding::Point(point(4, 16)),
        Finding::Point(point(4, 8)),
        Finding::Refused(Refusal {
            setting: setting(8),
            reason: "too wide".into(),
        }),
    ]
}

#[test]
fn findings_are_found_again_and_those_of_other_runs_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.jsonl");
    let mut results = Results::open(&path, run("a")).unwrap();
    for finding in all() {
        results.append(finding).unwrap();
    }
    let again = Results::open(&path, run("a")).unwrap();
    assert_eq!(again.findings, all());
    assert_eq!(again.float(16), Some(reading(16)));
    assert_eq!(again.float(8), None);
    assert_eq!(again.point(&setting(4), 8), Some(&point(4, 8)));
    assert_eq!(again.point(&setting(3), 8), None);
    assert_eq!(again.of_network("04", 16), Some(&point(4, 16)));
    assert_eq!(again.of_network("05", 16), None);
    assert!(again.refusal(&setting(8)).is_some() && again.refusal(&setting(4)).is_none());

    let mut other = Results::open(&path, run("b")).unwrap();
    assert_eq!(other.findings, []);
    other.append(Finding::Float(reading(4))).unwrap();
    assert_eq!(Results::open(&path, run("a")).unwrap().findings, all());
    assert_eq!(Results::open(&path, run("b")).unwrap().findings.len(), 1);
}

#[test]
fn a_line_cut_off_anywhere_is_dropped_and_the_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.jsonl");
    let mut results = Results::open(&path, run("a")).unwrap();
    for finding in all() {
        results.append(finding).unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let last = text.trim_end().rfind('\n').unwrap() + 1;
    for length in last..text.len() {
        std::fs::write(&path, &text[..length]).unwrap();
        let mut results = Results::open(&path, run("a")).unwrap();
        assert_eq!(results.findings, all()[..3], "cut at {length}");
        results.append(all()[3].clone()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "cut at {length}");
    }
}

#[test]
fn a_file_of_something_else_is_refused_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.jsonl");
    for (text, line) in [("my notes", 1), ("{\"a\": 1}\n", 1), ("{\"a\": 1}", 1)] {
        std::fs::write(&path, text).unwrap();
        let error = Results::open(&path, run("a")).unwrap_err().to_string();
        let start = format!(
            "{}, line {line}, is not a result of `synfire sweep`: ",
            path.display()
        );
        assert!(error.starts_with(&start), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}
