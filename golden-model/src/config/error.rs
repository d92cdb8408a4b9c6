//! Errors of network files and presets.

/// Errors of network files and presets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The text is not a valid network file.
    #[error("network file {origin}: {source}")]
    Syntax {
        /// Path of the file, or name of the preset.
        origin: String,
        /// TOML error with the line, the key and what was expected there.
        source: Box<toml::de::Error>,
    },
    /// A network file has no `[train]` table.
    #[error(
        "network file {origin} has no [train] table; add one with optimizer, learning_rate, epochs and batch"
    )]
    NoTrainTable {
        /// Name of the file.
        origin: String,
    },
    /// There is no preset of that name.
    #[error(
        "there is no preset `{name}`; choose one of {known}, or give a file whose name ends in .toml, or a \
         compact text such as 16C5-P2-10"
    )]
    UnknownPreset {
        /// The requested name.
        name: String,
        /// Names of all presets, comma-separated.
        known: String,
    },
}
