//! Block of a layer: name and kind, engine, share of the device, memories.

use super::frame::{BODY, CELL, CELL_GAP, PADDING};
use super::palette::{BLUE, BLUE_TINT, EDGE, GREY, GREY_TINT, INK, ORANGE, PANEL};
use super::svg::{Anchor, Rect, Svg, Type};
use super::text::{count, counted, float, rounded, width};
use super::{Drawing, memory, percent};
use crate::geometry::Reach;
use synfire_golden_model::network::{LayerKind, Shape};

/// Height of the block of a layer.
pub(super) const HEIGHT: f64 = 144.0;

/// Draws the block of a layer.
pub(super) fn draw(svg: &mut Svg, drawing: &Drawing<'_>, index: usize, area: Rect) {
    let name = &drawing.plan.layers[index].name;
    let kind = kind(drawing, index);
    svg.group("layer", &format!("{name}: {kind}"), |svg| {
        svg.rect(area, PANEL, EDGE);
        heading(svg, name, &kind, area);
        engine(svg, drawing, index, area);
        let y = area.bottom() - PADDING - CELL.1;
        let mut x = area.x + PADDING;
        let memories = memory::of_layer(drawing, index);
        // A junction with biases has more memories than cells of the usual width fit side by side.
        let width = (BODY - 2.0 * PADDING + CELL_GAP) / float(memories.len()) - CELL_GAP;
        let width = width.min(CELL.0);
        for memory in memories {
            memory.draw(svg, Rect::new(x, y, width, CELL.1));
            x += width + CELL_GAP;
        }
    });
}

/// Draws the name on the left and the kind on the right.
fn heading(svg: &mut Svg, name: &str, kind: &str, area: Rect) {
    let room = BODY - 2.0 * PADDING;
    let kind_room = 0.62 * room;
    let kind_width = width(kind, 12.0, false).min(kind_room);
    let y = area.y + 21.0;
    let look = Type::new(15.0, INK).bold().within(room - kind_width - 16.0);
    svg.text((area.x + PADDING, y), name, &look);
    let look = Type::new(12.0, GREY).anchored(Anchor::End).within(kind_room);
    svg.text((area.right() - PADDING, y), kind, &look);
}

/// Draws lanes, cycles, and the share of the device.
fn engine(svg: &mut Svg, drawing: &Drawing<'_>, index: usize, area: Rect) {
    let plan = &drawing.plan.layers[index];
    let y = area.y + 32.0;
    let lanes = format!(
        "{} × {}",
        match (plan.positions, plan.merged) {
            (1, 1) => counted(plan.lanes, "lane", "lanes"),
            _ => format!("{} lanes", plan.array()),
        },
        counted(plan.groups, "group", "groups")
    );
    let chip = Rect::new(area.x + PADDING, y, 2.0 * CELL.0 + CELL_GAP - 40.0, 23.0);
    svg.rect(chip, BLUE_TINT, BLUE);
    let look = Type::new(13.0, INK).bold().anchored(Anchor::Middle);
    svg.text(
        (chip.middle().0, y + 16.0),
        &lanes,
        &look.within(chip.width - 8.0),
    );

    let slowest = drawing.plan.layers.iter().map(|layer| layer.ideal_cycles);
    let is_slowest = plan.ideal_cycles >= slowest.fold(0.0, f64::max);
    let (colour, remark) = if is_slowest {
        (ORANGE, ", the slowest")
    } else {
        (INK, "")
    };
    let cycles = format!("{} ideal cycles per step{remark}", rounded(plan.ideal_cycles));
    let spikes = format!("{} spikes in per step", rounded(plan.spikes_in));
    let x = chip.right() + 14.0;
    svg.text((x, y + 9.0), &cycles, &Type::new(11.5, colour).within(240.0));
    svg.text((x, y + 23.0), &spikes, &Type::new(11.5, GREY).within(240.0));

    let device = &drawing.board.device;
    let share = [
        ("LUT", plan.cost.luts, device.luts),
        ("block RAM", plan.cost.block_rams, device.block_rams),
    ];
    const WIDTH: f64 = 176.0;
    let mut x = area.right() - PADDING - 2.0 * WIDTH - 16.0;
    for (what, used, available) in share {
        gauge(svg, what, used, available, Rect::new(x, y, WIDTH, 23.0));
        x += WIDTH + 16.0;
    }
}

/// Draws the use of a resource: text, and a bar below it.
fn gauge(svg: &mut Svg, what: &str, used: usize, available: usize, area: Rect) {
    let text = format!("{what} {}", count(used));
    let share = percent(used, available);
    let y = area.y + 10.0;
    let look = Type::new(11.5, INK);
    svg.text((area.x, y), &text, &look.within(area.width - 54.0));
    svg.text(
        (area.right(), y),
        &share,
        &look.anchored(Anchor::End).within(50.0),
    );
    let title = format!("{} of {} {what}", count(used), count(available));
    let bar = Rect::new(area.x, area.bottom() - 7.0, area.width, 7.0);
    svg.bar(bar, GREY_TINT, &title);
    let part = (float(used) / float(available.max(1))).min(1.0);
    let filled = Rect {
        width: bar.width * part,
        ..bar
    };
    svg.bar(filled, if used > available { ORANGE } else { BLUE }, &title);
}

/// Text about the kind of a layer and its number of neurons.
fn kind(drawing: &Drawing<'_>, index: usize) -> String {
    let geometry = &drawing.geometry.layers[index];
    let extra = |stride: usize, padding: usize| {
        let stride = (stride > 1).then(|| format!(", stride {stride}"));
        let padding = (padding > 0).then(|| format!(", padding {padding}"));
        stride.into_iter().chain(padding).collect::<String>()
    };
    let own = match drawing.model.description.layers[index].kind {
        LayerKind::Conv {
            kernel,
            stride,
            padding,
            ..
        } => format!("convolution {kernel} × {kernel}{}", extra(stride, padding)),
        LayerKind::Pool { kernel } => format!("pooling {kernel} × {kernel}"),
        LayerKind::Fc { .. } => "fully connected".into(),
        LayerKind::Out { .. } => "output".into(),
    };
    let junction = geometry.paths.get(1).map(|path| {
        let reach = match path.reach {
            Reach::Identity => "identity",
            _ => "1 × 1 convolution",
        };
        let from = drawing.stream_name(path.stream);
        format!(" + {reach} of {from}{}", extra(path.rows.stride, 0))
    });
    format!(
        "{own}{} → {}",
        junction.unwrap_or_default(),
        neurons(geometry.neurons)
    )
}

/// Text of a shape: the number of neurons, or the sizes of a map.
pub(super) fn neurons(shape: Shape) -> String {
    match shape {
        Shape {
            channels,
            height: 1,
            width: 1,
        } => counted(channels, "neuron", "neurons"),
        Shape {
            channels,
            height,
            width,
        } => format!("{channels} × {height} × {width}"),
    }
}
