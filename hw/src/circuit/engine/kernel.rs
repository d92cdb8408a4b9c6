//! The engine's logic: the stages of its pipeline, the load port and the counters.

use super::Engine;
use rust_hdl::prelude::*;

impl Logic for Engine {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            reading,
            read_sweep,
            read_clears,
            read_last,
            read_negative,
            read_own,
            read_second,
            read_mask,
            read_group,
            read_bank,
            read_banks,
            computing,
            compute_sweep,
            compute_clears,
            compute_last,
            compute_mask,
            compute_bank,
            compute_banks,
            writing,
            write_sweep,
            write_clears,
            write_last,
            write_bank,
            write_banks,
            busy_count,
            loadable,
            stalled_count
        );
        clock!(
            self, clock, walker, weights, identities, thresholds, biases, membranes
        );
        clock!(self, clock, take_last, take_older, forward_last);
        clock!(self, clock, compute_negative, compute_own, compute_second);
        clock!(
            self,
            clock,
            settle_sweep,
            settle_last,
            settle_clears,
            settle_bank,
            settle_banks
        );
        clock!(self, clock, sweep_ahead, clears_ahead, settles, ends, clears);
        clock!(
            self,
            clock,
            scaled_weights,
            scaled_identities,
            issue,
            sweep,
            clear,
            last
        );
        clock!(
            self,
            clock,
            negative,
            own_channel,
            second_path,
            mask,
            group,
            membrane_address,
            next_address,
            carry
        );
        clock!(self, clock, banks, bank, swept_banks, value);
        self.settle_sweep.now.next = self.computing.q.val() && self.compute_sweep.q.val();
        self.settle_last.now.next = self.compute_last.q.val();
        self.settle_clears.now.next = self.compute_clears.q.val();
        self.settle_bank.now.next = self.compute_bank.q.val();
        self.settle_banks.now.next = self.compute_banks.q.val();

        // Events to windows, windows to the walker.
        self.waiting[0].next = false;
        for i in 0..self.windows.len() {
            self.windows[i].clock.next = self.clock.val();
            self.pickers[i].clock.next = self.clock.val();
            self.pickers[i].in_data.next = self.event_data[i].val();
            self.pickers[i].in_mask.next = self.event_mask[i].val();
            self.pickers[i].in_valid.next = self.event_valid[i].val();
            self.event_ready[i].next = self.pickers[i].in_ready.val();
            self.windows[i].event_data.next = self.pickers[i].out_data.val();
            self.windows[i].more.next = self.pickers[i].more.val();
            self.windows[i].event_mask.next = self.event_mask[i].val();
            self.windows[i].event_valid.next = self.pickers[i].out_valid.val();
            self.pickers[i].out_ready.next = self.windows[i].event_ready.val();
            self.walker.walk_held[i].next = self.windows[i].held.val();
            self.walker.walk_marker[i].next = self.windows[i].marker.val();
            self.walker.walk_clears[i].next = self.windows[i].clears.val();
            self.walker.walk_negative[i].next = self.windows[i].negative.val();
            self.walker.walk_value[i].next = self.windows[i].value.val();
            self.walker.walk_membrane[i].next = self.windows[i].membrane.val();
            self.walker.walk_weight[i].next = self.windows[i].weight.val();
            self.walker.walk_run[i].next = self.windows[i].run.val();
            self.walker.walk_rows[i].next = self.windows[i].rows.val();
            self.walker.walk_group[i].next = self.windows[i].group.val();
            self.walker.walk_mask[i].next = self.windows[i].mask.val();
            self.walker.walk_carry[i].next = self.windows[i].carry.val();
            self.walker.walk_first[i].next = self.windows[i].first.val();
            self.walker.walk_last[i].next = self.windows[i].last.val();
            self.windows[i].take.next = self.walker.walk_take[i].val();
            // A path that has reached its marker waits for the other path, and so do the events behind the marker.
            self.waiting[i + 1].next = self.waiting[i].val()
                || ((self.event_valid[i].val() || self.pickers[i].holds.val())
                    && !(self.windows[i].held.val() && self.windows[i].marker.val()));
        }
        self.walker.pause.next = self.pause.val();
        for i in 0..1 {
            self.walker.more_weights.next = self.windows[i].more_weights.val();
        }

        // Address. A layer of graded input addresses its weights one cycle before the membranes.
        self.issue.now.next = self.walker.issue.val();
        self.sweep.now.next = self.walker.sweep.val();
        self.clear.now.next = self.walker.clears.val();
        self.last.now.next = self.walker.last.val();
        self.negative.now.next = self.walker.negative.val();
        self.own_channel.now.next = self.walker.own_channel.val();
        self.second_path.now.next = self.walker.second_path.val();
        self.mask.now.next = self.walker.mask.val();
        self.group.now.next = self.walker.group.val();
        self.membrane_address.now.next = self.walker.membrane_address.val();
        self.next_address.now.next = self.walker.next_address.val();
        self.carry.now.next = self.walker.carry.val();
        self.banks.now.next = self.walker.banks.val();
        self.bank.now.next = self.walker.bank.val();
        self.swept_banks.now.next = self.walker.banks.val();
        self.value.now.next = self.walker.value.val();
        self.weights.read_address.next = self.walker.weight_address.val();
        self.carries.mask.next = bit_cast::<64, 16>(self.carry.late.val());
        self.issues.mask.next = bit_cast::<64, 16>(self.banks.late.val());
        for i in 0..self.hazards.len() {
            self.hazards[i].clock.next = self.clock.val();
            self.hazards[i].issue.next = self.issue.late.val() && self.issues.flags[i].val();
            self.hazards[i].sweep.next = self.sweep.late.val();
            self.hazards[i].address.next = self.membrane_address.late.val();
            self.membranes.read_address[i].next = self.membrane_address.late.val();
            if self.carries.flags[i].val() {
                self.hazards[i].address.next = self.next_address.late.val();
                self.membranes.read_address[i].next = self.next_address.late.val();
            }
            self.take_last.flag[i].next = self.hazards[i].take_last.val();
            self.take_older.flag[i].next = self.hazards[i].take_older.val();
            self.forward_last.flag[i].next = self.hazards[i].forward_last.val();
            self.settles.flag[i].next = self.hazards[i].settles.val();
            self.membranes.write_enable[i].next = self.hazards[i].write_enable.val();
            self.membranes.write_address[i].next = self.hazards[i].write_address.val();
        }
        self.reading.d.next = self.issue.late.val();
        self.read_sweep.d.next = self.sweep.late.val();
        self.read_clears.d.next = self.clear.late.val();
        self.read_last.d.next = self.last.late.val();
        self.read_negative.d.next = self.negative.late.val();
        self.read_own.d.next = self.own_channel.late.val();
        self.read_second.d.next = self.second_path.late.val() && self.has_identity.val();
        self.read_mask.d.next = self.mask.late.val();
        self.read_group.d.next = self.group.late.val();
        self.read_bank.d.next = self.bank.late.val();
        self.read_banks.d.next = self.swept_banks.late.val();

        // Read.
        self.thresholds.read_address.next = self.read_group.q.val();
        self.identities.read_address.next = self.read_group.q.val();
        if self.has_values.val() {
            // Multiplied in the read stage.
            self.identities.read_address.next = self.group.late.val();
        }
        self.biases.read_address.next = self.read_group.q.val();
        self.computing.d.next = self.reading.q.val();
        self.compute_sweep.d.next = self.read_sweep.q.val();
        self.compute_clears.d.next = self.read_clears.q.val();
        self.compute_last.d.next = self.read_last.q.val();
        for i in 0..1 {
            self.compute_negative.flag[i].next = self.read_negative.q.val();
            self.compute_own.flag[i].next = self.read_own.q.val();
            self.compute_second.flag[i].next = self.read_second.q.val();
            self.ends.flag[i].next = self.sweep_ahead.late.val();
            self.clears.flag[i].next = self.clears_ahead.late.val();
        }
        self.compute_mask.d.next = self.read_mask.q.val();
        self.compute_bank.d.next = self.read_bank.q.val();
        self.compute_banks.d.next = self.read_banks.q.val();
        self.sweep_ahead.now.next = self.reading.q.val() && self.read_sweep.q.val();
        self.clears_ahead.now.next = self.read_clears.q.val();
        self.scaled_weights.value.next = self.walker.value.val();
        self.scaled_identities.value.next = self.value.late.val();
        // The weights of the spikes that are taken at once.
        for i in 0..1 {
            self.merge.present[i].next = true;
        }
        for i in 0..self.read_present.len() {
            self.weights.more_addresses[i].next = self.walker.more_addresses[i].val();
            self.read_present[i].clock.next = self.clock.val();
            self.read_present[i].d.next = self.walker.present[i].val();
            self.merge.present[i + 1].next = self.read_present[i].q.val();
        }
        for i in 0..self.merge.number.len() {
            self.scaled_weights.number[i].next = self.weights.read_data[i].val();
            self.merge.number[i].next = self.scaled_weights.product[i].val();
        }

        // Compute and settle.
        self.writing.d.next =
            self.settle_sweep.late.val() || (self.computing.q.val() && !self.compute_sweep.q.val());
        self.write_sweep.d.next = self.settle_sweep.late.val();
        self.write_clears.d.next = self.settle_clears.late.val();
        self.write_last.d.next = self.settle_last.late.val();
        self.write_bank.d.next = self.settle_bank.late.val();
        self.write_banks.d.next = self.settle_banks.late.val();
        self.met.mask.next = self.compute_mask.q.val();
        self.operands.bank.next = self.compute_bank.q.val();
        self.results.bank.next = self.write_bank.q.val();
        for i in 0..self.lanes.len() {
            self.lanes[i].clock.next = self.clock.val();
            self.lanes[i].membrane.next = self.membranes.read_data[i].val();
            self.lanes[i].weight.next = self.merge.sum[i].val();
            self.lanes[i].take_last.next = self.take_last.lanes[i].val();
            self.lanes[i].take_older.next = self.take_older.lanes[i].val();
            self.lanes[i].identity.next = self.spread_identities.spread[i].val();
            self.lanes[i].adds_identity.next = self.compute_second.lanes[i].val();
            self.lanes[i].meets.next = !self.compute_own.lanes[i].val() || self.met.flags[i].val();
            self.lanes[i].negative.next = self.compute_negative.lanes[i].val();
            self.lanes[i].settled.next = self.settled.spread[i].val();
            self.lanes[i].settles.next = self.settles.lanes[i].val();
            self.lanes[i].forward_last.next = self.forward_last.lanes[i].val();
            self.operands.number[i].next = self.lanes[i].operand.val();
            self.results.number[i].next = self.lanes[i].result.val();
            self.membranes.write_data[i].next = self.lanes[i].result.val();
        }
        for i in 0..self.scaled_identities.number.len() {
            self.scaled_identities.number[i].next = self.identities.read_data[i].val();
            self.spread_identities.number[i].next = self.scaled_identities.product[i].val();
            self.spread_thresholds.number[i].next = self.thresholds.read_data[i].val();
            self.spread_biases.number[i].next = self.biases.read_data[i].val();
        }
        for i in 0..self.settle.len() {
            self.settle[i].clock.next = self.clock.val();
            self.settle[i].membrane.next = self.operands.selected[i].val();
            self.settle[i].threshold.next = self.spread_thresholds.spread[i].val();
            self.settle[i].bias.next = self.spread_biases.spread[i].val();
            self.settle[i].clears.next = self.clears.lanes[i].val();
            self.settled.number[i].next = self.settle[i].result.val();
            self.has_fired[i].clock.next = self.clock.val();
            self.has_fired[i].d.next = self.ends.lanes[i].val() && self.settle[i].fired.val();
            self.pack.flags[i].next = self.has_fired[i].q.val();
            self.swept_data[i].next = self.results.selected[i].val();
        }

        // Write.
        self.swept.next = self.write_sweep.q.val();
        self.swept_last.next = self.write_last.q.val();
        self.swept_clear.next = self.write_clears.q.val();
        self.met_banks.mask.next = bit_cast::<64, 16>(self.write_banks.q.val());
        for i in 0..self.fired_mask.len() {
            self.fired_mask[i].next = self.pack.mask[i].val();
            if self.sweeps_all.val() && !self.met_banks.flags[i].val() {
                // Beyond the last column of a row there is no neuron.
                self.fired_mask[i].next = 0.into();
            }
        }

        // Parameters.
        self.loads_weights.next = self.load.select.val() == self.weights_number.val();
        self.weights.load_byte.next = self.load.byte.val();
        self.weights.load_shift.next = self.load.shift.val() && self.loads_weights.val();
        self.weights.load_write.next = self.load.write.val() && self.loads_weights.val();
        self.weights.load_address.next = self.load.address.val();
        self.loads_thresholds.next = self.load.select.val() == self.thresholds_number.val();
        self.thresholds.load_byte.next = self.load.byte.val();
        self.thresholds.load_shift.next = self.load.shift.val() && self.loads_thresholds.val();
        self.thresholds.load_write.next = self.load.write.val() && self.loads_thresholds.val();
        self.thresholds.load_address.next = self.load.address.val();
        self.loads_identities.next = self.load.select.val() == self.identities_number.val();
        self.identities.load_byte.next = self.load.byte.val();
        self.identities.load_shift.next = self.load.shift.val() && self.loads_identities.val();
        self.identities.load_write.next = self.load.write.val() && self.loads_identities.val();
        self.identities.load_address.next = self.load.address.val();
        self.loads_biases.next = self.load.select.val() == self.biases_number.val();
        self.biases.load_byte.next = self.load.byte.val();
        self.biases.load_shift.next = self.load.shift.val() && self.loads_biases.val();
        self.biases.load_write.next = self.load.write.val() && self.loads_biases.val();
        self.biases.load_address.next = self.load.address.val();

        // Counters.
        self.settling_below[0].next = self.computing.q.val() && self.compute_sweep.q.val();
        for i in 0..self.settling.len() {
            self.settling[i].clock.next = self.clock.val();
            self.settling[i].d.next = self.settling_below[i].val();
            self.settling_below[i + 1].next = self.settling_below[i].val() || self.settling[i].q.val();
        }
        self.in_pipeline.next = false;
        for i in self.settling.len()..self.settling_below.len() {
            self.in_pipeline.next = self.issue.late.val()
                || self.reading.q.val()
                || self.computing.q.val()
                || self.settling_below[i].val()
                || self.writing.q.val();
        }
        for i in self.windows.len()..self.waiting.len() {
            self.busy.next = self.walker.busy.val() || self.waiting[i].val() || self.in_pipeline.val();
        }
        self.loadable.d.next = self.walker.loadable.val();
        if self.walker.issue.val()
            || self.walker.waits.val()
            || (self.loadable.q.val() && !self.walker.stalled.val())
        {
            self.busy_count.d.next = self.busy_count.q.val() + 1;
        }
        if self.walker.stalled.val() {
            self.stalled_count.d.next = self.stalled_count.q.val() + 1;
        }
        if self.write_sweep.q.val() && self.write_last.q.val() && self.write_clears.q.val() {
            self.busy_count.d.next = 0.into();
            self.stalled_count.d.next = 0.into();
        }
        self.busy_cycles.next = self.busy_count.q.val();
        self.stalled_cycles.next = self.stalled_count.q.val();
    }
}
