//! Splitter: turns a spike's number, as it comes over the link, into the address of a map, as the core wants it.
//!
//! ```text
//!            ┌──────────────────────────────┐
//!  events ──►│ number ÷ W ─► x              ├──► events
//!            │   quotient ÷ H ─► y, channel │
//!            └──────────────────────────────┘
//! ```
//!
//! One divider, a bit a clock, is used twice: a number n = (c · H + y) · W + x over W leaves x, the quotient over H leaves
//! y and c. A spike takes 2 · bits + 3 clocks, with `bits` those of the largest number; other events pass in the clock in
//! which they come, and none passes a spike. A serial line needs longer for a spike, or hardly less.
//!
//! Where rows and columns are powers of two the address is the number itself, and no splitter is needed
//! ([`SplitterParams::is_needed`]).

use super::address_bits;
use super::encoder::EncoderParams;
use crate::circuit::event::{ADDRESS_SHIFT, SPIKE};
use rust_hdl::prelude::*;

/// Width of the divider's registers.
const WIDTH: usize = 24;

/// The map that numbers are split over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SplitterParams {
    /// Channels, rows and columns.
    pub shape: [usize; 3],
}

impl SplitterParams {
    /// The splitter of an input, where its numbers are no addresses.
    #[must_use]
    pub fn of(input: &EncoderParams) -> Option<Self> {
        let splitter = Self { shape: input.shape };
        (input.is_map && splitter.is_needed()).then_some(splitter)
    }

    /// Whether some input's address is not its number.
    #[must_use]
    pub const fn is_needed(&self) -> bool {
        let [channels, rows, columns] = self.shape;
        !(columns.is_power_of_two() || rows == 1 && channels == 1)
            || !(rows.is_power_of_two() || channels == 1)
    }

    /// The address of an input, as the circuit finds it.
    #[must_use]
    pub fn address_of(&self, number: usize) -> usize {
        let [_, rows, columns] = self.shape;
        let (row, x) = (number / columns, number % columns);
        let (channel, y) = (row / rows, row % rows);
        ((channel << address_bits(rows)) | y) << address_bits(columns) | x
    }
}

/// What the splitter is doing.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum SplitterState {
    /// Waiting for a spike, letting other events pass.
    Pass,
    /// Dividing by the number of columns.
    ByColumns,
    /// Dividing by the number of rows.
    ByRows,
    /// Showing the spike.
    Show,
}

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct Splitter {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Event with an input's number.
    pub in_data: Signal<In, Bits<32>>,
    /// There is an event.
    pub in_valid: Signal<In, Bit>,
    /// Takes it.
    pub in_ready: Signal<Out, Bit>,
    /// Event with the input's address.
    pub out_data: Signal<Out, Bits<32>>,
    /// There is an event.
    pub out_valid: Signal<Out, Bit>,
    /// The core takes it.
    pub out_ready: Signal<In, Bit>,
    state: DFF<SplitterState>,
    negative: DFF<Bit>,
    /// What is left of the dividend, from the top down, and the quotient so far, from the bottom up.
    dividend: DFF<Bits<24>>,
    remainder: DFF<Bits<24>>,
    x: DFF<Bits<24>>,
    bits_left: DFF<Bits<5>>,
    divisor: Signal<Local, Bits<24>>,
    trial: Signal<Local, Bits<24>>,
    remainder_next: Signal<Local, Bits<24>>,
    quotient_next: Signal<Local, Bits<24>>,
    address: Signal<Local, Bits<24>>,
    spike: Signal<Local, Bits<32>>,
    columns: Constant<Bits<24>>,
    rows: Constant<Bits<24>>,
    x_bits: Constant<Bits<24>>,
    xy_bits: Constant<Bits<24>>,
    /// Free bits above a dividend.
    align: Constant<Bits<24>>,
    bits: Constant<Bits<5>>,
    top: Constant<Bits<5>>,
    address_shift: Constant<Bits<32>>,
    kind_spike: Constant<Bits<2>>,
}

impl Splitter {
    /// A splitter over a map.
    ///
    /// # Panics
    /// With more than 2^24 addresses: a bug of the generator.
    #[must_use]
    pub fn new(params: SplitterParams) -> Self {
        let [channels, rows, columns] = params.shape;
        let bits = address_bits(channels * rows * columns).max(1);
        let xy_bits = address_bits(rows) + address_bits(columns);
        assert!(
            bits.max(xy_bits + address_bits(channels)) <= WIDTH,
            "{channels} x {rows} x {columns}"
        );
        let number = |value: usize| Constant::new((value as u64).into());
        Self {
            clock: Signal::default(),
            in_data: Signal::default(),
            in_valid: Signal::default(),
            in_ready: Signal::default(),
            out_data: Signal::default(),
            out_valid: Signal::default(),
            out_ready: Signal::default(),
            state: DFF::default(),
            negative: DFF::default(),
            dividend: DFF::default(),
            remainder: DFF::default(),
            x: DFF::default(),
            bits_left: DFF::default(),
            divisor: Signal::default(),
            trial: Signal::default(),
            remainder_next: Signal::default(),
            quotient_next: Signal::default(),
            address: Signal::default(),
            spike: Signal::default(),
            columns: number(columns),
            rows: number(rows),
            x_bits: number(address_bits(columns)),
            xy_bits: number(xy_bits),
            align: number(WIDTH - bits),
            bits: Constant::new((bits as u64).into()),
            top: Constant::new((WIDTH as u64 - 1).into()),
            address_shift: Constant::new((ADDRESS_SHIFT as u64).into()),
            kind_spike: Constant::new(u64::from(SPIKE).into()),
        }
    }
}

impl Logic for Splitter {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state, negative, dividend, remainder, x, bits_left);
        // One bit of the quotient.
        self.divisor.next = self.columns.val();
        if self.state.q.val() == SplitterState::ByRows {
            self.divisor.next = self.rows.val();
        }
        self.trial.next = self.remainder.q.val() << 1;
        if self.dividend.q.val().get_bit(self.top.val().index()) {
            self.trial.next = (self.remainder.q.val() << 1) | 1;
        }
        self.remainder_next.next = self.trial.val();
        self.quotient_next.next = self.dividend.q.val() << 1;
        if self.trial.val() >= self.divisor.val() {
            self.remainder_next.next = self.trial.val() - self.divisor.val();
            self.quotient_next.next = (self.dividend.q.val() << 1) | 1;
        }
        // After the second division the dividend is the channel and the remainder the row.
        self.address.next = (self.dividend.q.val() << self.xy_bits.val())
            | (self.remainder.q.val() << self.x_bits.val())
            | self.x.q.val();
        self.spike.next = bit_cast::<32, 24>(self.address.val()) << self.address_shift.val();
        self.out_data.next = self.in_data.val();
        self.out_valid.next = false;
        self.in_ready.next = false;

        match self.state.q.val() {
            SplitterState::Pass => {
                self.remainder.d.next = 0.into();
                self.bits_left.d.next = self.bits.val();
                self.negative.d.next = self.in_data.val().get_bit(2);
                self.dividend.d.next = self.in_data.val().get_bits::<24>(3) << self.align.val();
                if self.in_data.val().get_bits::<2>(0) == self.kind_spike.val() {
                    self.in_ready.next = true;
                    if self.in_valid.val() {
                        self.state.d.next = SplitterState::ByColumns;
                    }
                } else {
                    self.out_valid.next = self.in_valid.val();
                    self.in_ready.next = self.out_ready.val();
                }
            }
            SplitterState::ByColumns => {
                self.bits_left.d.next = self.bits_left.q.val() - 1;
                self.remainder.d.next = self.remainder_next.val();
                self.dividend.d.next = self.quotient_next.val();
                if self.bits_left.q.val() == 1 {
                    self.x.d.next = self.remainder_next.val();
                    self.remainder.d.next = 0.into();
                    self.dividend.d.next = self.quotient_next.val() << self.align.val();
                    self.bits_left.d.next = self.bits.val();
                    self.state.d.next = SplitterState::ByRows;
                }
            }
            SplitterState::ByRows => {
                self.bits_left.d.next = self.bits_left.q.val() - 1;
                self.remainder.d.next = self.remainder_next.val();
                self.dividend.d.next = self.quotient_next.val();
                if self.bits_left.q.val() == 1 {
                    self.state.d.next = SplitterState::Show;
                }
            }
            SplitterState::Show => {
                self.out_valid.next = true;
                self.out_data.next = self.spike.val();
                if self.negative.q.val() {
                    self.out_data.next = self.spike.val() | 4;
                }
                if self.out_ready.val() {
                    self.state.d.next = SplitterState::Pass;
                }
            }
        }
    }
}
