//! The program `synfire`, which runs the command line of [`synfire::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    synfire::cli::main()
}
