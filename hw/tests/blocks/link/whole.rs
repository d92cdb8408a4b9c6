//! Whole accelerator through its serial pins: images, early exit, other weights, signed spikes, steps left
//! open.

use crate::network::{plan, random_model, random_raster};
use crate::support::assert_same;
use crate::support::board::Board;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::dataset::encode::{PoissonEncoder, Thresholds};
use synfire_golden_model::integer::{EarlyExit, Engine, Inference, InputSigns, Margins, QuantizedModel};
use synfire_golden_model::spikes::SpikeRaster;
use synfire_hw::accelerator::core_params;
use synfire_hw::board::Features;
use synfire_hw::circuit::link::identity::Identity;
use synfire_hw::plan::Plan;

const INPUTS: usize = 12;
const CLASSES: usize = 5;
const LANES: [usize; 2] = [3, 2];
const STEPS: usize = 8;

/// A network, its board, and a host's idea of the sequence.
struct Rig {
    model: QuantizedModel,
    board: Board,
    sequence: u8,
}

/// A plan with everything that there is.
fn whole_plan(model: &QuantizedModel) -> Plan {
    Plan {
        features: Features::default(),
        ..plan(model, &LANES)
    }
}

impl Rig {
    fn new(seed: u64) -> Self {
        let model = random_model(
            &mut Xoshiro256PlusPlus::seed_from_u64(seed),
            &[INPUTS, 7, CLASSES],
        );
        let identity = Identity {
            layers: 2,
            classes: 5,
            inputs: 12,
            clock_hz: 12_000_000,
            slot_bytes: 64,
            signed_inputs: true,
            graded_inputs: None,
            encoder: true,
            early_exit: true,
            loadable: true,
            design_hash: [0x5A; 16],
            model_hash: [0xA5; 16],
        };
        let board = Board::new(&identity, &model, &whole_plan(&model));
        Self {
            model,
            board,
            sequence: 0,
        }
    }

    fn write(&mut self, opcode: u8, payload: &[u8]) {
        let request = [&[1, opcode, self.sequence, 0], payload].concat();
        assert_eq!(self.board.request(&request)[4], 0, "{request:02x?}");
        self.sequence += 1;
    }

    /// Loads what the encoder needs to know of these pixel values: the whole table would take long.
    fn load_table(&mut self, pixels: &[u8]) {
        let words = thresholds().words();
        for &pixel in pixels {
            let [low, high] = words[usize::from(pixel)].to_le_bytes();
            self.write(0x12, &[0xFD, pixel, 0, 0, low, high]);
        }
    }

    fn load(&mut self, memory: u8, word_bytes: usize, bytes: &[u8]) {
        let words = 48 / word_bytes;
        for (number, chunk) in bytes.chunks(words * word_bytes).enumerate() {
            let [low, high] = u16::try_from(number * words).expect("small").to_le_bytes();
            self.write(0x12, &[&[memory, low, high, 0], chunk].concat());
        }
    }

    /// Sends steps, as many a request as a slot holds.
    fn write_spikes(&mut self, raster: &SpikeRaster) {
        let mut open = Vec::new();
        for payload in payloads(raster) {
            if open.len() + payload.len() > 56 {
                self.write(0x11, &std::mem::take(&mut open));
            }
            open.extend(payload);
        }
        self.write(0x11, &open);
    }

    /// Steps and potentials.
    fn result(&mut self) -> (usize, Vec<i32>) {
        let response = self.board.request(&[1, 0x20, 7, 7]);
        assert_eq!(response.len(), 8 + 8 + 4 * CLASSES, "{response:02x?}");
        let words: Vec<u32> = response[8..]
            .chunks(4)
            .map(|word| u32::from_le_bytes(word.try_into().expect("4 bytes")))
            .collect();
        let potentials = words[2..].iter().map(|word| word.cast_signed()).collect();
        (words[0] as usize, potentials)
    }

    fn golden(&self, raster: &SpikeRaster, exit: Option<&Margins>) -> Inference {
        Engine::new(&self.model)
            .and_then(|mut engine| engine.infer_until(raster, exit))
            .expect("valid")
    }
}

/// Steps as signed delta chunks, a payload each.
fn payloads(raster: &SpikeRaster) -> Vec<Vec<u8>> {
    let step = |spikes: &[synfire_golden_model::spikes::Spike]| {
        let mut bytes = vec![0x83];
        let mut last = 0;
        for spike in spikes {
            let delta = u8::try_from(spike.address + 1 - last).expect("small");
            bytes.push(delta | u8::from(spike.is_negative()) << 7);
            last = spike.address + 1;
        }
        bytes.push(0);
        bytes
    };
    raster.iter().map(step).collect()
}

fn thresholds() -> Thresholds {
    Thresholds::new(1, 255, 1.0, None)
}

/// The board's encoder, ready for an image, and the spikes that it is to draw.
fn show(rig: &mut Rig, pixels: &[u8], seed: u32) -> SpikeRaster {
    rig.load(0xFC, 1, pixels);
    let mut plain = [0; INPUTS];
    thresholds().look_up(pixels, &mut plain);
    PoissonEncoder::new(&plain, seed).encode(STEPS)
}

fn image(flags: u8, seed: u32) -> Vec<u8> {
    let steps = u16::try_from(STEPS).expect("few");
    [&[flags][..], &seed.to_le_bytes(), &steps.to_le_bytes()].concat()
}

/// Pixels of three values.
const PIXELS: [u8; INPUTS] = [0, 255, 100, 100, 0, 255, 100, 0, 255, 100, 0, 255];

#[test]
fn images_are_encoded_on_the_board() {
    let mut rig = Rig::new(8);
    rig.load_table(&[0, 100, 255]);
    let mut turned = PIXELS;
    turned.reverse();
    for (seed, pixels) in [(1, PIXELS), (0xFFFF_FFFF, turned)] {
        let raster = show(&mut rig, &pixels, seed);
        rig.write(0x13, &image(0, seed));
        let golden = rig.golden(&raster, None);
        assert_eq!(rig.result(), (STEPS, golden.potentials));
    }
}

#[test]
fn an_inference_exits_early_whichever_way_its_spikes_come() {
    let mut rig = Rig::new(8);
    rig.load_table(&[0, 100, 255]);
    let drawn = show(&mut rig, &PIXELS, 5);
    let sent = random_raster(&mut Xoshiro256PlusPlus::seed_from_u64(9), INPUTS, STEPS, true);
    let mut exits = Vec::new();
    for margin in [0, 100, 100_000_000] {
        let exit = EarlyExit::Margin { margin, from_step: 3 };
        let margins = exit
            .margins(&rig.model, STEPS, InputSigns::Signed)
            .expect("valid");
        let bytes: Vec<u8> = margins
            .by_step()
            .iter()
            .flat_map(|margin| margin.to_le_bytes())
            .collect();
        rig.load(0xFF, 4, &bytes);
        rig.write(0x13, &image(1, 5));
        let golden = rig.golden(&drawn, Some(&margins));
        exits.push(golden.steps);
        assert_eq!(
            rig.result(),
            (golden.steps, golden.potentials),
            "image, margin {margin}"
        );

        rig.write(0x10, &[1]);
        rig.write_spikes(&sent);
        let golden = rig.golden(&sent, Some(&margins));
        exits.push(golden.steps);
        assert_eq!(
            rig.result(),
            (golden.steps, golden.potentials),
            "spikes, margin {margin}"
        );
    }
    assert_eq!((exits[0], exits[5]), (3, STEPS), "{exits:?}");
    // With margins that stop every inference, and without the flag.
    let always = EarlyExit::Margin {
        margin: 0,
        from_step: 0,
    };
    let always = always
        .margins(&rig.model, STEPS, InputSigns::Signed)
        .expect("valid");
    let bytes: Vec<u8> = always
        .by_step()
        .iter()
        .flat_map(|margin| margin.to_le_bytes())
        .collect();
    rig.load(0xFF, 4, &bytes);
    rig.write(0x13, &image(0, 5));
    let golden = rig.golden(&drawn, None);
    assert_eq!(rig.result(), (STEPS, golden.potentials));
}

#[test]
fn weights_of_another_model_are_loaded() {
    let mut rig = Rig::new(8);
    let mut other = rig.model.clone();
    // In another order, weights need no wider membranes.
    for layer in &mut other.layers {
        layer.weights.invert_axis(ndarray::Axis(1));
    }
    let core = core_params(&other, &whole_plan(&other)).expect("valid");
    for load in core.parameter_loads() {
        rig.load(load.memory, load.word_bytes, &load.bytes);
    }
    rig.load(0xFE, 4, &[0x77; 16]);
    assert_same(&[0x77; 16], &rig.board.request(&[1, 0x01, 8, 0])[8 + 32..]);
    let raster = random_raster(&mut Xoshiro256PlusPlus::seed_from_u64(3), INPUTS, STEPS, true);
    rig.write(0x10, &[]);
    rig.write_spikes(&raster);
    let before = rig.golden(&raster, None).potentials;
    rig.model = other;
    let golden = rig.golden(&raster, None).potentials;
    assert_ne!(before, golden);
    assert_eq!(rig.result(), (STEPS, golden));
}

#[test]
fn a_result_within_a_step_is_that_of_the_steps_before() {
    let mut rig = Rig::new(8);
    let raster = random_raster(&mut Xoshiro256PlusPlus::seed_from_u64(4), INPUTS, 3, true);
    let all = payloads(&raster);
    let mut seen = SpikeRaster::new(INPUTS);
    rig.write(0x10, &[]);
    assert_eq!(rig.result(), (0, vec![0; CLASSES]));
    for (payload, step) in all.iter().zip(raster.iter()) {
        // The step's spikes, and only later its end.
        let open = [&[payload[0] & 0x7F], &payload[1..]].concat();
        rig.write(0x11, &open);
        let golden = rig.golden(&seen, None);
        let expected = if golden.steps == 0 {
            vec![0; CLASSES]
        } else {
            golden.potentials
        };
        assert_eq!(rig.result(), (golden.steps, expected));
        rig.write(0x11, &[0x81, 0]);
        seen.push_step(step.iter().copied());
        let golden = rig.golden(&seen, None);
        assert_eq!(rig.result(), (golden.steps, golden.potentials));
    }
}
