//! The frames shown in `docs/protocol.md` are what this library sends and understands, byte for byte.

use std::path::Path;
use synfire::protocol::spikes::SpikeEncoder;
use synfire::protocol::{
    Counters, Decoded, FrameDecoder, Identity, Image, InferenceResult, LayerCounters, MemoryImage, Opcode,
    Request, Response, Status, frame,
};

/// An example of the document: name, body, bytes on the wire.
type Example = (String, Vec<u8>, Vec<u8>);

fn examples() -> Vec<Example> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md");
    let text = std::fs::read_to_string(&path).expect("the document is in the repository");
    text.split("```text\nexample: ")
        .skip(1)
        .map(|block| {
            let (name, rest) = block.split_once("\nbody ").expect("a body");
            let (body, rest) = rest.split_once("\nwire ").expect("bytes on the wire");
            let (wire, _) = rest.split_once("\n```").expect("an end");
            (name.to_owned(), hex(body), hex(wire))
        })
        .collect()
}

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16).expect("hexadecimal"))
        .collect()
}

fn response(opcode: u8, seq: u16, status: Status, credits: u8, expected: u16, payload: Vec<u8>) -> Vec<u8> {
    Response {
        version: 1,
        opcode,
        seq,
        status,
        credits,
        expected,
        payload,
    }
    .body()
}

fn identity() -> Identity {
    let count_from = |first: u8| std::array::from_fn(|index| first + u8::try_from(index).expect("16 bytes"));
    Identity {
        protocol: 1,
        layers: 2,
        classes: 10,
        inputs: 784,
        clock_hz: 25_000_000,
        slot_bytes: 512,
        slots: 2,
        signed_inputs: false,
        graded_inputs: false,
        encoder: false,
        early_exit: false,
        loadable: false,
        design: count_from(0x10),
        model: count_from(0xA0),
    }
}

fn counters() -> Counters {
    let layers = vec![
        LayerCounters {
            spikes_in: 3,
            spikes_out: 2,
            busy_cycles: 900,
        },
        LayerCounters {
            spikes_in: 2,
            spikes_out: 0,
            busy_cycles: 334,
        },
    ];
    Counters {
        bad_frames: 1,
        dropped_frames: 0,
        layers,
    }
}

/// The bodies that the document must show, made by the library.
fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let request = |opcode, seq| Request::new(opcode, seq).body();
    let train = SpikeEncoder::new(784, 512)
        .expect("large slots")
        .encode([vec![0, 3, 300], vec![]]);
    let train = train.expect("sorted addresses");
    let memory = MemoryImage {
        memory: 0,
        word_bytes: 3,
        bytes: vec![
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6,
        ],
    };
    // Slots of 33 bytes hold seven words: the second request starts with the eighth.
    let words = memory.payloads(33).expect("small words").swap_remove(1);
    let image = Image {
        pixels: Vec::new(),
        seed: 0x52CF_158A,
        steps: 100,
    };
    let result = InferenceResult {
        steps: 2,
        cycles: 1234,
        potentials: vec![-5, 70_000, 12],
    };
    vec![
        (
            "unknown opcode response",
            response(0x22, 11, Status::UnknownOpcode, 2, 1027, vec![]),
        ),
        ("PING request", request(Opcode::Ping, 7)),
        ("PING response", response(0x00, 7, Status::Ok, 2, 0, vec![])),
        ("IDENTIFY request", request(Opcode::Identify, 8)),
        (
            "IDENTIFY response",
            response(0x01, 8, Status::Ok, 2, 0, identity().payload()),
        ),
        ("SYNC request", request(Opcode::Sync, 1024)),
        ("SYNC response", response(0x02, 1024, Status::Ok, 2, 1025, vec![])),
        ("CLEAR request", request(Opcode::Clear, 1025)),
        (
            "CLEAR response",
            response(0x10, 1025, Status::Ok, 2, 1026, vec![]),
        ),
        ("SPIKES request", Request::spikes(1026, &train.payloads[0]).body()),
        (
            "SPIKES response",
            response(0x11, 1026, Status::Ok, 1, 1027, vec![]),
        ),
        (
            "SPIKES response, out of sequence",
            response(0x11, 1028, Status::OutOfSequence, 2, 1027, vec![]),
        ),
        ("LOAD request", Request::write(Opcode::Load, 1027, &words).body()),
        ("LOAD response", response(0x12, 1027, Status::Ok, 1, 1028, vec![])),
        (
            "LOAD response, no such memory",
            response(0x12, 1027, Status::NoSuchMemory, 2, 1028, vec![]),
        ),
        (
            "IMAGE request",
            Request::write(Opcode::Image, 1029, &image.payload(false)).body(),
        ),
        (
            "IMAGE response",
            response(0x13, 1029, Status::Ok, 2, 1030, vec![]),
        ),
        ("RESULT request", request(Opcode::Result, 9)),
        (
            "RESULT response",
            response(0x20, 9, Status::Ok, 2, 1027, result.payload()),
        ),
        ("COUNTERS request", request(Opcode::Counters, 10)),
        (
            "COUNTERS response",
            response(0x21, 10, Status::Ok, 2, 1027, counters().payload()),
        ),
    ]
}

#[test]
fn every_frame_of_the_document_is_the_library_s() {
    let (shown, made) = (examples(), bodies());
    let names: Vec<_> = shown.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, made.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for ((name, body, wire), (_, expected)) in shown.iter().zip(&made) {
        assert_eq!(body, expected, "{name}: body");
        let mut encoded = Vec::new();
        frame::encode(body, &mut encoded);
        assert_eq!(&encoded, wire, "{name}: wire");
        let mut decoder = FrameDecoder::new(512);
        let decoded: Vec<_> = wire.iter().map(|&byte| decoder.push(byte)).collect();
        let (last, before) = decoded.split_last().expect("not empty");
        assert!(before.iter().all(|event| *event == Decoded::Pending), "{name}");
        assert_eq!(*last, Decoded::Frame(body.clone()), "{name}");
    }
}

#[test]
fn every_response_of_the_document_is_understood() {
    let payload = |name: &str| {
        let (_, body, _) = examples()
            .into_iter()
            .find(|(shown, ..)| shown == name)
            .expect("an example");
        Response::decode(&body).expect("a response").payload
    };
    assert_eq!(Identity::decode(&payload("IDENTIFY response")), Some(identity()));
    assert_eq!(
        Counters::decode(&payload("COUNTERS response"), 2),
        Some(counters())
    );
    let result = InferenceResult::decode(&payload("RESULT response"), 3).expect("three classes");
    assert_eq!((result.steps, result.cycles, result.class()), (2, 1234, 1));
}
