//! The verb `synfire tools`.

use super::context::Context;
use super::diagnostic::{CliError, Result};
use super::paths::lossy_if_some;
use super::table::table;
use serde::Serialize;
use std::path::{Path, PathBuf};
use synfire_hw::install;
use synfire_hw::tool::Tool;

const EXAMPLE: &str = "Examples:
  synfire tools                 # list the tools
  synfire tools --install       # install into .venv with pip; needs no root and no compiler";

/// Arguments of `synfire tools`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Install the pinned versions into a Python virtual environment, if they are missing.
    #[arg(long)]
    install: bool,
    /// Path of the virtual environment.
    #[arg(long, env = "SYNFIRE_VENV")]
    venv: Option<PathBuf>,
}

/// A tool, and whether it was found.
#[derive(Debug, Serialize)]
struct Row {
    tool: &'static str,
    version: Option<String>,
    wanted: Option<String>,
    #[serde(serialize_with = "lossy_if_some")]
    path: Option<PathBuf>,
    /// Whether synfire works without the tool.
    optional: bool,
    problem: Option<String>,
}

impl Args {
    pub(crate) fn run(mut self, context: &Context) -> Result<()> {
        if self.install {
            // Do not use one in a parent folder, which may belong to another project.
            let venv = self.venv.get_or_insert_with(|| ".venv".into());
            if install::is_current(venv) {
                context.say(&format!("tools: {} is up to date", venv.display()));
            }
            let spinner = context.spinner("tools");
            install::install(venv, &mut |step| {
                spinner.set_message(step.to_owned());
                spinner.suspend(|| context.say(&format!("tools: {step}")));
            })?;
            spinner.finish_and_clear();
        }
        let venv = self.venv.as_deref();
        let (rows, errors): (Vec<Row>, Vec<_>) = Tool::ALL.into_iter().map(|tool| row(tool, venv)).unzip();
        context.print(&rows, || {
            let mut text = table(["tool", "version", "wanted", "path"]);
            for row in &rows {
                text.add_row([
                    row.tool.to_owned(),
                    row.version.clone().unwrap_or_else(|| "-".into()),
                    row.wanted.clone().unwrap_or_else(|| "any".into()),
                    match (&row.path, &row.problem) {
                        (Some(path), _) => path.display().to_string(),
                        (None, Some(problem)) if row.optional => problem.clone(),
                        (None, _) => "not found".into(),
                    },
                ]);
            }
            text.to_string()
        })?;
        match errors.into_iter().flatten().next() {
            // The rows that were printed contain the error.
            Some(_) if context.is_json() => Err(CliError::Reported),
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }
}

/// Searches for a tool. Returns its row, and an error if synfire does not work without it.
fn row(tool: Tool, venv: Option<&Path>) -> (Row, Option<synfire_hw::Error>) {
    let wanted = tool.wanted().map(|version| version.to_string());
    match venv.map_or_else(|| tool.find(), |venv| tool.find_in_environment(venv)) {
        Ok(found) => {
            let version = found.version.map(|version| version.to_string());
            (
                Row {
                    tool: tool.name(),
                    version,
                    wanted,
                    path: Some(found.path),
                    optional: tool.is_optional(),
                    problem: None,
                },
                None,
            )
        }
        Err(error) => {
            let problem = Some(error.to_string());
            (
                Row {
                    tool: tool.name(),
                    version: None,
                    wanted,
                    path: None,
                    optional: tool.is_optional(),
                    problem,
                },
                Some(error).filter(|_| !tool.is_optional()),
            )
        }
    }
}
