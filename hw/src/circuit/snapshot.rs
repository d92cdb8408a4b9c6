//! The output layer's membranes as of the end of a step, while the layer goes on with the next.
//!
//! Each word of a sweep is stored as it is written back, and is read lane by lane: `readout_data` shows the
//! number at `readout_group` and `readout_lane` one cycle later. The block is hand-written Verilog because
//! its size is a run-time parameter.

use super::word_memory::{MemoryShape, stored};
use super::{signals, with_defaults};
use rust_hdl::prelude::*;

/// Snapshot of the output layer's membranes.
#[derive(Debug, LogicBlock)]
pub struct Snapshot {
    /// Core clock; reads and writes take place on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Membrane of lane i of the sweep's next word; valid while `valid` is high. Only the low `width` bits
    /// are stored.
    pub data: Vec<Signal<In, Signed<32>>>,
    /// High in a cycle in which `data` is stored. Words are stored in ascending order, from word 0.
    pub valid: Signal<In, Bit>,
    /// High if the word is the last of its sweep, so that word 0 follows; valid while `valid` is high.
    pub last: Signal<In, Bit>,
    /// Word to read.
    pub readout_group: Signal<In, Bits<24>>,
    /// Lane of that word to read.
    pub readout_lane: Signal<In, Bits<8>>,
    /// Number at last cycle's `readout_group` and `readout_lane`, sign-extended to 32 bits; the number before
    /// the write if that word is stored in the same cycle.
    pub readout_data: Signal<Out, Signed<32>>,
    _shape: MemoryShape,
    _words: Vec<Vec<i32>>,
    _group: usize,
}

impl Snapshot {
    /// Builds a snapshot of sweeps whose words have the given shape.
    #[must_use]
    pub fn new(shape: MemoryShape) -> Self {
        shape.check();
        with_defaults! {
            Self {
                data: signals(shape.lanes),
                _shape: shape,
                _words: vec![vec![0; shape.lanes]; shape.depth],
                _group: 0,
            }
            clock, valid, last, readout_group, readout_lane, readout_data,
        }
    }
}

impl Logic for Snapshot {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let (group, lane) = (self.readout_group.val().index(), self.readout_lane.val().index());
            let number = self._words.get(group).and_then(|word| word.get(lane));
            self.readout_data.next = i64::from(number.copied().unwrap_or(0)).into();
            if self.valid.val() {
                if let Some(word) = self._words.get_mut(self._group) {
                    for (cell, number) in word.iter_mut().zip(&self.data) {
                        let number = number.val().inner().to_u32().cast_signed();
                        *cell = stored(number, self._shape.width);
                    }
                }
                self._group = if self.last.val() { 0 } else { self._group + 1 };
            }
        }
    }

    fn connect(&mut self) {
        self.readout_data.connect();
    }

    fn hdl(&self) -> Verilog {
        let MemoryShape {
            depth, lanes, width, ..
        } = self._shape;
        let top = self._shape.word_bits() - 1;
        let group_bits = self._shape.address_bits();
        let packed: Vec<String> = (0..lanes)
            .rev()
            .map(|lane| format!("data${lane}[{}:0]", width - 1))
            .collect();
        let sign = if width == 32 {
            "number".to_owned()
        } else {
            format!("{{{{{}{{number[{}]}}}}, number}}", 32 - width, width - 1)
        };
        let lanes_read: Vec<String> = (1..lanes)
            .map(|lane| {
                format!(
                    "    if (readout_lane == 8'd{lane}) selected = word[{}:{}];",
                    (lane + 1) * width - 1,
                    lane * width
                )
            })
            .collect();
        Verilog::Custom(format!(
            "\
reg [{top}:0] memory [0:{last}];
reg [{group_top}:0] group;
reg [{width_top}:0] number;
reg [{width_top}:0] selected;
integer row;
initial begin
    for (row = 0; row < {depth}; row = row + 1) memory[row] = {word_bits}'h0;
    group = {group_bits}'h0;
    number = {width}'h0;
end

wire [{top}:0] word = memory[readout_group[{group_top}:0]];
always @(*) begin
    selected = word[{width_top}:0];
{lanes_read}
end

always @(posedge clock) begin
    number <= selected;
    if (valid) begin
        memory[group] <= {{{packed}}};
        group <= last ? {group_bits}'h0 : group + {group_bits}'h1;
    end
end

always @(*) readout_data = {sign};
",
            last = depth - 1,
            group_top = group_bits - 1,
            width_top = width - 1,
            word_bits = top + 1,
            lanes_read = lanes_read.join("\n"),
            packed = packed.join(", "),
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![]
    }
}
