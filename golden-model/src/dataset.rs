//! Data sets of labelled samples: images, or recordings of an event camera.
//!
//! An image is C·H·W bytes in C, H, W order; a byte of `full_scale` is an intensity of 1. A recording is a list of
//! events at places of C·H·W, the channel being the polarity; see [`Recordings`].
//!
//! [`load`] finds the data sets of [`KNOWN`] by name. It also reads the user's own files, `NAME.npz`; `docs/formats.md`
//! lists their arrays.

mod augment;
mod catalog;
mod cifar;
mod content;
pub mod digits;
pub mod encode;
mod error;
mod files;
pub mod idx;
mod inspection;
mod nmnist;
mod npz;
mod origin;
mod published;
mod sample;
mod samples;
mod split;
mod svhn;
mod warning;

pub use augment::Augmentation;
pub use catalog::{Download, Found, KNOWN, Known, RemoteFile};
pub use error::DataError;
pub use inspection::InspectionWarning;
pub use origin::Origin;
pub use published::Published;
pub use samples::{Event, Images, Recordings, Samples};
pub use warning::DataWarning;

use crate::network::{InputCoding, NetworkDescription, Shape};
use crate::{Error, Result};
use std::ffi::OsStr;
use std::path::Path;

/// Largest number of classes: labels are bytes.
pub const MAX_CLASSES: usize = 256;

/// Names that [`load`] knows, for messages.
#[must_use]
pub fn names() -> String {
    let names: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
    names.join(", ")
}

/// Labelled samples of one shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    name: String,
    shape: Shape,
    classes: usize,
    samples: Samples,
    labels: Vec<u8>,
    /// Whether the classes were counted: there may be more of them, of which no sample is here.
    counted: bool,
}

/// A data set's training and test samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Samples to train with.
    pub train: Dataset,
    /// Samples to evaluate with.
    pub test: Dataset,
    /// What was noticed about the files.
    pub warnings: Vec<DataWarning>,
}

impl Dataset {
    /// Creates a data set of `labels.len()` images of `shape`, stored one after another in `images`.
    ///
    /// # Errors
    /// If there are no images, `images` and `labels` differ in number, a pixel is above `full_scale`, a label is not below
    /// `classes`, or `classes` is above [`MAX_CLASSES`].
    pub fn new(
        name: impl Into<String>,
        shape: Shape,
        classes: usize,
        full_scale: u8,
        images: Vec<u8>,
        labels: Vec<u8>,
    ) -> Result<Self> {
        let samples = Samples::Images(Images {
            full_scale,
            pixels: images,
        });
        Self::of_samples(name, shape, classes, samples, labels)
    }

    /// Creates a data set from samples of either kind, one per label.
    ///
    /// # Errors
    /// Fails like [`Self::new`], or if an event lies outside `shape`, or the window of the recordings is 0 µs.
    pub fn of_samples(
        name: impl Into<String>,
        shape: Shape,
        classes: usize,
        samples: Samples,
        labels: Vec<u8>,
    ) -> Result<Self> {
        let dataset = Self {
            name: name.into(),
            shape,
            classes,
            samples,
            labels,
            counted: false,
        };
        dataset.check()?;
        Ok(dataset)
    }

    /// States whether the number of classes was counted from the labels. Then a network may have more.
    #[must_use]
    pub(crate) fn counted(self, counted: bool) -> Self {
        Self { counted, ..self }
    }

    fn check(&self) -> Result<()> {
        if self.classes > MAX_CLASSES {
            return Err(Error::Data(DataError::Classes {
                name: self.name.clone(),
                found: self.classes,
                limit: MAX_CLASSES,
            }));
        }
        let size = self.shape.size();
        if self.labels.is_empty() || size == 0 {
            return Err(Error::Data(DataError::Empty {
                name: self.name.clone(),
            }));
        }
        let (samples, whole) = match &self.samples {
            Samples::Images(images) => (images.pixels.len() / size, images.pixels.len() % size == 0),
            Samples::Recordings(recordings) => (recordings.len(), true),
        };
        if self.labels.len() != samples || !whole {
            return Err(Error::Data(DataError::Counts {
                name: self.name.clone(),
                images: samples,
                labels: self.labels.len(),
            }));
        }
        let refuse = |what, index, found: u8, limit| {
            Err(Error::Data(DataError::Value {
                name: self.name.clone(),
                what,
                index,
                found: found.into(),
                limit,
            }))
        };
        let too_high = |&label: &u8| usize::from(label) >= self.classes;
        if let Some(index) = self.labels.iter().position(too_high) {
            return refuse("label", index, self.labels[index], self.classes.saturating_sub(1));
        }
        match &self.samples {
            Samples::Images(Images { full_scale, pixels }) => {
                if let Some(at) = pixels.iter().position(|pixel| pixel > full_scale) {
                    return refuse("a pixel", at / size, pixels[at], (*full_scale).into());
                }
                Ok(())
            }
            Samples::Recordings(recordings) => recordings.check(&self.name, self.shape),
        }
    }

    /// Name of the data set.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Shape of a sample.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// Number of classes.
    #[must_use]
    pub const fn classes(&self) -> usize {
        self.classes
    }

    /// The samples.
    #[must_use]
    pub const fn samples(&self) -> &Samples {
        &self.samples
    }

    /// Returns the samples as images; `what` names in the error the feature that needs images.
    ///
    /// # Errors
    /// If the samples are recordings.
    pub fn images(&self, what: &'static str) -> Result<&Images> {
        match &self.samples {
            Samples::Images(images) => Ok(images),
            Samples::Recordings(_) => Err(DataError::Kind {
                name: self.name.clone(),
                what,
                found: self.samples.kind(),
                wanted: "images",
            }
            .into()),
        }
    }

    /// Number of samples.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.labels.len()
    }

    /// Always false: [`Self::new`] refuses a data set without samples.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Pixels of an image in C, H, W order.
    ///
    /// # Panics
    /// If there is no such image, or the samples are recordings; see [`Self::images`].
    #[must_use]
    pub fn image(&self, index: usize) -> &[u8] {
        let Samples::Images(images) = &self.samples else {
            panic!("data set `{}` holds recordings, not images", self.name);
        };
        let size = self.shape.size();
        &images.pixels[index * size..][..size]
    }

    /// Class of a sample.
    ///
    /// # Panics
    /// If there is no such sample.
    #[must_use]
    pub fn label(&self, index: usize) -> usize {
        self.labels[index].into()
    }

    /// Classes of all samples.
    #[must_use]
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// Number of samples of each class.
    #[must_use]
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes];
        for &label in &self.labels {
            counts[usize::from(label)] += 1;
        }
        counts
    }

    /// Checks that `network` fits the data set: input shape, number of classes and normalization.
    ///
    /// # Errors
    /// If the input shape or the number of classes differs (a number that was counted from the labels may be smaller
    /// than the network's), or the network normalizes its input and the samples are
    /// recordings, which have no intensities.
    pub fn check_fits(&self, network: &NetworkDescription) -> Result<()> {
        let refuse = |field, found: String, wanted: String| {
            Err(Error::Data(DataError::Shape {
                network: network.name.clone(),
                dataset: self.name.clone(),
                field,
                found,
                wanted,
            }))
        };
        if network.input != self.shape {
            return refuse("input", self.shape.to_string(), network.input.to_string());
        }
        if self.counted && network.classes() < self.classes {
            return Err(Error::Data(DataError::Labels {
                name: self.name.clone(),
                highest: self.classes - 1,
                network: network.name.clone(),
                classes: network.classes(),
            }));
        }
        if !self.counted && network.classes() != self.classes {
            return refuse("classes", self.classes.to_string(), network.classes().to_string());
        }
        let fits = match network.coding {
            InputCoding::Poisson => true,
            InputCoding::Direct => matches!(self.samples, Samples::Images(_)),
            InputCoding::Counts => matches!(self.samples, Samples::Recordings(_)),
        };
        if !fits {
            return Err(DataError::Coding {
                network: network.name.clone(),
                name: self.name.clone(),
                coding: network.coding.name(),
                found: self.samples.kind(),
            }
            .into());
        }
        if network.normalization.is_some() && matches!(self.samples, Samples::Recordings(_)) {
            return Err(DataError::NoIntensities {
                network: network.name.clone(),
                name: self.name.clone(),
            }
            .into());
        }
        Ok(())
    }
}

/// Loads the data set `name`: one of [`KNOWN`], or a file `NAME.npz`.
///
/// Files of known sets are searched in the folders [`Known::folders`] of `data_dir`, in `data_dir` itself, and in
/// [`Known::system_folder`]. An npz file is searched at its path first, then in `data_dir`. `digits` needs no folder.
///
/// # Errors
/// If the name is unknown, no folder is given, files are missing or damaged, or they are those of another known set.
pub fn load(name: impl AsRef<OsStr>, data_dir: Option<&Path>) -> Result<Split> {
    let name = name.as_ref();
    // A name that is not UTF-8 is that of a file, or unknown.
    let Some(known) = KNOWN.iter().find(|known| known.name == name) else {
        return own(name, data_dir);
    };
    if known.layouts.is_empty() {
        return digits::load();
    }
    let found = known.find(data_dir)?;
    match known.name {
        "cifar10" => cifar::load(known, &found),
        "svhn" => svhn::load(known, &found),
        "n-mnist" => nmnist::load(&found),
        _ => idx::load(known.name, &found.folder),
    }
}

/// Loads a file of the user. It is read whatever its name ends with: npz files are told by their contents.
fn own(name: &OsStr, data_dir: Option<&Path>) -> Result<Split> {
    let path = Path::new(name);
    let inside = data_dir.map(|data_dir| data_dir.join(path));
    let path = match &inside {
        Some(inside) if !path.exists() && inside.exists() => inside,
        _ => path,
    };
    let is_npz = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("npz"));
    if path.is_dir() {
        return Err(Error::Data(DataError::Folder {
            path: path.into(),
            known: names(),
        }));
    }
    if !is_npz && !path.exists() {
        let name = name.to_string_lossy().into_owned();
        let known = names();
        return Err(Error::Data(DataError::Unknown { name, known }));
    }
    npz::load(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: Shape = Shape {
        channels: 1,
        height: 1,
        width: 2,
    };

    fn refusal(images: &[u8], labels: &[u8]) -> String {
        Dataset::new("toy", PAIR, 3, 16, images.to_vec(), labels.to_vec())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn images_and_labels_are_found_by_index() {
        let dataset = Dataset::new("toy", PAIR, 3, 16, vec![0, 1, 15, 16], vec![2, 0]).unwrap();
        assert_eq!(dataset.len(), 2);
        assert_eq!(dataset.image(1), [15, 16]);
        assert_eq!(dataset.label(0), 2);
        assert_eq!(dataset.class_counts(), [1, 0, 1]);
    }

    #[test]
    fn damaged_contents_are_refused() {
        assert_eq!(
            refusal(&[], &[]),
            "data set `toy` is empty; give one with at least one sample"
        );
        assert_eq!(
            refusal(&[0, 0, 0, 0], &[1]),
            "data set `toy`: there are 2 samples, but 1 labels; the files do not belong together"
        );
        assert_eq!(
            refusal(&[0, 0, 0, 0], &[1, 3]),
            "data set `toy`: label of image 1 is 3, but must be at most 2; the data are damaged"
        );
        assert_eq!(
            refusal(&[0, 0, 0, 17], &[1, 1]),
            "data set `toy`: a pixel of image 1 is 17, but must be at most 16; the data are damaged"
        );
    }

    #[test]
    fn a_network_for_other_data_is_refused() {
        let split = digits::load().unwrap();
        split
            .train
            .check_fits(&NetworkDescription::preset("digits").unwrap())
            .unwrap();
        let mut other = NetworkDescription::preset("mnist-mlp").unwrap();
        assert_eq!(
            split.train.check_fits(&other).unwrap_err().to_string(),
            "network `mnist-mlp` has input [1, 28, 28], but data set `digits` has [1, 8, 8]; \
             choose a data set that fits the network"
        );
        other.input = split.train.shape();
        other.layers[1].kind = crate::network::LayerKind::Out { out: 4 };
        assert_eq!(
            split.train.check_fits(&other).unwrap_err().to_string(),
            "network `mnist-mlp` has classes 4, but data set `digits` has 10; choose a data set that fits the network"
        );
    }

    #[test]
    fn recordings_are_no_images_and_have_no_intensities() {
        let mut recordings = Recordings::new(10);
        recordings.push([]);
        let toy = |recordings, classes| {
            let samples = Samples::Recordings(recordings);
            Dataset::of_samples("toy", PAIR, classes, samples, vec![0])
        };
        let mut network = NetworkDescription::preset("digits").unwrap();
        network.input = PAIR;
        let dataset = toy(recordings.clone(), 10).unwrap();
        dataset.check_fits(&network).unwrap();
        network.normalization = Some(crate::network::Normalization {
            mean: vec![0.5],
            deviation: vec![0.5],
        });
        assert_eq!(
            dataset.check_fits(&network).unwrap_err().to_string(),
            "network `digits` normalizes intensities, but data set `toy` holds recordings, which have none; remove \
             [normalization] from the network"
        );
        assert_eq!(
            dataset.images("a contact sheet").unwrap_err().to_string(),
            "data set `toy` holds recordings, but a contact sheet needs images; choose another data set"
        );
        recordings.push([Event {
            time_us: 0,
            address: 2,
        }]);
        assert_eq!(
            toy(recordings.clone(), 10).unwrap_err().to_string(),
            "data set `toy`: there are 2 samples, but 1 labels; the files do not belong together"
        );
        let samples = Samples::Recordings(recordings);
        assert_eq!(
            Dataset::of_samples("toy", PAIR, 1, samples, vec![0, 0])
                .unwrap_err()
                .to_string(),
            "data set `toy`: an event of recording 1 has address 2, but a camera of [1, 1, 2] has only 2; the data \
             are damaged"
        );
        let mut still = Recordings::new(0);
        still.push([]);
        assert_eq!(
            toy(still, 1).unwrap_err().to_string(),
            "data set `toy`: the window is 0 µs long and contains no events; give a window of at least 1 µs"
        );
    }

    #[test]
    fn unknown_names_and_missing_folders_are_told() {
        assert_eq!(
            load("minst", None).unwrap_err().to_string(),
            "there is no data set `minst`; choose one of digits, mnist, fashion-mnist, cifar10, svhn, n-mnist"
        );
        assert_eq!(
            load("mnist", None).unwrap_err().to_string(),
            "data set `mnist` is read from files; give the data folder that contains mnist/"
        );
    }
}
