//! The verb `synfire data`, and the flags with which other verbs choose a data set.

mod args;
mod download;
mod draw;
mod fetch;
mod list;
mod recorded;
mod show;

pub(crate) use args::{DataArgs, Loaded, network};
pub(crate) use fetch::DownloadError;
pub(crate) use recorded::Recorded;

use super::context::Context;
use super::diagnostic::Result;

const EXAMPLE: &str = "Examples:
  synfire data list
  synfire data download mnist --data-dir data
  synfire data show cifar10 --data-dir data --rate 1
  synfire data draw n-mnist --data-dir data -o n-mnist.svg";

/// Arguments of `synfire data`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the known data sets and where their files are.
    List(list::Args),
    /// Print class counts, statistics and input spikes of a data set.
    Show(show::Args),
    /// Draw the first samples of each class into an SVG file.
    Draw(draw::Args),
    /// Download a data set from its public home and verify its checksums.
    Download(download::Args),
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        match self.action {
            Action::List(args) => args.run(context),
            Action::Show(args) => args.run(context),
            Action::Draw(args) => args.run(context),
            Action::Download(args) => args.run(context),
        }
    }
}
