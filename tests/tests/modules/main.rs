//! The modules of every crate import each other in the allowed directions only.
//!
//! A module is a file or folder directly in a crate's `src`. What it may import is listed in [`rules`]; lists name earlier
//! modules only, so that there can be no cycle. The crates' own error types are everyone's, and unit tests may import
//! anything.

mod rules;
mod source;

use rules::{CRATES, Rules};
use source::Import;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What is wrong with a crate's imports, a line each.
fn violations(rules: &Rules, imports: &[Import]) -> Vec<String> {
    let mut found = Vec::new();
    let allowed: BTreeMap<&str, &[&str]> = rules.modules.iter().copied().collect();
    for (index, (module, imported)) in rules.modules.iter().enumerate() {
        let earlier = &rules.modules[..index];
        for import in *imported {
            if !earlier.iter().any(|(name, _)| name == import) {
                found.push(format!("rule of `{module}`: `{import}` does not come before it"));
            }
            if !imports
                .iter()
                .any(|seen| seen.from == *module && seen.to == *import)
            {
                found.push(format!(
                    "rule of `{module}`: it no longer imports `{import}`; remove it from the list"
                ));
            }
        }
    }
    for Import { from, to, place } in imports {
        match allowed.get(from.as_str()) {
            None => found.push(format!("{place}: module `{from}` has no rule")),
            Some(modules) if !modules.contains(&to.as_str()) => {
                found.push(format!("{place}: `{from}` must not import `{to}`"));
            }
            Some(_) => {}
        }
    }
    found
}

#[test]
fn modules_import_each_other_in_the_allowed_directions_only() {
    let mut found = Vec::new();
    for rules in CRATES {
        let imports = source::imports(&root().join(rules.folder).join("src"));
        assert!(
            imports.len() > 5,
            "{}: {} imports read",
            rules.folder,
            imports.len()
        );
        let of_crate = violations(rules, &imports);
        found.extend(
            of_crate
                .into_iter()
                .map(|line| format!("{}: {line}", rules.folder)),
        );
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn an_import_in_the_other_direction_a_cycle_and_a_stale_rule_are_found() {
    let import = |from: &str, to: &str| Import {
        from: from.into(),
        to: to.into(),
        place: format!("{from}.rs:1"),
    };
    let rules = Rules {
        folder: "x",
        modules: &[("a", &[]), ("b", &["a"])],
    };
    assert_eq!(violations(&rules, &[import("b", "a")]), Vec::<String>::new());
    assert_eq!(
        violations(&rules, &[import("b", "a"), import("a", "b"), import("c", "a")]),
        [
            "a.rs:1: `a` must not import `b`",
            "c.rs:1: module `c` has no rule"
        ]
    );
    assert_eq!(
        violations(&rules, &[]),
        ["rule of `b`: it no longer imports `a`; remove it from the list"]
    );
    let cycle = Rules {
        folder: "x",
        modules: &[("a", &["b"]), ("b", &["a"])],
    };
    assert_eq!(
        violations(&cycle, &[import("a", "b"), import("b", "a")]),
        ["rule of `a`: `b` does not come before it"]
    );
}
