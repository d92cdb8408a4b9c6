//! Turns the fired masks of a sweep into events for the next layer.
//!
//! Masks and markers wait in a FIFO of their own, so that the engine can go on with the next step while the
//! spikes of this one leave, one a clock. A word costs one clock to load; a marker one.

use super::event::{ADDRESS_SHIFT, CLEAR, END_OF_STEP};
use super::fifo::Fifo;
use super::priority_encoder::PriorityEncoder;
use rust_hdl::prelude::*;

/// Bits of an entry of the mask FIFO above the mask: a marker, and whether it is a clear.
pub const FLAGS: usize = 2;

/// Entries of the mask FIFO for sweeps of `groups` words: a whole sweep fits, so that the engine need not wait for
/// the layer behind.
#[must_use]
pub const fn queue_depth(groups: usize) -> usize {
    (groups + 8).next_power_of_two()
}

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct Serializer {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Mask of the next word: bit `lanes − 1 − i` for lane i.
    pub mask: Signal<In, Bits<64>>,
    /// Takes the mask.
    pub mask_valid: Signal<In, Bit>,
    /// The sweep has ended; comes after its last mask, never with one.
    pub marker_valid: Signal<In, Bit>,
    /// The sweep was a clear.
    pub marker_clear: Signal<In, Bit>,
    /// The sweep must pause.
    pub pause: Signal<Out, Bit>,
    /// An event for the next layer.
    pub event_data: Signal<Out, Bits<32>>,
    /// There is an event.
    pub event_valid: Signal<Out, Bit>,
    /// The next layer takes it.
    pub event_ready: Signal<In, Bit>,
    /// Spikes emitted since the last clear.
    pub spikes_out: Signal<Out, Bits<32>>,
    /// Something is waiting to leave.
    pub busy: Signal<Out, Bit>,
    queue: Fifo<66>,
    /// Lanes of the loaded word that are still to be emitted.
    pending: DFF<Bits<64>>,
    /// Neuron of lane 0 of the loaded word.
    base: DFF<Bits<24>>,
    /// Neuron of lane 0 of the next word.
    next_base: DFF<Bits<24>>,
    spike_count: DFF<Bits<32>>,
    first: PriorityEncoder,
    spike_event: Signal<Local, Bits<32>>,
    neuron: Signal<Local, Bits<24>>,
    head_marker: Signal<Local, Bit>,
    head_clear: Signal<Local, Bit>,
    lanes: Constant<Bits<24>>,
    /// Bits that a neuron's number needs; tells synthesis that the others stay 0.
    neuron_mask: Constant<Bits<24>>,
    end_of_step: Constant<Bits<32>>,
    clear: Constant<Bits<32>>,
    address_shift: Constant<Bits<32>>,
    marker_position: Constant<Bits<8>>,
    clear_position: Constant<Bits<8>>,
}

impl Serializer {
    /// A serializer of sweeps of `groups` words of `lanes` lanes.
    #[must_use]
    pub fn new(lanes: usize, groups: usize) -> Self {
        Self {
            clock: Signal::default(),
            mask: Signal::default(),
            mask_valid: Signal::default(),
            marker_valid: Signal::default(),
            marker_clear: Signal::default(),
            pause: Signal::default(),
            event_data: Signal::default(),
            event_valid: Signal::default(),
            event_ready: Signal::default(),
            spikes_out: Signal::default(),
            busy: Signal::default(),
            queue: Fifo::new(queue_depth(groups), lanes + FLAGS),
            pending: DFF::default(),
            base: DFF::default(),
            next_base: DFF::default(),
            spike_count: DFF::default(),
            first: PriorityEncoder::new(lanes),
            spike_event: Signal::default(),
            neuron: Signal::default(),
            head_marker: Signal::default(),
            head_clear: Signal::default(),
            lanes: Constant::new((lanes as u64).into()),
            neuron_mask: Constant::new(((lanes * groups).next_power_of_two() as u64 - 1).into()),
            end_of_step: Constant::new(u64::from(END_OF_STEP).into()),
            clear: Constant::new(u64::from(CLEAR).into()),
            address_shift: Constant::new((ADDRESS_SHIFT as u64).into()),
            marker_position: Constant::new(0_u64.into()),
            clear_position: Constant::new(1_u64.into()),
        }
    }
}

impl Logic for Serializer {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, pending, base, next_base, spike_count);
        clock!(self, clock, queue);
        // Entries: {mask, clear, marker}.
        self.queue.in_valid.next = self.mask_valid.val() || self.marker_valid.val();
        self.queue.in_data.next = bit_cast::<66, 64>(self.mask.val()) << 2;
        if self.marker_valid.val() {
            self.queue.in_data.next = 1.into();
            if self.marker_clear.val() {
                self.queue.in_data.next = 3.into();
            }
        }
        self.pause.next = self.queue.nearly_full.val();
        self.head_marker.next = self
            .queue
            .out_data
            .val()
            .get_bit(self.marker_position.val().index());
        self.head_clear.next = self
            .queue
            .out_data
            .val()
            .get_bit(self.clear_position.val().index());
        self.first.mask.next = self.pending.q.val();
        self.neuron.next = self.base.q.val() + self.first.lane.val();
        self.spike_event.next = bit_cast::<32, 24>(self.neuron.val()) << self.address_shift.val();

        self.queue.out_ready.next = false;
        self.event_valid.next = false;
        self.event_data.next = self.spike_event.val();
        self.busy.next = self.queue.out_valid.val() || self.first.any.val();
        if self.first.any.val() {
            self.event_valid.next = true;
            if self.event_ready.val() {
                self.pending.d.next = self.first.rest.val();
                self.spike_count.d.next = self.spike_count.q.val() + 1;
            }
        } else {
            if self.queue.out_valid.val() {
                if self.head_marker.val() {
                    self.event_valid.next = true;
                    self.event_data.next = self.end_of_step.val();
                    if self.head_clear.val() {
                        self.event_data.next = self.clear.val();
                    }
                    if self.event_ready.val() {
                        self.queue.out_ready.next = true;
                        self.next_base.d.next = 0.into();
                        if self.head_clear.val() {
                            self.spike_count.d.next = 0.into();
                        }
                    }
                } else {
                    self.queue.out_ready.next = true;
                    self.pending.d.next = self.queue.out_data.val().get_bits::<64>(2);
                    self.base.d.next = self.next_base.q.val();
                    self.next_base.d.next =
                        (self.next_base.q.val() + self.lanes.val()) & self.neuron_mask.val();
                }
            }
        }
        self.spikes_out.next = self.spike_count.q.val();
    }
}
