//! The verb `synfire bench array`.

use super::super::context::Context;
use super::super::data::{DataArgs, Recorded};
use super::super::diagnostic::Result;
use super::super::inference::{DEFAULT_SEED, at_least_one, float, sampled, stimuli};
use super::super::paths::InputFile;
use super::super::table::{count, percent, table};
use serde::Serialize;
use std::fmt;
use synfire_golden_model::integer::QuantizedModel;
use synfire_hw::traffic::array::{Form, LayerAccesses, measure};

const EXAMPLE: &str = "Examples:
  synfire bench array lenet-4bit.safetensors --data-dir DATA
  synfire bench array lenet-4bit.safetensors --data-dir DATA --forms 4x1,4x2 --images 100 --json

A form PxK reaches P neighbouring positions of a row at once, and adds up to K spikes of one source
position before it writes the sum back. Every layer has as many lanes as channels.";

/// Arguments of `synfire bench array`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// Quantized model that `synfire quantize` wrote.
    model: InputFile,
    #[command(flatten)]
    data: DataArgs,
    /// Number of test images to measure, with every class in proportion.
    #[arg(long, default_value_t = 20, value_parser = at_least_one)]
    images: usize,
    /// Forms of the array, separated by commas.
    #[arg(long, value_name = "PxK", value_delimiter = ',', default_value = "1x1,1x2,1x4,5x1,5x2,5x4", value_parser = form)]
    forms: Vec<Form>,
}

/// Parses a form.
fn form(text: &str) -> Result<Form, String> {
    let parse = |text: &str| text.parse().ok().filter(|number| (1..=64).contains(number));
    match text
        .split_once('x')
        .map(|(left, right)| (parse(left), parse(right)))
    {
        Some((Some(positions), Some(merged))) => Ok(Form { positions, merged }),
        _ => Err("give forms such as 5x2: positions and spikes, each 1 to 64".into()),
    }
}

/// Accesses of all layers per inference.
#[derive(Debug, Serialize)]
struct Report {
    network: String,
    dataset: String,
    images: usize,
    steps: usize,
    forms: Vec<Form>,
    layers: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    layer: String,
    #[serde(flatten)]
    accesses: LayerAccesses,
}

impl Args {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let model = QuantizedModel::load(&self.model)?;
        let record = Recorded::quantized(&model, &self.model);
        let test = self.data.load_for(context, &record)?.split.test;
        let stimuli = stimuli(&model, &*sampled(&test, self.images)?, DEFAULT_SEED);
        let bar = context.bar(stimuli.len() as u64, "images");
        let rasters = stimuli.iter().map(|stimulus| {
            bar.inc(1);
            &stimulus.raster
        });
        let layers = measure(&model, rasters, &self.forms)?;
        bar.finish_and_clear();
        let report = Report {
            network: model.description.name.clone(),
            dataset: test.name().into(),
            images: stimuli.len(),
            steps: model.description.steps,
            forms: self.forms,
            layers: model
                .layers
                .iter()
                .zip(layers)
                .map(|(layer, accesses)| Row {
                    layer: layer.name.clone(),
                    accesses,
                })
                .collect(),
        };
        context.print(&report, || report.to_string())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let forms: Vec<String> = self
            .forms
            .iter()
            .map(|form| format!("{}x{}", form.positions, form.merged))
            .collect();
        let heading = ["layer", "spikes"]
            .into_iter()
            .chain(forms.iter().map(String::as_str))
            .chain(["touched", "positions"]);
        let mut rows = table(heading);
        for Row { layer, accesses } in &self.layers {
            let LayerAccesses {
                spikes,
                accesses,
                touched,
                positions,
            } = accesses;
            let cells = [layer.clone(), count(*spikes)]
                .into_iter()
                .chain(accesses.iter().map(|&accesses| count(accesses)))
                .chain([percent(touched / float(*positions as u64)), positions.to_string()]);
            rows.add_row(cells);
        }
        writeln!(
            f,
            "{}, T = {}: accesses per inference for each form, over {} test samples of data set `{}`",
            self.network, self.steps, self.images, self.dataset
        )?;
        write!(f, "{rows}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_two_numbers() {
        let parsed = form("5x2").expect("a form");
        assert_eq!((parsed.positions, parsed.merged), (5, 2));
        for text in ["", "5", "x", "5x", "0x2", "5x0", "65x1", "5x2x1", "-1x1"] {
            assert!(form(text).is_err(), "{text}");
        }
    }
}
