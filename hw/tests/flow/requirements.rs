//! The Python packages that are installed: each of one version, and each file known by its hash.

use std::path::Path;
use synfire_hw::tool::REQUIREMENTS;

fn of_repository(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Pins of a file of requirements, sorted, with the number of hashes of each.
fn pins(text: &str) -> Vec<(String, usize)> {
    let whole = text.replace("\\\n", " ");
    let lines = whole.lines().map(str::trim);
    let mut pins: Vec<_> = lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (pin, hashes) = line.split_once(' ').unwrap_or((line, ""));
            let (name, version) = pin
                .split_once("==")
                .unwrap_or_else(|| panic!("{line} has no pin"));
            assert!(
                !name.is_empty() && version.starts_with(|first: char| first.is_ascii_digit()),
                "{line}"
            );
            for hash in hashes.split_whitespace() {
                let digits = hash
                    .strip_prefix("--hash=sha256:")
                    .unwrap_or_else(|| panic!("{pin}: {hash}"));
                assert!(
                    digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
                    "{hash}"
                );
            }
            (pin.to_owned(), hashes.split_whitespace().count())
        })
        .collect();
    pins.sort();
    pins
}

#[test]
fn every_package_is_pinned_and_every_file_has_a_hash() {
    for (list, hashed) in [
        ("hw/requirements.in", REQUIREMENTS.to_owned()),
        (".ci/typos.in", of_repository(".ci/typos.txt")),
    ] {
        let wanted: Vec<_> = pins(&of_repository(list))
            .into_iter()
            .map(|(pin, _)| pin)
            .collect();
        let found = pins(&hashed);
        assert!(found.iter().all(|(_, hashes)| *hashes > 0), "{found:?}");
        let found: Vec<_> = found.into_iter().map(|(pin, _)| pin).collect();
        assert!(!wanted.is_empty());
        assert_eq!(found, wanted, "make the hashes of {list} again");
    }
}

/// pip of the Makefile and of the gate: as strict as that of `synfire tools --install`.
#[test]
fn no_script_installs_python_packages_without_hashes() {
    let mut found = 0;
    for script in ["Makefile", ".ci/run", ".github/workflows/ci.yml"] {
        let text = of_repository(script).replace("\\\n", " ");
        for line in text.lines().filter(|line| line.contains("pip install")) {
            found += 1;
            let strict = line.contains("--require-hashes") && line.contains("--only-binary :all:");
            assert!(strict, "{script}: {line}");
        }
    }
    assert!(found > 0);
}
