//! The verb `synfire quantize`.

mod finetune;
mod prune;

use super::context::Context;
use super::data::{DataArgs, Loaded, Recorded};
use super::diagnostic::Result;
use super::inference::quantize_by;
use super::models::load_float;
use super::paths::{InputFile, OutputFile};
use super::table::{percent, table};
use finetune::{FineTuneArgs, Outcome, Quantized, Tuned};
use prune::{Grounds, Pruned};
use serde::Serialize;
use std::collections::BTreeMap;
use synfire_golden_model::dataset::Origin;
use synfire_golden_model::quantize::{self, GuardBits, Leak, QuantizeConfig, QuantizeReport, ScaleSearch};

const EXAMPLE: &str = "Examples:
  synfire quantize digits.safetensors -o digits-4bit.safetensors --bits 4
  synfire quantize digits.safetensors -o mixed.safetensors --bits 3 --layer-bits out=8 --scale max
  synfire quantize lenet.safetensors -o lenet-8bit.safetensors --bits 8 --data mnist --calibrate 512
  synfire quantize digits.safetensors -o digits-2bit.safetensors --bits 2 --finetune 20
  synfire quantize digits.safetensors -o small.safetensors --prune";

/// Arguments of `synfire quantize`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Float model that `synfire train` wrote.
    model: InputFile,
    /// File for the quantized model.
    #[arg(short, long)]
    output: OutputFile,
    /// Bits per weight, 2 to 8.
    #[arg(long, default_value_t = 4)]
    bits: u8,
    /// Bits per weight of one layer; may be given several times.
    #[arg(long, value_name = "LAYER=BITS", value_parser = layer_bits)]
    layer_bits: Vec<(String, u8)>,
    /// Fraction bits of the membranes, 0 to 12; default: as many as the leak needs.
    #[arg(long)]
    guard_bits: Option<u8>,
    /// Shifts of the leak, at most three, separated by commas; or `none` for no leak; default: fitted to the network.
    #[arg(long, value_parser = leak)]
    leak: Option<Leak>,
    /// Method that finds the scales: max, mse, a percentile such as 99.5, or best, which uses the one with the least
    /// error.
    #[arg(long, default_value = "best", value_parser = scale)]
    scale: ScaleSearch,
    /// Number of training images on whose spikes the rounding of weights is calibrated, with every class in proportion.
    /// With 0, each weight is rounded to the nearest value, and no data set is needed.
    #[arg(long, default_value_t = CALIBRATION_IMAGES)]
    calibrate: usize,
    /// Remove channels that do nothing, after any fine-tuning. `proof`: those that no input can fire, and those whose spikes
    /// meet only weights of 0; the potentials stay the same for every input. `data`, the default: also those that never fire
    /// on the whole training set; the potentials of training and test set are then compared, and nothing is written if one
    /// differs.
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "data", value_name = "GROUNDS")]
    prune: Option<Grounds>,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    finetune: FineTuneArgs,
}

/// Result of `synfire quantize`.
#[derive(Debug, Serialize)]
struct Output<T: Serialize> {
    /// Name of the data set for calibration and fine-tuning; absent if none was needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset: Option<String>,
    #[serde(flatten)]
    report: T,
    /// What pruning removed; absent without it. The report of the layers is that of the network before.
    #[serde(skip_serializing_if = "Option::is_none")]
    prune: Option<Pruned>,
}

/// Default number of training images for calibration.
pub(crate) const CALIBRATION_IMAGES: usize = 256;

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let fine_tune = self.finetune.begin()?;
        let model = load_float(&self.model)?;
        let prepared = match &fine_tune {
            None => None,
            Some(fine_tune) => Some((
                fine_tune,
                fine_tune.prepare(context, &model, &self.data, &self.output)?,
            )),
        };
        let config = QuantizeConfig {
            weight_bits: self.bits,
            layer_weight_bits: self.layer_bits.into_iter().collect::<BTreeMap<_, _>>(),
            guard_bits: self.guard_bits.map_or(GuardBits::Auto, GuardBits::Fixed),
            leak: self.leak.unwrap_or(Leak::Auto),
            scale: self.scale,
            ..QuantizeConfig::default()
        };
        let data = if self.calibrate == 0 && prepared.is_none() && self.prune != Some(Grounds::Data) {
            None
        } else {
            Some(
                self.data
                    .load_for(context, &Recorded::float(&model, &self.model))?,
            )
        };
        let mut calibration = None;
        let (mut quantized, report) = match &data {
            Some(Loaded { split, .. }) if self.calibrate > 0 => {
                let spinner = context.spinner("quantize");
                let quantized = quantize_by(&model, &config, &split.train, self.calibrate);
                spinner.finish_and_clear();
                calibration = Some((
                    self.calibrate.min(split.train.len()),
                    split.train.name().to_owned(),
                ));
                quantized?
            }
            _ => quantize::quantize(&model, &config)?,
        };
        for warning in &report.warnings {
            context.warn(&warning.to_string());
        }
        if let Some((_, name)) = &calibration {
            quantized
                .provenance
                .insert("quantize.dataset".to_owned(), name.clone());
        }
        let text = |report: &QuantizeReport, pruned: &str| {
            let calibrated = calibration.as_ref().map(|(images, name)| {
                format!("calibrated on {images} training samples of data set `{name}`\n")
            });
            let calibrated = calibrated.unwrap_or_default();
            format!(
                "{}\n{calibrated}{pruned}model: {}",
                layers(report),
                self.output.display()
            )
        };
        let dataset = data.as_ref().map(|data| data.split.train.name().to_owned());
        // A model of a version that recorded no data set: the one that the user gives is its own from now on.
        if let (Some(data), Some(_), None) = (&data, &self.data.data, Origin::of(&model.provenance)) {
            data.origin.record(&mut quantized.provenance);
        }
        let (quantized, report, tuned) = match (prepared, &data) {
            (Some((fine_tune, prepared)), Some(data)) => {
                let start = Quantized {
                    float: &model,
                    model: quantized,
                    report,
                };
                let Tuned {
                    model,
                    report,
                    outcome,
                } = fine_tune.run(context, start, data, prepared)?;
                (model, report, Some(outcome))
            }
            _ => (quantized, report, None),
        };
        let (quantized, prune) = match self.prune {
            None => (quantized, None),
            Some(grounds) => {
                let (pruned, report) = prune::run(context, &quantized, grounds, data.as_ref())?;
                (pruned, Some(report))
            }
        };
        quantized.save(&self.output)?;
        let pruned = prune
            .as_ref()
            .map(|prune| format!("{prune}\n"))
            .unwrap_or_default();
        let text = text(&report, &pruned);
        match tuned {
            Some(finetune) => {
                let text = format!("{finetune}\n{text}");
                let report = FineTuned { report, finetune };
                context.print(
                    &Output {
                        dataset,
                        report,
                        prune,
                    },
                    || text,
                )
            }
            None => context.print(
                &Output {
                    dataset,
                    report,
                    prune,
                },
                || text,
            ),
        }
    }
}

/// Result of quantizing and fine-tuning.
#[derive(Debug, Serialize)]
struct FineTuned {
    #[serde(flatten)]
    report: QuantizeReport,
    finetune: Outcome,
}

/// Formats a report as a table.
///
/// The column `reach` has the range of the membranes that the proof shows. The errors are relative root mean squares: of
/// the weights, and of the sums of weights over the input spikes of calibration. Columns for biases and ceilings are there if
/// a layer has any.
pub(crate) fn layers(report: &QuantizeReport) -> String {
    let biased = report.layers.iter().any(|layer| layer.biases.is_some());
    let limited = report.layers.iter().any(|layer| layer.ceiling.is_some());
    let mut heads = vec!["layer", "bits", "guard", "membrane", "leak", "threshold"];
    heads.extend(biased.then_some("bias"));
    heads.push("floor");
    heads.extend(limited.then_some("ceiling"));
    heads.extend(["reach", "rms error", "drive error"]);
    let mut rows = table(heads);
    for layer in &report.layers {
        let shifts: Vec<String> = layer.leak_shifts.iter().map(u8::to_string).collect();
        let weighted = |text: String| if layer.op == "pool" { String::new() } else { text };
        let range = |range: Option<[i32; 2]>| match range {
            None => String::new(),
            Some([low, high]) if low == high => low.to_string(),
            Some([low, high]) => format!("{low}..{high}"),
        };
        let mut cells = vec![
            layer.layer.clone(),
            weighted(layer.weight_bits.to_string()),
            layer.guard_bits.to_string(),
            format!("{} bits", layer.membrane_bits),
            shifts.join(","),
            range(layer.thresholds),
        ];
        cells.extend(biased.then(|| range(layer.biases)));
        cells.push(layer.floor.to_string());
        cells.extend(limited.then(|| {
            layer
                .ceiling
                .map(|ceiling| ceiling.to_string())
                .unwrap_or_default()
        }));
        cells.extend([
            format!("{}..{}", layer.bounds.lowest, layer.bounds.highest),
            weighted(percent(layer.relative_rms_error)),
            layer.drive_error.map(percent).unwrap_or_default(),
        ]);
        rows.add_row(cells);
    }
    rows.to_string()
}

/// Parses LAYER=BITS.
fn layer_bits(text: &str) -> Result<(String, u8), String> {
    let (layer, bits) = text.split_once('=').ok_or("give LAYER=BITS, such as out=8")?;
    let bits = bits
        .parse()
        .map_err(|_| format!("{bits} is not a number of bits; give LAYER=BITS, such as out=8"))?;
    Ok((layer.to_owned(), bits))
}

/// Parses the shifts of a leak.
fn leak(text: &str) -> Result<Leak, String> {
    if text == "none" {
        return Ok(Leak::Shifts(Vec::new()));
    }
    let shifts: Result<Vec<u8>, _> = text.split(',').map(|shift| shift.trim().parse()).collect();
    shifts
        .map(Leak::Shifts)
        .map_err(|_| "give shifts such as 7,9, or `none`".into())
}

/// Parses the method that finds scales.
pub(crate) fn scale(text: &str) -> Result<ScaleSearch, String> {
    match text {
        "best" => Ok(ScaleSearch::Best),
        "max" => Ok(ScaleSearch::Max),
        "mse" => Ok(ScaleSearch::MeanSquare),
        _ => match text.parse() {
            Ok(number) if ScaleSearch::is_percentile(number) => Ok(ScaleSearch::Percentile(number)),
            Ok(_) => Err("a percentile is above 0 and at most 100, such as 99.5".into()),
            Err(_) => Err("give best, max, mse, or a percentile such as 99.5".into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_and_percentiles_are_told_apart() {
        assert_eq!(scale("mse"), Ok(ScaleSearch::MeanSquare));
        assert_eq!(scale("99.5"), Ok(ScaleSearch::Percentile(99.5)));
        assert_eq!(scale("100"), Ok(ScaleSearch::Percentile(100.0)));
        for number in ["100.1", "0", "-1", "1e300", "inf", "NaN"] {
            assert_eq!(
                scale(number),
                Err("a percentile is above 0 and at most 100, such as 99.5".into())
            );
        }
        assert_eq!(
            scale("most"),
            Err("give best, max, mse, or a percentile such as 99.5".into())
        );
    }
}
