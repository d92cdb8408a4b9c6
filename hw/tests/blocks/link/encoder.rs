//! Encoder against the golden model's coder.

use crate::support::{Willing, assert_same, config, difference, simulate, willing, word};
use proptest::prelude::*;
use synfire_golden_model::dataset::encode::{PoissonEncoder, Thresholds};
use synfire_golden_model::network::Normalization;
use synfire_golden_model::spikes::{Spike, SpikeRaster};
use synfire_hw::circuit::event::Event;
use synfire_hw::circuit::link::encoder::{Encoder, EncoderParams};
use synfire_hw::circuit::link::splitter::SplitterParams;
use synfire_hw::simulate::Simulation;

/// An encoder with its memories filled.
struct Bench {
    encoder: Simulation<Encoder>,
    params: EncoderParams,
    ready: Willing,
}

impl Bench {
    fn new(params: EncoderParams, thresholds: &Thresholds, pixels: &[u8]) -> Self {
        let mut encoder = simulate(Encoder::new(params), |encoder| &mut encoder.clock);
        encoder.circuit().table_write.next = true;
        for (address, entry) in (0_u64..).zip(thresholds.words()) {
            encoder.circuit().table_address.next = word(address);
            encoder.circuit().table_data.next = word(entry);
            encoder.tick();
        }
        encoder.circuit().table_write.next = false;
        let mut bench = Self {
            encoder,
            params,
            ready: Willing::always(),
        };
        bench.load(pixels);
        bench
    }

    fn load(&mut self, pixels: &[u8]) {
        self.encoder.circuit().pixel_write.next = true;
        for (address, &pixel) in (0_u64..).zip(pixels) {
            self.encoder.circuit().pixel_address.next = word(address);
            self.encoder.circuit().pixel_data.next = word(pixel);
            self.encoder.tick();
        }
        self.encoder.circuit().pixel_write.next = false;
    }

    /// Events of an image, and the cycles that they took; `stop_at` is the cycle in which the encoder is
    /// stopped.
    fn encode(&mut self, seed: u32, steps: u16, stop_at: Option<u64>) -> (Vec<Event>, u64) {
        self.encoder.circuit().start.next = true;
        self.encoder.circuit().seed.next = word(seed);
        self.encoder.circuit().steps.next = word(steps);
        self.encoder.tick();
        self.encoder.circuit().start.next = false;
        let start = self.encoder.cycles();
        let (mut events, mut sent) = (Vec::new(), 0);
        while self.encoder.circuit().busy.val() {
            let cycle = self.encoder.cycles() - start;
            let ready = self.ready.at(usize::try_from(cycle).expect("few"));
            self.encoder.circuit().event_ready.next = ready;
            self.encoder.circuit().stop.next = stop_at == Some(cycle);
            self.encoder.settle();
            let circuit = self.encoder.circuit();
            if ready && circuit.event_valid.val() {
                let word = circuit.event_data.val().to_u32();
                events.push(self.params.addressing().decode(word).expect("an event"));
            }
            sent += usize::from(circuit.step_sent.val());
            assert!(cycle < 1_000_000, "the encoder never ends");
            self.encoder.tick();
            self.encoder.circuit().stop.next = false;
        }
        let ends = events.iter().filter(|&&event| event == Event::EndOfStep).count();
        assert_eq!(ends, sent, "ends of steps sent and told");
        (events, self.encoder.cycles() - start)
    }
}

fn golden(
    params: EncoderParams,
    thresholds: &Thresholds,
    pixels: &[u8],
    seed: u32,
    steps: usize,
) -> SpikeRaster {
    let mut plain = vec![0; params.inputs()];
    thresholds.look_up(pixels, &mut plain);
    if !params.graded {
        return PoissonEncoder::new(&plain, seed).encode(steps);
    }
    let mut raster = SpikeRaster::new(params.inputs());
    for _ in 0..steps {
        let values = plain.iter().map(|&threshold| threshold.clamp(-255, 255));
        let events = (0..).zip(values).filter(|&(_, value)| value != 0);
        raster.push_step(events.map(|(address, value)| Spike { address, value }));
    }
    raster
}

/// Steps as events with addresses of the core's form.
fn events(params: EncoderParams, raster: &SpikeRaster) -> Vec<Event> {
    let map = SplitterParams {
        shape: params.shape,
        graded: params.graded,
    };
    let placed = |spike: &Spike| {
        let number = usize::try_from(spike.address).expect("32 bits");
        let address = if params.is_map {
            map.address_of(number)
        } else {
            number
        };
        Event::Spike(Spike {
            address: u32::try_from(address).expect("small"),
            ..*spike
        })
    };
    raster
        .iter()
        .flat_map(|step| step.iter().map(placed).chain([Event::EndOfStep]))
        .collect()
}

#[derive(Clone, Debug)]
struct Case {
    params: EncoderParams,
    thresholds: Thresholds,
    pixels: Vec<u8>,
}

fn case() -> impl Strategy<Value = Case> {
    (1..4_usize, 1..7_usize, 1..7_usize, any::<[bool; 3]>()).prop_flat_map(
        |(channels, rows, columns, [is_map, normalized, graded])| {
            let normalization = Normalization {
                mean: vec![0.5, 0.25, 0.75][..channels].to_vec(),
                deviation: vec![0.5, 0.25, 1.0][..channels].to_vec(),
            };
            let thresholds = Thresholds::new(channels, 255, 1.0, normalized.then_some(&normalization));
            let params = EncoderParams {
                shape: [channels, rows, columns],
                is_map,
                graded,
            };
            proptest::collection::vec(any::<u8>(), params.inputs()).prop_map(move |pixels| Case {
                params,
                thresholds: thresholds.clone(),
                pixels,
            })
        },
    )
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn spikes_are_the_golden_models_whenever_they_are_taken(
        case in case(), seeds in [1_u32.., 1_u32..], steps in 0..4_u16, ready in willing(),
    ) {
        let Case { params, thresholds, pixels } = case;
        let mut bench = Bench::new(params, &thresholds, &pixels);
        bench.ready = ready;
        // Twice: the second image finds the encoder as the first left it.
        for seed in seeds {
            let raster = golden(params, &thresholds, &pixels, seed, steps.into());
            let (seen, _) = bench.encode(seed, steps, None);
            assert_same(&events(params, &raster), &seen);
        }
    }

    #[test]
    fn an_encoder_that_is_stopped_sends_a_beginning_and_starts_afresh(case in case(), stop_at in 0..200_u64) {
        let Case { params, thresholds, pixels } = case;
        let mut bench = Bench::new(params, &thresholds, &pixels);
        let whole = events(params, &golden(params, &thresholds, &pixels, 7, 2));
        let (seen, cycles) = bench.encode(7, 2, Some(stop_at));
        prop_assert!(cycles <= stop_at + 1);
        assert_same(&whole[..seen.len()], &seen);
        assert_same(&whole, &bench.encode(7, 2, None).0);
    }
}

#[test]
fn every_pixel_value_has_its_rate_and_another_image_other_spikes() {
    let params = EncoderParams {
        shape: [1, 16, 16],
        is_map: true,
        graded: false,
    };
    let thresholds = Thresholds::new(1, 255, 1.0, None);
    let pixels: Vec<u8> = (0..=255).collect();
    let mut bench = Bench::new(params, &thresholds, &pixels);
    let expected = events(params, &golden(params, &thresholds, &pixels, 0x52CF_158A, 8));
    assert_same(&expected, &bench.encode(0x52CF_158A, 8, None).0);
    let mut other = pixels;
    other[255] = 0;
    bench.load(&other);
    let changed = bench.encode(0x52CF_158A, 8, None).0;
    assert!(difference(&expected, &changed).is_some());
    assert_same(
        &events(params, &golden(params, &thresholds, &other, 0x52CF_158A, 8)),
        &changed,
    );
}

#[test]
fn the_values_of_a_graded_input_are_the_thresholds_in_every_step() {
    let params = EncoderParams {
        shape: [1, 1, 4],
        is_map: true,
        graded: true,
    };
    let normalization = Normalization {
        mean: vec![0.5],
        deviation: vec![0.5],
    };
    let thresholds = Thresholds::new(1, 255, 1.0, Some(&normalization));
    let mut bench = Bench::new(params, &thresholds, &[0, 127, 191, 255]);
    let step = [(0, -255), (1, -1), (2, 127), (3, 255)]
        .map(|(address, value)| Event::Spike(Spike { address, value }));
    let expected = [step, step]
        .map(|step| [&step[..], &[Event::EndOfStep]].concat())
        .concat();
    assert_same(&expected, &bench.encode(1, 2, None).0);
    assert_same(&expected, &bench.encode(0x1234_5678, 2, None).0);
}

#[test]
fn a_step_takes_a_cycle_an_input_and_one_for_its_end() {
    let params = EncoderParams {
        shape: [2, 3, 5],
        is_map: true,
        graded: false,
    };
    let thresholds = Thresholds::new(2, 255, 1.0, None);
    let mut bench = Bench::new(params, &thresholds, &[255; 30]);
    let (_, cycles) = bench.encode(1, 4, None);
    // One cycle each until the first pixel shows, the first threshold shows, and the first draw is held.
    assert_eq!(cycles, 4 * 31 + 3);
}
