//! What Yosys makes of a design: the Verilog as it reads it, and the netlist that nextpnr gets.
//!
//! | file | what |
//! |---|---|
//! | `elaborated.v` | the accelerator as Yosys reads it, before anything is optimized: its opinion of what the Verilog means |
//! | `netlist.json` | the netlist of the whole board |
//! | `core.json` | the core's part of it, with all of the core's ports |
//! | `netlist.v`, `core.v` | the same two as Verilog, written from those files |
//! | `netlist-made.json` | what they were made from, and their hashes |
//!
//! Each is made once for each content, and again if sources, script, or the version of Yosys change.

use super::flow::Flow;
use super::nextpnr::read_json;
use super::process::{self, Cancel};
use crate::build::{Build, hex, sha256, write_atomically};
use crate::emit::verilog::{CORE, TOP};
use crate::error::{Error, Result, io};
use crate::tool::Found;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::time::Instant;

/// The netlist that nextpnr reads.
pub const NETLIST: &str = "netlist.json";
/// The core's part of it, as a module with all of its ports.
pub const CORE_NETLIST: &str = "core.json";
/// The netlist as Verilog.
pub const NETLIST_VERILOG: &str = "netlist.v";
/// The core's netlist as Verilog.
pub const CORE_VERILOG: &str = "core.v";
/// The accelerator as Yosys elaborates it.
pub const ELABORATED: &str = "elaborated.v";
/// What the netlists were made from.
const MADE: &str = "netlist-made.json";
/// What the elaborated Verilog was made from.
const ELABORATED_MADE: &str = "elaborated-made.json";

/// Every file of this module, for whoever cleans a build folder.
pub(super) const FILES: [&str; 7] = [
    NETLIST,
    CORE_NETLIST,
    NETLIST_VERILOG,
    CORE_VERILOG,
    ELABORATED,
    MADE,
    ELABORATED_MADE,
];

/// What was made, and of what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Made {
    /// SHA-256 of the script, of Yosys' version, and of every file that the script reads.
    sources: String,
    /// SHA-256 of each file made, by name.
    files: Vec<(String, String)>,
    /// Seconds that it took.
    seconds: f64,
}

impl Made {
    /// What the stamp says, if it is there and nothing of it has changed.
    fn current(folder: &Path, stamp: &str, sources: &str) -> Option<Self> {
        let made: Self = read_json(&folder.join(stamp), "synfire").ok()?;
        let unchanged = |(file, expected): &(String, String)| {
            std::fs::read(folder.join(file)).is_ok_and(|content| sha256(&content) == *expected)
        };
        (made.sources == sources && made.files.iter().all(unchanged)).then_some(made)
    }

    /// Stamps files that were made just now.
    fn stamp(folder: &Path, stamp: &str, sources: String, files: &[&str], start: Instant) -> Result<Self> {
        let files = files
            .iter()
            .map(|&file| Ok((file.to_owned(), file_sha256(&folder.join(file))?)));
        let made = Self {
            sources,
            files: files.collect::<Result<_>>()?,
            seconds: start.elapsed().as_secs_f64(),
        };
        let path = folder.join(stamp);
        let text = serde_json::to_string_pretty(&made).map_err(|error| Error::Report {
            path: path.clone(),
            tool: "synfire",
            reason: error.to_string(),
        })?;
        write_atomically(&path, &text)?;
        Ok(made)
    }

    fn hash_of(&self, file: &str) -> String {
        let named = self.files.iter().find(|(name, _)| name == file);
        named.map(|(_, hash)| hash.clone()).unwrap_or_default()
    }
}

/// The netlists of a build.
#[derive(Clone, Debug, PartialEq)]
pub struct Netlist {
    /// SHA-256 of `netlist.json`, in hex.
    pub sha256: String,
    /// Seconds that Yosys took, whenever that was.
    pub seconds: f64,
}

/// Makes the netlists of a build, unless they are there already, and of the same sources.
///
/// # Errors
/// Those of running Yosys; [`Error::Io`].
pub fn netlist(build: &Build, yosys: &Found, cancel: &Cancel) -> Result<Netlist> {
    let start = Instant::now();
    let folder = &build.folder;
    let script = Flow::of(&build.manifest.board).script();
    let sources = sources(build, yosys, &script)?;
    let made = match Made::current(folder, MADE, &sources) {
        Some(made) => made,
        None => {
            super::remove_outputs(folder)?;
            yosys_script(folder, yosys, "synth.ys", &script, cancel)?;
            // From the files themselves, so that what is simulated is what nextpnr reads.
            let back = format!(
                "read_json {NETLIST}\nwrite_verilog -noattr {NETLIST_VERILOG}\ndesign -reset\nread_json \
                 {CORE_NETLIST}\nwrite_verilog -noattr {CORE_VERILOG}\n"
            );
            yosys_script(folder, yosys, "netlist.ys", &back, cancel)?;
            let files = [NETLIST, CORE_NETLIST, NETLIST_VERILOG, CORE_VERILOG];
            Made::stamp(folder, MADE, sources, &files, start)?
        }
    };
    Ok(Netlist {
        sha256: made.hash_of(NETLIST),
        seconds: made.seconds,
    })
}

/// Makes the accelerator's Verilog as Yosys elaborates it, unless it is there already; gives its SHA-256 in hex.
///
/// Nothing is optimized: what the simulators say of this file is how Yosys understands the other.
///
/// # Errors
/// Those of running Yosys; [`Error::Io`].
pub fn elaborate(build: &Build, yosys: &Found, cancel: &Cancel) -> Result<String> {
    let start = Instant::now();
    let folder = &build.folder;
    let script = format!(
        "read_verilog accelerator.v\nhierarchy -top {TOP}\nsetattr -mod -set keep_hierarchy 1 {CORE}\nproc\nflatten\n\
         write_verilog -noattr {ELABORATED}\n"
    );
    let sources = sources(build, yosys, &script)?;
    let made = match Made::current(folder, ELABORATED_MADE, &sources) {
        Some(made) => made,
        None => {
            yosys_script(folder, yosys, "elaborate.ys", &script, cancel)?;
            Made::stamp(folder, ELABORATED_MADE, sources, &[ELABORATED], start)?
        }
    };
    Ok(made.hash_of(ELABORATED))
}

/// Writes a script and runs it.
fn yosys_script(folder: &Path, yosys: &Found, file: &str, script: &str, cancel: &Cancel) -> Result<()> {
    write_atomically(&folder.join(file), script)?;
    let name = file.trim_end_matches(".ys");
    let (log, output) = (format!("yosys-{name}.log"), format!("yosys-{name}.out"));
    process::run(yosys, folder, &["-q", "-l", &log, file], &output, cancel)
}

/// Hash of all that Yosys' work depends on.
fn sources(build: &Build, yosys: &Found, script: &str) -> Result<String> {
    let mut hasher = Sha256::new();
    hasher.update(format!("{:?}\n{script}\n", yosys.version));
    let manifest = &build.manifest;
    // Not what changes nothing in Yosys: the model itself, diagrams, the simulators' files.
    let read = manifest.files.keys().filter(|name| {
        [".hex", "accelerator.v", "board.v"]
            .iter()
            .any(|end| name.ends_with(end))
    });
    for name in read {
        hasher.update(format!("{name} {}\n", file_sha256(&build.folder.join(name))?));
    }
    Ok(hex(&hasher.finalize()))
}

fn file_sha256(path: &Path) -> Result<String> {
    Ok(sha256(&std::fs::read(path).map_err(io("reading", path))?))
}
