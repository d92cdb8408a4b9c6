//! What the reader of a data set's files noticed without refusing them.

use std::fmt;
use std::path::PathBuf;

/// What was noticed about a data set's files. Its text is a sentence for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataWarning {
    /// The files have the names of a known set, but other contents than the published ones.
    Unpublished {
        /// Name of the data set.
        name: &'static str,
        /// Folder of the files.
        folder: PathBuf,
        /// A file that differs, without the ending of a packed form.
        file: String,
    },
}

impl fmt::Display for DataWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unpublished { name, folder, file } => write!(
                f,
                "the files in {} are not the published ones of `{name}` (the SHA-256 of {file} differs); do not compare \
                 results with published ones, or fetch the files again",
                folder.display()
            ),
        }
    }
}
