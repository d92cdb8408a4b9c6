//! The verb `synfire bench`.

mod array;
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
  synfire bench infer --net lenet --data fashion-mnist --model lenet.safetensors --json
  synfire bench sparsity --net lenet --rates 2,5,10,20
  synfire bench array lenet-4bit.safetensors --data-dir DATA

Run nothing else on the machine while measuring.";

/// Arguments of `synfire bench`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Measure training speed in images per second, including encoding and optimizer.
    Train(train::Args),
    /// Measure inference speed in images per second, including encoding, in floating point or integers.
    Infer(infer::Args),
    /// Measure how the time of one thread depends on the rate of input spikes, compared with the machine's peak.
    Sparsity(sparsity::Args),
    /// Count the membrane accesses that arrays of lanes would make for a network's spikes.
    Array(array::Args),
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        match self.what {
            What::Train(args) => args.run(context),
            What::Infer(args) => args.run(context),
            What::Sparsity(args) => args.run(context),
            What::Array(args) => args.run(context),
        }
    }
}
