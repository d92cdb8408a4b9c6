//! Window against the definition of a convolution, for every kernel, stride and padding; and its timing.

use crate::bundle::{bundled, unbundled};
use crate::support::{Willing, assert_same, config, difference, simulate, willing, word};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rust_hdl::prelude::ToBits;
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
    /// Bank, membrane word, and the number of the weight for each spike, of every position and group that is met; sorted.
    words: Vec<(usize, usize, Vec<usize>)>,
    /// Group and lanes of own channels; 0 elsewhere.
    own: (usize, u64),
}

/// An event and its mask, and the channels of further spikes.
type Masked = (Event, u64, Vec<u32>);

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
fn model(params: &WindowParams, (event, mask, more): &Masked) -> Walk {
    let Event::Spike(spike) = *event else {
        return Walk {
            marker: true,
            clears: *event == Event::Clear,
            ..Walk::default()
        };
    };
    let Shape {
        channels,
        height,
        width,
    } = params.sources.shape;
    let source = params.taken().source(spike.address).expect("a source") as usize;
    let (channel, row, column) = (source / (height * width), source / width % height, source % width);
    let mut words = Vec::new();
    let mut own = (0, 0);
    for (y, kernel_row) in met(params.rows, row) {
        for (x, kernel_column) in met(params.columns, column) {
            let bank = x % params.positions;
            let word = (y * params.columns.outputs.div_ceil(params.positions) + x / params.positions)
                * params.groups;
            match params.synapses {
                Synapses::Words { base } => {
                    let place = params.rows.place(kernel_row) * params.columns.kernel
                        + params.columns.place(kernel_column);
                    // The groups of a layer of one position lie in the banks.
                    let is_only = params.rows.outputs * params.columns.outputs == 1 && params.positions > 1;
                    words.extend((0..params.groups).map(|group| {
                        let weight = |channel| base + (place * params.groups + group) * channels + channel;
                        let all =
                            std::iter::once(channel).chain(more.iter().map(|&channel| channel as usize));
                        let [bank, word] = if is_only {
                            [group % params.positions, group / params.positions]
                        } else {
                            [bank, word + group]
                        };
                        (bank, word, all.map(weight).collect())
                    }));
                }
                Synapses::OwnChannel => {
                    own = (channel / params.sources.lanes, *mask);
                    words.push((bank, word + own.0, vec![]));
                }
            }
        }
    }
    words.sort_unstable();
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
    let membrane = number(window.membrane.val().to_u64());
    // Number of a weight in a weight word, by the kernel place of a bank in the word's pattern.
    let patterns = params.banks().patterns(params.sources.shape.width);
    let channels = params.sources.shape.channels;
    let (base, weights) = match params.synapses {
        Synapses::Words { base } => {
            let more = unbundled(window.more_weights.val().to_u128())
                .into_iter()
                .map(u64::from);
            let all = std::iter::once(window.weight.val().to_u64()).chain(more);
            (base, all.map(number).collect())
        }
        Synapses::OwnChannel => (0, Vec::new()),
    };
    let weight_of = |word: usize, bank: usize| {
        let word = word - base;
        let groups = params.groups_of_bank();
        let (channel, group) = (word % channels, word / channels % groups);
        let pattern = word / channels / groups;
        let (row, pattern) = (pattern / patterns.len(), pattern % patterns.len());
        let taps = patterns[pattern][bank].expect("weights");
        let (column, group) = (taps.place, group + taps.group);
        base + ((row * params.columns.kernel + column) * params.groups + group) * channels + channel
    };
    let flags = |mask: u64, bank: usize| mask >> bank & 1 == 1;
    let run = number(window.run.val().to_u64());
    let pass_words = if weights.is_empty() {
        1
    } else {
        params.groups_of_bank()
    };
    let mut words = Vec::new();
    for row in 0..number(window.rows.val().to_u64()) {
        for step in 0..run {
            let is_first = step < pass_words;
            let is_last = run - step <= pass_words;
            for bank in 0..params.positions {
                let met = (!is_first || flags(window.first.val().to_u64(), bank))
                    && (!is_last || flags(window.last.val().to_u64(), bank));
                if !met {
                    continue;
                }
                let carried = if flags(window.carry.val().to_u64(), bank) {
                    params.groups_of_bank()
                } else {
                    0
                };
                let weights: Vec<usize> = weights
                    .iter()
                    .map(|word| {
                        weight_of(
                            word + row * params.weight_row_step() + step * params.weight_step(),
                            bank,
                        )
                    })
                    .collect();
                // The first word wraps around.
                let word = (membrane + row * params.membrane_row_step() + step + carried) % (1 << 24);
                words.push((bank, word, weights));
            }
        }
    }
    words.sort_unstable();
    let own = match params.synapses {
        Synapses::Words { .. } => (0, 0),
        Synapses::OwnChannel => (number(window.group.val().to_u64()), window.mask.val().to_u64()),
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
fn run(params: &WindowParams, events: &[Masked], feed: &Willing, taker: &Willing) -> Run {
    let mut window = simulate(Window::new(params), |window| &mut window.clock);
    let mut seen = Run::default();
    let mut was_held = false;
    let mut offered = false;
    for cycle in 0.. {
        let next = events.get(seen.taken.len());
        offered = next.is_some() && (offered || feed.at(cycle));
        let circuit = window.circuit();
        circuit.event_valid.next = offered;
        circuit.event_data.next = word(next.map_or(0, |(event, ..)| params.taken().encode(*event)));
        circuit.event_mask.next = word(next.map_or(0, |&(_, mask, _)| mask));
        let more = next.map_or(&[][..], |(.., more)| more);
        circuit.more.next = bundled(more.iter().map(|&channel| Some(channel))).to_bits();
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
    let lanes = rng.random_range(1..=shape.channels);
    let graded = lanes == 1 && rng.random_bool(0.6);
    let (rows, columns) = (axis(rng, own, shape.height), axis(rng, own, shape.width));
    // The groups of a layer of one position lie in the banks, which sources of own channels do not meet.
    let is_only = rows.outputs * columns.outputs == 1;
    WindowParams {
        sources: Addressing::of(shape).in_words_of(lanes).with_values(graded),
        rows,
        columns,
        positions: if own && is_only {
            1
        } else {
            rng.random_range(1..=6)
        },
        merged: if own || graded { 1 } else { rng.random_range(1..=4) },
        groups: if own {
            shape.channels.div_ceil(lanes)
        } else {
            rng.random_range(1..=3)
        },
        synapses: if own {
            Synapses::OwnChannel
        } else {
            Synapses::Words {
                base: rng.random_range(0..100),
            }
        },
    }
}

/// Every source that meets something once, in any order, of either sign and any value, and markers between. Where sources meet
/// their own channels, every group of a position, with a mask.
fn events(rng: &mut Xoshiro256PlusPlus, params: &WindowParams) -> Vec<Masked> {
    let taken = params.taken();
    let sources = u32::try_from(taken.shape.size()).expect("small");
    let first = rng.random_range(0..sources);
    let mut events = Vec::new();
    for source in 0..sources {
        if rng.random_bool(0.1) {
            let clears = rng.random_bool(0.2);
            events.push((if clears { Event::Clear } else { Event::EndOfStep }, 0, vec![]));
        }
        let source = (source + first) % sources;
        if taken.lane(source) > 0 {
            continue;
        }
        let address = taken.address(source);
        let magnitude = if params.sources.graded {
            rng.random_range(1..=255)
        } else {
            1
        };
        let value = if rng.random() { magnitude } else { -magnitude };
        let mask = if taken.lanes == 1 {
            1
        } else {
            rng.random_range(1..1 << taken.lanes)
        };
        let channels = u32::try_from(taken.shape.channels).expect("small");
        let more = rng.random_range(0..params.merged);
        let more = (0..more).map(|_| rng.random_range(0..channels)).collect();
        events.push((Event::Spike(Spike { address, value }), mask, more));
    }
    events.retain(|event| {
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
        let expected: Vec<Walk> = events.iter().map(|event| model(&params, event)).collect();
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
        positions: 1,
        merged: 1,
        groups: 1,
        synapses: Synapses::Words { base: 0 },
    }
}

fn spikes(addresses: impl IntoIterator<Item = u32>) -> Vec<Masked> {
    let spike = |address| (Event::Spike(Spike::positive(address)), 1, vec![]);
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
        positions: 1,
        merged: 1,
        groups: 2,
        synapses: Synapses::Words { base: 3 },
    };
    let events = events(&mut Xoshiro256PlusPlus::seed_from_u64(1), &params);
    let seen = run(&params, &events, &Willing::always(), &Willing::always());
    let noticed = |params: &WindowParams| {
        let expected: Vec<Walk> = events.iter().map(|event| model(params, event)).collect();
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
