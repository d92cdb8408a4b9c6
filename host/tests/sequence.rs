//! What the host sends: numbers, tags and delimiters follow section 9 of `docs/protocol.md`.

use std::time::Instant;
use synfire::protocol::{Decoded, FrameDecoder, Opcode, Request};
use synfire::testing::{Fault, Faulty, Random, Script, SoftDevice, SoftLink, ToyAccelerator};
use synfire::{ConnectOptions, Device, Result, Transport};

const INPUTS: u32 = 300;
const CLASSES: u16 = 5;

/// A transport that records every request.
#[derive(Debug)]
struct Recorder {
    link: SoftLink,
    decoder: FrameDecoder,
    requests: Vec<(Opcode, u16)>,
    bytes: Vec<u8>,
}

impl Recorder {
    fn new(device: SoftDevice) -> Self {
        let decoder = FrameDecoder::new(device.identity.slot_bytes.into());
        Self {
            link: SoftLink::new(device),
            decoder,
            requests: Vec::new(),
            bytes: Vec::new(),
        }
    }
}

impl Transport for Recorder {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes.extend(bytes);
        for &byte in bytes {
            match self.decoder.push(byte) {
                Decoded::Pending => {}
                Decoded::Frame(body) => {
                    let opcode = Opcode::from_u8(body[1]).expect("a known opcode");
                    self.requests
                        .push((opcode, u16::from_le_bytes([body[2], body[3]])));
                }
                Decoded::Bad(reason) => panic!("the host sent a bad frame: {reason:?}"),
            }
        }
        self.link.send(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
        self.link.receive(buffer, deadline)
    }
}

fn connect(expected: u16) -> Device<Recorder> {
    let mut soft = SoftDevice::new(INPUTS, CLASSES);
    soft.expected = expected;
    Device::connect(Recorder::new(soft), ConnectOptions::default()).expect("a sound device")
}

/// Twenty steps in each of which a third of the inputs spikes. Each step is a bitmap, which takes a frame of its own.
fn steps() -> Vec<Vec<u32>> {
    vec![(0..INPUTS).step_by(3).collect(); 20]
}

#[test]
fn a_connection_starts_with_a_delimiter_identify_and_a_distant_sync() {
    let mut device = connect(500);
    let recorder = device.transport_mut();
    assert_eq!(recorder.bytes[0], 0);
    assert_eq!(recorder.requests, [(Opcode::Identify, 1), (Opcode::Sync, 1524)]);
    assert_eq!(recorder.link.device.expected, 1525);
}

#[test]
fn half_a_frame_in_the_device_costs_nothing() {
    let mut soft = SoftDevice::new(INPUTS, CLASSES);
    soft.take(&[9, 1, 2, 3]);
    let mut device = Device::connect(Recorder::new(soft), ConnectOptions::default()).unwrap();
    assert_eq!(device.statistics().retransmissions, 0);
    assert_eq!(device.counters().unwrap().bad_frames, 1);
}

#[test]
fn half_a_response_to_an_earlier_program_costs_nothing() {
    let mut link = SoftLink::new(SoftDevice::new(INPUTS, CLASSES));
    let mut wire = Vec::new();
    Request::new(Opcode::Ping, 1).encode(&mut wire);
    link.send(&wire).unwrap();
    assert_eq!(link.receive(&mut [0; 3], Instant::now()).unwrap(), 3);
    let device = Device::connect(link, ConnectOptions::default()).unwrap();
    assert_eq!(
        (
            device.statistics().bad_responses,
            device.statistics().retransmissions
        ),
        (0, 0)
    );
}

#[test]
fn writes_are_numbered_from_the_sync_on() {
    let mut device = connect(0);
    device.transport_mut().requests.clear();
    for _ in 0..2 {
        device.infer([[1], [2]]).unwrap();
    }
    let requests = &device.transport_mut().requests;
    let writes: Vec<_> = requests
        .iter()
        .filter(|(opcode, _)| opcode.is_sequenced())
        .collect();
    let expected = [
        (Opcode::Clear, 1025),
        (Opcode::Spikes, 1026),
        (Opcode::Clear, 1027),
        (Opcode::Spikes, 1028),
    ];
    assert_eq!(writes, expected.iter().collect::<Vec<_>>());
    let tags: Vec<_> = requests
        .iter()
        .filter(|(opcode, _)| *opcode == Opcode::Result)
        .collect();
    assert_eq!(tags.len(), 2);
    assert_ne!(tags[0].1, tags[1].1, "a tag is not used again");
}

#[test]
fn numbers_wrap_by_a_sync_and_are_never_zero() {
    // An inference has 21 writes: the numbers end at every possible distance from the wrap.
    for expected in (0xFFFF - 1024 - 60..=0xFFFF - 1024).chain([0xFFFE, 0xFFFF]) {
        let mut device = connect(expected);
        for _ in 0..4 {
            assert_eq!(
                device.infer(steps()).unwrap(),
                ToyAccelerator::answer(CLASSES, &steps())
            );
        }
        assert_eq!(
            device.statistics().retransmissions + device.statistics().resyncs,
            0,
            "from {expected}"
        );
        let requests = &device.transport_mut().requests;
        let numbered = |opcode: Opcode| opcode.is_sequenced() || opcode == Opcode::Sync;
        let numbers: Vec<u16> = requests
            .iter()
            .filter(|(opcode, _)| numbered(*opcode))
            .map(|&(_, seq)| seq)
            .collect();
        assert!(
            numbers.iter().all(|&seq| seq != 0 && seq != 0xFFFF),
            "from {expected}: {numbers:?}"
        );
        let steady = |pair: &[u16]| pair[1] == pair[0] + 1 || pair[1] == 1;
        assert!(numbers.windows(2).all(steady), "from {expected}: {numbers:?}");
        assert!(numbers.contains(&1), "from {expected}: no wrap");
    }
}

#[test]
fn a_fresh_start_wraps_too() {
    let mut device = connect(0xFFFF - 1024 - 15);
    device.transport_mut().link.device.expected = 3; // another program
    assert_eq!(
        device.infer(steps()).unwrap(),
        ToyAccelerator::answer(CLASSES, &steps())
    );
    let syncs: Vec<_> = device
        .transport_mut()
        .requests
        .iter()
        .filter(|(opcode, _)| *opcode == Opcode::Sync)
        .copied()
        .collect();
    assert_eq!(syncs, [(Opcode::Sync, 0xFFF0), (Opcode::Sync, 1)]);
}

#[test]
fn steps_lost_behind_the_back_of_the_sequence_are_noticed() {
    // The device loses the accelerator's state, but not its place in the sequence.
    fn forget(link: &mut SoftLink) {
        let expected = link.device.expected;
        link.device.reset();
        link.device.expected = expected;
    }
    let image = Random::new(5).steps(6, INPUTS, 9);
    let mut noticed = 0;
    for frame in 4..20 {
        let faulty = Faulty::new(
            SoftLink::new(SoftDevice::new(INPUTS, CLASSES)),
            Script::new(vec![(frame, Fault::Reset)]),
            forget,
        );
        let mut device = Device::connect(faulty, ConnectOptions::default()).unwrap();
        assert_eq!(
            device.infer(&image).unwrap(),
            ToyAccelerator::answer(CLASSES, &image),
            "frame {frame}"
        );
        noticed += device.statistics().resyncs;
    }
    assert!(noticed > 5, "{noticed}");
}
