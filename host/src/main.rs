//! The `synfire` program: see [`synfire::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    synfire::cli::main()
}
