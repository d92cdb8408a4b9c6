//! The manifests hold what publishing needs, and no dependency needs a newer Rust than we promise.

use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The workspace and all of its dependencies, as cargo resolves them for this machine.
fn metadata() -> Value {
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--locked",
            "--format-version",
            "1",
            "--filter-platform",
            &platform,
        ])
        .current_dir(synfire_tests::repository())
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo prints JSON")
}

fn packages(metadata: &Value) -> &Vec<Value> {
    metadata["packages"].as_array().expect("packages")
}

/// Major, minor and patch number of a version of Rust, which need not have all three.
fn version(text: &str) -> [u32; 3] {
    let mut numbers = text.split('.').map(|part| part.parse().expect("a number"));
    std::array::from_fn(|_| numbers.next().unwrap_or(0))
}

/// The packages that need a newer Rust than `promised`.
fn newer(packages: &[Value], promised: &str) -> Vec<String> {
    packages
        .iter()
        .filter_map(|package| {
            let wanted = package["rust_version"].as_str()?;
            let text = || format!("{} {} needs Rust {wanted}", package["name"], package["version"]);
            (version(wanted) > version(promised)).then(text)
        })
        .collect()
}

/// What a package that is published lacks.
fn lacking(package: &Value) -> Vec<String> {
    let folder = Path::new(package["manifest_path"].as_str().expect("a path"))
        .parent()
        .expect("a folder");
    let mut lacking = Vec::new();
    for key in ["description", "license", "repository", "rust_version"] {
        if package[key].as_str().is_none_or(str::is_empty) {
            lacking.push(key.to_owned());
        }
    }
    // crates.io takes five of each.
    for key in ["keywords", "categories"] {
        if !(1..=5).contains(&package[key].as_array().map_or(0, Vec::len)) {
            lacking.push(key.to_owned());
        }
    }
    let readme = package["readme"].as_str().unwrap_or_default();
    for file in [readme, "LICENSE-MIT", "LICENSE-APACHE"] {
        if !folder.join(file).is_file() {
            lacking.push(format!("file {file:?}"));
        }
    }
    lacking
}

#[test]
fn no_dependency_needs_a_newer_rust_than_we_promise() {
    let metadata = metadata();
    let ours = packages(&metadata)
        .iter()
        .find(|package| package["name"] == "synfire")
        .expect("the package");
    let promised = ours["rust_version"].as_str().expect("a version");
    assert!(packages(&metadata).len() > 100, "{}", packages(&metadata).len());
    assert_eq!(newer(packages(&metadata), promised), [""; 0]);
}

#[test]
fn a_dependency_that_needs_a_newer_rust_is_found() {
    let package =
        |version: Value| serde_json::json!({ "name": "x", "version": "1.0.0", "rust_version": version });
    let packages = ["1.89", "1.88.5", "1.89.1", "1.90", "2.0"].map(|version| package(version.into()));
    let found = newer(&packages, "1.89.0");
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found[0], "\"x\" \"1.0.0\" needs Rust 1.89.1");
    assert!(newer(&[package(Value::Null)], "1.89").is_empty());
}

#[test]
fn packages_that_are_published_say_what_they_are() {
    let metadata = metadata();
    let members = metadata["workspace_members"].as_array().expect("members");
    let mut published = Vec::new();
    for package in packages(&metadata) {
        // `publish = false` is an empty list of registries.
        let is_private = package["publish"].as_array().is_some_and(Vec::is_empty);
        if members.contains(&package["id"]) && !is_private {
            assert_eq!(lacking(package), [""; 0], "{}", package["name"]);
            published.push(package["name"].as_str().expect("a name"));
        }
    }
    published.sort_unstable();
    assert_eq!(
        published,
        ["synfire", "synfire-golden-model", "synfire-hw", "synfire-sim"]
    );
}

#[test]
fn what_a_package_lacks_is_named() {
    let metadata = metadata();
    let package = packages(&metadata)
        .iter()
        .find(|package| package["name"] == "synfire")
        .expect("the package");
    for (key, value, expected) in [
        ("repository", Value::Null, "repository"),
        ("description", "".into(), "description"),
        ("keywords", serde_json::json!([]), "keywords"),
        (
            "categories",
            serde_json::json!(["1", "2", "3", "4", "5", "6"]),
            "categories",
        ),
        ("readme", "NOTHING.md".into(), "file \"NOTHING.md\""),
        ("readme", Value::Null, "file \"\""),
    ] {
        let mut package = package.clone();
        package[key] = value;
        assert_eq!(lacking(&package), [expected]);
    }
}

/// What `make notices` writes for this machine; `None` without Python, which fails in continuous integration.
fn notices(folder: &Path) -> Option<(String, Value)> {
    let script = Command::new("python3")
        .arg(synfire_tests::repository().join(".ci/notices.py"))
        .arg(folder)
        .output();
    let output = match script {
        Ok(output) => output,
        Err(error) if std::env::var_os("CI").is_some_and(|ci| ci == "true") => panic!("python3: {error}"),
        Err(error) => {
            eprintln!("SKIPPED: install Python to test the notices ({error})");
            return None;
        }
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let read = |name| std::fs::read_to_string(folder.join(name)).expect("it is written");
    let bill = serde_json::from_str(&read("sbom.cdx.json")).expect("JSON");
    Some((read("NOTICES.txt"), bill))
}

/// Lines of the notices about one package.
fn entry<'a>(notices: &'a str, package: &str) -> Vec<&'a str> {
    let lines = notices
        .lines()
        .skip_while(|line| !line.starts_with(&format!("{package}: ")));
    let mut lines = lines.take_while(|line| !line.is_empty());
    let first = lines.next();
    first
        .into_iter()
        .chain(lines.take_while(|line| line.starts_with("    ")))
        .collect()
}

#[test]
fn notices_and_bill_of_materials_have_all_that_is_linked() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let Some((notices, bill)) = notices(folder.path()) else {
        return;
    };
    let lock = std::fs::read_to_string(synfire_tests::repository().join("Cargo.lock")).expect("reads");
    assert_eq!(bill["bomFormat"], "CycloneDX");
    assert_eq!(bill["metadata"]["component"]["name"], "synfire");
    let components = bill["components"].as_array().expect("a list");
    let mut names = Vec::new();
    for component in components {
        let (name, version) = (component["name"].as_str(), component["version"].as_str());
        let (name, version) = (name.expect("a name"), version.expect("a version"));
        names.push(name);
        if name.starts_with("synfire-") {
            continue;
        }
        let hash = component["hashes"][0]["content"].as_str().expect("a hash");
        assert!(
            lock.contains(&format!("checksum = \"{hash}\"")),
            "{name} {version}"
        );
        let entry = entry(&notices, &format!("{name} {version}"));
        assert!(
            entry.iter().any(|line| line.starts_with("    text ")),
            "{name} {version}: {entry:?}"
        );
    }
    // Of every kind of licence one, and nothing that only tests need.
    for linked in [
        "serialport",
        "ring",
        "liblzma-sys",
        "webpki-roots",
        "rust-hdl",
        "synfire-hw",
    ] {
        assert!(names.contains(&linked), "{linked}");
    }
    assert!(names.len() > 100, "{}", names.len());
    assert!(!names.contains(&"criterion") && !names.contains(&"insta"));

    let serialport = components
        .iter()
        .find(|component| component["name"] == "serialport");
    let version = serialport
        .and_then(|component| component["version"].as_str())
        .expect("a version");
    let entry = entry(&notices, &format!("serialport {version}")).join("\n");
    assert!(
        entry.contains(&format!(
            "https://crates.io/api/v1/crates/serialport/{version}/download"
        )),
        "{entry}"
    );
    for text in [
        "Mozilla Public License Version 2.0\n",
        "3.2. Distribution of Executable Form",
        "CC BY 4.0",
    ] {
        assert!(notices.contains(text), "{text}");
    }
    let here = synfire_tests::repository().display().to_string();
    assert!(
        !notices.contains(&here) && !bill.to_string().contains(&here),
        "a path of this machine"
    );
}
