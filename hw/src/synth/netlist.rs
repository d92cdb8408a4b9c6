//! Outputs of Yosys: the Verilog as it elaborates it, and the netlists.
//!
//! | file | contents |
//! |---|---|
//! | `elaborated.v` | the accelerator as Yosys reads it, before any optimization |
//! | `netlist.json` | the netlist of the whole board, which nextpnr reads |
//! | `core.json` | the netlist of the core alone, with all of the core's ports |
//! | `netlist.v`, `core.v` | these two netlists as Verilog, written from the JSON files |
//! | `netlist-made.json` | hashes of the netlists and of the files that they were made from |
//!
//! A file is made again only if the sources, the script or the version of Yosys change, or if the record of how it was made
//! has no [`seal`] of this user: a folder of somebody else may hold any netlist and any record.

use super::flow::Flow;
use super::report::Report;
use crate::build::Build;
pub use crate::build::files::{CORE_NETLIST, CORE_VERILOG, ELABORATED, NETLIST, NETLIST_VERILOG};
use crate::build::files::{
    ELABORATED_MADE, NETLIST_MADE, remove, remove_elaborated, remove_netlists, remove_routed,
};
use crate::emit::verilog::{CORE, TOP};
use crate::error::Result;
use crate::process::{self, Cancel};
use crate::seal;
use crate::tool::Found;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::time::Instant;
use synfire_golden_model::file::{hex, io, sha256, write_atomically};

/// Record of files that Yosys made, and of their sources.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Made {
    /// SHA-256 over the script, the version of Yosys, and every file that the script reads.
    sources: String,
    /// Name and SHA-256 of each file that was made.
    files: Vec<(String, String)>,
    /// Seconds that Yosys took.
    seconds: f64,
}

impl Made {
    /// Reads the record `stamp`; none if it is missing or not this user's, or if sources or files have changed.
    fn current(folder: &Path, stamp: &str, sources: &str) -> Option<Self> {
        let made: Self = seal::read(&folder.join(stamp))?;
        let unchanged = |(file, expected): &(String, String)| {
            std::fs::read(folder.join(file)).is_ok_and(|content| sha256(&content) == *expected)
        };
        (made.sources == sources && made.files.iter().all(unchanged)).then_some(made)
    }

    /// Writes the record `stamp` of files that were just made.
    fn stamp(folder: &Path, stamp: &str, sources: String, files: &[&str], start: Instant) -> Result<Self> {
        let files = files
            .iter()
            .map(|&file| Ok((file.to_owned(), file_sha256(&folder.join(file))?)));
        let made = Self {
            sources,
            files: files.collect::<Result<_>>()?,
            seconds: start.elapsed().as_secs_f64(),
        };
        seal::write(&folder.join(stamp), &made)?;
        Ok(made)
    }

    fn hash_of(&self, file: &str) -> String {
        let named = self.files.iter().find(|(name, _)| name == file);
        named.map(|(_, hash)| hash.clone()).unwrap_or_default()
    }
}

/// Netlists of a build.
#[derive(Clone, Debug, PartialEq)]
pub struct Netlist {
    /// SHA-256 of `netlist.json`, in hex.
    pub sha256: String,
    /// Seconds that Yosys took when it made the netlists.
    pub seconds: f64,
}

/// Makes the netlists of a build, unless they are already there and were made from the same sources.
///
/// # Errors
/// The errors of running Yosys; [`crate::Error::Io`].
pub fn netlist(build: &Build, yosys: &Found, cancel: &Cancel) -> Result<Netlist> {
    let start = Instant::now();
    let folder = &build.folder;
    let script = Flow::of(&build.manifest.board).script();
    let sources = sources(build, yosys, &script)?;
    let made = match Made::current(folder, NETLIST_MADE, &sources) {
        Some(made) => made,
        None => {
            // Yosys would write through a link.
            remove_netlists(folder)?;
            yosys_script(folder, yosys, "synth.ys", &script, cancel)?;
            // The Verilog is written from the JSON files, so the netlist that is simulated is the one that nextpnr reads.
            let back = format!(
                "read_json {NETLIST}\nwrite_verilog -noattr {NETLIST_VERILOG}\ndesign -reset\nread_json \
                 {CORE_NETLIST}\nwrite_verilog -noattr {CORE_VERILOG}\n"
            );
            yosys_script(folder, yosys, "netlist.ys", &back, cancel)?;
            let files = [NETLIST, CORE_NETLIST, NETLIST_VERILOG, CORE_VERILOG];
            let made = Made::stamp(folder, NETLIST_MADE, sources, &files, start)?;
            // What was placed of the same netlist stays; what was placed of another must not pass for this one's.
            if Report::of(build).ok().flatten().map(|report| report.netlist) != Some(made.hash_of(NETLIST)) {
                remove_routed(folder)?;
            }
            made
        }
    };
    Ok(Netlist {
        sha256: made.hash_of(NETLIST),
        seconds: made.seconds,
    })
}

/// Makes the accelerator's Verilog as Yosys elaborates it, unless it is already there; returns its SHA-256 in hex.
///
/// Nothing is optimized, so a simulation of this file shows how Yosys understands the emitted Verilog.
///
/// # Errors
/// The errors of running Yosys; [`crate::Error::Io`].
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
            remove_elaborated(folder)?;
            yosys_script(folder, yosys, "elaborate.ys", &script, cancel)?;
            Made::stamp(folder, ELABORATED_MADE, sources, &[ELABORATED], start)?
        }
    };
    Ok(made.hash_of(ELABORATED))
}

/// Writes a script of Yosys and runs it.
fn yosys_script(folder: &Path, yosys: &Found, file: &str, script: &str, cancel: &Cancel) -> Result<()> {
    write_atomically(&folder.join(file), script)?;
    let name = file.trim_end_matches(".ys");
    let (log, output) = (format!("yosys-{name}.log"), format!("yosys-{name}.out"));
    remove(folder, &[&log])?;
    process::run(yosys, folder, &["-q", "-l", &log, file], &output, cancel)
}

/// Hash of everything on which the output of Yosys depends.
fn sources(build: &Build, yosys: &Found, script: &str) -> Result<String> {
    let mut hasher = Sha256::new();
    hasher.update(format!("{:?}\n{script}\n", yosys.version));
    let manifest = &build.manifest;
    // Yosys does not read the model, the diagram and the files of the simulators.
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
