//! Why a data set could not be downloaded.

use std::path::{Path, PathBuf};

/// Why a data set could not be downloaded.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub(crate) enum DownloadError {
    /// A data set that is part of the program.
    #[error("data set `{name}` is built in")]
    #[diagnostic(code(synfire::download), help("use it as it is: synfire data show {name}"))]
    BuiltIn {
        /// The data set.
        name: &'static str,
    },
    /// A data set that has no files at fixed addresses.
    #[error("data set `{name}` cannot be downloaded by a program")]
    #[diagnostic(
        code(synfire::download),
        help("fetch it from {home}, unpack it, and give the folder that holds {files}")
    )]
    ByHand {
        /// The data set.
        name: &'static str,
        /// Its public home.
        home: &'static str,
        /// The files that are wanted.
        files: String,
    },
    /// No connection to the server.
    #[error("cannot reach {address}: {source}")]
    #[diagnostic(
        code(synfire::download),
        help("check the network, or name another server with --mirror")
    )]
    Connection {
        /// The address.
        address: String,
        /// Why.
        source: Box<ureq::Error>,
    },
    /// The server does not give the file.
    #[error("{address}: the server answers {status} ({reason})")]
    #[diagnostic(
        code(synfire::download),
        help("the file may have moved: name another server with --mirror, or fetch it by hand")
    )]
    Status {
        /// The address.
        address: String,
        /// Status of the answer.
        status: u16,
        /// Its name.
        reason: &'static str,
    },
    /// The answer ended early.
    #[error("{address}: the connection ended after {found} bytes{}", of(*wanted))]
    #[diagnostic(code(synfire::download), help("run the command again: it goes on from there"))]
    CutOff {
        /// The address.
        address: String,
        /// Bytes that are here.
        found: u64,
        /// Bytes of the file, if the server told.
        wanted: Option<u64>,
        /// What happened.
        source: Option<std::io::Error>,
    },
    /// The file is another one.
    #[error("{address}: SHA-256 {found}, wanted {wanted}; what was fetched has been removed")]
    #[diagnostic(
        code(synfire::download),
        help("try again, or name another server with --mirror: this one holds another file")
    )]
    Checksum {
        /// The address.
        address: String,
        /// Checksum found.
        found: String,
        /// Checksum wanted.
        wanted: String,
    },
    /// Another file is in the way.
    #[error("{}: is there already, with SHA-256 {found}, wanted {wanted}", path.display())]
    #[diagnostic(
        code(synfire::download),
        help("it is left alone: move it away, and run the command again")
    )]
    Occupied {
        /// The file.
        path: PathBuf,
        /// Checksum found.
        found: String,
        /// Checksum wanted.
        wanted: String,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    #[diagnostic(
        code(synfire::download),
        help("check that the folder has room and is yours to write")
    )]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl DownloadError {
    /// A file that cannot be read or written.
    pub(super) fn file(path: &Path, source: std::io::Error) -> Self {
        Self::File {
            path: path.into(),
            source,
        }
    }
}

/// The end of "after 3 bytes".
fn of(wanted: Option<u64>) -> String {
    wanted.map_or_else(String::new, |wanted| format!(" of {wanted}"))
}
