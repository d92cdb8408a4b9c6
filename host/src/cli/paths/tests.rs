use super::*;
use crate::cli::Cli;
use clap::CommandFactory as _;
use tempfile::TempDir;

fn collect(arguments: &[&str]) -> Result<Paths> {
    let mut command = Cli::command();
    let matches = command
        .try_get_matches_from_mut([&["synfire"], arguments].concat())
        .expect("valid arguments");
    Paths::of_arguments(&command, &matches)
}

fn refusal(arguments: &[&str]) -> String {
    collect(arguments).expect_err("a refusal").to_string()
}

/// A folder with some files.
fn folder(files: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "contents").unwrap();
    }
    folder
}

#[test]
fn no_flag_of_any_verb_replaces_an_input() {
    let folder = folder(&["in.safetensors", "net.toml", "own.npz", "board.toml"]);
    let path = |name: &str| folder.path().join(name).display().to_string();
    let [model, net, data, board] = ["in.safetensors", "net.toml", "own.npz", "board.toml"].map(path);
    let other = path("other");
    // Verb and inputs, an output, and the input that it would replace.
    let cases: &[(&[&str], &str, &str)] = &[
        (&["quantize", &model], "-o", &model),
        (&["quantize", &model, "--data", &data], "-o", &data),
        (
            &["quantize", &model, "-o", &other, "--finetune", "1"],
            "--checkpoint",
            &model,
        ),
        (
            &["quantize", &model, "-o", &other, "--finetune", "1"],
            "--metrics",
            &model,
        ),
        (
            &["quantize", &model, "-o", &other, "--finetune", "1"],
            "--curve",
            &model,
        ),
        (
            &[
                "quantize",
                &model,
                "-o",
                &other,
                "--finetune",
                "1",
                "--finetune-like",
                &net,
            ],
            "--curve",
            &net,
        ),
        (&["train", &net], "-o", &net),
        (&["train", &net, "--data", &data], "-o", &data),
        (&["train", &net, "-o", &other], "--checkpoint", &net),
        (
            &["train", &net, "-o", &other, "--data", &data],
            "--metrics",
            &data,
        ),
        (&["train", &net, "-o", &other, "--data", &data], "--curve", &data),
        (&["eval", &model], "--trace", &model),
        (&["eval", &model], "--readout", &model),
        (&["eval", &model, "--data", &data], "--readout", &data),
        (&["sweep", &model], "-o", &model),
        (&["sweep", &model, "-o", &other], "--picture", &model),
        (&["data", "draw", &data], "-o", &data),
        (&["plan", &model, "--board", &board], "--diagram", &model),
        (&["plan", &model, "--board", &board], "--diagram", &board),
    ];
    for (arguments, flag, input) in cases {
        let message = refusal(&[*arguments, &[flag, input]].concat());
        assert!(
            message.contains("which it would replace"),
            "{arguments:?} {flag}: {message}"
        );
        assert!(message.contains(input), "{message}");
        collect(&[*arguments, &[flag, &path("new")]].concat()).unwrap();
    }
}

/// Every flag that names a file to write is among the cases above, or is a folder.
#[test]
fn every_output_is_checked() {
    fn outputs(command: &Command, verb: &str, found: &mut Vec<String>) {
        for argument in command.get_arguments() {
            let kind = format!("{:?}", argument.get_value_parser().type_id());
            let is_output = [
                clap::builder::ValueParser::from(clap::value_parser!(OutputFile)).type_id(),
                clap::builder::ValueParser::from(clap::value_parser!(OutputText)).type_id(),
            ]
            .iter()
            .any(|output| format!("{output:?}") == kind);
            let name = argument.get_long().unwrap_or_default();
            // What help texts call a file to write must have one of the types of files to write.
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            let sounds_written = [
                "File for",
                "to this file",
                "into this SVG file",
                "SVG file to write",
                "Results file",
            ]
            .iter()
            .any(|words| help.contains(words));
            assert!(
                is_output || !sounds_written,
                "{verb} --{name} is written, but not checked: {help}"
            );
            if is_output {
                found.push(format!("{verb} --{name}"));
            }
        }
        for command in command.get_subcommands() {
            outputs(command, &format!("{verb} {}", command.get_name()), found);
        }
    }
    let mut found = Vec::new();
    outputs(&Cli::command(), "synfire", &mut found);
    found.sort();
    let wanted = [
        "synfire data draw --output",
        "synfire eval --readout",
        "synfire eval --trace",
        "synfire plan --diagram",
        "synfire quantize --checkpoint",
        "synfire quantize --curve",
        "synfire quantize --metrics",
        "synfire quantize --output",
        "synfire sweep --output",
        "synfire sweep --picture",
        "synfire train --checkpoint",
        "synfire train --curve",
        "synfire train --metrics",
        "synfire train --output",
    ];
    assert_eq!(found, wanted, "a new output needs a case in the test above");
}

#[test]
fn links_and_other_spellings_do_not_hide_an_input() {
    let folder = folder(&["in.safetensors", "sub/x"]);
    let at = |name: &str| folder.path().join(name);
    std::os::unix::fs::symlink("in.safetensors", at("link")).unwrap();
    std::os::unix::fs::symlink(at("in.safetensors"), at("sub/far")).unwrap();
    let model = at("in.safetensors").display().to_string();
    for output in ["link", "sub/far", "sub/../in.safetensors", "./in.safetensors"] {
        let output = at(output).display().to_string();
        let message = refusal(&["quantize", &model, "-o", &output]);
        assert_eq!(
            message,
            format!("--output {output} is also MODEL of this run, which it would replace")
        );
        // The other way round: the input is the link.
        refusal(&["quantize", &output, "-o", &model]);
    }
}

#[test]
fn files_of_data_sets_are_inputs() {
    let folder = folder(&[
        "mnist/t10k-images-idx3-ubyte.gz",
        "n-mnist/Train/0/1.bin",
        "mnist/own.txt",
    ]);
    let dir = folder.path().display().to_string();
    let output = |name: &str| folder.path().join(name).display().to_string();
    let run = |output: &str| collect(&["train", "mnist-mlp", "--data-dir", &dir, "-o", output]);
    for (file, set) in [
        ("mnist/t10k-images-idx3-ubyte.gz", "mnist"),
        ("n-mnist/Train/0/1.bin", "n-mnist"),
    ] {
        let message = run(&output(file)).unwrap_err().to_string();
        // In the other order, too.
        assert_eq!(
            refusal(&["train", "mnist-mlp", "-o", &output(file), "--data-dir", &dir]),
            message
        );
        assert!(
            message.contains(&format!("is also a file of data set `{set}`")),
            "{message}"
        );
    }
    run(&output("mnist/own.txt")).unwrap();
    run(&output("mnist/model.safetensors")).unwrap();
}

#[test]
fn two_outputs_do_not_share_a_file() {
    let folder = folder(&[]);
    let path = folder.path().join("a").display().to_string();
    let message = refusal(&["train", "digits", "-o", &path, "--metrics", &path]);
    assert!(message.contains("is also the path of"), "{message}");
    let message = refusal(&[
        "train",
        "digits",
        "-o",
        "x",
        "--metrics",
        "-",
        "--curve",
        "/dev/stdout",
    ]);
    assert!(message.contains("another text"), "{message}");
}

#[test]
fn only_text_goes_to_standard_output() {
    for dash in ["-", "/dev/stdout"] {
        let message = refusal(&["quantize", "x", "-o", dash]);
        assert_eq!(
            message,
            format!("--output {dash}: only text goes to standard output, but this is a binary file")
        );
        assert!(
            collect(&["data", "draw", "digits", "-o", dash])
                .unwrap()
                .use_stdout()
        );
    }
    assert!(!collect(&["data", "list"]).unwrap().use_stdout());
}

#[test]
fn devices_and_folders_are_no_outputs() {
    let folder = folder(&["sub/x"]);
    let sub = folder.path().join("sub").display().to_string();
    for (output, kind) in [("/dev/null", "a device"), (sub.as_str(), "a folder")] {
        for flag in ["--metrics", "--curve"] {
            let message = refusal(&["train", "digits", "-o", "x.safetensors", flag, output]);
            assert!(
                message.contains(&format!("it is {kind}; give the name of")),
                "{message}"
            );
        }
    }
}

#[test]
fn folders_of_outputs_are_made() {
    let folder = folder(&[]);
    let path = folder.path().join("a/b/c.svg");
    collect(&["data", "draw", "digits", "-o", &path.display().to_string()]).unwrap();
    assert!(path.parent().unwrap().is_dir());
    // An input that the verb finds out later.
    let paths = collect(&["data", "draw", "digits", "-o", &path.display().to_string()]).unwrap();
    assert!(paths.reads("the data set", &path).is_err());
}
