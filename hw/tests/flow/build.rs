//! Build folder: opening gives what was written, and the design hash depends on the hardware alone.

use crate::network::{plan, random_model};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use std::path::Path;
use synfire_golden_model::file::hex;
use synfire_golden_model::integer::QuantizedModel;
use synfire_hw::Error;
use synfire_hw::board::Board;
use synfire_hw::build::{Build, design};
use synfire_hw::plan::Plan;

fn network() -> (QuantizedModel, Board, Plan) {
    let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(1), &[6, 5, 3]);
    let plan = plan(&model, &[2, 3]);
    (model, Board::find("ice40-hx8k").expect("a built-in board"), plan)
}

/// Writes a build, damages it, and returns the result of opening it.
fn opened_after(damage: impl FnOnce(&Path)) -> Result<Build, String> {
    let (model, board, plan) = network();
    let folder = tempfile::tempdir().expect("a temporary folder");
    Build::write(folder.path(), &model, &board, &plan).expect("writes");
    damage(folder.path());
    Build::open(folder.path()).map_err(|error| {
        assert!(matches!(error, Error::BuildFolder { .. }), "{error:?}");
        error
            .to_string()
            .replace(&folder.path().display().to_string(), "FOLDER")
    })
}

#[test]
fn a_build_is_opened_as_it_was_written() {
    let (model, board, plan) = network();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path().join("new").join("build");
    let written = Build::write(&folder, &model, &board, &plan).expect("writes");
    let opened = Build::open(&folder).expect("opens");
    assert_eq!(opened.manifest, written.manifest);
    assert_eq!(opened.model().expect("loads"), model);
    let manifest = &opened.manifest;
    assert_eq!(
        (&manifest.board, &manifest.plan, manifest.network.as_str()),
        (&board, &plan, "random")
    );
    assert_eq!((manifest.inputs, manifest.classes, manifest.steps), (6, 3, 16));
    assert_eq!(opened.short_model_hash().expect("a hash")[..], model.hash()[..16]);
    let design = design(&model, &board, &plan).expect("designs");
    assert_eq!(manifest.design_hash, hex(&design.design_hash));
    assert_eq!(
        opened.short_design_hash().expect("a hash")[..],
        design.design_hash[..16]
    );
    // Nothing but the manifest and what it names lies there.
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .filter(|name| name != "manifest.json")
        .collect();
    names.sort();
    assert_eq!(names, manifest.files.keys().cloned().collect::<Vec<String>>());
    for (name, text) in &design.files {
        assert_eq!(
            std::fs::read_to_string(folder.join(name)).expect("a file"),
            *text,
            "{name}"
        );
    }
}

#[test]
fn every_changed_or_missing_file_is_named() {
    let (model, board, plan) = network();
    let names = design(&model, &board, &plan).expect("designs").files.into_keys();
    for name in names.chain(["model.safetensors".into()]) {
        let changed = opened_after(|folder| {
            let path = folder.join(&name);
            let mut content = std::fs::read(&path).expect("a file");
            *content.last_mut().expect("not empty") ^= 1;
            std::fs::write(&path, content).expect("writes");
        });
        let message = changed.expect_err("changed");
        assert!(
            message.starts_with(&format!("build folder FOLDER: {name} has changed")),
            "{message}"
        );
        let missing = opened_after(|folder| std::fs::remove_file(folder.join(&name)).expect("removes"));
        let message = missing.expect_err("missing");
        assert!(
            message.starts_with(&format!("build folder FOLDER: {name} cannot be read")),
            "{message}"
        );
    }
}

#[test]
fn a_folder_without_a_manifest_of_this_version_is_refused() {
    let edit = |from: &'static str, to: &'static str| {
        move |folder: &Path| {
            let path = folder.join("manifest.json");
            let text = std::fs::read_to_string(&path).expect("a manifest");
            assert!(text.contains(from), "{text}");
            std::fs::write(&path, text.replacen(from, to, 1)).expect("writes");
        }
    };
    let gone = opened_after(|folder| std::fs::remove_file(folder.join("manifest.json")).expect("removes"));
    let message = gone.expect_err("no manifest");
    assert!(
        message.starts_with("build folder FOLDER: manifest.json cannot be read ("),
        "{message}"
    );
    assert!(message.ends_with("; make it with `synfire hdl`"), "{message}");
    let message = opened_after(edit("{", "")).expect_err("no JSON");
    assert!(message.contains("manifest.json is damaged ("), "{message}");
    let message = opened_after(edit("\"version\": 3", "\"version\": 2")).expect_err("another version");
    assert!(
        message
            .contains("has format synfire-build version 2, but this synfire reads synfire-build version 3"),
        "{message}"
    );
}

#[test]
fn a_design_is_the_same_each_time_and_its_hash_tells_it_from_others() {
    let (model, board, plan_) = network();
    let base = design(&model, &board, &plan_).expect("designs");
    let again = design(&model, &board, &plan_).expect("designs");
    assert_eq!(base.design_hash, again.design_hash);
    assert_eq!(base.files, again.files);
    assert!(base.files["accelerator.v"].contains(&format!("// Design {}.", hex(&base.design_hash))));

    let mut other_model = model.clone();
    other_model.layers[1].weights[(2, 4)] = 1 - other_model.layers[1].weights[(2, 4)].abs().min(1);
    let mut other_board = board.clone();
    other_board.uart.baud /= 2;
    let mut other_pin = board.clone();
    other_pin.uart.rx = "A1".into();
    let other_plan = plan(&model, &[5, 3]);
    // What can be loaded is not of the hardware; what cannot is.
    let loaded = design(&other_model, &board, &plan_).expect("designs");
    assert_eq!(
        loaded.design_hash, base.design_hash,
        "other weights for the same hardware"
    );
    let mut fixed = plan_.clone();
    fixed.features.reloadable = false;
    let fixed_base = design(&model, &board, &fixed).expect("designs");
    let fixed_other = design(&other_model, &board, &fixed).expect("designs");
    assert_ne!(
        fixed_base.design_hash, fixed_other.design_hash,
        "other weights that cannot be loaded"
    );

    for (what, design) in [
        ("plan without loading", design(&model, &board, &fixed)),
        ("baud rate", design(&model, &other_board, &plan_)),
        ("pin", design(&model, &other_pin, &plan_)),
        ("plan", design(&model, &board, &other_plan)),
    ] {
        assert_ne!(
            design.expect("designs").design_hash,
            base.design_hash,
            "another {what}"
        );
    }
}
