//! The serial transport on pseudo-terminals, with a device in another thread behind them.
#![cfg(unix)]

use serialport::{SerialPort, TTYPort};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use synfire::error::Peer;
use synfire::testing::{SoftDevice, ToyAccelerator, serve};
use synfire::{ConnectOptions, Device, Error, Result, SerialTransport, Timeouts, Transport};

const INPUTS: u32 = 784;
const CLASSES: u16 = 10;
const BAUD: u32 = 1_000_000;

/// The board's side of a pseudo-terminal.
struct BoardEnd(TTYPort);

impl Transport for BoardEnd {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.write_all(bytes).map_err(|source| Error::Disconnected {
            name: "host".to_owned(),
            peer: Peer::Program,
            source,
        })
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
        let left = deadline.saturating_duration_since(Instant::now());
        self.0.set_timeout(left).expect("a timeout is only noted");
        match self.0.read(buffer) {
            Err(error) if error.kind() == ErrorKind::TimedOut => Ok(0),
            other => other.map_err(|source| Error::Disconnected {
                name: "host".to_owned(),
                peer: Peer::Program,
                source,
            }),
        }
    }
}

/// A board: a thread that serves a device on a pseudo-terminal, until it is unplugged.
struct Board {
    path: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Board {
    fn plug_in() -> Self {
        let (board_end, host_end) = TTYPort::pair().expect("a pseudo-terminal");
        let path = host_end.name().expect("its path");
        let stop = Arc::new(AtomicBool::new(false));
        let seen = stop.clone();
        let thread = std::thread::spawn(move || {
            // The host's side stays open: otherwise, reading from the board's side would fail.
            let _host_end = host_end;
            serve(
                &mut SoftDevice::new(INPUTS, CLASSES),
                &mut BoardEnd(board_end),
                &seen,
            );
        });
        Self {
            path,
            stop,
            thread: Some(thread),
        }
    }

    fn unplug(self) {
        drop(self);
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the board does not panic");
        }
    }
}

/// A path that can point to one pseudo-terminal after another, like the path of an adapter that is plugged in again.
struct Socket(PathBuf);

impl Socket {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("synfire-{name}-{}", std::process::id())))
    }

    fn point_to(&self, board: &Board) {
        _ = std::fs::remove_file(&self.0);
        std::os::unix::fs::symlink(&board.path, &self.0).expect("a writable temporary folder");
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a path in UTF-8")
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        _ = std::fs::remove_file(&self.0);
    }
}

fn steps() -> Vec<Vec<u32>> {
    (0..20).map(|step| (step..INPUTS).step_by(7).collect()).collect()
}

#[test]
fn inferences_over_a_pseudo_terminal() {
    let board = Board::plug_in();
    let transport = SerialTransport::open(&board.path, BAUD).unwrap();
    let mut device = Device::connect(transport, ConnectOptions::default()).unwrap();
    device.ping().unwrap();
    let answer = ToyAccelerator::answer(CLASSES, &steps());
    for result in device.infer_many(vec![steps(); 20]) {
        assert_eq!(result.unwrap(), answer);
    }
    let counters = device.counters().unwrap();
    assert_eq!((counters.bad_frames, counters.dropped_frames), (0, 0));
}

#[test]
fn a_second_program_is_told_that_the_port_is_in_use() {
    let board = Board::plug_in();
    let _first = SerialTransport::open(&board.path, BAUD).unwrap();
    let error = SerialTransport::open(&board.path, BAUD).unwrap_err();
    assert!(matches!(error, Error::PortBusy { .. }), "{error}");
}

#[test]
fn a_closed_port_can_be_opened_again() {
    let board = Board::plug_in();
    for _ in 0..3 {
        let transport = SerialTransport::open(&board.path, BAUD).unwrap();
        let mut device = Device::connect(transport, ConnectOptions::default()).unwrap();
        assert_eq!(
            device.infer(steps()).unwrap(),
            ToyAccelerator::answer(CLASSES, &steps())
        );
    }
}

#[test]
fn what_is_no_port_is_refused() {
    let error = SerialTransport::open("/dev/synfire-is-not-here", BAUD).unwrap_err();
    assert!(matches!(error, Error::PortNotFound { .. }), "{error}");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let error = SerialTransport::open(file.to_str().unwrap(), BAUD).unwrap_err();
    assert!(matches!(error, Error::PortOpen { .. }), "{error}");
}

#[test]
fn silence_is_reported_with_what_was_tried() {
    let (_board_end, host_end) = TTYPort::pair().unwrap();
    let transport = SerialTransport::open(host_end.name().unwrap(), BAUD).unwrap();
    let timeouts = Timeouts {
        identify: Duration::from_millis(10),
        ..Timeouts::default()
    };
    let options = ConnectOptions {
        timeouts,
        ..ConnectOptions::default()
    };
    let start = Instant::now();
    let message = Device::connect(transport, options).unwrap_err().to_string();
    let elapsed = start.elapsed().as_millis();
    // As many rounds as an inference gets attempts, of five tries each.
    let (tries, rest) = message.split_once(" within ").expect("how long it took");
    assert_eq!(tries, "no response to IDENTIFY in 25 attempts");
    let (waited, rest) = rest.split_once(" ms ").expect("in milliseconds");
    let waited: u128 = waited.parse().expect("a number");
    assert!((250..=elapsed).contains(&waited), "{message} after {elapsed} ms");
    assert_eq!(
        rest,
        "(0 bytes and 0 bad frames received); check the port, the baud rate, and that the board is configured"
    );
}

#[test]
fn a_line_that_stays_silent_is_given_up_after_the_time_to_replug() {
    let (_board_end, host_end) = TTYPort::pair().unwrap();
    let transport = SerialTransport::open(host_end.name().unwrap(), BAUD).unwrap();
    let timeouts = Timeouts {
        identify: Duration::from_millis(10),
        replug: Duration::from_millis(60),
        ..Timeouts::default()
    };
    let options = ConnectOptions {
        timeouts,
        ..ConnectOptions::default()
    };
    let message = Device::connect(transport, options).unwrap_err().to_string();
    // A round takes 50 ms. A loaded machine may need only one.
    assert!(
        message.starts_with("no response to IDENTIFY in 10 attempts")
            || message.starts_with("no response to IDENTIFY in 5 attempts"),
        "{message}"
    );
}

#[test]
fn a_replugged_board_is_found_again_in_the_middle_of_a_row() {
    let socket = Socket::new("replug");
    let mut board = Board::plug_in();
    socket.point_to(&board);
    let transport = SerialTransport::open(socket.path(), BAUD).unwrap();
    let mut device = Device::connect(transport, ConnectOptions::default()).unwrap();
    let answer = ToyAccelerator::answer(CLASSES, &steps());
    for round in 0..3 {
        assert_eq!(device.infer(steps()).unwrap(), answer, "round {round}");
        board.unplug();
        board = Board::plug_in();
        socket.point_to(&board);
    }
    device.ping().unwrap();
    assert_eq!(device.statistics().resyncs, 2);
}

#[test]
fn a_board_that_stays_away_is_reported() {
    let socket = Socket::new("away");
    let board = Board::plug_in();
    socket.point_to(&board);
    let transport = SerialTransport::open(socket.path(), BAUD).unwrap();
    let timeouts = Timeouts {
        replug: Duration::from_millis(20),
        ..Timeouts::default()
    };
    let options = ConnectOptions {
        timeouts,
        attempts: 2,
        ..ConnectOptions::default()
    };
    let mut device = Device::connect(transport, options).unwrap();
    // The operating system removes the path when the adapter is unplugged, and uses its number for the next one.
    std::fs::remove_file(socket.path()).unwrap();
    board.unplug();
    let message = device.infer(steps()).unwrap_err().to_string();
    assert_eq!(
        message,
        format!(
            "inference failed in 2 attempts, each after a new start; the last error: lost the connection to {}: serial \
             port {0} does not exist; the virtual board behind it has ended: start it again with `synfire board`, whose \
             output says why it ended",
            socket.path()
        )
    );
}

#[test]
fn a_port_whose_name_is_no_text_is_opened_too() {
    use std::os::unix::ffi::OsStringExt;
    let board = Board::plug_in();
    let folder = std::env::temp_dir();
    let name = |name: &[u8]| [name, std::process::id().to_string().as_bytes()].concat();
    let port = folder.join(std::ffi::OsString::from_vec(name(b"synfire-\xFF\xFE")));
    std::os::unix::fs::symlink(&board.path, &port).expect("our own folder");
    let transport = SerialTransport::open(&port, BAUD).expect("opens");
    let mut device = Device::connect(transport, ConnectOptions::default()).expect("a sound device");
    let answer = ToyAccelerator::answer(CLASSES, &steps());
    assert_eq!(device.infer(steps()).expect("an answer"), answer);
    std::fs::remove_file(&port).expect("our own link");
    let missing = folder.join(std::ffi::OsString::from_vec(name(b"synfire-none-\xFF")));
    let error = SerialTransport::open(&missing, BAUD).expect_err("there is none");
    assert!(matches!(error, Error::PortNotFound { .. }), "{error}");
}

#[test]
fn a_reader_that_is_faster_does_not_block_the_transport() {
    let (mut board_end, host_end) = TTYPort::pair().expect("a pseudo-terminal");
    let path = host_end.name().expect("its path");
    let mut transport = SerialTransport::open(&path, BAUD).expect("opens");
    // Every byte wakes both readers, and the second one finds nothing.
    let mut thief = std::fs::File::open(&path).expect("opens, too");
    std::thread::spawn(move || {
        let mut buffer = [0; 64];
        while thief.read(&mut buffer).is_ok_and(|count| count > 0) {}
    });
    let (done, is_done) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 64];
        for _ in 0..300 {
            let deadline = Instant::now() + Duration::from_millis(4);
            while Instant::now() < deadline {
                transport.receive(&mut buffer, deadline).expect("a sound port");
            }
        }
        done.send(()).expect("somebody waits");
    });
    for _ in 0..600 {
        board_end.write_all(&[7]).expect("takes a byte");
        std::thread::sleep(Duration::from_millis(1));
    }
    is_done
        .recv_timeout(Duration::from_secs(60))
        .expect("no read blocks for ever once nothing is sent any more");
    drop(host_end);
}

#[test]
fn what_a_full_line_does_not_take_is_an_error_and_no_hang() {
    let (_board_end, host_end) = TTYPort::pair().expect("a pseudo-terminal");
    let mut transport = SerialTransport::open(host_end.name().expect("its path"), BAUD).expect("opens");
    // Nothing reads on the board's side.
    let error = transport.send(&vec![1; 1 << 20]).expect_err("a full line");
    assert!(matches!(error, Error::Disconnected { .. }), "{error}");
}

/// Environment variable that names the port for [`a_program_that_has_a_port_open`], a program that is to be killed.
const PORT_TO_OPEN: &str = "SYNFIRE_TEST_PORT_TO_OPEN";

#[test]
fn a_program_that_has_a_port_open() {
    let Ok(port) = std::env::var(PORT_TO_OPEN) else {
        return;
    };
    let _transport = SerialTransport::open(port, BAUD).expect("opens");
    println!("\nopen");
    std::thread::sleep(Duration::from_secs(60));
}

/// Whether a user without privileges can open a port.
fn anybody_can_open(path: &str) -> bool {
    const NOBODY: u32 = 65_534;
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"exec 3<> "$0""#, path]).stderr(Stdio::null());
    // Root may open a port that is closed to other users.
    if Path::new("/proc/self").metadata().expect("who we are").uid() == 0 {
        shell.uid(NOBODY).gid(NOBODY);
    }
    shell.status().expect("a shell").success()
}

#[test]
fn a_virtual_board_is_free_again_when_the_program_on_it_was_killed() {
    let (_board_end, host_end) = TTYPort::pair().expect("a pseudo-terminal");
    let path = host_end.name().expect("its path");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).expect("our own");
    assert!(anybody_can_open(&path), "before");
    let mut program = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "a_program_that_has_a_port_open", "--nocapture"])
        .env(PORT_TO_OPEN, &path)
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let output = BufReader::new(program.stdout.take().expect("its output"));
    assert!(output.lines().any(|line| line.is_ok_and(|line| line == "open")));
    program.kill().expect("runs");
    program.wait().expect("ends");
    assert!(anybody_can_open(&path), "after");
    drop(SerialTransport::open(&path, BAUD).expect("free"));
    assert!(anybody_can_open(&path), "at the end");
}
