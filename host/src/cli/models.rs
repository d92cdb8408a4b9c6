//! Loads model files that may be float or quantized.

use super::diagnostic::{CliError, Result};
use std::path::Path;
use synfire_golden_model::Error;
use synfire_golden_model::file::FileError;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::QuantizedModel;
use synfire_golden_model::network::NetworkDescription;

/// A float or quantized model.
#[derive(Debug)]
pub(crate) enum AnyModel {
    Float(FloatModel),
    Quantized(QuantizedModel),
}

impl AnyModel {
    /// Loads a float or quantized model.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        match QuantizedModel::load(path) {
            Ok(model) => Ok(Self::Quantized(model)),
            Err(Error::File(FileError::FloatModel { .. })) => Ok(Self::Float(FloatModel::load(path)?)),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the network of the model.
    pub(crate) const fn description(&self) -> &NetworkDescription {
        match self {
            Self::Float(model) => &model.description,
            Self::Quantized(model) => &model.description,
        }
    }
}

/// Loads a float model, and refuses a quantized model.
pub(crate) fn load_float(path: &Path) -> Result<FloatModel> {
    match AnyModel::load(path)? {
        AnyModel::Float(model) => Ok(model),
        AnyModel::Quantized(_) => Err(CliError::ModelKind {
            path: path.into(),
            found: "quantized",
            wanted: "float",
            remedy: "pass the file that `synfire train` wrote",
        }),
    }
}
