//! Collects the network files of `configs/`: a file dropped there is a preset, without any code.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    // A folder counts as changed when anything in it is.
    println!("cargo::rerun-if-changed=configs");
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("configs");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    // By name: as paths, `lenet-nmnist.toml` would come before `lenet.toml`.
    files.sort_by_key(|path| path.file_stem().map(std::ffi::OsStr::to_owned));
    let mut code = String::from("&[\n");
    for path in files {
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .ok_or_else(|| format!("the name of {} is not UTF-8", path.display()))?;
        let path = path
            .to_str()
            .ok_or_else(|| format!("the path {} is not UTF-8", path.display()))?;
        writeln!(code, "    ({name:?}, include_str!({path:?})),")?;
    }
    code.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join("presets.rs"), code)?;
    Ok(())
}
