//! Training curve: accuracy and loss over the epochs.

use super::super::diagnostic::Result;
use super::{BLUE, GREY, ORANGE, failed};
use plotters::prelude::*;
use std::path::Path;
use synfire_golden_model::train::EpochReport;

/// Draws accuracy (left axis, training and test) and loss (right axis) into an SVG file.
pub(crate) fn draw(path: &Path, network: &str, epochs: &[EpochReport]) -> Result<()> {
    let mut svg = String::new();
    draw_into(&mut svg, network, epochs).map_err(|error| failed(path)(error.as_ref()))?;
    synfire_hw::build::write_atomically(path, &svg)?;
    Ok(())
}

fn draw_into(
    svg: &mut String,
    network: &str,
    epochs: &[EpochReport],
) -> Result<(), Box<dyn std::error::Error>> {
    let epoch = |index: usize| u32::try_from(index + 1).map(f64::from).unwrap_or(f64::MAX);
    let last = epoch(epochs.len().saturating_sub(1)).max(2.0);
    let train: Vec<(f64, f64)> = epochs
        .iter()
        .enumerate()
        .map(|(i, report)| (epoch(i), 100.0 * report.train_accuracy))
        .collect();
    let test: Vec<(f64, f64)> = epochs
        .iter()
        .enumerate()
        .filter_map(|(i, report)| report.test_accuracy.map(|accuracy| (epoch(i), 100.0 * accuracy)))
        .collect();
    let loss: Vec<(f64, f64)> = epochs
        .iter()
        .enumerate()
        .map(|(i, report)| (epoch(i), report.loss))
        .collect();
    let lowest = train
        .iter()
        .chain(&test)
        .map(|point| point.1)
        .fold(100.0, f64::min);
    let floor = (lowest / 5.0).floor() * 5.0;
    let highest_loss = loss.iter().map(|point| point.1).fold(0.0, f64::max).max(1e-3);

    let root = SVGBackend::with_string(svg, (760, 420)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(format!("Training of {network}"), ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(52)
        .right_y_label_area_size(56)
        .build_cartesian_2d(1.0..last, floor..100.0)?
        .set_secondary_coord(1.0..last, 0.0..highest_loss * 1.05);
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("epoch")
        .y_desc("accuracy, %")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .draw()?;
    chart
        .configure_secondary_axes()
        .y_desc("loss per image")
        .y_label_formatter(&|y| format!("{y:.2}"))
        .draw()?;
    chart
        .draw_secondary_series(LineSeries::new(loss, GREY.stroke_width(1)))?
        .label("loss")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], GREY.stroke_width(1)));
    chart
        .draw_series(LineSeries::new(train, ORANGE.stroke_width(2)))?
        .label("training accuracy")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], ORANGE.stroke_width(2)));
    chart
        .draw_series(LineSeries::new(test, BLUE.stroke_width(2)))?
        .label("test accuracy")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], BLUE.stroke_width(2)));
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::MiddleRight)
        .background_style(WHITE.mix(0.85))
        .border_style(GREY)
        .draw()?;
    root.present()?;
    Ok(())
}
