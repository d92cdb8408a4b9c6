//! Preparation of a core before its first inference: contents of memories that are empty at power-up, and margins.

use crate::error::{Error, Result};
use synfire_golden_model::integer::Margins;
use synfire_hw::accelerator::ParameterLoad;
use synfire_hw::circuit::core::CoreParams;
use synfire_hw::circuit::link::identity::MARGIN_MEMORY;

/// Data that a core needs before its first inference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preparation {
    /// Contents that are loaded, over the port that a board's command processor uses.
    pub parameter_loads: Vec<ParameterLoad>,
    /// Whether inferences may exit early.
    pub exits: bool,
}

impl Preparation {
    /// Preparation of a core. If `exit` gives margins, inferences exit early by them.
    ///
    /// # Errors
    /// [`Error::NoEarlyExit`] if margins are given, but the core has no early exit.
    pub fn of(core: &CoreParams, exit: Option<&Margins>) -> Result<Self> {
        let mut parameter_loads: Vec<ParameterLoad> = core.initial_loads().collect();
        if let Some(margins) = exit {
            if core.exit_steps.is_none() {
                return Err(Error::NoEarlyExit);
            }
            parameter_loads.push(ParameterLoad {
                memory: MARGIN_MEMORY,
                word_bytes: 4,
                bytes: margins
                    .by_step()
                    .iter()
                    .flat_map(|margin| margin.to_le_bytes())
                    .collect(),
            });
        }
        Ok(Self {
            parameter_loads,
            exits: exit.is_some(),
        })
    }
}
