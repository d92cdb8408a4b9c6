//! Accuracy against the number of steps after which the output is read.

use super::super::diagnostic::Result;
use super::{BLUE, GREY, failed};
use plotters::prelude::*;
use std::path::Path;

/// Draws the accuracies, in 0..=1, of reading the output after 1, 2, 3, … steps into an SVG file.
pub(crate) fn draw(path: &Path, title: &str, accuracies: &[f64]) -> Result<()> {
    let svg = draw_text(title, accuracies).map_err(|error| failed(path)(error.as_ref()))?;
    synfire_hw::build::write_atomically(path, &svg)?;
    Ok(())
}

fn draw_text(title: &str, accuracies: &[f64]) -> std::result::Result<String, Box<dyn std::error::Error>> {
    let points: Vec<(f64, f64)> = (1_u32..)
        .zip(accuracies)
        .map(|(step, accuracy)| (f64::from(step), 100.0 * accuracy))
        .collect();
    let (steps, last) = points.last().copied().unwrap_or((1.0, 0.0));
    let lowest = points.iter().map(|point| point.1).fold(95.0, f64::min);
    let floor = (lowest / 5.0).floor() * 5.0;
    let end = steps.max(2.0);

    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (760, 420)).into_drawing_area();
        root.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&root)
            .caption(title, ("sans-serif", 18))
            .margin(12)
            .margin_right(28)
            .x_label_area_size(40)
            .y_label_area_size(52)
            .build_cartesian_2d((1.0..end).log_scale(), floor..100.0)?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .x_desc("steps after which the output is read")
            .y_desc("accuracy, %")
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&|y| format!("{y:.0}"))
            .draw()?;
        chart.draw_series(DashedLineSeries::new(
            [(1.0, last), (end, last)],
            4,
            4,
            GREY.stroke_width(1),
        ))?;
        let style = ("sans-serif", 12).into_font().color(&GREY);
        let label = format!("{last:.2} % after {steps:.0}");
        let above = if last > floor + 0.9 * (100.0 - floor) {
            6
        } else {
            -16
        };
        chart.draw_series([EmptyElement::at((1.0, last)) + Text::new(label, (6, above), style)])?;
        chart.draw_series(LineSeries::new(points.iter().copied(), BLUE.stroke_width(2)))?;
        chart.draw_series(points.iter().map(|&point| Circle::new(point, 2, BLUE.filled())))?;
        root.present()?;
    }
    Ok(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_steps_makes_a_picture() {
        for accuracies in [&[0.5][..], &[0.1, 0.4, 0.985], &[1.0; 40], &[0.0; 3]] {
            let svg = draw_text("net on digits", accuracies).unwrap();
            let circles = svg.matches("<circle").count();
            assert_eq!(circles, accuracies.len());
            assert!(svg.contains("net on digits"));
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
