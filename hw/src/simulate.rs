//! Simulation of a circuit, cycle by cycle, in the calling thread.
//!
//! rust-hdl's own `Simulation` passes the circuit from thread to thread at every clock edge. Driving the circuit directly is
//! faster and cannot hang.

use rust_hdl::core::check_error::CheckError;
use rust_hdl::prelude::{Block, Clock, In, Signal, check_all};

/// Rounds of updates after which a circuit without combinational loops has settled.
const MAX_ROUNDS: usize = 200;

/// Circuit whose clock the caller drives.
#[derive(Debug)]
pub struct Simulation<B> {
    circuit: B,
    cycles: u64,
    clock: fn(&mut B) -> &mut Signal<In, Clock>,
}

impl<B: Block> Simulation<B> {
    /// Connects and checks a circuit, and settles it with its clock low; `clock` returns its clock port.
    ///
    /// # Errors
    /// The faults that rust-hdl finds in the circuit: open signals, logic loops, driven inputs.
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

    /// Gives access to the circuit: set inputs by `port.next`, read outputs by `port.val()` after [`Simulation::settle`].
    pub const fn circuit(&mut self) -> &mut B {
        &mut self.circuit
    }

    /// Cycles that have passed.
    #[must_use]
    pub const fn cycles(&self) -> u64 {
        self.cycles
    }

    /// Propagates inputs to outputs within a cycle.
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

    /// Runs one cycle, a rising and a falling edge of the clock. The rising edge sees the inputs that were set before.
    pub fn tick(&mut self) {
        self.settle();
        (self.clock)(&mut self.circuit).next = true.into();
        self.settle();
        (self.clock)(&mut self.circuit).next = false.into();
        self.settle();
        self.cycles += 1;
    }
}
