//! Paths between backticks.

use crate::markdown::Document;
use crate::repository::Repository;

/// Endings of names that we give to files.
const ENDINGS: [&str; 21] = [
    "rs", "toml", "md", "v", "vlt", "cpp", "py", "sh", "yml", "lock", "svg", "snap", "pcf", "lpf", "cst",
    "hex", "json", "txt", "ys", "gz", "npz",
];

/// Folders that a user's commands or builds write.
const WRITTEN: [&str; 3] = ["out", "target", ".venv"];

/// Whether a text between backticks is the path or name of one of our files.
pub(crate) fn is_path(repository: &Repository, text: &str) -> bool {
    let sign = |sign: char| sign.is_ascii_alphanumeric() || "_-./*".contains(sign);
    let Some(first) = text.split('/').next() else {
        return false;
    };
    if !text.chars().all(sign)
        || text.starts_with(['/', '*'])
        || WRITTEN.contains(&first)
        || text.starts_with("..")
    {
        return false;
    }
    let has_ending = text
        .rsplit('/')
        .next()
        .and_then(|name| name.rsplit_once('.'))
        .is_some_and(|(stem, ending)| !stem.is_empty() && ENDINGS.contains(&ending));
    let is_ours = text.contains('/') && repository.has_path(first);
    has_ending || is_ours || (text.ends_with('/') && text.len() > 1)
}

/// Checks that there is such a file or folder, or that a source writes a file of that name.
///
/// A name without a folder may also be that of a file of the reader's, which the document's own code blocks have.
pub(crate) fn check(repository: &Repository, document: &Document, text: &str) -> Result<(), String> {
    let pattern: Vec<String> = text.split('/').map(without_placeholder).collect();
    let pattern = pattern.join("/");
    let first = pattern.split('/').next().unwrap_or_default();
    let beside = resolve(&document.path, &pattern).is_some_and(|path| repository.has_path(&path));
    if beside || repository.has_path(&pattern) {
        return Ok(());
    }
    if pattern.contains('/') && repository.has_path(first) {
        return Err("there is no such file or folder".into());
    }
    if !pattern.contains('/') && document.code.contains(&pattern) {
        return Ok(());
    }
    if repository.has_path_that_ends(&pattern) || repository.has_text(text.trim_end_matches('/')) {
        return Ok(());
    }
    // A name that is put together: its parts stand in a source.
    let pattern = pattern.trim_end_matches('/');
    if pattern.contains('*')
        && !pattern.contains('/')
        && pattern.split('*').all(|part| repository.has_text(part))
    {
        return Ok(());
    }
    Err("there is no such file or folder, and no source has its name".into())
}

/// `NAME.toml` stands for any file of that ending.
fn without_placeholder(name: &str) -> String {
    let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
    let is_placeholder = stem.len() > 1 && stem.chars().all(|sign| sign.is_ascii_uppercase());
    match (is_placeholder && !KNOWN_CAPITALS.contains(&stem), ending) {
        (false, _) => name.into(),
        (true, "") => "*".into(),
        (true, ending) => format!("*.{ending}"),
    }
}

/// Files whose names are in capitals.
const KNOWN_CAPITALS: [&str; 3] = ["README", "CONTRIBUTING", "CHANGELOG"];

/// A path relative to a document's folder, from the root; none if it leads out of the repository.
pub(crate) fn resolve(document: &str, path: &str) -> Option<String> {
    let mut names: Vec<&str> = document.split('/').collect();
    names.pop();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}
