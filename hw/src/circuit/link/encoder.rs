//! Poisson encoder: draws the input spikes of an 8-bit image on the board, the golden model's bit for bit.
//!
//! ```text
//!              ┌──────────┐   ┌───────────┐   ┌──────────────┐
//!  LOAD ──────►│ pixels   ├──►│ table     ├──►│ draw < |p| ? ├──► events
//!              │ 8 bit    │   │ ±p, 10 bit│   │ xorshift32   │
//!              └──────────┘   └───────────┘   └──────────────┘
//! ```
//!
//! Of every step, every input in C, H, W order takes one draw, and spikes where the state's top 8 bits are below |p|; p
//! and its sign are at (channel, pixel) of the table, whose words
//! [`Thresholds::words`](synfire_golden_model::dataset::encode::Thresholds::words) makes. Then comes an end of step.
//!
//! | port | valid when |
//! |---|---|
//! | `start` | one clock, the encoder not busy: takes `seed` (not 0) and `steps` (none: nothing follows) |
//! | `stop` | any clock: the encoder is not busy in the next, and sends nothing more |
//! | `pixel_…`, `table_…` | writes, in any clock in which the encoder is not busy |
//! | `step_sent` | an end of step is taken in this clock |
//!
//! The first event comes 4 clocks after `start`, or later; from there on a step takes inputs + 1 clocks, and a clock more
//! for each in which an event is not taken. Addresses are counted up in the core's form, without any multiplication.

use super::address_bits;
use crate::circuit::event::{ADDRESS_SHIFT, END_OF_STEP};
use crate::circuit::word_store::WordStore;
use rust_hdl::prelude::*;

/// Words of the table for every channel: one a pixel value.
pub const LEVELS: usize = 256;

/// Run-time parameters of an [`Encoder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncoderParams {
    /// The image's channels, rows and columns.
    pub shape: [usize; 3],
    /// Whether addresses have fields of their own for row and column; otherwise they are the inputs' numbers.
    pub is_map: bool,
}

impl EncoderParams {
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

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct Encoder {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Pixel to write, in C, H, W order.
    pub pixel_address: Signal<In, Bits<16>>,
    /// Its value.
    pub pixel_data: Signal<In, Bits<8>>,
    /// Writes it in this clock.
    pub pixel_write: Signal<In, Bit>,
    /// Word of the table to write: channel · 256 + pixel value.
    pub table_address: Signal<In, Bits<16>>,
    /// |p| in bits 8 to 0, and in bit 9 whether p is negative.
    pub table_data: Signal<In, Bits<16>>,
    /// Writes it in this clock.
    pub table_write: Signal<In, Bit>,
    /// Starts in this clock.
    pub start: Signal<In, Bit>,
    /// State of the generator before the first draw.
    pub seed: Signal<In, Bits<32>>,
    /// Steps to draw.
    pub steps: Signal<In, Bits<16>>,
    /// Ends in this clock, whatever is left.
    pub stop: Signal<In, Bit>,
    /// Event for the core.
    pub event_data: Signal<Out, Bits<32>>,
    /// There is an event.
    pub event_valid: Signal<Out, Bit>,
    /// The core takes it.
    pub event_ready: Signal<In, Bit>,
    /// Not done.
    pub busy: Signal<Out, Bit>,
    /// An end of step is taken.
    pub step_sent: Signal<Out, Bit>,
    pixels: WordStore<8>,
    codes: WordStore<16>,
    /// The first pixel is being read.
    priming: DFF<Bit>,
    /// Input whose pixel shows, or the end of a step behind the last.
    pixel_valid: DFF<Bit>,
    pixel_ends_step: DFF<Bit>,
    number: DFF<Bits<16>>,
    column: DFF<Bits<16>>,
    row: DFF<Bits<16>>,
    channel: DFF<Bits<8>>,
    address: DFF<Bits<24>>,
    steps_left: DFF<Bits<16>>,
    /// Input whose threshold shows, or the end of a step.
    draw_valid: DFF<Bit>,
    draw_ends_step: DFF<Bit>,
    draw_address: DFF<Bits<24>>,
    /// Where its threshold is.
    draw_entry: DFF<Bits<16>>,
    /// State after its draw.
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
    emits: Signal<Local, Bit>,
    go: Signal<Local, Bit>,
    spike: Signal<Local, Bits<32>>,
    last_column: Constant<Bits<16>>,
    last_row: Constant<Bits<16>>,
    last_channel: Constant<Bits<8>>,
    /// Address of a row's first input less that of the last input before it.
    to_next_row: Constant<Bits<24>>,
    to_next_channel: Constant<Bits<24>>,
    address_shift: Constant<Bits<32>>,
    end_of_step: Constant<Bits<32>>,
}

impl Encoder {
    /// An encoder of images of a shape.
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
        Self {
            clock: Signal::default(),
            pixel_address: Signal::default(),
            pixel_data: Signal::default(),
            pixel_write: Signal::default(),
            table_address: Signal::default(),
            table_data: Signal::default(),
            table_write: Signal::default(),
            start: Signal::default(),
            seed: Signal::default(),
            steps: Signal::default(),
            stop: Signal::default(),
            event_data: Signal::default(),
            event_valid: Signal::default(),
            event_ready: Signal::default(),
            busy: Signal::default(),
            step_sent: Signal::default(),
            pixels: WordStore::new(params.inputs().max(2), 8),
            codes: WordStore::new(params.table_words(), 10),
            priming: DFF::default(),
            pixel_valid: DFF::default(),
            pixel_ends_step: DFF::default(),
            number: DFF::default(),
            column: DFF::default(),
            row: DFF::default(),
            channel: DFF::default(),
            address: DFF::default(),
            steps_left: DFF::default(),
            draw_valid: DFF::default(),
            draw_ends_step: DFF::default(),
            draw_address: DFF::default(),
            draw_entry: DFF::default(),
            random: DFF::default(),
            out_valid: DFF::default(),
            out_ends_step: DFF::default(),
            out_data: DFF::default(),
            drawn_event: Signal::default(),
            entry: Signal::default(),
            left: Signal::default(),
            right: Signal::default(),
            drawn: Signal::default(),
            spikes: Signal::default(),
            emits: Signal::default(),
            go: Signal::default(),
            spike: Signal::default(),
            last_column: Constant::new((columns as u64 - 1).into()),
            last_row: Constant::new((rows as u64 - 1).into()),
            last_channel: Constant::new((channels as u64 - 1).into()),
            to_next_row: wide(to_next_row),
            to_next_channel: wide(to_next_channel),
            address_shift: Constant::new((ADDRESS_SHIFT as u64).into()),
            end_of_step: Constant::new(u64::from(END_OF_STEP).into()),
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
        // Marsaglia's xorshift32: the state after one draw more.
        self.left.next = self.random.q.val() ^ (self.random.q.val() << 13);
        self.right.next = self.left.val() ^ (self.left.val() >> 17);
        self.drawn.next = self.right.val() ^ (self.right.val() << 5);
        // The draw; a register holds what it found, so that the way through memory and comparison ends there.
        self.spikes.next = bit_cast::<9, 8>(self.random.q.val().get_bits::<8>(24))
            < self.codes.read_data.val().get_bits::<9>(0);
        self.emits.next = self.draw_valid.q.val() && (self.draw_ends_step.q.val() || self.spikes.val());
        self.spike.next = bit_cast::<32, 24>(self.draw_address.q.val()) << self.address_shift.val();
        self.drawn_event.next =
            self.spike.val() | (bit_cast::<32, 1>(self.codes.read_data.val().get_bits::<1>(9)) << 2);
        if self.draw_ends_step.q.val() {
            self.drawn_event.next = self.end_of_step.val();
        }
        // Everything stands still while what is held is not taken.
        self.go.next = !self.out_valid.q.val() || self.event_ready.val();
        self.event_valid.next = self.out_valid.q.val();
        self.event_data.next = self.out_data.q.val();
        self.step_sent.next = self.out_valid.q.val() && self.out_ends_step.q.val() && self.event_ready.val();
        self.busy.next = self.priming.q.val()
            || self.pixel_valid.q.val()
            || self.draw_valid.q.val()
            || self.out_valid.q.val();
        // The memories show what the registers name, in every clock.
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
