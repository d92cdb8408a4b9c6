//! Parsing without running: for the test that keeps the examples of the documents valid.

use super::Cli;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory, Parser};

/// Why arguments are not a command line of `synfire`.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgumentError {
    /// Required arguments, or the value of a flag, are missing; what is there is valid.
    Incomplete(String),
    /// A verb, a flag or a value is not valid.
    Wrong(String),
}

/// Parses arguments, without the program's name, and runs nothing.
///
/// # Errors
/// [`ArgumentError`] with the message that the program would print.
#[doc(hidden)]
pub fn check_arguments(arguments: &[&str]) -> Result<(), ArgumentError> {
    let Err(error) = Cli::try_parse_from([&["synfire"], arguments].concat()) else {
        return Ok(());
    };
    let message = error.to_string();
    // A value that is not there at all is an empty one to clap.
    let value = error.get(ContextKind::InvalidValue);
    let is_missing = matches!(value, Some(ContextValue::String(value)) if value.is_empty());
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(()),
        ErrorKind::MissingRequiredArgument
        | ErrorKind::MissingSubcommand
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Err(ArgumentError::Incomplete(message)),
        ErrorKind::InvalidValue if is_missing => Err(ArgumentError::Incomplete(message)),
        _ => Err(ArgumentError::Wrong(message)),
    }
}

/// The long flags of all verbs and their aliases, with hyphens, sorted.
#[doc(hidden)]
#[must_use]
pub fn long_flags() -> Vec<String> {
    fn collect(command: &Command, flags: &mut Vec<String>) {
        for argument in command.get_arguments() {
            let aliases = argument.get_all_aliases().into_iter().flatten();
            flags.extend(
                argument
                    .get_long()
                    .into_iter()
                    .chain(aliases)
                    .map(|name| format!("--{name}")),
            );
        }
        for verb in command.get_subcommands() {
            collect(verb, flags);
        }
    }
    let mut command = Cli::command();
    command.build();
    let mut flags = Vec::new();
    collect(&command, &mut flags);
    flags.sort();
    flags.dedup();
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_parsed_and_told_apart() {
        assert_eq!(
            check_arguments(&["train", "digits", "-o", "x.safetensors"]),
            Ok(())
        );
        assert_eq!(check_arguments(&["--help"]), Ok(()));
        for (incomplete, missing) in [
            (&["train", "digits"][..], "--output"),
            (&["train", "--epochs"], "--epochs"),
        ] {
            let error = check_arguments(incomplete).unwrap_err();
            assert!(
                matches!(&error, ArgumentError::Incomplete(text) if text.contains(missing)),
                "{error:?}"
            );
        }
        for wrong in [
            &["trian"][..],
            &["train", "digits", "-o", "x", "--epoch"],
            &["train", "digits", "-o", "x", "--epochs", "many"],
            &["train", "--no-such-flag"],
        ] {
            let error = check_arguments(wrong).unwrap_err();
            assert!(matches!(error, ArgumentError::Wrong(_)), "{wrong:?}: {error:?}");
        }
    }

    #[test]
    fn flags_of_all_verbs_are_listed() {
        let flags = long_flags();
        for flag in [
            "--json",
            "--help",
            "--version",
            "--trace-membranes",
            "--data-dir",
            "--lr",
        ] {
            assert!(flags.iter().any(|known| known == flag), "{flag} in {flags:?}");
        }
    }

    /// The lines of a help text's example that are commands, without comments.
    fn examples(command: &Command) -> Vec<String> {
        let help = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        help.replace("\\\n", " ")
            .lines()
            .filter_map(|line| line.split('#').next()?.trim().strip_prefix("synfire "))
            .map(str::to_owned)
            .collect()
    }

    fn check_examples(command: &Command, checked: &mut usize) {
        for line in examples(command) {
            let words: Vec<&str> = line
                .split_whitespace()
                .map(|word| word.trim_matches('\''))
                .collect();
            assert_eq!(check_arguments(&words), Ok(()), "example `synfire {line}`");
            *checked += 1;
        }
        for verb in command.get_subcommands() {
            check_examples(verb, checked);
        }
    }

    #[test]
    fn the_examples_of_the_help_texts_parse() {
        let mut checked = 0;
        check_examples(&Cli::command(), &mut checked);
        assert!(checked >= 30, "{checked}");
    }
}
