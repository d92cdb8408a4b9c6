//! Which form of a design is simulated, as flags.

use synfire_hw::synth::checks::Form;

/// Forms that run through the core's ports.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
#[group(multiple = false)]
pub(crate) struct CoreFormArgs {
    /// Simulate the Verilog as Yosys elaborates it, instead of as it was emitted.
    #[arg(long)]
    elaborated: bool,
    /// Simulate the netlist that `synfire synth` places and routes; it is made if it is not there yet.
    #[arg(long)]
    netlist: bool,
}

impl CoreFormArgs {
    /// The form.
    pub(crate) const fn form(self) -> Form {
        if self.netlist {
            Form::Netlist
        } else if self.elaborated {
            Form::Elaborated
        } else {
            Form::Emitted
        }
    }
}

/// Forms that run through the board's pins.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
#[group(multiple = false)]
pub(crate) struct BoardFormArgs {
    /// Simulate the netlist that `synfire synth` places and routes, with the board's top module; it is made if it is not there yet.
    #[arg(long)]
    netlist: bool,
    /// Simulate the bitstream from `synfire synth`, unpacked again (iCE40).
    #[arg(long)]
    bitstream: bool,
}

impl BoardFormArgs {
    /// The form.
    pub(crate) const fn form(self) -> Form {
        if self.bitstream {
            Form::Bitstream
        } else if self.netlist {
            Form::Netlist
        } else {
            Form::Emitted
        }
    }
}
