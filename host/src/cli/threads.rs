//! How many threads work.

use super::diagnostic::{CliError, Result};
use std::num::NonZeroUsize;

/// Threads, as a flag of verbs that use all cores.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct ThreadArgs {
    /// Threads to work with; by default one per core. Their number has no influence on the result.
    #[arg(long)]
    threads: Option<NonZeroUsize>,
}

impl ThreadArgs {
    /// Has all work of this process done by that many threads; tells how many they are.
    pub(crate) fn apply(self) -> Result<usize> {
        if let Some(threads) = self.threads.map(NonZeroUsize::get) {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build_global()
                .map_err(|source| CliError::Threads { threads, source })?;
        }
        Ok(rayon::current_num_threads())
    }
}
