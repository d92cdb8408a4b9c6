//! The verb `synfire data list`.

use crate::cli::context::Context;
use crate::cli::diagnostic::Result;
use crate::cli::paths::{DataFolder, lossy_if_some};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::PathBuf;
use synfire_golden_model::Error;
use synfire_golden_model::dataset::{DataError, KNOWN, Known};

const EXAMPLE: &str = "Examples:
  synfire data list --data-dir data
  synfire data list --json";

/// Arguments of `synfire data list`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// Folder to search for the files.
    #[arg(long, env = "SYNFIRE_DATA")]
    data_dir: Option<DataFolder>,
}

/// Result of `synfire data list`.
#[derive(Debug, Serialize)]
struct List {
    datasets: Vec<Entry>,
}

/// A data set, and where its files are.
#[derive(Debug, Serialize)]
struct Entry {
    name: &'static str,
    title: &'static str,
    kind: &'static str,
    shape: [usize; 3],
    classes: &'static [&'static str],
    files: Vec<&'static [&'static str]>,
    home: &'static str,
    licence: &'static str,
    built_in: bool,
    downloadable: bool,
    #[serde(serialize_with = "lossy_if_some")]
    found_in: Option<PathBuf>,
    /// Error that names the missing files, if only some of the files exist.
    incomplete: Option<String>,
}

impl Args {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let data_dir = self.data_dir.as_deref();
        let entry = |known: &'static Known| {
            let found = known.find(data_dir);
            Entry {
                name: known.name,
                title: known.title,
                kind: if known.recordings { "recordings" } else { "images" },
                shape: known.shape,
                classes: known.classes,
                files: known.layouts.to_vec(),
                home: known.home,
                licence: known.licence,
                built_in: known.layouts.is_empty(),
                downloadable: known.download.is_some(),
                incomplete: match &found {
                    Err(Error::Data(error @ DataError::FileMissing { .. })) => Some(error.to_string()),
                    _ => None,
                },
                // A missing data set is not an error here: most users have only a few.
                found_in: found.ok().map(|found| found.folder),
            }
        };
        let list = List {
            datasets: KNOWN.iter().map(entry).collect(),
        };
        context.print(&list, || {
            list.datasets.iter().map(describe).collect::<Vec<_>>().join("\n")
        })
    }
}

fn describe(entry: &Entry) -> String {
    let mut text = format!(
        "{}: {}; {} of {:?}, {} classes\n",
        entry.name,
        entry.title,
        entry.kind,
        entry.shape,
        entry.classes.len()
    );
    let here = match (&entry.found_in, &entry.incomplete) {
        _ if entry.built_in => "built in".to_owned(),
        (Some(folder), _) => format!("in {}", folder.display()),
        (None, Some(problem)) => problem.clone(),
        (None, None) if entry.downloadable => {
            format!(
                "not found; download it with `synfire data download {}`",
                entry.name
            )
        }
        (None, None) => "not found; download it from its home".to_owned(),
    };
    let mut line = |key: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {key:<8} {value}");
    };
    line("location", &here);
    for (index, files) in entry.files.iter().enumerate() {
        line(if index == 0 { "files" } else { "or" }, &files.join(", "));
    }
    line("home", entry.home);
    line("licence", entry.licence);
    text
}
