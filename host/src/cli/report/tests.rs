use super::*;
use synfire_hw::energy::Range;

fn example() -> Row {
    Row {
        folder: "build".into(),
        network: "digits".into(),
        board: "icebreaker".into(),
        lanes: [4, 1].map(Array::of_lanes).into(),
        float_accuracy: Some(0.925),
        cycles: 1401.0,
        measured: true,
        clock_mhz: 18.0,
        inferences_per_second: 12_848.0,
        operations_per_second: Some(3.456e9),
        energy: None,
        fmax_mhz: Some(26.17),
        clock_met: Some(true),
        utilization: vec![Utilization {
            resource: LUT.into(),
            used: 2034,
            available: 5280,
        }],
        planned: Cost {
            luts: 2200,
            block_rams: 10,
            sprams: 0,
        },
        critical_path: None,
        checks: Vec::new(),
    }
}

#[test]
fn estimates_are_compared_with_what_was_used() {
    let mut row = example();
    assert_eq!(
        row.estimates(),
        [
            "digits",
            "icebreaker",
            "4 + 1",
            "2200",
            "2034",
            "+8.2 %",
            "10",
            "-",
            "-",
            "-"
        ]
    );
    let used = |resource: &str, used| Utilization {
        resource: resource.into(),
        used,
        available: 5280,
    };
    row.utilization
        .extend([used(LOGIC_CELL, 2750), used(BLOCK_RAM, 8), used(SPRAM, 1)]);
    assert_eq!(
        row.estimates()[3..],
        ["2200", "2750", "-20.0 %", "10", "8", "+25.0 %", "0, 1"]
    );
}

#[test]
fn markdown_has_a_line_for_every_build() {
    let planned = Row {
        float_accuracy: None,
        operations_per_second: None,
        measured: false,
        fmax_mhz: None,
        clock_met: None,
        utilization: Vec::new(),
        ..example()
    };
    let cells = [example(), planned].map(|row| row.cells().to_vec());
    let text = markdown(&COLUMNS, &cells, LEGEND);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6, "{text}");
    assert_eq!(
        lines[2],
        "| digits | icebreaker | 4 + 1 | 92.50 % | 1 401 | 18 | 12 848 | 3.46 G | 26.2 | 2034 of 5280 | - | - | - | - | not checked |"
    );
    assert_eq!(
        lines[3],
        "| digits | icebreaker | 4 + 1 | - | ≈ 1 401 | 18 | ≈ 12 848 | - | - | - | - | - | - | - | - |"
    );
    // Every line has as many cells as there are titles.
    for line in &lines[..4] {
        assert_eq!(line.matches('|').count(), COLUMNS.len() + 1, "{line}");
    }
}

#[test]
fn energies_are_ranges_and_unknown_before_they_are_counted() {
    let unknown = example();
    assert_eq!(unknown.energies().len(), ENERGIES.len());
    assert_eq!(unknown.energies()[3..], ["-"; 7].map(String::from));
    let range = |low, high| Range { low, high };
    let known = Row {
        energy: Some(Energy {
            leakage: range(0.001, 1.0),
            clock: range(2.0, 20.0),
            ..Energy::default()
        }),
        ..example()
    };
    // 2.001 and 21 µJ, 12,848 times a second.
    assert_eq!(
        known.energies()[3..],
        [
            "2.0 to 21",
            "1.0e-3 to 1.0",
            "2.0 to 20",
            "0 to 0",
            "0 to 0",
            "0 to 0",
            "26 to 270"
        ]
    );
}
