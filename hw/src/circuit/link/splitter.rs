//! Splitter: replaces a spike's input number, as it comes over the link, by the address that the core
//! expects.
//!
//! ```text
//!            ┌──────────────────────────────┐
//!  events ──►│ number ÷ W ─► x              ├──► events
//!            │   quotient ÷ H ─► y, channel │
//!            └──────────────────────────────┘
//! ```
//!
//! One divider of one bit per cycle is used twice. Dividing the number n = (c · H + y) · W + x by W leaves
//! the remainder x; dividing the quotient by H leaves the remainder y and the quotient c. A spike takes 2 ·
//! bits + 3 cycles, where `bits` are those of the largest number. Other events pass in the cycle in which
//! they arrive, and none overtakes a spike. The serial line takes longer per spike than the splitter, or
//! hardly less.
//!
//! The value of a graded input's event stays where it is, above the address; numbers are no wider than addresses.
//!
//! If rows and columns are powers of two, the address is the number itself, and no splitter is needed
//! ([`SplitterParams::is_needed`]).

use super::address_bits;
use super::encoder::EncoderParams;
use crate::circuit::event::{ADDRESS_SHIFT, Addressing, SPIKE};
use crate::circuit::with_defaults;
use rust_hdl::prelude::*;

/// Bits of the divider's registers.
const WIDTH: usize = 24;

/// Map that numbers are split over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SplitterParams {
    /// Channels, rows and columns of the map.
    pub shape: [usize; 3],
    /// Whether events have values.
    pub graded: bool,
}

impl SplitterParams {
    /// Splitter of an input; none if every input's number is its address.
    #[must_use]
    pub fn of(input: &EncoderParams) -> Option<Self> {
        let splitter = Self {
            shape: input.shape,
            graded: input.graded,
        };
        (input.is_map && splitter.is_needed()).then_some(splitter)
    }

    /// Whether the address of some input differs from its number.
    #[must_use]
    pub const fn is_needed(&self) -> bool {
        let [channels, rows, columns] = self.shape;
        !(columns.is_power_of_two() || rows == 1 && channels == 1)
            || !(rows.is_power_of_two() || channels == 1)
    }

    /// Address of an input, as the circuit computes it.
    #[must_use]
    pub fn address_of(&self, number: usize) -> usize {
        let [_, rows, columns] = self.shape;
        let (row, x) = (number / columns, number % columns);
        let (channel, y) = (row / rows, row % rows);
        ((channel << address_bits(rows)) | y) << address_bits(columns) | x
    }
}

/// State of the splitter.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum SplitterState {
    /// Waits for a spike and lets other events pass.
    Pass,
    /// Divides by the number of columns.
    ByColumns,
    /// Divides by the number of rows.
    ByRows,
    /// Outputs the spike with its address.
    Show,
}

/// The splitter.
#[derive(Debug, LogicBlock)]
pub struct Splitter {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Event with an input's number in place of its address; valid while `in_valid` is high.
    pub in_data: Signal<In, Bits<32>>,
    /// High while `in_data` holds an event.
    pub in_valid: Signal<In, Bit>,
    /// High if the splitter takes the event in this cycle.
    pub in_ready: Signal<Out, Bit>,
    /// Event with the input's address; valid while `out_valid` is high.
    pub out_data: Signal<Out, Bits<32>>,
    /// High while `out_data` holds an event.
    pub out_valid: Signal<Out, Bit>,
    /// High in a cycle in which the core takes the event.
    pub out_ready: Signal<In, Bit>,
    state: DFF<SplitterState>,
    negative: DFF<Bit>,
    value: DFF<Bits<8>>,
    /// Rest of the dividend in the upper bits, quotient so far in the lower bits.
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
    magnitude: Signal<Local, Bits<32>>,
    columns: Constant<Bits<24>>,
    rows: Constant<Bits<24>>,
    x_bits: Constant<Bits<24>>,
    xy_bits: Constant<Bits<24>>,
    /// Unused bits above a dividend, by which it is shifted up.
    align: Constant<Bits<24>>,
    bits: Constant<Bits<5>>,
    top: Constant<Bits<5>>,
    address_shift: Constant<Bits<32>>,
    value_shift: Constant<Bits<32>>,
    /// All ones if events have values, or else 0.
    value_mask: Constant<Bits<32>>,
    kind_spike: Constant<Bits<2>>,
}

impl Splitter {
    /// Builds a splitter for a map.
    ///
    /// # Panics
    /// With more than 2^24 addresses: a bug of the generator.
    #[must_use]
    pub fn new(params: SplitterParams) -> Self {
        let [channels, rows, columns] = params.shape;
        let bits = address_bits(channels * rows * columns).max(1);
        let addresses = Addressing::of(params.shape.into()).with_values(params.graded);
        let xy_bits = address_bits(rows) + address_bits(columns);
        assert!(
            bits.max(xy_bits + address_bits(channels)) <= WIDTH,
            "{channels} x {rows} x {columns}"
        );
        let number = |value: usize| Constant::new((value as u64).into());
        with_defaults! {
            Self {
                columns: number(columns),
                rows: number(rows),
                x_bits: number(address_bits(columns)),
                xy_bits: number(xy_bits),
                align: number(WIDTH - bits),
                bits: Constant::new((bits as u64).into()),
                top: Constant::new((WIDTH as u64 - 1).into()),
                address_shift: Constant::new((ADDRESS_SHIFT as u64).into()),
                value_shift: Constant::new((addresses.value_shift() as u64).into()),
                value_mask: Constant::new(if params.graded { 0xFF_u64 } else { 0 }.into()),
                kind_spike: Constant::new(u64::from(SPIKE).into()),
            }
            clock, in_data, in_valid, in_ready, out_data, out_valid, out_ready, state, negative, value, dividend,
            remainder, x, bits_left, divisor, trial, remainder_next, quotient_next, address, spike, magnitude,
        }
    }
}

impl Logic for Splitter {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, state, negative, value, dividend, remainder, x, bits_left
        );
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
        self.magnitude.next = bit_cast::<32, 8>(self.value.q.val()) << self.value_shift.val();
        self.spike.next =
            (bit_cast::<32, 24>(self.address.val()) << self.address_shift.val()) | self.magnitude.val();
        self.out_data.next = self.in_data.val();
        self.out_valid.next = false;
        self.in_ready.next = false;

        match self.state.q.val() {
            SplitterState::Pass => {
                self.remainder.d.next = 0.into();
                self.bits_left.d.next = self.bits.val();
                self.negative.d.next = self.in_data.val().get_bit(2);
                self.value.d.next =
                    bit_cast::<8, 32>((self.in_data.val() >> self.value_shift.val()) & self.value_mask.val());
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
