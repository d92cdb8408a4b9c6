//! Training curve: accuracy and loss over the epochs, and below them the spike rate of every layer.

use super::super::diagnostic::Result;
use super::super::paths::write_text;
use super::accuracy_axis::AccuracyAxis;
use super::{BLUE, GREY, ORANGE, failed};
use plotters::coord::Shift;
use plotters::coord::ranged1d::Ranged as _;
use plotters::prelude::*;
use std::ops::Range;
use std::path::Path;
use synfire_golden_model::train::{EpochReport, Schedule, TrainConfig};

const WIDTH: u32 = 860;
const TITLE_HEIGHT: u32 = 34;
const ACCURACY_HEIGHT: u32 = 360;
const RATES_HEIGHT: u32 = 250;
const LEGEND_WIDTH: i32 = 150;

/// Width of the left labels; equal in both panels, so that their epochs are aligned.
const LEFT_LABELS: i32 = 58;
/// Width of the right labels; equal in both panels.
const RIGHT_LABELS: i32 = 52;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = std::result::Result<(), Box<dyn std::error::Error>>;

/// A line of a panel, with at most one point per epoch.
struct Line {
    name: String,
    colour: RGBColor,
    width: u32,
    points: Vec<(f64, f64)>,
}

impl Line {
    fn new(
        name: impl Into<String>,
        colour: RGBColor,
        width: u32,
        epochs: &[EpochReport],
        number: impl Fn(&EpochReport) -> Option<f64>,
    ) -> Self {
        let points = epochs
            .iter()
            .filter_map(|report| number(report).map(|number| (coordinate(report.epoch), number)));
        Self {
            name: name.into(),
            colour,
            width,
            points: points.collect(),
        }
    }

    fn style(&self) -> ShapeStyle {
        self.colour.stroke_width(self.width)
    }

    fn highest(&self) -> f64 {
        self.points.iter().map(|point| point.1).fold(0.0, f64::max)
    }
}

/// Draws the epochs of a run into an SVG file. `evaluation` names the images that were evaluated after each epoch.
pub(crate) fn draw(
    path: &Path,
    network: &str,
    config: &TrainConfig,
    evaluation: &str,
    epochs: &[EpochReport],
) -> Result<()> {
    let svg = draw_text(network, config, evaluation, epochs).map_err(|error| failed(path)(error.as_ref()))?;
    write_text(path, &svg)
}

fn draw_text(
    network: &str,
    config: &TrainConfig,
    evaluation: &str,
    epochs: &[EpochReport],
) -> std::result::Result<String, Box<dyn std::error::Error>> {
    let mut svg = String::new();
    {
        let size = (WIDTH, TITLE_HEIGHT + ACCURACY_HEIGHT + RATES_HEIGHT);
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        root.fill(&WHITE)?;
        let (title, panels) = root.split_vertically(TITLE_HEIGHT);
        let text = format!(
            "Training of {network}: {}, learning rate {}, {} schedule",
            config.optimizer.name(),
            config.learning_rate,
            config.schedule.name()
        );
        title.titled(&text, ("sans-serif", 18))?;
        let (accuracy, rates) = panels.split_vertically(ACCURACY_HEIGHT);
        let last = epochs.last().map_or(0, |report| report.epoch).max(2);
        draw_accuracy(&accuracy, config, evaluation, epochs, coordinate(last))?;
        draw_rates(&rates, epochs, coordinate(last))?;
        root.present()?;
    }
    Ok(svg)
}

/// Draws accuracy on the left axis, loss on the right axis, and a mark wherever the learning rate dropped.
fn draw_accuracy(
    area: &Area<'_>,
    config: &TrainConfig,
    evaluation: &str,
    epochs: &[EpochReport],
    last: f64,
) -> Drawn {
    let name = format!("{evaluation} accuracy");
    let accuracies = [
        Line::new(name, BLUE, 2, epochs, |report| report.test_accuracy),
        Line::new("training accuracy", ORANGE, 2, epochs, |report| {
            Some(report.train_accuracy)
        }),
    ];
    let loss = Line::new("loss per image", GREY, 1, epochs, |report| Some(report.loss));
    let highest_loss = loss.highest().max(1e-3) * 1.05;
    let points = accuracies.iter().flat_map(|line| &line.points);
    let axis = AccuracyAxis::around(points.map(|point| point.1));
    let Range {
        start: foot,
        end: head,
    } = axis.range();

    let (plot, legend) = split_legend(area);
    let mut chart = ChartBuilder::on(&plot)
        .margin(8)
        .margin_top(16)
        .x_label_area_size(24)
        .y_label_area_size(LEFT_LABELS)
        .right_y_label_area_size(RIGHT_LABELS)
        .build_cartesian_2d(1.0..last, axis)?
        .set_secondary_coord(1.0..last, 0.0..highest_loss);
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .disable_x_mesh()
        .y_desc("accuracy, %")
        .x_label_formatter(&whole)
        .draw()?;
    chart
        .configure_secondary_axes()
        .y_desc("loss per image")
        .y_label_formatter(&|y| format!("{y:.2}"))
        .draw()?;
    for (at, learning_rate) in drops(config, epochs) {
        let ends = [(at, foot), (at, head)];
        chart.draw_series(DashedLineSeries::new(ends, 4, 4, GREY.stroke_width(1)))?;
        // Above the frame, where there are no curves.
        let (x, y) = chart.backend_coord(&(at, head));
        let (left, top) = plot.get_base_pixel();
        let text = short(learning_rate.into());
        plot.draw(&Text::new(text, (x - left + 2, y - top - 13), ("sans-serif", 11)))?;
    }
    chart.draw_secondary_series(LineSeries::new(loss.points.clone(), loss.style()))?;
    for line in &accuracies {
        chart.draw_series(LineSeries::new(line.points.clone(), line.style()))?;
    }
    let [test, train] = accuracies;
    draw_legend(&legend, &[test, train, loss])
}

/// Draws the spikes per neuron and step of the input and of every layer on a logarithmic axis. A silent layer is drawn at
/// the bottom of the axis.
fn draw_rates(area: &Area<'_>, epochs: &[EpochReport], last: f64) -> Drawn {
    let layers = epochs.first().map_or(&[][..], |report| &report.activity);
    let mut lines: Vec<Line> = layers
        .iter()
        .enumerate()
        .map(|(index, layer)| {
            let rate = |report: &EpochReport| report.activity.get(index).map(|layer| layer.rate);
            Line::new(layer.layer.clone(), colour(index, layers.len()), 2, epochs, rate)
        })
        .collect();
    let lowest = lines
        .iter()
        .flat_map(|line| &line.points)
        .map(|point| point.1)
        .filter(|&rate| rate > 0.0)
        .fold(0.1, f64::min);
    let highest = lines.iter().map(Line::highest).fold(lowest, f64::max);
    let foot = 10f64.powf(lowest.max(1e-6).log10().floor());
    let head = 10f64.powf(highest.log10().ceil()).max(10.0 * foot);
    for point in lines.iter_mut().flat_map(|line| &mut line.points) {
        point.1 = point.1.max(foot);
    }

    let (plot, legend) = split_legend(area);
    let mut chart = ChartBuilder::on(&plot)
        .margin(8)
        .margin_right(8 + RIGHT_LABELS)
        .x_label_area_size(38)
        .y_label_area_size(LEFT_LABELS)
        .build_cartesian_2d(1.0..last, (foot..head).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .disable_x_mesh()
        .x_desc("epoch")
        .y_desc("spikes per neuron and step")
        .x_label_formatter(&whole)
        .y_label_formatter(&|y| format!("{y}"))
        .draw()?;
    for line in &lines {
        chart.draw_series(LineSeries::new(line.points.clone(), line.style()))?;
    }
    draw_legend(&legend, &lines)
}

fn split_legend<'a>(area: &Area<'a>) -> (Area<'a>, Area<'a>) {
    let (width, _) = area.dim_in_pixel();
    area.split_horizontally(width.saturating_sub(LEGEND_WIDTH.unsigned_abs()))
}

/// Draws the names of lines beside the plot, one below the other.
fn draw_legend(area: &Area<'_>, lines: &[Line]) -> Drawn {
    for (line, y) in lines.iter().zip((18..).step_by(17)) {
        area.draw(&PathElement::new([(0, y), (20, y)], line.style()))?;
        area.draw(&Text::new(line.name.clone(), (26, y - 6), ("sans-serif", 12)))?;
    }
    Ok(())
}

/// Returns the places between two epochs where a step schedule lowered the learning rate, and the new rate.
fn drops(config: &TrainConfig, epochs: &[EpochReport]) -> Vec<(f64, f32)> {
    if config.schedule != Schedule::Step {
        return Vec::new();
    }
    let mut milestones = config.milestones.clone();
    milestones.sort_unstable();
    milestones.dedup();
    milestones
        .into_iter()
        .filter(|&milestone| milestone > 0 && milestone < epochs.len())
        .map(|milestone| {
            let rate = epochs[milestone].learning_rate;
            (coordinate(milestone) + 0.5, rate)
        })
        .collect()
}

/// Returns the colour of a layer: grey for the input, from blue to red with increasing depth for the others.
fn colour(index: usize, count: usize) -> RGBColor {
    if index == 0 {
        return GREY;
    }
    let share = coordinate(index - 1) / coordinate(count.saturating_sub(2).max(1));
    let (red, green, blue) = HSLColor(0.6 * (1.0 - share), 0.75, 0.42).to_backend_color().rgb;
    RGBColor(red, green, blue)
}

/// Formats a number with four significant digits.
fn short(number: f64) -> String {
    let rounded: f64 = format!("{number:.3e}").parse().unwrap_or(number);
    rounded.to_string()
}

/// Formats whole numbers, and returns nothing for others.
fn whole(x: &f64) -> String {
    if (x - x.round()).abs() < 1e-6 {
        format!("{x:.0}")
    } else {
        String::new()
    }
}

fn coordinate(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests;
