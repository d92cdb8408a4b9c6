//! Errors of downloading a data set.

use std::path::{Path, PathBuf};

/// An error of downloading a data set.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub(crate) enum DownloadError {
    /// The data set is part of the program.
    #[error("data set `{name}` is built in and need not be downloaded")]
    #[diagnostic(code(synfire::download), help("use it directly: synfire data show {name}"))]
    BuiltIn {
        /// Name of the data set.
        name: &'static str,
    },
    /// The data set has no files at fixed addresses.
    #[error("data set `{name}` cannot be downloaded automatically")]
    #[diagnostic(
        code(synfire::download),
        help("download it from {home}, unpack it, and pass the folder that holds {files} as --data-dir")
    )]
    ByHand {
        /// Name of the data set.
        name: &'static str,
        /// Public home of the data set.
        home: &'static str,
        /// Names of the files that the program reads.
        files: String,
    },
    /// The server cannot be reached.
    #[error("cannot reach {address}: {source}")]
    #[diagnostic(
        code(synfire::download),
        help("check the network, or name another server with --mirror")
    )]
    Connection {
        /// Address of the file.
        address: String,
        /// Error of the connection.
        source: Box<ureq::Error>,
    },
    /// The server refuses the request for the file.
    #[error("{address}: the server answers {status} ({reason})")]
    #[diagnostic(
        code(synfire::download),
        help("the file may have moved: name another server with --mirror, or download the file by hand")
    )]
    Status {
        /// Address of the file.
        address: String,
        /// Status code of the response.
        status: u16,
        /// Name of the status code.
        reason: &'static str,
    },
    /// The connection ended before the file was complete.
    #[error("{address}: the connection ended after {found} bytes{}", of(*wanted))]
    #[diagnostic(code(synfire::download), help("run the command again to resume the download"))]
    CutOff {
        /// Address of the file.
        address: String,
        /// Number of bytes received so far.
        found: u64,
        /// Length of the file, if the server reports it.
        wanted: Option<u64>,
        /// Error of the connection, if there was one.
        source: Option<std::io::Error>,
    },
    /// The downloaded file has another checksum.
    #[error("{address} has SHA-256 {found}, wanted {wanted}; the downloaded file was removed")]
    #[diagnostic(
        code(synfire::download),
        help("this server has another file: try again, or name another server with --mirror")
    )]
    Checksum {
        /// Address of the file.
        address: String,
        /// Checksum of the downloaded file.
        found: String,
        /// Checksum that the file should have.
        wanted: String,
    },
    /// A file with the same name and another checksum exists.
    #[error("{} exists already, with SHA-256 {found}, wanted {wanted}", path.display())]
    #[diagnostic(
        code(synfire::download),
        help("the file was not changed: move it away, and run the command again")
    )]
    Occupied {
        /// Path of the file.
        path: PathBuf,
        /// Checksum of the existing file.
        found: String,
        /// Checksum that the file should have.
        wanted: String,
    },
    /// A file cannot be read or written.
    #[error("cannot use {}: {source}", path.display())]
    #[diagnostic(
        code(synfire::download),
        help("check that the disk has space and that you may write to the folder")
    )]
    File {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
}

impl DownloadError {
    /// Makes the error for a file that cannot be read or written.
    pub(super) fn file(path: &Path, source: std::io::Error) -> Self {
        Self::File {
            path: path.into(),
            source,
        }
    }
}

/// Returns " of N" for a file whose length N is known.
fn of(wanted: Option<u64>) -> String {
    wanted.map_or_else(String::new, |wanted| format!(" of {wanted}"))
}
