//! The whole accelerator behind its UART pins.
//!
//! ```text
//!  rx ─► UART ─► frame receiver ─► command processor ─► splitter ─┬─► core
//!  tx ◄─ UART ◄─ frame transmitter ◄──────┤                       │
//!                                         └──────────► encoder ───┘
//! ```
//!
//! Splitter and encoder are there where they are needed and wanted. The encoder's events go to the core while it is at
//! work: the command processor sends none then, and the splitter lets what is no spike pass in the clock in which it
//! comes, so that a clear is never overtaken.

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
use rust_hdl::prelude::*;

/// What is around the core.
#[derive(Clone, Debug)]
pub struct LinkParams {
    /// What IDENTIFY answers.
    pub identity: Identity,
    /// Clocks of a bit on the line.
    pub clocks_per_bit: u64,
    /// The input, and how the core addresses it.
    pub input: EncoderParams,
}

impl LinkParams {
    /// The encoder's memories, where there is one.
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

    /// The splitter, where numbers are no addresses.
    fn splitter(&self) -> Option<SplitterParams> {
        SplitterParams::of(&self.input)
    }
}

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct Accelerator {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Serial line from the host, idle high.
    pub rx: Signal<In, Bit>,
    /// Serial line to the host, idle high.
    pub tx: Signal<Out, Bit>,
    /// Some layer is at work: for a board's LED.
    pub active: Signal<Out, Bit>,
    uart_rx: UartReceiver,
    uart_tx: UartTransmitter,
    receiver: FrameReceiver,
    transmitter: FrameTransmitter,
    command: Command,
    splitters: Vec<Splitter>,
    encoders: Vec<Encoder>,
    core: Core,
    /// Events of the splitter, or of the command processor where there is none.
    link_data: Signal<Local, Bits<32>>,
    link_valid: Signal<Local, Bit>,
    encoding: Signal<Local, Bit>,
    image_memory: Constant<Bits<8>>,
    table_memory: Constant<Bits<8>>,
    last_active_cycles: DFF<Bits<32>>,
}

impl Accelerator {
    /// An accelerator of the given core behind a link.
    #[must_use]
    pub fn new(link: &LinkParams, core: CoreParams) -> Self {
        let identity = &link.identity;
        let output_lanes = core.output.lanes;
        let layers = core.engines().count();
        let memories = [core.memories(), link.encoder_memories()].concat();
        let result_bytes = 8 + 4 * usize::from(identity.classes);
        let counter_bytes = 8 + 12 * layers;
        let longest_payload = result_bytes.max(counter_bytes).max(identity.payload().len());
        Self {
            clock: Signal::default(),
            rx: Signal::default(),
            tx: Signal::default(),
            active: Signal::default(),
            uart_rx: UartReceiver::new(link.clocks_per_bit),
            uart_tx: UartTransmitter::new(link.clocks_per_bit),
            receiver: FrameReceiver::new(usize::from(identity.slot_bytes)),
            transmitter: FrameTransmitter::new(RESPONSE_HEADER_BYTES + longest_payload),
            command: Command::new(identity, output_lanes, &memories),
            splitters: link.splitter().into_iter().map(Splitter::new).collect(),
            encoders: (0..usize::from(identity.encoder))
                .map(|_| Encoder::new(link.input))
                .collect(),
            core: Core::new(core),
            link_data: Signal::default(),
            link_valid: Signal::default(),
            encoding: Signal::default(),
            image_memory: Constant::new(u64::from(IMAGE_MEMORY).into()),
            table_memory: Constant::new(u64::from(TABLE_MEMORY).into()),
            last_active_cycles: DFF::default(),
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
        // Commands to the core, by way of the splitter; nothing comes from there while the encoder is at work.
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
            self.encoders[i].pixel_address.next = self.command.load_address.val().get_bits::<16>(0);
            self.encoders[i].pixel_data.next = self.command.load_word.val().get_bits::<8>(24);
            self.encoders[i].pixel_write.next =
                self.command.load_write.val() && (self.command.load_select.val() == self.image_memory.val());
            self.encoders[i].table_address.next = self.command.load_address.val().get_bits::<16>(0);
            self.encoders[i].table_data.next = self.command.load_word.val().get_bits::<16>(16);
            self.encoders[i].table_write.next =
                self.command.load_write.val() && (self.command.load_select.val() == self.table_memory.val());
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
        self.core.load_select.next = self.command.load_select.val();
        self.core.load_byte.next = self.command.load_byte.val();
        self.core.load_shift.next = self.command.load_shift.val();
        self.core.load_write.next = self.command.load_write.val();
        self.core.load_address.next = self.command.load_address.val();
        // Responses to the line.
        self.transmitter.data.next = self.command.response_data.val();
        self.transmitter.valid.next = self.command.response_valid.val();
        self.transmitter.last.next = self.command.response_last.val();
        self.command.response_ready.next = self.transmitter.ready.val();
        self.uart_tx.data.next = self.transmitter.out_data.val();
        self.uart_tx.valid.next = self.transmitter.out_valid.val();
        self.transmitter.out_ready.next = self.uart_tx.ready.val();
        self.tx.next = self.uart_tx.tx.val();
        // A light.
        self.last_active_cycles.d.next = self.core.active_cycles.val();
        self.active.next = self.last_active_cycles.q.val() != self.core.active_cycles.val();
    }
}
