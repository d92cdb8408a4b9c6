//! The confusion matrix: how often images of one class are classified as another.

use super::super::inference::float;
use super::super::table::percent;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;

/// Number of images for each true class (row) and predicted class (column).
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Confusion(pub(super) Vec<Vec<usize>>);

impl std::fmt::Display for Confusion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut table = Table::new();
        let found = (0..self.0.len()).map(|class| class.to_string());
        let heading = std::iter::once("class, predicted:".to_owned())
            .chain(found)
            .chain(["correct".to_owned()]);
        table.load_style(UTF8_FULL_CONDENSED).set_header(heading);
        for (class, row) in self.0.iter().enumerate() {
            let images: usize = row.iter().sum();
            let right = row.get(class).copied().unwrap_or(0);
            let share = match images {
                0 => String::new(),
                _ => percent(float(right as u64) / float(images as u64)),
            };
            let cell = |&images: &usize| match images {
                0 => String::new(),
                _ => images.to_string(),
            };
            let cells = std::iter::once(class.to_string())
                .chain(row.iter().map(cell))
                .chain([share]);
            table.add_row(cells);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        write!(f, "{table}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_true_classes_and_columns_predicted_ones() {
        let text = Confusion(vec![vec![3, 1, 0], vec![0, 5, 0], vec![0, 0, 0]]).to_string();
        let rows: Vec<Vec<&str>> = text
            .lines()
            .filter(|line| line.starts_with('│'))
            .map(|line| line.split(['│', '┆']).map(str::trim).collect())
            .collect();
        assert_eq!(
            rows,
            [
                ["", "class, predicted:", "0", "1", "2", "correct", ""],
                ["", "0", "3", "1", "", "75.00 %", ""],
                ["", "1", "", "5", "", "100.00 %", ""],
                ["", "2", "", "", "", "", ""],
            ]
        );
    }
}
