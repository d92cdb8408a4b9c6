//! Names between backticks: identifiers, paths of modules and items, environment variables, keys.

use crate::repository::Repository;

/// Names of our crates in paths of modules, and the crates' folders.
const CRATES: [(&str, &str); 9] = [
    ("golden_model", "golden-model"),
    ("synfire_golden_model", "golden-model"),
    ("hw", "hw"),
    ("synfire_hw", "hw"),
    ("sim", "sim"),
    ("synfire_sim", "sim"),
    ("host", "host"),
    ("synfire", "host"),
    ("synfire_tests", "tests"),
];

/// Checks a text between backticks, if it is the name of something.
pub(crate) fn check(repository: &Repository, text: &str, count: &mut usize) -> Result<(), String> {
    // Of `name = value`, `name=value` and `function(…)` the name.
    let name = text.split(['=', '(', '<']).next().unwrap_or_default().trim();
    let name = name.trim_start_matches('&').trim_end_matches('!');
    if let Some((start, group)) = text.strip_suffix('}').and_then(|text| text.split_once("::{")) {
        for item in group.split(',') {
            check(repository, &format!("{start}::{}", item.trim()), count)?;
        }
        return Ok(());
    }
    if name.contains("::") {
        let names: Vec<&str> = name.split("::").collect();
        if !names.iter().all(|name| is_identifier(name)) {
            return Ok(());
        }
        *count += 1;
        return check_path(repository, &names);
    }
    // A key of a file, such as `link.slot_bytes`.
    let names: Vec<&str> = name.split('.').collect();
    if !names.iter().all(|name| is_identifier(name)) {
        return Ok(());
    }
    *count += 1;
    // `test_` stands for every name that begins so.
    let exists = |name: &str| {
        repository.has_word(name) || (name.ends_with('_') && repository.has_word_that_starts(name))
    };
    match names.iter().find(|name| !exists(name)) {
        None => Ok(()),
        Some(name) => Err(format!("no source has the word {name}")),
    }
}

/// Two letters at least: `T`, `G` and `k` are quantities. A capital and a digit begin a layer's compact text, such as
/// `P2`, or name a pin.
pub(crate) fn is_identifier(name: &str) -> bool {
    let starts_well = name.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '_');
    let sign = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    let is_layer = name.starts_with(|sign: char| sign.is_ascii_uppercase())
        && name[1..].starts_with(|sign: char| sign.is_ascii_digit());
    name.len() > 1 && starts_well && !is_layer && name.chars().all(sign)
}

/// A path begins with a crate, with a module of any crate, or with a type.
fn check_path(repository: &Repository, names: &[&str]) -> Result<(), String> {
    if let Some((_, folder)) = CRATES.iter().find(|(name, _)| *name == names[0]) {
        return follow(repository, &format!("{folder}/src"), &names[1..]);
    }
    let is_module = |path: &&String| {
        let name = path.rsplit('/').next().unwrap_or(path);
        name.strip_suffix(".rs").unwrap_or(name) == names[0] && path.contains("/src/")
    };
    let modules: Vec<&String> = repository
        .files
        .iter()
        .chain(&repository.folders)
        .filter(is_module)
        .collect();
    if modules.is_empty() {
        return if repository.has_words_together("", names) {
            Ok(())
        } else {
            Err("no source has all of these words".into())
        };
    }
    modules
        .into_iter()
        .map(|path| follow(repository, path.strip_suffix(".rs").unwrap_or(path), &names[1..]))
        .find(Result::is_ok)
        .unwrap_or_else(|| Err(format!("no module {} has that", names[0])))
}

/// Goes down from a module as far as the names are modules; what is left must stand in one source there.
fn follow(repository: &Repository, module: &str, names: &[&str]) -> Result<(), String> {
    let mut module = module.to_owned();
    let mut rest = names;
    while let Some((name, after)) = rest.split_first() {
        let inner = format!("{module}/{name}");
        if !repository.folders.contains(&inner) && !repository.files.contains(&format!("{inner}.rs")) {
            break;
        }
        module = inner;
        rest = after;
    }
    let below = [format!("{module}.rs"), format!("{module}/")];
    if rest.is_empty()
        || below
            .iter()
            .any(|below| repository.has_words_together(below, rest))
    {
        Ok(())
    } else {
        Err(format!("{module} has no {}", rest.join("::")))
    }
}
