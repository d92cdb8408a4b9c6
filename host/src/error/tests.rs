use super::*;

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "Broken pipe")
}

fn path() -> String {
    "/dev/ttyUSB9".to_owned()
}

/// Asserts that an error has exactly this message, which is given in pieces.
#[track_caller]
fn says(error: &Error, message: &[&str]) {
    assert_eq!(error.to_string(), message.concat());
}

#[test]
fn messages_about_ports() {
    let found = vec!["/dev/ttyUSB0".to_owned(), "/dev/ttyUSB1".to_owned()];
    says(
        &Error::PortNotFound { path: path(), found },
        &["serial port /dev/ttyUSB9 does not exist; use one of /dev/ttyUSB0, /dev/ttyUSB1"],
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
            "serial port /dev/ttyUSB9 is in use; close the program that has it open, ",
            "such as a terminal or another synfire (`fuser /dev/ttyUSB9` shows which)",
        ],
    );
    says(
        &Error::PortPermission { path: path() },
        &[
            "no permission to open serial port /dev/ttyUSB9; join its group ",
            "(on most systems `sudo usermod -aG dialout $USER`), then log in again",
        ],
    );
    says(
        &Error::PortOpen {
            path: path(),
            baud: 9600,
            source: broken(),
        },
        &["cannot open serial port /dev/ttyUSB9 at 9600 baud: Broken pipe; check the path and the baud rate"],
    );
    says(
        &Error::Disconnected {
            name: path(),
            peer: Peer::Board,
            source: broken(),
        },
        &[
            "lost the connection to /dev/ttyUSB9: Broken pipe; ",
            "plug the board in again, or check that it has power",
        ],
    );
    says(
        &Error::Disconnected {
            name: "/tmp/board".to_owned(),
            peer: Peer::VirtualBoard,
            source: broken(),
        },
        &[
            "lost the connection to /tmp/board: Broken pipe; the virtual board behind it has ended: ",
            "start it again with `synfire board`, whose output says why it ended",
        ],
    );
    says(
        &Error::PortNotFound {
            path: "/dev/pts/99".to_owned(),
            found: vec![],
        },
        &[
            "serial port /dev/pts/99 does not exist; ",
            "start a virtual board with `synfire board`, and use the port that it prints",
        ],
    );
}

#[test]
fn messages_about_answers() {
    let waited = Duration::from_millis(1004);
    says(
        &Error::NoResponse {
            command: Opcode::Identify,
            attempts: 5,
            waited,
            gaps: 0,
            bytes: 0,
            bad: 0,
        },
        &[
            "no response to IDENTIFY in 5 attempts within 1004 ms (0 bytes and 0 bad frames received); ",
            "check the port, the baud rate, and that the board is configured",
        ],
    );
    says(
        &Error::NoResponse {
            command: Opcode::Load,
            attempts: 5,
            waited,
            gaps: 4,
            bytes: 88,
            bad: 2,
        },
        &[
            "no response to LOAD in 5 attempts within 1004 ms ",
            "(88 bytes and 2 bad frames received, and 4 responses that a request was lost); ",
            "check the baud rate and the cable: the line damages frames",
        ],
    );
    says(
        &Error::Rejected {
            command: Opcode::Spikes,
            status: Status::MalformedPayload,
        },
        &[
            "the device refused SPIKES: malformed payload; the build on the board does not match ",
            "this version of synfire: flash a build that this version made",
        ],
    );
    says(
        &Error::NotReady {
            command: Opcode::Result,
            attempts: 5,
            waited,
        },
        &[
            "the accelerator was still not ready for RESULT after 1004 ms, in 5 attempts; ",
            "switch the board off and on, or flash it again",
        ],
    );
    says(
        &Error::MalformedResponse {
            command: Opcode::Counters,
            found: 7,
            wanted: 32,
        },
        &[
            "the response to COUNTERS has 7 bytes of payload, wanted 32; the build on the board does not match ",
            "this version of synfire: flash a build that this version made",
        ],
    );
    says(
        &Error::OutOfStep {
            expected: 0,
            low: 10,
            high: 12,
        },
        &[
            "the device expects write 0, wanted 10 to 12: it was reset, or another program used it; ",
            "check its power supply and cable",
        ],
    );
    let last = Box::new(Error::StepsMismatch { found: 3, wanted: 10 });
    says(
        &Error::InferenceFailed { attempts: 5, last },
        &[
            "inference failed in 5 attempts, each after a new start; the last error: ",
            "the device completed 3 time steps, but 10 were sent: it was reset during the inference; ",
            "check its power supply",
        ],
    );
}

#[test]
fn messages_about_boards() {
    let (low, high) = ([0x0F; 16], [0xA0; 16]);
    says(
        &Error::ProtocolVersion { found: 2, wanted: 1 },
        &[
            "the device speaks protocol version 2, but this synfire speaks version 1; ",
            "flash a build that this synfire made",
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
        &["the device reports slots = 0, but needs at least 1; flash a valid build"],
    );
    says(
        &Error::IdentityMismatch {
            field: "classes",
            found: 65_535,
            wanted: 10,
        },
        &[
            "the board reports classes = 65535, but the design that it names has 10; ",
            "flash the wanted build again",
        ],
    );
    says(
        &Error::SlotTooSmall {
            inputs: 2000,
            found: 17,
            wanted: 18,
        },
        &[
            "receive slots of 17 bytes cannot hold a spike of 2000 inputs, which takes 18 bytes; ",
            "build with larger slots",
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
        &["step 4: address 784 is not one of the 784 inputs (0 to 783); encode the spikes for this network"],
    );
    says(
        &Error::AddressesUnsorted {
            step: 4,
            previous: 9,
            address: 8,
        },
        &["step 4: address 8 follows 9; sort the addresses of each step and remove duplicates"],
    );
    says(
        &Error::TooManyFrames {
            found: 70_000,
            wanted: 65_532,
        },
        &[
            "the inference takes 70000 frames, but at most 65532 are possible; ",
            "use fewer time steps or larger slots",
        ],
    );
}
