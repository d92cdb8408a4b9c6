//! Types of arguments that are paths, or may be.

use serde::{Serialize, Serializer};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};

/// A name that may be the path of a file: of a network, a board or a data set. It need not be UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name(pub(super) OsString);

impl Name {
    /// The name as text, if it is UTF-8.
    pub(crate) fn text(&self) -> Option<&str> {
        self.0.to_str()
    }

    /// The name as a path.
    pub(crate) fn path(&self) -> &Path {
        Path::new(&self.0)
    }
}

impl From<OsString> for Name {
    fn from(name: OsString) -> Self {
        Self(name)
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl AsRef<OsStr> for Name {
    fn as_ref(&self) -> &OsStr {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

macro_rules! path_types {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub(crate) struct $name(pub(super) PathBuf);

            impl From<OsString> for $name {
                fn from(path: OsString) -> Self {
                    Self(path.into())
                }
            }

            impl Deref for $name {
                type Target = Path;

                fn deref(&self) -> &Path {
                    &self.0
                }
            }

            impl AsRef<Path> for $name {
                fn as_ref(&self) -> &Path {
                    &self.0
                }
            }

            /// As text: JSON cannot hold the bytes of a path that is not UTF-8.
            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_str(&self.0.to_string_lossy())
                }
            }
        )+
    };
}

path_types! {
    /// A file or folder that the run reads.
    InputFile,
    /// A folder in which the run looks for the files of data sets.
    DataFolder,
    /// A file that the run writes: a new one, or a regular file that it replaces.
    OutputFile,
    /// A text file that the run writes; `-` and `/dev/stdout` stand for standard output.
    OutputText,
}
