//! `synfire trace`: files of `synfire eval --trace`.

mod diff;
mod show;

use super::context::Context;
use super::diagnostic::Result;

const EXAMPLE: &str = "Examples:
  synfire eval digits-4bit.safetensors --trace digits.npz --trace-membranes
  synfire trace show digits.npz
  synfire trace diff digits.npz other.npz";

/// Arguments of `synfire trace`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Name the first difference between two traces; exit with 1 if there is one.
    Diff(diff::Args),
    /// What a trace is of, and its spikes.
    Show(show::Args),
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        match self.action {
            Action::Diff(args) => args.run(context),
            Action::Show(args) => args.run(context),
        }
    }
}
