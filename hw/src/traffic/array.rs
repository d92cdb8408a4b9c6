//! Accesses that arrays of lanes make to their membranes, measured on a network's own spikes.
//!
//! With one position and one spike at a time, a spike costs one access for each position that it meets. An array of P positions
//! reaches P neighbouring positions of a row at once, and adds up to k spikes of one source position before it writes the sum back:
//!
//! ```text
//! accesses = Σ over steps and source positions: ⌈spikes / k⌉ · rows that a source there meets · passes along a row
//! ```
//!
//! A pass covers up to P columns ([`Columns`](crate::columns::Columns)). Spikes come together as if all channels of the source were one word.
//!
//! A source that meets only its own channel, in pooling and identities, meets another lane than its neighbours in channel. So all
//! spikes of a position are one access, whatever k is. The numbers are per word of a position, that is, for as many lanes as
//! there are channels.

use super::{exact, exact_u64};
use crate::error::Result;
use crate::geometry::{Geometry, Path};
use serde::Serialize;
use synfire_golden_model::integer::{Engine, QuantizedModel};
use synfire_golden_model::network::Shape;
use synfire_golden_model::spikes::SpikeRaster;

/// Form of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Form {
    /// Neighbouring positions of a row that are reached at once, P.
    pub positions: usize,
    /// Spikes of one source position that are added at once, k.
    pub merged: usize,
}

/// Accesses of a layer in an inference, averaged over inferences.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerAccesses {
    /// Spikes that arrive on all paths.
    pub spikes: f64,
    /// Accesses of each form.
    pub accesses: Vec<f64>,
    /// Positions that at least one spike of an inference meets; the others need no sweep if neurons have no biases.
    pub touched: f64,
    /// Positions of the layer.
    pub positions: usize,
}

/// Measures the accesses of every layer by running the golden model on `inputs`.
///
/// # Errors
/// If the model's description does not resolve, or an input does not have the model's width.
///
/// # Panics
/// For a form of no positions or no spikes.
pub fn measure<'a>(
    model: &QuantizedModel,
    inputs: impl IntoIterator<Item = &'a SpikeRaster>,
    forms: &[Form],
) -> Result<Vec<LayerAccesses>> {
    assert!(
        forms.iter().all(|form| form.positions > 0 && form.merged > 0),
        "{forms:?}"
    );
    let geometry = Geometry::of(model)?;
    let mut engine = Engine::new(model)?;
    let mut layers: Vec<LayerAccesses> = geometry
        .layers
        .iter()
        .map(|layer| LayerAccesses {
            spikes: 0.0,
            accesses: vec![0.0; forms.len()],
            touched: 0.0,
            positions: layer.neurons.height * layer.neurons.width,
        })
        .collect();
    let mut inferences = 0_u32;
    for input in inputs {
        inferences += 1;
        let trace = engine.trace(input, false)?;
        for (layer, measured) in geometry.layers.iter().zip(&mut layers) {
            let mut touched = vec![false; measured.positions];
            for path in &layer.paths {
                let spikes = path
                    .stream
                    .checked_sub(1)
                    .map_or(input, |layer| &trace.layers[layer]);
                measured.spikes += exact(spikes.total());
                let accesses = of_path(path, spikes, forms, &mut touched);
                for (sum, accesses) in measured.accesses.iter_mut().zip(accesses) {
                    *sum += exact_u64(accesses);
                }
            }
            measured.touched += exact(touched.iter().filter(|&&touched| touched).count());
        }
    }
    let count = f64::from(inferences.max(1));
    for layer in &mut layers {
        layer.spikes /= count;
        layer.touched /= count;
        layer.accesses.iter_mut().for_each(|accesses| *accesses /= count);
    }
    Ok(layers)
}

/// Accesses of one path in an inference, for each form; marks the positions that are met.
fn of_path(path: &Path, spikes: &SpikeRaster, forms: &[Form], touched: &mut [bool]) -> Vec<u64> {
    let Shape { channels, width, .. } = path.sources.shape;
    let mut accesses = vec![0; forms.len()];
    for words in spikes.iter().flat_map(|step| path.words_of(step, [channels])) {
        for (accesses, form) in accesses.iter_mut().zip(forms) {
            *accesses += words.accesses(path, form.positions, form.merged);
        }
        for &(place, _) in &words.0 {
            let (rows, columns) = (path.rows.span(place / width), path.columns.span(place % width));
            for row in rows.output..rows.output + rows.count {
                let first = row * path.columns.outputs + columns.output;
                touched[first..first + columns.count].fill(true);
            }
        }
    }
    accesses
}

#[cfg(test)]
mod tests {
    use super::*;
    use synfire_golden_model::float::FloatModel;
    use synfire_golden_model::network::NetworkDescription;
    use synfire_golden_model::quantize::{QuantizeConfig, quantize};
    use synfire_golden_model::spikes::Spike;

    const ONE: Form = Form {
        positions: 1,
        merged: 1,
    };

    /// A convolution over three channels, pooling, and an output.
    fn model() -> QuantizedModel {
        let description = NetworkDescription::from_compact("4C3p1-P2-5@3x4x6", None).expect("a network");
        let model = FloatModel::initial(description, 1).expect("valid");
        quantize(&model, &QuantizeConfig::default()).expect("quantizes").0
    }

    /// Two steps: all channels of the corner and of a position in the middle, then one channel of the middle.
    fn raster() -> SpikeRaster {
        let mut raster = SpikeRaster::new(72);
        let at = |channel: u32, row: u32, column: u32| Spike::positive((channel * 4 + row) * 6 + column);
        let both = [(0, 0), (2, 3)];
        raster.push_step((0..3).flat_map(|channel| both.map(|(row, column)| at(channel, row, column))));
        raster.push_step([at(1, 2, 3)]);
        raster
    }

    #[test]
    fn accesses_are_those_of_the_spikes_positions_and_merging() {
        let forms = [(1, 1), (1, 2), (1, 4), (2, 1), (3, 1), (3, 4)];
        let forms = forms.map(|(positions, merged)| Form { positions, merged });
        let measured = measure(&model(), [&raster(), &raster()], &forms).expect("measures");
        let first = &measured[0];
        assert_eq!((first.spikes, first.positions), (7.0, 24));
        // A source in the corner meets 2 × 2 positions, one in the middle 3 × 3: three spikes of each, and one.
        let expected = [
            3 * 4 + 4 * 9,
            2 * 4 + 3 * 9,
            4 + 2 * 9,
            // The walk of the corner starts a column before the row, so it takes two passes for two columns.
            3 * 4 + 4 * 3 * 2,
            3 * 2 + 4 * 3,
            2 + 2 * 3,
        ];
        assert_eq!(first.accesses, expected.map(f64::from));
        assert_eq!(first.touched, 13.0);
    }

    #[test]
    fn a_pooling_layer_takes_all_channels_of_a_position_at_once() {
        let model = model();
        let raster = raster();
        let measured = measure(&model, [&raster], &[ONE]).expect("measures");
        let trace = synfire_golden_model::integer::trace(&model, &raster).expect("runs");
        let places = trace.layers[0].iter().map(|step| {
            let mut places: Vec<u32> = step.iter().map(|spike| spike.address % 24).collect();
            places.sort_unstable();
            places.dedup();
            places.len()
        });
        assert_eq!(measured[1].accesses, [exact(places.sum())]);
        assert!(measured[1].spikes >= measured[1].accesses[0]);
    }

    #[test]
    fn an_array_of_one_position_and_spike_makes_an_access_for_each_position() {
        let model = model();
        let raster = raster();
        let measured = measure(&model, [&raster], &[ONE]).expect("measures");
        let traffic = crate::traffic::measure(&model, [&raster]).expect("measures");
        for layer in [0, 2] {
            let expected = traffic[layer][0].positions * 2.0;
            assert!(
                (measured[layer].accesses[0] - expected).abs() < 1e-9,
                "layer {layer}"
            );
        }
    }
}
