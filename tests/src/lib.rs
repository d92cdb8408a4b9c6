//! Helpers of the cross-crate and end-to-end tests.

pub mod npz;

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// Program under test, built from the same code as the `synfire` binary.
#[derive(Debug)]
pub struct Program {
    path: PathBuf,
    folder: PathBuf,
    environment: Vec<(String, PathBuf)>,
}

impl Program {
    /// Program at `path`, which runs in `folder` with the repository's tools.
    #[must_use]
    pub fn new(path: &str, folder: &Path) -> Self {
        Self {
            path: path.into(),
            folder: folder.into(),
            environment: vec![("SYNFIRE_VENV".into(), venv())],
        }
    }

    /// Sets an environment variable of the program.
    #[must_use]
    pub fn with(mut self, variable: &str, value: impl Into<PathBuf>) -> Self {
        self.environment.push((variable.into(), value.into()));
        self
    }

    /// Command that runs the program, with standard input closed.
    #[must_use]
    pub fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(&self.path);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        // The developer's environment must not affect a test.
        for variable in ["SYNFIRE_DATA", "SYNFIRE_PORT", "NO_COLOR", "CLICOLOR_FORCE"] {
            command.env_remove(variable);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the program to its end.
    ///
    /// # Panics
    /// If the program cannot be started.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    /// Runs the program, which must succeed; returns its standard output.
    ///
    /// # Panics
    /// If the program fails.
    #[must_use]
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "synfire {arguments:?}: {}\n{}{}",
            output.status,
            text(&output.stdout),
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    /// Runs the program with `--json`, which must succeed; returns its output.
    ///
    /// # Panics
    /// If the program fails or prints no JSON.
    #[must_use]
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let text = self.succeed(&[arguments, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
    }

    /// Runs the program with `--json`, which must fail with exit status 1; returns code and message of the error.
    ///
    /// # Panics
    /// If the program does not fail so, or reports no error.
    #[must_use]
    pub fn fail(&self, arguments: &[&str]) -> (String, String) {
        let output = self.run(&[arguments, &["--json"]].concat());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(
            output.status.code(),
            Some(1),
            "synfire {arguments:?} printed {text}"
        );
        let line = text.lines().last().unwrap_or_default();
        let object: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {text}"));
        let field = |name: &str| object["error"][name].as_str().unwrap_or_default().to_owned();
        (field("code"), field("message"))
    }

    /// Starts the program in the background, with its standard output piped.
    ///
    /// # Panics
    /// If the program cannot be started.
    #[must_use]
    pub fn start(&self, arguments: &[&str]) -> Background {
        let child = self
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        Background(child.expect("the program starts"))
    }
}

/// Program in the background, which is ended when this value is dropped.
#[derive(Debug)]
pub struct Background(pub Child);

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Virtual environment with the tools: the one that `SYNFIRE_VENV` names, or the repository's.
#[must_use]
pub fn venv() -> PathBuf {
    // A relative path starts at the repository's root, where `make` runs.
    repository().join(std::env::var_os("SYNFIRE_VENV").unwrap_or_else(|| ".venv".into()))
}

/// Root folder of the repository.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map_or_else(PathBuf::new, Path::to_path_buf)
}

/// Folder of the data sets that are not embedded; none if it is not known, which is printed.
#[must_use]
pub fn data_folder(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("SYNFIRE_DATA").map(|folder| repository().join(folder));
    if folder.is_none() {
        // Written past the test harness, which hides the output of a test that passes.
        let text = format!("SKIPPED {test}: set SYNFIRE_DATA to the folder of the data sets to run it");
        let _ = writeln!(std::io::stderr(), "{text}");
    }
    folder
}

/// The Rust of the repository's README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
