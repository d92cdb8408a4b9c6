//! Accuracy as a function of the number of steps after which the output is read, and below it the error, which shows the
//! end of the curve better.

use super::super::diagnostic::Result;
use super::super::paths::write_text;
use super::{BLUE, GREY, failed};
use plotters::coord::Shift;
use plotters::prelude::*;
use std::path::Path;

const SIZE: (u32, u32) = (760, 640);
const TITLE_HEIGHT: u32 = 34;
const ACCURACY_HEIGHT: u32 = 290;
/// Width of the left labels; equal in both panels, so that their steps are aligned.
const LEFT_LABELS: i32 = 56;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = std::result::Result<(), Box<dyn std::error::Error>>;

/// Draws the accuracies, in 0..=1, after 1, 2, 3, … steps into an SVG file.
pub(crate) fn draw(path: &Path, title: &str, accuracies: &[f64]) -> Result<()> {
    let svg = draw_text(title, accuracies).map_err(|error| failed(path)(error.as_ref()))?;
    write_text(path, &svg)
}

fn draw_text(title: &str, accuracies: &[f64]) -> std::result::Result<String, Box<dyn std::error::Error>> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let (heading, panels) = root.split_vertically(TITLE_HEIGHT);
        heading.titled(title, ("sans-serif", 18))?;
        let (upper, lower) = panels.split_vertically(ACCURACY_HEIGHT);
        let percents = |number: fn(f64) -> f64| -> Vec<(f64, f64)> {
            let points = (1_u32..).zip(accuracies);
            points
                .map(|(step, &accuracy)| (f64::from(step), 100.0 * number(accuracy)))
                .collect()
        };
        draw_accuracy(&upper, &percents(|accuracy| accuracy))?;
        draw_error(&lower, percents(|accuracy| 1.0 - accuracy))?;
        root.present()?;
    }
    Ok(svg)
}

/// Draws the accuracy on a linear axis, with a line at the accuracy of the last step.
fn draw_accuracy(area: &Area<'_>, points: &[(f64, f64)]) -> Drawn {
    let (end, last) = points.last().copied().unwrap_or((1.0, 0.0));
    let lowest = points.iter().map(|point| point.1).fold(95.0, f64::min);
    let floor = (lowest / 5.0).floor() * 5.0;
    let steps = steps(end);
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .margin_right(24)
        .x_label_area_size(24)
        .y_label_area_size(LEFT_LABELS)
        .build_cartesian_2d(
            (1.0..end.max(2.0)).log_scale().with_key_points(steps),
            floor..100.0,
        )?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .y_desc("accuracy, %")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .draw()?;
    let level = [(1.0, last), (end, last)];
    chart.draw_series(DashedLineSeries::new(level, 4, 4, GREY.stroke_width(1)))?;
    let style = ("sans-serif", 12).into_font().color(&GREY);
    let text = format!("{last:.2} % after {end:.0} steps");
    // Below the line, or above it if there is no space.
    let offset = if last > floor + 0.1 * (100.0 - floor) {
        6
    } else {
        -16
    };
    chart.draw_series([EmptyElement::at((1.0, last)) + Text::new(text, (6, offset), style)])?;
    chart.draw_series(LineSeries::new(points.iter().copied(), BLUE.stroke_width(2)))?;
    chart.draw_series(points.iter().map(|&point| Circle::new(point, 2, BLUE.filled())))?;
    Ok(())
}

/// Draws the error on a logarithmic axis. An error of 0 is drawn at the bottom of the axis.
fn draw_error(area: &Area<'_>, mut points: Vec<(f64, f64)>) -> Drawn {
    let end = points.last().map_or(1.0, |point| point.0);
    let positive = points.iter().map(|point| point.1).filter(|&error| error > 1e-6);
    let foot = 10_f64.powf(positive.fold(1.0, f64::min).log10().floor());
    for point in &mut points {
        point.1 = point.1.max(foot);
    }
    let marks = [1.0, 2.0, 5.0].map(|factor| {
        std::iter::successors(Some(factor * foot), |mark| Some(10.0 * mark)).take_while(|&mark| mark <= 101.0)
    });
    let marks = marks.into_iter().flatten().collect();
    let steps = steps(end);
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .margin_right(24)
        .x_label_area_size(40)
        .y_label_area_size(LEFT_LABELS)
        .build_cartesian_2d(
            (1.0..end.max(2.0)).log_scale().with_key_points(steps),
            (foot..100.0).log_scale().with_key_points(marks),
        )?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("steps after which the output is read")
        .y_desc("error, %")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| {
            format!("{y:.3}")
                .trim_end_matches('0')
                .trim_end_matches('.')
                .to_owned()
        })
        .draw()?;
    chart.draw_series(LineSeries::new(points.iter().copied(), BLUE.stroke_width(2)))?;
    chart.draw_series(points.iter().map(|&point| Circle::new(point, 2, BLUE.filled())))?;
    Ok(())
}

/// Returns the marks of the axis of steps.
fn steps(end: f64) -> Vec<f64> {
    let decades =
        std::iter::successors(Some(1.0), |decade| Some(10.0 * decade)).take_while(|&mark| mark <= end);
    decades
        .flat_map(|decade| [1.0, 2.0, 5.0].map(|factor| factor * decade))
        .filter(|&mark| mark <= end)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_steps_makes_a_picture() {
        for accuracies in [&[0.5][..], &[0.1, 0.4, 0.985], &[1.0; 40], &[0.0; 3]] {
            let svg = draw_text("net on digits", accuracies).unwrap();
            // A point per step, in both panels.
            assert_eq!(svg.matches("<circle").count(), 2 * accuracies.len());
            assert!(svg.contains("net on digits"));
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }

    #[test]
    fn steps_are_marked_by_ones_twos_and_fives() {
        assert_eq!(steps(1.0), [1.0]);
        assert_eq!(steps(100.0), [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]);
    }
}
