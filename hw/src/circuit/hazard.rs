//! Way of a bank's words through the pipeline: which word is where, and when its newest value must be forwarded.
//!
//! An engine of P positions has P banks of membranes; bank p holds the words of the positions whose column is p modulo P. In each
//! cycle a bank reads a word, or none. The stages are those of the [engine](super::engine). A word that is addressed again within
//! the next three cycles is not in the memory yet; this unit tells the lanes where it is. A bank of a single word needs no memory: the
//! lanes keep it, and this unit tells them when it changes.

use super::delay::Delay;
use super::with_defaults;
use rust_hdl::prelude::*;

/// Pipeline of one bank.
#[derive(Debug, LogicBlock)]
pub struct Hazard {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Address stage: a word of this bank is addressed.
    pub issue: Signal<In, Bit>,
    /// Address stage: the word belongs to a sweep; otherwise to a spike.
    pub sweep: Signal<In, Bit>,
    /// Address stage: address of the word.
    pub address: Signal<In, Bits<24>>,
    /// Address stage: the word is the one that is finished in this cycle. A register makes the lanes' `take_last` of it, and so on.
    pub take_last: Signal<Out, Bit>,
    /// Address stage: the word is the one that is written in this cycle.
    pub take_older: Signal<Out, Bit>,
    /// Read stage: the word is the one that is finished in this cycle. Of a bank of a single word: a word is finished in the next
    /// cycle.
    pub forward_last: Signal<Out, Bit>,
    /// One cycle before the last settle stage: a word of this bank ends its step.
    pub settles: Signal<Out, Bit>,
    /// Write stage: a word is written.
    pub write_enable: Signal<Out, Bit>,
    /// Address of that word.
    pub write_address: Signal<Out, Bits<24>>,
    reading: DFF<Bit>,
    read_sweep: DFF<Bit>,
    read_address: DFF<Bits<24>>,
    computing: DFF<Bit>,
    compute_sweep: DFF<Bit>,
    compute_address: DFF<Bits<24>>,
    /// Whether the word in the last settle stage is one of this bank, and its address.
    settle_sweep: Delay<Bit>,
    settle_address: Delay<Bits<24>>,
    sweep_ahead: Delay<Bit>,
    /// Whether the lanes' results of this cycle are those of a word, and of which.
    closing: Signal<Local, Bit>,
    closing_address: Signal<Local, Bits<24>>,
    writing: DFF<Bit>,
    written: DFF<Bits<24>>,
    is_single: Constant<Bit>,
}

impl Hazard {
    /// Builds the unit of a bank of an engine with `stages` settle stages.
    #[must_use]
    pub fn new(stages: usize, is_single: bool) -> Self {
        with_defaults! {
            Self {
                settle_sweep: Delay::new(stages),
                settle_address: Delay::new(stages),
                sweep_ahead: Delay::new(stages),
                is_single: Constant::new(is_single),
            }
            clock, issue, sweep, address, take_last, take_older, forward_last, settles, write_enable, write_address, reading,
            read_sweep, read_address, computing, compute_sweep, compute_address, closing, closing_address, writing, written,
        }
    }
}

impl Logic for Hazard {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            reading,
            read_sweep,
            read_address,
            computing,
            compute_sweep,
            compute_address,
            writing,
            written
        );
        clock!(self, clock, settle_sweep, settle_address, sweep_ahead);
        // The word that is finished in this cycle: a spike's in the compute stage, or a sweep's in its last settle stage. Both
        // are never there at once, since the walker waits behind a sweep.
        self.settle_sweep.now.next = self.computing.q.val() && self.compute_sweep.q.val();
        self.settle_address.now.next = self.compute_address.q.val();
        self.closing.next =
            self.settle_sweep.late.val() || (self.computing.q.val() && !self.compute_sweep.q.val());
        self.closing_address.next = self.compute_address.q.val();
        if self.settle_sweep.late.val() {
            self.closing_address.next = self.settle_address.late.val();
        }
        // Address. The word two cycles ahead, or settle stages more if a sweep ends, is finished in this cycle, and its result is
        // there when this word is read. The word three cycles ahead is written in this cycle.
        self.reading.d.next = self.issue.val();
        self.read_sweep.d.next = self.sweep.val();
        self.read_address.d.next = self.address.val();
        self.take_last.next = self.closing.val() && (self.closing_address.val() == self.address.val());
        self.take_older.next = self.writing.q.val() && (self.written.q.val() == self.address.val());
        // Read.
        self.computing.d.next = self.reading.q.val();
        self.compute_sweep.d.next = self.read_sweep.q.val();
        self.compute_address.d.next = self.read_address.q.val();
        self.forward_last.next =
            self.closing.val() && (self.closing_address.val() == self.read_address.q.val());
        self.sweep_ahead.now.next = self.reading.q.val() && self.read_sweep.q.val();
        self.settles.next = self.sweep_ahead.late.val();
        if self.is_single.val() {
            self.take_last.next = false;
            self.take_older.next = false;
            self.forward_last.next =
                self.sweep_ahead.late.val() || (self.reading.q.val() && !self.read_sweep.q.val());
        }
        // Compute, settle and write.
        self.writing.d.next = self.closing.val();
        self.written.d.next = self.closing_address.val();
        self.write_enable.next = self.writing.q.val();
        self.write_address.next = self.written.q.val();
    }
}
