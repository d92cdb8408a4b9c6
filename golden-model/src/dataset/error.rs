//! What can be wrong with the files and contents of data sets.

use crate::network::Shape;

/// What can be wrong with data sets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    // Contents.
    /// A data set is of the other kind of samples.
    #[error("data set `{name}` holds {found}, but {what} needs {wanted}; choose another data set")]
    Kind {
        /// The data set.
        name: String,
        /// Who asks.
        what: &'static str,
        /// Kind of its samples.
        found: &'static str,
        /// Kind wanted.
        wanted: &'static str,
    },
    /// A network normalizes the intensities of images, and the data set has none.
    #[error(
        "network `{network}` normalizes intensities, data set `{name}` holds recordings, which have none; remove \
         [normalization] from the network"
    )]
    NoIntensities {
        /// The network.
        network: String,
        /// The data set.
        name: String,
    },
    /// Recordings that are looked at for no time at all.
    #[error("data set `{name}`: a window of 0 µs sees no events; give one of at least 1 µs")]
    NoWindow {
        /// The data set.
        name: String,
    },
    /// An event of no pixel of the camera.
    #[error(
        "data set `{name}`: an event of recording {sample} has address {found}, but a camera of {shape} has only \
         {}; the data are damaged",
        shape.size()
    )]
    EventPlace {
        /// The data set.
        name: String,
        /// Number of the recording, from 0.
        sample: usize,
        /// The address.
        found: u32,
        /// Shape of the camera.
        shape: Shape,
    },
}
