//! Flags that choose which form of a design to simulate.

use synfire_hw::synth::checks::Form;

/// Flags for forms that are simulated through the core's ports.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
#[group(multiple = false)]
pub(crate) struct CoreFormArgs {
    /// Simulate the Verilog as Yosys elaborates it, instead of the emitted Verilog.
    #[arg(long)]
    elaborated: bool,
    /// Simulate the netlist that `synfire synth` places and routes; makes it if it does not exist.
    #[arg(long)]
    netlist: bool,
}

impl CoreFormArgs {
    /// Returns the form that the flags choose.
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

/// Flags for forms that are simulated through the board's pins.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
#[group(multiple = false)]
pub(crate) struct BoardFormArgs {
    /// Simulate the netlist that `synfire synth` places and routes, including the board's top module; makes it if it does
    /// not exist.
    #[arg(long)]
    netlist: bool,
    /// Simulate the bitstream that `synfire synth` made, unpacked again (iCE40 only).
    #[arg(long)]
    bitstream: bool,
}

impl BoardFormArgs {
    /// Returns the form that the flags choose.
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
