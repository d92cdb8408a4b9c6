//! Streams of events between layers. A stream runs straight down to the next layer. A stream that passes layers, or is the
//! second path into a junction, takes a track on the right.

use super::Drawing;
use super::frame::{AXIS, BODY, LEFT};
use super::layer::HEIGHT;
use super::palette::{BLUE, GREY, ORANGE, WHITE};
use super::svg::{Anchor, Rect, Stroke, Svg, Type};
use crate::geometry::Reach;

/// Distance from a block to the fork of its stream.
const FORK: f64 = 13.0;
/// Distance from the blocks to the first track, and from track to track.
const TRACK: f64 = 26.0;
/// Heights at which the first and the second path enter the side of a layer.
const ENTRIES: [f64; 2] = [21.0, HEIGHT - 24.0];

/// Track of a stream that passes layers.
#[derive(Clone, Debug)]
pub(super) struct Detour {
    stream: usize,
    layer: usize,
    path: usize,
    /// Heights at which the stream leaves its source and enters the layer.
    ends: (f64, f64),
    track: usize,
}

/// Whether a path comes straight from the block above the layer.
fn is_straight(layer: usize, path: usize, stream: usize) -> bool {
    path == 0 && stream == layer
}

impl Detour {
    /// Finds all detours. Detours that overlap take different tracks, the shorter one the inner track.
    pub(super) fn all(drawing: &Drawing<'_>, input: Rect, boxes: &[Rect]) -> Vec<Self> {
        let mut detours = Vec::new();
        for (layer, geometry) in drawing.geometry.layers.iter().enumerate() {
            for (path, &entry) in (0..geometry.paths.len()).zip(&ENTRIES) {
                let stream = geometry.paths[path].stream;
                if !is_straight(layer, path, stream) {
                    let ends = (
                        source(input, boxes, stream).bottom() + FORK,
                        boxes[layer].y + entry,
                    );
                    detours.push(Self {
                        stream,
                        layer,
                        path,
                        ends,
                        track: 0,
                    });
                }
            }
        }
        detours.sort_by(|a, b| (a.ends.1 - a.ends.0).total_cmp(&(b.ends.1 - b.ends.0)));
        for index in 0..detours.len() {
            let (before, rest) = detours.split_at_mut(index);
            let this = &mut rest[0];
            let is_taken = |track| {
                let mut on_it = before.iter().filter(|other| other.track == track);
                on_it.any(|other| this.ends.0 <= other.ends.1 && other.ends.0 <= this.ends.1)
            };
            this.track = (0..).find(|&track| !is_taken(track)).unwrap_or(0);
        }
        detours
    }

    const fn colour(&self) -> &'static str {
        if self.path == 0 { BLUE } else { ORANGE }
    }

    fn x(&self) -> f64 {
        LEFT + BODY + TRACK * (1.0 + super::float(self.track))
    }
}

/// Total width of the tracks.
pub(super) fn width(detours: &[Detour]) -> f64 {
    let right = detours.iter().map(Detour::x).fold(LEFT + BODY, f64::max);
    right - LEFT - BODY
}

/// Block from which a stream comes.
fn source(input: Rect, boxes: &[Rect], stream: usize) -> Rect {
    stream.checked_sub(1).map_or(input, |layer| boxes[layer])
}

/// Draws all streams.
pub(super) fn draw(svg: &mut Svg, drawing: &Drawing<'_>, input: Rect, boxes: &[Rect], detours: &[Detour]) {
    for (layer, (geometry, area)) in drawing.geometry.layers.iter().zip(boxes).enumerate() {
        let path = &geometry.paths[0];
        if is_straight(layer, 0, path.stream) {
            let top = source(input, boxes, layer).bottom();
            svg.group("stream", &title(drawing, layer, 0), |svg| {
                let stroke = Stroke::new(BLUE, 2.0).arrow();
                svg.line(&[(AXIS, top), (AXIS, area.y)], &stroke);
            });
        }
        // The label is drawn even if the stream does not go to the next layer.
        let bits = drawing.geometry.stream(layer).event_bits();
        let bottom = source(input, boxes, layer).bottom();
        let look = Type::new(11.0, GREY).anchored(Anchor::End);
        svg.text(
            (AXIS - 10.0, bottom + 23.0),
            &format!("events of {bits} bits"),
            &look,
        );
    }
    // Shorter detours are drawn over longer ones that share their fork, and names over the lines that cross them.
    for detour in detours.iter().rev() {
        draw_detour(svg, drawing, detour, input, boxes);
    }
    for detour in detours {
        let (x, (from, to)) = (detour.x() + 13.0, detour.ends);
        let look = Type::new(11.0, detour.colour()).anchored(Anchor::Middle).upward();
        let name = title(drawing, detour.layer, detour.path);
        svg.text(
            (x, f64::midpoint(from, to)),
            &name,
            &look.within(to - from).on(WHITE),
        );
    }
}

fn draw_detour(svg: &mut Svg, drawing: &Drawing<'_>, detour: &Detour, input: Rect, boxes: &[Rect]) {
    let title = title(drawing, detour.layer, detour.path);
    let colour = detour.colour();
    let (x, (from, to)) = (detour.x(), detour.ends);
    svg.group("stream", &title, |svg| {
        let points = [
            (AXIS, source(input, boxes, detour.stream).bottom()),
            (AXIS, from),
            (x, from),
            (x, to),
            (LEFT + BODY, to),
        ];
        // If there is a straight stream, it draws the piece down to the fork.
        let next = drawing.geometry.layers.get(detour.stream);
        let forks = next.is_some_and(|next| next.paths[0].stream == detour.stream);
        let points = if forks { &points[1..] } else { &points[..] };
        svg.line(points, &Stroke::new(colour, 2.0).arrow());
        svg.dot((AXIS, from), colour);
    });
}

/// Title of a path: source, layer, and kind of the path.
fn title(drawing: &Drawing<'_>, layer: usize, path: usize) -> String {
    let to = &drawing.plan.layers[layer].name;
    let path = &drawing.geometry.layers[layer].paths[path];
    let reach = match path.reach {
        Reach::Identity => ", identity",
        Reach::ShortcutWeights => ", 1 × 1 convolution",
        Reach::Weights | Reach::Count => "",
    };
    format!("{} → {to}{reach}", drawing.stream_name(path.stream))
}
