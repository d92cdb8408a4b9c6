//! Show-ahead FIFO between two streams of the same clock.
//!
//! ```text
//!            ┌───────────────┐
//!  in_data ─►│               ├─► out_data    valid in the same clock as out_valid
//! in_valid ─►│  2^k words,   ├─► out_valid
//! in_ready ◄─┤  2^k − 1 used │◄─ out_ready   takes the word shown
//!            │               ├─► nearly_full at most `MARGIN` places are left
//!            └───────────────┘
//! ```
//!
//! A word put into an empty FIFO shows two clocks later. Words pass at one a clock.

use super::word_store::WordStore;
use rust_hdl::prelude::*;

/// Words of the smallest FIFO.
pub const SMALLEST_FIFO: usize = 8;

/// Places that `nearly_full` keeps in reserve for a writer that needs a few clocks to stop.
pub const MARGIN: usize = 4;

/// Words at which a FIFO of `depth` says that it is nearly full.
#[must_use]
pub const fn nearly_full_at(depth: usize) -> usize {
    depth.saturating_sub(1 + MARGIN)
}

/// See the [module](self). `N` is the width of the ports; only `width` bits are stored.
#[derive(Debug, LogicBlock)]
pub struct Fifo<const N: usize> {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Word to put in.
    pub in_data: Signal<In, Bits<N>>,
    /// There is a word to put in.
    pub in_valid: Signal<In, Bit>,
    /// There is room for it.
    pub in_ready: Signal<Out, Bit>,
    /// The oldest word.
    pub out_data: Signal<Out, Bits<N>>,
    /// There is an oldest word.
    pub out_valid: Signal<Out, Bit>,
    /// Takes it.
    pub out_ready: Signal<In, Bit>,
    /// At most [`MARGIN`] places are left.
    pub nearly_full: Signal<Out, Bit>,
    store: WordStore<N>,
    write_pointer: DFF<Bits<16>>,
    /// The write pointer one clock late: what the store's read port can see.
    written_pointer: DFF<Bits<16>>,
    read_pointer: DFF<Bits<16>>,
    /// Known a clock before it is shown: what waits for it may be far away.
    is_nearly_full: DFF<Bit>,
    /// What the pointers will be.
    write_to: Signal<Local, Bits<16>>,
    read_to: Signal<Local, Bits<16>>,
    write_next: Signal<Local, Bits<16>>,
    read_next: Signal<Local, Bits<16>>,
    fill: Signal<Local, Bits<16>>,
    mask: Constant<Bits<16>>,
    nearly_full_at: Constant<Bits<16>>,
}

impl<const N: usize> Fifo<N> {
    /// A FIFO of `depth` words (a power of two, 8..=32768) of which the low `width` bits are stored.
    ///
    /// # Panics
    /// On any other depth: a bug of the generator.
    #[must_use]
    pub fn new(depth: usize, width: usize) -> Self {
        assert!(
            depth.is_power_of_two() && (SMALLEST_FIFO..=32768).contains(&depth),
            "FIFO depth {depth}"
        );
        let last = depth as u64 - 1;
        Self {
            clock: Signal::default(),
            in_data: Signal::default(),
            in_valid: Signal::default(),
            in_ready: Signal::default(),
            out_data: Signal::default(),
            out_valid: Signal::default(),
            out_ready: Signal::default(),
            nearly_full: Signal::default(),
            store: WordStore::new(depth, width),
            write_pointer: DFF::default(),
            written_pointer: DFF::default(),
            read_pointer: DFF::default(),
            is_nearly_full: DFF::default(),
            write_to: Signal::default(),
            read_to: Signal::default(),
            write_next: Signal::default(),
            read_next: Signal::default(),
            fill: Signal::default(),
            mask: Constant::new(last.into()),
            nearly_full_at: Constant::new((nearly_full_at(depth) as u64).into()),
        }
    }
}

impl<const N: usize> Logic for Fifo<N> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            write_pointer,
            written_pointer,
            read_pointer,
            is_nearly_full
        );
        clock!(self, clock, store);
        self.write_next.next = (self.write_pointer.q.val() + 1) & self.mask.val();
        self.read_next.next = (self.read_pointer.q.val() + 1) & self.mask.val();
        self.in_ready.next = self.write_next.val() != self.read_pointer.q.val();
        self.out_valid.next = self.written_pointer.q.val() != self.read_pointer.q.val();
        self.out_data.next = self.store.read_data.val();
        // Put in.
        self.store.write_address.next = self.write_pointer.q.val();
        self.store.write_data.next = self.in_data.val();
        self.store.write_enable.next = false;
        self.written_pointer.d.next = self.write_pointer.q.val();
        self.write_to.next = self.write_pointer.q.val();
        if self.in_valid.val() && self.in_ready.val() {
            self.store.write_enable.next = true;
            self.write_to.next = self.write_next.val();
        }
        // Take out: the store reads a clock ahead.
        self.read_to.next = self.read_pointer.q.val();
        if self.out_ready.val() && self.out_valid.val() {
            self.read_to.next = self.read_next.val();
        }
        self.store.read_address.next = self.read_to.val();
        self.write_pointer.d.next = self.write_to.val();
        self.read_pointer.d.next = self.read_to.val();
        self.fill.next = (self.write_to.val() - self.read_to.val()) & self.mask.val();
        self.is_nearly_full.d.next = self.fill.val() >= self.nearly_full_at.val();
        self.nearly_full.next = self.is_nearly_full.q.val();
    }
}
