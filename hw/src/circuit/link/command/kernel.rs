//! The command processor's logic: its outputs and transitions in each state.

use super::{Command, CommandState};
use crate::circuit::load_port::LoadDriver;
use rust_hdl::prelude::*;

impl Logic for Command {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            state,
            cursor,
            body_byte,
            settled,
            settling,
            good_version,
            opcode,
            sequence_number,
            expected,
            status,
            advances,
            exits,
            arguments,
            arguments_left,
            steps_pushed,
            clears_pushed,
            watchdog
        );
        clock!(self, clock, decoder, loader, responder);
        self.read_address.next = self.cursor.q.val();
        self.body_byte.d.next = self.read_data.val();
        self.free.next = false;
        // The response.
        self.responder.start.next = false;
        self.responder.opcode.next = self.opcode.q.val();
        self.responder.sequence_number.next = self.sequence_number.q.val();
        self.responder.expected.next = self.expected.q.val();
        self.responder.status.next = self.status.q.val();
        self.responder.free_slots.next = self.free_slots.val();
        self.responder.bad_frames.next = self.bad_frames.val();
        self.responder.dropped_frames.next = self.dropped_frames.val();
        self.responder.readout_data.next = self.readout_data.val();
        self.responder.steps_done.next = self.steps_done.val();
        self.responder.active_cycles.next = self.active_cycles.val();
        for i in 0..self.spikes_in.len() {
            self.responder.spikes_in[i].next = self.spikes_in[i].val();
            self.responder.spikes_out[i].next = self.spikes_out[i].val();
            self.responder.busy_cycles[i].next = self.busy_cycles[i].val();
        }
        for i in 0..self.hash.len() {
            self.responder.hash[i].next = self.hash[i].q.val() ^ self.hash_initial[i].val();
        }
        self.response_data.next = self.responder.response_data.val();
        self.response_valid.next = self.responder.response_valid.val();
        self.response_last.next = self.responder.response_last.val();
        self.responder.response_ready.next = self.response_ready.val();
        self.readout_group.next = self.responder.readout_group.val();
        self.readout_lane.next = self.responder.readout_lane.val();
        self.at_end.next = self.cursor.q.val() == self.frame_length.val();
        self.byte_valid.next = self.settled.q.val() && !self.at_end.val();
        self.in_sequence.next = self.sequence_number.q.val() == self.expected.q.val();
        self.timed_out.next = self.watchdog.q.val() == self.watchdog_cycles.val();
        self.advance.next = false;
        // An exit counts once the clear that began this inference has been executed.
        self.cleared.next = self.clears_done.val() == self.clears_pushed.q.val();
        self.stopped.next = self.exited.val() && self.cleared.val();
        self.exit_enable.next = self.exits.q.val();
        self.encoder_start.next = false;
        self.encoder_seed.next = self.arguments.q.val().get_bits::<32>(0);
        self.encoder_steps.next = self.arguments.q.val().get_bits::<16>(32);
        self.encoder_stop.next = self.stopped.val();
        if self.encoder_step.val() {
            self.steps_pushed.d.next = self.steps_pushed.q.val() + 1;
        }
        // Inputs and outputs of the payload's decoders.
        self.decoder.run.next = self.state.q.val() == CommandState::Decode;
        self.decoder.in_byte.next = self.body_byte.q.val();
        self.decoder.byte_valid.next = self.byte_valid.val();
        self.decoder.at_end.next = self.at_end.val();
        self.decoder.event_ready.next = self.event_ready.val() || self.stopped.val();
        self.event_data.next = self.decoder.event_data.val();
        self.event_valid.next = self.decoder.event_valid.val() && !self.stopped.val();
        self.loader.run.next = self.state.q.val() == CommandState::LoadWords;
        self.loader.in_byte.next = self.body_byte.q.val();
        self.loader.byte_valid.next = self.byte_valid.val();
        self.loader.at_end.next = self.at_end.val();
        LoadDriver::link(&mut self.load, &mut self.loader.load);
        self.load_word.next = self.loader.load_word.val();
        for i in 0..self.hash.len() {
            self.hash[i].clock.next = self.clock.val();
            self.hash[i].d.next = self.hash[i].q.val();
            if self.load.write.val()
                && (self.load.select.val() == self.hash_memory.val())
                && (self.load.address.val() == self.hash_address[i].val())
            {
                self.hash[i].d.next = self.loader.load_word.val() ^ self.hash_initial[i].val();
            }
        }

        match self.state.q.val() {
            CommandState::Idle => {
                self.cursor.d.next = 0.into();
                self.watchdog.d.next = 0.into();
                self.status.d.next = self.ok.val();
                self.advances.d.next = false;
                if self.frame_valid.val() {
                    self.state.d.next = CommandState::Header;
                }
            }
            CommandState::Header => {
                if self.settled.q.val() {
                    self.advance.next = true;
                    if self.cursor.q.val() == 0 {
                        self.good_version.d.next = self.body_byte.q.val() == self.protocol_version.val();
                    } else if self.cursor.q.val() == 1 {
                        self.opcode.d.next = self.body_byte.q.val();
                    } else if self.cursor.q.val() == 2 {
                        self.sequence_number.d.next = bit_cast::<16, 8>(self.body_byte.q.val());
                    } else {
                        self.sequence_number.d.next =
                            self.sequence_number.q.val() | (bit_cast::<16, 8>(self.body_byte.q.val()) << 8);
                        self.state.d.next = CommandState::Dispatch;
                    }
                }
            }
            CommandState::Dispatch => {
                self.state.d.next = CommandState::Answer;
                if !self.good_version.q.val() {
                    self.status.d.next = self.unsupported_version.val();
                } else if (self.opcode.q.val() == self.op_ping.val())
                    || (self.opcode.q.val() == self.op_identify.val())
                    || (self.opcode.q.val() == self.op_counters.val())
                {
                    self.status.d.next = self.ok.val();
                } else if self.opcode.q.val() == self.op_result.val() {
                    self.state.d.next = CommandState::WaitResult;
                } else if self.opcode.q.val() == self.op_sync.val() {
                    self.expected.d.next = self.sequence_number.q.val() + 1;
                    self.exits.d.next = false;
                    self.state.d.next = CommandState::PushClear;
                } else if (self.opcode.q.val() == self.op_clear.val())
                    || (self.opcode.q.val() == self.op_spikes.val())
                    || (self.opcode.q.val() == self.op_load.val())
                    || ((self.opcode.q.val() == self.op_image.val()) && self.has_encoder.val())
                {
                    if self.in_sequence.val() {
                        self.advances.d.next = true;
                        self.state.d.next = CommandState::Flags;
                        if (self.opcode.q.val() == self.op_spikes.val())
                            || (self.opcode.q.val() == self.op_load.val())
                        {
                            self.state.d.next = CommandState::WaitEncoder;
                        }
                    } else {
                        self.status.d.next = self.out_of_sequence.val();
                    }
                } else {
                    self.status.d.next = self.unknown_opcode.val();
                }
            }
            CommandState::Flags => {
                self.arguments_left.d.next = 6.into();
                if self.at_end.val() {
                    // No flags; IMAGE must have them.
                    self.exits.d.next = false;
                    self.state.d.next = CommandState::PushClear;
                    if self.opcode.q.val() == self.op_image.val() {
                        self.status.d.next = self.malformed.val();
                        self.state.d.next = CommandState::Answer;
                    }
                } else if self.settled.q.val() {
                    self.advance.next = true;
                    self.exits.d.next = self.body_byte.q.val().get_bit(0);
                    self.state.d.next = CommandState::Arguments;
                    if self.opcode.q.val() != self.op_image.val() {
                        self.arguments_left.d.next = 0.into();
                    }
                    if (self.body_byte.q.val() & self.reserved_flags.val()) != 0 {
                        self.status.d.next = self.malformed.val();
                        self.state.d.next = CommandState::Answer;
                    }
                }
            }
            CommandState::Arguments => {
                if self.arguments_left.q.val() == 0 {
                    self.state.d.next = CommandState::PushClear;
                    if !self.at_end.val()
                        || ((self.opcode.q.val() == self.op_image.val())
                            && (self.arguments.q.val().get_bits::<32>(0) == 0))
                    {
                        self.status.d.next = self.malformed.val();
                        self.state.d.next = CommandState::Answer;
                    }
                } else if self.at_end.val() {
                    self.status.d.next = self.malformed.val();
                    self.state.d.next = CommandState::Answer;
                } else if self.settled.q.val() {
                    self.advance.next = true;
                    self.arguments_left.d.next = self.arguments_left.q.val() - 1;
                    self.arguments.d.next =
                        (self.arguments.q.val() >> 8) | (bit_cast::<48, 8>(self.body_byte.q.val()) << 40);
                }
            }
            CommandState::PushClear => {
                self.encoder_stop.next = true;
                self.event_data.next = self.clear_event.val();
                self.event_valid.next = !self.encoder_busy.val();
                if self.event_ready.val() && !self.encoder_busy.val() {
                    self.clears_pushed.d.next = self.clears_pushed.q.val() + 1;
                    self.steps_pushed.d.next = 0.into();
                    self.state.d.next = CommandState::Answer;
                    if self.opcode.q.val() == self.op_image.val() {
                        self.state.d.next = CommandState::StartEncoder;
                    }
                }
            }
            CommandState::StartEncoder => {
                self.encoder_start.next = true;
                self.state.d.next = CommandState::Answer;
            }
            CommandState::WaitEncoder => {
                self.watchdog.d.next = self.watchdog.q.val() + 1;
                if !self.encoder_busy.val() {
                    self.state.d.next = CommandState::Decode;
                    if self.opcode.q.val() == self.op_load.val() {
                        self.state.d.next = CommandState::LoadWords;
                    }
                } else if self.timed_out.val() {
                    self.status.d.next = self.not_ready.val();
                    self.state.d.next = CommandState::Answer;
                }
            }
            CommandState::Decode => {
                self.advance.next = self.decoder.advance.val();
                if self.decoder.step_ends.val() {
                    self.steps_pushed.d.next = self.steps_pushed.q.val() + 1;
                }
                if self.decoder.done.val() {
                    self.state.d.next = CommandState::Answer;
                }
                if self.decoder.malformed.val() {
                    self.status.d.next = self.malformed.val();
                }
            }
            CommandState::LoadWords => {
                self.advance.next = self.loader.advance.val();
                if self.loader.done.val() {
                    self.state.d.next = CommandState::Answer;
                }
                if self.loader.malformed.val() {
                    self.status.d.next = self.malformed.val();
                }
                if self.loader.no_memory.val() {
                    self.status.d.next = self.no_memory.val();
                }
                if self.loader.outside.val() {
                    self.status.d.next = self.outside.val();
                }
            }
            CommandState::WaitResult => {
                self.watchdog.d.next = self.watchdog.q.val() + 1;
                if self.cleared.val()
                    && !self.encoder_busy.val()
                    && !self.exit_busy.val()
                    && ((self.steps_done.val() == self.steps_pushed.q.val()) || self.exited.val())
                {
                    self.state.d.next = CommandState::Answer;
                } else if self.timed_out.val() {
                    self.status.d.next = self.not_ready.val();
                    self.state.d.next = CommandState::Answer;
                }
            }
            CommandState::Answer => {
                self.free.next = true;
                // A failed write is not acknowledged, so that its loss is detected.
                if self.advances.q.val() && (self.status.q.val() == self.ok.val()) {
                    self.expected.d.next = self.sequence_number.q.val() + 1;
                }
                self.responder.start.next = true;
                self.state.d.next = CommandState::Respond;
            }
            CommandState::Respond => {
                if self.responder.done.val() {
                    self.state.d.next = CommandState::Idle;
                }
            }
        }

        // The slot shows a byte one cycle after its address, and `body_byte` holds it one cycle later.
        self.settling.d.next = true;
        self.settled.d.next = self.settling.q.val();
        if self.advance.val() {
            self.cursor.d.next = self.cursor.q.val() + 1;
            self.settling.d.next = false;
            self.settled.d.next = false;
        }
        if self.state.q.val() == CommandState::Idle {
            self.settling.d.next = false;
            self.settled.d.next = false;
        }
    }
}
