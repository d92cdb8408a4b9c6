//! Walker against a cycle-accurate list of words: walks, sweeps, and no lost cycle between them.

use crate::bundle::bundled;
use crate::support::{Willing, assert_same, config, difference, simulate, willing, word};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rust_hdl::prelude::ToBits;
use std::collections::VecDeque;
use synfire_golden_model::events::Axis;
use synfire_hw::circuit::event::Addressing;
use synfire_hw::circuit::walker::Walker;
use synfire_hw::circuit::window::{Synapses, WindowParams};

/// What a window holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Walk(Walk),
    Marker { clears: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Walk {
    negative: bool,
    value: u8,
    membrane: usize,
    weight: usize,
    run: usize,
    rows: usize,
    group: usize,
    mask: u64,
    /// Banks with a carry, and those of the first and the last pass.
    banks: [u64; 3],
    /// First weight word of up to two further spikes.
    more: [Option<usize>; 2],
}

/// A word that is addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Issue {
    Spike {
        path: usize,
        negative: bool,
        value: u8,
        membrane: usize,
        weight: usize,
        /// Lanes and group of own channels.
        own: Option<(u64, usize)>,
        /// Banks that are addressed, and those of them with a carry.
        banks: (u64, u64),
        /// Weight words of further spikes.
        more: [Option<usize>; 2],
    },
    Sweep {
        clears: bool,
        /// Banks that are addressed.
        banks: u64,
        membrane: usize,
        group: usize,
        last: bool,
    },
}

/// Outputs of a walker in one cycle: the word that it addresses, the paths whose walks it takes, whether a sweep is stalled,
/// and whether it waits behind one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    issue: Option<Issue>,
    takes: Vec<bool>,
    stalled: bool,
    waits: bool,
}

/// The paths of an engine.
#[derive(Clone, Debug)]
struct Engine {
    paths: Vec<WindowParams>,
    words: usize,
    /// Positions that end their step at once.
    swept: usize,
    weight_words: usize,
    /// Settle stages.
    stages: usize,
}

impl Engine {
    fn new(paths: Vec<WindowParams>, swept: usize, stages: usize) -> Self {
        let first = &paths[0];
        Self {
            stages,
            words: first.rows.outputs * first.columns.outputs.div_ceil(swept) * first.groups,
            swept,
            weight_words: paths.iter().map(WindowParams::weight_words).sum(),
            paths,
        }
    }

    fn own(&self, path: usize) -> bool {
        self.paths[path].synapses == Synapses::OwnChannel
    }

    fn issues(&self, path: usize, walk: Walk) -> VecDeque<Issue> {
        let (params, first) = (&self.paths[path], &self.paths[0]);
        let mut issues = VecDeque::new();
        for row in 0..walk.rows {
            for step in 0..walk.run {
                let groups = if self.own(path) {
                    1
                } else {
                    params.groups_of_bank()
                };
                let [carry, in_first, in_last] = walk.banks;
                let all = (1 << first.positions) - 1;
                let met = (if step < groups { in_first } else { all })
                    & (if walk.run - step <= groups { in_last } else { all });
                let met = if first.positions == 1 { 1 } else { met };
                let on = |weight: usize| weight + row * first.weight_row_step() + step * params.weight_step();
                issues.push_back(Issue::Spike {
                    banks: (met, carry & met),
                    more: walk.more.map(|weight| weight.map(on)),
                    path,
                    negative: walk.negative,
                    value: walk.value,
                    membrane: walk.membrane + row * first.membrane_row_step() + step,
                    weight: walk.weight + row * first.weight_row_step() + step * params.weight_step(),
                    own: self.own(path).then_some((walk.mask, walk.group)),
                });
            }
        }
        issues
    }

    fn sweep(&self, clears: bool) -> VecDeque<Issue> {
        let first = &self.paths[0];
        let row_words = first.columns.outputs.div_ceil(first.positions);
        let mut issues = VecDeque::new();
        // The groups of a layer of one position lie in the banks.
        if first.rows.outputs * first.columns.outputs == 1 && first.positions > 1 {
            return (0..first.groups)
                .map(|group| Issue::Sweep {
                    clears,
                    banks: 1 << (group % first.positions),
                    membrane: group / first.positions,
                    group,
                    last: group + 1 == first.groups,
                })
                .collect();
        }
        let columns = first.columns.outputs;
        for row in 0..first.rows.outputs {
            for column in (0..columns).step_by(self.swept) {
                let together = self.swept.min(columns - column);
                for group in 0..first.groups {
                    issues.push_back(Issue::Sweep {
                        clears,
                        banks: ((1 << together) - 1) << (column % first.positions),
                        membrane: (row * row_words + column / first.positions) * first.groups + group,
                        group,
                        last: issues.len() + 1 == self.words,
                    });
                }
            }
        }
        issues
    }

    /// Outputs of the model.
    fn model(&self, held: &[Vec<Held>], feeds: &[Willing], running: &Willing, cycles: usize) -> Vec<Shown> {
        let mut windows = Windows::new(held, feeds);
        let mut issues = VecDeque::new();
        let mut wait = 0_usize;
        (0..cycles)
            .map(|cycle| {
                let held = windows.cycle(cycle);
                let waits = wait > 0;
                let stalled = matches!(issues.front(), Some(Issue::Sweep { .. })) && !running.at(cycle);
                let issue = if stalled { None } else { issues.pop_front() };
                let mut takes = vec![false; held.len()];
                let ends_sweep = matches!(issue, Some(Issue::Sweep { last: true, .. }));
                let is_free = wait <= 1 && !(ends_sweep && self.stages > 0);
                wait = if ends_sweep {
                    self.stages
                } else {
                    wait.saturating_sub(1)
                };
                if issues.is_empty() && !stalled && is_free {
                    let walk = |held: &Option<Held>| matches!(held, Some(Held::Walk(_)));
                    if let Some(path) = held.iter().position(walk) {
                        takes[path] = true;
                        if let Some(Held::Walk(walk)) = held[path] {
                            issues = self.issues(path, walk);
                        }
                    } else if held.iter().all(Option::is_some) {
                        takes.fill(true);
                        issues = self.sweep(held[0] == Some(Held::Marker { clears: true }));
                    }
                }
                windows.take(&takes);
                Shown {
                    issue,
                    takes,
                    stalled,
                    waits,
                }
            })
            .collect()
    }

    /// Outputs of the circuit for the same inputs as the model.
    fn run(&self, held: &[Vec<Held>], feeds: &[Willing], running: &Willing, cycles: usize) -> Vec<Shown> {
        let walker = Walker::new(&self.paths, self.swept, self.weight_words, self.stages);
        let mut walker = simulate(walker, |walker| &mut walker.clock);
        let mut windows = Windows::new(held, feeds);
        (0..cycles)
            .map(|cycle| {
                let held = windows.cycle(cycle);
                let circuit = walker.circuit();
                circuit.pause.next = !running.at(cycle);
                for (path, held) in held.iter().enumerate() {
                    circuit.walk_held[path].next = held.is_some();
                    match held {
                        Some(Held::Marker { clears }) => {
                            circuit.walk_marker[path].next = true;
                            circuit.walk_clears[path].next = *clears;
                        }
                        Some(Held::Walk(walk)) => {
                            circuit.walk_marker[path].next = false;
                            circuit.walk_negative[path].next = walk.negative;
                            circuit.walk_value[path].next = word(walk.value);
                            circuit.walk_membrane[path].next = word(walk.membrane as u64);
                            circuit.walk_weight[path].next = word(walk.weight as u64);
                            circuit.walk_run[path].next = word(walk.run as u64);
                            circuit.walk_rows[path].next = word(walk.rows as u64);
                            circuit.walk_group[path].next = word(walk.group as u64);
                            circuit.walk_mask[path].next = word(walk.mask);
                            let [carry, first, last] = walk.banks;
                            circuit.walk_carry[path].next = word(carry);
                            circuit.walk_first[path].next = word(first);
                            circuit.walk_last[path].next = word(last);
                            if path == 0 {
                                let more = walk
                                    .more
                                    .map(|weight| weight.map(|weight| u32::try_from(weight).expect("small")));
                                circuit.more_weights.next = bundled(more.into_iter()).to_bits();
                            }
                        }
                        None => {}
                    }
                }
                walker.settle();
                let shown = shown(walker.circuit(), self.paths[0].groups_of_bank(), self.swept > 1);
                windows.take(&shown.takes);
                walker.tick();
                shown
            })
            .collect()
    }
}

/// Outputs of the circuit, whose engine has `groups` groups in a bank, and perhaps ends the step of all banks together.
fn shown(walker: &Walker, groups: usize, swept_together: bool) -> Shown {
    let number = |port: u64| usize::try_from(port).expect("small");
    let membrane = number(walker.membrane_address.val().to_u64());
    let group = number(walker.group.val().to_u64());
    let issue = walker.issue.val().then(|| {
        if walker.sweep.val() {
            let banks = walker.banks.val().to_u64();
            if banks.count_ones() == 1 && !swept_together {
                assert_eq!(1 << walker.bank.val().index(), banks, "bank of a sweep");
            }
            assert_eq!(walker.carry.val().to_u64() & banks, 0, "carry of a sweep");
            return Issue::Sweep {
                clears: walker.clears.val(),
                banks,
                membrane,
                group,
                last: walker.last.val(),
            };
        }
        assert!(!walker.last.val(), "a walk is no sweep");
        let ports = walker.more_addresses.iter().zip(&walker.present);
        let mut more = [None; 2];
        for (more, (address, present)) in more.iter_mut().zip(ports) {
            *more = present.val().then(|| address.val().index());
        }
        let banks = walker.banks.val().to_u64();
        let carry = walker.carry.val().to_u64() & banks;
        if carry != 0 {
            assert_eq!(
                walker.next_address.val().index(),
                membrane + groups,
                "next columns"
            );
        }
        Issue::Spike {
            path: usize::from(walker.second_path.val()),
            negative: walker.negative.val(),
            value: walker.value.val().to_u8(),
            membrane,
            weight: number(walker.weight_address.val().to_u64()),
            banks: (banks, carry),
            more,
            own: (walker.own_channel.val()).then(|| (walker.mask.val().to_u64(), group)),
        }
    });
    Shown {
        issue,
        takes: walker.walk_take.iter().map(|take| take.val()).collect(),
        stalled: walker.stalled.val(),
        waits: walker.waits.val(),
    }
}

/// Walks that the windows hold, one after the other; an empty window is filled again when its feed is
/// willing.
struct Windows {
    waiting: Vec<VecDeque<Held>>,
    held: Vec<Option<Held>>,
    feeds: Vec<Willing>,
}

impl Windows {
    fn new(held: &[Vec<Held>], feeds: &[Willing]) -> Self {
        Self {
            waiting: held.iter().map(|held| held.iter().copied().collect()).collect(),
            held: vec![None; held.len()],
            feeds: feeds.to_vec(),
        }
    }

    fn cycle(&mut self, cycle: usize) -> Vec<Option<Held>> {
        for ((held, waiting), feed) in self.held.iter_mut().zip(&mut self.waiting).zip(&self.feeds) {
            if held.is_none() && feed.at(cycle) {
                *held = waiting.pop_front();
            }
        }
        self.held.clone()
    }

    fn take(&mut self, takes: &[bool]) {
        for (held, &take) in self.held.iter_mut().zip(takes) {
            if take {
                *held = None;
            }
        }
    }
}

/// An engine of one path, or of a junction with weights or with an identity.
fn engine(rng: &mut Xoshiro256PlusPlus) -> Engine {
    let groups = rng.random_range(1..=3);
    let lanes = 4;
    let (positions, merged) = (rng.random_range(1..=4), rng.random_range(1..=3));
    let own = Synapses::OwnChannel;
    let outputs = [0; 2].map(|_| rng.random_range(1..=4));
    let axis = |kernel, outputs| Axis {
        kernel,
        stride: 1,
        padding: 0,
        outputs,
    };
    let path = |kernel: usize, channels: usize, synapses| WindowParams {
        sources: Addressing::of([channels, outputs[0] + kernel - 1, outputs[1] + kernel - 1].into())
            .in_words_of(lanes),
        rows: axis(kernel, outputs[0]),
        columns: axis(kernel, outputs[1]),
        positions,
        merged: 1,
        groups,
        synapses,
    };
    // The groups of a layer of one position lie in the banks, which sources of own channels do not meet.
    let has_own = outputs != [1, 1];
    let main = if has_own && rng.random_bool(0.2) {
        path(rng.random_range(1..=3), groups * lanes, own)
    } else {
        path(
            rng.random_range(1..=3),
            rng.random_range(1..=3),
            Synapses::Words { base: 0 },
        )
    };
    let main = WindowParams {
        merged: if main.synapses == own { 1 } else { merged },
        ..main
    };
    let base = main.weight_words();
    let side = match rng.random_range(0..3) {
        0 => vec![],
        1 if has_own => vec![path(1, groups * lanes, own)],
        _ => vec![path(1, rng.random_range(1..=3), Synapses::Words { base })],
    };
    Engine::new(
        std::iter::once(main).chain(side).collect(),
        if has_own && rng.random() { positions } else { 1 },
        rng.random_range(0..=2),
    )
}

/// Walks within the engine's words, and markers, which come in the same order on all paths.
fn held(rng: &mut Xoshiro256PlusPlus, engine: &Engine) -> Vec<Vec<Held>> {
    let markers: Vec<bool> = (0..6).map(|_| rng.random_bool(0.2)).collect();
    (0..engine.paths.len())
        .map(|path| {
            let mut held = Vec::new();
            for &clears in &markers {
                for _ in 0..rng.random_range(0..4) {
                    held.push(Held::Walk(walk(rng, engine, path)));
                }
                held.push(Held::Marker { clears });
            }
            held
        })
        .collect()
}

fn walk(rng: &mut Xoshiro256PlusPlus, engine: &Engine, path: usize) -> Walk {
    let (params, first) = (&engine.paths[path], &engine.paths[0]);
    let mut some = |axis: Axis| {
        let count = rng.random_range(1..=axis.kernel.min(axis.outputs));
        (rng.random_range(0..=axis.outputs - count), count)
    };
    let (y, rows) = some(params.rows);
    // Passes along a row, and the word that the first of them meets.
    let row_words = first.banks().words();
    let passes = rng.random_range(1..=params.patterns().min(row_words));
    let word = rng.random_range(0..=row_words - passes);
    let membrane = (y * row_words + word) * params.groups_of_bank();
    let any = |rng: &mut Xoshiro256PlusPlus| match first.positions {
        1 => 1,
        positions => rng.random_range(1..1 << positions),
    };
    // A word further on must exist.
    let carry = if first.positions > 1 && word + passes < row_words {
        any(rng)
    } else {
        0
    };
    let banks = [carry, any(rng), any(rng)];
    if engine.own(path) {
        let (group, mask) = (rng.random_range(0..params.groups), rng.random_range(1..16));
        return Walk {
            negative: rng.random(),
            value: rng.random(),
            membrane: membrane + group,
            weight: 0,
            run: 1,
            rows: 1,
            group,
            mask,
            banks,
            more: [None; 2],
        };
    }
    let Synapses::Words { base } = params.synapses else {
        unreachable!("weights")
    };
    // First row of the kernel and pattern from which all of the walk lie within the weights.
    let place = rng.random_range(0..=params.rows.kernel - rows) * params.patterns()
        + rng.random_range(0..=params.patterns() - passes);
    let channels = params.sources.shape.channels;
    let weight = |rng: &mut Xoshiro256PlusPlus| {
        base + place * params.groups_of_bank() * channels + rng.random_range(0..channels)
    };
    let mut more = [None; 2];
    for more in more.iter_mut().take(params.merged - 1) {
        *more = rng.random_bool(0.5).then(|| weight(rng));
    }
    Walk {
        negative: rng.random(),
        value: rng.random(),
        membrane,
        weight: weight(rng),
        run: passes * params.groups_of_bank(),
        rows,
        group: 0,
        mask: 0,
        banks,
        more,
    }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn every_cycle_is_that_of_the_model(
        seed: u64, feeds in [willing(), willing()], running in willing(),
    ) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let engine = engine(&mut rng);
        let held = held(&mut rng, &engine);
        let feeds = &feeds[..held.len()];
        let expected = engine.model(&held, feeds, &running, 250);
        assert_same(&expected, &engine.run(&held, feeds, &running, 250));
    }
}

/// Words that the walks and sweeps of all paths have.
fn words(engine: &Engine, held: &[Vec<Held>]) -> usize {
    let walks = held.iter().flatten().map(|held| match held {
        Held::Walk(walk) => walk.run * walk.rows,
        Held::Marker { .. } => 0,
    });
    let sweeps = held[0]
        .iter()
        .filter(|held| matches!(held, Held::Marker { .. }))
        .count();
    walks.sum::<usize>() + sweeps * engine.words
}

#[test]
fn no_cycle_is_lost_between_walks_and_sweeps() {
    for seed in 0..40 {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut engine = engine(&mut rng);
        engine.stages = 0;
        let held = held(&mut rng, &engine);
        let feeds = vec![Willing::always(); held.len()];
        let words = words(&engine, &held);
        let shown = engine.run(&held, &feeds, &Willing::always(), words + 4);
        // The first walk is loaded in cycle 0.
        let issues: Vec<bool> = shown.iter().map(|shown| shown.issue.is_some()).collect();
        let expected: Vec<bool> = (0..words + 4).map(|cycle| (1..=words).contains(&cycle)).collect();
        assert_same(&expected, &issues);
    }
}

/// A junction of two 1×1 convolutions of one channel into three words.
fn junction() -> (Engine, Walk) {
    let axis = |outputs| Axis {
        kernel: 1,
        stride: 1,
        padding: 0,
        outputs,
    };
    let path = |base| WindowParams {
        sources: Addressing::of([1, 1, 3].into()),
        rows: axis(1),
        columns: axis(3),
        positions: 1,
        merged: 1,
        groups: 1,
        synapses: Synapses::Words { base },
    };
    let walk = Walk {
        negative: false,
        value: 1,
        membrane: 1,
        weight: 0,
        run: 1,
        rows: 1,
        group: 0,
        mask: 0,
        banks: [0, 1, 1],
        more: [None; 2],
    };
    (Engine::new(vec![path(0), path(1)], 1, 0), walk)
}

#[test]
fn a_marker_waits_for_the_other_path_whose_spikes_go_on() {
    let (engine, walk) = junction();
    let marker = Held::Marker { clears: false };
    let held = [
        vec![marker, Held::Walk(walk)],
        vec![Held::Walk(walk), Held::Walk(walk), marker],
    ];
    let late = Willing::from_cycles((0..40).map(|cycle| cycle % 10 == 0));
    let feeds = [Willing::always(), late];
    let shown = engine.run(&held, &feeds, &Willing::always(), 30);
    let kinds: Vec<(usize, char)> = shown
        .iter()
        .enumerate()
        .filter_map(|(cycle, shown)| match shown.issue? {
            Issue::Spike { path, .. } => Some((cycle, if path == 0 { 'a' } else { 'b' })),
            Issue::Sweep { .. } => Some((cycle, 's')),
        })
        .collect();
    assert_same(
        &[(1, 'b'), (11, 'b'), (21, 's'), (22, 's'), (23, 's'), (24, 'a')],
        &kinds,
    );
}

#[test]
fn behind_a_sweep_the_walker_waits_for_its_settle_stages() {
    let (mut engine, walk) = junction();
    let marker = Held::Marker { clears: false };
    let held = [vec![marker, Held::Walk(walk), marker], vec![marker, marker]];
    let feeds = [Willing::always(), Willing::always()];
    for (stages, expected) in [
        (0, [1, 2, 3, 4, 5, 6, 7]),
        (1, [1, 2, 3, 5, 6, 7, 8]),
        (2, [1, 2, 3, 6, 7, 8, 9]),
    ] {
        engine.stages = stages;
        let shown = engine.run(&held, &feeds, &Willing::always(), 14);
        let issues: Vec<usize> = (0..14).filter(|&cycle| shown[cycle].issue.is_some()).collect();
        assert_same(&expected, &issues);
    }
}

#[test]
fn a_pause_holds_a_sweep_where_it_is_but_no_walk() {
    let (engine, walk) = junction();
    let held = [
        vec![Held::Walk(walk), Held::Marker { clears: false }],
        vec![Held::Marker { clears: false }],
    ];
    let running = Willing::from_cycles((0..40).map(|cycle| cycle == 3 || cycle > 8));
    let feeds = [Willing::always(), Willing::always()];
    let shown = engine.run(&held, &feeds, &running, 14);
    let issues: Vec<usize> = (0..14).filter(|&cycle| shown[cycle].issue.is_some()).collect();
    let stalls: Vec<usize> = (0..14).filter(|&cycle| shown[cycle].stalled).collect();
    assert_same(&[1, 3, 9, 10], &issues);
    assert_same(&[2, 4, 5, 6, 7, 8], &stalls);
}

#[test]
fn another_order_of_paths_or_words_is_noticed() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    let (engine, walk) = junction();
    let held = held(&mut rng, &engine);
    let feeds = [Willing::always(), Willing::always()];
    let seen = engine.run(&held, &feeds, &Willing::always(), 80);
    let noticed = |engine: &Engine, held: &[Vec<Held>]| {
        let expected = engine.model(held, &feeds, &Willing::always(), 80);
        difference(&expected, &seen).is_some()
    };
    assert!(!noticed(&engine, &held));
    assert!(noticed(&engine, &[held[1].clone(), held[0].clone()]), "paths");
    let mut more = held.clone();
    more[0].insert(0, Held::Walk(walk));
    assert!(noticed(&engine, &more), "a walk");
    let mut fewer = engine.clone();
    fewer.words -= 1;
    assert!(noticed(&fewer, &held), "words");
    let mut longer = engine.clone();
    longer.stages += 1;
    assert!(noticed(&longer, &held), "settle stages");
}
