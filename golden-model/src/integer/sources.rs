//! Whether a source fires at most once per step, as every proof of width supposes.

use crate::spikes::Spike;
use crate::{Error, Result};

/// Finds sources that fire twice within a step.
#[derive(Clone, Debug)]
pub(super) struct SourceCheck {
    /// Stamp of the step in which each source last fired.
    last: Vec<u64>,
    stamp: u64,
}

impl SourceCheck {
    pub(super) fn new(sources: usize) -> Self {
        Self {
            last: vec![0; sources],
            stamp: 0,
        }
    }

    pub(super) fn check(&mut self, step: usize, spikes: &[Spike]) -> Result<()> {
        self.stamp += 1;
        for spike in spikes {
            let last = &mut self.last[spike.address as usize];
            if *last == self.stamp {
                return Err(Error::DuplicateSpike {
                    step,
                    source_address: spike.address,
                });
            }
            *last = self.stamp;
        }
        Ok(())
    }
}
