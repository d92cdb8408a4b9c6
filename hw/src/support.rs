//! Parts of the integer contract that the generated hardware computes.
//!
//! It computes all of versions 1 and 2, and of version 3 the output layer without leak, which is a layer without shifts.
//! Everything else of version 3 is refused by name before anything is planned or generated.

use crate::error::{Error, Result};
use synfire_golden_model::integer::{Neuron, QuantizedModel};
use synfire_golden_model::network::{Reset, Source};

/// Checks that the hardware computes everything that the network uses.
///
/// # Errors
/// [`Error::Unsupported`] names the first layer that needs something else, what it needs, and the remedy.
pub fn check_support(model: &QuantizedModel) -> Result<()> {
    let description = &model.description;
    let nodes = description.graph()?.nodes;
    for (layer, node) in model.layers.iter().zip(&nodes) {
        let junction = node.junction.as_ref().map(|junction| junction.source);
        let takes_input = node.source == Source::Input || junction == Some(Source::Input);
        let fires = matches!(layer.neuron, Neuron::Lif { .. });
        let needs = if description.coding.is_graded() && takes_input {
            Some(("graded input", "coding = \"poisson\""))
        } else if !layer.biases.is_empty() {
            Some(("biases", "the training rule of the paper, which has none"))
        } else if description.reset == Reset::Subtract && fires {
            Some(("a reset by subtraction", "reset = \"zero\""))
        } else {
            None
        };
        if let Some((feature, instead)) = needs {
            return Err(Error::Unsupported {
                network: description.name.clone(),
                layer: layer.name.clone(),
                feature,
                instead,
            });
        }
    }
    Ok(())
}
