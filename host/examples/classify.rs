//! Classifies a spike train on a device in memory, which takes the place of a board.
//!
//! ```text
//! cargo run -p synfire --no-default-features --example classify
//! ```
//!
//! To use a board, replace the transport by `SerialTransport::open("/dev/ttyUSB1", 1_000_000)?`, and load the memories
//! of the board's design.

use synfire::protocol::{InferenceResult, MemoryImage, ModelImage};
use synfire::testing::{SoftDevice, SoftLink};
use synfire::{ConnectOptions, Device};

/// Connects to the device, loads a model, and runs one inference.
pub(crate) fn classify() -> synfire::Result<InferenceResult> {
    let transport = SoftLink::new(SoftDevice::new(64, 10));
    let mut device = Device::connect(transport, ConnectOptions::default())?;

    // A model consists of the contents of the weight memories, and of a hash that identifies it from then on.
    let weights = MemoryImage {
        memory: 0,
        word_bytes: 3,
        bytes: (1..=90).collect(),
    };
    device.load(ModelImage {
        hash: [0x5F; 16],
        memories: vec![weights],
    })?;

    // An inference takes time steps; each step is the list of inputs that spike in it, in ascending order.
    let steps = (0..16).map(|step| Vec::from_iter((step % 5..64_u32).step_by(5)));
    device.infer(steps)
}

pub(crate) fn main() -> synfire::Result<()> {
    let result = classify()?;
    println!("class {} after {} steps", result.class(), result.steps);
    println!("potentials {:?}", result.potentials);
    Ok(())
}
