//! Chooses the checkpoint from which a run resumes.

use super::super::context::Context;
use super::super::diagnostic::{CliError, Result};
use std::path::Path;
use synfire_golden_model::train::Checkpoint;

/// Loads the checkpoint from which to resume, if `resume` is set. Returns `None` for a new run, which may overwrite the
/// checkpoint of an unfinished run only if `restart` is set.
pub(crate) fn to_resume_from(
    context: &Context,
    path: &Path,
    resume: bool,
    restart: bool,
) -> Result<Option<Checkpoint>> {
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
        if !checkpoint.identifies_contents() {
            context.warn(&format!(
                "checkpoint {} is of an earlier version, which recorded the labels of its data set only; that the samples are \
                 the same is not checked",
                path.display()
            ));
        }
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
