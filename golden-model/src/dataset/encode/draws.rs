//! The draws of one time step, computed many at a time.
//!
//! The inputs are divided into [`LANES`] runs of equal length. The state at the start of each run is computed by a
//! jump, and all runs advance side by side in vector registers. The bits equal those of a single sequential generator.

use super::bits::{WORD as BITS, set_bits};
use super::jump::Jump;
use super::xorshift32;

/// Runs that advance side by side.
const LANES: usize = 16;

/// Draws per word of bits that a run collects.
const WORD: usize = 32;

/// Draws one bit per input and step: set if the top 8 bits of the generator are below |p| of the input.
#[derive(Clone, Debug)]
pub(super) struct Draws {
    inputs: usize,
    /// Inputs per run; the last runs may extend beyond the inputs, with thresholds of 0.
    run: usize,
    /// `thresholds[row][lane]` is |p| of input `lane · run + row`.
    thresholds: Vec<[u32; LANES]>,
    /// One bit per input: set if the threshold is negative.
    signs: Vec<u64>,
    state: u32,
    over_run: Jump,
    over_step: Jump,
    /// One bit per input: set if the input spikes in the current step.
    bits: Vec<u64>,
}

impl Draws {
    /// Creates an empty generator; call [`Self::start`] before drawing.
    pub(super) fn new() -> Self {
        let still = Jump::new(0);
        Self {
            inputs: 0,
            run: 0,
            thresholds: Vec::new(),
            signs: Vec::new(),
            state: 0,
            over_run: still.clone(),
            over_step: still,
            bits: Vec::new(),
        }
    }

    pub(super) const fn inputs(&self) -> usize {
        self.inputs
    }

    /// Restarts with new thresholds and the generator in `state`.
    ///
    /// # Panics
    /// If there are 2^32 inputs or more.
    pub(super) fn start(&mut self, thresholds: impl ExactSizeIterator<Item = i16>, state: u32) {
        let inputs = thresholds.len();
        if inputs != self.inputs {
            let steps = |draws| u32::try_from(draws).expect("fewer than 2^32 inputs");
            self.inputs = inputs;
            self.run = inputs.div_ceil(LANES);
            self.over_run = Jump::new(steps(self.run));
            self.over_step = Jump::new(steps(inputs));
            self.thresholds = vec![[0; LANES]; self.run];
            // The last run may extend beyond the inputs.
            self.bits = vec![0; (self.run * LANES).div_ceil(BITS) + 1];
            self.signs = vec![0; self.bits.len()];
        }
        self.signs.fill(0);
        let (mut lane, mut row) = (0, 0);
        for (input, threshold) in thresholds.enumerate() {
            self.thresholds[row][lane] = threshold.unsigned_abs().into();
            self.signs[input / BITS] |= u64::from(threshold < 0) << (input % BITS);
            row += 1;
            if row == self.run {
                (lane, row) = (lane + 1, 0);
            }
        }
        self.state = state;
    }

    /// Draws once for every input. Returns the inputs that spike, ascending, each with true if the spike is negative.
    pub(super) fn step(&mut self) -> impl Iterator<Item = (u32, bool)> {
        let mut states = [0; LANES];
        let mut state = self.state;
        for lane in &mut states {
            *lane = state;
            state = self.over_run.apply(state);
        }
        self.state = self.over_step.apply(self.state);

        self.bits.fill(0);
        for (word, rows) in self.thresholds.chunks(WORD).enumerate() {
            let bits = draw(&mut states, rows);
            for (lane, bits) in bits.into_iter().enumerate() {
                let address = lane * self.run + word * WORD;
                let (at, shift, bits) = (address / BITS, address % BITS, u64::from(bits));
                self.bits[at] |= bits << shift;
                // Two shifts, because their sum may be 64.
                self.bits[at + 1] |= bits >> 1 >> (63 - shift);
            }
        }
        set_bits(&self.bits, &self.signs)
    }
}

/// Advances all lanes by up to [`WORD`] draws; bit i of a lane's word is its draw i.
fn draw(states: &mut [u32; LANES], rows: &[[u32; LANES]]) -> [u32; LANES] {
    let mut words = [0; LANES];
    for thresholds in rows {
        for lane in 0..LANES {
            states[lane] = xorshift32(states[lane]);
            let spike = states[lane] >> 24 < thresholds[lane];
            words[lane] = words[lane] >> 1 | u32::from(spike) << 31;
        }
    }
    words.map(|word| word >> (WORD - rows.len()))
}
