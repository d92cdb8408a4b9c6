//! Spike raster of one inference: which neuron fired in which step, from the input to the last hidden layer, and the
//! output potentials after each step.

use super::super::diagnostic::Result;
use super::super::paths::write_text;
use super::{BLUE, GREY, ORANGE, failed};
use plotters::prelude::*;
use std::path::Path;
use synfire_golden_model::integer::Trace;
use synfire_golden_model::spikes::SpikeRaster;

/// Contents of a picture.
pub(crate) struct Picture<'a> {
    /// Title of the picture.
    pub(crate) title: String,
    /// Raster of the input spikes.
    pub(crate) input: &'a SpikeRaster,
    /// Names of the hidden layers.
    pub(crate) hidden: Vec<String>,
    /// Trace of the inference.
    pub(crate) trace: &'a Trace,
}

/// Draws an inference into an SVG file.
pub(crate) fn draw(path: &Path, picture: &Picture<'_>) -> Result<()> {
    let mut svg = String::new();
    draw_into(&mut svg, picture).map_err(|error| failed(path)(error.as_ref()))?;
    write_text(path, &svg)
}

fn draw_into(svg: &mut String, picture: &Picture<'_>) -> Result<(), Box<dyn std::error::Error>> {
    let rasters: Vec<(&str, &SpikeRaster)> = std::iter::once(("input", picture.input))
        .chain(
            picture
                .hidden
                .iter()
                .map(String::as_str)
                .zip(&picture.trace.layers),
        )
        .collect();
    let panels = rasters.len() + 1;
    let height = u32::try_from(40 + 190 * panels)?;
    let root = SVGBackend::with_string(svg, (760, height)).into_drawing_area();
    root.fill(&WHITE)?;
    let root = root.titled(&picture.title, ("sans-serif", 20))?;
    let areas = root.split_evenly((panels, 1));
    for (index, ((name, raster), area)) in rasters.iter().zip(&areas).enumerate() {
        let colour = if index == 0 { GREY } else { BLUE };
        draw_raster(area, name, raster, colour)?;
    }
    if let Some(area) = areas.last() {
        draw_potentials(area, picture.trace)?;
    }
    root.present()?;
    Ok(())
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn draw_raster(
    area: &Area<'_>,
    name: &str,
    raster: &SpikeRaster,
    colour: RGBColor,
) -> Result<(), Box<dyn std::error::Error>> {
    let graded = raster.iter().flatten().any(|event| event.value.abs() > 1);
    let events = if graded { "values" } else { "spikes" };
    let steps = f64::from(u32::try_from(raster.steps())?);
    let width = f64::from(u32::try_from(raster.width())?);
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .x_label_area_size(18)
        .y_label_area_size(64)
        .build_cartesian_2d(0.5..steps + 0.5, -0.5..width - 0.5)?;
    chart
        .configure_mesh()
        .disable_mesh()
        .y_desc(format!("{name}, {} {events}", raster.total()))
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .draw()?;
    let mut spikes = Vec::with_capacity(raster.total());
    for (step, fired) in (1_u32..).zip(raster.iter()) {
        spikes.extend(
            fired
                .iter()
                .map(|spike| (f64::from(step), f64::from(spike.address))),
        );
    }
    chart.draw_series(
        spikes
            .into_iter()
            .map(|spike| Circle::new(spike, 2, colour.filled())),
    )?;
    Ok(())
}

fn draw_potentials(area: &Area<'_>, trace: &Trace) -> Result<(), Box<dyn std::error::Error>> {
    let potentials = &trace.potentials_by_step;
    let steps = f64::from(u32::try_from(potentials.nrows())?);
    let lowest = f64::from(potentials.iter().copied().min().unwrap_or(0).min(0));
    let highest = f64::from(potentials.iter().copied().max().unwrap_or(0).max(1));
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .x_label_area_size(34)
        .y_label_area_size(64)
        .build_cartesian_2d(0.5..steps + 0.5, lowest..highest * 1.05)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("time step")
        .y_desc("output potentials")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .draw()?;
    for (class, column) in potentials.columns().into_iter().enumerate() {
        let wins = class == trace.inference.class;
        let points: Vec<(f64, f64)> = (1_u32..)
            .zip(column)
            .map(|(step, &potential)| (f64::from(step), f64::from(potential)))
            .collect();
        let end = points.last().copied();
        let style = if wins {
            ORANGE.stroke_width(3)
        } else {
            GREY.stroke_width(1)
        };
        chart.draw_series(LineSeries::new(points, style))?;
        if let Some(end) = end.filter(|_| wins) {
            let text = ("sans-serif", 13).into_font().color(&ORANGE);
            let label = EmptyElement::at(end) + Text::new(format!("class {class}"), (-62, -14), text);
            chart.draw_series(std::iter::once(label))?;
        }
    }
    Ok(())
}
