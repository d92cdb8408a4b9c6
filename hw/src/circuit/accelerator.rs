//! The whole accelerator behind its two UART pins.
//!
//! ```text
//!  rx ─► UART ─► frame receiver ─► command processor ─► splitter ─┬─► core
//!  tx ◄─ UART ◄─ frame transmitter ◄──────┤                       │
//!                                         └──────────► encoder ───┘
//! ```
//!
//! The design contains a splitter if an input's number is not its address, and an encoder if the plan has
//! one. While the encoder works, its events go to the core, and the command processor sends none. The
//! splitter passes events other than spikes in the cycle in which they arrive, so nothing overtakes a clear.

use super::core::{Core, CoreParams};
use super::link::command::Command;
use super::link::encoder::{Encoder, EncoderParams};
use super::link::frame_receiver::FrameReceiver;
use super::link::frame_transmitter::FrameTransmitter;
use super::link::identity::{IMAGE_MEMORY, Identity, LoadableMemory, TABLE_MEMORY};
use super::link::responder::RESPONSE_HEADER_BYTES;
use super::link::splitter::{Splitter, SplitterParams};
use super::link::uart_receiver::UartReceiver;
use super::link::uart_transmitter::UartTransmitter;
use super::load_port::LoadDriver;
use super::with_defaults;
use rust_hdl::prelude::*;

/// Parameters of the link around the core.
#[derive(Clone, Debug)]
pub struct LinkParams {
    /// Answer to IDENTIFY: sizes, features and hashes of the design.
    pub identity: Identity,
    /// Core clock cycles per bit on the serial line.
    pub cycles_per_bit: u64,
    /// Shape of the network's input, and how the core addresses it.
    pub input: EncoderParams,
}

impl LinkParams {
    /// Memories of the encoder that LOAD can write; none without an encoder.
    fn encoder_memories(&self) -> Vec<LoadableMemory> {
        let memory = |number, depth, word_bytes| LoadableMemory {
            number,
            depth,
            word_bytes,
        };
        if self.identity.encoder {
            vec![
                memory(IMAGE_MEMORY, self.input.inputs(), 1),
                memory(TABLE_MEMORY, self.input.table_words(), 2),
            ]
        } else {
            Vec::new()
        }
    }

    /// Parameters of the splitter; none if every input's number is its address.
    fn splitter(&self) -> Option<SplitterParams> {
        SplitterParams::of(&self.input)
    }
}

/// The accelerator: serial link, command processor and core.
#[derive(Debug, LogicBlock)]
pub struct Accelerator {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Serial line from the host, idle high; asynchronous to `clock`.
    pub rx: Signal<In, Bit>,
    /// Serial line to the host, idle high.
    pub tx: Signal<Out, Bit>,
    /// High while some layer works, one cycle late; drives a board's LED.
    pub active: Signal<Out, Bit>,
    uart_rx: UartReceiver,
    uart_tx: UartTransmitter,
    receiver: FrameReceiver,
    transmitter: FrameTransmitter,
    command: Command,
    splitters: Vec<Splitter>,
    encoders: Vec<Encoder>,
    core: Core,
    /// Event for the core: the splitter's, or the command processor's if there is no splitter.
    link_data: Signal<Local, Bits<32>>,
    link_valid: Signal<Local, Bit>,
    encoding: Signal<Local, Bit>,
    image_memory: Constant<Bits<8>>,
    table_memory: Constant<Bits<8>>,
    last_active_cycles: DFF<Bits<32>>,
}

impl Accelerator {
    /// Builds an accelerator of the given core behind the given link.
    #[must_use]
    pub fn new(link: &LinkParams, core: CoreParams) -> Self {
        let identity = &link.identity;
        let output_lanes = core.output.lanes;
        let layers = core.engines().count();
        let memories = [core.memories(), link.encoder_memories()].concat();
        let result_bytes = 8 + 4 * usize::from(identity.classes);
        let counter_bytes = 8 + 12 * layers;
        let longest_payload = result_bytes.max(counter_bytes).max(identity.payload().len());
        with_defaults! {
            Self {
                uart_rx: UartReceiver::new(link.cycles_per_bit),
                uart_tx: UartTransmitter::new(link.cycles_per_bit),
                receiver: FrameReceiver::new(usize::from(identity.slot_bytes)),
                transmitter: FrameTransmitter::new(RESPONSE_HEADER_BYTES + longest_payload),
                command: Command::new(identity, output_lanes, &memories),
                splitters: link.splitter().into_iter().map(Splitter::new).collect(),
                encoders: (0..usize::from(identity.encoder))
                    .map(|_| Encoder::new(link.input))
                    .collect(),
                core: Core::new(core),
                image_memory: Constant::new(u64::from(IMAGE_MEMORY).into()),
                table_memory: Constant::new(u64::from(TABLE_MEMORY).into()),
            }
            clock, rx, tx, active, link_data, link_valid, encoding, last_active_cycles,
        }
    }
}

impl Logic for Accelerator {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, last_active_cycles);
        clock!(
            self,
            clock,
            uart_rx,
            uart_tx,
            receiver,
            transmitter,
            command,
            core
        );
        // Line to frames.
        self.uart_rx.rx.next = self.rx.val();
        self.receiver.data.next = self.uart_rx.data.val();
        self.receiver.valid.next = self.uart_rx.valid.val();
        // Frames to commands.
        self.command.frame_valid.next = self.receiver.frame_valid.val();
        self.command.frame_length.next = self.receiver.frame_length.val();
        self.receiver.read_address.next = self.command.read_address.val();
        self.command.read_data.next = self.receiver.read_data.val();
        self.receiver.free.next = self.command.free.val();
        self.command.free_slots.next = self.receiver.free_slots.val();
        self.command.bad_frames.next = self.receiver.bad_frames.val();
        self.command.dropped_frames.next = self.receiver.dropped_frames.val();
        self.encoding.next = false;
        for i in 0..self.encoders.len() {
            self.encoding.next = self.encoders[i].busy.val();
        }
        // Events of commands to the core, through the splitter if there is one; none come while the encoder works.
        self.link_data.next = self.command.event_data.val();
        self.link_valid.next = self.command.event_valid.val();
        self.command.event_ready.next = self.core.event_ready.val() && !self.encoding.val();
        for i in 0..self.splitters.len() {
            self.splitters[i].clock.next = self.clock.val();
            self.splitters[i].in_data.next = self.command.event_data.val();
            self.splitters[i].in_valid.next = self.command.event_valid.val();
            self.command.event_ready.next = self.splitters[i].in_ready.val();
            self.link_data.next = self.splitters[i].out_data.val();
            self.link_valid.next = self.splitters[i].out_valid.val();
            self.splitters[i].out_ready.next = self.core.event_ready.val() && !self.encoding.val();
        }
        self.core.event_data.next = self.link_data.val();
        self.core.event_valid.next = self.link_valid.val();
        self.command.encoder_busy.next = false;
        self.command.encoder_step.next = false;
        for i in 0..self.encoders.len() {
            self.encoders[i].clock.next = self.clock.val();
            self.encoders[i].start.next = self.command.encoder_start.val();
            self.encoders[i].seed.next = self.command.encoder_seed.val();
            self.encoders[i].steps.next = self.command.encoder_steps.val();
            self.encoders[i].stop.next = self.command.encoder_stop.val();
            self.encoders[i].pixel_address.next = self.command.load.address.val().get_bits::<16>(0);
            self.encoders[i].pixel_data.next = self.command.load_word.val().get_bits::<8>(24);
            self.encoders[i].pixel_write.next =
                self.command.load.write.val() && (self.command.load.select.val() == self.image_memory.val());
            self.encoders[i].table_address.next = self.command.load.address.val().get_bits::<16>(0);
            self.encoders[i].table_data.next = self.command.load_word.val().get_bits::<16>(16);
            self.encoders[i].table_write.next =
                self.command.load.write.val() && (self.command.load.select.val() == self.table_memory.val());
            self.encoders[i].event_ready.next = self.core.event_ready.val();
            self.command.encoder_busy.next = self.encoders[i].busy.val();
            self.command.encoder_step.next = self.encoders[i].step_sent.val();
            if self.encoding.val() {
                self.core.event_data.next = self.encoders[i].event_data.val();
                self.core.event_valid.next = self.encoders[i].event_valid.val();
            }
        }
        self.core.exit_enable.next = self.command.exit_enable.val();
        self.command.exited.next = self.core.exited.val();
        self.command.exit_busy.next = self.core.exit_busy.val();
        self.core.readout_group.next = self.command.readout_group.val();
        self.core.readout_lane.next = self.command.readout_lane.val();
        self.command.readout_data.next = self.core.readout_data.val();
        self.command.steps_done.next = self.core.steps_done.val();
        self.command.clears_done.next = self.core.clears_done.val();
        self.command.active_cycles.next = self.core.active_cycles.val();
        for i in 0..self.command.spikes_in.len() {
            self.command.spikes_in[i].next = self.core.spikes_in[i].val();
            self.command.spikes_out[i].next = self.core.spikes_out[i].val();
            self.command.busy_cycles[i].next = self.core.busy_cycles[i].val();
        }
        LoadDriver::join(&mut self.command.load, &mut self.core.load);
        // Responses to the line.
        self.transmitter.data.next = self.command.response_data.val();
        self.transmitter.valid.next = self.command.response_valid.val();
        self.transmitter.last.next = self.command.response_last.val();
        self.command.response_ready.next = self.transmitter.ready.val();
        self.uart_tx.data.next = self.transmitter.out_data.val();
        self.uart_tx.valid.next = self.transmitter.out_valid.val();
        self.transmitter.out_ready.next = self.uart_tx.ready.val();
        self.tx.next = self.uart_tx.tx.val();
        // Activity, for a LED.
        self.last_active_cycles.d.next = self.core.active_cycles.val();
        self.active.next = self.last_active_cycles.q.val() != self.core.active_cycles.val();
    }
}
