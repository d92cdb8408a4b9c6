//! Encoder: turns an 8-bit image into input events on the board, bit for bit as the golden model does. It draws spikes, or,
//! for a graded input, repeats the values of the image in every step.
//!
//! ```text
//!              ┌──────────┐   ┌───────────┐   ┌──────────────┐
//!  LOAD ──────►│ pixels   ├──►│ table     ├──►│ draw < |p| ? ├──► events
//!              │ 8 bit    │   │ ±p, 10 bit│   │ xorshift32   │
//!              └──────────┘   └───────────┘   └──────────────┘
//! ```
//!
//! In every step, each input in C, H, W order takes one draw, and spikes if the top 8 bits of the generator's
//! state are below |p|. p and its sign stand in the table at (channel, pixel value);
//! [`Thresholds::words`](synfire_golden_model::dataset::encode::Thresholds::words) computes the table's words. An end
//! of step follows. The value of a graded input is ±p, limited to ±255; an input with p = 0 has no event. Seeds do not matter
//! then.
//!
//! The first event comes 4 cycles after `start` at the earliest. From there on a step takes inputs + 1
//! cycles, and one more for each cycle in which an event is not taken. Addresses are counted up in the core's
//! format, without any multiplication.

use super::address_bits;
use crate::circuit::event::{ADDRESS_SHIFT, Addressing, END_OF_STEP};
use crate::circuit::with_defaults;
use crate::circuit::word_store::WordStore;
use rust_hdl::prelude::*;

/// Words of the table per channel: one per pixel value.
pub const LEVELS: usize = 256;

/// Run-time parameters of an [`Encoder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncoderParams {
    /// Channels, rows and columns of the image.
    pub shape: [usize; 3],
    /// Whether addresses have separate fields for row and column; otherwise an input's address is its number.
    pub is_map: bool,
    /// Whether the input is graded.
    pub graded: bool,
}

impl EncoderParams {
    /// Addressing of the events.
    #[must_use]
    pub fn addressing(&self) -> Addressing {
        let shape = if self.is_map {
            self.shape
        } else {
            [self.inputs(), 1, 1]
        };
        Addressing::of(shape.into()).with_values(self.graded)
    }

    /// Number of inputs.
    #[must_use]
    pub const fn inputs(&self) -> usize {
        self.shape[0] * self.shape[1] * self.shape[2]
    }

    /// Words of the table.
    #[must_use]
    pub const fn table_words(&self) -> usize {
        self.shape[0] * LEVELS
    }
}

/// The encoder.
#[derive(Debug, LogicBlock)]
pub struct Encoder {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Index of the pixel to write, in C, H, W order; valid while `pixel_write` is high.
    pub pixel_address: Signal<In, Bits<16>>,
    /// Value of the pixel to write; valid while `pixel_write` is high.
    pub pixel_data: Signal<In, Bits<8>>,
    /// High in a cycle in which the pixel is written; only while `busy` is low.
    pub pixel_write: Signal<In, Bit>,
    /// Index of the table word to write, channel · 256 + pixel value; valid while `table_write` is high.
    pub table_address: Signal<In, Bits<16>>,
    /// Table word to write: |p| in bits 8 to 0, and in bit 9 whether p is negative; bits above are ignored.
    /// Valid while `table_write` is high.
    pub table_data: Signal<In, Bits<16>>,
    /// High in a cycle in which the table word is written; only while `busy` is low.
    pub table_write: Signal<In, Bit>,
    /// High for one cycle to start; only while `busy` is low.
    pub start: Signal<In, Bit>,
    /// State of the generator before the first draw, not 0; valid while `start` is high.
    pub seed: Signal<In, Bits<32>>,
    /// Number of steps to draw; valid while `start` is high. With 0 steps nothing follows.
    pub steps: Signal<In, Bits<16>>,
    /// High to stop: the encoder is not busy from the next cycle on, and sends nothing more.
    pub stop: Signal<In, Bit>,
    /// Event for the core, 32 bits, encoded as in [`event`](crate::circuit::event); valid while `event_valid`
    /// is high.
    pub event_data: Signal<Out, Bits<32>>,
    /// High while `event_data` holds an event; the event stays until `event_ready` is high, too, or `stop`
    /// drops it.
    pub event_valid: Signal<Out, Bit>,
    /// High in a cycle in which the core takes the event.
    pub event_ready: Signal<In, Bit>,
    /// High from the cycle after `start` until the last event is taken.
    pub busy: Signal<Out, Bit>,
    /// High in a cycle in which an end of step is taken.
    pub step_sent: Signal<Out, Bit>,
    pixels: WordStore<8>,
    codes: WordStore<16>,
    /// High while the first pixel is being read.
    priming: DFF<Bit>,
    /// High while the pixel memory outputs an input's pixel, or the end of a step is due after the last
    /// input.
    pixel_valid: DFF<Bit>,
    pixel_ends_step: DFF<Bit>,
    number: DFF<Bits<16>>,
    column: DFF<Bits<16>>,
    row: DFF<Bits<16>>,
    channel: DFF<Bits<8>>,
    address: DFF<Bits<24>>,
    steps_left: DFF<Bits<16>>,
    /// High while the table outputs an input's word, or the end of a step is due.
    draw_valid: DFF<Bit>,
    draw_ends_step: DFF<Bit>,
    draw_address: DFF<Bits<24>>,
    /// Index of that input's table word.
    draw_entry: DFF<Bits<16>>,
    /// State of the generator after that input's draw.
    random: DFF<Bits<32>>,
    out_valid: DFF<Bit>,
    out_ends_step: DFF<Bit>,
    out_data: DFF<Bits<32>>,
    drawn_event: Signal<Local, Bits<32>>,
    entry: Signal<Local, Bits<16>>,
    left: Signal<Local, Bits<32>>,
    right: Signal<Local, Bits<32>>,
    drawn: Signal<Local, Bits<32>>,
    spikes: Signal<Local, Bit>,
    magnitude: Signal<Local, Bits<32>>,
    emits: Signal<Local, Bit>,
    go: Signal<Local, Bit>,
    spike: Signal<Local, Bits<32>>,
    last_column: Constant<Bits<16>>,
    last_row: Constant<Bits<16>>,
    last_channel: Constant<Bits<8>>,
    /// Address of a row's first input minus that of the last input of the row before; `to_next_channel`
    /// likewise.
    to_next_row: Constant<Bits<24>>,
    to_next_channel: Constant<Bits<24>>,
    address_shift: Constant<Bits<32>>,
    is_graded: Constant<Bit>,
    value_shift: Constant<Bits<32>>,
    largest_value: Constant<Bits<32>>,
    end_of_step: Constant<Bits<32>>,
}

impl Encoder {
    /// Builds an encoder of images of the given shape.
    ///
    /// # Panics
    /// With more than 65,536 inputs or 255 channels: a bug of the generator.
    #[must_use]
    pub fn new(params: EncoderParams) -> Self {
        let [channels, rows, columns] = params.shape;
        assert!(
            (1..=1 << 16).contains(&params.inputs()) && channels <= 255,
            "images of {channels} x {rows} x {columns}"
        );
        let (to_next_row, to_next_channel) = if params.is_map {
            let (row, channel) = (
                1 << address_bits(columns),
                1 << (address_bits(columns) + address_bits(rows)),
            );
            (row - (columns - 1), channel - ((rows - 1) * row + columns - 1))
        } else {
            (1, 1)
        };
        let wide = |value: usize| Constant::new((value as u64).into());
        with_defaults! {
            Self {
                pixels: WordStore::new(params.inputs().max(2), 8),
                codes: WordStore::new(params.table_words(), 10),
                last_column: Constant::new((columns as u64 - 1).into()),
                last_row: Constant::new((rows as u64 - 1).into()),
                last_channel: Constant::new((channels as u64 - 1).into()),
                to_next_row: wide(to_next_row),
                to_next_channel: wide(to_next_channel),
                address_shift: Constant::new((ADDRESS_SHIFT as u64).into()),
                is_graded: Constant::new(params.graded),
                value_shift: Constant::new((params.addressing().value_shift() as u64).into()),
                largest_value: Constant::new(255_u64.into()),
                end_of_step: Constant::new(u64::from(END_OF_STEP).into()),
            }
            clock, pixel_address, pixel_data, pixel_write, table_address, table_data, table_write, start,
            seed, steps, stop, event_data, event_valid, event_ready, busy, step_sent, priming, pixel_valid,
            pixel_ends_step, number, column, row, channel, address, steps_left, draw_valid, draw_ends_step,
            draw_address, draw_entry, random, out_valid, out_ends_step, out_data, drawn_event, entry, left,
            right, drawn, spikes, magnitude, emits, go, spike,
        }
    }
}

impl Logic for Encoder {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            priming,
            pixel_valid,
            pixel_ends_step,
            number,
            column,
            row,
            channel,
            address,
            steps_left,
            draw_valid,
            draw_ends_step,
            draw_address,
            draw_entry,
            random,
            out_valid,
            out_ends_step,
            out_data
        );
        clock!(self, clock, pixels, codes);
        self.pixels.write_address.next = self.pixel_address.val();
        self.pixels.write_data.next = self.pixel_data.val();
        self.pixels.write_enable.next = self.pixel_write.val();
        self.codes.write_address.next = self.table_address.val();
        self.codes.write_data.next = self.table_data.val();
        self.codes.write_enable.next = self.table_write.val();
        // Marsaglia's xorshift32: the state after one more draw.
        self.left.next = self.random.q.val() ^ (self.random.q.val() << 13);
        self.right.next = self.left.val() ^ (self.left.val() >> 17);
        self.drawn.next = self.right.val() ^ (self.right.val() << 5);
        // The draw. A register holds its result, so that the path through memory and comparison ends there.
        self.spikes.next = bit_cast::<9, 8>(self.random.q.val().get_bits::<8>(24))
            < self.codes.read_data.val().get_bits::<9>(0);
        self.magnitude.next = bit_cast::<32, 8>(self.codes.read_data.val().get_bits::<8>(0));
        if self.codes.read_data.val().get_bit(8) {
            self.magnitude.next = self.largest_value.val();
        }
        if self.is_graded.val() {
            self.spikes.next = self.codes.read_data.val().get_bits::<9>(0) != 0;
        }
        self.emits.next = self.draw_valid.q.val() && (self.draw_ends_step.q.val() || self.spikes.val());
        self.spike.next = bit_cast::<32, 24>(self.draw_address.q.val()) << self.address_shift.val();
        self.drawn_event.next =
            self.spike.val() | (bit_cast::<32, 1>(self.codes.read_data.val().get_bits::<1>(9)) << 2);
        if self.is_graded.val() {
            self.drawn_event.next = self.spike.val()
                | (bit_cast::<32, 1>(self.codes.read_data.val().get_bits::<1>(9)) << 2)
                | (self.magnitude.val() << self.value_shift.val());
        }
        if self.draw_ends_step.q.val() {
            self.drawn_event.next = self.end_of_step.val();
        }
        // The pipeline stalls while the event that is held is not taken.
        self.go.next = !self.out_valid.q.val() || self.event_ready.val();
        self.event_valid.next = self.out_valid.q.val();
        self.event_data.next = self.out_data.q.val();
        self.step_sent.next = self.out_valid.q.val() && self.out_ends_step.q.val() && self.event_ready.val();
        self.busy.next = self.priming.q.val()
            || self.pixel_valid.q.val()
            || self.draw_valid.q.val()
            || self.out_valid.q.val();
        // In every cycle, the memories output what the registers address.
        self.entry.next =
            (bit_cast::<16, 8>(self.channel.q.val()) << 8) | bit_cast::<16, 8>(self.pixels.read_data.val());
        self.pixels.read_address.next = self.number.q.val();
        self.codes.read_address.next = self.draw_entry.q.val();

        self.priming.d.next = false;
        if self.priming.q.val() {
            self.pixel_valid.d.next = true;
        }
        if self.go.val() {
            self.out_valid.d.next = self.emits.val();
            self.out_ends_step.d.next = self.draw_ends_step.q.val();
            self.out_data.d.next = self.drawn_event.val();
            self.draw_valid.d.next = self.pixel_valid.q.val();
            self.draw_ends_step.d.next = self.pixel_ends_step.q.val();
            self.draw_address.d.next = self.address.q.val();
            self.draw_entry.d.next = self.entry.val();
            self.codes.read_address.next = self.entry.val();
            if self.pixel_valid.q.val() {
                if self.pixel_ends_step.q.val() {
                    self.pixel_ends_step.d.next = false;
                    self.steps_left.d.next = self.steps_left.q.val() - 1;
                    if self.steps_left.q.val() == 1 {
                        self.pixel_valid.d.next = false;
                    }
                } else {
                    self.random.d.next = self.drawn.val();
                    self.number.d.next = self.number.q.val() + 1;
                    self.pixels.read_address.next = self.number.q.val() + 1;
                    self.column.d.next = self.column.q.val() + 1;
                    self.address.d.next = self.address.q.val() + 1;
                    if self.column.q.val() == self.last_column.val() {
                        self.column.d.next = 0.into();
                        self.row.d.next = self.row.q.val() + 1;
                        self.address.d.next = self.address.q.val() + self.to_next_row.val();
                        if self.row.q.val() == self.last_row.val() {
                            self.row.d.next = 0.into();
                            self.channel.d.next = self.channel.q.val() + 1;
                            self.address.d.next = self.address.q.val() + self.to_next_channel.val();
                            if self.channel.q.val() == self.last_channel.val() {
                                self.channel.d.next = 0.into();
                                self.address.d.next = 0.into();
                                self.number.d.next = 0.into();
                                self.pixels.read_address.next = 0.into();
                                self.pixel_ends_step.d.next = true;
                            }
                        }
                    }
                }
            }
        }
        if self.start.val() {
            self.priming.d.next = self.steps.val() != 0;
            self.random.d.next = self.seed.val();
            self.steps_left.d.next = self.steps.val();
            self.number.d.next = 0.into();
            self.column.d.next = 0.into();
            self.row.d.next = 0.into();
            self.channel.d.next = 0.into();
            self.address.d.next = 0.into();
            self.pixel_ends_step.d.next = false;
        }
        if self.stop.val() {
            self.priming.d.next = false;
            self.pixel_valid.d.next = false;
            self.draw_valid.d.next = false;
            self.out_valid.d.next = false;
        }
    }
}
