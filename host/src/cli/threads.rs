//! The flag `--threads`.

use super::diagnostic::{CliError, Result};
use std::thread::available_parallelism;

/// Environment variable of the thread pool, which applies without the flag.
const VARIABLE: &str = "RAYON_NUM_THREADS";

/// The flag `--threads` of verbs that use all cores.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct ThreadArgs {
    /// Number of threads; default: one per core. Results do not depend on it.
    #[arg(long, value_parser = threads)]
    threads: Option<usize>,
}

impl ThreadArgs {
    /// Sets the number of threads of this process, and returns it.
    pub(crate) fn apply(self) -> Result<usize> {
        if let Some(threads) = self.threads {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build_global()
                .map_err(|source| CliError::Threads { threads, source })?;
        }
        Ok(rayon::current_num_threads())
    }
}

/// Checks the number of threads that the environment gives.
///
/// # Errors
/// If it is more than [`most_threads`].
pub(super) fn check_environment() -> Result<()> {
    let given = std::env::var(VARIABLE).unwrap_or_default();
    match given.trim().parse::<u64>() {
        Ok(number) if number > most_threads() as u64 => Err(CliError::ThreadVariable {
            variable: VARIABLE,
            given: number,
            most: most_threads(),
        }),
        // The thread pool ignores what is no number.
        _ => Ok(()),
    }
}

/// Most threads that are started: more than the cores can run only cost memory, and thousands stall the machine.
fn most_threads() -> usize {
    const PER_CORE: usize = 4;
    const ALWAYS: usize = 16;
    available_parallelism().map_or(ALWAYS, |cores| (PER_CORE * cores.get()).max(ALWAYS))
}

/// Parses a number of threads.
fn threads(text: &str) -> Result<usize, String> {
    let most = most_threads();
    match text.parse() {
        Ok(threads) if (1..=most).contains(&threads) => Ok(threads),
        _ => Err(format!(
            "give a number from 1 to {most}, which is enough for the cores of this machine"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_threads_as_cores_are_possible_and_not_many_more() {
        let cores = available_parallelism().unwrap().get();
        assert_eq!(threads(&cores.to_string()), Ok(cores));
        assert_eq!(threads("16"), Ok(16));
        for wrong in ["0", "-1", "20000", "1000000000", "many"] {
            let message = threads(wrong).unwrap_err();
            assert!(message.starts_with("give a number from 1 to "), "{message}");
        }
    }
}
