//! The verb `synfire board`.

use super::context::Context;
use super::diagnostic::Result;
use super::form::BoardFormArgs;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use synfire_golden_model::file::io;
use synfire_hw::build::Build;
use synfire_hw::synth::checks::Form;
use synfire_sim::virtual_board::VirtualBoard;

const EXAMPLE: &str = "Examples:
  synfire board build --link /tmp/board       # a virtual board in one terminal
  synfire run build --port /tmp/board         # the host in another terminal
  synfire board build --netlist               # simulate the netlist instead of the Verilog
  synfire board build --bitstream             # simulate the bitstream (iCE40)";

/// Arguments of `synfire board`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Build folder that `synfire hdl` wrote.
    build: PathBuf,
    /// Create a symbolic link with this name to the pseudo-terminal while the board runs.
    #[arg(long)]
    link: Option<PathBuf>,
    #[command(flatten)]
    form: BoardFormArgs,
}

/// What the verb prints when the board is ready.
#[derive(Debug, Serialize)]
struct Ready<'a> {
    port: &'a Path,
    board: &'a str,
    form: Form,
    design_hash: &'a str,
}

/// Link to the pseudo-terminal. Dropping it removes the link, unless the link points elsewhere by then.
struct Link {
    name: PathBuf,
    port: PathBuf,
}

impl Drop for Link {
    fn drop(&mut self) {
        if std::fs::read_link(&self.name).is_ok_and(|port| port == self.port) {
            let _ = std::fs::remove_file(&self.name);
        }
    }
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let build = Build::open(&self.build)?;
        // Other runs may use the folder again once the board runs.
        let lock = build.lock()?;
        build.check_generated()?;
        // Catch interrupts before starting anything.
        let interrupt = super::interrupt::Interrupt::catch()?;
        let spinner = context.spinner("building");
        let form = self.form.form();
        let mut board = VirtualBoard::start(&build, form)?;
        drop(lock);
        spinner.finish_and_clear();
        let _link = self.link.map(|name| link(board.port(), name)).transpose()?;
        let ready = Ready {
            port: board.port(),
            board: &build.manifest.board.name,
            form,
            design_hash: &build.manifest.design_hash,
        };
        context.print(&ready, || format!("{}", ready.port.display()))?;
        context.say(&format!(
            "virtual {} with design {} ({form}); press Ctrl-C to stop it",
            ready.board,
            &ready.design_hash[..32.min(ready.design_hash.len())]
        ));
        while !interrupt.caught() {
            board.check()?;
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

/// Creates a link to the pseudo-terminal. Replaces an existing link, but no other file.
fn link(port: &Path, name: PathBuf) -> Result<Link> {
    if name.is_symlink() {
        std::fs::remove_file(&name).map_err(io("removing", &name))?;
    }
    std::os::unix::fs::symlink(port, &name).map_err(io("linking", &name))?;
    Ok(Link {
        name,
        port: port.into(),
    })
}
