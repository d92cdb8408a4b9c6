//! A device in memory and an unreliable line, for tests of this crate and of programs that use it.
//!
//! [`SoftDevice`] implements the device's side of `docs/protocol.md`, independently of the host's side. [`Faulty`] wraps
//! any transport and drops, damages, repeats and delays frames according to a [`FaultPlan`].

mod accelerator;
pub mod chunks;
mod fault_plan;
mod faulty;
mod random;
mod soft_device;
mod soft_link;
mod soft_memories;

pub use accelerator::ToyAccelerator;
pub use fault_plan::{Direction, Fault, FaultPlan, FaultRates, Script, bit_errors};
pub use faulty::Faulty;
pub use random::Random;
pub use soft_device::SoftDevice;
pub use soft_link::{SoftLink, serve};
