//! Faults of the line never make a result wrong.
//!
//! The device computes a function of the spikes that every lost, doubled or misplaced spike changes. In these tests no
//! time passes on the line, so that a timeout takes no time.

use synfire::testing::{Fault, FaultRates, Faulty, Random, Script, SoftDevice, SoftLink, ToyAccelerator};
use synfire::{ConnectOptions, Device, LinkStatistics, Result};

const INPUTS: u32 = 300;
const CLASSES: u16 = 5;

type Image = Vec<Vec<u32>>;

fn link() -> SoftLink {
    SoftLink::new(SoftDevice::new(INPUTS, CLASSES))
}

/// A few steps with few or many spikes, which take several frames and both codings.
fn image(random: &mut Random) -> Image {
    let sparsity = 2 + random.below(40);
    let count = usize::try_from(random.below(20)).expect("below 20");
    random.steps(count, INPUTS, sparsity)
}

/// Connects and infers two images while the given frames have the given faults. Returns the number of frames.
fn run_script(faults: &[(u64, Fault)], images: &[Image]) -> Result<(u64, LinkStatistics)> {
    let faulty = Faulty::new(link(), Script::new(faults.to_vec()), |link| link.device.reset());
    let mut device = Device::connect(faulty, ConnectOptions::default())?;
    for image in images {
        let result = device.infer(image)?;
        assert_eq!(result, ToyAccelerator::answer(CLASSES, image), "{faults:?}");
    }
    let statistics = *device.statistics();
    Ok((device.transport_mut().plan.frames, statistics))
}

fn script_images() -> [Image; 2] {
    let mut random = Random::new(1);
    [random.steps(4, INPUTS, 8), random.steps(4, INPUTS, 20)]
}

#[test]
fn every_single_fault_at_every_frame_is_survived() {
    let images = script_images();
    let (frames, statistics) = run_script(&[], &images).unwrap();
    assert!(frames > 20, "{frames} frames are too short a conversation");
    assert_eq!(statistics.retransmissions, 0);

    let mut faults = vec![Fault::Drop, Fault::Duplicate, Fault::Reset];
    faults.extend((1..16).map(Fault::Hold));
    faults.extend((0..600).flat_map(|number| [Fault::Flip(number), Fault::Truncate(number)]));
    faults.extend((0..20).map(Fault::Noise));
    for fault in faults {
        for frame in 0..frames {
            if let Err(error) = run_script(&[(frame, fault)], &images) {
                panic!("{fault:?} at frame {frame}: {error}");
            }
        }
    }
}

#[test]
fn every_pair_of_faults_is_survived() {
    let images = script_images();
    let (frames, _) = run_script(&[], &images).unwrap();
    let faults = [
        Fault::Drop,
        Fault::Flip(123),
        Fault::Duplicate,
        Fault::Hold(2),
        Fault::Hold(7),
        Fault::Reset,
    ];
    for first in faults {
        for second in faults {
            for at in 0..frames {
                // A fault may cause more frames, so that the second fault may affect a retransmission.
                for then in at + 1..frames + 4 {
                    if let Err(error) = run_script(&[(at, first), (then, second)], &images) {
                        panic!("{first:?} at frame {at}, {second:?} at frame {then}: {error}");
                    }
                }
            }
        }
    }
}

#[test]
fn hundreds_of_inferences_on_lines_that_keep_failing() {
    let each = FaultRates {
        drop: 30,
        flip: 30,
        truncate: 20,
        duplicate: 30,
        hold: 40,
        noise: 20,
        reset: 10,
    };
    let kinds = [
        FaultRates {
            drop: 100,
            ..FaultRates::default()
        },
        FaultRates {
            flip: 100,
            ..FaultRates::default()
        },
        FaultRates {
            truncate: 100,
            ..FaultRates::default()
        },
        FaultRates {
            duplicate: 300,
            ..FaultRates::default()
        },
        FaultRates {
            hold: 150,
            ..FaultRates::default()
        },
        FaultRates {
            noise: 200,
            ..FaultRates::default()
        },
        FaultRates {
            reset: 30,
            ..FaultRates::default()
        },
        each,
    ];
    for (seed, rates) in (1000..).zip(kinds.into_iter().cycle().take(80)) {
        println!("seed {seed}, {rates:?}");
        let mut random = Random::new(seed);
        let images: Vec<Image> = (0..40).map(|_| image(&mut random)).collect();
        let options = ConnectOptions {
            retries: 10,
            attempts: 100,
            ..ConnectOptions::default()
        };
        let faulty = Faulty::new(link(), rates.plan(seed), |link| link.device.reset());
        let mut device = Device::connect(faulty, options).unwrap();
        let results: Vec<_> = device.infer_many(&images).collect();
        assert_eq!(results.len(), images.len());
        for (index, (result, image)) in results.into_iter().zip(&images).enumerate() {
            let result = result.unwrap_or_else(|error| panic!("seed {seed}, image {index}: {error}"));
            assert_eq!(
                result,
                ToyAccelerator::answer(CLASSES, image),
                "seed {seed}, image {index}"
            );
        }
        println!("  {}", device.statistics());
        let statistics = device.statistics();
        assert_eq!(statistics.inferences, 40);
        let disturbed = statistics.retransmissions + statistics.stray_responses + statistics.resyncs;
        assert!(disturbed > 0, "seed {seed}: the line did not fail");
    }
}

#[test]
fn connecting_takes_as_many_rounds_as_an_inference() {
    // Three rounds of five lost requests.
    let faults: Vec<_> = (0..15).map(|frame| (frame, Fault::Drop)).collect();
    let connect = |attempts| {
        let faulty = Faulty::new(link(), Script::new(faults.clone()), |link| link.device.reset());
        let options = ConnectOptions {
            attempts,
            ..ConnectOptions::default()
        };
        Device::connect(faulty, options).map(drop)
    };
    assert!(connect(4).is_ok());
    let message = connect(3).expect_err("one round too few").to_string();
    assert!(
        message.starts_with("no response to IDENTIFY in 15 attempts within "),
        "{message}"
    );
    // The same for SYNC, which follows IDENTIFY.
    let faults: Vec<_> = (2..17).map(|frame| (frame, Fault::Drop)).collect();
    let faulty = Faulty::new(link(), Script::new(faults), |link| link.device.reset());
    Device::connect(faulty, ConnectOptions::default()).expect("the fourth round succeeds");
}

/// A device whose first frames have faults; frames 0 to 3 are those of connecting.
fn scripted(faults: Vec<(u64, Fault)>, retries: u32) -> Device<Faulty<SoftLink, Script>> {
    let options = ConnectOptions {
        retries,
        attempts: 1,
        ..ConnectOptions::default()
    };
    let faulty = Faulty::new(link(), Script::new(faults), |link| link.device.reset());
    Device::connect(faulty, options).expect("connecting meets no fault")
}

#[test]
fn patience_is_for_losses_in_a_row_not_for_all_of_them() {
    // Every seventh frame is lost, but a retransmission of a lost frame is not.
    let faults = (4..400).step_by(7).map(|frame| (frame, Fault::Drop)).collect();
    let mut device = scripted(faults, 2);
    let image = Random::new(2).steps(40, INPUTS, 8);
    assert_eq!(
        device.infer(&image).unwrap(),
        ToyAccelerator::answer(CLASSES, &image)
    );
    assert!(device.statistics().retransmissions > 10);
}

#[test]
fn a_repeated_response_is_counted_and_ignored() {
    let mut device = scripted(vec![(6, Fault::Duplicate)], 0);
    let image = Random::new(2).steps(5, INPUTS, 8);
    assert_eq!(
        device.infer(&image).unwrap(),
        ToyAccelerator::answer(CLASSES, &image)
    );
    assert_eq!(
        (
            device.statistics().stray_responses,
            device.statistics().retransmissions
        ),
        (1, 0)
    );
}

#[test]
fn a_late_answer_to_a_read_is_as_good_as_a_new_one() {
    // The first response arrives after the timeout, the second is lost.
    let mut device = scripted(vec![(5, Fault::Hold(3)), (7, Fault::Drop)], 1);
    device.ping().unwrap();
    assert_eq!(
        (device.statistics().timeouts, device.statistics().retransmissions),
        (1, 1)
    );
}

#[test]
fn the_faults_are_not_a_matter_of_luck() {
    // With the same device and faults, a host that accepts every RESULT must sometimes be wrong. Otherwise the tests
    // above would prove nothing.
    use synfire::Transport;
    use synfire::protocol::{
        Decoded, FrameDecoder, InferenceResult, Opcode, Request, Response, SpikeEncoder,
    };

    let mut random = Random::new(7);
    let rates = FaultRates {
        drop: 50,
        ..FaultRates::default()
    };
    let mut line = Faulty::new(link(), rates.plan(7), |link| link.device.reset());
    let mut wrong = 0;
    let mut ask = |request: Request<'_>| {
        let mut wire = Vec::new();
        request.encode(&mut wire);
        line.send(&wire).expect("lines in memory do not break");
        let mut buffer = [0; 256];
        let count = line.receive(&mut buffer, std::time::Instant::now()).unwrap();
        let mut decoder = FrameDecoder::new(256);
        let frame = buffer[..count].iter().map(|&byte| decoder.push(byte)).last()?;
        let Decoded::Frame(body) = frame else { return None };
        InferenceResult::decode(&Response::decode(&body)?.payload, CLASSES)
    };
    for _ in 0..50 {
        let image = image(&mut random);
        let train = SpikeEncoder::new(INPUTS, 64).unwrap().encode(&image).unwrap();
        ask(Request::new(Opcode::Sync, 0));
        for (payload, seq) in train.payloads.iter().zip(1..) {
            ask(Request::spikes(seq, payload));
        }
        let result = ask(Request::new(Opcode::Result, 9));
        wrong += u32::from(result != Some(ToyAccelerator::answer(CLASSES, &image)));
    }
    assert!(wrong > 5, "{wrong} of 50 wrong");
}
