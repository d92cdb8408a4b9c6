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
pub(crate) const CRATES: &[Rules] = &[
    Rules {
        folder: "golden-model",
        modules: &[
            ("counts", &[]),
            ("network", &[]),
            ("random", &[]),
            ("spikes", &[]),
            ("events", &["network"]),
            ("integer", &["network", "spikes", "events"]),
            ("float", &["network", "random", "spikes", "events", "integer"]),
            ("file", &["network", "spikes", "integer", "float"]),
            ("quantize", &["network", "random", "spikes", "integer", "float"]),
            ("dataset", &["network", "random", "spikes", "file"]),
            ("reference", &["network", "spikes", "float", "file"]),
            (
                "evaluation",
                &["network", "spikes", "events", "integer", "float", "dataset"],
            ),
            (
                "train",
                &[
                    "network",
                    "random",
                    "spikes",
                    "events",
                    "integer",
                    "float",
                    "file",
                    "dataset",
                    "evaluation",
                ],
            ),
            (
                "workload",
                &["network", "random", "spikes", "events", "float", "evaluation"],
            ),
            ("config", &["network", "integer", "file", "train"]),
        ],
    },
    Rules {
        folder: "hw",
        modules: &[
            ("columns", &[]),
            ("circuit", &["columns"]),
            ("pll", &[]),
            ("simulate", &[]),
            ("folder", &[]),
            ("seal", &[]),
            ("board", &["pll"]),
            ("geometry", &["columns", "circuit"]),
            ("emit", &["pll", "board"]),
            ("tool", &["board"]),
            ("traffic", &["circuit", "geometry"]),
            ("cells", &["board", "tool"]),
            ("plan", &["columns", "circuit", "board", "geometry", "traffic"]),
            ("process", &["tool"]),
            (
                "accelerator",
                &["columns", "circuit", "board", "geometry", "plan"],
            ),
            ("work", &["circuit", "geometry", "plan"]),
            ("energy", &["board", "work"]),
            ("install", &["folder", "tool", "process"]),
            (
                "diagram",
                &["circuit", "board", "geometry", "plan", "accelerator"],
            ),
            (
                "build",
                &[
                    "circuit",
                    "folder",
                    "seal",
                    "board",
                    "emit",
                    "plan",
                    "accelerator",
                    "diagram",
                ],
            ),
            (
                "synth",
                &["seal", "board", "emit", "tool", "process", "build", "work"],
            ),
            ("flash", &["board", "process", "build", "synth"]),
        ],
    },
    Rules {
        folder: "sim",
        modules: &[
            ("harness", &[]),
            ("preparation", &[]),
            ("random", &[]),
            ("screen", &[]),
            ("verilator", &["screen"]),
            ("pace", &["random"]),
            ("virtual_board", &["verilator"]),
            ("stimulus", &["pace"]),
            ("observation", &["stimulus"]),
            ("stress", &["random", "pace", "stimulus"]),
            ("native", &["preparation", "pace", "stimulus", "observation"]),
            (
                "verilated",
                &["preparation", "verilator", "stimulus", "observation"],
            ),
            (
                "cosim",
                &["pace", "stimulus", "observation", "stress", "native", "verilated"],
            ),
        ],
    },
    Rules {
        folder: "host",
        modules: &[
            ("protocol", &[]),
            ("transport", &[]),
            ("device", &["protocol", "transport"]),
            ("testing", &["protocol", "transport"]),
            ("cli", &["protocol", "transport", "device"]),
        ],
    },
];
