use super::*;
use std::path::PathBuf;
use tempfile::TempDir;

/// Writes a package `tiny` into the current folder: as a wheel, and as sources under another name.
const PACK: &str = r#"
import io, tarfile, zipfile
metadata = "Metadata-Version: 2.1\nName: {}\nVersion: 1\n"
with zipfile.ZipFile("tiny-1-py3-none-any.whl", "w") as wheel:
    wheel.writestr("tiny.py", "")
    wheel.writestr("tiny-1.dist-info/METADATA", metadata.format("tiny"))
    wheel.writestr("tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr("tiny-1.dist-info/RECORD", "tiny.py,,\n")
with tarfile.open("sources-1.tar.gz", "w:gz") as sources:
    for name, text in [("setup.py", ""), ("PKG-INFO", metadata.format("sources"))]:
        member = tarfile.TarInfo("sources-1/" + name)
        member.size = len(text)
        sources.addfile(member, io.BytesIO(text.encode()))
"#;

/// An environment beside a folder of packages, the only place where pip looks.
struct Offline {
    folder: TempDir,
}

impl Offline {
    fn python(&self) -> PathBuf {
        self.folder.path().join("venv/bin/python")
    }

    fn hash(&self, file: &str) -> String {
        sha256(&std::fs::read(self.folder.path().join(file)).expect("the packed file"))
    }

    /// Installs one requirement as the tools are installed; returns the end of pip's log if pip refuses.
    fn install(&self, requirement: &str) -> std::result::Result<(), String> {
        let requirements = self.folder.path().join("requirements.txt");
        std::fs::write(&requirements, requirement).expect("writes");
        let mut pip = install_wheels(&self.python(), &requirements);
        pip.env("PIP_CONFIG_FILE", "/dev/null")
            .env("PIP_NO_INDEX", "1")
            .env("PIP_FIND_LINKS", self.folder.path());
        match run_to_end(&mut pip, "pip install", &self.folder.path().join("pip.log")) {
            Ok(()) => Ok(()),
            Err(Error::ToolFailed { tail, .. }) => Err(tail),
            Err(other) => panic!("{other}"),
        }
    }

    fn has_tiny(&self) -> bool {
        let import = Command::new(self.python()).args(["-c", "import tiny"]).output();
        import.expect("runs").status.success()
    }
}

/// Returns `None` if Python cannot make an environment, which fails in continuous integration.
fn offline() -> Option<Offline> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let venv = folder.path().join("venv");
    match make_environment(&venv) {
        Ok(()) => {}
        Err(error) if std::env::var_os("CI").is_some_and(|ci| ci == "true") => panic!("{error}"),
        Err(error) => {
            eprintln!("SKIPPED: install Python with its module venv to test this ({error})");
            return None;
        }
    }
    let offline = Offline { folder };
    let mut pack = Command::new(offline.python());
    pack.args(["-c", PACK]).current_dir(offline.folder.path());
    run_to_end(&mut pack, "python", &offline.folder.path().join("pack.log")).expect("packs");
    Some(offline)
}

#[test]
fn pip_takes_the_wheel_of_the_listed_hash_and_nothing_else() {
    let Some(offline) = offline() else {
        return;
    };
    let right = offline.hash("tiny-1-py3-none-any.whl");
    let wrong = right.replace(&right[..1], if right.starts_with('0') { "1" } else { "0" });

    let refusal = offline
        .install(&format!("tiny==1 --hash=sha256:{wrong}"))
        .unwrap_err();
    assert!(refusal.contains("DO NOT MATCH THE HASHES"), "{refusal}");
    assert!(refusal.contains(&wrong) && refusal.contains(&right), "{refusal}");
    let refusal = offline.install("tiny==1").unwrap_err();
    assert!(refusal.contains("Hashes are required"), "{refusal}");
    let sources = offline.hash("sources-1.tar.gz");
    let refusal = offline
        .install(&format!("sources==1 --hash=sha256:{sources}"))
        .unwrap_err();
    assert!(refusal.contains("No matching distribution"), "{refusal}");
    assert!(!offline.has_tiny());

    offline
        .install(&format!("tiny==1 --hash=sha256:{right}"))
        .expect("the hash is right");
    assert!(offline.has_tiny());
}
