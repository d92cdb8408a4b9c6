//! `synfire board`.

use super::context::Context;
use super::diagnostic::{Result, io};
use super::form::BoardFormArgs;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use synfire_hw::build::Build;
use synfire_hw::synth::checks::Form;
use synfire_sim::virtual_board::VirtualBoard;

const EXAMPLE: &str = "Examples: a virtual board in one terminal, the host in another
  synfire board build --link /tmp/board
  synfire run build --port /tmp/board
The same with what goes onto the board, instead of its Verilog
  synfire board build --netlist
  synfire board build --bitstream";

/// Arguments of `synfire board`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Build folder, from `synfire hdl`.
    build: PathBuf,
    /// Make a symbolic link to the pseudo-terminal under this name while the board runs.
    #[arg(long)]
    link: Option<PathBuf>,
    #[command(flatten)]
    form: BoardFormArgs,
}

/// What is printed when the board is up.
#[derive(Debug, Serialize)]
struct Up<'a> {
    port: &'a Path,
    board: &'a str,
    form: Form,
    design_hash: &'a str,
}

/// Removes the link when the board ends, unless it leads elsewhere by then.
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
        // Before anything is started, so that an interrupt is noticed from here on.
        let interrupt = super::interrupt::Interrupt::catch()?;
        let spinner = context.spinner("building");
        let form = self.form.form();
        let mut board = VirtualBoard::start(&build, form)?;
        spinner.finish_and_clear();
        let _link = self.link.map(|name| link(board.port(), name)).transpose()?;
        let up = Up {
            port: board.port(),
            board: &build.manifest.board.name,
            form,
            design_hash: &build.manifest.design_hash,
        };
        context.print(&up, || format!("{}", up.port.display()))?;
        context.say(&format!(
            "virtual {} with design {} ({form}); Ctrl-C ends it",
            up.board,
            &up.design_hash[..32.min(up.design_hash.len())]
        ));
        while !interrupt.caught() {
            // Ctrl-C reaches the simulator, too.
            if let Err(error) = board.check() {
                if interrupt.caught() {
                    break;
                }
                return Err(error.into());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

/// Links to the terminal, in the place of an older link but of nothing else.
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
