//! The images that are evaluated after each epoch of a run.

use super::super::diagnostic::Result;
use synfire_golden_model::dataset::Split;
use synfire_golden_model::float::FloatModel;

/// Seed that chooses the training images for validation. It is fixed, so that a resumed run holds out the same images.
const VALIDATION_SEED: u64 = 1;

/// Which images are evaluated after each epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EvaluationSet {
    /// The test images of the data set.
    Test,
    /// Training images that are held out.
    Validation,
}

impl EvaluationSet {
    /// Returns the name of the set in texts.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Validation => "validation",
        }
    }

    /// Returns the key of the accuracy in JSON and in model files.
    pub(crate) const fn accuracy_key(self) -> &'static str {
        match self {
            Self::Test => "test_accuracy",
            Self::Validation => "validation_accuracy",
        }
    }

    /// Corrects what a model records of its training: the trainer records the accuracy as that of the test set.
    pub(super) fn correct(self, mut model: FloatModel) -> FloatModel {
        let test = Self::Test.accuracy_key();
        if self == Self::Validation
            && let Some(accuracy) = model.provenance.remove(test)
        {
            let key = self.accuracy_key();
            model.provenance.insert(key.into(), accuracy);
        }
        model
    }
}

/// Holds out `images` of the training images, with every class in proportion. They take the place of the test images,
/// which are dropped. Without a number of images, returns the data unchanged.
pub(super) fn held_out(data: Split, images: Option<usize>) -> Result<(Split, EvaluationSet)> {
    match images {
        Some(images) => Ok((
            data.train.split(images, VALIDATION_SEED)?,
            EvaluationSet::Validation,
        )),
        None => Ok((data, EvaluationSet::Test)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use synfire_golden_model::dataset::{Dataset, load};

    fn images(data: &Dataset) -> Vec<&[u8]> {
        (0..data.len()).map(|index| data.image(index)).collect()
    }

    #[test]
    fn validation_images_are_training_images_with_every_class_in_proportion() {
        let all = load("digits", None).unwrap();
        let ((split, set), (again, _)) = (
            held_out(all.clone(), Some(100)).unwrap(),
            held_out(all.clone(), Some(100)).unwrap(),
        );
        assert_eq!(set, EvaluationSet::Validation);
        assert_eq!(
            (split.train.len(), split.test.len()),
            (all.train.len() - 100, 100)
        );
        assert!(
            split
                .test
                .class_counts()
                .iter()
                .all(|count| (9..=11).contains(count))
        );
        assert_eq!(
            images(&split.test),
            images(&again.test),
            "the same images each time"
        );
        let before = images(&all.train);
        let [mut parts, mut whole] = [[images(&split.train), images(&split.test)].concat(), before];
        parts.sort_unstable();
        whole.sort_unstable();
        assert_eq!(parts, whole, "no test image, and none twice");
    }

    #[test]
    fn without_validation_the_data_stay_as_they_are() {
        let all = load("digits", None).unwrap();
        let (split, set) = held_out(all.clone(), None).unwrap();
        assert_eq!(set, EvaluationSet::Test);
        assert_eq!(images(&split.test), images(&all.test));
        assert_eq!(split.train.len(), all.train.len());
    }
}
