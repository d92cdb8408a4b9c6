//! Catalog of the data sets known by name: description, files, and where to get the files.

use super::DataError;
use super::files::{FORMS, exists};
use crate::network::Shape;
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// A data set that [`super::load`] knows by name.
#[derive(Debug)]
#[non_exhaustive]
pub struct Known {
    /// Name, as given to [`super::load`].
    pub name: &'static str,
    /// One-line description of the samples.
    pub title: &'static str,
    /// True if the samples are recordings of an event camera, false if they are images.
    pub recordings: bool,
    /// Shape of a sample, `[C, H, W]`.
    pub shape: [usize; 3],
    /// Names of the classes, in the order of their numbers.
    pub classes: &'static [&'static str],
    /// Folders within the data folder that are searched first; the data folder itself comes next.
    pub folders: &'static [&'static str],
    /// Folder in which a package of the operating system installs the files; searched last.
    pub system_folder: Option<&'static str>,
    /// Layouts of the data set: each lists the files or folders that together hold the whole set. Files may be
    /// compressed.
    pub layouts: &'static [&'static [&'static str]],
    /// Address of the data set's public home page.
    pub home: &'static str,
    /// Licence of the data set, as far as its authors state one.
    pub licence: &'static str,
    /// Files for `synfire data download`; `None` if the user must fetch them by hand from `home`.
    pub download: Option<Download>,
}

/// Files to download, all from one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Download {
    /// Base address; the name of a file is appended to it.
    pub base: &'static str,
    /// Files to download.
    pub files: &'static [RemoteFile],
}

/// A file to download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    /// Name of the file, both at the address and on disk.
    pub name: &'static str,
    /// SHA-256 of the file's contents, in hexadecimal.
    pub sha256: &'static str,
}

const DIGITS: &[&str] = &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

const IDX: &[&[&str]] = &[&[
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
]];

/// All data sets known by name.
pub const KNOWN: &[Known] = &[
    Known {
        name: "digits",
        title: "small handwritten digits, part of this program",
        recordings: false,
        shape: [1, 8, 8],
        classes: DIGITS,
        folders: &[],
        system_folder: None,
        layouts: &[],
        home: "https://archive.ics.uci.edu/dataset/80",
        licence: "CC BY 4.0",
        download: None,
    },
    Known {
        name: "mnist",
        title: "handwritten digits",
        recordings: false,
        shape: [1, 28, 28],
        classes: DIGITS,
        folders: &["mnist"],
        system_folder: None,
        layouts: IDX,
        home: "http://yann.lecun.com/exdb/mnist",
        licence: "usually given as CC BY-SA 3.0",
        download: Some(Download {
            base: "https://ossci-datasets.s3.amazonaws.com/mnist",
            files: &[
                RemoteFile {
                    name: "train-images-idx3-ubyte.gz",
                    sha256: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                },
                RemoteFile {
                    name: "train-labels-idx1-ubyte.gz",
                    sha256: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                },
                RemoteFile {
                    name: "t10k-images-idx3-ubyte.gz",
                    sha256: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                },
                RemoteFile {
                    name: "t10k-labels-idx1-ubyte.gz",
                    sha256: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                },
            ],
        }),
    },
    Known {
        name: "fashion-mnist",
        title: "pictures of clothes",
        recordings: false,
        shape: [1, 28, 28],
        classes: &[
            "T-shirt",
            "trouser",
            "pullover",
            "dress",
            "coat",
            "sandal",
            "shirt",
            "sneaker",
            "bag",
            "ankle boot",
        ],
        folders: &["fashion-mnist"],
        // Installed by Debian's package dataset-fashion-mnist.
        system_folder: Some("/usr/share/datasets/fashion-mnist"),
        layouts: IDX,
        home: "https://github.com/zalandoresearch/fashion-mnist",
        licence: "MIT",
        download: Some(Download {
            base: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
            files: &[
                RemoteFile {
                    name: "train-images-idx3-ubyte.gz",
                    sha256: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                },
                RemoteFile {
                    name: "train-labels-idx1-ubyte.gz",
                    sha256: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                },
                RemoteFile {
                    name: "t10k-images-idx3-ubyte.gz",
                    sha256: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                },
                RemoteFile {
                    name: "t10k-labels-idx1-ubyte.gz",
                    sha256: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                },
            ],
        }),
    },
    Known {
        name: "cifar10",
        title: "colour pictures of animals and vehicles",
        recordings: false,
        shape: [3, 32, 32],
        classes: &[
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
        ],
        folders: &["cifar10", "cifar-10", "cifar-10-batches-bin"],
        system_folder: None,
        layouts: &[
            &[
                "data_batch_1.bin",
                "data_batch_2.bin",
                "data_batch_3.bin",
                "data_batch_4.bin",
                "data_batch_5.bin",
                "test_batch.bin",
            ],
            &["cifar-10-binary.tar.gz"],
        ],
        home: "https://www.cs.toronto.edu/~kriz/cifar.html",
        licence: "none stated; cite the report named there",
        download: Some(Download {
            base: "https://www.cs.toronto.edu/~kriz",
            files: &[RemoteFile {
                name: "cifar-10-binary.tar.gz",
                sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            }],
        }),
    },
    Known {
        name: "svhn",
        title: "house numbers, cut out digit by digit",
        recordings: false,
        shape: [3, 32, 32],
        classes: DIGITS,
        folders: &["svhn"],
        system_folder: None,
        layouts: &[&["train_32x32.mat", "test_32x32.mat"]],
        home: "http://ufldl.stanford.edu/housenumbers",
        licence: "for non-commercial use only",
        download: Some(Download {
            base: "http://ufldl.stanford.edu/housenumbers",
            files: &[
                RemoteFile {
                    name: "train_32x32.mat",
                    sha256: "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
                },
                RemoteFile {
                    name: "test_32x32.mat",
                    sha256: "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
                },
            ],
        }),
    },
    Known {
        name: "n-mnist",
        title: "MNIST's digits seen by a moving event camera",
        recordings: true,
        shape: [2, 34, 34],
        classes: DIGITS,
        folders: &["n-mnist", "nmnist", "nmnist1k", "events"],
        system_folder: None,
        layouts: &[
            &["Train", "Test"],
            &["train1K.txt", "test100.txt"],
            &["nmnist1k.tar.xz"],
        ],
        home: "https://www.garrickorchard.com/datasets/n-mnist",
        licence: "CC BY-SA 4.0",
        download: None,
    },
];

/// Location of a data set's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Folder that holds the files.
    pub folder: PathBuf,
    /// Index of the layout found there, in [`Known::layouts`].
    pub layout: usize,
}

impl Known {
    /// Returns the data set `name`.
    ///
    /// # Errors
    /// If there is no such data set; the error lists all names.
    pub fn of_name(name: &str) -> Result<&'static Self> {
        KNOWN.iter().find(|known| known.name == name).ok_or_else(|| {
            Error::Data(DataError::Unknown {
                name: name.into(),
                known: super::names(),
            })
        })
    }

    /// Shape of a sample.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape.into()
    }

    /// Searches for the files of the data set.
    ///
    /// # Errors
    /// If there is no folder to search, or no folder holds all files of a layout.
    pub fn find(&self, data_dir: Option<&Path>) -> Result<Found> {
        let own = self
            .folders
            .iter()
            .filter_map(|folder| Some(data_dir?.join(folder)));
        let system = self.system_folder.map(PathBuf::from);
        let folders: Vec<PathBuf> = own
            .chain(data_dir.map(PathBuf::from))
            // Last: the folder that the user has given takes precedence over an installed package.
            .chain(system.filter(|folder| folder.is_dir()))
            .collect();
        if folders.is_empty() {
            return Err(Error::Data(DataError::NoFolder {
                name: self.name.into(),
            }));
        }

        // The missing file in the folder that holds most files; the first folder on a tie.
        let mut fullest: Option<(usize, &Path, &str)> = None;
        for folder in &folders {
            for (layout, names) in self.layouts.iter().enumerate() {
                let missing: Vec<&str> = names
                    .iter()
                    .copied()
                    .filter(|name| !exists(folder, name))
                    .collect();
                let Some(first) = missing.first() else {
                    return Ok(Found {
                        folder: folder.clone(),
                        layout,
                    });
                };
                let present = names.len() - missing.len();
                if present > fullest.map_or(0, |(most, ..)| most) {
                    fullest = Some((present, folder, first));
                }
            }
        }
        Err(match fullest {
            Some((_, folder, file)) => DataError::missing(self.name, folder, file),
            None => DataError::NotFound {
                name: self.name.into(),
                wanted: self.wanted(),
                folders: folders
                    .iter()
                    .map(|folder| folder.display().to_string())
                    .collect::<Vec<_>>()
                    .join(", "),
                home: self.home,
                download: self.download.is_some(),
            },
        }
        .into())
    }

    /// Whether `path` is a file of the data set in one of the folders that [`Known::find`] searches, or lies in a folder of
    /// the set. Both need not exist; links are followed.
    #[must_use]
    pub fn owns(&self, data_dir: &Path, path: &Path) -> bool {
        let Ok(path) = path.canonicalize() else {
            return false;
        };
        let own = self.folders.iter().map(|folder| data_dir.join(folder));
        let system = self.system_folder.map(PathBuf::from);
        let folders = own.chain([data_dir.to_owned()]).chain(system);
        let mut canonical = folders.filter_map(|folder| folder.canonicalize().ok());
        canonical.any(|folder| {
            let inside = path.strip_prefix(folder).ok();
            let first = inside.and_then(|inside| inside.components().next()?.as_os_str().to_str());
            first.is_some_and(|first| {
                let mut names = self.layouts.iter().copied().flatten();
                names.any(|name| FORMS.iter().any(|form| first.strip_suffix(form) == Some(name)))
            })
        })
    }

    /// Describes the files that hold the data set, for messages.
    #[must_use]
    pub fn wanted(&self) -> String {
        let layouts: Vec<String> = self.layouts.iter().map(|names| names.join(", ")).collect();
        layouts.join("; or ")
    }
}

impl DataError {
    /// Creates the error that a file of a data set is missing from its folder.
    pub(super) fn missing(name: &str, folder: &Path, file: &str) -> Self {
        Self::FileMissing {
            name: name.into(),
            folder: folder.into(),
            file: file.into(),
        }
    }
}

/// Lists the endings that packed files may have, for messages.
pub(super) fn forms() -> String {
    FORMS[1..].join(" or ")
}

#[cfg(test)]
mod tests;
