//! Errors of network files and presets.

/// What can go wrong with a network file or preset.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The text of a network is not what a network file holds.
    #[error("network file {origin}: {source}")]
    Syntax {
        /// File or preset the text comes from.
        origin: String,
        /// Line, key and what was expected there.
        source: Box<toml::de::Error>,
    },
    /// A network file has no `[train]` table.
    #[error(
        "network file {origin} has no [train] table; add one with optimizer, learning_rate, epochs and batch"
    )]
    NoTrainTable {
        /// The file.
        origin: String,
    },
    /// There is no preset of that name.
    #[error(
        "there is no preset `{name}`; known are: {known}; \
         a file's name ends in .toml, and a compact network begins with its first layer, such as 16C5-P2-10"
    )]
    UnknownPreset {
        /// The name asked for.
        name: String,
        /// All names there are.
        known: String,
    },
}
