//! The presets: the network files of `configs/`, embedded in the crate.

/// Name and text of every preset.
pub(super) const PRESETS: [(&str, &str); 9] = [
    ("digits", include_str!("../../../configs/digits.toml")),
    ("mnist-mlp", include_str!("../../../configs/mnist-mlp.toml")),
    ("mlp", include_str!("../../../configs/mlp.toml")),
    ("lenet", include_str!("../../../configs/lenet.toml")),
    ("lenet-nmnist", include_str!("../../../configs/lenet-nmnist.toml")),
    ("vgg7", include_str!("../../../configs/vgg7.toml")),
    ("vgg9", include_str!("../../../configs/vgg9.toml")),
    ("resnet9", include_str!("../../../configs/resnet9.toml")),
    ("resnet11", include_str!("../../../configs/resnet11.toml")),
];

/// Training parameters for networks given as compact text, which describes no training.
pub(super) const COMPACT_TRAIN: &str = r#"
optimizer = "adam"
learning_rate = 0.001
epochs = 20
batch = 64
milestones = [12, 17]
decay = 0.2
"#;
