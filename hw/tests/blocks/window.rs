//! Window against the definition of a convolution, for every kernel, stride and padding; and its timing.

use crate::support::{Willing, assert_same, config, difference, simulate, willing, word};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::events::Axis;
use synfire_golden_model::network::Shape;
use synfire_golden_model::spikes::Spike;
use synfire_hw::circuit::event::{Addressing, Event};
use synfire_hw::circuit::window::{Synapses, Window, WindowParams};

/// What a window shows of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Walk {
    marker: bool,
    clears: bool,
    negative: bool,
    /// Magnitude of the spike's value.
    value: u64,
    /// Membrane and weight word of every step.
    words: Vec<(usize, usize)>,
    /// Group and lane of an own channel; 0 elsewhere.
    own: (usize, usize),
}

/// Output positions along an axis that a source meets, and through which kernel row: o · stride + k − padding
/// = y.
fn met(axis: Axis, y: usize) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for output in 0..axis.outputs {
        for row in 0..axis.kernel {
            if output * axis.stride + row == y + axis.padding {
                pairs.push((output, row));
            }
        }
    }
    pairs
}

/// What an event meets by definition.
fn model(params: &WindowParams, event: Event) -> Walk {
    let Event::Spike(spike) = event else {
        return Walk {
            marker: true,
            clears: event == Event::Clear,
            ..Walk::default()
        };
    };
    let Shape {
        channels,
        height,
        width,
    } = params.sources.shape;
    let source = params.sources.source(spike.address).expect("a source") as usize;
    let (channel, row, column) = (source / (height * width), source / width % height, source % width);
    let mut words = Vec::new();
    let mut own = (0, 0);
    for (y, kernel_row) in met(params.rows, row) {
        for (x, kernel_column) in met(params.columns, column) {
            let position = y * params.columns.outputs + x;
            match params.synapses {
                Synapses::Words { base } => {
                    let place = params.rows.place(kernel_row) * params.columns.kernel
                        + params.columns.place(kernel_column);
                    words.extend((0..params.groups).map(|group| {
                        let weight = (place * params.groups + group) * channels + channel;
                        (position * params.groups + group, base + weight)
                    }));
                }
                Synapses::OwnChannel { lanes } => {
                    own = (channel / lanes, channel % lanes);
                    words.push((position * params.groups + own.0, 0));
                }
            }
        }
    }
    Walk {
        negative: spike.is_negative(),
        value: spike.value.unsigned_abs().into(),
        words,
        own,
        ..Walk::default()
    }
}

/// The walk that the ports show, taken apart as a walker does.
fn shown(window: &Window, params: &WindowParams) -> Walk {
    let number = |port: u64| usize::try_from(port).expect("small");
    if window.marker.val() {
        return Walk {
            marker: true,
            clears: window.clears.val(),
            ..Walk::default()
        };
    }
    let (membrane, weight) = (window.membrane.val().to_u64(), window.weight.val().to_u64());
    let mut words = Vec::new();
    for row in 0..number(window.rows.val().to_u64()) {
        for step in 0..number(window.run.val().to_u64()) {
            words.push((
                number(membrane) + row * params.membrane_row_step() + step,
                number(weight) + row * params.weight_row_step() + step * params.weight_step(),
            ));
        }
    }
    let own = match params.synapses {
        Synapses::Words { .. } => (0, 0),
        Synapses::OwnChannel { .. } => (
            number(window.group.val().to_u64()),
            number(window.lane.val().to_u64()),
        ),
    };
    Walk {
        negative: window.negative.val(),
        value: window.value.val().to_u64(),
        words,
        own,
        ..Walk::default()
    }
}

/// What a window did: its walks, the cycles from which on they could be taken, and those in which events were
/// taken.
#[derive(Debug, Default)]
struct Run {
    walks: Vec<Walk>,
    held: Vec<usize>,
    taken: Vec<usize>,
}

/// Offers events when `feed` is willing, and takes walks when `taker` is.
fn run(params: &WindowParams, events: &[Event], feed: &Willing, taker: &Willing) -> Run {
    let mut window = simulate(Window::new(params), |window| &mut window.clock);
    let mut seen = Run::default();
    let mut was_held = false;
    let mut offered = false;
    for cycle in 0.. {
        let next = events.get(seen.taken.len());
        offered = next.is_some() && (offered || feed.at(cycle));
        let circuit = window.circuit();
        circuit.event_valid.next = offered;
        circuit.event_data.next = word(next.map_or(0, |&event| params.sources.encode(event)));
        window.settle();
        let held = window.circuit().held.val();
        if held && !was_held {
            seen.held.push(cycle);
            seen.walks.push(shown(window.circuit(), params));
        }
        // A walk that is not held is not taken.
        let take = held && taker.at(cycle);
        window.circuit().take.next = take;
        window.settle();
        if offered && window.circuit().event_ready.val() {
            seen.taken.push(cycle);
            offered = false;
        }
        was_held = held && !take;
        if seen.taken.len() == events.len() && !held && seen.taken.last() != Some(&cycle) {
            break;
        }
        assert!(
            cycle < 20_000,
            "the window hangs after {} events",
            seen.taken.len()
        );
        window.tick();
    }
    seen
}

/// An axis of any kernel, stride and padding; for own channels, that of a pooling layer or an identity.
fn axis(rng: &mut Xoshiro256PlusPlus, own: bool, length: usize) -> Axis {
    let kernel = rng.random_range(1..=4.min(length));
    let padding = if own { 0 } else { rng.random_range(0..kernel) };
    let stride = if own && kernel > 1 {
        kernel
    } else {
        rng.random_range(1..=3)
    };
    Axis {
        kernel,
        stride,
        padding,
        outputs: (length + 2 * padding - kernel) / stride + 1,
    }
}

/// A path of any geometry.
fn params(rng: &mut Xoshiro256PlusPlus) -> WindowParams {
    let shape = Shape {
        channels: rng.random_range(1..=9),
        height: rng.random_range(1..=7),
        width: rng.random_range(1..=7),
    };
    let own = rng.random();
    let lanes = 1 << rng.random_range(0..4);
    WindowParams {
        sources: Addressing::of(shape).with_values(rng.random_bool(0.3)),
        rows: axis(rng, own, shape.height),
        columns: axis(rng, own, shape.width),
        groups: if own {
            shape.channels.div_ceil(lanes)
        } else {
            rng.random_range(1..=3)
        },
        synapses: if own {
            Synapses::OwnChannel { lanes }
        } else {
            Synapses::Words {
                base: rng.random_range(0..100),
            }
        },
    }
}

/// Every source that meets something once, in any order, of either sign and any value, and markers between.
fn events(rng: &mut Xoshiro256PlusPlus, params: &WindowParams) -> Vec<Event> {
    let sources = u32::try_from(params.sources.shape.size()).expect("small");
    let first = rng.random_range(0..sources);
    let mut events = Vec::new();
    for source in 0..sources {
        if rng.random_bool(0.1) {
            events.push(if rng.random_bool(0.2) {
                Event::Clear
            } else {
                Event::EndOfStep
            });
        }
        let address = params.sources.address((source + first) % sources);
        let magnitude = if params.sources.graded {
            rng.random_range(1..=255)
        } else {
            1
        };
        events.push(Event::Spike(Spike {
            address,
            value: if rng.random() { magnitude } else { -magnitude },
        }));
    }
    events.retain(|&event| {
        let walk = model(params, event);
        walk.marker || !walk.words.is_empty()
    });
    events
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn walks_are_those_of_the_definition(seed: u64, feed in willing(), taker in willing()) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let params = params(&mut rng);
        let events = events(&mut rng, &params);
        let seen = run(&params, &events, &feed, &taker);
        let expected: Vec<Walk> = events.iter().map(|&event| model(&params, event)).collect();
        assert_same(&expected, &seen.walks);
    }
}

/// A 1×1 convolution of one channel's row.
fn row() -> WindowParams {
    let axis = |outputs| Axis {
        kernel: 1,
        stride: 1,
        padding: 0,
        outputs,
    };
    WindowParams {
        sources: Addressing::of([1, 1, 6].into()),
        rows: axis(1),
        columns: axis(6),
        groups: 1,
        synapses: Synapses::Words { base: 0 },
    }
}

fn spikes(addresses: impl IntoIterator<Item = u32>) -> Vec<Event> {
    let spike = |address| Event::Spike(Spike::positive(address));
    addresses.into_iter().map(spike).collect()
}

#[test]
fn an_event_is_held_a_cycle_after_it_was_taken_and_events_pass_at_one_a_cycle() {
    let events = spikes([0, 2, 4, 0]);
    let seen = run(&row(), &events, &Willing::always(), &Willing::always());
    assert_same(&[0, 1, 2, 3], &seen.taken);
    assert_same(&[1, 2, 3, 4], &seen.held);
    let slow = Willing::from_cycles((0..5).map(|cycle| cycle == 4));
    let seen = run(&row(), &events, &Willing::always(), &slow);
    // The first event is taken at once, each of the others in the cycle in which the walk before is taken.
    assert_same(&[0, 4, 9, 14], &seen.taken);
}

#[test]
fn another_stride_padding_or_kernel_is_noticed() {
    let axis = Axis {
        kernel: 3,
        stride: 2,
        padding: 1,
        outputs: 3,
    };
    let params = WindowParams {
        sources: Addressing::of([2, 5, 5].into()),
        rows: axis,
        columns: axis,
        groups: 2,
        synapses: Synapses::Words { base: 3 },
    };
    let events = events(&mut Xoshiro256PlusPlus::seed_from_u64(1), &params);
    let seen = run(&params, &events, &Willing::always(), &Willing::always());
    let noticed = |params: &WindowParams| {
        let expected: Vec<Walk> = events.iter().map(|&event| model(params, event)).collect();
        difference(&expected, &seen.walks).is_some()
    };
    assert!(!noticed(&params));
    for change in [
        |params: &mut WindowParams| params.rows.stride = 1,
        |params: &mut WindowParams| params.columns.padding = 0,
        |params: &mut WindowParams| params.rows.kernel = 2,
        |params: &mut WindowParams| params.groups = 1,
        |params: &mut WindowParams| params.synapses = Synapses::Words { base: 4 },
    ] {
        let mut wrong = params.clone();
        change(&mut wrong);
        assert!(noticed(&wrong), "{wrong:?}");
    }
}
