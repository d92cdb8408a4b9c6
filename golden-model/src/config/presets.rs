//! The presets: the network files of `configs/`, embedded by the build script.

/// Name and text of each network file, sorted by name.
pub(super) const PRESETS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/presets.rs"));

/// Training parameters for networks given as compact text, which describes no training.
pub(super) const COMPACT_TRAIN: &str = r#"
optimizer = "adam"
learning_rate = 0.001
epochs = 20
batch = 64
milestones = [12, 17]
decay = 0.2
"#;
