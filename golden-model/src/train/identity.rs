//! Identity of the data sets of a run, with which checkpoints recognize their run.

use crate::dataset::Dataset;
use crate::file::sha256;
use serde::{Deserialize, Serialize};

/// Identities of the data sets of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Data {
    pub(super) train: Identity,
    held_out: Option<Identity>,
}

/// Properties that identify a data set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    name: String,
    pub(super) images: usize,
    /// SHA-256 of the labels in order, in hexadecimal.
    labels: String,
    /// SHA-256 of the contents ([`Dataset::sha256`]); `None` in checkpoints of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

impl Identity {
    fn of(dataset: &Dataset) -> Self {
        Self {
            name: dataset.name().into(),
            images: dataset.len(),
            labels: sha256(dataset.labels()),
            sha256: Some(dataset.sha256()),
        }
    }
}

impl Data {
    pub(super) fn of(train: &Dataset, held_out: Option<&Dataset>) -> Self {
        Self {
            train: Identity::of(train),
            held_out: held_out.map(Identity::of),
        }
    }

    /// Whether the contents of all data sets are known, not only their names, sizes and labels.
    pub(super) fn has_contents(&self) -> bool {
        std::iter::once(&self.train)
            .chain(&self.held_out)
            .all(|identity| identity.sha256.is_some())
    }

    /// The identities with as much information as `other` has.
    pub(super) fn as_known_to(&self, other: &Self) -> Self {
        let mut data = self.clone();
        if !other.has_contents() {
            for identity in std::iter::once(&mut data.train).chain(&mut data.held_out) {
                identity.sha256 = None;
            }
        }
        data
    }
}
