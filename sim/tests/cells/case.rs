//! Case: a block with its parameters and inputs.

use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;

/// Port of a block.
#[derive(Clone, Debug)]
pub(crate) struct Port {
    /// Name in Verilog.
    pub(crate) name: String,
    /// Width in bits.
    pub(crate) width: usize,
}

/// Port with a name and a width.
pub(crate) fn port(name: &str, width: usize) -> Port {
    Port {
        name: name.into(),
        width,
    }
}

/// Ports of a vector of `count` elements, as rust-hdl names them.
pub(crate) fn vector(name: &str, count: usize, width: usize) -> impl Iterator<Item = Port> {
    (0..count).map(move |index| port(&format!("{name}${index}"), width))
}

/// Output, and the output that says whether it is valid, if there is one.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) port: Port,
    pub(crate) valid: Option<&'static str>,
}

impl From<Port> for Output {
    fn from(port: Port) -> Self {
        Self { port, valid: None }
    }
}

/// One cycle of a case.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) inputs: Vec<u128>,
    /// Whether the outputs before the rising edge, which depend on earlier cycles, are defined.
    pub(crate) compared: bool,
}

/// Block with its parameters and inputs.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Kind and parameters of the block in words.
    pub(crate) name: String,
    /// Verilog of the block, as a module `synfire`.
    pub(crate) verilog: String,
    pub(crate) has_clock: bool,
    pub(crate) inputs: Vec<Port>,
    pub(crate) outputs: Vec<Output>,
    pub(crate) rows: Vec<Row>,
    /// Files that the Verilog reads: name and text.
    pub(crate) files: Vec<(String, String)>,
}

/// Random addresses. Those around powers of two, the ends, and a few others come again and again, so that words that were
/// written are read. Now and then any address comes.
pub(crate) struct Addresses {
    depth: u64,
    often: Vec<u64>,
}

impl Addresses {
    pub(crate) fn new(rng: &mut Xoshiro256PlusPlus, depth: usize) -> Self {
        let depth = depth as u64;
        let powers = (0..64).map(|bit| 1 << bit).take_while(|power| *power < depth);
        let mut often: Vec<u64> = powers.flat_map(|power| [power - 1, power]).collect();
        often.push(depth - 1);
        often.extend((0..32).map(|_| rng.random_range(0..depth)));
        Self { depth, often }
    }

    pub(crate) fn next(&self, rng: &mut Xoshiro256PlusPlus) -> u64 {
        if rng.random_bool(0.3) {
            rng.random_range(0..self.depth)
        } else {
            self.often[rng.random_range(0..self.often.len())]
        }
    }
}

/// Draws random bits.
pub(crate) fn bits(rng: &mut Xoshiro256PlusPlus, width: usize) -> u128 {
    rng.random::<u128>() >> (128 - width)
}
