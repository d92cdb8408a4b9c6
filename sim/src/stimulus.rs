//! A raster as the events that the core takes.

use synfire_golden_model::spikes::SpikeRaster;
use synfire_hw::circuit::event::Event;

/// All events of an inference: the spikes of each step and its end.
#[must_use]
pub fn events(raster: &SpikeRaster) -> Vec<u32> {
    let mut events = Vec::with_capacity(raster.total() + raster.steps());
    for step in raster.iter() {
        events.extend(step.iter().map(|&spike| Event::Spike(spike).encode()));
        events.push(Event::EndOfStep.encode());
    }
    events
}
