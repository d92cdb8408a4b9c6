//! Catalog of the data sets known by name: description, files, and where to get the files.

use super::files::{self, FORMS, exists};
use super::{DataError, Published, published};
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
    /// Checksums of the published files, as far as they are known. Other sets use the same names of files.
    pub published: &'static [Published],
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

/// A file whose checksum covers all of it.
const fn whole(file: &'static str, sha256: &'static str) -> Published {
    Published {
        file,
        first: None,
        sha256,
    }
}

/// A file of CIFAR-10 whose checksum covers its first records.
const fn records(file: &'static str, records: usize, sha256: &'static str) -> Published {
    const RECORD: usize = 1 + 3 * 32 * 32;
    Published {
        file,
        first: Some(records * RECORD),
        sha256,
    }
}

/// Largest size in bytes of a file that [`Known::find`] reads to see of which set it is. Files of labels are smaller.
const MAX_PROBE_BYTES: u64 = 64 << 10;

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
        published: &[],
        licence: "CC BY 4.0",
        download: None,
    },
    Known {
        name: "mnist",
        title: "handwritten digits",
        recordings: false,
        shape: [1, 28, 28],
        classes: DIGITS,
        // The second one is that of torchvision.
        folders: &["mnist", "MNIST/raw"],
        system_folder: None,
        layouts: IDX,
        home: "http://yann.lecun.com/exdb/mnist",
        published: &[
            whole(
                "train-images-idx3-ubyte",
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            whole(
                "train-labels-idx1-ubyte",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            whole(
                "t10k-images-idx3-ubyte",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            whole(
                "t10k-labels-idx1-ubyte",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ],
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
        folders: &["fashion-mnist", "FashionMNIST/raw"],
        // Installed by Debian's package dataset-fashion-mnist.
        system_folder: Some("/usr/share/datasets/fashion-mnist"),
        layouts: IDX,
        home: "https://github.com/zalandoresearch/fashion-mnist",
        published: &[
            whole(
                "train-images-idx3-ubyte",
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            ),
            whole(
                "train-labels-idx1-ubyte",
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            ),
            whole(
                "t10k-images-idx3-ubyte",
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            ),
            whole(
                "t10k-labels-idx1-ubyte",
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ),
        ],
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
        published: &[
            records(
                "data_batch_1.bin",
                4000,
                "0993cf8b8e43bc207603aef9787006995746513f5e3fa5a52e06d1b069926330",
            ),
            records(
                "data_batch_2.bin",
                761,
                "da499b7df0e9fe390c86db4fab57c9704b211a780e6ef10a3dee4ed6f86a3f3a",
            ),
            records(
                "data_batch_3.bin",
                761,
                "f456b1d4b4d0cae1ac34a217cfdd21387557dc19c565e4087bb4b95e6f1563c9",
            ),
            records(
                "data_batch_4.bin",
                761,
                "5e0fde96bbc2fa73c6ecae5f36996b26cb3df94607afca3d631cac99ace7e521",
            ),
            records(
                "data_batch_5.bin",
                761,
                "24132af7a4d2028e7ca66914835d3ff21ec2e020fc1869af29570e4dc80239f2",
            ),
            records(
                "test_batch.bin",
                1000,
                "8314c96d7cd65618193bab23acdd5d4c4af15bf6dd00a1781d55beedf3be1ef5",
            ),
        ],
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
        published: &[
            whole(
                "train_32x32.mat",
                "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
            ),
            whole(
                "test_32x32.mat",
                "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
            ),
        ],
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
        published: &[],
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

    /// Searches for the files of the data set. Folders whose labels are those of another known set are passed over.
    ///
    /// # Errors
    /// If there is no folder to search, no folder holds all files of a layout, or those that do are of another set.
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
        let mut foreign = None;
        for folder in &folders {
            for (layout, names) in self.layouts.iter().enumerate() {
                let missing: Vec<&str> = names
                    .iter()
                    .copied()
                    .filter(|name| !exists(folder, name))
                    .collect();
                let Some(first) = missing.first() else {
                    let Some(error) = self.of_other_set(folder, names) else {
                        return Ok(Found {
                            folder: folder.clone(),
                            layout,
                        });
                    };
                    foreign = foreign.or(Some(error));
                    continue;
                };
                let present = names.len() - missing.len();
                if present > fullest.map_or(0, |(most, ..)| most) {
                    fullest = Some((present, folder, first));
                }
            }
        }
        if let Some(error) = foreign {
            return Err(error.into());
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

    /// Returns the error that a small one of the files is of another set. Files that cannot be read are left to the
    /// reader of the data set.
    fn of_other_set(&self, folder: &Path, names: &[&str]) -> Option<DataError> {
        names.iter().find_map(|name| {
            let published = self.published.iter().find(|published| published.file == *name)?;
            let path = files::locate(folder, name)?;
            if path.metadata().ok()?.len() > MAX_PROBE_BYTES {
                return None;
            }
            let found = published::other_set(self, &published.sum(&files::read(&path).ok()?))?;
            Some(DataError::OtherSet {
                name: self.name.into(),
                found,
                path: folder.join(name),
            })
        })
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
