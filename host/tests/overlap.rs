//! Sequences of inferences: the first requests of the next inference are sent while the host waits for a result. That
//! saves round trips, and no fault of the line makes a result wrong.

use std::time::Instant;
use synfire::protocol::{Decoded, FrameDecoder, Image, Opcode};
use synfire::testing::{Fault, Faulty, Random, Script, SoftDevice, SoftLink, ToyAccelerator};
use synfire::{ConnectOptions, Device, LinkStatistics, Result, Transport};

const INPUTS: u32 = 300;
const CLASSES: u16 = 5;

type Steps = Vec<Vec<u32>>;

fn images(count: usize) -> Vec<Steps> {
    let mut random = Random::new(7);
    (0..count)
        .map(|index| random.steps(3, INPUTS, 8 + 4 * index as u64))
        .collect()
}

fn soft(slots: u8) -> SoftDevice {
    let mut device = SoftDevice::new(INPUTS, CLASSES);
    device.identity.slots = slots;
    device
}

fn options(overlap: bool) -> ConnectOptions {
    ConnectOptions {
        overlap,
        ..ConnectOptions::default()
    }
}

/// A USB adapter of FTDI in front of a device: responses reach the host when they fill a packet, or when the latency
/// timer expires. The adapter counts how often the timer expires; no time passes.
#[derive(Debug)]
struct Adapter {
    link: SoftLink,
    held: Vec<u8>,
    arrived: Vec<u8>,
    waits: u32,
}

/// Bytes of a packet without its two status bytes.
const PACKET: usize = 62;
/// Latency timer in milliseconds.
const LATENCY: f64 = 16.0;

impl Transport for Adapter {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.link.send(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
        if self.arrived.is_empty() {
            // The device is much faster than the timer.
            let mut answers = [0; 4096];
            loop {
                let count = self.link.receive(&mut answers, deadline)?;
                self.held.extend(&answers[..count]);
                if count == 0 {
                    break;
                }
            }
            let whole = self.held.len() / PACKET * PACKET;
            if whole > 0 {
                self.arrived.extend(self.held.drain(..whole));
            } else if !self.held.is_empty() {
                self.waits += 1;
                self.arrived.append(&mut self.held);
            }
        }
        let count = buffer.len().min(self.arrived.len());
        buffer[..count].copy_from_slice(&self.arrived[..count]);
        self.arrived.drain(..count);
        Ok(count)
    }
}

/// Returns how often the latency timer expires per inference, in a sequence of inferences of an image that the board
/// encodes, and the inferences per second if nothing else took time.
fn waits((slot_bytes, slots): (u16, u8), pixels: u32, classes: u16, overlap: bool) -> (f64, f64) {
    const COUNT: u32 = 60;
    let mut soft = SoftDevice::new(pixels, classes);
    soft.identity.slot_bytes = slot_bytes;
    soft.identity.slots = slots;
    let adapter = Adapter {
        link: SoftLink::new(SoftDevice::with_identity(soft.identity)),
        held: Vec::new(),
        arrived: Vec::new(),
        waits: 0,
    };
    let mut device = Device::connect(adapter, options(overlap)).expect("a sound line");
    device.set_encoder_table(&[128; 256]).expect("an encoder");
    device.prepare().expect("a sound line");
    let before = device.transport_mut().waits;
    let images = (0..COUNT).map(|seed| Image {
        pixels: vec![9; pixels as usize],
        seed: seed + 1,
        steps: 4,
    });
    for result in device.infer_images(images) {
        result.expect("an answer");
    }
    let statistics = device.statistics();
    assert_eq!(
        (
            statistics.retransmissions,
            statistics.timeouts,
            statistics.resyncs
        ),
        (0, 0, 0)
    );
    assert_eq!(statistics.stray_responses, 0);
    let waits = f64::from(device.transport_mut().waits - before) / f64::from(COUNT);
    (waits, 1000.0 / (waits * LATENCY))
}

#[test]
fn an_inference_waits_less_often_for_the_latency_timer() {
    let mut lines = String::new();
    let mut found = Vec::new();
    // With three classes, RESULT does not fill a packet; with ten classes it does.
    for (what, link, pixels, classes) in [
        ("784 pixels, slots of 1024 bytes, 3 classes", (1024, 2), 784, 3),
        ("784 pixels, slots of 1024 bytes, 10 classes", (1024, 2), 784, 10),
        ("784 pixels, slots of 256 bytes, 3 classes", (256, 2), 784, 3),
        ("784 pixels, slots of 256 bytes, 10 classes", (256, 2), 784, 10),
        ("64 pixels, slots of 256 bytes, 10 classes", (256, 2), 64, 10),
        ("784 pixels, four slots of 256 bytes, 3 classes", (256, 4), 784, 3),
    ] {
        let (before, slow) = waits(link, pixels, classes, false);
        let (after, fast) = waits(link, pixels, classes, true);
        lines += &format!(
            "{what}: {before:.2} waits an inference without overlap, {after:.2} with: {slow:.0} and {fast:.0} inferences/s\n"
        );
        found.push((before, after));
    }
    println!("{lines}");
    // With two slots, every wait covers two requests. Overlap helps if an inference has an odd number of requests.
    let wanted = [
        (2.0, 1.5),
        (1.0, 1.0),
        (3.0, 3.0),
        (3.0, 2.5),
        (1.0, 1.0),
        (2.0, 2.0),
    ];
    assert_eq!(found.len(), wanted.len());
    for ((before, after), (slow, fast)) in found.into_iter().zip(wanted) {
        // The first inference has none before it, and the last one has none after it.
        assert!(
            (before - slow).abs() < 0.05 && (after - fast).abs() < 0.05,
            "{lines}"
        );
    }
}

/// Connects and infers a sequence of images while the given frames have the given faults. Returns the number of frames.
fn run_script(faults: &[(u64, Fault)], slots: u8, images: &[Steps]) -> Result<(u64, LinkStatistics)> {
    let link = SoftLink::new(soft(slots));
    let faulty = Faulty::new(link, Script::new(faults.to_vec()), |link| link.device.reset());
    let mut device = Device::connect(faulty, options(true))?;
    let results: Vec<_> = device.infer_many(images).collect();
    assert_eq!(results.len(), images.len());
    for (result, image) in results.into_iter().zip(images) {
        assert_eq!(result?, ToyAccelerator::answer(CLASSES, image), "{faults:?}");
    }
    let statistics = *device.statistics();
    Ok((device.transport_mut().plan.frames, statistics))
}

#[test]
fn every_single_fault_at_every_frame_of_a_row_is_survived() {
    let images = images(3);
    for slots in [2, 4] {
        let (frames, statistics) = run_script(&[], slots, &images).unwrap();
        assert!(frames > 20, "{frames} frames are too short a conversation");
        assert_eq!((statistics.retransmissions, statistics.resyncs), (0, 0));
        let mut faults = vec![Fault::Drop, Fault::Duplicate, Fault::Reset];
        faults.extend((1..8).map(Fault::Hold));
        faults.extend(
            (0..200)
                .step_by(3)
                .flat_map(|number| [Fault::Flip(number), Fault::Truncate(number)]),
        );
        faults.extend((0..8).map(Fault::Noise));
        for fault in faults {
            for frame in 0..frames {
                if let Err(error) = run_script(&[(frame, fault)], slots, &images) {
                    panic!("{fault:?} at frame {frame} of {slots} slots: {error}");
                }
            }
        }
    }
}

#[test]
fn two_faults_close_together_are_survived() {
    let images = images(3);
    let (frames, _) = run_script(&[], 2, &images).unwrap();
    for frame in 0..frames {
        for distance in 1..6 {
            for (one, other) in [
                (Fault::Drop, Fault::Drop),
                (Fault::Flip(40), Fault::Drop),
                (Fault::Drop, Fault::Reset),
            ] {
                let faults = [(frame, one), (frame + distance, other)];
                if let Err(error) = run_script(&faults, 2, &images) {
                    panic!("{faults:?}: {error}");
                }
            }
        }
    }
}

/// A board whose watchdog expires at the first RESULT, before its accelerator is done.
struct Slow {
    link: SoftLink,
    decoder: FrameDecoder,
    asked: bool,
}

impl Transport for Slow {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        for &byte in bytes {
            if let Decoded::Frame(body) = self.decoder.push(byte)
                && body[1] == Opcode::Result as u8
            {
                self.link.device.watchdog_expiries = u32::from(!self.asked);
                self.asked = !self.asked;
            }
        }
        self.link.send(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
        self.link.receive(buffer, deadline)
    }
}

#[test]
fn a_board_that_is_slower_than_its_watchdog_is_not_overtaken_again() {
    let slow = Slow {
        link: SoftLink::new(soft(2)),
        decoder: FrameDecoder::new(100),
        asked: false,
    };
    let mut device = Device::connect(slow, options(true)).expect("a sound device");
    // Only RESULT waits for the accelerator.
    let images = vec![Steps::new(); 10];
    let answer = ToyAccelerator::answer(CLASSES, &images[0]);
    for result in device.infer_many(&images) {
        assert_eq!(result.expect("an answer"), answer);
    }
    assert_eq!(device.statistics().resyncs, 1, "once is enough to learn it");
}

#[test]
fn a_watchdog_that_runs_out_anywhere_in_a_row_makes_no_result_wrong() {
    let images = images(6);
    for stalls in 0..5 {
        let mut device = Device::connect(SoftLink::new(soft(2)), options(true)).expect("a sound device");
        device.transport_mut().device.watchdog_expiries = stalls;
        for (result, image) in device.infer_many(&images).zip(&images) {
            assert_eq!(
                result.expect("an answer"),
                ToyAccelerator::answer(CLASSES, image),
                "{stalls}"
            );
        }
    }
}

#[test]
fn a_row_that_is_dropped_early_costs_a_fresh_start_and_no_more() {
    for forget in [false, true] {
        let images = images(4);
        let mut device = Device::connect(SoftLink::new(soft(2)), options(true)).expect("a sound device");
        let mut row = device.infer_many(&images);
        row.next().expect("the first").expect("an answer");
        if forget {
            std::mem::forget(row);
        } else {
            drop(row);
        }
        // This is not the inference whose first writes the device has received.
        let other = &images[3];
        assert_eq!(
            device.infer(other).expect("an answer"),
            ToyAccelerator::answer(CLASSES, other)
        );
        assert_eq!(
            device.infer(other).expect("an answer"),
            ToyAccelerator::answer(CLASSES, other)
        );
        assert!(device.statistics().resyncs <= 1);
        let counters = device.counters().expect("an answer");
        assert_eq!((counters.bad_frames, counters.dropped_frames), (0, 0));
    }
}
