//! Show-ahead FIFO between two streams of the same clock.
//!
//! ```text
//!            ┌───────────────┐
//!  in_data ─►│               ├─► out_data    valid while out_valid is high
//! in_valid ─►│  2^k words,   ├─► out_valid
//! in_ready ◄─┤  2^k − 1 used │◄─ out_ready   takes the word shown
//!            │               ├─► nearly_full at most `MARGIN` places are left
//!            └───────────────┘
//! ```
//!
//! A word put into an empty FIFO appears at the output two cycles later. The FIFO passes one word per cycle. The writer learns a
//! cycle late that a word was taken, so that the receiver's `ready`, which may come late in a cycle, ends at the read pointer.

use super::with_defaults;
use super::word_store::WordStore;
use rust_hdl::prelude::*;

/// Smallest depth of a FIFO, in words.
pub const SMALLEST_FIFO: usize = 8;

/// Places that are left when `nearly_full` rises, for a writer that needs a few cycles to stop.
pub const MARGIN: usize = 4;

/// Number of words from which on a FIFO of the given depth is nearly full, with `margin` places left.
#[must_use]
pub const fn nearly_full_at(depth: usize, margin: usize) -> usize {
    depth.saturating_sub(1 + margin)
}

/// A FIFO. `N` is the width of the ports; only the low `width` bits are stored.
#[derive(Debug, LogicBlock)]
pub struct Fifo<const N: usize> {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Word to put in; valid while `in_valid` is high.
    pub in_data: Signal<In, Bits<N>>,
    /// High while `in_data` holds a word.
    pub in_valid: Signal<In, Bit>,
    /// High while the FIFO has room: it takes the word in a cycle in which `in_valid` is high, too.
    pub in_ready: Signal<Out, Bit>,
    /// Oldest word of the FIFO; valid while `out_valid` is high. Bits that are not stored are 0.
    pub out_data: Signal<Out, Bits<N>>,
    /// High while `out_data` holds a word.
    pub out_valid: Signal<Out, Bit>,
    /// High in a cycle in which the receiver takes the word.
    pub out_ready: Signal<In, Bit>,
    /// High while at most as many places are left as the margin has, [`MARGIN`] by default.
    pub nearly_full: Signal<Out, Bit>,
    store: WordStore<N>,
    write_pointer: DFF<Bits<16>>,
    /// Write pointer of the cycle before: the words that the store's read port can see.
    written_pointer: DFF<Bits<16>>,
    read_pointer: DFF<Bits<16>>,
    /// Register behind `nearly_full`, computed a cycle ahead: its receiver may be far away on the device.
    is_nearly_full: DFF<Bit>,
    /// Register behind `in_ready`, likewise: the writer's `valid` may depend on many streams. Both count words that are taken in
    /// a cycle as still there.
    is_full: DFF<Bit>,
    /// Write pointer of the next cycle.
    write_to: Signal<Local, Bits<16>>,
    /// Read pointer of the next cycle.
    read_to: Signal<Local, Bits<16>>,
    write_next: Signal<Local, Bits<16>>,
    read_next: Signal<Local, Bits<16>>,
    fill: Signal<Local, Bits<16>>,
    mask: Constant<Bits<16>>,
    nearly_full_at: Constant<Bits<16>>,
}

impl<const N: usize> Fifo<N> {
    /// Builds a FIFO of `depth` words (a power of two, 8..=32768), of which the low `width` bits are stored.
    ///
    /// # Panics
    /// On any other depth: a bug of the generator.
    #[must_use]
    pub fn new(depth: usize, width: usize) -> Self {
        Self::with_margin(depth, width, MARGIN)
    }

    /// Builds a FIFO like [`Self::new`], of which `nearly_full` leaves `margin` places.
    ///
    /// # Panics
    /// Like [`Self::new`], and if an empty FIFO would be nearly full.
    #[must_use]
    pub fn with_margin(depth: usize, width: usize, margin: usize) -> Self {
        assert!(
            depth.is_power_of_two() && (SMALLEST_FIFO..=32768).contains(&depth),
            "FIFO depth {depth}"
        );
        assert!(
            nearly_full_at(depth, margin) > 0,
            "FIFO depth {depth}, margin {margin}"
        );
        let last = depth as u64 - 1;
        with_defaults! {
            Self {
                store: WordStore::new(depth, width),
                mask: Constant::new(last.into()),
                nearly_full_at: Constant::new((nearly_full_at(depth, margin) as u64).into()),
            }
            clock, in_data, in_valid, in_ready, out_data, out_valid, out_ready, nearly_full, write_pointer,
            written_pointer, read_pointer, is_nearly_full, is_full, write_to, read_to, write_next, read_next, fill,
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
            is_nearly_full,
            is_full
        );
        clock!(self, clock, store);
        self.write_next.next = (self.write_pointer.q.val() + 1) & self.mask.val();
        self.read_next.next = (self.read_pointer.q.val() + 1) & self.mask.val();
        self.in_ready.next = !self.is_full.q.val();
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
        // Take out: the store reads one cycle ahead.
        self.read_to.next = self.read_pointer.q.val();
        if self.out_ready.val() && self.out_valid.val() {
            self.read_to.next = self.read_next.val();
        }
        self.store.read_address.next = self.read_to.val();
        self.write_pointer.d.next = self.write_to.val();
        self.read_pointer.d.next = self.read_to.val();
        self.fill.next = (self.write_to.val() - self.read_pointer.q.val()) & self.mask.val();
        self.is_full.d.next = self.fill.val() == self.mask.val();
        self.is_nearly_full.d.next = self.fill.val() >= self.nearly_full_at.val();
        self.nearly_full.next = self.is_nearly_full.q.val();
    }
}
