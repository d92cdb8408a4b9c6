//! What Verilator's `-Wall` may not say of the emitted Verilog, rule by rule, each with its reason.
//!
//! Every other warning is an error: in the simulators' builds, and in the tests that lint designs of every kind of
//! layer.

/// A rule that is waived for the generated file.
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

/// The waivers as a configuration file of Verilator.
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
