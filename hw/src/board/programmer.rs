//! Programmers that a board file may name, and their options.
//!
//! A board file and the manifest of a build folder may come from somebody else, and `synfire flash` runs the command line in
//! it. Therefore the program is one of a list, and so are its options: those that write a bitstream to a board. Options that
//! read or write other files are not among them. A user's own options come after `--` on the command line.

use super::Programmer;

/// Placeholder for the bitstream's file in the command line of a programmer.
pub(crate) const BITSTREAM: &str = "{bitstream}";

/// A programmer and the options that a board file may give it.
struct Known {
    name: &'static str,
    /// Options without a value.
    flags: &'static [&'static str],
    /// Options with a value.
    options: &'static [&'static str],
    /// Options whose value is the bitstream; it may also stand by itself, unless there are any.
    takes: &'static [&'static str],
}

const KNOWN: [Known; 3] = [
    Known {
        name: "iceprog",
        flags: &["-S", "-X", "-b", "-k", "-n", "-p", "-s", "-v"],
        options: &["-I", "-d", "-e", "-i", "-o"],
        takes: &[],
    },
    Known {
        name: "openFPGALoader",
        flags: &[
            "--bulk-erase",
            "--external-flash",
            "--reset",
            "--unprotect-flash",
            "--verbose",
            "--verify",
            "--write-flash",
            "--write-sram",
            "-f",
            "-m",
            "-r",
            "-v",
        ],
        options: &[
            "--altsetting",
            "--board",
            "--busdev-num",
            "--cable",
            "--cable-index",
            "--fpga-part",
            "--freq",
            "--ftdi-channel",
            "--ftdi-serial",
            "--index-chain",
            "--offset",
            "--pid",
            "--vid",
            "-b",
            "-c",
            "-o",
        ],
        takes: &[],
    },
    Known {
        name: "dfu-util",
        flags: &["--reset", "--verbose", "--wait", "-R", "-v", "-w"],
        options: &[
            "--alt",
            "--cfg",
            "--device",
            "--devnum",
            "--intf",
            "--path",
            "--serial",
            "--transfer-size",
            "-S",
            "-a",
            "-c",
            "-d",
            "-i",
            "-n",
            "-p",
            "-t",
        ],
        takes: &["--download", "-D"],
    },
];

/// Checks the command lines of a programmer.
///
/// # Errors
/// The fault as text; the caller names the file.
pub(super) fn check(programmer: Option<&Programmer>) -> Result<(), String> {
    let Some(programmer) = programmer else {
        return Ok(());
    };
    let commands = [
        ("flash", Some(&programmer.flash)),
        ("load", programmer.load.as_ref()),
    ];
    for (field, command) in commands {
        if let Some(command) = command {
            check_command(command).map_err(|reason| format!("{field} = {command:?} {reason}"))?;
        }
    }
    Ok(())
}

fn check_command(command: &[String]) -> Result<(), String> {
    let (program, words) = command
        .split_first()
        .ok_or("is not a command line: give the program first")?;
    let Some(known) = KNOWN.iter().find(|known| known.name == program) else {
        let names: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
        return Err(format!(
            "names the program {program:?}, which synfire does not run: give one of {}, or leave [programmer] out and \
             write the bitstream with that program yourself",
            names.join(", ")
        ));
    };
    let mut bitstreams = 0;
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let (option, joined) = match word.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (option, Some(value)),
            _ => (word, None),
        };
        let mut value = || joined.or_else(|| words.next()).unwrap_or_default();
        if known.takes.contains(&option) && value() == BITSTREAM
            || known.takes.is_empty() && word == BITSTREAM
        {
            bitstreams += 1;
        } else if known.options.contains(&option) {
            let value = value();
            if !is_plain(value) {
                return Err(format!(
                    "gives {option} the value {value:?}, which is no name or number"
                ));
            }
        } else if joined.is_some() || !known.flags.contains(&word) {
            return Err(format!(
                "has {word:?}, which is none of the options that synfire gives {program}: {}; give others after `--`, as in \
                 `synfire flash BUILD -- {word}`",
                known.listed()
            ));
        }
    }
    match bitstreams {
        1 => Ok(()),
        _ => Err(format!(
            "is not a command line: give {BITSTREAM} once among its arguments, as a word of its own"
        )),
    }
}

impl Known {
    fn listed(&self) -> String {
        let all = self.takes.iter().chain(self.flags).chain(self.options);
        all.copied().collect::<Vec<_>>().join(" ")
    }
}

/// Whether a value is a name, a number, or numbers of vendor, product, bus or device: never a path, nor an option.
fn is_plain(value: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:,".contains(c);
    !value.is_empty() && !value.starts_with(['-', '.']) && value.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(command: &[&str]) -> Result<(), String> {
        check_command(&command.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn command_lines_that_write_a_bitstream_pass() {
        for command in [
            &["iceprog", "-d", "i:0x0403:0x6010:0", "-S", BITSTREAM][..],
            &["openFPGALoader", "--board=ulx3s", "--write-flash", BITSTREAM],
            &["openFPGALoader", "-b", "ulx3s", "--freq", "15000000", BITSTREAM],
            &["dfu-util", "--device", "1209:5af0", "--alt", "0", "-D", BITSTREAM],
        ] {
            assert_eq!(checked(command), Ok(()), "{command:?}");
        }
    }

    #[test]
    fn everything_else_is_refused_and_named() {
        for (command, part) in [
            (&[][..], "is not a command line"),
            (
                &["/bin/sh", "-c", "id", BITSTREAM],
                "names the program \"/bin/sh\"",
            ),
            (&["./iceprog", BITSTREAM], "names the program \"./iceprog\""),
            (&["iceprog", "-r", BITSTREAM], "has \"-r\""),
            (&["iceprog", "/etc/passwd", BITSTREAM], "has \"/etc/passwd\""),
            (&["iceprog", "-S"], "give {bitstream} once"),
            (&["iceprog", BITSTREAM, BITSTREAM], "give {bitstream} once"),
            (&["iceprog", "-o", "../x", BITSTREAM], "-o the value \"../x\""),
            (&["iceprog", "-o", BITSTREAM], "-o the value \"{bitstream}\""),
            (
                &["openFPGALoader", "--dump-flash", "x", BITSTREAM],
                "has \"--dump-flash\"",
            ),
            (
                &["openFPGALoader", "--probe-firmware=/tmp/x", BITSTREAM],
                "has \"--probe-firmware=/tmp/x\"",
            ),
            (
                &["openFPGALoader", "--board=/tmp/x", BITSTREAM],
                "--board the value \"/tmp/x\"",
            ),
            (&["openFPGALoader", "--board"], "--board the value \"\""),
            (
                &["dfu-util", "--upload", "x", "-D", BITSTREAM],
                "has \"--upload\"",
            ),
            (&["dfu-util", "-D", "/etc/passwd"], "has \"-D\""),
            (&["dfu-util", BITSTREAM], "has \"{bitstream}\""),
        ] {
            let error = checked(command).expect_err(part);
            assert!(error.contains(part), "{command:?}: {error}");
        }
    }
}
