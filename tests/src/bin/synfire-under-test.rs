//! The `synfire` program, built beside the tests so that they always run the code at hand.

use std::process::ExitCode;

fn main() -> ExitCode {
    synfire::cli::main()
}
