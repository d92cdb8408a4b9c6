//! The verb `synfire data download`.

use super::fetch::{DownloadError, Fetched, Fetcher};
use crate::cli::context::Context;
use crate::cli::diagnostic::Result;
use crate::cli::paths::lossy;
use serde::Serialize;
use std::path::PathBuf;
use synfire_golden_model::dataset::Known;
use synfire_golden_model::file::io;

const EXAMPLE: &str = "Examples:
  synfire data download mnist --data-dir data
  synfire data download cifar10 --data-dir data --mirror https://mirror.example.org/cifar10";

/// Arguments of `synfire data download`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// Data set: a name that `synfire data list` prints.
    name: String,
    /// Folder for data sets; the files go into a subfolder named after the data set.
    #[arg(long, env = "SYNFIRE_DATA")]
    data_dir: PathBuf,
    /// Download from this address, without the file names, instead of the data set's public home.
    #[arg(long)]
    mirror: Option<String>,
}

/// Result of `synfire data download`.
#[derive(Debug, Serialize)]
struct Downloaded {
    name: &'static str,
    #[serde(serialize_with = "lossy")]
    folder: PathBuf,
    files: Vec<File>,
}

#[derive(Debug, Serialize)]
struct File {
    name: &'static str,
    bytes: u64,
    sha256: &'static str,
    outcome: Fetched,
}

impl Args {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let known = Known::of_name(&self.name)?;
        let Some(download) = known.download else {
            return Err(match known.layouts.is_empty() {
                true => DownloadError::BuiltIn { name: known.name },
                false => DownloadError::ByHand {
                    name: known.name,
                    home: known.home,
                    files: known.wanted(),
                },
            }
            .into());
        };
        let base = self
            .mirror
            .as_deref()
            .unwrap_or(download.base)
            .trim_end_matches('/');
        let folder = self.data_dir.join(known.name);
        std::fs::create_dir_all(&folder).map_err(io("creating", &folder))?;
        let fetcher = Fetcher::new();
        let mut files = Vec::new();
        for file in download.files {
            let path = folder.join(file.name);
            let address = format!("{base}/{}", file.name);
            let bar = |length| context.bytes_bar(length, file.name);
            let outcome = fetcher.fetch(&address, &path, file.sha256, &bar)?;
            let bytes = path.metadata().map_err(io("reading", &path))?.len();
            context.say(&format!("{}: {}", path.display(), outcome.describe(bytes)));
            files.push(File {
                name: file.name,
                bytes,
                sha256: file.sha256,
                outcome,
            });
        }
        let downloaded = Downloaded {
            name: known.name,
            folder,
            files,
        };
        context.print(&downloaded, || {
            format!(
                "all checksums are correct; try `synfire data show {}`",
                downloaded.name
            )
        })
    }
}
