//! Helpers of the cross-crate and end-to-end tests.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// The program under test, built from the same code as the `synfire` binary.
#[derive(Debug)]
pub struct Program {
    path: PathBuf,
    folder: PathBuf,
    environment: Vec<(String, PathBuf)>,
}

impl Program {
    /// The program at `path`, run in `folder` and with the repository's tools.
    #[must_use]
    pub fn new(path: &str, folder: &Path) -> Self {
        Self {
            path: path.into(),
            folder: folder.into(),
            environment: vec![("SYNFIRE_VENV".into(), venv())],
        }
    }

    /// The same with an environment variable set.
    #[must_use]
    pub fn with(mut self, variable: &str, value: impl Into<PathBuf>) -> Self {
        self.environment.push((variable.into(), value.into()));
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.path);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        // What the developer's shell says must not decide a test.
        for variable in ["SYNFIRE_DATA", "SYNFIRE_PORT", "NO_COLOR", "CLICOLOR_FORCE"] {
            command.env_remove(variable);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    /// Runs it to a good end and gives its standard output.
    ///
    /// # Panics
    /// If it fails.
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

    /// Runs it to a good end with `--json` and gives what it prints.
    ///
    /// # Panics
    /// If it fails or prints no JSON.
    #[must_use]
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let text = self.succeed(&[arguments, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
    }

    /// Runs it to a failure of exit status 1 with `--json` and gives code and message of the error.
    ///
    /// # Panics
    /// If it does not fail so, or reports no error.
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

    /// Starts it in the background, its standard output piped.
    ///
    /// # Panics
    /// If it cannot be started.
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

/// A program in the background; it is ended when this is dropped.
#[derive(Debug)]
pub struct Background(pub Child);

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The virtual environment with the tools: the one that the environment names, or the repository's.
#[must_use]
pub fn venv() -> PathBuf {
    // A relative path is meant from the repository's root, whence `make` is called.
    repository().join(std::env::var_os("SYNFIRE_VENV").unwrap_or_else(|| ".venv".into()))
}

/// The repository's root.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map_or_else(PathBuf::new, Path::to_path_buf)
}

/// Folder of the data sets that are not embedded, or none, said aloud.
#[must_use]
pub fn data_folder(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("SYNFIRE_DATA").map(|folder| repository().join(folder));
    if folder.is_none() {
        // Past the test harness, which keeps what a passing test prints to itself.
        let text = format!("SKIPPED {test}: set SYNFIRE_DATA to the folder of the data sets to run it");
        let _ = writeln!(std::io::stderr(), "{text}");
    }
    folder
}

/// The Rust of the repository's README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
