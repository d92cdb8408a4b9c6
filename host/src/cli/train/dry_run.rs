//! `synfire train --dry-run`: is the network alive with its initial weights?

use super::super::context::Context;
use super::super::data::Loaded;
use super::super::diagnostic::Result;
use super::super::table::{percent, table};
use super::evaluation_set::held_out;
use super::{Args, limited};
use serde::Serialize;
use synfire_golden_model::evaluation::LayerActivity;
use synfire_golden_model::train::{FirstBatch, Init, Trainer, Unscaled};

/// Result of a dry run.
#[derive(Debug, Serialize)]
struct Start {
    network: String,
    dataset: String,
    steps: usize,
    seed: u64,
    init: Init,
    images: usize,
    layers: Vec<Layer>,
    /// Channels that `--init data` could not scale.
    unscaled: Vec<Unscaled>,
}

/// Activity of the input or a layer in the first batch.
#[derive(Debug, Serialize)]
struct Layer {
    layer: String,
    /// Mean number of spikes per neuron and step.
    rate: f64,
    /// Share of neurons that fired at least once; absent for the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    ever_fired: Option<f64>,
}

impl From<LayerActivity> for Layer {
    fn from(activity: LayerActivity) -> Self {
        Self {
            layer: activity.layer,
            rate: activity.rate,
            ever_fired: activity.idle.map(|idle| 1.0 - idle),
        }
    }
}

impl Args {
    /// Shows the activity of the first batch, and warns as an epoch of training would.
    pub(super) fn show_start(self, context: &Context) -> Result<()> {
        self.threads.apply()?;
        let config = self.data.network(&self.network)?;
        let (mut network, mut train) = (config.network.clone(), config.require_train()?.clone());
        self.overrides.apply(&mut network, &mut train);
        let Loaded { split, .. } = self.data.load(context, &network)?;
        let (data, _) = held_out(split, self.validation)?;
        let data = limited(data, self.limit)?;
        let mut trainer = Trainer::new(network.clone(), train.clone(), &data.train, None)?;
        let FirstBatch {
            images,
            activity,
            warnings,
        } = trainer.first_batch();
        let start = Start {
            network: network.name,
            dataset: data.train.name().to_owned(),
            steps: network.steps,
            seed: train.seed,
            init: train.init,
            images,
            layers: activity.into_iter().map(Layer::from).collect(),
            unscaled: trainer.unscaled().to_vec(),
        };
        for unscaled in &start.unscaled {
            context.warn(&unscaled.to_string());
        }
        for warning in &warnings {
            context.warn(&warning.to_string());
        }
        context.print(&start, || start.to_string())
    }
}

impl std::fmt::Display for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            network,
            dataset,
            steps,
            seed,
            init,
            images,
            ..
        } = self;
        let mut rows = table(["layer", "spikes per neuron and step", "ever fired"]);
        for layer in &self.layers {
            rows.add_row([
                layer.layer.clone(),
                format!("{:.4}", layer.rate),
                layer.ever_fired.map(percent).unwrap_or_default(),
            ]);
        }
        write!(
            f,
            "{rows}\n{network} on {dataset}: first batch of {images} images, {steps} steps, initial weights {}, seed {seed}; \
             nothing was trained or written",
            init.name()
        )
    }
}
