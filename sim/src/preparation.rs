//! What a core is given before its first inference: contents of memories that are empty at power-up, and margins.

use crate::error::{Error, Result};
use synfire_golden_model::integer::Margins;
use synfire_hw::accelerator::ParameterLoad;
use synfire_hw::circuit::core::CoreParams;
use synfire_hw::circuit::link::identity::MARGIN_MEMORY;

/// See the [module](self).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preparation {
    /// What is loaded, over the port by which a board's command processor does it.
    pub loads: Vec<ParameterLoad>,
    /// Whether inferences may exit early.
    pub exits: bool,
}

impl Preparation {
    /// That of a core whose inferences exit where the margins say so, if any are given.
    ///
    /// # Errors
    /// [`Error::NoEarlyExit`] if margins are given, but the core has no early exit.
    pub fn of(core: &CoreParams, exit: Option<&Margins>) -> Result<Self> {
        let mut loads: Vec<ParameterLoad> = core.initial_loads().collect();
        if let Some(margins) = exit {
            if core.exit_steps.is_none() {
                return Err(Error::NoEarlyExit);
            }
            loads.push(ParameterLoad {
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
            loads,
            exits: exit.is_some(),
        })
    }
}
