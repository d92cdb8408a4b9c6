//! Check that a checkpoint belongs to the run to be resumed; otherwise the error names the first difference.

use super::{Checkpoint, CheckpointError};
use crate::train::TrainConfig;
use serde::Serialize;
use serde_json::Value;

impl Checkpoint {
    /// Checks that the run whose initial checkpoint would be `new` may continue from this checkpoint.
    pub(super) fn check_agrees(&self, new: &Self) -> Result<(), CheckpointError> {
        let config = &new.config;
        let (found, wanted) = (self.config.epochs, config.epochs);
        let done = self.history.len() + usize::from(self.running.batches > 0);
        if wanted < done {
            return Err(CheckpointError::TooFewEpochs { done, wanted });
        }
        // Parameters first: if both schedule and epochs were changed, the error should name the schedule.
        let own = TrainConfig {
            epochs: wanted,
            ..self.config.clone()
        };
        let pairs = [
            difference("network", &self.description, &new.description),
            difference("quantization", &self.quantization, &new.quantization),
            difference("train", &own, config),
            difference("data", &self.data, &new.data.as_known_to(&self.data)),
        ];
        if let Some(difference) = pairs.into_iter().flatten().next() {
            return Err(difference);
        }
        if !config.may_end_at(found) {
            return Err(CheckpointError::ScheduledEnd {
                schedule: config.schedule.name(),
                found,
                wanted,
            });
        }
        Ok(())
    }
}

/// Finds the first difference of two values.
fn difference<T: Serialize>(field: &str, found: &T, wanted: &T) -> Option<CheckpointError> {
    // Compared as text, in which an f32 keeps its short form.
    let json = |value: &T| -> Value {
        let text = serde_json::to_string(value).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    };
    let (field, found, wanted) = first_difference(field.into(), &json(found), &json(wanted))?;
    Some(CheckpointError::Differs { field, found, wanted })
}

/// Finds the first difference; returns its deepest path of keys and both values.
fn first_difference(path: String, found: &Value, wanted: &Value) -> Option<(String, String, String)> {
    match (found, wanted) {
        _ if found == wanted => None,
        (Value::Object(found), Value::Object(wanted)) => {
            let mut keys: Vec<&String> = found.keys().chain(wanted.keys()).collect();
            keys.sort();
            keys.dedup();
            let of = |object: &serde_json::Map<String, Value>, key: &String| {
                object.get(key).cloned().unwrap_or_default()
            };
            keys.into_iter()
                .find_map(|key| first_difference(format!("{path}.{key}"), &of(found, key), &of(wanted, key)))
        }
        (Value::Array(found), Value::Array(wanted))
            if found.len() == wanted.len() && found.iter().all(Value::is_object) =>
        {
            let pairs = found.iter().zip(wanted).enumerate();
            pairs
                .filter_map(|(index, (found, wanted))| {
                    let name = found.get("name").and_then(Value::as_str);
                    let element = name.map_or(index.to_string(), Into::into);
                    first_difference(format!("{path}.{element}"), found, wanted)
                })
                .next()
        }
        _ => Some((path, shown(found), shown(wanted))),
    }
}

/// Formats a value as in files; a missing value is `none`.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        _ => value.to_string(),
    }
}
