//! Which modules of a crate a source file names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// One module of a crate that names another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Import {
    /// The module that imports.
    pub(crate) from: String,
    /// The module that is imported.
    pub(crate) to: String,
    /// Where: file and line.
    pub(crate) place: String,
}

/// Every import between the modules of the crate in `src`, unit tests left out.
///
/// # Panics
/// If a file cannot be read.
pub(crate) fn imports(src: &Path) -> Vec<Import> {
    let mut files = Vec::new();
    collect(src, &mut Vec::new(), &mut files);
    let modules: BTreeSet<&str> = files.iter().map(|(path, _)| path[0].as_str()).collect();
    let root = files.iter().find(|(path, _)| path[0] == "lib").expect("a lib.rs");
    let reexports = reexports(&root.1);
    let mut found = Vec::new();
    for (path, text) in &files {
        // The root names all modules, a program none, and everyone's are the errors.
        if matches!(path[0].as_str(), "lib" | "main" | "error") {
            continue;
        }
        for (line, name) in names(&without_tests(&without_comments(text)), path) {
            let to = reexports.get(&name).unwrap_or(&name).clone();
            if to != path[0] && to != "error" && modules.contains(to.as_str()) {
                found.push(Import {
                    from: path[0].clone(),
                    to,
                    place: format!("{}.rs:{line}", path.join("/")),
                });
            }
        }
    }
    found
}

/// The Rust files below a folder, by their module path; files of unit tests left out.
fn collect(folder: &Path, path: &mut Vec<String>, files: &mut Vec<(Vec<String>, String)>) {
    let entries = std::fs::read_dir(folder).expect("a folder of sources");
    let mut entries: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for entry in entries {
        let stem = entry.file_stem().expect("a name").to_string_lossy().into_owned();
        if stem == "tests" {
            continue;
        }
        path.push(stem);
        if entry.is_dir() {
            collect(&entry, path, files);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&entry).expect("UTF-8");
            files.push((path.clone(), text));
        }
        path.pop();
    }
}

/// The names that the crate's root takes from its modules: name and module.
fn reexports(root: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for line in root.lines().filter_map(|line| line.strip_prefix("pub use ")) {
        let Some((module, names)) = line.trim_end_matches(';').split_once("::") else {
            continue;
        };
        for name in names.trim_matches(['{', '}']).split(',') {
            let name = name.trim().rsplit("::").next().unwrap_or_default();
            found.insert(name.to_owned(), module.to_owned());
        }
    }
    found
}

/// The text with comments blanked, line for line.
fn without_comments(text: &str) -> String {
    let blank = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    text.lines().map(blank).collect::<Vec<_>>().join("\n")
}

/// The text without its inline modules of unit tests, which stand at its end.
fn without_tests(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let is_tests =
        |pair: &[&str]| pair[0].trim() == "#[cfg(test)]" && pair[1].trim_start().starts_with("mod ");
    let end = lines.windows(2).position(is_tests).unwrap_or(lines.len());
    lines[..end].join("\n")
}

/// What stands behind every `crate::`, and behind every `super::` that leaves the top module, with its line.
fn names(text: &str, path: &[String]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let ups = "super::".repeat(path.len());
    for prefix in ["crate::", ups.as_str()] {
        for (at, _) in text.match_indices(prefix) {
            let longer = text[..at].ends_with("super::")
                || text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            if longer {
                continue;
            }
            let line = text[..at].matches('\n').count() + 1;
            let rest = &text[at + prefix.len()..];
            match rest.strip_prefix('{') {
                None => found.push((line, identifier(rest))),
                Some(group) => found.extend(heads(group).into_iter().map(|name| (line, name))),
            }
        }
    }
    found.retain(|(_, name)| !name.is_empty());
    found
}

fn identifier(text: &str) -> String {
    text.chars()
        .take_while(|&c| c.is_alphanumeric() || c == '_')
        .collect()
}

/// The first identifier of every member of a group of imports, whose opening brace is behind us.
fn heads(group: &str) -> Vec<String> {
    let (mut found, mut depth, mut member) = (Vec::new(), 1, String::new());
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (c == ',' && depth == 1) {
            found.push(identifier(member.trim()));
            member.clear();
        } else {
            member.push(c);
        }
        if depth == 0 {
            break;
        }
    }
    found
}

#[test]
fn names_are_found_in_uses_paths_and_groups() {
    let path = ["a".to_owned(), "b".to_owned()];
    let text = "use crate::x::Y;\nuse crate::{Error, z::{P, q}};\nlet v = crate::w::f(super::super::u::g());\nuse super::own;";
    let mut found = names(text, &path);
    found.sort();
    let expected = [(1, "x"), (2, "Error"), (2, "z"), (3, "u"), (3, "w")];
    assert_eq!(found, expected.map(|(line, name)| (line, name.to_owned())));
}

#[test]
fn comments_and_unit_tests_name_nothing() {
    let text = "// crate::a\nuse crate::b; // crate::c\n#[cfg(test)]\nmod tests {\n    use crate::d;\n}\n";
    let path = ["x".to_owned()];
    assert_eq!(
        names(&without_tests(&without_comments(text)), &path),
        [(2, "b".to_owned())]
    );
}
