//! The allowed directions.

/// What the modules of a crate may import.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// The crate's folder.
    pub(crate) folder: &'static str,
    /// Every module, and the modules that it imports; those come before it.
    pub(crate) modules: &'static [(&'static str, &'static [&'static str])],
}

/// The crates of the workspace.
pub(crate) const CRATES: &[Rules] = &[Rules {
    folder: "golden-model",
    modules: &[("random", &[])],
}];
