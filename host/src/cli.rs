//! The `synfire` command line. Each verb has a file with an `Args` struct and its `run` function.
//!
//! Verbs may use other verbs (`demo` uses most of them), but no two of them use each other. All of them use
//! `diagnostic`, which holds the error type and therefore knows the errors of `data` and `sweep`.

mod arguments;
mod bench;
mod board;
mod context;
mod cosim;
mod data;
mod demo;
mod diagnostic;
mod early_exit;
mod eval;
mod figures;
mod flash;
mod form;
mod gradcheck;
mod hdl;
mod inference;
mod interrupt;
mod models;
mod paths;
mod plan;
mod quantize;
mod report;
mod run;
mod sweep;
mod synth;
mod table;
mod threads;
mod tools;
mod trace;
mod train;

#[doc(hidden)]
pub use arguments::{ArgumentError, check_arguments, long_flags};

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use context::Context;
use diagnostic::Result;
use paths::Paths;
use std::process::ExitCode;

/// Deep spiking neural networks on FPGAs: from training to a running board.
#[derive(Debug, Parser)]
#[command(name = "synfire", bin_name = "synfire", version, max_term_width = 100, after_help = EXAMPLE)]
struct Cli {
    /// Print one JSON object instead of text, and show no progress.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

const EXAMPLE: &str = "Example: every stage by hand
  synfire train digits -o digits.safetensors
  synfire quantize digits.safetensors -o digits-4bit.safetensors --bits 4
  synfire hdl digits-4bit.safetensors --board ulx3s-85f -o build
  synfire cosim build
  synfire synth build
  synfire board build                       # starts a virtual board and prints its port
  synfire run build --port /dev/pts/3       # for a real board: `synfire flash build`, and its port";

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run every stage: train, quantize, generate, co-simulate, synthesize and run, on handwritten digits.
    Demo(demo::Args),
    /// List, inspect, draw and download data sets.
    Data(data::Args),
    /// Train a network on input spikes.
    Train(Box<train::Args>),
    /// Measure accuracy, spikes and synaptic operations of a float or quantized model.
    Eval(eval::Args),
    /// Compare or summarize traces that `synfire eval --trace` wrote.
    Trace(trace::Args),
    /// Check spikes, loss and gradients of the trainer against reference cases.
    Gradcheck(gradcheck::Args),
    /// Quantize a float model and prove that nothing overflows.
    Quantize(quantize::Args),
    /// Compare many quantizations of a model: accuracy against size and synaptic operations.
    Sweep(sweep::Args),
    /// Plan the lanes of a quantized model on a board, and estimate speed and resources.
    Plan(plan::Args),
    /// Generate Verilog, constraints and memory images for a board.
    Hdl(hdl::Args),
    /// Co-simulate a build's design and compare every spike with the golden model.
    Cosim(cosim::Args),
    /// Synthesize, place and route a build's design, and pack its bitstream.
    Synth(synth::Args),
    /// Write a build's bitstream to its board.
    Flash(flash::Args),
    /// Print network, speed and resources of build folders in one table.
    Report(report::Args),
    /// Run a build as a virtual board behind a pseudo-terminal.
    Board(board::Args),
    /// Classify images on a board and compare every answer with the golden model.
    Run(run::Args),
    /// Measure speed and memory of training and inference, and how they depend on the number of spikes.
    Bench(bench::Args),
    /// List or install the external tools.
    Tools(tools::Args),
}

/// Runs the command line. The exit status tells whether it succeeded.
#[must_use]
pub fn main() -> ExitCode {
    let mut command = Cli::command();
    let matches = command.get_matches_mut();
    let Cli { json, verb } = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.format(&mut command).exit(),
    };
    let (context, paths) = match Paths::of_arguments(&command, &matches) {
        Ok(paths) => (Context::new(json, paths), Ok(())),
        Err(error) => (Context::new(json, Paths::default()), Err(error)),
    };
    let checked = paths.and_then(|()| threads::check_environment());
    match checked.and_then(|()| dispatch(verb, &context)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let status = ExitCode::from(error.exit_status());
            context.error(error);
            status
        }
    }
}

fn dispatch(verb: Verb, context: &Context) -> Result<()> {
    match verb {
        Verb::Demo(args) => args.run(context),
        Verb::Data(args) => args.run(context),
        Verb::Train(args) => args.run(context),
        Verb::Eval(args) => args.run(context),
        Verb::Trace(args) => args.run(context),
        Verb::Gradcheck(args) => args.run(context),
        Verb::Quantize(args) => args.run(context),
        Verb::Sweep(args) => args.run(context),
        Verb::Plan(args) => args.run(context),
        Verb::Hdl(args) => args.run(context),
        Verb::Cosim(args) => args.run(context),
        Verb::Synth(args) => args.run(context),
        Verb::Flash(args) => args.run(context),
        Verb::Report(args) => args.run(context),
        Verb::Board(args) => args.run(context),
        Verb::Run(args) => args.run(context),
        Verb::Bench(args) => args.run(context),
        Verb::Tools(args) => args.run(context),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_verb_has_an_example() {
        for verb in Cli::command().get_subcommands() {
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.starts_with("Example"), "{} has no example", verb.get_name());
        }
    }
}
