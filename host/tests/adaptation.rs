//! The host adapts to the line and the board: smaller requests on a line that damages frames, waits that follow the measured
//! round trips, pauses while the accelerator is not ready.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use synfire::protocol::{Decoded, FrameDecoder, Image, InferenceResult, MemoryImage, ModelImage, Opcode};
use synfire::testing::{
    Fault, Faulty, Random, Script, SoftDevice, SoftLink, ToyAccelerator, bit_errors, serve,
};
use synfire::{ConnectOptions, Device, LinkStatistics, Loopback, Result, Timeouts, Transport};

const INPUTS: u32 = 300;
const CLASSES: u16 = 5;

fn link() -> SoftLink {
    SoftLink::new(SoftDevice::new(INPUTS, CLASSES))
}

/// Connects over a line with bit errors to a board with slots of 1024 bytes, loads a model, the encoder's table and
/// margins, and classifies images that the board encodes, and one that the host encodes.
fn conversation_with_bit_errors(
    per_million: u64,
    seed: u64,
) -> Result<(Vec<InferenceResult>, LinkStatistics)> {
    const PIXELS: u32 = 784;
    let mut identity = SoftDevice::new(PIXELS, 10).identity;
    identity.slot_bytes = 1024;
    let link = SoftLink::new(SoftDevice::with_identity(identity));
    let faulty = Faulty::new(link, bit_errors(per_million, seed), |link| link.device.reset());
    let mut random = Random::new(3);
    let mut bytes =
        |count: usize| -> Vec<u8> { (0..count).map(|_| random.next().to_le_bytes()[0]).collect() };
    let model = ModelImage {
        hash: [9; 16],
        memories: vec![MemoryImage {
            memory: 0,
            word_bytes: 3,
            bytes: bytes(900),
        }],
    };
    let images: Vec<_> = (1..4)
        .map(|seed| Image {
            pixels: bytes(PIXELS as usize),
            seed,
            steps: 6,
        })
        .collect();
    let options = ConnectOptions {
        load: Some(model),
        ..ConnectOptions::default()
    };
    let mut device = Device::connect(faulty, options)?;
    let table: Vec<u16> = (0..256).collect();
    device.set_encoder_table(&table)?;
    device.set_early_exit(Some(&[u32::MAX, 900_000, u32::MAX]))?;
    let mut results = device.infer_images(images).collect::<Result<Vec<_>>>()?;
    let steps = Random::new(4).steps(6, PIXELS, 8);
    results.push(device.infer(&steps)?);
    Ok((results, *device.statistics()))
}

#[test]
fn at_one_wrong_bit_in_a_thousand_everything_is_loaded_and_every_answer_is_right() {
    let (expected, sound) = conversation_with_bit_errors(0, 0).expect("a sound line");
    assert_eq!((sound.retransmissions, sound.resyncs), (0, 0));
    println!("no errors: {sound}");
    for seed in 0..20 {
        let (results, statistics) =
            conversation_with_bit_errors(1000, seed).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        println!("seed {seed}: {statistics}");
        assert_eq!(results, expected, "seed {seed}");
        // Requests of a slot each would not arrive once in a thousand times.
        assert!(
            statistics.bad_responses > 0 && statistics.total.requests < 5000,
            "{statistics}"
        );
    }
}

/// A line that loses its first long requests.
struct Narrow {
    link: SoftLink,
    losses: u32,
}

impl Transport for Narrow {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.len() > 40 && self.losses > 0 {
            self.losses -= 1;
            return Ok(());
        }
        self.link.send(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
        self.link.receive(buffer, deadline)
    }
}

#[test]
fn on_a_line_that_has_recovered_requests_grow_again() {
    let narrow = Narrow {
        link: link(),
        losses: 20,
    };
    let mut device = Device::connect(narrow, ConnectOptions::default()).expect("connecting meets no fault");
    let image = Random::new(2).steps(12, INPUTS, 8);
    let answer = ToyAccelerator::answer(CLASSES, &image);
    let requests: Vec<_> = (0..16)
        .map(|_| {
            assert_eq!(device.infer(&image).expect("an answer"), answer);
            device.statistics().last_inference.requests
        })
        .collect();
    println!("requests of each inference: {requests:?}");
    let whole = {
        let mut sound = Device::connect(link(), ConnectOptions::default()).expect("a sound device");
        sound.infer(&image).expect("an answer");
        sound.statistics().last_inference.requests
    };
    assert!(requests[1] > whole, "{requests:?} for {whole}");
    assert_eq!(requests.last(), Some(&whole), "{requests:?}");
}

/// A board that takes no SPIKES, whatever their size.
struct Deaf {
    link: SoftLink,
    decoder: FrameDecoder,
}

impl Transport for Deaf {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let is_spikes = bytes.iter().any(|&byte| {
            matches!(self.decoder.push(byte), Decoded::Frame(body) if body[1] == Opcode::Spikes as u8)
        });
        if is_spikes { Ok(()) } else { self.link.send(bytes) }
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
        self.link.receive(buffer, deadline)
    }
}

#[test]
fn a_board_that_never_takes_a_request_is_given_up() {
    let deaf = Deaf {
        link: link(),
        decoder: FrameDecoder::new(100),
    };
    let mut device = Device::connect(deaf, ConnectOptions::default()).expect("a sound board so far");
    // A long table, which lets requests grow again after each new start.
    device.set_encoder_table(&[0; 768]).expect("an encoder");
    let message = device
        .infer([[1], [2]])
        .expect_err("no spikes are taken")
        .to_string();
    assert!(
        message.starts_with(
            "inference failed in 5 attempts, each after a new start; the last error: no response to SPIKES"
        ),
        "{message}"
    );
    let requests = device.statistics().total.requests;
    println!("{requests} requests: {message}");
    assert!(requests < 3000, "{requests} requests");
}

#[test]
fn a_lost_last_frame_costs_a_few_round_trips_and_not_the_limit() {
    let (here, mut there) = Loopback::pair();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| serve(&mut SoftDevice::new(INPUTS, CLASSES), &mut there, &stop));
        let options = ConnectOptions {
            // RESULT may take far longer than a few round trips take on the busiest machine.
            timeouts: Timeouts::default().scaled(60),
            ..ConnectOptions::default()
        };
        let faulty = Faulty::new(here, Script::default(), |_| ());
        let mut device = Device::connect(faulty, options).expect("a sound line");
        let image = Random::new(2).steps(10, INPUTS, 8);
        let mut infer = |faults: Vec<(u64, Fault)>| {
            device.transport_mut().plan = Script::new(faults);
            let start = Instant::now();
            let result = device.infer(&image).expect("an answer");
            assert_eq!(result, ToyAccelerator::answer(CLASSES, &image));
            (device.transport_mut().plan.frames, start.elapsed())
        };
        let (frames, sound) = infer(vec![]);
        let (_, lost) = infer(vec![(frames - 1, Fault::Drop)]);
        stop.store(true, Ordering::Relaxed);
        println!("sound {sound:?}, with the last frame lost {lost:?}");
        assert!(lost < Duration::from_secs(20), "{lost:?}");
    });
}

/// A connection to a board that answers RESULT with "not ready" for ever from now on, after `sound` sound inferences.
fn never_ready(encoding: Duration, sound: usize) -> (Device<SoftLink>, Image) {
    let options = ConnectOptions {
        timeouts: Timeouts {
            encoding,
            result: Duration::from_millis(20),
            ..Timeouts::default()
        },
        ..ConnectOptions::default()
    };
    let mut device =
        Device::connect(SoftLink::new(SoftDevice::new(4, CLASSES)), options).expect("a sound device");
    device.set_encoder_table(&[128; 256]).expect("an encoder");
    let image = Image {
        pixels: vec![200; 4],
        seed: 1,
        steps: 3,
    };
    for _ in 0..sound {
        device.infer_image(&image).expect("an answer");
    }
    device.transport_mut().device.never_ready = true;
    (device, image)
}

#[test]
fn a_board_that_is_never_ready_is_asked_at_growing_intervals_and_given_up() {
    let (mut device, image) = never_ready(Duration::from_millis(300), 0);
    let before = device.statistics().total.requests;
    let start = Instant::now();
    let message = device.infer_image(&image).unwrap_err().to_string();
    let elapsed = start.elapsed();
    let requests = device.statistics().total.requests - before;
    println!("{requests} requests in {elapsed:?}: {message}");
    let (start, rest) = message.split_once(" after ").expect("how long it waited");
    assert_eq!(start, "the accelerator was still not ready for RESULT");
    let (waited, _) = rest.split_once(" ms, in ").expect("in milliseconds");
    let waited: u128 = waited.parse().expect("a number");
    // The limit is set before the first question and the time is taken from it on: a little less than 300.
    assert!(
        (250..=elapsed.as_millis()).contains(&waited),
        "{message} after {elapsed:?}"
    );
    // 1, 2, 4, 8, 16, 32, 32, … milliseconds.
    assert!(requests < 40, "{requests} requests");
    device.transport_mut().device.never_ready = false;
    device.infer_image(&image).expect("it recovers");
}

#[test]
fn a_board_that_was_ready_before_is_given_up_sooner() {
    let (mut device, image) = never_ready(Duration::from_secs(60), 3);
    let start = Instant::now();
    let message = device.infer_image(&image).unwrap_err().to_string();
    let elapsed = start.elapsed();
    assert!(
        message.starts_with(
            "inference failed in 5 attempts, each after a new start; the last error: the accelerator was"
        ),
        "{message}"
    );
    // A sixth of the time that a board gets which was never ready.
    assert!(elapsed < Duration::from_secs(30), "{elapsed:?}");
}
