//! Errors of the link library.

use crate::protocol::{Opcode, Status};
use std::{fmt, io, time::Duration};

/// What can go wrong between the host and a device.
///
/// Every message names the thing, what was found, what was wanted, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such serial port.
    #[error("serial port {path} does not exist; {}", found_ports(.found))]
    PortNotFound {
        /// The port asked for.
        path: String,
        /// Ports of this machine.
        found: Vec<String>,
    },

    /// Another program has the serial port open.
    #[error(
        "serial port {path} is in use: close the program that has it open, such as a terminal or another \
         synfire (`fuser {path}` names it)"
    )]
    PortBusy {
        /// The port asked for.
        path: String,
    },

    /// The user may not open the serial port.
    #[error(
        "no permission to open serial port {path}: join its group (on most systems \
         `sudo usermod -aG dialout $USER`), then log in again"
    )]
    PortPermission {
        /// The port asked for.
        path: String,
    },

    /// The serial port cannot be opened for another reason.
    #[error("cannot open serial port {path} at {baud} baud: {source}; check the path and the baud rate")]
    PortOpen {
        /// The port asked for.
        path: String,
        /// The baud rate asked for.
        baud: u32,
        /// What the system said.
        source: io::Error,
    },

    /// The transport broke while it was in use.
    #[error("connection to {name} lost: {source}; plug the board in again, or check that it has power")]
    Disconnected {
        /// The port, or what else the bytes went through.
        name: String,
        /// What the system said.
        source: io::Error,
    },

    /// A request got no response, however often it was sent.
    #[error(
        "no answer to {command}: sent {attempts} times, waited {} ms each ({bytes} bytes came in, {bad} bad \
         frames); check port, baud rate and that the board is configured",
        .waited.as_millis()
    )]
    NoResponse {
        /// The request.
        command: Opcode,
        /// How often it was sent.
        attempts: u32,
        /// How long each wait was.
        waited: Duration,
        /// Bytes received meanwhile.
        bytes: u64,
        /// Frames received meanwhile that were damaged or made no sense.
        bad: u64,
    },

    /// The device refused a request that this library believes to be right.
    #[error(
        "the device refused {command}: {status}; the build on the board and this synfire do not agree, flash \
         a build of this version"
    )]
    Rejected {
        /// The request.
        command: Opcode,
        /// The refusal.
        status: Status,
    },

    /// The accelerator did not finish in the time that the device's watchdog allows.
    #[error(
        "the accelerator was not ready for {command} within its watchdog time, {attempts} times in a row; \
         power the board off and on, or flash it again"
    )]
    NotReady {
        /// The request that waited for it.
        command: Opcode,
        /// How often it was tried.
        attempts: u32,
    },

    /// The device speaks another version of the protocol.
    #[error(
        "the device speaks protocol version {found}, this synfire version {wanted}; flash a build made by this \
         synfire"
    )]
    ProtocolVersion {
        /// Version of the device.
        found: u8,
        /// Version of this library.
        wanted: u8,
    },

    /// Another design is on the board.
    #[error(
        "the board holds design {}, wanted {}; flash the wanted build, or pass the build that is on the board",
        Hex(.found), Hex(.wanted)
    )]
    DesignMismatch {
        /// Hash of the design on the board.
        found: [u8; 16],
        /// Hash of the design wanted.
        wanted: [u8; 16],
    },

    /// Another model is on the board.
    #[error(
        "the board holds model {}, wanted {}; flash the wanted build, or pass the build that is on the board",
        Hex(.found), Hex(.wanted)
    )]
    ModelMismatch {
        /// Hash of the model on the board.
        found: [u8; 16],
        /// Hash of the model wanted.
        wanted: [u8; 16],
    },

    /// A field of the device's identity makes no sense.
    #[error("the device reports {field} = {found}, at least {wanted} is needed; flash a sound build")]
    BadIdentity {
        /// The field.
        field: &'static str,
        /// Its value.
        found: u32,
        /// The least it must be.
        wanted: u32,
    },

    /// The payload of a response has the wrong length.
    #[error(
        "the answer to {command} has {found} bytes of payload, wanted {wanted}; the build on the board and \
         this synfire do not agree, flash a build of this version"
    )]
    MalformedResponse {
        /// The request.
        command: Opcode,
        /// Bytes found.
        found: usize,
        /// Bytes wanted.
        wanted: usize,
    },

    /// The device lost its place in the sequence, as a reset makes it.
    #[error(
        "the device expects write {expected}, wanted {low} to {high}: it was reset or spoken to by another \
         program; check its power supply and cable"
    )]
    OutOfStep {
        /// What the device expects.
        expected: u16,
        /// First write that it may not have executed.
        low: u16,
        /// First write not sent.
        high: u16,
    },

    /// The device completed another number of time steps than were sent.
    #[error(
        "the device completed {found} time steps, {wanted} were sent: it was reset in between; check its \
         power supply"
    )]
    StepsMismatch {
        /// Steps completed.
        found: u32,
        /// Steps sent.
        wanted: u32,
    },

    /// An inference failed again and again.
    #[error("inference failed {attempts} times, each from a fresh start; the last time: {last}")]
    InferenceFailed {
        /// How often it was tried.
        attempts: u32,
        /// Why the last attempt failed.
        #[source]
        last: Box<Error>,
    },

    /// A spike's address is not an input.
    #[error(
        "step {step}: address {address} is not one of the {inputs} inputs (0 to {}); encode for this network",
        .inputs.saturating_sub(1)
    )]
    AddressOutOfRange {
        /// Time step, counted from 0.
        step: u32,
        /// The address.
        address: u32,
        /// Inputs of the network.
        inputs: u32,
    },

    /// The addresses of a step are not in strictly ascending order.
    #[error(
        "step {step}: address {address} follows {previous}; sort the addresses of a step and remove duplicates"
    )]
    AddressesUnsorted {
        /// Time step, counted from 0.
        step: u32,
        /// The address before.
        previous: u32,
        /// The address.
        address: u32,
    },

    /// The receive slots of the device are too small for its own inputs.
    #[error(
        "receive slots of {found} bytes cannot hold a spike of {inputs} inputs, wanted {wanted}; build with \
         larger slots"
    )]
    SlotTooSmall {
        /// Inputs of the network.
        inputs: u32,
        /// Bytes of a slot.
        found: u16,
        /// Bytes needed.
        wanted: usize,
    },

    /// A spike of −1 for a network without such.
    #[error(
        "step {step}: input {address} spikes with -1, but the network's inputs are unsigned; encode for this network"
    )]
    NegativeSpike {
        /// Time step, counted from 0.
        step: u32,
        /// The input.
        address: u32,
    },

    /// An image has not as many pixels as the network has inputs.
    #[error(
        "the image has {found} pixels, the network {wanted} inputs; give an image of the network's input shape"
    )]
    ImageSize {
        /// Pixels of the image.
        found: usize,
        /// Inputs of the network.
        wanted: u32,
    },

    /// An image's generator would never leave its state.
    #[error("the image's seed is 0, which draws no spikes; give another")]
    ZeroSeed,

    /// The design on the board lacks something.
    #[error("the design on the board has no {what}; build one that has, or do without")]
    Missing {
        /// What it lacks.
        what: &'static str,
    },

    /// A slot cannot hold a word of a memory.
    #[error(
        "receive slots of {found} bytes cannot hold a word of memory {memory}, wanted {wanted}; build with larger \
         slots, or with fewer lanes"
    )]
    WordTooLarge {
        /// The memory's number.
        memory: u8,
        /// Bytes of a slot.
        found: u16,
        /// Bytes needed.
        wanted: usize,
    },

    /// Contents that no memory has.
    #[error(
        "memory {memory} takes 2^24 words of {word_bytes} bytes at most, and {bytes} bytes were given; make its \
         contents anew from the model"
    )]
    MemoryTooLarge {
        /// The memory's number.
        memory: u8,
        /// Bytes given.
        bytes: usize,
        /// Bytes of a word.
        word_bytes: usize,
    },

    /// One inference needs more frames than there are sequence numbers.
    #[error(
        "the inference takes {found} frames, at most {wanted} are possible; use fewer time steps or larger slots"
    )]
    TooManyFrames {
        /// Frames of the inference.
        found: usize,
        /// The most that can be numbered.
        wanted: usize,
    },
}

impl Error {
    /// Whether a fresh start may help: the device or the line failed, not the request.
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

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

fn found_ports(found: &[String]) -> String {
    if found.is_empty() {
        "no serial port was found: plug the board in".to_owned()
    } else {
        format!("found: {}", found.join(", "))
    }
}

/// Prints bytes as hexadecimal digits.
struct Hex<'a>(&'a [u8; 16]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken() -> io::Error {
        io::Error::new(io::ErrorKind::BrokenPipe, "Broken pipe")
    }

    fn path() -> String {
        "/dev/ttyUSB9".to_owned()
    }

    /// Asserts the exact text of a message, which is given in pieces.
    #[track_caller]
    fn says(error: &Error, message: &[&str]) {
        assert_eq!(error.to_string(), message.concat());
    }

    #[test]
    fn messages_about_ports() {
        let found = vec!["/dev/ttyUSB0".to_owned(), "/dev/ttyUSB1".to_owned()];
        says(
            &Error::PortNotFound { path: path(), found },
            &["serial port /dev/ttyUSB9 does not exist; found: /dev/ttyUSB0, /dev/ttyUSB1"],
        );
        says(
            &Error::PortNotFound {
                path: path(),
                found: vec![],
            },
            &["serial port /dev/ttyUSB9 does not exist; no serial port was found: plug the board in"],
        );
        says(
            &Error::PortBusy { path: path() },
            &[
                "serial port /dev/ttyUSB9 is in use: close the program that has it open, ",
                "such as a terminal or another synfire (`fuser /dev/ttyUSB9` names it)",
            ],
        );
        says(
            &Error::PortPermission { path: path() },
            &[
                "no permission to open serial port /dev/ttyUSB9: join its group ",
                "(on most systems `sudo usermod -aG dialout $USER`), then log in again",
            ],
        );
        says(
            &Error::PortOpen {
                path: path(),
                baud: 9600,
                source: broken(),
            },
            &[
                "cannot open serial port /dev/ttyUSB9 at 9600 baud: Broken pipe; check the path and the baud rate",
            ],
        );
        says(
            &Error::Disconnected {
                name: path(),
                source: broken(),
            },
            &[
                "connection to /dev/ttyUSB9 lost: Broken pipe; ",
                "plug the board in again, or check that it has power",
            ],
        );
    }

    #[test]
    fn messages_about_answers() {
        let waited = Duration::from_millis(200);
        says(
            &Error::NoResponse {
                command: Opcode::Identify,
                attempts: 5,
                waited,
                bytes: 17,
                bad: 2,
            },
            &[
                "no answer to IDENTIFY: sent 5 times, waited 200 ms each (17 bytes came in, 2 bad frames); ",
                "check port, baud rate and that the board is configured",
            ],
        );
        says(
            &Error::Rejected {
                command: Opcode::Spikes,
                status: Status::MalformedPayload,
            },
            &[
                "the device refused SPIKES: malformed payload; ",
                "the build on the board and this synfire do not agree, flash a build of this version",
            ],
        );
        says(
            &Error::NotReady {
                command: Opcode::Result,
                attempts: 5,
            },
            &[
                "the accelerator was not ready for RESULT within its watchdog time, 5 times in a row; ",
                "power the board off and on, or flash it again",
            ],
        );
        says(
            &Error::MalformedResponse {
                command: Opcode::Counters,
                found: 7,
                wanted: 32,
            },
            &[
                "the answer to COUNTERS has 7 bytes of payload, wanted 32; ",
                "the build on the board and this synfire do not agree, flash a build of this version",
            ],
        );
        says(
            &Error::OutOfStep {
                expected: 0,
                low: 10,
                high: 12,
            },
            &[
                "the device expects write 0, wanted 10 to 12: it was reset or spoken to by another program; ",
                "check its power supply and cable",
            ],
        );
        let last = Box::new(Error::StepsMismatch { found: 3, wanted: 10 });
        says(
            &Error::InferenceFailed { attempts: 5, last },
            &[
                "inference failed 5 times, each from a fresh start; the last time: ",
                "the device completed 3 time steps, 10 were sent: it was reset in between; check its power supply",
            ],
        );
    }

    #[test]
    fn messages_about_boards() {
        let (low, high) = ([0x0F; 16], [0xA0; 16]);
        says(
            &Error::ProtocolVersion { found: 2, wanted: 1 },
            &[
                "the device speaks protocol version 2, this synfire version 1; flash a build made by this synfire",
            ],
        );
        says(
            &Error::DesignMismatch {
                found: low,
                wanted: high,
            },
            &[
                "the board holds design 0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f, wanted a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0; ",
                "flash the wanted build, or pass the build that is on the board",
            ],
        );
        says(
            &Error::ModelMismatch {
                found: high,
                wanted: low,
            },
            &[
                "the board holds model a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0, wanted 0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f; ",
                "flash the wanted build, or pass the build that is on the board",
            ],
        );
        says(
            &Error::BadIdentity {
                field: "slots",
                found: 0,
                wanted: 1,
            },
            &["the device reports slots = 0, at least 1 is needed; flash a sound build"],
        );
        says(
            &Error::SlotTooSmall {
                inputs: 2000,
                found: 17,
                wanted: 18,
            },
            &[
                "receive slots of 17 bytes cannot hold a spike of 2000 inputs, wanted 18; build with larger slots",
            ],
        );
    }

    #[test]
    fn messages_about_spikes() {
        says(
            &Error::AddressOutOfRange {
                step: 4,
                address: 784,
                inputs: 784,
            },
            &["step 4: address 784 is not one of the 784 inputs (0 to 783); encode for this network"],
        );
        says(
            &Error::AddressesUnsorted {
                step: 4,
                previous: 9,
                address: 8,
            },
            &["step 4: address 8 follows 9; sort the addresses of a step and remove duplicates"],
        );
        says(
            &Error::TooManyFrames {
                found: 70_000,
                wanted: 65_532,
            },
            &[
                "the inference takes 70000 frames, at most 65532 are possible; ",
                "use fewer time steps or larger slots",
            ],
        );
    }
}
