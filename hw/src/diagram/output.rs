//! Output: the snapshot of the potentials behind the output layer, and the early exit beside it.

use super::frame::{AXIS, CELL, GAP};
use super::palette::{BLUE, EDGE, GREY};
use super::svg::{Anchor, Rect, Stroke, Svg, Type};
use super::{Drawing, memory};
use crate::accelerator::exit_steps;

/// Distance from the snapshot to the early exit.
const EXIT_GAP: f64 = 120.0;

/// Draws the snapshot and the early exit; returns the area of the snapshot.
pub(super) fn draw(svg: &mut Svg, drawing: &Drawing<'_>, boxes: &[Rect]) -> Rect {
    let output = boxes[boxes.len() - 1];
    let area = Rect::new(AXIS - CELL.0 / 2.0, output.bottom() + GAP, CELL.0, CELL.1);
    svg.line(
        &[(AXIS, output.bottom()), (AXIS, area.y)],
        &Stroke::new(BLUE, 2.0).arrow(),
    );
    let look = Type::new(11.0, GREY).anchored(Anchor::End);
    svg.text(
        (AXIS - 10.0, output.bottom() + 23.0),
        "membranes at the end of a step",
        &look,
    );
    if let Some(snapshot) = memory::snapshot(drawing) {
        snapshot.draw(svg, area);
    }
    if let Some(steps) = exit_steps(drawing.model, drawing.plan) {
        draw_exit(svg, drawing, steps, area, output);
    }
    area
}

fn draw_exit(svg: &mut Svg, drawing: &Drawing<'_>, steps: usize, snapshot: Rect, output: Rect) {
    let x = snapshot.right() + EXIT_GAP;
    let y = snapshot.middle().1;
    svg.group("early-exit", "early exit", |svg| {
        memory::margins(drawing, steps).draw(svg, Rect::new(x, snapshot.y, CELL.0, CELL.1));
        svg.line(&[(snapshot.right(), y), (x, y)], &Stroke::new(EDGE, 1.5).arrow());
        let look = Type::new(11.0, GREY);
        let middle = look.anchored(Anchor::Middle).within(EXIT_GAP - 12.0);
        svg.text(
            (snapshot.right() + EXIT_GAP / 2.0, y - 6.0),
            "margin reached?",
            &middle,
        );
        let up = x + CELL.0 / 2.0;
        svg.line(
            &[(up, snapshot.y), (up, output.bottom())],
            &Stroke::new(EDGE, 1.5).dashed().arrow(),
        );
        svg.text(
            (up + 10.0, output.bottom() + 23.0),
            "stops the events of the inference",
            &look,
        );
    });
}
