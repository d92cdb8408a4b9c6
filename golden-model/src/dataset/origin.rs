//! What a model records of the data set with which it was trained.

use super::{KNOWN, Split};
use std::collections::BTreeMap;
use std::path::Path;

/// Keys of a model's provenance.
const DATA: &str = "data";
const FROM_FIRST_EVENT: &str = "data_from_first_event";
const TRAIN_SHA256: &str = "data_train_sha256";
const TEST_SHA256: &str = "data_test_sha256";
/// Key that models have had from the start: the name of the data set, without folder and ending.
const NAME: &str = "dataset";

/// Number of hexadecimal digits of a hash in messages.
const SHOWN: usize = 12;

/// The data set with which a model was trained, as its provenance records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Name of a known data set, or path of an npz file as it was given.
    pub data: String,
    /// Whether times of recordings count from each recording's own first event ([`Split::from_first_event`]).
    pub from_first_event: bool,
    /// Contents of the whole training set and of the whole test set as they were read ([`super::Dataset::sha256`]);
    /// `None` in models of earlier versions, which did not record them.
    pub sha256: Option<[String; 2]>,
}

impl Origin {
    /// Describes a data set that was read with the name `data`, before its times are changed.
    #[must_use]
    pub fn new(data: impl Into<String>, split: &Split, from_first_event: bool) -> Self {
        Self {
            data: data.into(),
            from_first_event,
            sha256: Some([split.train.sha256(), split.test.sha256()]),
        }
    }

    /// Reads the record of a model; `None` if the model names no data set.
    #[must_use]
    pub fn of(provenance: &BTreeMap<String, String>) -> Option<Self> {
        let recorded = |key| provenance.get(key).cloned();
        let data = match recorded(DATA) {
            Some(data) => data,
            None => {
                let name = recorded(NAME)?;
                let is_known = KNOWN.iter().any(|known| known.name == name);
                if is_known { name } else { format!("{name}.npz") }
            }
        };
        Some(Self {
            data,
            from_first_event: recorded(FROM_FIRST_EVENT).is_some_and(|text| text == "true"),
            sha256: recorded(TRAIN_SHA256)
                .zip(recorded(TEST_SHA256))
                .map(|(train, test)| [train, test]),
        })
    }

    /// Writes the record into the provenance of a model, in place of an earlier one.
    pub fn record(&self, provenance: &mut BTreeMap<String, String>) {
        for key in [DATA, FROM_FIRST_EVENT, TRAIN_SHA256, TEST_SHA256] {
            provenance.remove(key);
        }
        let mut insert = |key: &str, value: &str| provenance.insert(key.into(), value.into());
        insert(DATA, &self.data);
        if self.from_first_event {
            insert(FROM_FIRST_EVENT, "true");
        }
        if let Some([train, test]) = &self.sha256 {
            insert(TRAIN_SHA256, train);
            insert(TEST_SHA256, test);
        }
    }

    /// Name of the data set, without folder and ending.
    #[must_use]
    pub fn name(&self) -> &str {
        let path = Path::new(&self.data);
        let is_file = path.extension().is_some_and(|extension| extension == "npz");
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        stem.filter(|_| is_file).unwrap_or(&self.data)
    }

    /// Compares the recorded contents with those that were `found` under the same name; returns a warning for each part
    /// that differs. There is nothing to compare under another name, or without recorded contents.
    #[must_use]
    pub fn differences(&self, found: &Self) -> Vec<String> {
        let (Some(wanted), Some(contents)) = (&self.sha256, &found.sha256) else {
            return Vec::new();
        };
        if found.name() != self.name() {
            return Vec::new();
        }
        let parts = ["training", "test"].into_iter().zip(contents.iter().zip(wanted));
        let different = parts.filter(|(_, (found, wanted))| found != wanted);
        different
            .map(|(part, (contents, wanted))| {
                format!(
                    "data set `{}`: the {part} samples are not those of the model's training (SHA-256 {}… instead of \
                     {}…); give the original data set with --data or --data-dir",
                    found.name(),
                    beginning(contents),
                    beginning(wanted)
                )
            })
            .collect()
    }
}

fn beginning(hash: &str) -> &str {
    hash.get(..SHOWN).unwrap_or(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::digits;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let mut provenance = BTreeMap::from([("dataset".to_owned(), "own".to_owned())]);
        let digits = digits::load().unwrap();
        for from_first_event in [true, false] {
            let origin = Origin::new("sets/own.npz", &digits, from_first_event);
            origin.record(&mut provenance);
            assert_eq!(Origin::of(&provenance), Some(origin));
        }
        assert_eq!(Origin::of(&BTreeMap::new()), None);
    }

    #[test]
    fn models_of_earlier_versions_name_a_known_set_or_a_file() {
        for (name, data) in [("mnist", "mnist"), ("own", "own.npz")] {
            let provenance = BTreeMap::from([("dataset".to_owned(), name.to_owned())]);
            let origin = Origin::of(&provenance).unwrap();
            assert_eq!((origin.data.as_str(), &origin.sha256), (data, &None));
            assert_eq!(origin.name(), name);
            let found = Origin::new(data, &digits::load().unwrap(), false);
            assert_eq!(origin.differences(&found), [""; 0]);
        }
    }

    #[test]
    fn other_contents_are_told_with_both_hashes() {
        let digits = digits::load().unwrap();
        let origin = Origin::new("sets/own.npz", &digits, false);
        assert_eq!(
            origin.differences(&Origin::new("own.npz", &digits, true)),
            [""; 0]
        );
        let other = Split {
            train: digits.train.split(1000, 1).unwrap().train,
            test: digits.test.clone(),
            warnings: Vec::new(),
        };
        assert_eq!(
            origin.differences(&Origin::new("other.npz", &other, false)),
            [""; 0]
        );
        let [text] = &origin.differences(&Origin::new("own.npz", &other, false))[..] else {
            panic!("one difference");
        };
        let (found, wanted) = (other.train.sha256(), digits.train.sha256());
        for part in [
            "data set `own`",
            "training samples",
            &found[..12],
            &wanted[..12],
            "--data",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
