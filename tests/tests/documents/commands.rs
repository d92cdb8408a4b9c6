//! Command lines: `synfire` by its own parser, `make` by the Makefile, `cargo` by packages and tests.

use crate::repository::Repository;
use synfire::cli::{ArgumentError, check_arguments, long_flags};

/// Flags of other programs that the documents name by themselves.
const OTHER_FLAGS: [&str; 2] = ["--include-ignored", "--no-default-features"];

/// Whether a text between backticks is a command line that can be checked.
pub(crate) fn is_command(text: &str) -> bool {
    let commands = split(text);
    let Some([program, argument, ..]) = commands.first().map(Vec::as_slice) else {
        return false;
    };
    // `synfire = "0.1"` is a line of a manifest.
    matches!(program.as_str(), "synfire" | "make" | "cargo") && argument != "="
}

/// Checks a command line; one in a sentence need not have all arguments.
pub(crate) fn check(repository: &Repository, line: &str, complete: bool) -> Result<(), String> {
    for command in split(line) {
        let Some((program, arguments)) = command.split_first() else {
            continue;
        };
        match program.rsplit('/').next().unwrap_or(program) {
            "synfire" => check_synfire(arguments, complete)?,
            "make" => check_make(repository, arguments)?,
            "cargo" => check_cargo(repository, arguments, complete)?,
            _ => {}
        }
    }
    Ok(())
}

/// Checks the long flags of a text such as `--lanes 4,2` or `--netlist, --bitstream`.
pub(crate) fn check_flags(text: &str, count: &mut usize) -> Result<(), String> {
    let known = long_flags();
    for word in text.split([' ', ',', '=', '/', '|', '[', ']']) {
        if word.len() > 2 && word.starts_with("--") {
            *count += 1;
            if !known.iter().any(|flag| flag == word) && !OTHER_FLAGS.contains(&word) {
                return Err(format!("no verb has the flag {word}"));
            }
        }
    }
    Ok(())
}

fn check_synfire(arguments: &[String], complete: bool) -> Result<(), String> {
    // An ellipsis stands for arguments that are left out, VERB for any verb.
    let shortened = arguments
        .iter()
        .any(|argument| argument == "…" || argument == "...");
    let given = arguments.iter().map(String::as_str);
    let given: Vec<&str> = given
        .filter(|argument| !matches!(*argument, "…" | "..."))
        .collect();
    if given.first() == Some(&"VERB") {
        return Ok(());
    }
    let accept = |result: Result<(), ArgumentError>| match result {
        Ok(()) => Ok(()),
        Err(ArgumentError::Incomplete(_)) if !complete || shortened => Ok(()),
        Err(ArgumentError::Incomplete(message) | ArgumentError::Wrong(message)) => {
            Err(message.lines().next().unwrap_or_default().to_owned())
        }
    };
    // A word in capitals may stand for a file or for a number.
    let is_placeholder = |word: &str| word.chars().all(|sign| sign.is_ascii_uppercase());
    let with_numbers: Vec<&str> = given
        .iter()
        .map(|&word| if is_placeholder(word) { "1" } else { word })
        .collect();
    accept(check_arguments(&given))
        .or_else(|reason| accept(check_arguments(&with_numbers)).map_err(|_| reason))
}

fn check_make(repository: &Repository, arguments: &[String]) -> Result<(), String> {
    let targets = repository.make_targets();
    let known = |argument: &&String| {
        argument.contains('=') || *argument == "TARGET" || targets.contains(argument.as_str())
    };
    match arguments.iter().find(|argument| !known(argument)) {
        None => Ok(()),
        Some(target) => Err(format!("the Makefile has no target {target}")),
    }
}

fn check_cargo(repository: &Repository, arguments: &[String], complete: bool) -> Result<(), String> {
    let (arguments, program) = match arguments.iter().position(|argument| argument == "--") {
        Some(at) => (&arguments[..at], &arguments[at + 1..]),
        None => (arguments, &[][..]),
    };
    let verb = arguments.first().map(String::as_str);
    let packages = repository.packages();
    let mut chosen: Vec<&str> = Vec::new();
    let mut words = Vec::new();
    let mut targets: Vec<(&str, &str)> = Vec::new();
    let mut rest = arguments.iter().skip(1).map(String::as_str);
    while let Some(argument) = rest.next() {
        match argument {
            "-p" | "--package" => {
                let name = rest.next().unwrap_or_default();
                let package = packages.iter().find(|(_, package)| *package == name);
                chosen.push(package.ok_or_else(|| format!("there is no package {name}"))?.0);
            }
            "--test" => targets.push(("tests", rest.next().unwrap_or_default())),
            "--bench" => targets.push(("benches", rest.next().unwrap_or_default())),
            "--example" => targets.push(("examples", rest.next().unwrap_or_default())),
            "--path" => {
                let path = rest.next().unwrap_or_default();
                if verb == Some("install") && !repository.has_path(&format!("{path}/Cargo.toml")) {
                    return Err(format!("there is no package in {path}"));
                }
            }
            "--profile" | "--features" | "--bin" | "--root" | "-o" => {
                rest.next();
            }
            flag if flag.starts_with('-') || flag.starts_with('+') => {}
            word => words.push(word),
        }
    }
    let folders: Vec<&str> = if chosen.is_empty() {
        packages.iter().map(|(folder, _)| *folder).collect()
    } else {
        chosen
    };
    for (kind, name) in &targets {
        let exists = folders.iter().any(|folder| {
            repository.has_path(&format!("{folder}/{kind}/{name}.rs"))
                || repository.has_path(&format!("{folder}/{kind}/{name}/main.rs"))
        });
        if name.chars().all(|sign| sign.is_ascii_uppercase()) {
            continue;
        }
        if !exists {
            return Err(format!("no {kind} of {} is named {name}", folders.join(", ")));
        }
    }
    // A word after `cargo test` filters names of tests and modules.
    if verb == Some("test") {
        for word in words {
            let part = word.rsplit("::").next().unwrap_or(word);
            let is_module = repository.has_path_that_ends(&format!("{part}.rs"));
            if !is_module && !repository.has_text(&format!("fn {part}")) {
                return Err(format!("no test is named {word}"));
            }
        }
    }
    if verb == Some("run") && targets.is_empty() && !program.is_empty() {
        check_synfire(program, complete)?;
    }
    Ok(())
}

/// The commands of a line as a shell splits it: words without quotes, one list per command, without redirections,
/// comments and settings of variables.
pub(crate) fn split(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut redirected = false;
    let mut signs = line.chars().peekable();
    let finish = |word: &mut Option<String>, commands: &mut Vec<Vec<String>>, redirected: &mut bool| {
        if let Some(word) = word.take() {
            let command = commands.last_mut().expect("there is always a last command");
            let is_setting = command.is_empty()
                && word.split_once('=').is_some_and(|(name, _)| {
                    !name.is_empty() && name.chars().all(|sign| sign.is_ascii_uppercase() || sign == '_')
                });
            if !std::mem::take(redirected) && !is_setting {
                command.push(word);
            }
        }
    };
    while let Some(sign) = signs.next() {
        match sign {
            '\'' | '"' => {
                let text = word.get_or_insert_default();
                text.extend(signs.by_ref().take_while(|&next| next != sign));
            }
            '\\' => word.get_or_insert_default().extend(signs.next()),
            ' ' | '\t' | '\n' => finish(&mut word, &mut commands, &mut redirected),
            '#' if word.is_none() => break,
            '|' | ';' | '&' => {
                finish(&mut word, &mut commands, &mut redirected);
                commands.push(Vec::new());
            }
            '>' | '<' => {
                finish(&mut word, &mut commands, &mut redirected);
                while signs.next_if_eq(&'>').is_some() {}
                redirected = true;
            }
            sign => word.get_or_insert_default().push(sign),
        }
    }
    finish(&mut word, &mut commands, &mut redirected);
    commands.retain(|command| !command.is_empty());
    commands
}

#[test]
fn lines_are_split_as_a_shell_does() {
    assert_eq!(
        split("A=b make 'x y' > out.txt && synfire train \"a b\"c --rate 1 | tee log # no"),
        [
            vec!["make", "x y"],
            vec!["synfire", "train", "a bc", "--rate", "1"],
            vec!["tee", "log"]
        ]
    );
}
