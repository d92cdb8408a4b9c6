//! Runs a circuit clock by clock from the calling thread.
//!
//! rust-hdl's own `Simulation` hands the circuit from thread to thread at every edge; driving it directly is
//! faster and cannot hang.

use rust_hdl::core::check_error::CheckError;
use rust_hdl::prelude::{Block, Clock, In, Signal, check_all};

/// Updates until nothing changes take at most this many rounds in a circuit without combinational loops.
const MAX_ROUNDS: usize = 200;

/// A circuit that is clocked by hand.
#[derive(Debug)]
pub struct Simulation<B> {
    circuit: B,
    cycles: u64,
    clock: fn(&mut B) -> &mut Signal<In, Clock>,
}

impl<B: Block> Simulation<B> {
    /// Connects and checks a circuit, and settles it with its clock low; `clock` finds its clock port.
    ///
    /// # Errors
    /// What rust-hdl finds wrong with the circuit: open signals, logic loops, driven inputs.
    pub fn new(mut circuit: B, clock: fn(&mut B) -> &mut Signal<In, Clock>) -> Result<Self, CheckError> {
        circuit.connect_all();
        check_all(&circuit)?;
        let mut simulation = Self {
            circuit,
            cycles: 0,
            clock,
        };
        simulation.settle();
        Ok(simulation)
    }

    /// The circuit: set inputs by `port.next`, read outputs by `port.val()` after [`Simulation::settle`].
    pub const fn circuit(&mut self) -> &mut B {
        &mut self.circuit
    }

    /// Clocks so far.
    #[must_use]
    pub const fn cycles(&self) -> u64 {
        self.cycles
    }

    /// Propagates inputs to outputs within a clock.
    ///
    /// # Panics
    /// If the circuit does not settle, which `check_all` excludes.
    pub fn settle(&mut self) {
        for _ in 0..MAX_ROUNDS {
            self.circuit.update_all();
            if !self.circuit.has_changed() {
                return;
            }
        }
        panic!("circuit did not settle in {MAX_ROUNDS} rounds");
    }

    /// One clock: a rising and a falling edge. Inputs set before it are what its rising edge sees.
    pub fn tick(&mut self) {
        self.settle();
        (self.clock)(&mut self.circuit).next = true.into();
        self.settle();
        (self.clock)(&mut self.circuit).next = false.into();
        self.settle();
        self.cycles += 1;
    }
}
