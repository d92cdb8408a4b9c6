//! Walks the windows of a layer's events, and its sweeps: one membrane word and one weight word a clock.
//!
//! ```text
//!  walk of path 0 ──►┌────────┐
//!  walk of path 1 ──►│ walker ├──► address of a membrane word, of a weight word; what is to be done there
//!        (junction)  └────────┘◄── pause
//! ```
//!
//! The walks of both paths of a junction add into the same membranes and may come in any order. A sweep, over all
//! words, begins when every path has come to its marker. What is walked is held in registers, whose last clock is
//! also the clock in which the next walk is loaded: between walks, and between walks and sweeps, no clock is lost.
//!
//! A sweep holds where it is while `pause` is high; a walk does not.

use super::signals;
use super::window::WindowParams;
use rust_hdl::prelude::*;

/// See the [module](self). The ports `walk_…` are those of [`Window`](super::window::Window), one a path.
#[derive(Debug, LogicBlock)]
pub struct Walker {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// There is a walk or a marker.
    pub walk_held: Vec<Signal<In, Bit>>,
    /// It is a marker.
    pub walk_marker: Vec<Signal<In, Bit>>,
    /// The marker is a clear.
    pub walk_clears: Vec<Signal<In, Bit>>,
    /// The spike is negative.
    pub walk_negative: Vec<Signal<In, Bit>>,
    /// First membrane word.
    pub walk_membrane: Vec<Signal<In, Bits<24>>>,
    /// First weight word.
    pub walk_weight: Vec<Signal<In, Bits<24>>>,
    /// Words of a row.
    pub walk_run: Vec<Signal<In, Bits<24>>>,
    /// Rows.
    pub walk_rows: Vec<Signal<In, Bits<16>>>,
    /// Group of an own channel.
    pub walk_group: Vec<Signal<In, Bits<24>>>,
    /// Lane of an own channel.
    pub walk_lane: Vec<Signal<In, Bits<8>>>,
    /// Takes it.
    pub walk_take: Vec<Signal<Out, Bit>>,
    /// Whoever takes what sweeps find needs them to pause.
    pub pause: Signal<In, Bit>,
    /// A word is addressed in this clock.
    pub issue: Signal<Out, Bit>,
    /// It is a word of a sweep; otherwise of a spike.
    pub sweep: Signal<Out, Bit>,
    /// The sweep is a clear.
    pub clears: Signal<Out, Bit>,
    /// It is the last word of a sweep.
    pub last: Signal<Out, Bit>,
    /// Membrane word.
    pub membrane_address: Signal<Out, Bits<24>>,
    /// Weight word.
    pub weight_address: Signal<Out, Bits<24>>,
    /// Group of the word, in a sweep; of the source's own channel, in the walk of one.
    pub group: Signal<Out, Bits<24>>,
    /// The spike is negative.
    pub negative: Signal<Out, Bit>,
    /// The walk is of path 1.
    pub second_path: Signal<Out, Bit>,
    /// The walk is of a source that meets its own channel only, in this lane.
    pub own_channel: Signal<Out, Bit>,
    /// Lane of the source's own channel.
    pub lane: Signal<Out, Bits<8>>,
    /// A walk or a sweep is held, or there is one to load.
    pub busy: Signal<Out, Bit>,
    /// There is a walk or a sweep to load, now or as soon as the one that is held has ended.
    pub loadable: Signal<Out, Bit>,
    /// A sweep waits.
    pub stalled: Signal<Out, Bit>,
    active: DFF<Bit>,
    sweeping: DFF<Bit>,
    clearing: DFF<Bit>,
    is_negative: DFF<Bit>,
    is_second: DFF<Bit>,
    is_own: DFF<Bit>,
    own_lane: DFF<Bits<8>>,
    at_group: DFF<Bits<24>>,
    membrane: DFF<Bits<24>>,
    weight: DFF<Bits<24>>,
    row_membrane: DFF<Bits<24>>,
    row_weight: DFF<Bits<24>>,
    /// From a weight word to the next of the run.
    step: DFF<Bits<24>>,
    /// Words of a row, and those left of this one, less one.
    run: DFF<Bits<24>>,
    run_left: DFF<Bits<24>>,
    /// Rows left after this one.
    rows_left: DFF<Bits<16>>,
    going: Signal<Local, Bit>,
    row_end: Signal<Local, Bit>,
    walk_end: Signal<Local, Bit>,
    free: Signal<Local, Bit>,
    /// All paths below the index hold markers; one of them holds a spike.
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
    /// Bits that numbers need; tells synthesis that the others stay 0.
    word_mask: Constant<Bits<24>>,
    weight_mask: Constant<Bits<24>>,
    step_mask: Constant<Bits<24>>,
    row_mask: Constant<Bits<16>>,
    group_mask: Constant<Bits<24>>,
    lane_mask: Constant<Bits<8>>,
}

impl Walker {
    /// A walker of the given paths, one or two, over `words` membrane words and `weight_words` weight words.
    ///
    /// # Panics
    /// Without a path, or for a second one with more than one row of kernel: a bug of the generator.
    #[must_use]
    pub fn new(paths: &[WindowParams], words: usize, weight_words: usize) -> Self {
        let first = &paths[0];
        assert!(
            paths.len() <= 2 && paths[1..].iter().all(|path| path.rows.kernel == 1),
            "a second path is a 1×1 convolution or an identity"
        );
        let mask = |largest: usize| (largest as u64 + 1).next_power_of_two() - 1;
        let number = |value: usize| Constant::new((value as u64).into());
        let most_rows = first.rows.outputs.min(first.rows.kernel);
        let lanes = |path: &WindowParams| match path.synapses {
            super::window::Synapses::Words { .. } => None,
            super::window::Synapses::OwnChannel { lanes } => Some(lanes),
        };
        let own_lanes = paths.iter().filter_map(lanes).max().unwrap_or(1);
        let most_step = paths.iter().map(WindowParams::weight_step).max().unwrap_or(0);
        Self {
            clock: Signal::default(),
            walk_held: signals(paths.len()),
            walk_marker: signals(paths.len()),
            walk_clears: signals(paths.len()),
            walk_negative: signals(paths.len()),
            walk_membrane: signals(paths.len()),
            walk_weight: signals(paths.len()),
            walk_run: signals(paths.len()),
            walk_rows: signals(paths.len()),
            walk_group: signals(paths.len()),
            walk_lane: signals(paths.len()),
            walk_take: signals(paths.len()),
            pause: Signal::default(),
            issue: Signal::default(),
            sweep: Signal::default(),
            clears: Signal::default(),
            last: Signal::default(),
            membrane_address: Signal::default(),
            weight_address: Signal::default(),
            group: Signal::default(),
            negative: Signal::default(),
            second_path: Signal::default(),
            own_channel: Signal::default(),
            lane: Signal::default(),
            busy: Signal::default(),
            loadable: Signal::default(),
            stalled: Signal::default(),
            active: DFF::default(),
            sweeping: DFF::default(),
            clearing: DFF::default(),
            is_negative: DFF::default(),
            is_second: DFF::default(),
            is_own: DFF::default(),
            own_lane: DFF::default(),
            at_group: DFF::default(),
            membrane: DFF::default(),
            weight: DFF::default(),
            row_membrane: DFF::default(),
            row_weight: DFF::default(),
            step: DFF::default(),
            run: DFF::default(),
            run_left: DFF::default(),
            rows_left: DFF::default(),
            going: Signal::default(),
            row_end: Signal::default(),
            walk_end: Signal::default(),
            free: Signal::default(),
            markers: signals(paths.len() + 1),
            spikes: signals(paths.len() + 1),
            all_markers: Signal::default(),
            next_row_membrane: Signal::default(),
            next_row_weight: Signal::default(),
            path_step: paths.iter().map(|path| number(path.weight_step())).collect(),
            path_own: paths
                .iter()
                .map(|path| Constant::new(lanes(path).is_some()))
                .collect(),
            path_second: (0..paths.len()).map(|path| Constant::new(path == 1)).collect(),
            membrane_row_step: number(first.membrane_row_step()),
            weight_row_step: number(first.weight_row_step()),
            last_group: number(first.groups - 1),
            last_word: number(words - 1),
            word_mask: Constant::new(mask(words - 1).into()),
            weight_mask: Constant::new(mask(weight_words.max(1) - 1).into()),
            step_mask: Constant::new(mask(most_step).into()),
            row_mask: Constant::new(mask(most_rows - 1).into()),
            group_mask: Constant::new(mask(first.groups - 1).into()),
            lane_mask: Constant::new((own_lanes as u64 - 1).into()),
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
            is_second,
            is_own,
            own_lane,
            at_group,
            membrane,
            weight,
            row_membrane,
            row_weight,
            step,
            run,
            run_left,
            rows_left
        );
        self.stalled.next = self.active.q.val() && self.sweeping.q.val() && self.pause.val();
        self.going.next = self.active.q.val() && !(self.sweeping.q.val() && self.pause.val());
        self.row_end.next = self.run_left.q.val() == 0;
        self.walk_end.next = self.row_end.val() && (self.rows_left.q.val() == 0);
        self.free.next = !self.active.q.val() || (self.going.val() && self.walk_end.val());

        self.issue.next = self.going.val();
        self.sweep.next = self.sweeping.q.val();
        self.clears.next = self.clearing.q.val();
        self.last.next = self.sweeping.q.val() && self.walk_end.val();
        self.membrane_address.next = self.membrane.q.val();
        self.weight_address.next = self.weight.q.val();
        self.group.next = self.at_group.q.val();
        self.negative.next = self.is_negative.q.val();
        self.second_path.next = self.is_second.q.val();
        self.own_channel.next = self.is_own.q.val();
        self.lane.next = self.own_lane.q.val();

        // To the next word.
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
                self.rows_left.d.next = (self.rows_left.q.val() - 1) & self.row_mask.val();
            } else {
                self.membrane.d.next = (self.membrane.q.val() + 1) & self.word_mask.val();
                self.weight.d.next = (self.weight.q.val() + self.step.q.val()) & self.weight_mask.val();
                self.run_left.d.next = (self.run_left.q.val() - 1) & self.word_mask.val();
            }
            self.at_group.d.next = (self.at_group.q.val() + 1) & self.group_mask.val();
            if self.at_group.q.val() == self.last_group.val() {
                self.at_group.d.next = 0.into();
            }
            if self.walk_end.val() {
                self.active.d.next = false;
            }
        }

        // To the next walk: the first path's that has one, or the sweep.
        self.markers[0].next = true;
        self.spikes[0].next = false;
        for i in 0..self.walk_held.len() {
            self.markers[i + 1].next =
                self.markers[i].val() && self.walk_held[i].val() && self.walk_marker[i].val();
            self.spikes[i + 1].next =
                self.spikes[i].val() || (self.walk_held[i].val() && !self.walk_marker[i].val());
        }
        self.busy.next = self.active.q.val();
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
                self.is_second.d.next = self.path_second[i].val();
                self.is_own.d.next = self.path_own[i].val();
                self.own_lane.d.next = self.walk_lane[i].val() & self.lane_mask.val();
                self.at_group.d.next = self.walk_group[i].val() & self.group_mask.val();
                self.membrane.d.next = self.walk_membrane[i].val() & self.word_mask.val();
                self.row_membrane.d.next = self.walk_membrane[i].val() & self.word_mask.val();
                self.weight.d.next = self.walk_weight[i].val() & self.weight_mask.val();
                self.row_weight.d.next = self.walk_weight[i].val() & self.weight_mask.val();
                self.step.d.next = self.path_step[i].val() & self.step_mask.val();
                self.run.d.next = (self.walk_run[i].val() - 1) & self.word_mask.val();
                self.run_left.d.next = (self.walk_run[i].val() - 1) & self.word_mask.val();
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
        // Every path gives its marker up in the clock in which the sweep is loaded.
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
            }
        }
    }
}
