//! A device in memory, and a line that fails: for tests of this crate and of whatever is built on it.
//!
//! [`SoftDevice`] keeps to the letter of `docs/protocol.md`, written independently of the host's half of the
//! protocol. [`Faulty`] wraps any transport and drops, damages, repeats and delays frames as a [`FaultPlan`]
//! tells it to.

mod accelerator;
pub mod chunks;
mod faulty;
mod random;
mod soft_device;
mod soft_link;
mod soft_memories;

pub use accelerator::ToyAccelerator;
pub use faulty::{Direction, Fault, FaultPlan, FaultRates, Faulty, Script};
pub use random::Random;
pub use soft_device::SoftDevice;
pub use soft_link::{SoftLink, serve};
