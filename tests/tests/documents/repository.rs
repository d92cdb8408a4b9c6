//! What documents can point at: files, words of the sources, targets of the Makefile, tests.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

/// Folders that hold nothing of ours.
const SKIPPED: [&str; 4] = [".git", ".venv", "out", "target"];

/// Endings of files whose words count as names of ours.
const SOURCES: [&str; 12] = [
    ".rs", ".cpp", ".v", ".vlt", ".toml", ".py", ".sh", ".yml", ".txt", ".pcf", "Makefile", ".ci/run",
];

/// The repository's files, and the words in its sources.
#[derive(Debug, Default)]
pub(crate) struct Repository {
    /// Paths of all files from the root.
    pub(crate) files: BTreeSet<String>,
    /// Paths of all folders from the root.
    pub(crate) folders: BTreeSet<String>,
    /// The sources' texts by path, without whole lines of comment.
    pub(crate) sources: HashMap<String, String>,
    /// For each word, the sources that have it.
    words: HashMap<String, HashSet<String>>,
    /// Texts of Markdown files by path.
    pub(crate) documents: HashMap<String, String>,
}

impl Repository {
    /// Reads all files below a folder.
    pub(crate) fn read(root: &Path) -> Self {
        let mut repository = Self::default();
        repository.read_folder(root, "");
        repository
    }

    fn read_folder(&mut self, root: &Path, folder: &str) {
        for entry in std::fs::read_dir(root.join(folder)).expect("a folder of the repository") {
            let entry = entry.expect("an entry");
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() {
                name.clone()
            } else {
                format!("{folder}/{name}")
            };
            // What Git ignores beside these has names such as `target-2`.
            if SKIPPED.contains(&name.as_str()) || name.starts_with("target-") {
                continue;
            }
            if entry.path().is_dir() {
                self.folders.insert(path.clone());
                self.read_folder(root, &path);
            } else {
                let text = std::fs::read(entry.path()).expect("a file of the repository");
                self.add(&path, &String::from_utf8_lossy(&text));
            }
        }
    }

    /// Adds one file.
    pub(crate) fn add(&mut self, path: &str, text: &str) {
        self.files.insert(path.into());
        let mut folder = path;
        while let Some((parent, _)) = folder.rsplit_once('/') {
            self.folders.insert(parent.into());
            folder = parent;
        }
        if Path::new(path)
            .extension()
            .is_some_and(|extension| extension == "md")
        {
            self.documents.insert(path.into(), text.into());
        }
        // The planted faults of this test are no sources.
        if !SOURCES.iter().any(|ending| path.ends_with(ending)) || path.starts_with("tests/tests/documents/")
        {
            return;
        }
        let mark = if [".rs", ".cpp", ".v", ".vlt"]
            .iter()
            .any(|ending| path.ends_with(ending))
        {
            "//"
        } else {
            "#"
        };
        let is_code = |line: &&str| !line.trim_start().starts_with(mark);
        let text: String = text
            .lines()
            .filter(is_code)
            .flat_map(|line| [line, "\n"])
            .collect();
        for word in text.split(|sign: char| !sign.is_alphanumeric() && sign != '_') {
            if !word.is_empty() {
                self.words.entry(word.into()).or_default().insert(path.into());
            }
        }
        self.sources.insert(path.into(), text);
    }

    /// Whether a source, a file's name or a folder's name has that word.
    pub(crate) fn has_word(&self, word: &str) -> bool {
        let is_name = |path: &String| {
            let name = path.rsplit('/').next().unwrap_or(path);
            name == word || name.split('.').next() == Some(word)
        };
        self.words.contains_key(word) || self.files.iter().chain(&self.folders).any(is_name)
    }

    /// Whether a source has a word that starts so.
    pub(crate) fn has_word_that_starts(&self, start: &str) -> bool {
        self.words.keys().any(|word| word.starts_with(start))
    }

    /// Whether a source declares that name: an item, a field, a variant; in other languages than Rust, any word.
    pub(crate) fn declares(&self, path: &str, name: &str) -> bool {
        let has_word = self.words.get(name).is_some_and(|files| files.contains(path));
        if !has_word || !path.ends_with(".rs") {
            return has_word;
        }
        let declaration = |line: &str| {
            let mut line = line.trim_start();
            for start in ["pub ", "pub(crate) ", "pub(super) ", "async ", "const fn ", "fn "] {
                line = line.strip_prefix(start).unwrap_or(line);
            }
            for start in [
                "const ",
                "static ",
                "struct ",
                "enum ",
                "trait ",
                "type ",
                "mod ",
                "macro_rules! ",
            ] {
                line = line.strip_prefix(start).unwrap_or(line);
            }
            line.strip_prefix(name).is_some_and(|rest| {
                !rest.starts_with(|sign: char| sign.is_alphanumeric() || sign == '_' || sign == '.')
            })
        };
        self.sources[path].lines().any(declaration)
    }

    /// Whether one source below a path has all of these words.
    pub(crate) fn has_words_together(&self, below: &str, words: &[&str]) -> bool {
        let has_all = |path: &&String| {
            let has = |word: &&str| self.words.get(*word).is_some_and(|files| files.contains(*path));
            path.starts_with(below) && words.iter().all(has)
        };
        self.sources.keys().any(|path| has_all(&path))
    }

    /// Whether some source has that text, word for word.
    pub(crate) fn has_text(&self, text: &str) -> bool {
        self.sources.values().any(|source| source.contains(text))
    }

    /// Whether a file or folder is at that path, in which `*` stands for any part of a name.
    pub(crate) fn has_path(&self, pattern: &str) -> bool {
        let pattern = pattern.trim_end_matches('/');
        self.files
            .iter()
            .chain(&self.folders)
            .any(|path| path_matches(pattern, path))
    }

    /// Whether the path of a file or folder ends so, in whole names.
    pub(crate) fn has_path_that_ends(&self, pattern: &str) -> bool {
        let pattern = pattern.trim_end_matches('/');
        let parts = pattern.split('/').count();
        self.files.iter().chain(&self.folders).any(|path| {
            let names: Vec<_> = path.split('/').collect();
            names.len() >= parts && path_matches(pattern, &names[names.len() - parts..].join("/"))
        })
    }

    /// The targets of the Makefile.
    pub(crate) fn make_targets(&self) -> HashSet<&str> {
        let makefile = self.sources.get("Makefile").map_or("", String::as_str);
        makefile
            .lines()
            .filter(|line| !line.starts_with(['\t', '.', '#', ' ']))
            .filter_map(|line| line.split_once(':'))
            .filter(|(_, rest)| !rest.starts_with('='))
            .flat_map(|(targets, _)| targets.split_whitespace())
            .collect()
    }

    /// Folder and name of each package of the workspace.
    pub(crate) fn packages(&self) -> Vec<(&str, &str)> {
        self.sources
            .iter()
            .filter_map(|(path, text)| {
                let folder = path.strip_suffix("/Cargo.toml")?;
                let name = text.split_once("[package]\nname = \"")?.1.split('"').next()?;
                Some((folder, name))
            })
            .collect()
    }
}

/// Whether a path is of a pattern, name by name.
fn path_matches(pattern: &str, path: &str) -> bool {
    pattern.split('/').count() == path.split('/').count()
        && pattern
            .split('/')
            .zip(path.split('/'))
            .all(|(pattern, name)| name_matches(pattern, name))
}

/// Whether a name is of a pattern, in which `*` stands for any signs.
fn name_matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            name.char_indices()
                .map(|(at, _)| at)
                .chain([name.len()])
                .any(|at| name_matches(rest, &name[at..]))
        }),
    }
}

#[test]
fn patterns_match_names() {
    for (pattern, name, expected) in [
        ("a.rs", "a.rs", true),
        ("a.rs", "b.rs", false),
        ("layer*_*.hex", "layer12_weights.hex", true),
        ("layer*_*.hex", "layer12.hex", false),
        ("*", "", true),
        ("a*", "b", false),
    ] {
        assert_eq!(name_matches(pattern, name), expected, "{pattern} {name}");
    }
    assert!(path_matches("a/*.rs", "a/b.rs"));
    assert!(!path_matches("a/*.rs", "a/c/b.rs"));
}
