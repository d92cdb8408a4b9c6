//! Planted faults: every kind of pointer that leads nowhere must be found, and its neighbour that holds must not.

use crate::check::{Outcome, check};
use crate::repository::Repository;

/// A repository of a few files, in memory.
fn repository(document: &str) -> Repository {
    let mut repository = Repository::default();
    for (path, text) in [
        ("README.md", "# Readme\n"),
        ("docs/page.md", document),
        ("docs/other.md", "# Other page\n\n## A part, with `plan`\n"),
        (
            "Makefile",
            "CARGO ?= cargo\n\ndemo: tools\n\tcargo run\n\ntools fmt:\n\ttrue\n",
        ),
        ("hw/Cargo.toml", "[package]\nname = \"synfire-hw\"\n"),
        ("host/Cargo.toml", "[package]\nname = \"synfire\"\n"),
        ("hw/boards/icebreaker.toml", "name = \"icebreaker\"\n"),
        ("hw/src/lib.rs", "pub mod plan;\npub use plan::Plan;\n"),
        (
            "hw/src/plan.rs",
            "mod cost;\nuse cost::layer_luts;\n/// Mentions only_in_a_comment.\npub struct Plan {\n    pub lanes: usize,\n}\n\
             const LUT_SHARE: f64 = 0.85;\nfn f() { env(\"SYNFIRE_VENV\"); layer_luts(); write(\"netlist.json\") }\n",
        ),
        ("hw/src/plan/cost.rs", "pub(super) const fn layer_luts() {}\n"),
        ("hw/tests/flow/main.rs", "#[test]\nfn boards_are_valid() {}\n"),
    ] {
        repository.add(path, text);
    }
    repository
}

fn outcome(document: &str) -> Outcome {
    check(&repository(document))
}

/// The one finding of a document: its line, text and reason.
#[track_caller]
fn finding(document: &str) -> (usize, String, String) {
    let outcome = outcome(document);
    let [finding] = &outcome.findings[..] else {
        panic!("{document}: {:#?}", outcome.findings);
    };
    assert_eq!(finding.path, "docs/page.md");
    (finding.line, finding.text.clone(), finding.reason.clone())
}

#[track_caller]
fn assert_holds(document: &str) {
    let outcome = outcome(document);
    assert!(outcome.findings.is_empty(), "{document}: {:#?}", outcome.findings);
}

/// Each pointer that leads nowhere is found, with this reason.
#[track_caller]
fn assert_found(cases: &[(&str, &str)]) {
    for (pointer, reason) in cases {
        let (line, text, found) = finding(&format!("# Page\n\nThe text has\n{pointer} in it.\n"));
        assert_eq!(line, 4, "{pointer}");
        assert!(pointer.contains(&text), "{pointer}: {text}");
        assert!(found.contains(reason), "{pointer}: {found}");
    }
}

#[test]
fn a_link_to_nothing_is_found() {
    assert_holds(
        "# Page\n[a](other.md) [b](../README.md) [c](../hw/boards) [d](../hw/) [e](#page) [f](https://x.org/y#z) \
         [g](other.md#a-part-with-plan) ![h](../hw/src/plan.rs)\n",
    );
    assert_found(&[
        ("[a](missing.md)", "no file or folder docs/missing.md"),
        ("[a](README.md)", "no file or folder docs/README.md"),
        ("![a](../hw/picture.svg)", "no file or folder hw/picture.svg"),
        ("[a](../../outside.md)", "out of the repository"),
        ("<img src=\"picture.svg\">", "no file or folder docs/picture.svg"),
    ]);
}

#[test]
fn an_anchor_of_nothing_is_found() {
    assert_found(&[
        ("[a](#pages)", "docs/page.md has no heading for the anchor #pages"),
        (
            "[a](other.md#a-part)",
            "docs/other.md has no heading for the anchor #a-part",
        ),
        ("[a](../hw/src/plan.rs#L3)", "not a Markdown file"),
    ]);
}

#[test]
fn a_path_of_nothing_is_found() {
    assert_holds(
        "`hw/src/plan.rs` `hw/boards/` `plan.rs` `plan/cost.rs` `hw/boards/NAME.toml` `hw/src/*.rs` `other.md` \
         `netlist.json` `out/demo/x.json` `/dev/x.rs` `m/s` `hw/src` `mine.toml`\n\n\
         ```console\n$ cp x mine.toml\n```\n",
    );
    let missing = "there is no such file or folder";
    assert_found(&[
        ("`hw/src/plans.rs`", missing),
        ("`hw/bords/`", missing),
        ("`hw/boards/NAME.json`", missing),
        ("`hw/sources`", missing),
        ("`plans.rs`", missing),
        ("`configs/digits.toml`", missing),
        ("`netlists.json`", missing),
    ]);
}

#[test]
fn a_name_of_nothing_is_found() {
    assert_holds(
        "`layer_luts` `Plan` `LUT_SHARE` `SYNFIRE_VENV` `SYNFIRE_VENV=x` `plan.lanes` `layer_luts()` `hw::plan::Plan` \
         `Plan::lanes` `plan::{cost, Plan}` `synfire_hw::Plan` `plan::cost::layer_luts` `T` `P2` `x ± 2`\n",
    );
    assert_found(&[
        ("`layer_lut`", "no source has the word layer_lut"),
        ("`LayerPlan`", "no source has the word LayerPlan"),
        ("`LUT_PART`", "no source has the word LUT_PART"),
        ("`only_in_a_comment`", "no source has the word"),
        ("`SYNFIRE_VENVS`", "no source has the word SYNFIRE_VENVS"),
        ("`SYNFIRE_TOOLS=x`", "no source has the word SYNFIRE_TOOLS"),
        ("`plan.lane`", "no source has the word lane"),
        ("`layer_lut()`", "no source has the word layer_lut"),
        ("`hw::planning::Plan`", "hw/src has no planning::Plan"),
        ("`hw::plan::Board`", "hw/src/plan has no Board"),
        ("`plan::cost::LUT_SHARE`", "no module plan has that"),
        ("`Plan::boards_are_valid`", "no source has all of these words"),
        ("`plan::{cost, Board}`", "no module plan has that"),
    ]);
}

#[test]
fn a_name_in_the_wrong_file_is_found() {
    assert_holds(
        "`layer_luts` in `hw/src/plan/cost.rs`, `lanes` and `LUT_SHARE` of [plan](../hw/src/plan.rs)\n",
    );
    let (_, text, reason) = finding("`layer_luts`, `LUT_SHARE` in `hw/src/plan.rs`\n");
    assert_eq!(
        (text.as_str(), reason.as_str()),
        ("layer_luts", "hw/src/plan.rs does not declare it")
    );
    let (_, text, _) = finding("`LUT_SHARE` of [cost](../hw/src/plan/cost.rs)\n");
    assert_eq!(text, "LUT_SHARE");
}

#[test]
fn a_module_of_a_table_that_does_not_exist_is_found() {
    let table = "| package | modules | what |\n|---|---|---|\n| `synfire-hw` | `plan` | `boards` |\n| | `cost` | x |\n";
    let (line, text, reason) = finding(&format!(
        "{table}\n| package | what |\n|---|---|\n| `synfire-hw` | `lanes` |\n"
    ));
    assert_eq!(
        (line, text.as_str(), reason.as_str()),
        (4, "cost", "hw/src has no such module")
    );
    assert_holds(&table.replace("`cost`", ""));
    let (_, _, reason) = finding(&table.replace("synfire-hw", "synfire").replace("`cost`", ""));
    assert_eq!(reason, "host/src has no such module");
}

#[test]
fn a_flag_of_no_verb_is_found() {
    assert_holds("`--json` `--lanes 4,2` `-o` `--data-dir=DATA`\n");
    assert_found(&[
        ("`--jsons`", "no verb has the flag --jsons"),
        ("`--lanes 4,2 --clok 3`", "no verb has the flag --clok"),
    ]);
}

#[test]
fn a_command_line_that_does_not_parse_is_found() {
    assert_holds(
        "`synfire = { version = \"0.1\" }` `synfire cosim BUILD --netlist` `synfire train --epochs N` `synfire train --epochs` `synfire VERB` `synfire run --virtual` `make demo` \
         `cargo test -p synfire-hw --test flow boards_are_valid` `cargo run -p synfire -- tools --install`\n\
         ```console\n$ synfire train digits -o x.safetensors \\\n    --epochs 3 > log # all\noutput of `--nothing`\n\
         $ SYNFIRE_VENV=x make fmt && synfire eval … --stats\n$ git diff\n```\n",
    );
    assert_found(&[
        ("`synfire cosym BUILD`", "unrecognized subcommand"),
        ("`synfire cosim BUILD --netlists`", "unexpected argument"),
        ("`synfire train --epochs many`", "invalid value"),
        ("`make demos`", "no target demos"),
        ("`cargo test -p synfire-hardware`", "no package synfire-hardware"),
        (
            "`cargo test -p synfire-hw --test flows`",
            "no tests of hw is named flows",
        ),
        ("`cargo bench --bench speed`", "is named speed"),
        (
            "`cargo test -p synfire-hw no_such_test`",
            "no test is named no_such_test",
        ),
        ("`cargo install --path hosts`", "no package in hosts"),
        (
            "`cargo run -p synfire -- tolls --install`",
            "unrecognized subcommand",
        ),
    ]);
    // In a console block arguments must not be missing.
    for command in [
        "synfire train digits",
        "synfire tools && synfire evil x",
        "make mnist",
        "X=1 synfire",
    ] {
        let (line, text, _) = finding(&format!(
            "# Page\n\n```console\n$ synfire tools\n$ {command}\n```\n"
        ));
        assert_eq!((line, text.as_str()), (5, command));
    }
}

#[test]
fn an_exception_counts_only_for_its_own_text() {
    let outcome = outcome("`utils` `utilities`\n");
    assert!(outcome.excepted.contains("utils"));
    assert_eq!(outcome.findings.len(), 1);
    assert_eq!(outcome.findings[0].text, "utilities");
}
