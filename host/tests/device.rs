//! The public interface of the device, on a line without faults.

use std::cell::Cell;
use synfire::protocol::{Counters, Identity, LayerCounters, Opcode, Status};
use synfire::testing::{Random, SoftDevice, SoftLink, ToyAccelerator};
use synfire::{ConnectOptions, Device, Error};

const INPUTS: u32 = 784;
const CLASSES: u16 = 10;

fn connect(device: SoftDevice) -> Device<SoftLink> {
    Device::connect(SoftLink::new(device), ConnectOptions::default()).expect("a sound device")
}

fn refusal(device: SoftDevice, options: ConnectOptions) -> String {
    Device::connect(SoftLink::new(device), options)
        .expect_err("a refusal")
        .to_string()
}

#[test]
fn nothing_is_dropped_or_repeated_while_all_goes_well() {
    for slots in 1..=5 {
        let mut soft = SoftDevice::new(INPUTS, CLASSES);
        soft.identity.slots = slots;
        let mut device = connect(soft);
        let mut random = Random::new(slots.into());
        let images: Vec<_> = [3, 10, 100]
            .map(|sparsity| random.steps(12, INPUTS, sparsity))
            .into();
        let results: Vec<_> = device.infer_many(&images).collect();
        assert_eq!(results.len(), images.len());
        for (result, image) in results.into_iter().zip(&images) {
            assert_eq!(
                result.unwrap(),
                ToyAccelerator::answer(CLASSES, image),
                "{slots} slots"
            );
        }
        let counters = device.counters().unwrap();
        assert_eq!(
            (counters.bad_frames, counters.dropped_frames),
            (0, 0),
            "{slots} slots"
        );
        let statistics = device.statistics();
        assert_eq!(
            (
                statistics.retransmissions,
                statistics.timeouts,
                statistics.resyncs
            ),
            (0, 0, 0)
        );
        assert_eq!((statistics.bad_responses, statistics.stray_responses), (0, 0));
        assert_eq!(statistics.total.requests, statistics.total.responses);
        assert_eq!(
            device.transport_mut().device.executed(),
            device.statistics().total.requests
        );
    }
}

#[test]
fn an_inference_without_steps_is_one_too() {
    let mut device = connect(SoftDevice::new(INPUTS, CLASSES));
    device.infer([[1, 2, 3]]).unwrap();
    let result = device.infer([[0u32; 0]; 0]).unwrap();
    assert_eq!(result, ToyAccelerator::answer(CLASSES, &[]));
    assert_eq!(device.statistics().last_inference.requests, 2, "CLEAR and RESULT");
}

#[test]
fn counters_and_ping_answer() {
    let mut device = connect(SoftDevice::new(INPUTS, CLASSES));
    device.infer([[1, 2, 3], [4, 5, 6]]).unwrap();
    let first = LayerCounters {
        spikes_in: 6,
        spikes_out: 0,
        busy_cycles: 8,
    };
    let layers = vec![first, LayerCounters::default()];
    assert_eq!(
        device.counters().unwrap(),
        Counters {
            bad_frames: 0,
            dropped_frames: 0,
            layers
        }
    );
    device.ping().unwrap();
}

#[test]
fn the_next_image_is_encoded_before_the_result_of_this_one_is_taken() {
    let mut device = connect(SoftDevice::new(INPUTS, CLASSES));
    let encoded = Cell::new(0);
    let images = (0..3).map(|number| {
        encoded.set(encoded.get() + 1);
        [[number]]
    });
    let seen: Vec<_> = device
        .infer_many(images)
        .map(|result| result.map(|_| encoded.get()).unwrap())
        .collect();
    assert_eq!(seen, [2, 3, 3]);
}

#[test]
fn an_image_with_an_error_stops_no_other() {
    let mut device = connect(SoftDevice::new(INPUTS, CLASSES));
    let images = [vec![vec![1]], vec![vec![INPUTS]], vec![vec![2]]];
    let results: Vec<_> = device.infer_many(&images).collect();
    assert_eq!(results.len(), 3);
    assert_eq!(
        *results[0].as_ref().unwrap(),
        ToyAccelerator::answer(CLASSES, &images[0])
    );
    assert_eq!(
        results[1].as_ref().unwrap_err().to_string(),
        "step 0: address 784 is not one of the 784 inputs (0 to 783); encode the spikes for this network"
    );
    assert_eq!(
        *results[2].as_ref().unwrap(),
        ToyAccelerator::answer(CLASSES, &images[2])
    );
}

#[test]
fn another_design_model_or_version_is_refused() {
    let soft = || SoftDevice::new(INPUTS, CLASSES);
    let (design, model) = (soft().identity.design, soft().identity.model);
    let right = ConnectOptions {
        expect_design: Some(design),
        expect_model: Some(model),
        ..Default::default()
    };
    assert!(Device::connect(SoftLink::new(soft()), right.clone()).is_ok());
    let remedy = "flash the wanted build, or pass the build that is on the board";
    assert_eq!(
        refusal(
            soft(),
            ConnectOptions {
                expect_design: Some([0x0F; 16]),
                ..right.clone()
            }
        ),
        format!(
            "the board holds design {}, wanted {}; {remedy}",
            "d5".repeat(16),
            "0f".repeat(16)
        )
    );
    assert_eq!(
        refusal(
            soft(),
            ConnectOptions {
                expect_model: Some([0; 16]),
                ..right
            }
        ),
        format!(
            "the board holds model {}, wanted {}; {remedy}",
            "3a".repeat(16),
            "00".repeat(16)
        )
    );
    let mut newer = soft();
    newer.identity.protocol = 2;
    assert_eq!(
        refusal(newer, ConnectOptions::default()),
        "the device speaks protocol version 2, but this synfire speaks version 1; flash a build that this synfire made"
    );
}

#[test]
fn an_identity_without_sense_is_refused() {
    let mut soft = SoftDevice::new(INPUTS, CLASSES);
    soft.identity.classes = 0;
    assert_eq!(
        refusal(soft, ConnectOptions::default()),
        "the device reports classes = 0, but needs at least 1; flash a valid build"
    );
    let mut identity = SoftDevice::new(100_000, CLASSES).identity;
    identity.slot_bytes = 128;
    assert_eq!(
        refusal(SoftDevice::with_identity(identity), ConnectOptions::default()),
        "receive slots of 128 bytes cannot hold a spike of 100000 inputs, which takes 404 bytes; build with larger slots"
    );
}

#[test]
fn every_number_of_an_identity_is_compared() {
    type Change = fn(&mut Identity);
    let changes: [(Change, &str); 10] = [
        (
            |identity| identity.layers = 3,
            "layers = 3, but the design that it names has 2",
        ),
        (
            |identity| identity.classes = 65_535,
            "classes = 65535, but the design that it names has 10",
        ),
        (
            |identity| identity.inputs = 783,
            "inputs = 783, but the design that it names has 784",
        ),
        (
            |identity| identity.clock_hz = 1,
            "clock = 1, but the design that it names has 25000000",
        ),
        (
            |identity| identity.slot_bytes = 128,
            "slot_bytes = 128, but the design that it names has 64",
        ),
        (
            |identity| identity.slots = 3,
            "slots = 3, but the design that it names has 2",
        ),
        (
            |identity| identity.signed_inputs = true,
            "signed inputs = 1, but the design that it names has 0",
        ),
        (
            |identity| identity.encoder = false,
            "encoder = 0, but the design that it names has 1",
        ),
        (
            |identity| identity.early_exit = false,
            "early exit = 0, but the design that it names has 1",
        ),
        (
            |identity| identity.loadable = false,
            "loadable = 0, but the design that it names has 1",
        ),
    ];
    let sound = SoftDevice::new(INPUTS, CLASSES).identity;
    let options = ConnectOptions {
        expect_identity: Some(sound.clone()),
        ..ConnectOptions::default()
    };
    for (change, wanted) in changes {
        let mut identity = sound.clone();
        change(&mut identity);
        let wanted = format!("the board reports {wanted}; flash the wanted build again");
        assert_eq!(
            refusal(SoftDevice::with_identity(identity), options.clone()),
            wanted
        );
        // The board changes while it is in use, and is asked again after a failure.
        let mut device = Device::connect(
            SoftLink::new(SoftDevice::with_identity(sound.clone())),
            options.clone(),
        )
        .expect("the wanted board");
        change(&mut device.transport_mut().device.identity);
        device.transport_mut().device.expected += 7;
        assert_eq!(device.infer([[1]]).unwrap_err().to_string(), wanted);
    }
    // Its hashes are compared on their own.
    let mut other = sound;
    (other.design, other.model) = ([1; 16], [2; 16]);
    assert!(Device::connect(SoftLink::new(SoftDevice::with_identity(other)), options).is_ok());
}

#[test]
fn a_watchdog_in_mid_inference_costs_a_new_start() {
    let steps = Random::new(3).steps(10, INPUTS, 4);
    let mut device = connect(SoftDevice::new(INPUTS, CLASSES));
    device.transport_mut().device.watchdog_expiries = 1; // the first SPIKES, half of whose events enter
    assert_eq!(
        device.infer(&steps).unwrap(),
        ToyAccelerator::answer(CLASSES, &steps)
    );
    assert_eq!(device.statistics().resyncs, 1);

    device.infer([[0u32; 0]; 0]).unwrap();
    device.transport_mut().device.watchdog_expiries = 3; // RESULT, which the host only has to repeat
    assert_eq!(
        device.infer([[0u32; 0]; 0]).unwrap(),
        ToyAccelerator::answer(CLASSES, &[])
    );
    assert_eq!(device.statistics().resyncs, 1);

    device.transport_mut().device.watchdog_expiries = u32::MAX;
    let message = device.infer([[1]]).unwrap_err().to_string();
    let (before, after) = message.split_once(" ms, ").expect("how long it took");
    assert!(
        before.starts_with(
            "inference failed in 5 attempts, each after a new start; the last error: the accelerator was still not ready \
             for SPIKES after "
        ),
        "{message}"
    );
    assert_eq!(
        after,
        "in 1 attempt; switch the board off and on, or flash it again"
    );
    device.transport_mut().device.watchdog_expiries = 0;
    assert_eq!(
        device.infer(&steps).unwrap(),
        ToyAccelerator::answer(CLASSES, &steps),
        "and recovers"
    );
}

#[test]
fn a_refusal_is_final_and_says_what_was_refused() {
    let mut device = connect(SoftDevice::new(INPUTS, CLASSES));
    // Another board takes its place, which has fewer inputs but reports the same design.
    device.transport_mut().device.identity.inputs = 8;
    let error = device.infer([[700]]).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Rejected {
                command: Opcode::Spikes,
                status: Status::MalformedPayload
            }
        ),
        "{error}"
    );
    // The new start finds that it is another board.
    assert_eq!(
        device.infer([[7]]).unwrap_err().to_string(),
        "the board reports inputs = 8, but the design that it names has 784; flash the wanted build again"
    );
    device.transport_mut().device.identity.inputs = INPUTS;
    assert_eq!(
        device.infer([[7]]).unwrap(),
        ToyAccelerator::answer(CLASSES, &[vec![7]]),
        "and recovers"
    );
}

#[test]
fn a_board_flashed_with_another_design_in_between_is_refused() {
    let mut device = connect(SoftDevice::new(INPUTS, CLASSES));
    device.infer([[1]]).unwrap();
    let soft = &mut device.transport_mut().device;
    soft.identity.model = [9; 16];
    soft.reset();
    let error = device.infer([[1]]).unwrap_err();
    assert!(
        matches!(
            error,
            Error::ModelMismatch {
                found: [9, ..],
                wanted: [0x3A, ..]
            }
        ),
        "{error}"
    );
}

#[test]
fn another_program_on_the_line_costs_a_fresh_start() {
    let mut device = connect(SoftDevice::new(INPUTS, CLASSES));
    device.transport_mut().device.expected += 7;
    let steps = [vec![1, 2], vec![3]];
    assert_eq!(
        device.infer(&steps).unwrap(),
        ToyAccelerator::answer(CLASSES, &steps)
    );
    assert_eq!(device.statistics().resyncs, 1);
}

#[test]
fn more_frames_than_numbers_are_refused_before_anything_is_sent() {
    let mut soft = SoftDevice::new(INPUTS, CLASSES);
    soft.identity.slot_bytes = 16;
    let mut device = connect(SoftDevice::with_identity(soft.identity));
    let before = device.statistics().total;
    let error = device.infer(vec![[1, 3, 5, 7]; 70_000]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the inference takes 70000 frames, but at most 65532 are possible; use fewer time steps or larger slots"
    );
    assert_eq!(device.statistics().total, before);
}
