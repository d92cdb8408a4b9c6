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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Geometry;
    use synfire_golden_model::float::FloatModel;
    use synfire_golden_model::network::{InputCoding, NetworkDescription, Readout};
    use synfire_golden_model::quantize::{QuantizeConfig, quantize};

    fn refusal(change: fn(&mut FloatModel)) -> Option<String> {
        let description = NetworkDescription::from_compact("2C3p1-P2-4-3@1x4x4", None).expect("a network");
        let mut model = FloatModel::initial(description, 1).expect("valid");
        change(&mut model);
        let (quantized, _) = quantize(&model, &QuantizeConfig::default()).expect("quantizes");
        // What everything in hardware is derived from refuses the same.
        assert_eq!(
            Geometry::of(&quantized).is_ok(),
            check_support(&quantized).is_ok()
        );
        check_support(&quantized).err().map(|error| error.to_string())
    }

    #[test]
    fn what_hardware_does_not_compute_is_refused_by_name() {
        let wanted = |layer: &str, feature: &str, instead: &str| {
            Some(format!(
                "layer `{layer}` of network `2C3p1-P2-4-3` needs {feature}, which the hardware does not compute; train a \
                 network with {instead}, or classify on this machine with `synfire eval`"
            ))
        };
        assert_eq!(refusal(|_| ()), None);
        assert_eq!(refusal(|model| model.description.readout = Readout::Sum), None);
        let graded = wanted("conv1", "graded input", "coding = \"poisson\"");
        assert_eq!(
            refusal(|model| model.description.coding = InputCoding::Direct),
            graded
        );
        assert_eq!(
            refusal(|model| model.description.coding = InputCoding::Counts),
            graded
        );
        assert_eq!(
            refusal(|model| model.description.reset = Reset::Subtract),
            wanted("conv1", "a reset by subtraction", "reset = \"zero\"")
        );
        assert_eq!(
            refusal(|model| model.biases = vec![vec![], vec![], vec![0.5; 4], vec![0.5; 3]]),
            wanted("fc1", "biases", "the training rule of the paper, which has none")
        );
        assert_eq!(
            refusal(|model| model.biases = vec![vec![], vec![], vec![], vec![0.5; 3]]),
            wanted("out", "biases", "the training rule of the paper, which has none")
        );
    }
}
