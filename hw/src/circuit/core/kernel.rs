//! The core's logic, without the taps of membranes.

use super::Core;
use crate::circuit::load_port::LoadPort;
use rust_hdl::prelude::*;

/// [`Logic`] under another name, so that a core can extend what the kernel's macro generates.
pub(super) trait Kernel {
    /// Corresponds to [`Logic::update`].
    fn update(&mut self);
    /// Corresponds to [`Logic::connect`].
    fn connect(&mut self);
    /// Corresponds to [`Logic::hdl`].
    fn hdl(&self) -> Verilog;
}

impl Kernel for Core {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, active);
        clock!(self, clock, last);
        for i in 0..1 {
            self.wires.stream_data[i].next = self.event_data.val();
            self.wires.stream_mask[i].next = self.one_spike.val();
            self.wires.stream_valid[i].next = self.event_valid.val();
            self.event_ready.next = self.wires.stream_ready[i].val();
        }
        for i in 0..self.throttle.len() {
            self.wires.throttle[i].next = self.throttle[i].val();
        }
        self.any_busy[0].next = self.last.busy.val();
        for i in 0..self.hidden.len() {
            self.hidden[i].clock.next = self.clock.val();
            self.hidden[i].in_data.next = self.wires.main_data[i].val();
            self.hidden[i].in_mask.next = self.wires.main_mask[i].val();
            self.hidden[i].in_valid.next = self.wires.main_valid[i].val();
            self.wires.main_ready[i].next = self.hidden[i].in_ready.val();
            self.hidden[i].side_data.next = self.wires.side_data[i].val();
            self.hidden[i].side_mask.next = self.wires.side_mask[i].val();
            self.hidden[i].side_valid.next = self.wires.side_valid[i].val();
            self.wires.side_ready[i].next = self.hidden[i].side_ready.val();
            self.wires.stream_data[i + 1].next = self.hidden[i].out_data.val();
            self.wires.stream_mask[i + 1].next = self.hidden[i].out_mask.val();
            self.wires.stream_valid[i + 1].next = self.hidden[i].out_valid.val();
            self.hidden[i].out_ready.next = self.wires.stream_ready[i + 1].val();
            LoadPort::link(&mut self.load, &mut self.hidden[i].load);
            self.swept[i].next = self.hidden[i].swept.val();
            self.swept_last[i].next = self.hidden[i].swept_last.val();
            self.swept_clear[i].next = self.hidden[i].swept_clear.val();
            self.tap_data[i].next = self.hidden[i].out_data.val();
            self.tap_mask[i].next = self.hidden[i].out_mask.val();
            self.tap_valid[i].next = self.hidden[i].out_valid.val() && self.wires.stream_ready[i + 1].val();
            self.spikes_in[i].next = self.hidden[i].spikes_in.val();
            self.spikes_out[i].next = self.hidden[i].spikes_out.val();
            self.busy_cycles[i].next = self.hidden[i].busy_cycles.val();
            self.stalled_cycles[i].next = self.hidden[i].stalled_cycles.val();
            self.any_busy[i + 1].next = self.any_busy[i].val() || self.hidden[i].busy.val();
        }
        // Runs once, with the index of the output layer.
        for i in self.hidden.len()..self.any_busy.len() {
            self.last.in_data.next = self.wires.main_data[i].val();
            self.last.in_mask.next = self.wires.main_mask[i].val();
            self.last.in_valid.next = self.wires.main_valid[i].val();
            self.wires.main_ready[i].next = self.last.in_ready.val();
            self.swept[i].next = self.last.swept.val();
            self.swept_last[i].next = self.last.swept_last.val();
            self.swept_clear[i].next = self.last.swept_clear.val();
            self.spikes_in[i].next = self.last.spikes_in.val();
            self.spikes_out[i].next = 0.into();
            self.busy_cycles[i].next = self.last.busy_cycles.val();
            self.stalled_cycles[i].next = 0.into();
            if self.any_busy[i].val() {
                self.active.d.next = self.active.q.val() + 1;
            }
        }
        if self.last.cleared.val() {
            self.active.d.next = 0.into();
        }
        self.active_cycles.next = self.active.q.val();
        self.last.readout_group.next = self.readout_group.val();
        self.last.readout_lane.next = self.readout_lane.val();
        self.readout_data.next = self.last.readout_data.val();
        // The early exit stands in front of the output layer and reads its snapshot.
        self.exited.next = false;
        self.exit_busy.next = false;
        for i in 0..self.exits.len() {
            self.exits[i].clock.next = self.clock.val();
            self.exits[i].enable.next = self.exit_enable.val();
            self.exits[i].steps_done.next = self.last.steps_done.val();
            self.exits[i].clears_done.next = self.last.clears_done.val();
            self.exits[i].readout_data.next = self.last.readout_data.val();
            LoadPort::link(&mut self.load, &mut self.exits[i].load);
            self.exited.next = self.exits[i].exited.val();
            self.exit_busy.next = self.exits[i].busy.val();
            if self.exits[i].busy.val() {
                self.last.readout_group.next = self.exits[i].readout_group.val();
                self.last.readout_lane.next = self.exits[i].readout_lane.val();
            }
            self.last.in_data.next = self.exits[i].out_data.val();
            self.last.in_valid.next = self.exits[i].out_valid.val();
            self.exits[i].out_ready.next = self.last.in_ready.val();
            for j in self.hidden.len()..self.any_busy.len() {
                self.exits[i].in_data.next = self.wires.main_data[j].val();
                self.exits[i].in_valid.next = self.wires.main_valid[j].val();
                self.wires.main_ready[j].next = self.exits[i].in_ready.val();
            }
        }
        LoadPort::link(&mut self.load, &mut self.last.load);
        self.steps_done.next = self.last.steps_done.val();
        self.clears_done.next = self.last.clears_done.val();
    }
}
