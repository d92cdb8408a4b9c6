//! Filter against the definition: spikes that meet something pass, and all are counted.

use crate::support::{Willing, assert_same, config, difference, simulate, willing, word};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::events::Axis;
use synfire_golden_model::spikes::Spike;
use synfire_hw::circuit::event::{Addressing, Event};
use synfire_hw::circuit::filter::Filter;
use synfire_hw::circuit::window::{Synapses, WindowParams};

/// Whether some output o and kernel row k have o · stride + k − padding = y.
fn meets(axis: Axis, y: usize) -> bool {
    (0..axis.outputs).any(|output| (0..axis.kernel).any(|row| output * axis.stride + row == y + axis.padding))
}

fn passes(params: &WindowParams, event: Event) -> bool {
    let Event::Spike(spike) = event else { return true };
    let shape = params.sources.shape;
    let source = params.sources.source(spike.address).expect("a source") as usize;
    meets(params.rows, source / shape.width % shape.height) && meets(params.columns, source % shape.width)
}

/// An event and its mask.
type Word = (Event, u64);

/// Events that the model passes, and the spikes that it counts since the last clear.
fn model(params: &WindowParams, events: &[Word]) -> (Vec<Word>, usize) {
    let since_clear = events
        .rsplit(|(event, _)| *event == Event::Clear)
        .next()
        .unwrap_or_default();
    let spikes = since_clear.iter().map(|(event, mask)| match event {
        Event::Spike(_) => mask.count_ones() as usize,
        _ => 0,
    });
    let passing = events.iter().copied().filter(|&(event, _)| passes(params, event));
    (passing.collect(), spikes.sum())
}

/// Events that the circuit passes, the spikes that it counts, and the cycles that it takes.
fn run(params: &WindowParams, events: &[Word], taker: &Willing) -> (Vec<Word>, usize, usize) {
    let mut filter = simulate(Filter::new(params), |filter| &mut filter.clock);
    let mut passed = Vec::new();
    let (mut next, mut cycle) = (0, 0);
    while next < events.len() {
        let circuit = filter.circuit();
        circuit.in_valid.next = true;
        circuit.in_data.next = word(events[next].0.encode());
        circuit.in_mask.next = word(events[next].1);
        circuit.out_ready.next = taker.at(cycle);
        filter.settle();
        let circuit = filter.circuit();
        if circuit.out_valid.val() && taker.at(cycle) {
            let event = Event::decode(circuit.out_data.val().to_u32()).expect("an event");
            passed.push((event, circuit.out_mask.val().to_u64()));
        }
        next += usize::from(circuit.in_ready.val());
        filter.tick();
        cycle += 1;
        assert!(cycle < 20_000, "the filter hangs after {next} events");
    }
    filter.circuit().in_valid.next = false;
    // The counter is two cycles late.
    filter.tick();
    filter.tick();
    filter.tick();
    (passed, filter.circuit().spikes.val().index(), cycle)
}

/// A 1×1 convolution or a pooling layer whose stride or last window leaves sources out.
fn params(rng: &mut Xoshiro256PlusPlus) -> WindowParams {
    let shape = [
        rng.random_range(1..=9),
        rng.random_range(1..=7),
        rng.random_range(1..=7),
    ];
    let lanes = rng.random_range(1..=shape[0]);
    let mut axis = |length: usize| {
        let kernel = rng.random_range(1..=2.min(length));
        let stride = rng.random_range(1..=3);
        Axis {
            kernel,
            stride,
            padding: 0,
            outputs: (length - kernel) / stride + 1,
        }
    };
    WindowParams {
        sources: Addressing::of(shape.into()).in_words_of(lanes),
        rows: axis(shape[1]),
        columns: axis(shape[2]),
        positions: 1,
        merged: 1,
        groups: 1,
        synapses: Synapses::Words { base: 0 },
    }
}

fn events(rng: &mut Xoshiro256PlusPlus, params: &WindowParams) -> Vec<Word> {
    let sources = u32::try_from(params.sources.shape.size()).expect("small");
    let event = |rng: &mut Xoshiro256PlusPlus| match rng.random_range(0..20) {
        0 => Event::Clear,
        1 => Event::EndOfStep,
        _ => Event::Spike(Spike::signed(
            params.sources.address(rng.random_range(0..sources)),
            rng.random(),
        )),
    };
    let lanes = params.sources.lanes;
    (0..60)
        .map(|_| (event(rng), rng.random_range(1..1 << lanes)))
        .collect()
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn spikes_that_meet_something_pass_and_all_are_counted(seed: u64, taker in willing()) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let params = params(&mut rng);
        let events = events(&mut rng, &params);
        let (passed, spikes, _) = run(&params, &events, &taker);
        let expected = model(&params, &events);
        assert_same(&expected.0, &passed);
        prop_assert_eq!(expected.1, spikes);
    }
}

/// Columns 1, 3, 4 and 5 of six meet nothing.
fn sampled() -> WindowParams {
    let axis = |stride, outputs| Axis {
        kernel: 1,
        stride,
        padding: 0,
        outputs,
    };
    WindowParams {
        sources: Addressing::of([1, 1, 6].into()),
        rows: axis(1, 1),
        columns: axis(2, 2),
        positions: 1,
        merged: 1,
        groups: 1,
        synapses: Synapses::Words { base: 0 },
    }
}

#[test]
fn what_is_dropped_does_not_wait_for_room() {
    let spikes = [1, 3, 5, 4, 0, 1].map(|address| (Event::Spike(Spike::positive(address)), 1));
    // There is room only in every tenth cycle.
    let slow = Willing::from_cycles((0..10).map(|cycle| cycle == 9));
    let (passed, spikes, cycles) = run(&sampled(), &spikes, &slow);
    assert_eq!((passed.len(), spikes, cycles), (1, 6, 11));
}

#[test]
fn another_stride_is_noticed() {
    let mut params = sampled();
    let events = events(&mut Xoshiro256PlusPlus::seed_from_u64(1), &params);
    let (passed, ..) = run(&params, &events, &Willing::always());
    assert_same(&model(&params, &events).0, &passed);
    params.columns.stride = 1;
    assert!(difference(&model(&params, &events).0, &passed).is_some());
}
