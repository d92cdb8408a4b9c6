//! Lint waivers: rules of Verilator's `-Wall` that do not apply to the emitted Verilog, each with its reason.
//!
//! Every other warning is an error, both when a simulator is built and in the tests, which lint designs with every kind of
//! layer. The reasons are written into build folders, and their text is part of the design hash.

/// Rule that is waived for the generated file.
struct Waiver {
    rule: &'static str,
    reason: &'static str,
}

/// File name of the waivers in a build folder.
pub const LINT: &str = "lint.vlt";

const WAIVERS: [Waiver; 5] = [
    Waiver {
        rule: "WIDTHEXPAND",
        reason: "rust-hdl writes every literal with 32 bits or as many as it needs; Rust's types have checked that both \
                 sides of an operator are as wide",
    },
    Waiver {
        rule: "WIDTHTRUNC",
        reason: "the same: a sum with a literal of 32 bits is assigned to the width that Rust's types gave both sides",
    },
    Waiver {
        rule: "UNUSEDSIGNAL",
        reason: "ports are as wide as the largest network wants, and synthesis removes what this one leaves unread",
    },
    Waiver {
        rule: "UNUSEDPARAM",
        reason: "rust-hdl declares a parameter for every state of a machine and every constant of a block",
    },
    Waiver {
        rule: "DECLFILENAME",
        reason: "all modules of a design are in one file",
    },
];

/// Writes the waivers as a configuration file of Verilator.
#[must_use]
pub fn waivers() -> String {
    let mut text = String::from("`verilator_config\n");
    for Waiver { rule, reason } in WAIVERS {
        text.push_str(&format!(
            "// {reason}.\nlint_off -rule {rule} -file \"*accelerator.v\"\n"
        ));
    }
    text
}
