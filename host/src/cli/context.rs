//! Output of the verbs: text or JSON on standard output, progress on standard error.

use super::diagnostic::{CliError, Result};
use super::paths::{Paths, print};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use miette::Diagnostic;
use serde::Serialize;
use std::io::Write;
use synfire_golden_model::file::io;

/// The global flags.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    json: bool,
    paths: Paths,
}

impl Context {
    pub(crate) const fn new(json: bool, paths: Paths) -> Self {
        Self { json, paths }
    }

    /// The paths that the run reads and writes.
    pub(crate) const fn paths(&self) -> &Paths {
        &self.paths
    }

    /// Whether to print JSON.
    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a result as one JSON object, or as the given text.
    pub(crate) fn print<T: Serialize>(&self, result: &T, text: impl FnOnce() -> String) -> Result<()> {
        let mut line = if self.json {
            serde_json::to_string(result)
                .map_err(|error| io("serializing for", "standard output")(error.into()))?
        } else {
            text()
        };
        if !line.ends_with('\n') {
            line.push('\n');
        }
        print(&mut self.out(), "standard output", &line)
    }

    /// Where results go: standard output, unless a file was asked for there.
    fn out(&self) -> Box<dyn Write> {
        if self.paths.use_stdout() {
            Box::new(std::io::stderr())
        } else {
            Box::new(std::io::stdout())
        }
    }

    /// Prints a line of text immediately, or nothing with `--json`.
    pub(crate) fn say(&self, line: &str) {
        if !self.json {
            let mut out = self.out();
            // If the reader is gone, the work continues.
            let _ = writeln!(out, "{line}");
            let _ = out.flush();
        }
    }

    /// Prints a warning on standard error.
    pub(crate) fn warn(&self, warning: &str) {
        print_error(&format!("warning: {warning}"));
    }

    /// Prints an error, as text or JSON.
    pub(crate) fn error(&self, error: CliError) {
        if matches!(error, CliError::Reported | CliError::ReportedStop) {
            return;
        }
        if self.json {
            let object = serde_json::json!({ "error": error_object(&error) });
            let mut out = self.out();
            // If the reader is gone, the exit status tells.
            let _ = writeln!(out, "{object}");
        } else {
            print_error(&format!("{:?}", miette::Report::new(error)));
        }
    }

    /// Returns a progress bar of `length` steps, which is drawn only on a terminal.
    pub(crate) fn bar(&self, length: u64, title: &str) -> ProgressBar {
        let template = "{prefix:>18} [{bar:32}] {pos}/{len} {msg} {elapsed} (eta {eta})";
        self.progress(ProgressBar::new(length), template, title)
    }

    /// Returns a progress bar of `length` steps whose message shows progress and speed.
    pub(crate) fn bar_of_text(&self, length: u64, title: &str) -> ProgressBar {
        self.progress(ProgressBar::new(length), "{prefix:>18} [{bar:32}] {msg}", title)
    }

    /// Returns a progress bar of `length` bytes, or a spinner if the length is unknown; drawn only on a terminal.
    pub(crate) fn bytes_bar(&self, length: Option<u64>, title: &str) -> ProgressBar {
        let template = match length {
            Some(_) => "{prefix:>18} [{bar:32}] {bytes}/{total_bytes} {bytes_per_sec} (eta {eta})",
            None => "{prefix:>18} {spinner} {bytes} {bytes_per_sec}",
        };
        let bar = length.map_or_else(ProgressBar::no_length, ProgressBar::new);
        self.progress(bar, template, title)
    }

    /// Returns a spinner for work of unknown length, which is drawn only on a terminal.
    pub(crate) fn spinner(&self, title: &str) -> ProgressBar {
        let spinner = self.progress(
            ProgressBar::new_spinner(),
            "{prefix:>18} {spinner} {msg} {elapsed}",
            title,
        );
        spinner.enable_steady_tick(std::time::Duration::from_millis(120));
        spinner
    }

    fn progress(&self, bar: ProgressBar, template: &str, title: &str) -> ProgressBar {
        let target = if self.json {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        bar.set_draw_target(target);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(title.to_owned());
        bar
    }
}

/// An error as the object that `--json` prints.
pub(crate) fn error_object(error: &CliError) -> serde_json::Value {
    let code = error.code().map(|code| code.to_string());
    serde_json::json!({ "code": code, "message": error.to_string() })
}

/// Prints a line on standard error. If the reader is gone, the work continues: a message is not worth a panic.
pub(crate) fn print_error(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
