//! Limit on tries that make no progress.

use super::LinkStatistics;
use crate::error::{Error, Result};

/// Number of failed tries since the device last acknowledged a write, and the limit on them.
pub(super) struct Patience {
    retries: u32,
    fruitless: u32,
    /// Statistics of the link at the last acknowledgement.
    pub(super) since: LinkStatistics,
}

impl Patience {
    pub(super) const fn new(retries: u32, statistics: &LinkStatistics) -> Self {
        Self {
            retries,
            fruitless: 0,
            since: *statistics,
        }
    }

    /// Counts one failed try. Returns `error` if there were more than the limit.
    pub(super) fn spend(&mut self, error: impl FnOnce(u32, &LinkStatistics) -> Error) -> Result<()> {
        self.fruitless += 1;
        if self.fruitless > self.retries {
            Err(error(self.fruitless, &self.since))
        } else {
            Ok(())
        }
    }
}
