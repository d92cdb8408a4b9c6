//! The checks: each pointer of a document must lead somewhere.

use crate::exceptions::EXCEPTIONS;
use crate::markdown::{Document, Piece};
use crate::repository::Repository;
use crate::{commands, paths, symbols};
use std::collections::{HashMap, HashSet};

/// A pointer that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) text: String,
    pub(crate) reason: String,
}

/// How many pointers of each kind were checked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) links: usize,
    pub(crate) anchors: usize,
    pub(crate) paths: usize,
    pub(crate) symbols: usize,
    pub(crate) places: usize,
    pub(crate) modules: usize,
    pub(crate) flags: usize,
    pub(crate) commands: usize,
}

/// What came of checking documents.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) findings: Vec<Finding>,
    pub(crate) counts: Counts,
    /// Exceptions that were needed.
    pub(crate) excepted: HashSet<&'static str>,
}

/// Checks all documents of a repository.
pub(crate) fn check(repository: &Repository) -> Outcome {
    let documents: HashMap<&str, Document> = repository
        .documents
        .iter()
        .map(|(path, text)| (path.as_str(), Document::parse(path, text)))
        .collect();
    let mut outcome = Outcome::default();
    for document in documents.values() {
        for link in &document.links {
            let result = check_link(repository, &documents, document, &link.text, &mut outcome.counts);
            outcome.record(document, link, result);
        }
        for (span, place) in document.spans.iter().zip(&document.places) {
            let result = check_span(repository, document, &span.text, &mut outcome.counts).and_then(|()| {
                check_place(
                    repository,
                    document,
                    &span.text,
                    place.as_deref(),
                    &mut outcome.counts,
                )
            });
            outcome.record(document, span, result);
        }
        for (package, module) in &document.modules {
            outcome.counts.modules += 1;
            let result = check_module(repository, package, &module.text);
            outcome.record(document, module, result);
        }
        for command in &document.commands {
            outcome.counts.commands += 1;
            let result = commands::check(repository, &command.text, true);
            outcome.record(document, command, result);
        }
    }
    outcome.findings.sort();
    outcome
}

impl Outcome {
    fn record(&mut self, document: &Document, piece: &Piece, result: Result<(), String>) {
        let Err(reason) = result else {
            return;
        };
        if let Some((text, _)) = EXCEPTIONS.iter().find(|(text, _)| *text == piece.text) {
            self.excepted.insert(text);
            return;
        }
        self.findings.push(Finding {
            path: document.path.clone(),
            line: piece.line,
            text: piece.text.clone(),
            reason,
        });
    }
}

fn check_link(
    repository: &Repository,
    documents: &HashMap<&str, Document>,
    document: &Document,
    target: &str,
    counts: &mut Counts,
) -> Result<(), String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return Ok(());
    }
    counts.links += 1;
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if path.is_empty() {
        document.path.clone()
    } else {
        paths::resolve(&document.path, path).ok_or("the link leads out of the repository")?
    };
    if !path.is_empty() && !repository.files.contains(&path) && !repository.folders.contains(&path) {
        return Err(format!("there is no file or folder {path}"));
    }
    if anchor.is_empty() {
        return Ok(());
    }
    counts.anchors += 1;
    match documents.get(path.as_str()) {
        Some(document) if document.anchors.iter().any(|known| known == anchor) => Ok(()),
        Some(_) => Err(format!("{path} has no heading for the anchor #{anchor}")),
        None => Err(format!("{path} is not a Markdown file and has no anchors")),
    }
}

fn check_span(
    repository: &Repository,
    document: &Document,
    text: &str,
    counts: &mut Counts,
) -> Result<(), String> {
    if commands::is_command(text) {
        counts.commands += 1;
        commands::check(repository, text, false)
    } else if text.starts_with('-') {
        commands::check_flags(text, &mut counts.flags)
    } else if paths::is_path(repository, text) {
        counts.paths += 1;
        paths::check(repository, document, text)
    } else {
        symbols::check(repository, text, &mut counts.symbols)
    }
}

/// A table's module must be one of its package.
fn check_module(repository: &Repository, package: &str, module: &str) -> Result<(), String> {
    let packages = repository.packages();
    let Some((folder, _)) = packages.iter().find(|(_, name)| *name == package) else {
        return Err(format!("there is no package {package}"));
    };
    let path = format!("{folder}/src/{}", module.replace("::", "/"));
    if repository.files.contains(&format!("{path}.rs")) || repository.folders.contains(&path) {
        Ok(())
    } else {
        Err(format!("{folder}/src has no such module"))
    }
}

/// A name that a sentence puts into a file must be declared there.
fn check_place(
    repository: &Repository,
    document: &Document,
    name: &str,
    place: Option<&str>,
    counts: &mut Counts,
) -> Result<(), String> {
    let Some(place) = place.filter(|_| symbols::is_identifier(name)) else {
        return Ok(());
    };
    let beside = paths::resolve(&document.path, place).unwrap_or_default();
    let Some(path) = [place, &beside]
        .into_iter()
        .find(|path| repository.sources.contains_key(*path))
    else {
        return Ok(());
    };
    counts.places += 1;
    if repository.declares(path, name) {
        Ok(())
    } else {
        Err(format!("{path} does not declare it"))
    }
}
