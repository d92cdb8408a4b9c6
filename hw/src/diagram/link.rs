//! Link: its blocks from the serial line to the events of the input, and the lines from it and back to it.

use super::frame::{AXIS, BODY, GAP, LEFT, LOAD_TRACK, PADDING, RETURN_TRACK};
use super::palette::{BLUE, EDGE, GREY, INK, PANEL, WHITE};
use super::svg::{Anchor, Rect, Stroke, Svg, Type};
use super::text::{count, counted};
use super::{Drawing, layer, percent};
use crate::accelerator::{encoder_params, exit_steps, has_encoder};
use crate::circuit::link::frame_receiver::SLOTS;
use crate::circuit::link::splitter::SplitterParams;
use crate::error::Result;
use crate::plan::Cost;

/// Height of the link.
const HEIGHT: f64 = 156.0;
/// Distance from the left edge to each column of blocks, and the width of the column.
const COLUMNS: [(f64, f64); 4] = [(12.0, 168.0), (212.0, 178.0), (422.0, 168.0), (622.0, 204.0)];
/// Distance from the top to each row of blocks.
const ROWS: [f64; 2] = [34.0, 98.0];
/// Height of a row.
const ROW: f64 = 46.0;
/// Distance from the link to the line of potentials, to the line of parameters, and to the input.
const CHANNEL: [f64; 3] = [16.0, 30.0, 44.0];

/// Positions at which other parts join the link.
pub(super) struct Link {
    /// Block of the input.
    pub(super) input: Rect,
    /// Lower edge of the link.
    bottom: f64,
    /// Block of the command processor.
    command: Rect,
}

/// Draws the link, and the input below it.
pub(super) fn draw(svg: &mut Svg, drawing: &Drawing<'_>, top: f64) -> Result<Link> {
    let area = Rect::new(LEFT, top, BODY, HEIGHT);
    let column = |index: usize, row: f64, height: f64| {
        let (x, width) = COLUMNS[index];
        Rect::new(LEFT + x, top + row, width, height)
    };
    let command = column(2, ROWS[0], ROWS[1] - ROWS[0] + ROW);
    let uart = [column(0, ROWS[0], ROW), column(0, ROWS[1], ROW)];
    let frames = [column(1, ROWS[0], ROW), column(1, ROWS[1], ROW)];
    let sources = sources(drawing)?;
    svg.group("link", "link", |svg| {
        svg.rect(area, PANEL, EDGE);
        let y = top + 21.0;
        svg.text((LEFT + PADDING, y), "link", &Type::new(15.0, INK).bold());
        let look = Type::new(12.0, GREY).anchored(Anchor::End);
        svg.text((area.right() - PADDING, y), &cost(drawing), &look);

        let board = drawing.board;
        let slots = format!("{SLOTS} slots of {} bytes", count(board.link.slot_bytes.into()));
        let rate = format!("{} baud", count(board.uart.baud as usize));
        block(svg, uart[0], "UART receiver", &[&rate]);
        block(svg, uart[1], "UART transmitter", &[&rate]);
        block(svg, frames[0], "frame receiver", &[&slots]);
        block(svg, frames[1], "frame transmitter", &["COBS, CRC-32"]);
        let loadable = loadable(drawing, sources[1].is_some());
        let lines = ["requests, responses", "counters, watchdog", &loadable];
        block(svg, command, "command processor", &lines);

        let wire = Stroke::new(EDGE, 1.5).arrow();
        let [receive, send] = ROWS.map(|row| top + row + ROW / 2.0);
        svg.line(&[(14.0, receive), (uart[0].x, receive)], &wire);
        svg.line(&[(uart[0].right(), receive), (frames[0].x, receive)], &wire);
        svg.line(&[(frames[0].right(), receive), (command.x, receive)], &wire);
        svg.line(&[(command.x, send), (frames[1].right(), send)], &wire);
        svg.line(&[(frames[1].x, send), (uart[1].right(), send)], &wire);
        svg.line(&[(uart[1].x, send), (14.0, send)], &wire);
        for (name, y) in [("rx", receive), ("tx", send)] {
            svg.text((14.0, y - 7.0), name, &Type::new(12.0, INK).bold());
        }
    });
    let bottom = area.bottom();
    let shape = drawing.model.description.input;
    let input = Rect::new(AXIS - 120.0, bottom + CHANNEL[2], 240.0, 26.0);
    svg.group("input", "input", |svg| {
        svg.rect(input, WHITE, BLUE);
        let sign = drawing.model.description.normalization.as_ref();
        let sign = if sign.is_some() { ", signed" } else { "" };
        let text = format!(
            "input {}{sign}",
            layer::neurons(shape).replace("neuron", "number")
        );
        let look = Type::new(12.5, INK).bold().anchored(Anchor::Middle);
        svg.text((AXIS, input.y + 17.5), &text, &look.within(input.width - 10.0));
    });
    draw_events(svg, &sources, command, input, column);
    Ok(Link {
        input,
        bottom,
        command,
    })
}

/// Draws the lines of events to the input: events from the serial line, split or unchanged, and those of the encoder.
fn draw_events(
    svg: &mut Svg,
    sources: &[Option<(&str, String)>; 2],
    command: Rect,
    input: Rect,
    column: impl Fn(usize, f64, f64) -> Rect,
) {
    let rail = LEFT + BODY - PADDING - 4.0;
    let into = (input.right(), input.middle().1);
    let flow = Stroke::new(BLUE, 2.0).arrow();
    for (index, (source, row)) in sources.iter().zip(ROWS).enumerate() {
        let area = column(3, row, ROW);
        let y = area.middle().1;
        let to_input = |from: f64| [(from, y), (rail, y), (rail, into.1), into];
        match source {
            Some((name, what)) => {
                block(svg, area, name, &[what]);
                svg.line(&[(command.right(), y), (area.x, y)], &flow);
                svg.line(&to_input(area.right()), &flow);
            }
            None if index == 0 => svg.line(&to_input(command.right()), &flow),
            None => {}
        }
    }
}

/// Names and texts of the blocks between command processor and core: the splitter and the encoder, if the design has them.
fn sources(drawing: &Drawing<'_>) -> Result<[Option<(&'static str, String)>; 2]> {
    let params = encoder_params(drawing.model)?;
    let splitter = SplitterParams::of(&params).map(|_| ("splitter", "numbers to rows, columns".to_owned()));
    let encoder = has_encoder(drawing.plan.features, params.inputs()).then(|| {
        let pixels = counted(params.inputs(), "pixel", "pixels");
        (
            "encoder",
            format!("{pixels}, {} rates", count(params.table_words())),
        )
    });
    Ok([splitter, encoder])
}

/// List of the contents that LOAD can write.
fn loadable(drawing: &Drawing<'_>, has_encoder: bool) -> String {
    let loaded = [
        (drawing.plan.features.reloadable, "weights"),
        (has_encoder, "image"),
        (exit_steps(drawing.model, drawing.plan).is_some(), "margins"),
    ];
    let loaded: Vec<&str> = loaded.iter().filter(|what| what.0).map(|what| what.1).collect();
    match loaded.as_slice() {
        [] => String::new(),
        some => format!("loads {}", some.join(", ")),
    }
}

/// Cost in the plan of everything but the layers.
pub(super) fn cost_of(drawing: &Drawing<'_>) -> Cost {
    let layers: Cost = drawing.plan.layers.iter().map(|layer| layer.cost).sum();
    Cost {
        luts: drawing.plan.cost.luts.saturating_sub(layers.luts),
        block_rams: drawing.plan.cost.block_rams.saturating_sub(layers.block_rams),
        sprams: drawing.plan.cost.sprams.saturating_sub(layers.sprams),
    }
}

fn cost(drawing: &Drawing<'_>) -> String {
    let (link, device) = (cost_of(drawing), &drawing.board.device);
    format!(
        "LUT {} ({}), block RAM {} ({})",
        count(link.luts),
        percent(link.luts, device.luts),
        count(link.block_rams),
        percent(link.block_rams, device.block_rams)
    )
}

/// Draws a block with a name and lines of text below it.
fn block(svg: &mut Svg, area: Rect, name: &str, lines: &[&str]) {
    svg.rect(area, WHITE, EDGE);
    let lines: Vec<&str> = lines.iter().copied().filter(|line| !line.is_empty()).collect();
    let (x, middle) = area.middle();
    let mut y = middle + 4.0 - 8.0 * super::float(lines.len());
    let room = area.width - 10.0;
    let look = Type::new(12.5, INK).bold().anchored(Anchor::Middle);
    svg.text((x, y), name, &look.within(room));
    for line in lines {
        y += 16.0;
        let look = Type::new(11.0, GREY).anchored(Anchor::Middle);
        svg.text((x, y), line, &look.within(room));
    }
}

/// Draws the line of potentials from the snapshot to the command processor.
pub(super) fn draw_return(svg: &mut Svg, link: &Link, snapshot: Rect) {
    let y = snapshot.middle().1;
    let across = link.bottom + CHANNEL[0];
    let up = link.command.x + link.command.width / 3.0;
    svg.group("return", "potentials", |svg| {
        let points = [
            (snapshot.x, y),
            (RETURN_TRACK, y),
            (RETURN_TRACK, across),
            (up, across),
            (up, link.command.bottom()),
        ];
        svg.line(&points, &Stroke::new(BLUE, 1.5).arrow());
        let look = Type::new(11.0, BLUE).anchored(Anchor::Middle);
        svg.text((f64::midpoint(LEFT, snapshot.x), y - 6.0), "potentials", &look);
    });
}

/// Draws the line of parameters from the command processor to the layers.
pub(super) fn draw_load(svg: &mut Svg, link: &Link, boxes: &[Rect]) {
    let down = link.command.x + 2.0 * link.command.width / 3.0;
    let across = link.bottom + CHANNEL[1];
    svg.group("load", "parameters that are loaded", |svg| {
        let stroke = Stroke::new(EDGE, 1.5).dashed();
        let entry = |area: &Rect| area.bottom() - GAP;
        let last = boxes.last().map_or(across, entry);
        let points = [
            (down, link.command.bottom()),
            (down, across),
            (LOAD_TRACK, across),
            (LOAD_TRACK, last),
        ];
        svg.line(&points, &stroke);
        for area in boxes {
            let y = entry(area);
            svg.line(&[(LOAD_TRACK, y), (area.x, y)], &Stroke::new(EDGE, 1.5).arrow());
        }
        let look = Type::new(11.0, GREY);
        svg.text((LEFT + PADDING, across + 14.0), "parameters", &look);
    });
}
