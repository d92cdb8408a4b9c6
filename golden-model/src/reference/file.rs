//! Reading of a reference case from its npz file.

use super::Case;
use super::spec::Spec;
use crate::file::arrays::Arrays;
use crate::float::{FloatModel, check_rule};
use crate::network::{LayerKind, Shape};
use crate::reference::ReferenceError;
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// Limits on the images of a case and the bytes of its specification, to stop at damaged files.
const MAX_BATCH: usize = 1 << 12;
const MAX_SPEC: usize = 1 << 20;
/// Largest length of a network name derived from a file name.
const MAX_NAME: usize = 64;

impl Case {
    /// Reads a case from a file.
    ///
    /// # Errors
    /// If the file cannot be read, an array is missing or its shape or type contradicts the specification, or the
    /// specification describes an invalid network, or one for which the training rule of the paper has no gradient.
    pub fn load(path: &Path) -> Result<Self> {
        let mut arrays = Arrays::open(path)?;
        let in_spec = |source| {
            Error::Reference(ReferenceError::Spec {
                path: path.into(),
                source,
            })
        };
        let spec: Spec = serde_json::from_slice(&arrays.text("spec", MAX_SPEC)?).map_err(in_spec)?;
        let batch = spec.batch;
        let description = spec.describe(network_name(path));
        description.validate()?;
        check_rule(&description, false)?;
        if !(1..=MAX_BATCH).contains(&batch) {
            return Err(arrays.wrong("spec", format!("a batch of {batch}"), format!("1..={MAX_BATCH}")));
        }

        let per_image = |Shape {
                             channels,
                             height,
                             width,
                         }: Shape| [batch, channels, height, width];
        let over_time = |shape| {
            let [batch, channels, height, width] = per_image(shape);
            [description.steps, batch, channels, height, width]
        };
        let images = arrays.rasters::<i8>("input_spikes", over_time(description.input))?;
        let labels = arrays.read::<i64>("labels", &[batch])?;
        let labels: Option<Vec<usize>> = labels.iter().map(|&label| usize::try_from(label).ok()).collect();
        let labels =
            labels.ok_or_else(|| arrays.wrong("labels", "a negative label".into(), "classes".into()))?;

        let graph = description.graph()?;
        let mut weights = Vec::new();
        let mut gradients = Vec::new();
        for tensor in &graph.tensors {
            let shape = tensor.dimensions();
            weights.push(arrays.matrix::<f32>(&format!("weight/{}", tensor.name), &shape)?);
            gradients.push(arrays.matrix::<f64>(&format!("grad/{}", tensor.name), &shape)?);
        }
        let mut spikes = vec![Vec::new(); batch];
        let mut masks = vec![Vec::new(); batch];
        for (layer, node) in description.layers.iter().zip(&graph.nodes) {
            if layer.dropout > 0.0 {
                let name = format!("mask/{}", layer.name);
                let kept = arrays.mask(&name, per_image(node.output), layer.dropout)?;
                masks
                    .iter_mut()
                    .zip(kept)
                    .for_each(|(image, kept)| image.push(Some(kept)));
            } else {
                masks.iter_mut().for_each(|image| image.push(None));
            }
            if !matches!(layer.kind, LayerKind::Out { .. }) {
                let rasters =
                    arrays.rasters::<u8>(&format!("spikes/{}", layer.name), over_time(node.output))?;
                spikes
                    .iter_mut()
                    .zip(rasters)
                    .for_each(|(image, raster)| image.push(raster));
            }
        }
        let outputs = arrays.matrix("output", &[batch, description.classes()])?;
        let loss = arrays.read::<f64>("loss", &[])?[0];
        let model = FloatModel {
            description,
            weights,
            provenance: BTreeMap::new(),
            biases: Vec::new(),
        };
        model.validate()?;
        Ok(Self {
            model,
            images,
            labels,
            masks,
            spikes,
            outputs,
            loss,
            gradients,
        })
    }
}

/// Converts the name of the file, without its extension, to a valid network name.
fn network_name(path: &Path) -> String {
    let stem = path
        .file_stem()
        .map_or_else(|| "case".into(), |stem| stem.to_string_lossy());
    let fit = |letter: char| {
        if letter.is_ascii_alphanumeric() || "_-.".contains(letter) {
            letter
        } else {
            '_'
        }
    };
    stem.chars().map(fit).take(MAX_NAME).collect()
}
