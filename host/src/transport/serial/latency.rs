//! The latency timer of FTDI's USB adapters.
//!
//! Such an adapter passes received bytes on once they fill a USB packet (62 bytes) or once its latency timer expires, by
//! default after 16 ms. Most responses are shorter than a packet, so that each one would arrive that late. Linux's driver
//! shows the timer at `/sys/bus/usb-serial/devices/ttyUSBn/latency_timer`, which only root may write unless a udev rule
//! permits it to others. `setserial PORT low_latency` sets the timer to 1 ms for every user who may open the port.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Folder in which Linux lists serial adapters.
const DEVICES: &str = "/sys/bus/usb-serial/devices";
/// Smallest value of the timer, in milliseconds.
const LEAST: u32 = 1;

/// A USB adapter that holds responses back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlowAdapter {
    /// Path of the port.
    pub port: PathBuf,
    /// Longest time for which the adapter holds a response back.
    pub milliseconds: u32,
    /// File that holds the timer's value; writing 1 to it makes the adapter fast.
    pub file: PathBuf,
}

impl fmt::Display for SlowAdapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            port,
            milliseconds,
            file,
        } = self;
        let port = port.display();
        write!(
            f,
            "the USB adapter of {port} holds each response back for up to {milliseconds} ms, which is most of the time of \
             an inference; run `setserial {port} low_latency` (package setserial), write 1 to {} as root, or add a udev \
             rule (docs/boards.md)",
            file.display()
        )
    }
}

/// Lowers the latency timer of the adapter behind a port to its minimum. Returns the adapter if that is not permitted,
/// and `None` if it succeeded or the port has no such timer.
pub(super) fn lower(port: &Path) -> Option<SlowAdapter> {
    lower_in(Path::new(DEVICES), port, &[&write, &setserial])
}

/// A way to lower the timer, given its file and the path of the port. The caller reads the timer to learn whether it
/// succeeded.
type Way<'a> = &'a dyn Fn(&Path, &Path);

fn lower_in(devices: &Path, port: &Path, ways: &[Way<'_>]) -> Option<SlowAdapter> {
    // The path may be a link, such as those of /dev/serial/by-id.
    let device = port.canonicalize().ok()?;
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

/// Lowers the timer by writing to its file, which root may do, and others if a udev rule permits it.
fn write(file: &Path, _: &Path) {
    // The caller reads the file again and so notices a failure.
    let _ = std::fs::write(file, LEAST.to_string());
}

/// Lowers the timer by setting the driver's flag `ASYNC_LOW_LATENCY`, which every user who may open the port can do if
/// the program `setserial` is installed.
fn setserial(_: &Path, port: &Path) {
    let mut command = Command::new("setserial");
    let command = command.arg(port).arg("low_latency");
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

    /// Makes a folder like the system's, which lists one adapter with this timer, and a file in place of its port.
    fn adapter(name: &str, timer: &str) -> (PathBuf, PathBuf) {
        let folder = std::env::temp_dir().join(format!("synfire-latency-{name}-{}", std::process::id()));
        _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("ttyUSB7")).unwrap();
        fs::write(folder.join("ttyUSB7/latency_timer"), timer).unwrap();
        fs::create_dir_all(folder.join("dev")).unwrap();
        let port = folder.join("dev/ttyUSB7");
        fs::write(&port, "").unwrap();
        (folder, port)
    }

    fn never(_: &Path, _: &Path) {
        panic!("there is nothing left to lower");
    }

    #[test]
    fn a_slow_adapter_is_made_fast_through_a_link_too() {
        let (folder, port) = adapter("fast", "16\n");
        let link = folder.join("by-id");
        #[cfg(unix)]
        std::os::unix::fs::symlink(&port, &link).unwrap();
        assert_eq!(lower_in(&folder, &link, &[&write, &never]), None);
        let timer = fs::read_to_string(folder.join("ttyUSB7/latency_timer")).unwrap();
        assert_eq!(timer, "1");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_fast_adapter_and_a_port_without_a_timer_are_left_alone() {
        let (folder, port) = adapter("left", "1\n");
        assert_eq!(lower_in(&folder, &port, &[&never]), None);
        assert_eq!(lower_in(&folder.join("none"), &port, &[&never]), None);
        assert_eq!(
            lower_in(&folder, Path::new("/dev/synfire-is-not-here"), &[&never]),
            None
        );
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_timer_that_may_not_be_written_is_lowered_otherwise_or_reported() {
        let (folder, port) = adapter("reported", "16\n");
        let file = folder.join("ttyUSB7/latency_timer");
        let forbidden = |_: &Path, _: &Path| ();
        let slow = lower_in(&folder, &port, &[&forbidden, &forbidden]).expect("a slow adapter");
        assert_eq!(
            slow.to_string()
                .replace(&port.display().to_string(), "PORT")
                .replace(&folder.display().to_string(), "DEVICES"),
            "the USB adapter of PORT holds each response back for up to 16 ms, which is most of the time of an inference; \
             run `setserial PORT low_latency` (package setserial), write 1 to DEVICES/ttyUSB7/latency_timer as root, or \
             add a udev rule (docs/boards.md)"
        );
        let by_port = |_: &Path, given: &Path| {
            assert_eq!(given, port);
            fs::write(&file, "1\n").unwrap();
        };
        assert_eq!(lower_in(&folder, &port, &[&forbidden, &by_port, &never]), None);
        fs::remove_dir_all(folder).unwrap();
    }
}
