//! Blocks of the link that contain memories and rely on their behaviour: the encoder, and a FIFO, which may write and read a
//! word in the same cycle but does not show it then.

use crate::case::{Case, Output, Row, bits, port};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_hw::circuit::fifo::Fifo;
use synfire_hw::circuit::link::encoder::{Encoder, EncoderParams};
use synfire_hw::emit::verilog::emit;

/// All cases of blocks of the link.
pub(crate) fn all(seed: u64) -> Vec<Case> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(!seed);
    vec![
        fifo(&mut rng, 16, 9),
        fifo(&mut rng, 1024, 18),
        encoder(&mut rng, [1, 28, 28], 2, false),
        encoder(&mut rng, [3, 10, 7], 9, false),
        encoder(&mut rng, [2, 5, 6], 3, true),
    ]
}

/// Output that is valid while another output is 1.
fn shown_if(name: &str, width: usize, valid: &'static str) -> Output {
    Output {
        port: port(name, width),
        valid: Some(valid),
    }
}

/// FIFO that fills up, runs empty, and stays in between.
fn fifo(rng: &mut Xoshiro256PlusPlus, depth: usize, width: usize) -> Case {
    let cycles = 6 * depth.max(100);
    let row = |cycle| {
        let fill = match 6 * cycle / cycles {
            0 | 3 => 0.9,
            1 | 4 => 0.1,
            _ => 0.5,
        };
        Row {
            inputs: vec![
                bits(rng, 32),
                rng.random_bool(fill).into(),
                rng.random_bool(1.0 - fill).into(),
            ],
            compared: cycle > 0,
        }
    };
    Case {
        rows: (0..cycles).map(row).collect(),
        name: format!("FIFO of {depth} x {width}"),
        verilog: emit(Fifo::<32>::new(depth, width), &[]).expect("rust-hdl accepts the FIFO"),
        has_clock: true,
        inputs: vec![port("in_data", 32), port("in_valid", 1), port("out_ready", 1)],
        outputs: vec![
            port("in_ready", 1).into(),
            port("nearly_full", 1).into(),
            port("out_valid", 1).into(),
            shown_if("out_data", 32, "out_valid"),
        ],
        files: Vec::new(),
    }
}

/// Encoder that loads its table and an image, and draws some steps of the image.
fn encoder(rng: &mut Xoshiro256PlusPlus, shape: [usize; 3], steps: u128, graded: bool) -> Case {
    let params = EncoderParams {
        shape,
        is_map: true,
        graded,
    };
    let (inputs, words) = (params.inputs(), params.table_words());
    let mut rows = Vec::new();
    for word in 0..inputs.max(words) {
        let [pixel, table] = [word < inputs, word < words].map(u128::from);
        rows.push(vec![
            word as u128 * pixel,
            bits(rng, 8),
            pixel,
            word as u128 * table,
            bits(rng, 10),
            table,
            0,
            0,
            0,
            0,
            0,
        ]);
    }
    let seed = bits(rng, 32) | 1;
    rows.push(vec![0, 0, 0, 0, 0, 0, 1, seed, steps, 0, 0]);
    let drawn = usize::try_from(steps).expect("a few steps") * (inputs + 1);
    rows.extend((0..2 * drawn).map(|_| vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0, rng.random_bool(0.8).into()]));
    Case {
        name: format!(
            "encoder of {} x {} x {}, graded {graded}",
            shape[0], shape[1], shape[2]
        ),
        verilog: emit(Encoder::new(params), &[]).expect("rust-hdl accepts the encoder"),
        has_clock: true,
        inputs: vec![
            port("pixel_address", 16),
            port("pixel_data", 8),
            port("pixel_write", 1),
            port("table_address", 16),
            port("table_data", 16),
            port("table_write", 1),
            port("start", 1),
            port("seed", 32),
            port("steps", 16),
            port("stop", 1),
            port("event_ready", 1),
        ],
        outputs: vec![
            port("event_valid", 1).into(),
            shown_if("event_data", 32, "event_valid"),
            port("busy", 1).into(),
            port("step_sent", 1).into(),
        ],
        rows: rows
            .into_iter()
            .enumerate()
            .map(|(cycle, inputs)| Row {
                inputs,
                compared: cycle > 0,
            })
            .collect(),
        files: Vec::new(),
    }
}
