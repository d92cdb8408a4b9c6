//! Playback of event-camera recordings, step by step.

use super::bits::{WORD, set_bits};
use crate::dataset::Recordings;
use crate::spikes::{Spike, SpikeRaster};

/// The bins of one recording: one bit per step and input, set if the input has an event in that step.
///
/// Several events of one input in one step give one spike. Spikes of a step are in C, H, W order. If events are counted,
/// the bins hold their numbers, too.
#[derive(Clone, Debug)]
pub(super) struct Playback {
    steps: usize,
    /// Words of bits per step.
    words: usize,
    /// One bit per step and input.
    bits: Vec<u64>,
    /// Number of events per step and input, at most 255; empty if they are not counted.
    counts: Vec<u8>,
    inputs: usize,
    /// Sign bits, all 0: events have no sign.
    signs: Vec<u64>,
    next: usize,
}

impl Playback {
    /// Creates an empty recording of `steps` steps over `inputs` inputs, with or without counts of events.
    pub(super) fn new(inputs: usize, steps: usize, counted: bool) -> Self {
        let words = inputs.div_ceil(WORD);
        Self {
            steps,
            words,
            bits: vec![0; words * steps],
            counts: vec![0; if counted { inputs * steps } else { 0 }],
            inputs,
            signs: vec![0; words],
            next: 0,
        }
    }

    /// Divides the recordings that follow into another number of steps.
    pub(super) fn set_steps(&mut self, steps: usize) {
        if steps != self.steps {
            let counted = !self.counts.is_empty();
            *self = Self::new(self.inputs, steps, counted);
        }
    }

    /// Restarts with recording `index`. `place` maps the address of an event to an input, or drops the event.
    pub(super) fn restart(
        &mut self,
        recordings: &Recordings,
        index: usize,
        place: impl Fn(u32) -> Option<u32>,
    ) {
        self.bits.fill(0);
        self.counts.fill(0);
        self.next = 0;
        for event in recordings.get(index) {
            let step = recordings.step_of(event.time_us, self.steps);
            if let (Some(step), Some(address)) = (step, place(event.address)) {
                let address = address as usize;
                self.bits[step * self.words + address / WORD] |= 1 << (address % WORD);
                if let Some(count) = self.counts.get_mut(step * self.inputs + address) {
                    *count = count.saturating_add(1);
                }
            }
        }
    }

    /// Numbers of events of every input in the next step, at most 255; none after the last step.
    pub(super) fn next_counts(&mut self) -> &[u8] {
        let counts = self.counts.get(self.next * self.inputs..).unwrap_or_default();
        self.next += 1;
        &counts[..self.inputs.min(counts.len())]
    }

    /// Appends the spikes of the next step to `raster`; there are none after the last step.
    pub(super) fn step(&mut self, raster: &mut SpikeRaster) {
        let bits = self.bits.get(self.next * self.words..).unwrap_or_default();
        let spikes = set_bits(&bits[..self.words.min(bits.len())], &self.signs);
        raster.push_step(spikes.map(|(address, _)| Spike::positive(address)));
        self.next += 1;
    }
}
