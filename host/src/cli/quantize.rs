//! `synfire quantize`.

use super::context::Context;
use super::data::DataArgs;
use super::diagnostic::Result;
use super::inference::calibration;
use super::models::load_float;
use super::table::table;
use std::collections::BTreeMap;
use std::path::PathBuf;
use synfire_golden_model::quantize::{self, GuardBits, Leak, QuantizeConfig, QuantizeReport, ScaleSearch};

const EXAMPLE: &str = "Examples:
  synfire quantize digits.safetensors -o digits-4bit.safetensors --bits 4
  synfire quantize digits.safetensors -o mixed.safetensors --bits 3 --layer-bits out=8 --scale max";

/// Arguments of `synfire quantize`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Float model, from `synfire train`.
    model: PathBuf,
    /// Where the quantized model goes.
    #[arg(short, long)]
    output: PathBuf,
    /// Bits of a weight, 2 to 8.
    #[arg(long, default_value_t = 4)]
    bits: u8,
    /// Other bits for one layer; may be given several times.
    #[arg(long, value_name = "LAYER=BITS", value_parser = layer_bits)]
    layer_bits: Vec<(String, u8)>,
    /// Fraction bits of the membranes, 0 to 12; by default as many as the leak needs.
    #[arg(long)]
    guard_bits: Option<u8>,
    /// Shifts of the leak, at most three, separated by commas; `none` for no leak; by default fitted.
    #[arg(long, value_parser = leak)]
    leak: Option<Leak>,
    /// How scales are found: max, mse, or a percentile such as 99.5.
    #[arg(long, default_value = "mse", value_parser = scale)]
    scale: ScaleSearch,
    /// Training images by whose spikes weights are rounded; 0 rounds each weight by itself and wants no data.
    #[arg(long, default_value_t = CALIBRATION_IMAGES)]
    calibrate: usize,
    #[command(flatten)]
    data: DataArgs,
}

/// Training images by which weights are rounded, unless the user gives another number.
pub(crate) const CALIBRATION_IMAGES: usize = 256;

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let model = load_float(&self.model)?;
        let config = QuantizeConfig {
            weight_bits: self.bits,
            layer_weight_bits: self.layer_bits.into_iter().collect::<BTreeMap<_, _>>(),
            guard_bits: self.guard_bits.map_or(GuardBits::Auto, GuardBits::Fixed),
            leak: self.leak.unwrap_or(Leak::Auto),
            scale: self.scale,
            ..QuantizeConfig::default()
        };
        let rasters = if self.calibrate == 0 {
            Vec::new()
        } else {
            let data = self.data.load(&model.description)?;
            calibration(&model.description, &data.train, self.calibrate)
        };
        let (quantized, report) = quantize::quantize_calibrated(&model, &config, &rasters)?;
        quantized.save(&self.output)?;
        for warning in &report.warnings {
            context.warn(&warning.to_string());
        }
        context.print(&report, || {
            format!("{}\nmodel: {}", layers(&report), self.output.display())
        })
    }
}

/// The report as a table.
pub(crate) fn layers(report: &QuantizeReport) -> String {
    let mut rows = table([
        "layer",
        "bits",
        "guard",
        "membrane",
        "leak",
        "threshold",
        "floor",
        "reach",
        "rms error",
    ]);
    for layer in &report.layers {
        let shifts: Vec<String> = layer.leak_shifts.iter().map(u8::to_string).collect();
        rows.add_row([
            layer.layer.clone(),
            layer.weight_bits.to_string(),
            layer.guard_bits.to_string(),
            format!("{} bits", layer.membrane_bits),
            shifts.join(","),
            layer
                .thresholds
                .map_or_else(String::new, |[low, high]| format!("{low}..{high}")),
            layer.floor.to_string(),
            format!("{}..{}", layer.bounds.lowest, layer.bounds.highest),
            format!("{:.1} %", 100.0 * layer.relative_rms_error),
        ]);
    }
    rows.to_string()
}

fn layer_bits(text: &str) -> Result<(String, u8), String> {
    let (layer, bits) = text.split_once('=').ok_or("write LAYER=BITS, such as out=8")?;
    let bits = bits
        .parse()
        .map_err(|_| format!("{bits} is not a number of bits"))?;
    Ok((layer.to_owned(), bits))
}

fn leak(text: &str) -> Result<Leak, String> {
    if text == "none" {
        return Ok(Leak::Shifts(Vec::new()));
    }
    let shifts: Result<Vec<u8>, _> = text.split(',').map(|shift| shift.trim().parse()).collect();
    shifts
        .map(Leak::Shifts)
        .map_err(|_| "write shifts such as 7,9, or none".into())
}

/// A search for scales as it is written on the command line.
pub(crate) fn scale(text: &str) -> Result<ScaleSearch, String> {
    match text {
        "max" => Ok(ScaleSearch::Max),
        "mse" => Ok(ScaleSearch::MeanSquare),
        _ => text
            .parse()
            .map(ScaleSearch::Percentile)
            .map_err(|_| "write max, mse, or a percentile".into()),
    }
}
