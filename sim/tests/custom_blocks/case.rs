//! Case: a block with its parameters, the inputs that it was given, and the outputs of its simulation.

use rust_hdl::prelude::{Block, Clock, In, Signal};
use synfire_hw::emit::verilog::emit;
use synfire_hw::simulate::Simulation;

/// Port of a block.
#[derive(Clone, Debug)]
pub(crate) struct Port {
    /// Name in Verilog.
    pub(crate) name: String,
    /// Width in bits.
    pub(crate) width: usize,
}

/// Ports with names and widths.
pub(crate) fn ports<'a>(ports: impl IntoIterator<Item = (&'a str, usize)>) -> Vec<Port> {
    ports
        .into_iter()
        .map(|(name, width)| Port {
            name: name.into(),
            width,
        })
        .collect()
}

/// Ports of a vector of `count` elements, as rust-hdl names them.
pub(crate) fn vector(name: &str, count: usize, width: usize) -> Vec<Port> {
    (0..count)
        .map(|index| Port {
            name: format!("{name}${index}"),
            width,
        })
        .collect()
}

/// One cycle of a case: inputs, and the outputs before the rising edge.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) inputs: Vec<u128>,
    pub(crate) outputs: Vec<u128>,
    /// Whether the outputs are defined.
    pub(crate) compared: bool,
}

/// Block with its parameters, inputs and simulated outputs.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Source file of the block, without its extension.
    pub(crate) block: &'static str,
    /// Block and parameters in words.
    pub(crate) name: String,
    /// Verilog of the block, as a module `synfire`.
    pub(crate) verilog: String,
    pub(crate) has_clock: bool,
    pub(crate) inputs: Vec<Port>,
    pub(crate) outputs: Vec<Port>,
    pub(crate) rows: Vec<Row>,
    /// Files that the Verilog reads: name and text.
    pub(crate) files: Vec<(String, String)>,
}

/// Function that returns the clock port of a block.
pub(crate) type ClockOf<B> = fn(&mut B) -> &mut Signal<In, Clock>;

/// Driver of a block's simulation.
pub(crate) struct Driver<B> {
    pub(crate) block: &'static str,
    pub(crate) name: String,
    /// Makes the block.
    pub(crate) new: Box<dyn Fn() -> B>,
    pub(crate) clock: Option<ClockOf<B>>,
    pub(crate) inputs: Vec<Port>,
    pub(crate) outputs: Vec<Port>,
    /// Sets the inputs, in the order of `inputs`.
    pub(crate) set: fn(&mut B, &[u128]),
    /// Reads the outputs, in the order of `outputs`.
    pub(crate) get: fn(&B) -> Vec<u128>,
    /// Whether the outputs are defined in the cycle after the given inputs, which are those of the last two cycles, latest
    /// first.
    pub(crate) defines: fn([&[u128]; 2]) -> bool,
}

impl<B: Block> Driver<B> {
    /// Runs the block on the inputs of every cycle.
    pub(crate) fn run(self, stimulus: Vec<Vec<u128>>) -> Case {
        let verilog = emit((self.new)(), &[]).expect("rust-hdl accepts the block");
        let no_clock = |_: &mut B| unreachable!("a combinational block is not clocked");
        let mut simulation = Simulation::new((self.new)(), self.clock.unwrap_or(no_clock))
            .expect("rust-hdl accepts the block");
        let mut compared = true;
        let mut before = vec![0; self.inputs.len()];
        let mut rows = Vec::with_capacity(stimulus.len());
        for inputs in stimulus {
            assert_eq!(inputs.len(), self.inputs.len(), "inputs of {}", self.name);
            (self.set)(simulation.circuit(), &inputs);
            simulation.settle();
            let outputs = (self.get)(simulation.circuit());
            assert_eq!(outputs.len(), self.outputs.len(), "outputs of {}", self.name);
            let defined = (self.defines)([&inputs, &before]);
            before.clone_from(&inputs);
            rows.push(Row {
                inputs,
                outputs,
                compared,
            });
            compared = defined;
            if self.clock.is_some() {
                simulation.tick();
            }
        }
        Case {
            block: self.block,
            name: self.name,
            verilog,
            has_clock: self.clock.is_some(),
            inputs: self.inputs,
            outputs: self.outputs,
            rows,
            files: Vec::new(),
        }
    }
}
