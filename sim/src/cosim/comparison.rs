//! Comparison of an observed inference with the expectation, layer by layer and step by step.

use super::difference::Difference;
use super::expectation::Expectation;
use crate::observation::{LayerCounters, Observation};
use std::collections::BTreeSet;
use synfire_golden_model::integer::QuantizedModel;
use synfire_hw::circuit::engine::pause_margin;
use synfire_hw::circuit::fifo::nearly_full_at;
use synfire_hw::geometry::Geometry;
use synfire_hw::plan::Plan;

/// Compares an inference with the expectation and returns the first difference: lengths before contents, earliest layer
/// first.
///
/// Hidden layers work ahead of an early exit, so they may have ended more steps than the inference; these steps are compared,
/// too.
#[must_use]
pub fn compare(
    model: &QuantizedModel,
    geometry: &Geometry,
    plan: &Plan,
    expected: &Expectation,
    seen: &Observation,
) -> Option<Difference> {
    let comparison = Comparison {
        model,
        geometry,
        plan,
        expected,
        seen,
    };
    let layers = 0..model.layers.len();
    comparison
        .stray()
        .or_else(|| layers.clone().find_map(|layer| comparison.layer(layer)))
        .or_else(|| comparison.potentials())
        .or_else(|| layers.clone().find_map(|layer| comparison.clear(layer)))
        .or_else(|| {
            // After an early exit the clear overtakes the work of layers, and their counters depend on the timing.
            let counted = if expected.exit.is_some() { 0..0 } else { layers };
            counted.into_iter().find_map(|layer| comparison.counters(layer))
        })
}

struct Comparison<'a> {
    model: &'a QuantizedModel,
    geometry: &'a Geometry,
    plan: &'a Plan,
    expected: &'a Expectation,
    seen: &'a Observation,
}

impl Comparison<'_> {
    fn name(&self, layer: usize) -> String {
        self.model.layers[layer].name.clone()
    }

    fn stray(&self) -> Option<Difference> {
        let (layer, word) = self.seen.stray?;
        Some(Difference::Event {
            layer: self.name(layer),
            word,
        })
    }

    /// Compares spikes and membranes of a layer.
    fn layer(&self, layer: usize) -> Option<Difference> {
        let steps = self.expected.inference().steps;
        let last = self.model.layers.len() - 1;
        let whole = if layer == last {
            steps
        } else {
            self.expected.trace.inference.steps
        };
        let sweeps = self.seen.sweeps.get(layer).map_or(&[][..], Vec::as_slice);
        let spikes = self.seen.spikes.get(layer).map(Vec::as_slice);
        for ended in [Some(sweeps.len()), spikes.map(<[_]>::len)].into_iter().flatten() {
            if !(steps..=whole).contains(&ended) {
                return self.wrong_steps(layer, ended);
            }
        }
        if layer == last && self.seen.steps != steps as u64 {
            return self.wrong_steps(layer, usize::try_from(self.seen.steps).unwrap_or(usize::MAX));
        }
        (0..whole).find_map(|step| {
            let spikes = spikes.and_then(|spikes| spikes.get(step));
            spikes
                .and_then(|seen| self.spikes(layer, step, seen))
                .or_else(|| sweeps.get(step).and_then(|seen| self.sweep(layer, step, seen)))
        })
    }

    fn wrong_steps(&self, layer: usize, actual: usize) -> Option<Difference> {
        Some(Difference::Steps {
            layer: self.name(layer),
            expected: self.expected.inference().steps,
            actual,
        })
    }

    fn spikes(&self, layer: usize, step: usize, seen: &[u32]) -> Option<Difference> {
        let expected = self.expected.trace.layers.get(layer)?.step(step);
        let (neuron, expected, actual) = first_difference(expected.iter().map(|s| s.address), seen)?;
        Some(Difference::Spikes {
            step,
            layer: self.name(layer),
            neuron,
            expected,
            actual,
        })
    }

    /// Checks the number of words of a sweep, of as many lanes as there are units.
    fn words(&self, layer: usize, step: usize, seen: &[i32]) -> Option<Difference> {
        let plan = &self.plan.layers[layer];
        (seen.len() != plan.sweep_words * plan.units()).then(|| Difference::Words {
            step,
            layer: self.name(layer),
            expected: plan.sweep_words,
            actual: seen.len() / plan.units(),
        })
    }

    /// Position and channel of a number of a sweep, the latter perhaps one that fills up the last group; none beyond the last
    /// column of a row.
    ///
    /// Channel c at position p lies in lane c mod L of word p · G + ⌊c / L⌋. If S positions end their step at once, then it lies in
    /// lane p mod S · L + c mod L, and S columns of a row count as one position.
    fn place(&self, layer: usize, index: usize) -> Option<(usize, usize)> {
        let plan = &self.plan.layers[layer];
        let (word, unit) = (index / plan.units(), index % plan.units());
        let (place, group) = (word / plan.groups, word % plan.groups);
        let width = self.geometry.layers[layer].neurons.width;
        let places = width.div_ceil(plan.swept);
        let column = place % places * plan.swept + unit / plan.lanes;
        let channel = group * plan.lanes + unit % plan.lanes;
        (column < width).then(|| (place / places * width + column, channel))
    }

    /// Compares the words of a sweep.
    fn sweep(&self, layer: usize, step: usize, seen: &[i32]) -> Option<Difference> {
        if let Some(difference) = self.words(layer, step, seen) {
            return Some(difference);
        }
        let units = self.plan.layers[layer].units();
        let membranes = self.expected.trace.membranes.as_ref()?;
        let expected = membranes.get(layer)?.row(step);
        let neurons = self.geometry.layers[layer].neurons;
        let positions = neurons.height * neurons.width;
        seen.iter().enumerate().find_map(|(index, &actual)| {
            let (position, channel) = self.place(layer, index)?;
            if channel >= neurons.channels {
                return (actual != 0).then(|| Difference::NotZero {
                    step: Some(step),
                    layer: self.name(layer),
                    word: index / units,
                    lane: index % units,
                    actual,
                });
            }
            let neuron = channel * positions + position;
            let expected = expected[neuron];
            (expected != actual).then(|| Difference::Membrane {
                step,
                layer: self.name(layer),
                neuron: u32::try_from(neuron).unwrap_or(u32::MAX),
                expected,
                actual,
            })
        })
    }

    /// Compares the sweep that clears.
    fn clear(&self, layer: usize) -> Option<Difference> {
        let seen = self.seen.clears.get(layer).map_or(&[][..], Vec::as_slice);
        if let Some(difference) = self.words(layer, self.expected.inference().steps, seen) {
            return Some(difference);
        }
        let units = self.plan.layers[layer].units();
        let mut kept = seen.iter().enumerate().filter(|&(_, &number)| number != 0);
        let (index, &actual) = kept.find(|&(index, _)| self.place(layer, index).is_some())?;
        Some(Difference::NotZero {
            step: None,
            layer: self.name(layer),
            word: index / units,
            lane: index % units,
            actual,
        })
    }

    fn potentials(&self) -> Option<Difference> {
        let expected = &self.expected.inference().potentials;
        let seen = &self.seen.potentials;
        if expected.len() != seen.len() {
            return Some(Difference::Classes {
                expected: expected.len(),
                actual: seen.len(),
            });
        }
        let mut classes = expected.iter().zip(seen).enumerate();
        let (class, (&expected, &actual)) = classes.find(|(_, (expected, actual))| expected != actual)?;
        Some(Difference::Potential {
            class,
            expected,
            actual,
        })
    }

    /// Compares the counters of a layer.
    ///
    /// **Busy cycles equal the ideal cycles, exactly, in every layer.** An engine counts three kinds of cycles: those in which
    /// the walker addresses a word, those in which it waits behind a sweep, one for each settle stage, and those in which it
    /// does neither although there was something to load in the cycle before and no sweep is stalled. Each walk addresses
    /// rows · run words, which is positions · groups (or positions, for a source that meets only its own channel). Each sweep
    /// addresses all words. Spikes that meet nothing are dropped before the engine. So cycles of the first two kinds add up to
    /// the ideal. Cycles of the third kind do not occur in a correct
    /// design: if the walker is free, it loads what is there and addresses it in the next cycle; if it is not free, it goes
    /// on. A design that has such cycles is at fault, like one that addresses a word too many. After a clear up to three
    /// cycles are lost, but they are not counted here: the first event of the next inference is offered only after the last
    /// layer has ended its clear, and every layer before it has ended its own before it sent the marker on.
    ///
    /// **Stalled cycles** are those in which a sweep stands still. Within a sweep, each of them is a cycle without a word
    /// three cycles and the settle stages later (four, in a layer of graded input), which shows at the tap. Those before the first word of a sweep do not show, so the count at the
    /// tap is a lower bound. An engine is never busy and stalled at once, and the core is active in either case, which gives
    /// the upper bound. A sweep stalls only when its queue is nearly full, and the queue receives the words in which a neuron
    /// fired and the last word of each sweep. If all of these words of an inference would not fill the queue so far, no sweep
    /// stalls. The output layer never stalls.
    ///
    /// **Active cycles** are at most those of the whole inference, since no layer holds anything before the first event or
    /// after the last step. Every cycle in which a tap shows an event or a word is an active cycle.
    fn counters(&self, layer: usize) -> Option<Difference> {
        let name = || self.name(layer);
        let spikes = &self.expected.trace.inference.spikes;
        let LayerCounters {
            spikes_in,
            spikes_out,
            busy_cycles,
            stalled_cycles,
            seen_stalled,
        } = self.seen.counters.get(layer).copied().unwrap_or_default();
        for (counter, expected, actual) in [
            ("spikes in", self.expected.spikes_in[layer], spikes_in),
            ("spikes out", spikes.get(layer).copied().unwrap_or(0), spikes_out),
            ("busy cycles", self.expected.ideal_cycles[layer], busy_cycles),
            (
                "idle cycles with an event or a word at a tap",
                0,
                self.seen.seen_idle,
            ),
        ] {
            if expected != actual {
                return Some(Difference::Counter {
                    name: counter,
                    layer: name(),
                    expected,
                    actual,
                });
            }
        }
        let is_output = layer == self.model.layers.len() - 1;
        let active = self.seen.active_cycles;
        let most_stalled = if is_output || !self.can_stall(layer) {
            0
        } else {
            active.saturating_sub(busy_cycles)
        };
        for (counter, least, most, actual) in [
            ("stalled cycles", seen_stalled, most_stalled, stalled_cycles),
            (
                "active cycles",
                busy_cycles + stalled_cycles,
                self.seen.cycles,
                active,
            ),
        ] {
            if !(least..=most).contains(&actual) {
                return Some(Difference::Bounds {
                    name: counter,
                    layer: name(),
                    least,
                    most,
                    actual,
                });
            }
        }
        None
    }
}

impl Comparison<'_> {
    /// Whether the words that enter a layer's queue could fill it so far that a sweep is stalled.
    fn can_stall(&self, layer: usize) -> bool {
        let plan = &self.plan.layers[layer];
        let Some(raster) = self.expected.trace.layers.get(layer) else {
            return false;
        };
        let neurons = self.geometry.layers[layer].neurons;
        let positions = neurons.height * neurons.width;
        // Columns that end their step at once are one word.
        let places = neurons.width.div_ceil(plan.swept);
        let word = |neuron: usize| {
            let position = neuron % positions;
            let place = position / neurons.width * places + position % neurons.width / plan.swept;
            place * plan.groups + neuron / positions / plan.lanes
        };
        let queued: usize = (raster.iter())
            .map(|step| {
                let fired = step.iter().map(|spike| word(spike.address as usize));
                fired.chain([plan.sweep_words - 1]).collect::<BTreeSet<_>>().len()
            })
            .sum();
        queued
            >= nearly_full_at(
                plan.queue_depth,
                pause_margin(self.geometry.layers[layer].is_graded(), plan.settle_stages),
            )
    }
}

/// Lowest neuron that fired a different number of times, and the expected and the actual number.
fn first_difference(expected: impl Iterator<Item = u32>, actual: &[u32]) -> Option<(u32, usize, usize)> {
    let mut expected: Vec<u32> = expected.collect();
    let mut actual = actual.to_vec();
    expected.sort_unstable();
    actual.sort_unstable();
    if expected == actual {
        return None;
    }
    let times = |neurons: &[u32], neuron| neurons.iter().filter(|&&n| n == neuron).count();
    let mut all: Vec<u32> = expected.iter().chain(&actual).copied().collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter().find_map(|neuron| {
        let (expected, actual) = (times(&expected, neuron), times(&actual, neuron));
        (expected != actual).then_some((neuron, expected, actual))
    })
}
