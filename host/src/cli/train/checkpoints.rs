//! Which checkpoint a run goes on from.

use super::super::diagnostic::{CliError, Result};
use std::path::Path;
use synfire_golden_model::train::Checkpoint;

/// The checkpoint to go on from, if that is wanted; none for a new run, which `restart` lets replace one that has not
/// ended.
pub(crate) fn to_go_on_from(path: &Path, resume: bool, restart: bool) -> Result<Option<Checkpoint>> {
    if restart {
        return Ok(None);
    }
    if !path.exists() {
        return if resume {
            Err(CliError::NoCheckpoint {
                checkpoint: path.into(),
            })
        } else {
            Ok(None)
        };
    }
    let checkpoint = Checkpoint::load(path)?;
    if resume {
        return Ok(Some(checkpoint));
    }
    if checkpoint.is_finished() {
        return Ok(None);
    }
    Err(CliError::Unfinished {
        checkpoint: path.into(),
        done: checkpoint.history().len(),
        epochs: checkpoint.config().epochs,
    })
}
