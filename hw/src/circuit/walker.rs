//! Walks the windows of a layer's events and its sweeps: one membrane word and one weight word per cycle.
//!
//! ```text
//!  walk of path 0 ──►┌────────┐
//!  walk of path 1 ──►│ walker ├──► address of a membrane word and a weight word; what to do with them
//!        (junction)  └────────┘◄── pause
//! ```
//!
//! The walks of both paths of a junction add into the same membranes and may come in any order. A sweep,
//! which covers all words, begins when every path has reached its marker. The current walk is held in
//! registers, and its last cycle is also the cycle in which the next walk is loaded: no cycle is lost between
//! walks, or between walks and sweeps.
//!
//! `pause` stalls a sweep, but not a walk. Behind a sweep of an engine with settle stages, the walker waits one cycle for
//! each of them, so that the sweep's words are in memory, or can be forwarded, when they are addressed again.

use super::bundle::Unbundle;
use super::window::WindowParams;
use super::{signals, with_defaults};
use rust_hdl::prelude::*;

/// Walker of one engine. The ports `walk_…[p]` connect to the [`Window`](super::window::Window) of path p.
#[derive(Debug, LogicBlock)]
pub struct Walker {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// High while path p offers a walk or a marker; the other `walk_…` inputs are valid then.
    pub walk_held: Vec<Signal<In, Bit>>,
    /// High if path p offers a marker; otherwise a walk.
    pub walk_marker: Vec<Signal<In, Bit>>,
    /// High if the marker is a clear; valid for markers.
    pub walk_clears: Vec<Signal<In, Bit>>,
    /// High if the spike's value is negative; valid for walks.
    pub walk_negative: Vec<Signal<In, Bit>>,
    /// Magnitude of the spike's value; valid for walks.
    pub walk_value: Vec<Signal<In, Bits<8>>>,
    /// First membrane word of the walk.
    pub walk_membrane: Vec<Signal<In, Bits<24>>>,
    /// First weight word of the walk.
    pub walk_weight: Vec<Signal<In, Bits<24>>>,
    /// Words per row of the walk, at least 1.
    pub walk_run: Vec<Signal<In, Bits<24>>>,
    /// Rows of the walk, at least 1.
    pub walk_rows: Vec<Signal<In, Bits<16>>>,
    /// Group of the source's own channel; valid for walks of one channel.
    pub walk_group: Vec<Signal<In, Bits<24>>>,
    /// Lanes that the sources meet; valid for walks of one channel.
    pub walk_mask: Vec<Signal<In, Bits<64>>>,
    /// Banks that hold the columns of the walk one word further on, bit p for bank p.
    pub walk_carry: Vec<Signal<In, Bits<16>>>,
    /// Banks that the walk meets in the first pass along a row.
    pub walk_first: Vec<Signal<In, Bits<16>>>,
    /// Banks that the walk meets in the last pass along a row.
    pub walk_last: Vec<Signal<In, Bits<16>>>,
    /// First weight words of further spikes of path 0, a [`Bundle`](super::bundle::Bundle); a walk of path 1 is of one spike.
    pub more_weights: Signal<In, Bits<96>>,
    /// High in the cycle in which the walker takes the walk or marker of path p.
    pub walk_take: Vec<Signal<Out, Bit>>,
    /// High to stall sweeps.
    pub pause: Signal<In, Bit>,
    /// High in a cycle in which a word is addressed; the outputs below are valid then.
    pub issue: Signal<Out, Bit>,
    /// High if the word belongs to a sweep; otherwise to a spike.
    pub sweep: Signal<Out, Bit>,
    /// High if the sweep is a clear; valid for sweeps.
    pub clears: Signal<Out, Bit>,
    /// High if the word is the last of a sweep.
    pub last: Signal<Out, Bit>,
    /// Address of the membrane word in each bank.
    pub membrane_address: Signal<Out, Bits<24>>,
    /// Address of the membrane word in banks with a carry: that of the next columns.
    pub next_address: Signal<Out, Bits<24>>,
    /// Banks with a carry, bit p for bank p.
    pub carry: Signal<Out, Bits<16>>,
    /// Banks of which a word is addressed: those that the walk meets, or the one of the sweep.
    pub banks: Signal<Out, Bits<16>>,
    /// Number of the bank of the sweep; valid for sweeps.
    pub bank: Signal<Out, Bits<8>>,
    /// Address of the weight word; not valid for sweeps.
    pub weight_address: Signal<Out, Bits<24>>,
    /// Address of the weight word of each further spike.
    pub more_addresses: Vec<Signal<Out, Bits<24>>>,
    /// High if that spike is there; low for sweeps.
    pub present: Vec<Signal<Out, Bit>>,
    /// Group of the word; valid for sweeps and for walks of one channel.
    pub group: Signal<Out, Bits<24>>,
    /// High if the spike's value is negative; valid for walks.
    pub negative: Signal<Out, Bit>,
    /// Magnitude of the spike's value; valid for walks.
    pub value: Signal<Out, Bits<8>>,
    /// High if the walk is of path 1.
    pub second_path: Signal<Out, Bit>,
    /// High if sources meet their own channels only, in the lanes of `mask`; low for sweeps.
    pub own_channel: Signal<Out, Bit>,
    /// Lanes that the sources meet; valid while `own_channel` is high.
    pub mask: Signal<Out, Bits<64>>,
    /// High while a walk or sweep is in progress or can be loaded.
    pub busy: Signal<Out, Bit>,
    /// High if a path offers a walk, or every path offers its marker: there is a walk or sweep to begin as
    /// soon as the current one has ended.
    pub loadable: Signal<Out, Bit>,
    /// High in a cycle in which `pause` stalls a sweep.
    pub stalled: Signal<Out, Bit>,
    /// High in a cycle in which the walker waits behind a sweep.
    pub waits: Signal<Out, Bit>,
    active: DFF<Bit>,
    sweeping: DFF<Bit>,
    clearing: DFF<Bit>,
    is_negative: DFF<Bit>,
    magnitude: DFF<Bits<8>>,
    is_second: DFF<Bit>,
    is_own: DFF<Bit>,
    own_mask: DFF<Bits<64>>,
    at_group: DFF<Bits<24>>,
    membrane: DFF<Bits<24>>,
    weight: DFF<Bits<24>>,
    row_membrane: DFF<Bits<24>>,
    row_weight: DFF<Bits<24>>,
    weights: Unbundle,
    more_weight: Vec<DFF<Bits<24>>>,
    more_row_weight: Vec<DFF<Bits<24>>>,
    more_spike: Vec<DFF<Bit>>,
    /// Banks of the walk: those with a carry, and those that it meets in the first and the last pass.
    carries: DFF<Bits<16>>,
    first_banks: DFF<Bits<16>>,
    last_banks: DFF<Bits<16>>,
    /// High in the first pass along a row.
    in_first: DFF<Bit>,
    /// Bank and column of the sweep.
    at_bank: DFF<Bits<8>>,
    hot_bank: DFF<Bits<16>>,
    /// Column of a sweep; in a sweep of all banks at once, its word in the row.
    at_column: DFF<Bits<16>>,
    group_end: Signal<Local, Bit>,
    bank_end: Signal<Local, Bit>,
    takes_first: Signal<Local, Bit>,
    takes_any: Signal<Local, Bit>,
    /// Distance from one weight word of a row to the next.
    step: DFF<Bits<24>>,
    /// Words of a row, less one; `run_left` counts those left of the current row, less one.
    run: DFF<Bits<24>>,
    run_left: DFF<Bits<24>>,
    /// Rows left after the current one.
    rows_left: DFF<Bits<16>>,
    /// Cycles left to wait behind a sweep.
    waiting: DFF<Bits<2>>,
    going: Signal<Local, Bit>,
    row_end: Signal<Local, Bit>,
    walk_end: Signal<Local, Bit>,
    free: Signal<Local, Bit>,
    /// High if all paths below the index hold markers; `spikes` is high if one of them holds a spike.
    markers: Vec<Signal<Local, Bit>>,
    spikes: Vec<Signal<Local, Bit>>,
    all_markers: Signal<Local, Bit>,
    next_row_membrane: Signal<Local, Bits<24>>,
    next_row_weight: Signal<Local, Bits<24>>,
    path_step: Vec<Constant<Bits<24>>>,
    path_own: Vec<Constant<Bit>>,
    path_second: Vec<Constant<Bit>>,
    membrane_row_step: Constant<Bits<24>>,
    weight_row_step: Constant<Bits<24>>,
    last_group: Constant<Bits<24>>,
    last_word: Constant<Bits<24>>,
    groups: Constant<Bits<24>>,
    groups_back: Constant<Bits<24>>,
    /// High if groups lie side by side in the banks, so that the column of a sweep is its group.
    spreads: Constant<Bit>,
    /// Whether a sweep addresses all banks at once, and those that have columns in the last word of a row.
    sweeps_all: Constant<Bit>,
    row_end_banks: Constant<Bits<16>>,
    last_bank: Constant<Bits<8>>,
    last_column: Constant<Bits<16>>,
    all_banks: Constant<Bits<16>>,
    has_banks: Constant<Bit>,
    /// Mask of the bits of a run's count.
    run_mask: Constant<Bits<24>>,
    /// Mask of the bits that membrane addresses need: tells synthesis that the others stay 0. The following
    /// masks do so for other numbers.
    word_mask: Constant<Bits<24>>,
    weight_mask: Constant<Bits<24>>,
    step_mask: Constant<Bits<24>>,
    row_mask: Constant<Bits<16>>,
    group_mask: Constant<Bits<24>>,
    lane_mask: Constant<Bits<64>>,
    /// Cycles to wait behind a sweep, and whether there are any.
    stages: Constant<Bits<2>>,
    has_stages: Constant<Bit>,
}

impl Walker {
    /// Builds a walker of the given paths, one or two, over `weight_words` weight words, of an engine with `stages` settle stages
    /// in which `swept` positions end their step at once: one, or those of all banks.
    ///
    /// # Panics
    /// Without a path, or for a second one with more than one row of kernel: a bug of the generator.
    #[must_use]
    pub fn new(paths: &[WindowParams], swept: usize, weight_words: usize, stages: usize) -> Self {
        let first = &paths[0];
        let words = first.sweep_words(swept);
        let most_run = paths.iter().map(WindowParams::most_run).max().unwrap_or(0);
        let columns = first.columns.outputs * first.spread();
        // Words of a row, if all banks are swept at once, and the banks that the last of them has.
        let row_words = first.banks().words();
        let in_last = columns - (row_words - 1) * first.positions;
        assert!(
            paths.len() <= 2 && paths[1..].iter().all(|path| path.rows.kernel == 1),
            "a second path is a 1×1 convolution or an identity"
        );
        let mask = |largest: usize| (largest as u64 + 1).next_power_of_two() - 1;
        let number = |value: usize| Constant::new((value as u64).into());
        let (groups, more) = (first.groups_of_bank(), first.merged - 1);
        let most_rows = first.rows.outputs.min(first.rows.kernel);
        let is_own = |path: &WindowParams| path.synapses == super::window::Synapses::OwnChannel;
        let own_lanes = paths
            .iter()
            .filter(|path| is_own(path))
            .map(|path| path.sources.lanes);
        let lane_mask = own_lanes.max().map_or(0, |lanes| u64::MAX >> (64 - lanes));
        let most_step = paths.iter().map(WindowParams::weight_step).max().unwrap_or(0);
        with_defaults! {
            Self {
                walk_held: signals(paths.len()),
                walk_marker: signals(paths.len()),
                walk_clears: signals(paths.len()),
                walk_negative: signals(paths.len()),
                walk_value: signals(paths.len()),
                walk_membrane: signals(paths.len()),
                walk_weight: signals(paths.len()),
                walk_run: signals(paths.len()),
                walk_rows: signals(paths.len()),
                walk_group: signals(paths.len()),
                walk_mask: signals(paths.len()),
                walk_take: signals(paths.len()),
                walk_carry: signals(paths.len()),
                walk_first: signals(paths.len()),
                walk_last: signals(paths.len()),
                weights: Unbundle::new(more),
                more_addresses: signals(more),
                present: signals(more),
                more_weight: (0..more).map(|_| DFF::default()).collect(),
                more_row_weight: (0..more).map(|_| DFF::default()).collect(),
                more_spike: (0..more).map(|_| DFF::default()).collect(),
                groups: number(groups),
                groups_back: number(groups - 1),
                spreads: Constant::new(first.spread() > 1),
                last_bank: Constant::new((first.positions as u64 - 1).into()),
                last_column: Constant::new((if swept > 1 { row_words } else { columns } as u64 - 1).into()),
                sweeps_all: Constant::new(swept > 1),
                row_end_banks: Constant::new(((1_u64 << in_last) - 1).into()),
                all_banks: Constant::new(((1_u64 << first.positions) - 1).into()),
                has_banks: Constant::new(first.positions > 1),
                run_mask: Constant::new(mask(words.max(most_run) - 1).into()),
                markers: signals(paths.len() + 1),
                spikes: signals(paths.len() + 1),
                path_step: paths.iter().map(|path| number(path.weight_step())).collect(),
                path_own: paths.iter().map(|path| Constant::new(is_own(path))).collect(),
                path_second: (0..paths.len()).map(|path| Constant::new(path == 1)).collect(),
                membrane_row_step: number(first.membrane_row_step()),
                weight_row_step: number(first.weight_row_step()),
                last_group: number(groups - 1),
                last_word: number(words - 1),
                word_mask: Constant::new(mask(first.membrane_words() - 1).into()),
                weight_mask: Constant::new(mask(weight_words.max(1) - 1).into()),
                step_mask: Constant::new(mask(most_step).into()),
                row_mask: Constant::new(mask(most_rows - 1).into()),
                group_mask: Constant::new(mask(groups - 1).into()),
                lane_mask: Constant::new(lane_mask.into()),
                stages: Constant::new((stages as u64).into()),
                has_stages: Constant::new(stages > 0),
            }
            clock, pause, more_weights, carries, first_banks, last_banks, in_first, at_bank, hot_bank, at_column, group_end, bank_end,
            takes_first, takes_any, next_address, carry, banks, bank, issue, sweep, clears, last, membrane_address, weight_address, group, negative, value,
            second_path, own_channel, mask, busy, loadable, stalled, waits, active, sweeping, clearing, is_negative, magnitude,
            is_second, is_own, own_mask, at_group, membrane, weight, row_membrane, row_weight, step, run,
            run_left, rows_left, waiting, going, row_end, walk_end, free, all_markers, next_row_membrane,
            next_row_weight,
        }
    }
}

impl Logic for Walker {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            active,
            sweeping,
            clearing,
            is_negative,
            magnitude,
            is_second,
            is_own,
            own_mask,
            at_group,
            membrane,
            weight,
            row_membrane,
            row_weight,
            step,
            run,
            run_left,
            rows_left,
            waiting,
            carries,
            first_banks,
            last_banks,
            in_first,
            at_bank,
            hot_bank,
            at_column
        );
        self.stalled.next = self.active.q.val() && self.sweeping.q.val() && self.pause.val();
        self.going.next = self.active.q.val() && !(self.sweeping.q.val() && self.pause.val());
        self.row_end.next = self.run_left.q.val() == 0;
        self.walk_end.next = self.row_end.val() && (self.rows_left.q.val() == 0);
        // The last cycle of waiting, too, is one in which the next walk is loaded.
        self.waits.next = self.waiting.q.val() != 0;
        self.free.next = (!self.active.q.val() && (self.waiting.q.val() <= 1))
            || (self.going.val() && self.walk_end.val() && !(self.sweeping.q.val() && self.has_stages.val()));
        if self.waiting.q.val() != 0 {
            self.waiting.d.next = self.waiting.q.val() - 1;
        }

        self.issue.next = self.going.val();
        self.sweep.next = self.sweeping.q.val();
        self.clears.next = self.clearing.q.val();
        self.last.next = self.sweeping.q.val() && self.walk_end.val();
        self.membrane_address.next = self.membrane.q.val();
        self.next_address.next = (self.membrane.q.val() + self.groups.val()) & self.word_mask.val();
        self.carry.next = self.carries.q.val();
        self.bank.next = self.at_bank.q.val();
        // A row's first and last pass can be the same.
        self.banks.next = self.all_banks.val();
        if self.has_banks.val() {
            if self.in_first.q.val() {
                self.banks.next = self.first_banks.q.val();
                if self.run_left.q.val() < self.groups.val() {
                    self.banks.next = self.first_banks.q.val() & self.last_banks.q.val();
                }
            } else if self.run_left.q.val() < self.groups.val() {
                self.banks.next = self.last_banks.q.val();
            }
            if self.sweeping.q.val() {
                self.banks.next = self.hot_bank.q.val();
                if self.sweeps_all.val() {
                    self.banks.next = self.all_banks.val();
                    if self.at_column.q.val() == self.last_column.val() {
                        self.banks.next = self.row_end_banks.val();
                    }
                }
            }
        }
        self.group_end.next = self.at_group.q.val() == self.last_group.val();
        self.bank_end.next = !self.has_banks.val()
            || self.sweeps_all.val()
            || (self.at_bank.q.val() == self.last_bank.val())
            || (self.at_column.q.val() == self.last_column.val());
        self.weight_address.next = self.weight.q.val();
        self.group.next = self.at_group.q.val();
        if self.spreads.val() {
            self.group.next = bit_cast::<24, 16>(self.at_column.q.val());
        }
        self.negative.next = self.is_negative.q.val();
        self.value.next = self.magnitude.q.val();
        self.second_path.next = self.is_second.q.val();
        self.own_channel.next = self.is_own.q.val();
        self.mask.next = self.own_mask.q.val();

        // The next word.
        self.next_row_membrane.next =
            (self.row_membrane.q.val() + self.membrane_row_step.val()) & self.word_mask.val();
        self.next_row_weight.next =
            (self.row_weight.q.val() + self.weight_row_step.val()) & self.weight_mask.val();
        if self.going.val() {
            if self.row_end.val() {
                self.membrane.d.next = self.next_row_membrane.val();
                self.row_membrane.d.next = self.next_row_membrane.val();
                self.weight.d.next = self.next_row_weight.val();
                self.row_weight.d.next = self.next_row_weight.val();
                self.run_left.d.next = self.run.q.val();
                self.in_first.d.next = true;
                self.rows_left.d.next = (self.rows_left.q.val() - 1) & self.row_mask.val();
            } else {
                self.membrane.d.next = (self.membrane.q.val() + 1) & self.word_mask.val();
                self.weight.d.next = (self.weight.q.val() + self.step.q.val()) & self.weight_mask.val();
                self.run_left.d.next = (self.run_left.q.val() - 1) & self.run_mask.val();
                if self.group_end.val() {
                    self.in_first.d.next = false;
                }
                // A sweep passes the groups of a position, then the banks of a word, then the words.
                if self.has_banks.val() && self.sweeping.q.val() && self.group_end.val() {
                    self.at_column.d.next = self.at_column.q.val() + 1;
                    if self.at_column.q.val() == self.last_column.val() {
                        self.at_column.d.next = 0.into();
                    }
                    self.at_bank.d.next = self.at_bank.q.val() + 1;
                    self.hot_bank.d.next = self.hot_bank.q.val() << 1;
                    if self.bank_end.val() {
                        self.at_bank.d.next = 0.into();
                        self.hot_bank.d.next = 1.into();
                    } else {
                        self.membrane.d.next =
                            (self.membrane.q.val() - self.groups_back.val()) & self.word_mask.val();
                    }
                }
            }
            self.at_group.d.next = (self.at_group.q.val() + 1) & self.group_mask.val();
            if self.group_end.val() {
                self.at_group.d.next = 0.into();
            }
            if self.walk_end.val() {
                self.active.d.next = false;
                if self.sweeping.q.val() {
                    self.waiting.d.next = self.stages.val();
                }
            }
        }

        self.takes_any.next = false;
        // The next walk: that of the first path that has one, or the sweep.
        self.markers[0].next = true;
        self.spikes[0].next = false;
        for i in 0..self.walk_held.len() {
            self.markers[i + 1].next =
                self.markers[i].val() && self.walk_held[i].val() && self.walk_marker[i].val();
            self.spikes[i + 1].next =
                self.spikes[i].val() || (self.walk_held[i].val() && !self.walk_marker[i].val());
        }
        self.busy.next = self.active.q.val() || self.waits.val();
        self.loadable.next = false;
        for i in 0..self.walk_held.len() {
            self.walk_take[i].next = false;
            if self.free.val()
                && self.walk_held[i].val()
                && !self.walk_marker[i].val()
                && !self.spikes[i].val()
            {
                self.walk_take[i].next = true;
                self.active.d.next = true;
                self.sweeping.d.next = false;
                self.is_negative.d.next = self.walk_negative[i].val();
                self.magnitude.d.next = self.walk_value[i].val();
                self.is_second.d.next = self.path_second[i].val();
                self.is_own.d.next = self.path_own[i].val();
                self.own_mask.d.next = self.walk_mask[i].val() & self.lane_mask.val();
                self.at_group.d.next = self.walk_group[i].val() & self.group_mask.val();
                self.membrane.d.next = self.walk_membrane[i].val() & self.word_mask.val();
                self.row_membrane.d.next = self.walk_membrane[i].val() & self.word_mask.val();
                self.weight.d.next = self.walk_weight[i].val() & self.weight_mask.val();
                self.row_weight.d.next = self.walk_weight[i].val() & self.weight_mask.val();
                self.step.d.next = self.path_step[i].val() & self.step_mask.val();
                self.run.d.next = (self.walk_run[i].val() - 1) & self.run_mask.val();
                self.run_left.d.next = (self.walk_run[i].val() - 1) & self.run_mask.val();
                self.carries.d.next = self.walk_carry[i].val();
                self.first_banks.d.next = self.walk_first[i].val();
                self.last_banks.d.next = self.walk_last[i].val();
                self.in_first.d.next = true;
                self.takes_any.next = true;
                self.rows_left.d.next = (self.walk_rows[i].val() - 1) & self.row_mask.val();
            }
        }
        // Runs once, with the index behind the last path.
        for i in self.walk_held.len()..self.markers.len() {
            self.all_markers.next = self.markers[i].val();
            if self.markers[i].val() || self.spikes[i].val() {
                self.busy.next = true;
                self.loadable.next = true;
            }
        }
        // Every path's marker is taken in the cycle in which the sweep is loaded.
        for i in 0..self.walk_held.len() {
            if self.free.val() && self.all_markers.val() {
                self.walk_take[i].next = true;
                self.active.d.next = true;
                self.sweeping.d.next = true;
                self.clearing.d.next = self.walk_clears[i].val();
                self.is_own.d.next = false;
                self.at_group.d.next = 0.into();
                self.membrane.d.next = 0.into();
                self.run_left.d.next = self.last_word.val();
                self.rows_left.d.next = 0.into();
                self.carries.d.next = 0.into();
                self.at_bank.d.next = 0.into();
                self.hot_bank.d.next = 1.into();
                self.at_column.d.next = 0.into();
                self.takes_any.next = true;
            }
        }
        // Further spikes, which only walks of path 0 have.
        self.weights.bundle.next = self.more_weights.val();
        self.takes_first.next = false;
        for i in 0..1 {
            self.takes_first.next = self.walk_take[i].val() && !self.walk_marker[i].val();
        }
        for i in 0..self.more_weight.len() {
            self.more_weight[i].clock.next = self.clock.val();
            self.more_row_weight[i].clock.next = self.clock.val();
            self.more_spike[i].clock.next = self.clock.val();
            self.more_weight[i].d.next = self.more_weight[i].q.val();
            self.more_row_weight[i].d.next = self.more_row_weight[i].q.val();
            self.more_spike[i].d.next = self.more_spike[i].q.val();
            if self.going.val() {
                if self.row_end.val() {
                    self.more_weight[i].d.next = (self.more_row_weight[i].q.val()
                        + self.weight_row_step.val())
                        & self.weight_mask.val();
                    self.more_row_weight[i].d.next = (self.more_row_weight[i].q.val()
                        + self.weight_row_step.val())
                        & self.weight_mask.val();
                } else {
                    self.more_weight[i].d.next =
                        (self.more_weight[i].q.val() + self.step.q.val()) & self.weight_mask.val();
                }
            }
            if self.takes_any.val() {
                self.more_spike[i].d.next = self.takes_first.val() && self.weights.flag[i].val();
                self.more_weight[i].d.next = self.weights.number[i].val() & self.weight_mask.val();
                self.more_row_weight[i].d.next = self.weights.number[i].val() & self.weight_mask.val();
            }
            self.more_addresses[i].next = self.more_weight[i].q.val();
            self.present[i].next = self.more_spike[i].q.val();
        }
    }
}
