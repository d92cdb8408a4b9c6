//! Features of a board, on lines with and without faults: the encoder, early exit, loading of other weights, signed
//! spikes.

use synfire::protocol::load::NEVER;
use synfire::protocol::{Image, InferenceResult, MemoryImage, ModelImage, Opcode, Spike, Status};
use synfire::testing::{Fault, FaultRates, Faulty, Random, Script, SoftDevice, SoftLink, ToyAccelerator};
use synfire::{ConnectOptions, Device, Error, Result, Transport};

const INPUTS: u32 = 60;
const CLASSES: u16 = 5;
const STEPS: u16 = 12;

fn soft() -> SoftDevice {
    let mut soft = SoftDevice::new(INPUTS, CLASSES);
    soft.identity.signed_inputs = true;
    let mut soft = SoftDevice::with_identity(soft.identity);
    soft.channels = 2;
    soft
}

fn connect(soft: SoftDevice) -> Device<SoftLink> {
    Device::connect(SoftLink::new(soft), ConnectOptions::default()).expect("a sound device")
}

/// Probability p of a pixel value; negative for dark pixels of the second channel.
fn threshold(channel: u32, level: u8) -> i16 {
    let size = i16::from(level) / 2 + 3;
    if channel == 1 && level < 100 { -size } else { size }
}

fn table() -> Vec<u16> {
    let word = |threshold: i16| threshold.unsigned_abs() | u16::from(threshold < 0) << 9;
    (0..2)
        .flat_map(|channel| (0..=255).map(move |level| word(threshold(channel, level))))
        .collect()
}

fn image(random: &mut Random) -> Image {
    let pixels = (0..INPUTS).map(|_| random.next().to_le_bytes()[0]).collect();
    Image {
        pixels,
        seed: u32::try_from(random.below(1 << 32)).expect("below 2^32").max(1),
        steps: STEPS,
    }
}

/// The spikes of an image, computed from their definition.
fn drawn(image: &Image) -> Vec<Vec<Spike>> {
    let mut state = image.seed;
    let step = |_| {
        let mut spikes = Vec::new();
        for (address, &level) in (0..).zip(&image.pixels) {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let threshold = threshold(address / (INPUTS / 2), level);
            if state >> 24 < u32::from(threshold.unsigned_abs()) {
                spikes.push(Spike::signed(address, threshold < 0));
            }
        }
        spikes
    };
    (0..image.steps).map(step).collect()
}

/// The result of an inference that exits early with these margins, if any.
fn answer(steps: &[Vec<Spike>], margins: Option<&[u32]>, salt: u32) -> InferenceResult {
    use synfire::testing::chunks::Event;
    let mut accelerator = ToyAccelerator::new(CLASSES);
    accelerator.set_salt(salt);
    for (step, spikes) in steps.iter().enumerate() {
        spikes
            .iter()
            .for_each(|&spike| accelerator.take(Event::Spike(spike)));
        accelerator.take(Event::StepEnd);
        let margin = margins.map_or(NEVER, |margins| margins[step]);
        if margin != NEVER && accelerator.lead() >= margin {
            break;
        }
    }
    accelerator.result()
}

fn margins() -> Vec<u32> {
    (0..u32::from(STEPS))
        .map(|step| if step < 3 { NEVER } else { 60_000 })
        .collect()
}

fn model(number: u8) -> ModelImage {
    let bytes = |count: u32| {
        (0..count)
            .map(|byte| (byte * 7 + u32::from(number)).to_le_bytes()[0])
            .collect()
    };
    ModelImage {
        hash: [number; 16],
        memories: vec![
            MemoryImage {
                memory: 0,
                word_bytes: 3,
                bytes: bytes(900),
            },
            MemoryImage {
                memory: 4,
                word_bytes: 5,
                bytes: bytes(45),
            },
        ],
    }
}

/// The result of a device with a loaded model.
fn answer_of_model(number: u8, steps: &[Vec<Spike>]) -> InferenceResult {
    let mut device = connect(soft());
    device.load(model(number)).expect("the board takes the model");
    device.infer(steps).expect("an answer")
}

#[test]
fn images_are_encoded_on_the_board_and_cost_their_bytes() {
    let mut device = connect(soft());
    device.set_encoder_table(&table()).unwrap();
    let mut random = Random::new(1);
    let images: Vec<Image> = (0..5).map(|_| image(&mut random)).collect();
    for image in &images {
        let result = device.infer_image(image).unwrap();
        let steps = drawn(image);
        assert_eq!(result, answer(&steps, None, 0));
        assert_eq!(
            device.infer(&steps).unwrap(),
            result,
            "the same spikes over the line"
        );
    }
    let results: Result<Vec<_>> = device.infer_images(images.clone()).collect();
    let expected: Vec<_> = images
        .iter()
        .map(|image| answer(&drawn(image), None, 0))
        .collect();
    assert_eq!(results.unwrap(), expected);
    // Two LOADs of 64-byte slots, IMAGE and RESULT: the pixels, and less than 20 bytes per frame.
    let traffic = device.statistics().last_inference;
    assert_eq!(traffic.requests, 4);
    assert!(traffic.bytes_out < u64::from(INPUTS) + 4 * 20, "{traffic:?}");
}

#[test]
fn early_exit_ends_inferences_of_images_and_of_spikes() {
    let mut device = connect(soft());
    device.set_encoder_table(&table()).unwrap();
    let mut random = Random::new(2);
    let mut exits = 0;
    for _ in 0..6 {
        let image = image(&mut random);
        let steps = drawn(&image);
        let expected = answer(&steps, Some(&margins()), 0);
        device.set_early_exit(Some(&margins())).unwrap();
        assert_eq!(device.infer_image(&image).unwrap(), expected);
        assert_eq!(device.infer(&steps).unwrap(), expected);
        exits += u32::from(expected.steps < u32::from(STEPS));
        device.set_early_exit(None).unwrap();
        assert_eq!(device.infer_image(&image).unwrap(), answer(&steps, None, 0));
    }
    assert!(exits > 2, "{exits} exits");
}

#[test]
fn a_model_is_loaded_where_the_board_holds_another() {
    let steps = drawn(&image(&mut Random::new(3)));
    let mut device = connect(soft());
    let before = device.infer(&steps).unwrap();
    device.load(model(9)).unwrap();
    assert_eq!(device.identity().model, [9; 16]);
    let loaded = device.infer(&steps).unwrap();
    assert_ne!(loaded, before);
    assert_ne!(answer_of_model(8, &steps), loaded);

    let options = ConnectOptions {
        load: Some(model(9)),
        expect_design: Some([0xD5; 16]),
        ..ConnectOptions::default()
    };
    let mut device = Device::connect(SoftLink::new(soft()), options.clone()).unwrap();
    assert_eq!(device.infer(&steps).unwrap(), loaded);
    // The next program finds the model on the device and loads nothing: it sends IDENTIFY and SYNC.
    let soft = std::mem::replace(&mut device.transport_mut().device, self::soft());
    let device = Device::connect(SoftLink::new(soft), options.clone()).unwrap();
    assert_eq!(device.statistics().total.requests, 2);
    // If the device loses the model, the host loads it again.
    let mut device = Device::connect(SoftLink::new(self::soft()), options.clone()).unwrap();
    device.transport_mut().device.reset();
    assert_eq!(device.infer(&steps).unwrap(), loaded);
    // The host refuses another design, and another model on a design whose memories cannot be loaded.
    let refusal = |change: fn(&mut SoftDevice)| {
        let mut soft = self::soft();
        change(&mut soft);
        Device::connect(
            SoftLink::new(SoftDevice::with_identity(soft.identity)),
            options.clone(),
        )
        .unwrap_err()
    };
    assert!(matches!(
        refusal(|soft| soft.identity.design = [1; 16]),
        Error::DesignMismatch { .. }
    ));
    assert!(matches!(
        refusal(|soft| soft.identity.loadable = false),
        Error::ModelMismatch { .. }
    ));
}

#[test]
fn a_load_that_breaks_off_leaves_no_model_and_says_why() {
    let mut device = connect(soft());
    let mut wrong = model(9);
    wrong.memories[1].memory = 7;
    let rejected = |error: Error, wanted| match error {
        Error::Rejected {
            command: Opcode::Load,
            status,
        } => assert_eq!(status, wanted),
        other => panic!("{other}"),
    };
    rejected(device.load(wrong).unwrap_err(), Status::NoSuchMemory);
    let mut long = model(9);
    long.memories[1].bytes.extend([0; 5]);
    rejected(device.load(long).unwrap_err(), Status::OutsideMemory);
    let mut device = Device::connect(
        SoftLink::new(device.transport_mut().device_taken()),
        ConnectOptions::default(),
    )
    .unwrap();
    assert_eq!(device.identity().model, [0; 16]);
    assert_eq!(
        device.load(model(9)).map(|()| device.identity().model).unwrap(),
        [9; 16],
        "and recovers"
    );
}

/// The device at the other end of a link.
trait Taken {
    fn device_taken(&mut self) -> SoftDevice;
}

impl Taken for SoftLink {
    fn device_taken(&mut self) -> SoftDevice {
        std::mem::replace(&mut self.device, soft())
    }
}

#[test]
fn what_a_board_has_not_is_refused_before_anything_is_sent() {
    let mut bare = soft().identity;
    (bare.encoder, bare.early_exit, bare.loadable, bare.signed_inputs) = (false, false, false, false);
    let mut device = connect(SoftDevice::with_identity(bare));
    let before = device.statistics().total;
    let image = image(&mut Random::new(4));
    let texts = [
        device.set_encoder_table(&table()).unwrap_err().to_string(),
        device.infer_image(&image).unwrap_err().to_string(),
        device.set_early_exit(Some(&margins())).unwrap_err().to_string(),
        device.load(model(1)).unwrap_err().to_string(),
        device.infer([[Spike::signed(3, true)]]).unwrap_err().to_string(),
    ];
    assert_eq!(
        texts,
        [
            "the design on the board has no encoder; flash a build with this feature, or do not use it",
            "the design on the board has no encoder; flash a build with this feature, or do not use it",
            "the design on the board has no early exit; flash a build with this feature, or do not use it",
            "the design on the board has no memories that can be loaded; flash a build with this feature, or do not use it",
            "step 0: input 3 has a negative spike, but the network's inputs are unsigned; encode the spikes for this network",
        ]
    );
    let mut device = connect(soft());
    let mut small = image.clone();
    small.pixels.pop();
    let mut still = image;
    still.seed = 0;
    assert_eq!(
        [small, still].map(|image| device.infer_image(&image).unwrap_err().to_string()),
        [
            "the image has 59 pixels, but the network has 60 inputs; pass an image of the network's shape",
            "the seed of the image is 0, which draws no spikes; pass another seed",
        ]
    );
    assert_eq!(device.statistics().total.requests - before.requests, 0);
}

/// Uses every feature of a board: loads, encodes, sends spikes, exits early.
fn conversation<T: Transport>(
    transport: T,
    options: ConnectOptions,
) -> Result<(Vec<InferenceResult>, Device<T>)> {
    let mut random = Random::new(5);
    let (first, second) = (image(&mut random), image(&mut random));
    let mut device = Device::connect(transport, options)?;
    device.set_encoder_table(&table())?;
    let mut results = vec![device.infer_image(&first)?];
    device.load(model(9))?;
    device.set_early_exit(Some(&margins()))?;
    results.push(device.infer_image(&second)?);
    results.push(device.infer(&drawn(&first)[..3])?);
    Ok((results, device))
}

fn reset(link: &mut SoftLink) {
    link.device.reset();
}

#[test]
fn every_single_fault_at_every_frame_is_survived() {
    let options = ConnectOptions::default;
    let (expected, mut device) = conversation(
        Faulty::new(SoftLink::new(soft()), Script::new(vec![]), reset),
        options(),
    )
    .unwrap();
    let frames = device.transport_mut().plan.frames;
    assert!(frames > 100, "{frames} frames");
    assert_eq!(device.statistics().retransmissions, 0);
    let faults = [
        Fault::Drop,
        Fault::Duplicate,
        Fault::Reset,
        Fault::Hold(1),
        Fault::Hold(2),
        Fault::Hold(5),
        Fault::Hold(9),
        Fault::Flip(3),
        Fault::Flip(77),
        Fault::Flip(500),
        Fault::Truncate(5),
        Fault::Noise(1),
    ];
    for fault in faults {
        for frame in 0..frames {
            let faulty = Faulty::new(SoftLink::new(soft()), Script::new(vec![(frame, fault)]), reset);
            match conversation(faulty, options()) {
                Ok((results, _)) => assert_eq!(results, expected, "{fault:?} at frame {frame}"),
                // After a reset, the power-up model may be active until another one is loaded: that is an error, and
                // never leads to a result.
                Err(error) => panic!("{fault:?} at frame {frame}: {error}"),
            }
        }
    }
}

#[test]
fn many_conversations_on_lines_that_keep_failing() {
    let (expected, _) = conversation(SoftLink::new(soft()), ConnectOptions::default()).unwrap();
    let rates = FaultRates {
        drop: 20,
        flip: 20,
        truncate: 10,
        duplicate: 20,
        hold: 20,
        noise: 10,
        reset: 2,
    };
    let mut disturbed = 0;
    for seed in 0..60 {
        let options = ConnectOptions {
            retries: 10,
            attempts: 200,
            ..ConnectOptions::default()
        };
        let faulty = Faulty::new(SoftLink::new(soft()), rates.plan(seed), reset);
        let (results, device) =
            conversation(faulty, options).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(results, expected, "seed {seed}");
        disturbed += device.statistics().resyncs;
    }
    assert!(disturbed > 20, "{disturbed} resyncs");
}

#[test]
fn a_load_goes_on_where_it_broke_off_and_from_the_start_after_a_reset() {
    let frames_with = |faults: Vec<(u64, Fault)>| {
        let options = ConnectOptions {
            retries: 1,
            ..ConnectOptions::default()
        };
        let faulty = Faulty::new(SoftLink::new(soft()), Script::new(faults), reset);
        let mut device = Device::connect(faulty, options).unwrap();
        device.load(model(9)).unwrap();
        assert!(device.transport_mut().inner.device.executed() > 20);
        (device.statistics().total.requests, device.statistics().resyncs)
    };
    let (sound, none) = frames_with(vec![]);
    assert_eq!(none, 0);
    // So many frames are lost that the host ends the run. The next run continues at the same place.
    let lost = |from| (from..from + 8).map(|frame| (frame, Fault::Drop)).collect();
    let (requests, resyncs) = frames_with(lost(36));
    assert!(
        resyncs > 0 && requests < sound + 14,
        "{requests} requests for {sound}, {resyncs} resyncs"
    );
    let (requests, resyncs) = frames_with(vec![(36, Fault::Reset)]);
    assert!(
        resyncs > 0 && requests > sound + 14,
        "{requests} requests for {sound}, {resyncs} resyncs"
    );
}
