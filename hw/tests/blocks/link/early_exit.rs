//! Early exit against the golden model's margins, in front of a model of the output layer.

use crate::support::{Willing, assert_same, config, signed, simulate, willing, word};
use proptest::prelude::*;
use std::collections::VecDeque;
use synfire_golden_model::integer::{EarlyExit as Rule, Margins, lead};
use synfire_golden_model::spikes::Spike;
use synfire_hw::circuit::event::Event;
use synfire_hw::circuit::link::early_exit::{EarlyExit, EarlyExitParams};
use synfire_hw::circuit::link::identity::MARGIN_MEMORY;
use synfire_hw::simulate::Simulation;

/// An output layer that takes some cycles for every event, and whose potentials after each step are given.
#[derive(Default)]
struct OutputLayer {
    queue: VecDeque<Event>,
    /// Cycles until the oldest event is done.
    left: usize,
    steps: u32,
    clears: u8,
    spikes: usize,
    snapshot: Vec<i32>,
}

/// The unit and the layer behind it.
struct Bench {
    unit: Simulation<EarlyExit>,
    layer: OutputLayer,
    params: EarlyExitParams,
    ready: Willing,
    /// Cycles of the layer for an event.
    pace: usize,
    passed: Vec<Event>,
    cycle: usize,
}

impl Bench {
    fn new(params: EarlyExitParams, margins: &[u32]) -> Self {
        let mut unit = simulate(EarlyExit::new(params), |unit| &mut unit.clock);
        unit.circuit().load.select.next = word(MARGIN_MEMORY);
        for (address, &margin) in (0_u64..).zip(margins) {
            unit.circuit().load.address.next = word(address);
            unit.circuit().load.shift.next = true;
            for byte in margin.to_le_bytes() {
                unit.circuit().load.byte.next = word(byte);
                unit.tick();
            }
            unit.circuit().load.shift.next = false;
            unit.circuit().load.write.next = true;
            unit.tick();
            unit.circuit().load.write.next = false;
        }
        unit.circuit().enable.next = true;
        Self {
            unit,
            layer: OutputLayer {
                snapshot: vec![0; params.classes],
                ..OutputLayer::default()
            },
            params,
            ready: Willing::always(),
            pace: 3,
            passed: Vec::new(),
            cycle: 0,
        }
    }

    /// Runs one cycle with an event offered; returns whether the event is taken.
    fn cycle(&mut self, event: Option<Event>, potentials: &[Vec<i32>]) -> bool {
        let ready = self.ready.at(self.cycle);
        let circuit = self.unit.circuit();
        circuit.in_valid.next = event.is_some();
        circuit.in_data.next = word(event.map_or(0, Event::encode));
        circuit.out_ready.next = ready;
        circuit.steps_done.next = word(self.layer.steps);
        circuit.clears_done.next = word(self.layer.clears);
        self.unit.settle();
        let circuit = self.unit.circuit();
        let class =
            circuit.readout_group.val().index() * self.params.lanes + circuit.readout_lane.val().index();
        let shown = self.layer.snapshot.get(class).copied().unwrap_or(i32::MAX);
        let taken = circuit.in_valid.val() && circuit.in_ready.val();
        if circuit.out_valid.val() && ready {
            let passed = Event::decode(circuit.out_data.val().to_u32()).expect("an event");
            assert!(taken && Some(passed) == event);
            self.passed.push(passed);
            self.layer.queue.push_back(passed);
        }
        self.unit.tick();
        self.unit.circuit().readout_data.next = signed(shown);
        self.cycle += 1;
        self.work(potentials);
        taken
    }

    fn work(&mut self, potentials: &[Vec<i32>]) {
        let layer = &mut self.layer;
        if layer.left > 0 {
            layer.left -= 1;
            return;
        }
        layer.left = self.pace;
        match layer.queue.pop_front() {
            Some(Event::Spike(_)) => layer.spikes += 1,
            Some(Event::EndOfStep) => {
                layer.snapshot.clone_from(&potentials[layer.steps as usize]);
                layer.steps += 1;
            }
            Some(Event::Clear) => {
                (layer.steps, layer.clears) = (0, layer.clears.wrapping_add(1));
                layer.snapshot.fill(0);
            }
            None => layer.left = 0,
        }
    }

    /// Runs an inference with the given number of spikes per step, until nothing is at work any more.
    fn infer(&mut self, potentials: &[Vec<i32>], spikes: usize) -> (u32, Vec<i32>, bool) {
        let step = std::iter::repeat_n(Event::Spike(Spike::positive(5)), spikes).chain([Event::EndOfStep]);
        let events: Vec<Event> = std::iter::once(Event::Clear)
            .chain((0..potentials.len()).flat_map(|_| step.clone()))
            .collect();
        let start = self.cycle;
        for event in events {
            while !self.cycle(Some(event), potentials) {
                assert!(self.cycle - start < 50_000, "{event:?} is never taken");
            }
        }
        while self.unit.circuit().busy.val() || !self.layer.queue.is_empty() || self.layer.left > 0 {
            self.cycle(None, potentials);
            assert!(self.cycle - start < 50_000, "never done");
        }
        (
            self.layer.steps,
            self.layer.snapshot.clone(),
            self.unit.circuit().exited.val(),
        )
    }
}

/// Where margins stop an inference of these potentials.
fn golden(margins: &Margins, potentials: &[Vec<i32>]) -> (u32, Vec<i32>, bool) {
    let stops = |&step: &usize| margins.stops(step, &potentials[step]);
    let stop = (0..potentials.len()).find(stops);
    let last = stop.unwrap_or(potentials.len() - 1);
    (
        u32::try_from(last + 1).expect("few"),
        potentials[last].clone(),
        stop.is_some(),
    )
}

fn margins(margin: u32, from_step: usize, steps: usize) -> Margins {
    let mut rng = rand_xoshiro::rand_core::SeedableRng::seed_from_u64(1);
    let mut model = crate::network::random_model(&mut rng, &[3, 2]);
    model.description.steps = steps;
    Rule::Margin { margin, from_step }
        .margins_of(&model)
        .expect("valid")
}

/// Potentials of an inference; small numbers tie often.
fn potentials(classes: usize) -> impl Strategy<Value = Vec<Vec<i32>>> {
    let number = prop_oneof![4 => -9..9_i32, 1 => any::<i32>(), 1 => Just(i32::MAX), 1 => Just(i32::MIN)];
    proptest::collection::vec(proptest::collection::vec(number, classes), 1..7)
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn an_inference_stops_where_the_golden_model_does(
        (params, images) in (1..9_usize, 1..5_usize).prop_flat_map(|(classes, lanes)| {
            let params = EarlyExitParams { classes, lanes, steps: 6 };
            (Just(params), proptest::collection::vec(potentials(classes), 1..4))
        }),
        margin in prop_oneof![0..18_u32, Just(Margins::NEVER), any::<u32>()], from_step in 0..7_usize,
        ready in willing(), pace in 0..9_usize, spikes in 0..4_usize,
    ) {
        let margins = margins(margin, from_step, 6);
        let mut bench = Bench::new(params, margins.by_step());
        (bench.ready, bench.pace) = (ready, pace);
        for potentials in &images {
            let expected = golden(&margins, potentials);
            prop_assert_eq!(bench.infer(potentials, spikes), expected);
        }
    }
}

#[test]
fn without_enable_everything_passes_as_it_comes() {
    let params = EarlyExitParams {
        classes: 2,
        lanes: 1,
        steps: 4,
    };
    let potentials = vec![vec![100, 0]; 4];
    let mut bench = Bench::new(params, &[0; 4]);
    bench.unit.circuit().enable.next = false;
    assert_eq!(bench.infer(&potentials, 2), (4, vec![100, 0], false));
    assert_eq!(bench.passed.len(), 1 + 4 * 3);
    bench.unit.circuit().enable.next = true;
    assert_eq!(bench.infer(&potentials, 2), (1, vec![100, 0], true));
}

#[test]
fn steps_beyond_the_margins_and_margins_that_were_never_loaded() {
    let params = EarlyExitParams {
        classes: 2,
        lanes: 2,
        steps: 2,
    };
    let potentials = vec![vec![3, 0], vec![3, 0], vec![9, 0], vec![9, 0]];
    let mut bench = Bench::new(params, &[9, 9]);
    assert_eq!(bench.infer(&potentials, 0), (4, vec![9, 0], false));
    assert_eq!(lead(&potentials[2]), 9);
}

#[test]
fn after_an_exit_nothing_but_a_clear_passes() {
    let params = EarlyExitParams {
        classes: 3,
        lanes: 2,
        steps: 5,
    };
    let potentials: Vec<Vec<i32>> = (0..5).map(|step| vec![step, 0, 5 * step]).collect();
    let mut bench = Bench::new(params, &[8; 5]);
    let spike = Event::Spike(Spike::positive(5));
    assert_eq!(bench.infer(&potentials, 1), (3, vec![2, 0, 10], true));
    let step = [spike, Event::EndOfStep];
    let mut passed = [&[Event::Clear][..], &step, &step, &step].concat();
    // The spike of the step after may be ahead of the decision.
    let more = bench.passed.len() - passed.len();
    passed.extend(std::iter::repeat_n(spike, more));
    assert!(more <= 1);
    assert_same(&passed, &bench.passed);
}
