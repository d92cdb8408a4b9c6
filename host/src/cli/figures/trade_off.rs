//! Accuracy against cost: one panel for each kind of cost. Each panel marks the points of the Pareto front.

use super::super::diagnostic::Result;
use super::super::paths::write_text;
use super::accuracy_axis::AccuracyAxis;
use super::{GREY, failed};
use plotters::coord::Shift;
use plotters::prelude::*;
use std::path::Path;

const WIDTH: u32 = 860;
const TITLE_HEIGHT: u32 = 34;
const PANEL_HEIGHT: u32 = 380;
const LEGEND_WIDTH: u32 = 110;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = std::result::Result<(), Box<dyn std::error::Error>>;

/// Contents of a picture.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) title: String,
    /// Names of the groups of points; each group has its own colour.
    pub(crate) groups: Vec<String>,
    /// Name and value of an accuracy to compare with.
    pub(crate) reference: Option<(String, f64)>,
    pub(crate) panels: [Panel; 2],
}

/// Accuracy against one cost.
#[derive(Debug)]
pub(crate) struct Panel {
    /// Name of the cost, with its unit.
    pub(crate) name: &'static str,
    pub(crate) marks: Vec<Mark>,
}

/// One point of a panel.
#[derive(Debug)]
pub(crate) struct Mark {
    /// Cost, which must be above 0.
    pub(crate) cost: f64,
    /// Accuracy, in 0..=1.
    pub(crate) accuracy: f64,
    /// Index of the point's group in [`Picture::groups`].
    pub(crate) group: usize,
    /// Name of a point on the Pareto front; `None` for other points.
    pub(crate) label: Option<String>,
}

/// Draws a picture into an SVG file.
pub(crate) fn draw(path: &Path, picture: &Picture) -> Result<()> {
    let svg = draw_text(picture).map_err(|error| failed(path)(error.as_ref()))?;
    write_text(path, &svg)
}

fn draw_text(picture: &Picture) -> std::result::Result<String, Box<dyn std::error::Error>> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, TITLE_HEIGHT + 2 * PANEL_HEIGHT));
        let root = root.into_drawing_area();
        root.fill(&WHITE)?;
        let (title, rest) = root.split_vertically(TITLE_HEIGHT);
        title.titled(&picture.title, ("sans-serif", 18))?;
        let (plots, legend) = rest.split_horizontally(WIDTH - LEGEND_WIDTH);
        draw_legend(&legend, &picture.groups)?;
        let (upper, lower) = plots.split_vertically(PANEL_HEIGHT);
        for (area, panel) in [upper, lower].iter().zip(&picture.panels) {
            draw_panel(area, picture, panel)?;
        }
        root.present()?;
    }
    Ok(svg)
}

fn draw_panel(area: &Area<'_>, picture: &Picture, panel: &Panel) -> Drawn {
    let accuracies = panel.marks.iter().map(|mark| mark.accuracy);
    let reference = picture.reference.iter().map(|(_, accuracy)| *accuracy);
    let axis = AccuracyAxis::around(accuracies.chain(reference));
    // The axis is wider than the points, so that names beside the last point have space.
    let costs = panel.marks.iter().map(|mark| mark.cost);
    let low = costs.clone().fold(f64::INFINITY, f64::min).clamp(1.0, 1e15) / 1.15;
    let high = costs.fold(2.0 * low, f64::max) * 1.6;
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .x_label_area_size(40)
        .y_label_area_size(58)
        .build_cartesian_2d((low..high).log_scale().with_key_points(marks(low, high)), axis)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc(panel.name)
        .y_desc("accuracy, %")
        .x_label_formatter(&|cost| short(*cost))
        .draw()?;
    if let Some((name, accuracy)) = &picture.reference {
        let ends = [(low, *accuracy), (high, *accuracy)];
        chart.draw_series(DashedLineSeries::new(ends, 4, 4, GREY.stroke_width(1)))?;
        let style = ("sans-serif", 12).into_font().color(&GREY);
        let text = format!("{name}: {:.2} %", 100.0 * accuracy);
        chart.draw_series([EmptyElement::at((low, *accuracy)) + Text::new(text, (6, 4), style)])?;
    }
    let mut front: Vec<(f64, f64)> = panel
        .marks
        .iter()
        .filter(|mark| mark.label.is_some())
        .map(|mark| (mark.cost, mark.accuracy))
        .collect();
    front.sort_by(|one, other| one.0.total_cmp(&other.0));
    chart.draw_series(LineSeries::new(front, GREY.stroke_width(1)))?;
    let mut named = Vec::new();
    for mark in &panel.marks {
        let (at, colour) = (
            (mark.cost, mark.accuracy),
            colour(mark.group, picture.groups.len()),
        );
        match &mark.label {
            None => {
                chart.draw_series([Circle::new(at, 3, colour.stroke_width(1))])?;
            }
            Some(label) => {
                chart.draw_series([Circle::new(at, 5, colour.filled())])?;
                // If several points coincide, only the first is named.
                if !named.contains(&at) {
                    let text = Text::new(label.clone(), (7, 4), ("sans-serif", 11));
                    chart.draw_series([EmptyElement::at(at) + text])?;
                    named.push(at);
                }
            }
        }
    }
    Ok(())
}

/// Draws the names of the groups, one below the other, and the meaning of a full circle.
fn draw_legend(area: &Area<'_>, groups: &[String]) -> Drawn {
    for (index, (name, y)) in groups.iter().zip((18..).step_by(17)).enumerate() {
        let colour = colour(index, groups.len());
        area.draw(&Circle::new((8, y), 5, colour.filled()))?;
        area.draw(&Text::new(name.clone(), (20, y - 6), ("sans-serif", 12)))?;
    }
    let below = i32::try_from(groups.len()).unwrap_or(0) * 17 + 18;
    for (line, text) in (0..).zip(["full: on the", "Pareto front"]) {
        let style = ("sans-serif", 11).into_font().color(&GREY);
        area.draw(&Text::new(text, (3, below + 13 * line), style))?;
    }
    Ok(())
}

/// Returns the colour of a group, from red to blue.
fn colour(index: usize, count: usize) -> RGBColor {
    let number = |index: usize| u32::try_from(index).map_or(0.0, f64::from);
    let share = number(index) / number(count.saturating_sub(1).max(1));
    let (red, green, blue) = HSLColor(0.6 * share, 0.75, 0.42).to_backend_color().rgb;
    RGBColor(red, green, blue)
}

/// Returns the labelled places of an axis: ones, twos and fives.
fn marks(low: f64, high: f64) -> Vec<f64> {
    let decades = std::iter::successors(Some(1.0), |decade| Some(10.0 * decade));
    decades
        .take_while(|&decade| decade < high)
        .flat_map(|decade| [decade, 2.0 * decade, 5.0 * decade])
        .filter(|mark| (low..high).contains(mark))
        .collect()
}

/// Formats a number with at most three digits, in thousands (k), millions (M) or billions (G) if necessary.
fn short(number: f64) -> String {
    let (scaled, unit) = match number {
        1e9.. => (number / 1e9, " G"),
        1e6.. => (number / 1e6, " M"),
        1e3.. => (number / 1e3, " k"),
        _ => (number, ""),
    };
    format!("{scaled:.0}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(cost: f64, accuracy: f64, label: Option<&str>) -> Mark {
        Mark {
            cost,
            accuracy,
            group: 0,
            label: label.map(Into::into),
        }
    }

    #[test]
    fn every_point_is_drawn_and_those_on_the_front_are_named() {
        let few = || vec![mark(1000.0, 0.5, Some("small")), mark(3e6, 1.0, Some("large"))];
        let many = || {
            vec![
                mark(5.0, 0.97, Some("best")),
                mark(5.0, 0.97, Some("same")),
                mark(5.0, 0.96, None),
                mark(7.0, 0.97, None),
            ]
        };
        for (marks, named) in [(few as fn() -> _, 2), (many, 1), (Vec::new, 0)] {
            let points = marks().len();
            let panel = |name| Panel { name, marks: marks() };
            let picture = Picture {
                title: "net on digits".into(),
                groups: vec!["4 bits".into()],
                reference: Some(("float".into(), 0.98)),
                panels: [panel("bits"), panel("operations")],
            };
            let svg = draw_text(&picture).unwrap();
            assert_eq!(svg.matches("<circle").count(), 2 * points + 1);
            assert!(!svg.contains("same"), "there is a name at that place");
            for name in ["small", "large", "best"] {
                let wanted = marks()
                    .iter()
                    .filter(|mark| mark.label.as_deref() == Some(name))
                    .count();
                assert_eq!(svg.matches(name).count(), 2 * wanted, "{name} of {named}");
            }
            for text in ["net on digits", "float: 98.00 %", "operations"] {
                assert!(svg.contains(text), "{text}");
            }
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }

    #[test]
    fn costs_are_named_briefly() {
        assert_eq!([5.0, 2000.0, 5e6, 2e10].map(short), ["5", "2 k", "5 M", "20 G"]);
        assert_eq!(marks(15.0, 201.0), [20.0, 50.0, 100.0, 200.0]);
    }
}
