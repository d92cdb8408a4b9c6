//! Paths on the command line. One place decides for every path that a run writes.
//!
//! Arguments have the types of this module, which say whether a path is read or written. Before a verb runs,
//! [`Paths::of_arguments`] collects them from clap's matches, so that no verb can forget a check. Paths that only the verb knows
//! are added by [`Paths::reads`] and [`Paths::writes`].

mod argument;

pub(crate) use argument::{DataFolder, InputFile, Name, OutputFile, OutputText};

use super::diagnostic::{CliError, Result};
use clap::{ArgMatches, Command};
use serde::{Serialize as _, Serializer};
use std::ffi::OsStr;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use synfire_golden_model::dataset::KNOWN;
use synfire_golden_model::file::{OutputLock, io, resolve, write_atomically};

/// The paths that a run reads and writes; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paths {
    used: Arc<Mutex<Used>>,
}

#[derive(Debug, Default)]
struct Used {
    read: Vec<Use>,
    written: Vec<Use>,
    data_folders: Vec<PathBuf>,
    /// Two runs do not write one file at the same time.
    locks: Vec<OutputLock>,
    writes_stdout: bool,
}

/// A path, and the argument that gives it.
#[derive(Clone, Debug)]
struct Use {
    what: String,
    path: PathBuf,
    /// The path without links, by which two uses of one file are found.
    file: PathBuf,
}

impl Paths {
    /// Collects the paths of all arguments.
    ///
    /// # Errors
    /// Fails like [`Self::writes`].
    pub(super) fn of_arguments(command: &Command, matches: &ArgMatches) -> Result<Self> {
        let paths = Self::default();
        paths.collect(command, matches)?;
        Ok(paths)
    }

    fn collect(&self, command: &Command, matches: &ArgMatches) -> Result<()> {
        // First, wherever it is given: outputs are compared with its files.
        for id in matches.ids() {
            let folders = values(matches, id.as_str()).map(|DataFolder(folder)| folder.clone());
            self.used().data_folders.extend(folders);
        }
        for id in matches.ids() {
            let id = id.as_str();
            let what = || title(command, id);
            for InputFile(path) in values(matches, id) {
                self.reads(&what(), path)?;
            }
            for Name(name) in values(matches, id) {
                if Path::new(name).is_file() {
                    self.reads(&what(), Path::new(name))?;
                }
            }
            for OutputFile(path) in values(matches, id) {
                if is_stdout(path) {
                    return Err(CliError::NoText {
                        what: what(),
                        path: path.clone(),
                    });
                }
                self.writes(&what(), path)?;
            }
            for OutputText(path) in values(matches, id) {
                if is_stdout(path) {
                    self.writes_stdout(&what())?;
                } else {
                    self.writes(&what(), path)?;
                }
            }
        }
        match matches.subcommand() {
            Some((name, matches)) => match command.find_subcommand(name) {
                Some(command) => self.collect(command, matches),
                None => Ok(()),
            },
            None => Ok(()),
        }
    }

    /// Adds a file that the run reads; `what` names it in errors.
    ///
    /// # Errors
    /// If the run writes the file.
    pub(crate) fn reads(&self, what: &str, path: &Path) -> Result<()> {
        let new = Use::new(what, path);
        let mut used = self.used();
        if let Some(written) = used.written.iter().find(|written| written.file == new.file) {
            return Err(both(written, what));
        }
        used.read.push(new);
        Ok(())
    }

    /// Adds a file that the run writes, which need not exist, and creates its folder; `what` names it in errors.
    ///
    /// # Errors
    /// If the run reads the file, or writes it for another purpose; if it belongs to a data set in one of the run's data
    /// folders; if it is a device, a FIFO, a socket or a folder; if another run writes it; or if its folder cannot be created.
    pub(crate) fn writes(&self, what: &str, path: &Path) -> Result<()> {
        resolve(path).map_err(io("writing", path))?;
        let new = Use::new(what, path);
        let mut used = self.used();
        if let Some(read) = used.read.iter().find(|read| read.file == new.file) {
            return Err(both(&new, &read.what));
        }
        let owner = |folder: &PathBuf| KNOWN.iter().find(|known| known.owns(folder, &new.file));
        if let Some(known) = used.data_folders.iter().find_map(owner) {
            return Err(both(&new, &format!("a file of data set `{}`", known.name)));
        }
        if let Some(other) = used.written.iter().find(|written| written.file == new.file) {
            return Err(CliError::WrittenTwice {
                what: new.what,
                path: new.path,
                other: other.what.clone(),
            });
        }
        if let Some(folder) = new.file.parent() {
            std::fs::create_dir_all(folder).map_err(io("creating folder", folder))?;
        }
        used.locks.push(OutputLock::acquire(path)?);
        used.written.push(new);
        Ok(())
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a text that goes to standard output.
    fn writes_stdout(&self, what: &str) -> Result<()> {
        let mut used = self.used();
        if std::mem::replace(&mut used.writes_stdout, true) {
            return Err(CliError::WrittenTwice {
                what: what.into(),
                path: "-".into(),
                other: "another text".into(),
            });
        }
        Ok(())
    }

    /// Whether a text of the run goes to standard output; everything else that the run prints then goes to standard error.
    pub(super) fn use_stdout(&self) -> bool {
        self.used().writes_stdout
    }
}

impl Use {
    fn new(what: &str, path: &Path) -> Self {
        Self {
            what: what.into(),
            path: path.into(),
            file: without_links(path),
        }
    }
}

/// The path of a file or future file without links.
fn without_links(path: &Path) -> PathBuf {
    let file = resolve(path).unwrap_or_else(|_| path.into());
    if let Ok(file) = file.canonicalize() {
        return file;
    }
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    match (folder.canonicalize(), file.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        // A folder that does not exist yet.
        _ => std::path::absolute(&file).unwrap_or(file),
    }
}

fn both(written: &Use, read: &str) -> CliError {
    CliError::WouldReplaceInput {
        what: written.what.clone(),
        path: written.path.clone(),
        input: read.into(),
    }
}

/// The values of an argument, if they have this type.
fn values<'a, T: Clone + Send + Sync + 'static>(
    matches: &'a ArgMatches,
    id: &str,
) -> impl Iterator<Item = &'a T> {
    matches.try_get_many::<T>(id).ok().flatten().into_iter().flatten()
}

/// Name of an argument in messages: its flag, or the name of its value.
fn title(command: &Command, id: &str) -> String {
    let argument = command.get_arguments().find(|argument| argument.get_id() == id);
    match argument.and_then(clap::Arg::get_long) {
        Some(flag) => format!("--{flag}"),
        None => id.to_uppercase(),
    }
}

/// Whether a path stands for standard output.
pub(crate) fn is_stdout(path: &Path) -> bool {
    [OsStr::new("-"), OsStr::new("/dev/stdout")].contains(&path.as_os_str())
}

/// Writes text to a file or stream, which `name` names in errors.
pub(crate) fn print(out: &mut dyn Write, name: impl Into<PathBuf>, text: &str) -> Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // The reader, such as `head`, has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written.map_err(io("writing", name))?),
    }
}

/// Writes a text file atomically, or the text to standard output.
pub(crate) fn write_text(path: &Path, text: &str) -> Result<()> {
    if is_stdout(path) {
        return print(&mut std::io::stdout(), "standard output", text);
    }
    Ok(write_atomically(path, text)?)
}

/// Serializes a path as text: JSON cannot hold the bytes of a path that is not UTF-8.
pub(crate) fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// Serializes like [`lossy`], or nothing.
// The signature is serde's.
#[expect(clippy::ref_option)]
pub(crate) fn lossy_if_some<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    path.as_deref().map(Path::to_string_lossy).serialize(serializer)
}

#[cfg(test)]
mod tests;
