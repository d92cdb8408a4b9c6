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
