//! The flag `--threads`.

use super::diagnostic::{CliError, Result};
use std::num::NonZeroUsize;

/// The flag `--threads` of verbs that use all cores.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct ThreadArgs {
    /// Number of threads; default: one per core. Results do not depend on it.
    #[arg(long)]
    threads: Option<NonZeroUsize>,
}

impl ThreadArgs {
    /// Sets the number of threads of this process, and returns it.
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
