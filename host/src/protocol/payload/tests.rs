use super::*;

#[test]
fn an_identity_has_every_field_in_its_place() {
    let payload: Vec<u8> = (1..=48).collect();
    let identity = Identity::decode(&payload).unwrap();
    assert_eq!(
        (identity.protocol, identity.layers, identity.classes),
        (1, 2, 0x0403)
    );
    assert_eq!((identity.inputs, identity.clock_hz), (0x0807_0605, 0x0C0B_0A09));
    assert_eq!(
        (identity.slot_bytes, identity.slots, identity.signed_inputs),
        (0x0E0D, 15, false)
    );
    assert!(!identity.encoder && !identity.early_exit && !identity.loadable && identity.graded_inputs);
    assert_eq!(identity.design.to_vec(), (17..=32).collect::<Vec<u8>>());
    assert_eq!(identity.model.to_vec(), (33..=48).collect::<Vec<u8>>());

    let mut signed = payload;
    for (bit, set) in [(1, 0), (2, 1), (4, 2), (8, 3), (16, 4)] {
        signed[15] = bit | 0xE0; // later versions may define the other flags
        let identity = Identity::decode(&signed).unwrap();
        let flags = [
            identity.signed_inputs,
            identity.encoder,
            identity.early_exit,
            identity.loadable,
            identity.graded_inputs,
        ];
        assert_eq!(flags, [0, 1, 2, 3, 4].map(|flag| flag == set));
    }
    signed[15] = 0b1_1101;
    let identity = Identity::decode(&signed).unwrap();
    assert_eq!(identity.payload(), signed);
    assert_eq!(signed.len(), IDENTITY_BYTES);
    assert_eq!(Identity::decode(&signed[..47]), None);
    signed.push(0);
    assert_eq!(Identity::decode(&signed), None);
}

#[test]
fn a_result_has_every_field_in_its_place() {
    let payload = [1, 0, 0, 0, 0, 1, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 5, 0, 0, 0x80];
    let result = InferenceResult::decode(&payload, 2).unwrap();
    assert_eq!(
        result,
        InferenceResult {
            steps: 1,
            cycles: 256,
            potentials: vec![-1, i32::MIN + 5]
        }
    );
    assert_eq!(result.payload(), payload);
    assert_eq!(payload.len(), InferenceResult::bytes(2));
    assert_eq!(InferenceResult::decode(&payload, 1), None);
    assert_eq!(InferenceResult::decode(&payload, 3), None);
}

#[test]
fn the_class_is_the_first_of_the_largest() {
    let class = |potentials: &[i32]| {
        InferenceResult {
            steps: 0,
            cycles: 0,
            potentials: potentials.to_vec(),
        }
        .class()
    };
    assert_eq!(class(&[-5, -2, -2, -9]), 1);
    assert_eq!(class(&[0, 0]), 0);
    assert_eq!(class(&[1, 2, 3]), 2);
    assert_eq!(class(&[]), 0);
}

#[test]
fn counters_have_every_field_in_their_place() {
    let payload: Vec<u8> = (1..=8).flat_map(|n: u32| n.to_le_bytes()).collect();
    let counters = Counters::decode(&payload, 2).unwrap();
    let layers = vec![
        LayerCounters {
            spikes_in: 3,
            spikes_out: 4,
            busy_cycles: 5,
        },
        LayerCounters {
            spikes_in: 6,
            spikes_out: 7,
            busy_cycles: 8,
        },
    ];
    assert_eq!(
        counters,
        Counters {
            bad_frames: 1,
            dropped_frames: 2,
            layers
        }
    );
    assert_eq!(counters.payload(), payload);
    assert_eq!(payload.len(), Counters::bytes(2));
    assert_eq!(Counters::decode(&payload, 1), None);
    assert_eq!(Counters::decode(&payload, 3), None);
}
