//! The latency timer of FTDI's USB adapters.
//!
//! Such an adapter hands over what it has received once that fills a USB packet (62 bytes) or once its timer has run out,
//! 16 ms by default. Answers are shorter than a packet, so each wait for one would take as long. Linux's driver shows the
//! timer at `/sys/bus/usb-serial/devices/ttyUSBn/latency_timer`, which only root may write unless a udev rule says
//! otherwise; `setserial PORT low_latency` sets it to 1 ms for whoever may open the port.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where Linux lists serial adapters.
const DEVICES: &str = "/sys/bus/usb-serial/devices";
/// The shortest time, in milliseconds.
const LEAST: u32 = 1;

/// A USB adapter that holds answers back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlowAdapter {
    /// The port.
    pub port: String,
    /// How long it holds an answer back at most.
    pub milliseconds: u32,
    /// The file that says so, to which 1 is to be written.
    pub file: PathBuf,
}

impl fmt::Display for SlowAdapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            port,
            milliseconds,
            file,
        } = self;
        write!(
            f,
            "the USB adapter of {port} holds each answer back for up to {milliseconds} ms, which is most of an inference's \
             time: run `setserial {port} low_latency` (package setserial), write 1 to {} as root, or let a udev rule do \
             so (docs/boards.md)",
            file.display()
        )
    }
}

/// Lowers the timer of the adapter behind a port to its least; tells of it where that is not allowed. Ports without such a
/// timer have none to be lowered.
pub(super) fn lower(port: &str) -> Option<SlowAdapter> {
    lower_in(Path::new(DEVICES), port, &[&write, &setserial])
}

/// A way to lower the timer: by its file, or by the port. What it comes to is read back.
type Way<'a> = &'a dyn Fn(&Path, &str);

fn lower_in(devices: &Path, port: &str, ways: &[Way<'_>]) -> Option<SlowAdapter> {
    // The path may be a link, such as those of /dev/serial/by-id.
    let device = Path::new(port).canonicalize().ok()?;
    let file = devices.join(device.file_name()?).join("latency_timer");
    let read = || std::fs::read_to_string(&file).ok()?.trim().parse::<u32>().ok();
    let mut ways = ways.iter();
    loop {
        let milliseconds = read().filter(|&milliseconds| milliseconds > LEAST)?;
        let Some(way) = ways.next() else {
            return Some(SlowAdapter {
                port: port.to_owned(),
                milliseconds,
                file,
            });
        };
        way(&file, port);
    }
}

/// For root, and whomever a udev rule lets.
fn write(file: &Path, _: &str) {
    // An error shows in what is read back.
    let _ = std::fs::write(file, LEAST.to_string());
}

/// The driver's flag `ASYNC_LOW_LATENCY`, for whoever may open the port, if the program that sets it is there.
fn setserial(_: &Path, port: &str) {
    let mut command = Command::new("setserial");
    let command = command.args([port, "low_latency"]);
    let _ = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A folder like the system's, with an adapter of that timer, and a port.
    fn adapter(name: &str, timer: &str) -> (PathBuf, String) {
        let folder = std::env::temp_dir().join(format!("synfire-latency-{name}-{}", std::process::id()));
        _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("ttyUSB7")).unwrap();
        fs::write(folder.join("ttyUSB7/latency_timer"), timer).unwrap();
        fs::create_dir_all(folder.join("dev")).unwrap();
        let port = folder.join("dev/ttyUSB7");
        fs::write(&port, "").unwrap();
        (folder, port.to_str().unwrap().to_owned())
    }

    fn never(_: &Path, _: &str) {
        panic!("there is nothing to lower any more");
    }

    #[test]
    fn a_slow_adapter_is_made_fast_through_a_link_too() {
        let (folder, port) = adapter("fast", "16\n");
        let link = folder.join("by-id");
        #[cfg(unix)]
        std::os::unix::fs::symlink(&port, &link).unwrap();
        assert_eq!(lower_in(&folder, link.to_str().unwrap(), &[&write, &never]), None);
        let timer = fs::read_to_string(folder.join("ttyUSB7/latency_timer")).unwrap();
        assert_eq!(timer, "1");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_fast_adapter_and_a_port_without_a_timer_are_left_alone() {
        let (folder, port) = adapter("left", "1\n");
        assert_eq!(lower_in(&folder, &port, &[&never]), None);
        assert_eq!(lower_in(&folder.join("none"), &port, &[&never]), None);
        assert_eq!(lower_in(&folder, "/dev/synfire-is-not-here", &[&never]), None);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_timer_that_may_not_be_written_is_lowered_otherwise_or_told_of() {
        let (folder, port) = adapter("told", "16\n");
        let file = folder.join("ttyUSB7/latency_timer");
        let forbidden = |_: &Path, _: &str| ();
        let slow = lower_in(&folder, &port, &[&forbidden, &forbidden]).expect("a slow adapter");
        assert_eq!(
            slow.to_string()
                .replace(&port, "PORT")
                .replace(&folder.display().to_string(), "DEVICES"),
            "the USB adapter of PORT holds each answer back for up to 16 ms, which is most of an inference's time: run \
             `setserial PORT low_latency` (package setserial), write 1 to DEVICES/ttyUSB7/latency_timer as root, or let a \
             udev rule do so (docs/boards.md)"
        );
        let by_port = |_: &Path, given: &str| {
            assert_eq!(given, port);
            fs::write(&file, "1\n").unwrap();
        };
        assert_eq!(lower_in(&folder, &port, &[&forbidden, &by_port, &never]), None);
        fs::remove_dir_all(folder).unwrap();
    }
}
