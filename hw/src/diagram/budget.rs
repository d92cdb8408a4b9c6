//! Budget of the device: the resources that link and layers use, and the legend of the colours.

use super::frame::{BODY, LEFT};
use super::memory::Built;
use super::palette::{BLUE, BLUE_LIGHT, EDGE, GREY, GREY_TINT, INK, ORANGE};
use super::svg::{Anchor, Rect, Stroke, Svg, Type};
use super::text::{count, float};
use super::{Drawing, link, percent};
use crate::plan::{Cost, budget};

/// Distance from the left edge to the bars.
const BARS: f64 = 130.0;
/// Distance from one bar to the next.
const PITCH: f64 = 40.0;
/// Width of the numbers behind a bar.
const FIGURES: f64 = 176.0;

/// Resource: name, amount in a cost, amount that the device has, and the most that a plan may use.
type Resource = (&'static str, fn(&Cost) -> usize, usize, usize);

/// Draws budget and legend; returns their lower edge.
pub(super) fn draw(svg: &mut Svg, drawing: &Drawing<'_>, top: f64) -> f64 {
    let (device, most) = (&drawing.board.device, budget(drawing.board));
    let title = format!("{}: used and available", drawing.board.title);
    let mut resources: Vec<Resource> = vec![
        ("LUT", |cost| cost.luts, device.luts, most.luts),
        (
            "block RAM",
            |cost| cost.block_rams,
            device.block_rams,
            most.block_rams,
        ),
    ];
    if device.sprams > 0 {
        resources.push(("SPRAM", |cost| cost.sprams, device.sprams, most.sprams));
    }
    svg.group("budget", &title, |svg| {
        let look = Type::new(15.0, INK).bold().within(BODY);
        svg.text((LEFT, top + 16.0), &title, &look);
        let mut y = top + 34.0;
        for &resource in &resources {
            bar(svg, drawing, resource, y);
            y += PITCH;
        }
    });
    let y = top + 34.0 + PITCH * float(resources.len()) + 4.0;
    legend(svg, y);
    y + 16.0
}

fn bar(svg: &mut Svg, drawing: &Drawing<'_>, (name, of, available, most): Resource, y: f64) {
    let used = of(&drawing.plan.cost);
    let area = Rect::new(LEFT + BARS, y, BODY - BARS - FIGURES, 18.0);
    svg.text((LEFT, y + 14.0), name, &Type::new(13.0, INK));
    svg.bar(area, GREY_TINT, &format!("{} {name}", count(available)));
    // Parts beyond the device's resources are left out.
    let scale = area.width / float(available.max(1));
    let (link, layers) = (link::cost_of(drawing), &drawing.plan.layers);
    let parts = std::iter::once(("link", &link, EDGE)).chain(
        layers
            .iter()
            .zip([BLUE, BLUE_LIGHT].into_iter().cycle())
            .map(|(layer, colour)| (layer.name.as_str(), &layer.cost, colour)),
    );
    let mut x = area.x;
    for (part, cost, colour) in parts {
        let end = (x + scale * float(of(cost))).min(area.right());
        if end > x {
            let title = format!("{part}: {} {name}", count(of(cost)));
            svg.bar(Rect::new(x, y, end - x, area.height), colour, &title);
        }
        x = end;
    }
    if most < available {
        let x = area.x + scale * float(most);
        svg.line(
            &[(x, y - 3.0), (x, area.bottom() + 3.0)],
            &Stroke::new(ORANGE, 2.0),
        );
        let text = format!("a plan may use {}", count(most));
        let look = Type::new(10.5, ORANGE).anchored(Anchor::End);
        svg.text((x, area.bottom() + 14.0), &text, &look);
    }
    let colour = if used > most { ORANGE } else { INK };
    let text = format!(
        "{} of {} ({})",
        count(used),
        count(available),
        percent(used, available)
    );
    let look = Type::new(13.0, colour).within(FIGURES - 12.0);
    svg.text((area.right() + 12.0, y + 14.0), &text, &look);
}

/// Draws the legend of the memories' colours.
fn legend(svg: &mut Svg, y: f64) {
    svg.text((LEFT, y + 11.0), "memories of", &Type::new(11.5, INK));
    let mut x = LEFT + 84.0;
    for (built, text) in [
        (Built::Block(0), "block RAM"),
        (Built::Distributed, "distributed RAM"),
        (Built::Logic, "logic"),
    ] {
        let (edge, fill) = built.colours();
        svg.rect(Rect::new(x, y, 22.0, 13.0), fill, edge);
        svg.text((x + 28.0, y + 11.0), text, &Type::new(11.5, INK));
        x += 60.0 + super::text::width(text, 11.5, false);
    }
    let look = Type::new(11.5, GREY).anchored(Anchor::End);
    svg.text(
        (LEFT + BODY, y + 11.0),
        "LUTs and block RAMs are the plan's estimates",
        &look,
    );
}
