//! The presets: the network files of `configs/`, embedded by the build script.

/// Name and text of each network file, sorted by name.
pub(super) const PRESETS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/presets.rs"));

/// How a network that came as compact text is trained, which says nothing of it.
pub(super) const COMPACT_TRAIN: &str = r#"
optimizer = "adam"
learning_rate = 0.001
epochs = 20
batch = 64
milestones = [12, 17]
decay = 0.2
"#;
