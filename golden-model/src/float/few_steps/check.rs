//! What a network must be for the second rule.

use super::{FewSteps, MAX_STEPS};
use crate::network::{LayerKind, NetworkDescription, NetworkError, Readout, Reset};
use crate::{Error, Result};

impl FewSteps {
    /// Checks that the rule can compute a valid network.
    ///
    /// # Errors
    /// Names the first field that the rule has no use for, its value and what it must be.
    pub(crate) fn check(description: &NetworkDescription) -> Result<()> {
        let refuse = |field: String, found: &dyn ToString, wanted: &str| {
            Err(Error::Network(NetworkError::Value {
                network: description.name.clone(),
                field,
                found: found.to_string(),
                wanted: format!("{wanted} under rule = \"few-steps\""),
            }))
        };
        if description.steps > MAX_STEPS {
            return refuse("steps".into(), &description.steps, &format!("in 1..={MAX_STEPS}"));
        }
        if description.readout != Readout::Sum {
            return refuse("readout".into(), &description.readout.name(), "sum");
        }
        for layer in &description.layers {
            let pools = matches!(layer.kind, LayerKind::Pool { .. });
            // What is left above a threshold below one spike would fire the neuron again and again.
            let any = matches!(layer.kind, LayerKind::Pool { kernel } if layer.threshold() * ((kernel * kernel) as f32) < 1.0);
            if any && description.reset == Reset::Subtract {
                let field = format!(
                    "reset of pooling layer `{}`, which fires on any spike,",
                    layer.name
                );
                return refuse(field, &description.reset.name(), "zero");
            }
            if !pools && layer.threshold() != 1.0 {
                let field = format!("threshold of layer `{}`", layer.name);
                return refuse(field, &layer.threshold(), "1");
            }
            if layer.dropout != 0.0 {
                return refuse(format!("dropout of layer `{}`", layer.name), &layer.dropout, "0");
            }
        }
        Ok(())
    }
}
