//! `synfire trace`: compares and summarizes traces that `synfire eval --trace` wrote.

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
    /// Print the first difference between two traces; the exit status is 1 if there is one.
    Diff(diff::Args),
    /// Print the origin of a trace and the activity of its layers.
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
