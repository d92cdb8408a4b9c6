//! The flag `--early-exit`: when inferences stop before their last step.

use super::diagnostic::Result;
use synfire_golden_model::integer::{EarlyExit, Margins, QuantizedModel};

/// The flag `--early-exit`.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct EarlyExitArgs {
    /// Stop an inference once the leading class is ahead by MARGIN, from step STEP on (default: 1). With `certain`, stop
    /// once no other class can overtake it, which changes no answer.
    #[arg(long, value_name = "MARGIN[@STEP]|certain", value_parser = parse)]
    early_exit: Option<EarlyExit>,
}

impl EarlyExitArgs {
    /// Whether the flag is given.
    pub(crate) const fn is_given(self) -> bool {
        self.early_exit.is_some()
    }

    /// Returns the margins for a model's inferences, if the flag is given.
    pub(crate) fn margins(self, model: &QuantizedModel) -> Result<Option<Margins>> {
        Ok(self.early_exit.map(|exit| exit.margins_of(model)).transpose()?)
    }
}

fn parse(text: &str) -> std::result::Result<EarlyExit, String> {
    if text == "certain" {
        return Ok(EarlyExit::Certain);
    }
    let (margin, step) = text.split_once('@').unwrap_or((text, "1"));
    let number = "give `certain`, a margin in units of the potentials such as 500, or a margin and its first step, 500@10";
    Ok(EarlyExit::Margin {
        margin: margin.parse().map_err(|_| number)?,
        from_step: step.parse().map_err(|_| number)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_have_a_first_step_or_none() {
        let margin = |margin, from_step| Ok(EarlyExit::Margin { margin, from_step });
        assert_eq!(parse("certain"), Ok(EarlyExit::Certain));
        assert_eq!(parse("500"), margin(500, 1));
        assert_eq!(parse("500@10"), margin(500, 10));
        for text in ["", "-1", "5@", "@5", "5@5@5", "sure"] {
            assert!(parse(text).unwrap_err().starts_with("give `certain`"), "{text}");
        }
    }
}
