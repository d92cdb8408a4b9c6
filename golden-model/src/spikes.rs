//! Spikes and rasters, which are exchanged between layers, by the model, in simulation and over the link.

/// Event of a neuron or input within a time step: a spike, or the value of a graded input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Spike {
    /// Index of the source neuron in C, H, W order.
    pub address: u32,
    /// Value of the event, never 0: 1 for a spike, −1 for a negative spike of a signed input, and −255..=255 for the value
    /// of a graded input. Only the input of a network has events of another value than 1.
    pub value: i16,
}

impl Spike {
    /// Creates a spike of value +1 of neuron `address`.
    #[must_use]
    pub const fn positive(address: u32) -> Self {
        Self { address, value: 1 }
    }

    /// Creates a spike of value −1 of input `address` if `negative`, otherwise of value +1.
    #[must_use]
    pub const fn signed(address: u32, negative: bool) -> Self {
        Self {
            address,
            value: if negative { -1 } else { 1 },
        }
    }

    /// Whether the value is negative.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.value < 0
    }
}

/// Spikes of `width` sources over a number of time steps, stored as one list per step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpikeRaster {
    width: usize,
    spikes: Vec<Spike>,
    /// `ends[t]` is one past the last spike of step `t`.
    ends: Vec<usize>,
}

impl SpikeRaster {
    /// Creates a raster without steps over `width` sources.
    #[must_use]
    pub const fn new(width: usize) -> Self {
        Self {
            width,
            spikes: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Appends a step.
    ///
    /// # Panics
    /// If a spike's address is not below the raster's width.
    pub fn push_step(&mut self, spikes: impl IntoIterator<Item = Spike>) {
        for spike in spikes {
            assert!(
                (spike.address as usize) < self.width,
                "spike of source {} in a raster of width {}",
                spike.address,
                self.width
            );
            self.spikes.push(spike);
        }
        self.ends.push(self.spikes.len());
    }

    /// Clears the raster to no steps over `width` sources; the memory is kept.
    pub fn clear(&mut self, width: usize) {
        self.width = width;
        self.spikes.clear();
        self.ends.clear();
    }

    /// Number of sources.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Number of time steps.
    #[must_use]
    pub const fn steps(&self) -> usize {
        self.ends.len()
    }

    /// Spikes of step `t`, counted from 0.
    ///
    /// # Panics
    /// If there is no step `t`.
    #[must_use]
    pub fn step(&self, t: usize) -> &[Spike] {
        let start = if t == 0 { 0 } else { self.ends[t - 1] };
        &self.spikes[start..self.ends[t]]
    }

    /// Iterates over the spikes of all steps, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[Spike]> + '_ {
        (0..self.steps()).map(|t| self.step(t))
    }

    /// Size of the raster in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.spikes.capacity() * size_of::<Spike>() + self.ends.capacity() * size_of::<usize>()
    }

    /// Size in bytes of a raster in which every one of `width` sources fires in every step.
    pub(crate) const fn most_bytes(width: usize, steps: usize) -> usize {
        steps * (width * size_of::<Spike>() + size_of::<usize>())
    }

    /// Number of spikes over all steps.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.spikes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_keep_their_own_spikes() {
        let mut raster = SpikeRaster::new(4);
        raster.push_step([Spike::positive(0), Spike::positive(3)]);
        raster.push_step([]);
        raster.push_step([Spike::signed(2, true)]);
        assert_eq!(raster.steps(), 3);
        assert_eq!(raster.step(0), [Spike::positive(0), Spike::positive(3)]);
        assert!(raster.step(1).is_empty());
        assert_eq!(raster.step(2)[0].value, -1);
        assert!(raster.step(2)[0].is_negative());
        assert_eq!(raster.total(), 3);
    }

    #[test]
    #[should_panic(expected = "spike of source 4 in a raster of width 4")]
    fn address_outside_the_raster_is_refused() {
        SpikeRaster::new(4).push_step([Spike::positive(4)]);
    }
}
