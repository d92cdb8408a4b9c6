//! Downloads a file over HTTP under a temporary name, resumes interrupted downloads, verifies the file, and renames it.

mod error;

pub(crate) use error::DownloadError;

use indicatif::ProgressBar;
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use synfire_golden_model::file::{open_regular, sha256_of};
use ureq::http::StatusCode;
use ureq::http::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderName, RANGE};
use ureq::{Agent, Body, http::Response};

type Result<T, E = DownloadError> = std::result::Result<T, E>;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest wait for the next bytes of a response.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

const BUFFER: usize = 1 << 16;

/// How a file was obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fetched {
    /// The whole file was downloaded.
    Downloaded,
    /// An interrupted download was continued.
    Resumed,
    /// The file was there already, with the right checksum.
    Present,
}

impl Fetched {
    pub(super) fn describe(self, bytes: u64) -> String {
        match self {
            Self::Downloaded => format!("{bytes} bytes, downloaded"),
            Self::Resumed => format!("{bytes} bytes, download resumed and completed"),
            Self::Present => format!("{bytes} bytes, already present"),
        }
    }
}

/// Downloads files.
#[derive(Debug)]
pub(super) struct Fetcher {
    agent: Agent,
}

impl Fetcher {
    pub(super) fn new() -> Self {
        let config = Agent::config_builder()
            // This module reports the status itself, with the address.
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(READ_TIMEOUT))
            .timeout_per_read(Some(READ_TIMEOUT))
            .user_agent(concat!("synfire/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.into() }
    }

    /// Downloads `address` to `path`, whose contents must have the given SHA-256.
    ///
    /// Verifies and keeps a file that exists already. If the connection ends early, the received bytes stay beside
    /// `path`, under a name that ends in `.part`; the next call resumes the download if the server supports it.
    ///
    /// # Errors
    /// If the server cannot be reached, does not have the file, or ends the connection early; if the downloaded contents
    /// have another checksum (they are removed); if an existing file has another checksum (it is kept).
    pub(super) fn fetch(
        &self,
        address: &str,
        path: &Path,
        sha256: &str,
        bar: &dyn Fn(Option<u64>) -> ProgressBar,
    ) -> Result<Fetched> {
        let failed = |source| DownloadError::file(path, source);
        if path.exists() {
            let (mut file, _) = open_regular(path).map_err(|error| failed(std::io::Error::other(error)))?;
            let found = sha256_of(&mut file).map_err(failed)?;
            return match found == sha256 {
                true => Ok(Fetched::Present),
                false => Err(DownloadError::Occupied {
                    path: path.into(),
                    found,
                    wanted: sha256.into(),
                }),
            };
        }

        let part = part_of(path);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&part)
            .map_err(|source| DownloadError::file(&part, source))?;
        let outcome = match self.fill(address, &part, &mut file, bar) {
            Ok(outcome) => outcome,
            Err(error) => {
                // An empty file is not worth resuming.
                if file.metadata().is_ok_and(|metadata| metadata.len() == 0) {
                    let _ = std::fs::remove_file(&part);
                }
                return Err(error);
            }
        };
        file.rewind().map_err(failed)?;
        let found = sha256_of(&mut file).map_err(failed)?;
        if found != sha256 {
            std::fs::remove_file(&part).map_err(failed)?;
            return Err(DownloadError::Checksum {
                address: address.into(),
                found,
                wanted: sha256.into(),
            });
        }
        file.sync_all().map_err(failed)?;
        std::fs::rename(&part, path).map_err(failed)?;
        Ok(outcome)
    }

    /// Downloads the missing bytes and appends them to `file`, which is at `path`.
    fn fill(
        &self,
        address: &str,
        path: &Path,
        file: &mut File,
        bar: &dyn Fn(Option<u64>) -> ProgressBar,
    ) -> Result<Fetched> {
        let failed = |source| DownloadError::file(path, source);
        let mut start = file.seek(SeekFrom::End(0)).map_err(failed)?;
        let mut response = self.ask(address, start)?;
        if start > 0 && !continues(&response, start) {
            // The server sends the whole file, or has fewer bytes than were received: start again.
            if response.status() != StatusCode::OK {
                response = self.ask(address, 0)?;
            }
            start = 0;
            file.set_len(0).map_err(failed)?;
            file.rewind().map_err(failed)?;
        }
        let status = response.status();
        if !status.is_success() {
            return Err(DownloadError::Status {
                address: address.into(),
                status: status.as_u16(),
                reason: status.canonical_reason().unwrap_or("unknown"),
            });
        }

        let length = number(&response, &CONTENT_LENGTH).map(|length| start + length);
        let bar = bar(length);
        bar.set_position(start);
        let mut body = response.into_body().into_reader();
        let mut buffer = vec![0; BUFFER];
        let mut end = start;
        let cut_off = |end, source| DownloadError::CutOff {
            address: address.into(),
            found: end,
            wanted: length,
            source,
        };
        loop {
            let count = body
                .read(&mut buffer)
                .map_err(|source| cut_off(end, Some(source)))?;
            if count == 0 {
                break;
            }
            file.write_all(&buffer[..count]).map_err(failed)?;
            end += count as u64;
            bar.set_position(end);
        }
        bar.finish_and_clear();
        if length.is_some_and(|length| end != length) {
            return Err(cut_off(end, None));
        }
        Ok(if start > 0 {
            Fetched::Resumed
        } else {
            Fetched::Downloaded
        })
    }

    /// Requests the bytes from `start` on.
    fn ask(&self, address: &str, start: u64) -> Result<Response<Body>> {
        let mut request = self.agent.get(address);
        if start > 0 {
            request = request.header(RANGE, format!("bytes={start}-"));
        }
        request.call().map_err(|source| DownloadError::Connection {
            address: address.into(),
            source: Box::new(source),
        })
    }
}

/// Whether a response continues at byte `start`.
fn continues(response: &Response<Body>, start: u64) -> bool {
    let range = response
        .headers()
        .get(CONTENT_RANGE)
        .and_then(|range| range.to_str().ok());
    response.status() == StatusCode::PARTIAL_CONTENT
        && range.is_some_and(|range| range.starts_with(&format!("bytes {start}-")))
}

fn number(response: &Response<Body>, name: &HeaderName) -> Option<u64> {
    response.headers().get(name)?.to_str().ok()?.parse().ok()
}

/// Returns the temporary name of an incomplete file.
fn part_of(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{name}.part"))
}

#[cfg(test)]
mod tests;
