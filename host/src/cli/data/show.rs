//! The verb `synfire data show`.

mod images;
mod recordings;

use super::args::warn_of;
use crate::cli::context::Context;
use crate::cli::diagnostic::Result;
use crate::cli::paths::{DataFolder, Name};
use crate::cli::table::{count, table};
use images::ImageStatistics;
use recordings::RecordingStatistics;
use serde::Serialize;
use synfire_golden_model::dataset::{self, Dataset, KNOWN, Samples};

const EXAMPLE: &str = "Examples:
  synfire data show digits
  synfire data show cifar10 --data-dir data --rate 1
  synfire data show n-mnist --data-dir data --steps 30";

/// Arguments of `synfire data show`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// Data set: a name that `synfire data list` prints, or a file NAME.npz.
    name: Name,
    /// Folder that holds the data set's files, or folders named after the data sets.
    #[arg(long, env = "SYNFIRE_DATA")]
    data_dir: Option<DataFolder>,
    /// Spikes per step of a full-scale pixel, which is the `rate` of a network.
    #[arg(long, default_value_t = 0.5, value_parser = rate)]
    rate: f32,
    /// Number of time steps into which a recording is divided.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    steps: u32,
}

/// Parses the rate of a network.
fn rate(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(rate) if rate > 0.0 && rate <= 100.0 => Ok(rate),
        _ => Err("give a number above 0 and up to 100".into()),
    }
}

/// Result of `synfire data show`.
#[derive(Debug, Serialize)]
struct Summary {
    name: String,
    kind: &'static str,
    shape: [usize; 3],
    classes: Vec<String>,
    train: Part,
    test: Part,
}

/// Counts and statistics of the training set or the test set.
#[derive(Debug, Serialize)]
struct Part {
    samples: usize,
    per_class: Vec<usize>,
    #[serde(flatten)]
    statistics: Statistics,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Statistics {
    Images(ImageStatistics),
    Recordings(RecordingStatistics),
}

impl Args {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let data = dataset::load(&self.name, self.data_dir.as_deref())?;
        warn_of(&data, context);
        let part = |dataset: &Dataset| Part {
            samples: dataset.len(),
            per_class: dataset.class_counts(),
            statistics: match dataset.samples() {
                Samples::Images(images) => {
                    Statistics::Images(ImageStatistics::of(images, dataset.shape(), self.rate))
                }
                Samples::Recordings(recordings) => {
                    Statistics::Recordings(RecordingStatistics::of(recordings, self.steps as usize))
                }
            },
        };
        let summary = Summary {
            name: data.train.name().to_owned(),
            kind: data.train.samples().kind(),
            shape: data.train.shape().into(),
            classes: class_names(&data.train),
            train: part(&data.train),
            test: part(&data.test),
        };
        context.print(&summary, || self.describe(&summary))
    }

    fn describe(&self, summary: &Summary) -> String {
        let Summary { train, test, .. } = summary;
        let mut rows = table(["class", "training", "test"]);
        for (class, name) in summary.classes.iter().enumerate() {
            let of = |part: &Part| count_of(part.per_class[class]);
            rows.add_row([name.clone(), of(train), of(test)]);
        }
        rows.add_row(["total".into(), count_of(train.samples), count_of(test.samples)]);
        let mut text = format!(
            "{}: {} of {:?}, {} classes\n{rows}\n",
            summary.name,
            summary.kind,
            summary.shape,
            summary.classes.len()
        );
        for (name, part) in [("training set", train), ("test set", test)] {
            text += &match &part.statistics {
                Statistics::Images(statistics) => statistics.describe(name, self.rate),
                Statistics::Recordings(statistics) => statistics.describe(name, self.steps),
            };
        }
        text
    }
}

/// Returns the names of a data set's classes, or their numbers if the data set is not known by name, or is another one
/// under such a name.
pub(super) fn class_names(dataset: &Dataset) -> Vec<String> {
    let names = KNOWN.iter().find(|known| known.name == dataset.name());
    match names.filter(|known| known.classes.len() == dataset.classes()) {
        Some(known) => known.classes.iter().map(|&class| class.to_owned()).collect(),
        None => (0..dataset.classes()).map(|class| class.to_string()).collect(),
    }
}

fn count_of(number: usize) -> String {
    count(crate::cli::inference::float(number as u64))
}
