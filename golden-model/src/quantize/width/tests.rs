use super::*;

fn channels<const N: usize>(sums: [(i64, i64); N]) -> Vec<Vec<StepSums>> {
    sums.map(|(positive, negative)| vec![StepSums { positive, negative }])
        .to_vec()
}

fn hidden<'a>(sums: &'a [Vec<StepSums>], thresholds: &'a [f64], leak_shifts: &'a [u8]) -> Demand<'a> {
    Demand {
        layer: "hidden",
        sums,
        thresholds,
        biases: &[],
        identity: None,
        fires: true,
        reset: Reset::Zero,
        leak_shifts,
        steps: 10,
    }
}

#[test]
fn width_to_spare_lowers_the_floor() {
    let format = hidden(&channels([(20, 30)]), &[10.7], &[])
        .format(GuardBits::Fixed(1))
        .expect("narrow");
    // θ = ⌊21.4⌋. Above: 21 + 40 = 61. Below: −2 · 21 − 60 = −102, so 8 bits, whose lowest is −128 = −68 − 60.
    assert_eq!(
        format,
        Format {
            guard_bits: 1,
            membrane_bits: 8,
            floor: -68,
            ceiling: None,
            biases: vec![],
            thresholds: vec![21],
            increments: vec![],
            silent: vec![]
        }
    );
}

#[test]
fn a_neuron_that_cannot_sink_to_the_floor_asks_for_no_width() {
    let sums = channels([(20, 2)]);
    let demand = hidden(&sums, &[40.0], &[2]);
    // Above: 40 leaks to 30, and 30 + 20 takes 7 bits. Below: at −5 the leak adds the 2 back. A floor of −80 would
    // take 8 bits.
    let format = demand.format(GuardBits::Fixed(0)).expect("narrow");
    assert_eq!((format.membrane_bits, format.floor), (7, -62));
}

#[test]
fn a_neuron_that_nothing_lifts_above_its_threshold_takes_no_width() {
    // 80 >> 2 subtracts the 20 that a step adds; 79 >> 2 subtracts 19.
    for (threshold, silent) in [(1e30, true), (80.0, true), (79.9, false)] {
        let format = hidden(&channels([(20, 2)]), &[threshold], &[2])
            .format(GuardBits::Fixed(0))
            .expect("narrow");
        assert_eq!(format.silent.len(), usize::from(silent), "{threshold}");
        assert_eq!(format.thresholds, [if silent { 0 } else { 79 }]);
        assert_eq!(format.membrane_bits, if silent { 2 } else { 8 });
    }
}

#[test]
fn guard_bits_bring_the_smallest_live_threshold_to_the_resolution() {
    let auto = |thresholds: &[f64], leak: &[u8]| {
        hidden(&channels([(20, 20), (1, 20)]), thresholds, leak)
            .format(GuardBits::Auto)
            .expect("fits")
            .guard_bits
    };
    assert_eq!(auto(&[16.0, 16.0], &[7, 9]), 3);
    assert_eq!(auto(&[15.9, 16.0], &[7, 9]), 4);
    assert_eq!(auto(&[16.0, 16.0], &[5]), 1);
    assert_eq!(auto(&[130.0, 130.0], &[7, 9]), 0);
    assert_eq!(auto(&[16.0, 16.0], &[]), 0, "without leak, no guard bits");
    // Nothing lifts the second neuron, so its threshold does not count.
    let silent = hidden(&channels([(20, 20), (0, 20)]), &[32.0, 1.0], &[3])
        .format(GuardBits::Auto)
        .expect("fits");
    assert_eq!((silent.guard_bits, silent.silent), (0, vec![1]));
}

#[test]
fn guard_bits_give_way_to_the_preferred_width() {
    let sums = channels([(1 << 20, 1 << 20)]);
    let demand = hidden(&sums, &[16.0], &[7, 9]);
    let format = demand.format(GuardBits::Auto).expect("fits");
    assert_eq!((format.guard_bits, format.membrane_bits), (2, 24));
    assert_eq!(
        demand.format(GuardBits::Fixed(9)).expect("fits").membrane_bits,
        31
    );
}

#[test]
fn an_output_layer_holds_any_number_of_steps_where_that_is_affordable() {
    let output = |sum, leak_shifts| {
        let sums = channels([(sum, sum)]);
        Demand {
            layer: "out",
            sums: &sums,
            thresholds: &[600.0],
            biases: &[],
            identity: None,
            fires: false,
            reset: Reset::Zero,
            leak_shifts,
            steps: 10,
        }
        .format(GuardBits::Auto)
        .expect("fits")
    };
    // A leak shift of 5: 1000 · 32 = 32,000 takes 16 bits.
    assert_eq!(output(1000, &[5]).membrane_bits, 16);
    // 2^20 · 32 is too wide; 10 steps of 2^20 are not.
    assert_eq!(output(1 << 19, &[5]).membrane_bits, 24);
    assert_eq!(output(1000, &[]).membrane_bits, 15, "10 steps");
}

#[test]
fn a_bias_is_rounded_and_takes_its_width() {
    let sums = channels([(20, 30), (20, 30)]);
    let demand = Demand {
        biases: &[3.25, -40.3],
        ..hidden(&sums, &[10.7, 10.7], &[])
    };
    let format = demand.format(GuardBits::Fixed(1)).expect("narrow");
    // 6.5 and −80.6, halves away from zero. The second channel cannot fire: 40 − 81 does not exceed 21.
    assert_eq!((&format.biases[..], &format.silent[..]), (&[7, 0][..], &[1][..]));
    // Above: 21 + 40 + 7 = 68.
    assert_eq!((format.membrane_bits, format.floor), (8, -68));
    let alone = Demand {
        biases: &[0.0, 12.0],
        ..hidden(&channels([(0, 30), (0, 30)]), &[10.7, 10.7], &[])
    }
    .format(GuardBits::Fixed(0))
    .expect("narrow");
    assert_eq!(alone.silent, [0], "a bias alone fires the second");
}

#[test]
fn a_reset_by_subtraction_gets_a_ceiling() {
    let sums = channels([(20, 30)]);
    let format = |thresholds: &[f64], steps| {
        let demand = Demand {
            reset: Reset::Subtract,
            steps,
            ..hidden(&sums, thresholds, &[])
        };
        demand.format(GuardBits::Fixed(0)).expect("narrow")
    };
    // A membrane rises by 20 − 8 a step to the ceiling of 32, and 52 takes 7 bits, which afford 63 − 20.
    assert_eq!(
        (format(&[8.0], 10).membrane_bits, format(&[8.0], 10).ceiling),
        (7, Some(43))
    );
    // At two steps, 16 would do; 46 below 0 takes 7 bits all the same.
    assert_eq!(format(&[8.0], 2).ceiling, Some(43));
    // It cannot rise above a threshold of 30, and 50 takes 7 bits; 120 would take 9.
    assert_eq!(
        (format(&[30.0], 10).membrane_bits, format(&[30.0], 10).ceiling),
        (8, Some(107))
    );
}

#[test]
fn a_layer_that_nothing_holds_is_refused() {
    let error = hidden(&channels([(1 << 40, 5)]), &[10.0], &[])
        .format(GuardBits::Auto)
        .expect_err("42 bits");
    assert_eq!(
        error.to_string(),
        "layer `hidden`: membranes have 32 bits, but sums can reach -25 to 1099511627786, which needs 42 bits; \
         quantize the float model with fewer guard bits or fewer weight bits"
    );
}
