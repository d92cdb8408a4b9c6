//! A raster as the events that the core takes.

use synfire_golden_model::spikes::{Spike, SpikeRaster};
use synfire_hw::circuit::event::{Addressing, Event};

/// All events of an inference: the spikes of each step and its end, addressed as the core's input wants them.
#[must_use]
pub fn events(raster: &SpikeRaster, input: Addressing) -> Vec<u32> {
    let mut events = Vec::with_capacity(raster.total() + raster.steps());
    let event = |spike: &Spike| {
        let address = input.address(spike.address);
        Event::Spike(Spike { address, ..*spike }).encode()
    };
    for step in raster.iter() {
        events.extend(step.iter().map(event));
        events.push(Event::EndOfStep.encode());
    }
    events
}
