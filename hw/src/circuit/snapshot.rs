//! The output layer's membranes as they were at the end of a step, while the layer goes on.
//!
//! A word of the sweep is stored as it is written back, and read lane by lane: `readout_data` shows the number of
//! `readout_group` and `readout_lane` one clock later. Written as Verilog by hand since its size is a run-time
//! parameter.

use super::signals;
use super::word_memory::{MemoryShape, stored};
use rust_hdl::prelude::*;

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct Snapshot {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Word of the sweep to store.
    pub data: Vec<Signal<In, Signed<32>>>,
    /// Stores it.
    pub valid: Signal<In, Bit>,
    /// It is the last of its sweep.
    pub last: Signal<In, Bit>,
    /// Word to read.
    pub readout_group: Signal<In, Bits<24>>,
    /// Lane of the word to read.
    pub readout_lane: Signal<In, Bits<8>>,
    /// The number at last clock's group and lane.
    pub readout_data: Signal<Out, Signed<32>>,
    _shape: MemoryShape,
    _words: Vec<Vec<i32>>,
    _group: usize,
}

impl Snapshot {
    /// A snapshot of a sweep of words of the given shape.
    #[must_use]
    pub fn new(shape: MemoryShape) -> Self {
        shape.check();
        Self {
            clock: Signal::default(),
            data: signals(shape.lanes),
            valid: Signal::default(),
            last: Signal::default(),
            readout_group: Signal::default(),
            readout_lane: Signal::default(),
            readout_data: Signal::default(),
            _shape: shape,
            _words: vec![vec![0; shape.lanes]; shape.depth],
            _group: 0,
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
