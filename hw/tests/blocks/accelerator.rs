//! Whole accelerator through its serial pins: an inference, what goes wrong on a line, and flow control.

use crate::network::{plan, random_model, random_raster};
use crate::support::assert_same;
use crate::support::board::Board;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::integer;
use synfire_golden_model::integer::QuantizedModel;
use synfire_golden_model::spikes::SpikeRaster;
use synfire_hw::circuit::link::identity::Identity;

const INPUTS: usize = 12;
const CLASSES: usize = 5;

fn identity() -> Identity {
    Identity {
        layers: 2,
        classes: 5,
        inputs: 12,
        clock_hz: 12_000_000,
        slot_bytes: 64,
        signed_inputs: false,
        graded_inputs: None,
        encoder: true,
        early_exit: true,
        loadable: true,
        design_hash: [0x5A; 16],
        model_hash: [0; 16],
    }
}

/// A network, its board, and two images.
fn board() -> (QuantizedModel, Board, [SpikeRaster; 2]) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(8);
    let model = random_model(&mut rng, &[INPUTS, 7, CLASSES]);
    let board = Board::new(&identity(), &model, &plan(&model, &[3, 2]));
    let rasters = [4, 6].map(|steps| random_raster(&mut rng, INPUTS, steps, false));
    (model, board, rasters)
}

/// A SPIKES payload: even steps as bitmaps, odd ones as deltas.
fn payload(raster: &SpikeRaster) -> Vec<u8> {
    let mut payload = Vec::new();
    for (step, spikes) in raster.iter().enumerate() {
        if step % 2 == 0 {
            let mut bits = [0; INPUTS.div_ceil(8)];
            for spike in spikes {
                bits[spike.address as usize / 8] |= 1 << (spike.address % 8);
            }
            payload.push(0x80);
            payload.extend(bits);
        } else {
            payload.push(0x81);
            let mut last = -1;
            for spike in spikes {
                let address = i32::try_from(spike.address).expect("small");
                payload.push(u8::try_from(address - last).expect("small"));
                last = address;
            }
            payload.push(0);
        }
    }
    payload
}

/// Number of a RESULT's or COUNTERS' payload.
fn number(response: &[u8], index: usize) -> u32 {
    let bytes = &response[8 + 4 * index..][..4];
    u32::from_le_bytes(bytes.try_into().expect("4 bytes"))
}

/// Steps and potentials of a RESULT.
fn result(response: &[u8]) -> (u32, Vec<i32>) {
    assert_eq!(response.len(), 8 + 8 + 4 * CLASSES, "{response:02x?}");
    (
        number(response, 0),
        (2..2 + CLASSES)
            .map(|index| number(response, index).cast_signed())
            .collect(),
    )
}

#[test]
fn inferences_over_the_line_are_the_golden_models() {
    let (model, mut board, rasters) = board();
    assert_same(&[1, 0x82, 99, 0, 0, 2, 100, 0], &board.request(&[1, 0x02, 99, 0]));
    let mut sequence = 100_u8;
    for raster in &rasters {
        assert_eq!(board.request(&[1, 0x10, sequence, 0])[4], 0);
        assert_eq!(
            board.request(&[&[1, 0x11, sequence + 1, 0][..], &payload(raster)].concat())[4],
            0
        );
        sequence += 2;
        let golden = integer::trace(&model, raster).expect("valid").inference;
        let (steps, potentials) = result(&board.request(&[1, 0x20, 7, 7]));
        assert_eq!(steps as usize, raster.steps());
        assert_same(&golden.potentials, &potentials);
        let counters = board.request(&[1, 0x21, 0, 0]);
        assert_eq!(counters.len(), 8 + 8 + 2 * 12);
        let counted = [0, 1, 2, 3, 5, 6].map(|index| u64::from(number(&counters, index)));
        let hidden = golden.spikes[0];
        assert_same(&[0, 0, golden.input_spikes, hidden, hidden, 0], &counted);
    }
    assert!(board.was_active, "the light never shone");
}

#[test]
fn a_wrong_image_is_noticed() {
    let (model, mut board, [raster, other]) = board();
    board.request(&[&[1, 0x11, 0, 0][..], &payload(&raster)].concat());
    let (_, potentials) = result(&board.request(&[1, 0x20, 0, 0]));
    let golden = |raster| {
        integer::trace(&model, raster)
            .expect("valid")
            .inference
            .potentials
    };
    assert_same(&golden(&raster), &potentials);
    assert_ne!(golden(&other), potentials);
}

#[test]
fn a_step_may_be_split_over_frames_and_a_result_asked_for_at_once() {
    let (model, mut board, [raster, _]) = board();
    let whole = payload(&raster);
    // The first step's bitmap as two chunks, the second without spikes of its own: 0x00, then 0x80.
    let open = [&[0x00][..], &whole[1..3]].concat();
    let rest = [&[0x80, 0, 0][..], &whole[3..]].concat();
    board.send(&[&[1, 0x11, 0, 0][..], &open].concat());
    assert_same(
        &[1, 0x91, 0, 0, 0, 2, 1, 0],
        &board.receive(2000).expect("a response"),
    );
    board.send(&[&[1, 0x11, 1, 0][..], &rest].concat());
    board.send(&[1, 0x20, 9, 0]);
    assert_eq!(board.receive(2000).expect("a response")[..5], [1, 0x91, 1, 0, 0]);
    let (steps, potentials) = result(&board.receive(2000).expect("a response"));
    assert_eq!(steps as usize, raster.steps());
    assert_same(
        &integer::trace(&model, &raster)
            .expect("valid")
            .inference
            .potentials,
        &potentials,
    );
}

#[test]
fn the_link_recovers_from_garbage_by_itself() {
    let (_, mut board, _) = board();
    // A cut frame and noise, then a delimiter as a host sends it.
    board.send_raw(&[17, 1, 2, 3, 0xFF, 0x80, 0]);
    // Empty frames mean nothing.
    board.send_raw(&[0, 0, 0]);
    // A frame with a flipped bit.
    board.send_raw(&[0x02, 0x01, 0x02, 0x07, 0x05, 0xBE, 0x2E, 0xB9, 0xD7, 0x00]);
    // The document's PING, and its response byte for byte.
    board.send_raw(&[0x02, 0x01, 0x02, 0x07, 0x05, 0xBE, 0x2E, 0xB9, 0xD6, 0x00]);
    assert_same(
        &[1, 0x80, 7, 0, 0, 2, 0, 0],
        &board.receive(2000).expect("a response"),
    );
    assert_eq!(board.receive(300), None, "garbage is not answered");
    let identified = board.request(&[1, 0x01, 8, 0]);
    assert_same(&identity().payload(), &identified[8..]);
    let counters = board.request(&[1, 0x21, 0, 0]);
    assert_eq!(
        (number(&counters, 0), number(&counters, 1)),
        (2, 0),
        "bad and dropped frames"
    );
}

#[test]
fn a_flood_is_answered_or_counted_and_credits_say_what_is_free() {
    let (_, mut board, _) = board();
    // A PING is shorter than its response, so that slots run out.
    let sent = 30_u8;
    for tag in 0..sent {
        board.send(&[1, 0x00, tag, 0]);
    }
    let responses: Vec<Vec<u8>> = std::iter::from_fn(|| board.receive(1000)).collect();
    let tags: Vec<u8> = responses.iter().map(|response| response[2]).collect();
    assert!(
        tags.is_sorted_by(|a, b| a < b),
        "answered in order, each once: {tags:?}"
    );
    let credits: Vec<u8> = responses.iter().map(|response| response[5]).collect();
    assert!(
        credits.iter().all(|credits| (0..=2).contains(credits)),
        "{credits:?}"
    );
    assert!(credits.contains(&0), "slots never ran out: {credits:?}");
    assert_eq!(credits.last(), Some(&2));
    let counters = board.request(&[1, 0x21, 0, 0]);
    let dropped = number(&counters, 1) as usize;
    assert!(dropped > 0);
    assert_eq!(
        (number(&counters, 0), tags.len() + dropped),
        (0, usize::from(sent))
    );
}

#[test]
fn a_host_that_keeps_two_requests_in_flight_loses_none() {
    let (_, mut board, _) = board();
    board.send(&[1, 0x00, 0, 0]);
    for tag in 1..12 {
        board.send(&[1, 0x00, tag, 0]);
        assert_eq!(board.receive(2000).expect("a response")[2], tag - 1);
    }
    assert_eq!(board.receive(2000).expect("a response")[2], 11);
}
