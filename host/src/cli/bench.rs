//! `synfire bench`.

mod full_run;
mod infer;
mod report;
mod setting;
mod sparsity;
mod stopwatch;
mod train;

use super::context::Context;
use super::diagnostic::Result;

const EXAMPLE: &str = "Examples:
  synfire bench train --net lenet --data fashion-mnist --data-dir DATA
  synfire bench infer --net lenet --data fashion-mnist --data-dir DATA --model lenet.safetensors --json
  synfire bench sparsity --net lenet --rates 2,5,10,20

Let the machine do nothing else meanwhile.";

/// Arguments of `synfire bench`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Training: images per second through the very trainer, encoding and optimizer included.
    Train(train::Args),
    /// Inference, with floating-point numbers or integers: images per second, encoding included.
    Infer(infer::Args),
    /// One thread at several rates of input spikes: time beside synaptic operations and the machine's peak.
    Sparsity(sparsity::Args),
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        match self.what {
            What::Train(args) => args.run(context),
            What::Infer(args) => args.run(context),
            What::Sparsity(args) => args.run(context),
        }
    }
}
