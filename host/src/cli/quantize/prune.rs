//! `synfire quantize --prune`: removes channels that never fire or have no effect.

use super::super::context::Context;
use super::super::data::Loaded;
use super::super::diagnostic::{CliError, Result};
use super::super::inference::DEFAULT_SEED;
use super::super::table::table;
use clap::ValueEnum;
use serde::Serialize;
use std::fmt;
use synfire_golden_model::dataset::Dataset;
use synfire_golden_model::dataset::encode::test_raster;
use synfire_golden_model::integer::QuantizedModel;
use synfire_golden_model::quantize::Calibration;
use synfire_golden_model::quantize::prune::{
    FiredChannels, Kept, KeptReason, LayerPruning, PotentialDifference, PruneReport, first_difference, prune,
};

/// Why channels may be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Grounds {
    // The help of the flag explains both: doc comments here would make the help of the whole verb long.
    Proof,
    Data,
}

/// What pruning removed, and on how many samples that was checked.
#[derive(Debug, Serialize)]
pub(super) struct Pruned {
    #[serde(flatten)]
    report: PruneReport,
    /// Samples on which both networks were compared; absent if no channel was removed because of data.
    #[serde(skip_serializing_if = "Option::is_none")]
    compared: Option<Compared>,
}

/// Samples on which both networks had equal potentials after every step.
#[derive(Debug, Serialize)]
struct Compared {
    training_samples: usize,
    test_samples: usize,
    seed: u64,
}

/// Prunes a network. `data` are needed for [`Grounds::Data`].
pub(super) fn run(
    context: &Context,
    model: &QuantizedModel,
    grounds: Grounds,
    data: Option<&Loaded>,
) -> Result<(QuantizedModel, Pruned)> {
    let (Grounds::Data, Some(Loaded { split, .. })) = (grounds, data) else {
        let (pruned, report) = prune(model, None)?;
        let compared = None;
        return Ok((pruned, Pruned { report, compared }));
    };
    let fired = with_spikes(context, model, &split.train, "observe", |spikes, progress| {
        FiredChannels::observe(model, spikes, progress)
    })?;
    let (pruned, report) = prune(model, Some(&fired))?;
    let mut compared = None;
    if report.by_data() > 0 {
        for (set, samples) in [("training", &split.train), ("test", &split.test)] {
            let difference = with_spikes(context, model, samples, "compare", |spikes, progress| {
                first_difference(model, &pruned, spikes, progress)
            })?;
            if let Some(difference) = difference {
                return Err(differs(set, difference));
            }
        }
        compared = Some(Compared {
            training_samples: split.train.len(),
            test_samples: split.test.len(),
            seed: DEFAULT_SEED,
        });
    }
    Ok((pruned, Pruned { report, compared }))
}

/// Calls `work` with the spikes of all samples, and shows its progress.
fn with_spikes<T>(
    context: &Context,
    model: &QuantizedModel,
    samples: &Dataset,
    title: &str,
    work: impl FnOnce(&Calibration<'_>, &(dyn Fn(usize) + Sync)) -> synfire_golden_model::Result<T>,
) -> Result<T> {
    let bar = context.bar(samples.len() as u64, title);
    let spikes = |sample| Ok(test_raster(&model.description, samples, sample, DEFAULT_SEED));
    let result = work(&Calibration::new(samples.len(), &spikes), &|_| bar.inc(1));
    bar.finish_and_clear();
    Ok(result?)
}

const fn differs(set: &'static str, difference: PotentialDifference) -> CliError {
    let PotentialDifference {
        inference,
        step,
        class,
        wanted,
        found,
    } = difference;
    CliError::PruneDiffers {
        set,
        sample: inference,
        class,
        step,
        found,
        wanted,
    }
}

impl fmt::Display for Pruned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = table([
            "pruned",
            "channels",
            "never fire",
            "no effect",
            "silent in training",
            "weights",
            "membrane",
            "membranes, bits",
        ]);
        let change = |[before, after]: [String; 2]| {
            if before == after {
                after
            } else {
                format!("{before} -> {after}")
            }
        };
        let layers = &self.report.layers;
        for layer in layers {
            rows.add_row([
                layer.layer.clone(),
                change(layer.channels.map(|count| count.to_string())),
                layer.never_fires.len().to_string(),
                layer.no_effect.len().to_string(),
                layer.silent_on_data.len().to_string(),
                change(layer.weights.map(|count| count.to_string())),
                change(layer.membrane_bits.map(|bits| format!("{bits} bits"))),
                change(membranes(layer).map(|bits| bits.to_string())),
            ]);
        }
        writeln!(f, "{rows}")?;
        for layer in layers {
            for kept in &layer.kept {
                writeln!(f, "{}", told(&layer.layer, kept))?;
            }
        }
        let report = &self.report;
        write!(f, "pruned: {} channels", report.proven())?;
        write!(f, " that never fire or have no effect, exact for every input")?;
        match (&self.compared, report.inferences) {
            (Some(compared), _) => write!(
                f,
                "; and {} because of channels that never fired on {} training samples, exact wherever these do not fire: all \
                 potentials of {} training and {} test samples are equal after every step (seed {})",
                report.by_data(),
                compared.training_samples,
                compared.training_samples,
                compared.test_samples,
                compared.seed
            ),
            (None, Some(samples)) => write!(f, "; {samples} training samples let no other channel go"),
            (None, None) => Ok(()),
        }
    }
}

/// Bits of all membranes of a layer, before and after.
fn membranes(layer: &LayerPruning) -> [usize; 2] {
    let [before, after] = layer.neurons;
    let [wide, narrow] = layer.membrane_bits.map(usize::from);
    [before * wide, after * narrow]
}

/// Says why channels had to stay.
fn told(layer: &str, kept: &Kept) -> String {
    let channels: Vec<String> = kept.channels.iter().take(8).map(usize::to_string).collect();
    let more = if kept.channels.len() > channels.len() {
        ", …"
    } else {
        ""
    };
    let count = kept.channels.len();
    let reason = match &kept.reason {
        KeptReason::Tied { to } => {
            format!("pooling or an identity ties them to those of `{to}`, which are needed")
        }
        KeptReason::Last => "a layer needs at least one channel".to_owned(),
        _ => "they are needed".to_owned(),
    };
    let many = if count == 1 { "channel" } else { "channels" };
    format!(
        "layer `{layer}` keeps {count} {many} that could go ({}{more}): {reason}",
        channels.join(", ")
    )
}
