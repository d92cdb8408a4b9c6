//! Block diagram of a design as SVG: the network as the plan puts it on the board.
//!
//! ```text
//!        ┌───────────────────────────────┐
//!  rx ──►│ link: UART, frames, commands …│◄──┐
//!        └───────────────┬───────────────┘   │
//!        ┌───────────────▼───────────────┐   │ potentials
//!        │ layer: lanes, memories, share │ ◄─┼─ detour of a stream
//!        └───────────────┬───────────────┘   │
//!                        ▼ snapshot ─────────┘
//!         budget of the device, legend
//! ```
//!
//! The numbers are those of the plan and of the circuits that the generator builds from it; costs are the plan's estimates.
//! Equal designs give equal pictures. No chart library is used: [`svg`] writes the elements. Each layer is a group with its
//! name as title, which viewers show and tests find.

mod budget;
mod frame;
mod layer;
mod link;
mod memory;
mod output;
mod palette;
mod streams;
mod svg;
mod text;

use crate::board::Board;
use crate::error::Result;
use crate::geometry::Geometry;
use crate::plan::Plan;
use frame::{BODY, GAP, LEFT, RIGHT_MARGIN, TOP};
use palette::{GREY, INK};
use streams::Detour;
use svg::{Rect, Svg, Type};
use synfire_golden_model::integer::QuantizedModel;
use text::{count, float};

/// File name of the diagram in a build folder.
pub const FILE: &str = "diagram.svg";

/// Data from which all parts of a diagram are drawn.
struct Drawing<'a> {
    model: &'a QuantizedModel,
    board: &'a Board,
    plan: &'a Plan,
    geometry: Geometry,
}

impl Drawing<'_> {
    /// Name of the source of a stream.
    fn stream_name(&self, stream: usize) -> &str {
        match stream.checked_sub(1) {
            None => "input",
            Some(layer) => &self.plan.layers[layer].name,
        }
    }
}

/// Draws the block diagram of a model's design under a plan for a board.
///
/// # Errors
/// If the model's description does not resolve.
///
/// # Panics
/// If the plan belongs to another model.
pub fn svg(model: &QuantizedModel, board: &Board, plan: &Plan) -> Result<String> {
    assert_eq!(model.layers.len(), plan.layers.len(), "a plan of this model");
    let drawing = Drawing {
        model,
        board,
        plan,
        geometry: Geometry::of(model)?,
    };
    let mut svg = Svg::default();
    let title = format!("{} on {}", model.description.name, board.title);
    heading(&mut svg, &drawing, &title);
    let link = link::draw(&mut svg, &drawing, TOP)?;

    let mut top = link.input.bottom() + GAP;
    let boxes: Vec<Rect> = (0..plan.layers.len())
        .map(|index| {
            let area = Rect::new(LEFT, top, BODY, layer::HEIGHT);
            layer::draw(&mut svg, &drawing, index, area);
            top = area.bottom() + GAP;
            area
        })
        .collect();
    let detours = Detour::all(&drawing, link.input, &boxes);
    streams::draw(&mut svg, &drawing, link.input, &boxes, &detours);
    let snapshot = output::draw(&mut svg, &drawing, &boxes);
    link::draw_return(&mut svg, &link, snapshot);
    if drawing.plan.features.reloadable {
        link::draw_load(&mut svg, &link, &boxes);
    }
    let bottom = budget::draw(&mut svg, &drawing, snapshot.bottom() + GAP);
    let width = LEFT + BODY + RIGHT_MARGIN + streams::width(&detours);
    Ok(svg.finish(width, bottom + 20.0, &title))
}

/// Draws the title, and a line about an inference.
fn heading(svg: &mut Svg, drawing: &Drawing<'_>, title: &str) {
    let Drawing {
        model, board, plan, ..
    } = drawing;
    let description = &model.description;
    svg.text((LEFT, 34.0), title, &Type::new(20.0, INK).bold().within(BODY));
    let cycles = plan.expected_cycles(description.steps);
    let text = format!(
        "{} inputs, {} classes, {} steps; core at {} MHz; expected {} cycles, {} µs per inference",
        count(description.input.size()),
        count(
            drawing
                .geometry
                .layers
                .last()
                .map_or(0, |last| last.neurons.size())
        ),
        count(description.steps),
        board.clock_mhz(),
        text::rounded(cycles),
        text::rounded(cycles / board.clock_mhz()),
    );
    svg.text((LEFT, 54.0), &text, &Type::new(12.0, GREY).within(BODY));
}

/// `part` of `whole` in percent.
fn percent(part: usize, whole: usize) -> String {
    format!("{:.1} %", 100.0 * float(part) / float(whole.max(1)))
}
