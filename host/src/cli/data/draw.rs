//! The verb `synfire data draw`.

use super::args::warn_of;
use super::show::class_names;
use crate::cli::context::Context;
use crate::cli::diagnostic::Result;
use crate::cli::figures::contact_sheet::{self, Row};
use crate::cli::paths::{DataFolder, Name, OutputText};
use serde::Serialize;
use synfire_golden_model::dataset::{self, Dataset};

const EXAMPLE: &str = "Examples:
  synfire data draw digits -o digits.svg
  synfire data draw n-mnist --data-dir data --images 4 --test -o n-mnist.svg";

/// Arguments of `synfire data draw`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// Data set: a name that `synfire data list` prints, or a file NAME.npz.
    name: Name,
    /// Folder that holds the data set's files, or folders named after the data sets.
    #[arg(long, env = "SYNFIRE_DATA")]
    data_dir: Option<DataFolder>,
    /// SVG file to write.
    #[arg(short, long)]
    output: OutputText,
    /// Number of samples per class.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
    images: u32,
    /// Draw the test set instead of the training set.
    #[arg(long)]
    test: bool,
}

/// Result of `synfire data draw`.
#[derive(Debug, Serialize)]
struct Drawn {
    picture: OutputText,
    samples: usize,
}

impl Args {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let data = dataset::load(&self.name, self.data_dir.as_deref())?;
        warn_of(&data, context);
        let (dataset, part) = if self.test {
            (&data.test, "test")
        } else {
            (&data.train, "training")
        };
        let rows = rows(dataset, self.images as usize);
        let title = format!("{}: {part} set, first samples of each class", dataset.name());
        contact_sheet::draw(&self.output, &title, dataset, &rows)?;
        let drawn = Drawn {
            picture: self.output,
            samples: rows.iter().map(|row| row.samples.len()).sum(),
        };
        context.print(&drawn, || {
            format!("{} samples in {}", drawn.samples, drawn.picture.display())
        })
    }
}

/// Returns the first `limit` samples of each class.
fn rows(dataset: &Dataset, limit: usize) -> Vec<Row> {
    let row = |(class, name): (usize, String)| Row {
        name,
        samples: (0..dataset.len())
            .filter(|&index| dataset.label(index) == class)
            .take(limit)
            .collect(),
    };
    class_names(dataset).into_iter().enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_samples_of_every_class_are_taken() {
        let data = dataset::load("digits", None).unwrap().test;
        let rows = rows(&data, 3);
        assert_eq!(rows.len(), 10);
        for (class, row) in rows.iter().enumerate() {
            assert_eq!((row.name.as_str(), row.samples.len()), (&*class.to_string(), 3));
            assert!(row.samples.is_sorted());
            assert!(row.samples.iter().all(|&index| data.label(index) == class));
            let earlier = (0..row.samples[2]).filter(|&index| data.label(index) == class);
            assert_eq!(earlier.count(), 2);
        }
    }
}
