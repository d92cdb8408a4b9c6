//! Errors of the link library.

mod peer;

pub(crate) use peer::PSEUDO_TERMINALS;
pub use peer::Peer;

use crate::protocol::{Opcode, Status};
use std::{fmt, io, path::Path, time::Duration};

/// An error of the link between the host and a device.
///
/// Every message names the object, what was found, what was wanted, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The serial port does not exist.
    #[error("serial port {path} does not exist; {}", found_ports(.path, .found))]
    PortNotFound {
        /// Path of the port.
        path: String,
        /// Paths of the ports that this machine has.
        found: Vec<String>,
    },

    /// Another program has the serial port open.
    #[error(
        "serial port {path} is in use; close the program that has it open, such as a terminal or another synfire \
         (`fuser {path}` shows which)"
    )]
    PortBusy {
        /// Path of the port.
        path: String,
    },

    /// The user may not open the serial port.
    #[error(
        "no permission to open serial port {path}; join its group (on most systems \
         `sudo usermod -aG dialout $USER`), then log in again"
    )]
    PortPermission {
        /// Path of the port.
        path: String,
    },

    /// The serial port cannot be opened for another reason.
    #[error("cannot open serial port {path} at {baud} baud: {source}; check the path and the baud rate")]
    PortOpen {
        /// Path of the port.
        path: String,
        /// Baud rate that was requested.
        baud: u32,
        /// Error of the operating system.
        source: io::Error,
    },

    /// The transport broke while it was in use.
    #[error("lost the connection to {name}: {source}; {}", peer.remedy())]
    Disconnected {
        /// Path of the port, or name of another transport.
        name: String,
        /// What was at the other end.
        peer: Peer,
        /// Error of the operating system.
        source: io::Error,
    },

    /// A request got no response in any attempt.
    #[error(
        "no response to {command} in {} within {} ms ({bytes} bytes and {bad} bad frames received{}); {}",
        tries(*.attempts), .waited.as_millis(), lost(*.gaps), line_remedy(*.bytes)
    )]
    NoResponse {
        /// Opcode of the request.
        command: Opcode,
        /// How often the request was tried.
        attempts: u32,
        /// Measured time from the last progress until the host gave up.
        waited: Duration,
        /// How many responses in this time showed that a request before them was lost.
        gaps: u32,
        /// Number of bytes received while waiting.
        bytes: u64,
        /// Number of damaged or invalid frames received while waiting.
        bad: u64,
    },

    /// The device refused a request that should be valid.
    #[error(
        "the device refused {command}: {status}; the build on the board does not match this version of synfire: flash \
         a build that this version made"
    )]
    Rejected {
        /// Opcode of the request.
        command: Opcode,
        /// Status in the response.
        status: Status,
    },

    /// The accelerator did not finish before the device's watchdog expired.
    #[error(
        "the accelerator was still not ready for {command} after {} ms, in {}; switch the board off and on, or flash it \
         again",
        .waited.as_millis(), tries(*.attempts)
    )]
    NotReady {
        /// Opcode of the request that waited for the accelerator.
        command: Opcode,
        /// How often the request was answered so.
        attempts: u32,
        /// Measured time for which the host asked.
        waited: Duration,
    },

    /// The device speaks another version of the protocol.
    #[error(
        "the device speaks protocol version {found}, but this synfire speaks version {wanted}; flash a build that this \
         synfire made"
    )]
    ProtocolVersion {
        /// Version of the device.
        found: u8,
        /// Version of this library.
        wanted: u8,
    },

    /// The board holds another design.
    #[error(
        "the board holds design {}, wanted {}; flash the wanted build, or pass the build that is on the board",
        Hex(.found), Hex(.wanted)
    )]
    DesignMismatch {
        /// Hash of the design on the board.
        found: [u8; 16],
        /// Hash of the wanted design.
        wanted: [u8; 16],
    },

    /// The board holds another model.
    #[error(
        "the board holds model {}, wanted {}; flash the wanted build, or pass the build that is on the board",
        Hex(.found), Hex(.wanted)
    )]
    ModelMismatch {
        /// Hash of the model on the board.
        found: [u8; 16],
        /// Hash of the wanted model.
        wanted: [u8; 16],
    },

    /// A field of the device's identity is not valid.
    #[error("the device reports {field} = {found}, but needs at least {wanted}; flash a valid build")]
    BadIdentity {
        /// Name of the field.
        field: &'static str,
        /// Value of the field.
        found: u32,
        /// Smallest valid value.
        wanted: u32,
    },

    /// A number in the device's identity is not that of the wanted design.
    #[error(
        "the board reports {field} = {found}, but the design that it names has {wanted}; flash the wanted build again"
    )]
    IdentityMismatch {
        /// Name of the field.
        field: &'static str,
        /// Value that the board reports; a flag is 0 or 1.
        found: u32,
        /// Value of the wanted design.
        wanted: u32,
    },

    /// The payload of a response has the wrong length.
    #[error(
        "the response to {command} has {found} bytes of payload, wanted {wanted}; the build on the board does not match \
         this version of synfire: flash a build that this version made"
    )]
    MalformedResponse {
        /// Opcode of the request.
        command: Opcode,
        /// Length of the payload in bytes.
        found: usize,
        /// Length that the payload should have.
        wanted: usize,
    },

    /// The device expects a write that is not part of the run, for instance after a reset.
    #[error(
        "the device expects write {expected}, wanted {low} to {high}: it was reset, or another program used it; check \
         its power supply and cable"
    )]
    OutOfStep {
        /// Sequence number of the write that the device expects.
        expected: u16,
        /// Sequence number of the first write that the device may not have executed.
        low: u16,
        /// Sequence number of the first write that was not sent.
        high: u16,
    },

    /// The device did not complete as many time steps as were sent.
    #[error(
        "the device completed {found} time steps, but {wanted} were sent: it was reset during the inference; check its \
         power supply"
    )]
    StepsMismatch {
        /// Number of steps completed.
        found: u32,
        /// Number of steps sent.
        wanted: u32,
    },

    /// Every attempt of an inference failed.
    #[error("inference failed in {}, each after a new start; the last error: {last}", tries(*.attempts))]
    InferenceFailed {
        /// Number of attempts.
        attempts: u32,
        /// Error of the last attempt.
        #[source]
        last: Box<Error>,
    },

    /// The address of a spike is not an input.
    #[error(
        "step {step}: address {address} is not one of the {inputs} inputs (0 to {}); encode the spikes for this network",
        .inputs.saturating_sub(1)
    )]
    AddressOutOfRange {
        /// Time step, counted from 0.
        step: u32,
        /// Address of the spike.
        address: u32,
        /// Number of inputs of the network.
        inputs: u32,
    },

    /// The addresses of a step are not in strictly ascending order.
    #[error(
        "step {step}: address {address} follows {previous}; sort the addresses of each step and remove duplicates"
    )]
    AddressesUnsorted {
        /// Time step, counted from 0.
        step: u32,
        /// Address of the previous spike.
        previous: u32,
        /// Address of the spike.
        address: u32,
    },

    /// The receive slots of the device are too small for its inputs.
    #[error(
        "receive slots of {found} bytes cannot hold a spike of {inputs} inputs, which takes {wanted} bytes; build with \
         larger slots"
    )]
    SlotTooSmall {
        /// Number of inputs of the network.
        inputs: u32,
        /// Size of a slot in bytes.
        found: u16,
        /// Size that a slot needs, in bytes.
        wanted: usize,
    },

    /// A spike is negative, but the network's inputs are unsigned.
    #[error(
        "step {step}: input {address} has a negative spike, but the network's inputs are unsigned; encode the spikes for \
         this network"
    )]
    NegativeSpike {
        /// Time step, counted from 0.
        step: u32,
        /// Address of the spike.
        address: u32,
    },

    /// An event has a value that the network's inputs cannot have.
    #[error(
        "step {step}: input {address} has an event of value {value}, but the network's inputs have magnitudes of 1 to {largest}; \
         encode the events for this network"
    )]
    SpikeValue {
        /// Time step, counted from 0.
        step: u32,
        /// Address of the event.
        address: u32,
        /// Value of the event.
        value: i16,
        /// Largest magnitude.
        largest: u16,
    },

    /// The number of an image's pixels differs from the network's number of inputs.
    #[error(
        "the image has {found} pixels, but the network has {wanted} inputs; pass an image of the network's shape"
    )]
    ImageSize {
        /// Number of pixels of the image.
        found: usize,
        /// Number of inputs of the network.
        wanted: u32,
    },

    /// The seed of an image is 0, with which the board's generator draws no spikes.
    #[error("the seed of the image is 0, which draws no spikes; pass another seed")]
    ZeroSeed,

    /// The design on the board lacks a feature.
    #[error("the design on the board has no {what}; flash a build with this feature, or do not use it")]
    Missing {
        /// Name of the feature.
        what: &'static str,
    },

    /// A receive slot cannot hold a word of a memory.
    #[error(
        "receive slots of {found} bytes cannot hold a word of memory {memory}, which takes {wanted} bytes; build with \
         larger slots, or with fewer lanes"
    )]
    WordTooLarge {
        /// Number of the memory.
        memory: u8,
        /// Size of a slot in bytes.
        found: u16,
        /// Size that a slot needs, in bytes.
        wanted: usize,
    },

    /// The contents are too long for any memory, or do not divide into whole words.
    #[error(
        "memory {memory} takes at most 2^24 whole words of {word_bytes} bytes, but {bytes} bytes were given; generate \
         its contents from the model again"
    )]
    MemoryTooLarge {
        /// Number of the memory.
        memory: u8,
        /// Number of bytes given.
        bytes: usize,
        /// Bytes of a word.
        word_bytes: usize,
    },

    /// The program stopped the work.
    #[error("the work was stopped before it was done; start it again")]
    Stopped,

    /// An inference needs more frames than there are sequence numbers.
    #[error(
        "the inference takes {found} frames, but at most {wanted} are possible; use fewer time steps or larger slots"
    )]
    TooManyFrames {
        /// Number of frames of the inference.
        found: usize,
        /// Largest possible number of frames.
        wanted: usize,
    },
}

impl Error {
    /// Whether a new start may help, since the device or the line failed and not the request.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Disconnected { .. }
                | Self::NoResponse { .. }
                | Self::NotReady { .. }
                | Self::OutOfStep { .. }
                | Self::StepsMismatch { .. }
        )
    }
}

/// Result of the functions of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Number of attempts as text.
fn tries(attempts: u32) -> String {
    match attempts {
        1 => "1 attempt".into(),
        _ => format!("{attempts} attempts"),
    }
}

/// Requests that the device reported as lost, as text.
fn lost(gaps: u32) -> String {
    match gaps {
        0 => String::new(),
        _ => format!(", and {gaps} responses that a request was lost"),
    }
}

/// What to do about a line without responses.
const fn line_remedy(bytes: u64) -> &'static str {
    if bytes == 0 {
        "check the port, the baud rate, and that the board is configured"
    } else {
        "check the baud rate and the cable: the line damages frames"
    }
}

fn found_ports(path: &str, found: &[String]) -> String {
    if Path::new(path).starts_with(PSEUDO_TERMINALS) {
        "start a virtual board with `synfire board`, and use the port that it prints".to_owned()
    } else if found.is_empty() {
        "no serial port was found: plug the board in".to_owned()
    } else {
        format!("use one of {}", found.join(", "))
    }
}

/// Displays bytes as hexadecimal digits.
struct Hex<'a>(&'a [u8; 16]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests;
