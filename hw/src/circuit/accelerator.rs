//! The whole accelerator behind its UART pins.
//!
//! ```text
//!  rx ─► UART ─► frame receiver ─► command processor ◄─► core
//!  tx ◄─ UART ◄─ frame transmitter ◄──────┘
//! ```

use super::core::{Core, CoreParams};
use super::link::command::{Command, Identity, RESPONSE_HEADER_BYTES};
use super::link::frame_receiver::FrameReceiver;
use super::link::frame_transmitter::FrameTransmitter;
use super::link::uart_receiver::UartReceiver;
use super::link::uart_transmitter::UartTransmitter;
use rust_hdl::prelude::*;

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
    core: Core,
    last_active_cycles: DFF<Bits<32>>,
}

impl Accelerator {
    /// An accelerator of the given identity and core.
    #[must_use]
    pub fn new(identity: &Identity, core: CoreParams, clocks_per_bit: u64) -> Self {
        let output_lanes = core.output.lanes;
        let layers = core.engines().count();
        let result_bytes = 8 + 4 * usize::from(identity.classes);
        let counter_bytes = 8 + 12 * layers;
        let longest_payload = result_bytes.max(counter_bytes).max(identity.payload().len());
        Self {
            clock: Signal::default(),
            rx: Signal::default(),
            tx: Signal::default(),
            active: Signal::default(),
            uart_rx: UartReceiver::new(clocks_per_bit),
            uart_tx: UartTransmitter::new(clocks_per_bit),
            receiver: FrameReceiver::new(usize::from(identity.slot_bytes)),
            transmitter: FrameTransmitter::new(RESPONSE_HEADER_BYTES + longest_payload),
            command: Command::new(identity, output_lanes),
            core: Core::new(core),
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
        // Commands to the core.
        self.core.event_data.next = self.command.event_data.val();
        self.core.event_valid.next = self.command.event_valid.val();
        self.command.event_ready.next = self.core.event_ready.val();
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
        // Nothing loads parameters yet.
        self.core.load_select.next = 0.into();
        self.core.load_byte.next = 0.into();
        self.core.load_shift.next = false;
        self.core.load_write.next = false;
        self.core.load_address.next = 0.into();
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
