//! What a model's file says about the data set on which the model was trained.

use crate::cli::models::AnyModel;
use std::collections::BTreeMap;
use std::path::Path;
use synfire_golden_model::dataset::Origin;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::QuantizedModel;
use synfire_golden_model::network::NetworkDescription;

/// A network, with the record and the folder of the model that it comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recorded<'a> {
    pub(super) network: &'a NetworkDescription,
    provenance: &'a BTreeMap<String, String>,
    /// Folder of the model's file, from which a relative path of a data set may start.
    pub(super) folder: Option<&'a Path>,
}

impl<'a> Recorded<'a> {
    /// The record of a float model that was read from `file`.
    pub(crate) fn float(model: &'a FloatModel, file: &'a Path) -> Self {
        Self {
            network: &model.description,
            provenance: &model.provenance,
            folder: file.parent(),
        }
    }

    /// The record of a quantized model that was read from `file`.
    pub(crate) fn quantized(model: &'a QuantizedModel, file: &'a Path) -> Self {
        Self {
            network: &model.description,
            provenance: &model.provenance,
            folder: file.parent(),
        }
    }

    /// The record of the model of a build folder.
    pub(crate) const fn build(model: &'a QuantizedModel, folder: &'a Path) -> Self {
        Self {
            network: &model.description,
            provenance: &model.provenance,
            folder: Some(folder),
        }
    }

    /// The record of a model of either kind that was read from `file`.
    pub(crate) fn any(model: &'a AnyModel, file: &'a Path) -> Self {
        match model {
            AnyModel::Float(model) => Self::float(model, file),
            AnyModel::Quantized(model) => Self::quantized(model, file),
        }
    }

    /// The same record for another network, which the model's weights are used with.
    pub(crate) const fn with_network(self, network: &'a NetworkDescription) -> Self {
        Self { network, ..self }
    }

    /// The data set on which the model was trained; `None` if the model does not name it.
    pub(crate) fn origin(&self) -> Option<Origin> {
        Origin::of(self.provenance)
    }
}
