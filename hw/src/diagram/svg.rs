//! Elements of an SVG picture, one per line.

use super::palette::WHITE;
use super::text::{fitted, width};
use std::fmt::Write as _;

/// Rectangle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Rect {
    pub(super) const fn new(x: f64, y: f64, width: f64, height: f64) -> Self {
        Self { x, y, width, height }
    }

    pub(super) const fn right(&self) -> f64 {
        self.x + self.width
    }

    pub(super) const fn bottom(&self) -> f64 {
        self.y + self.height
    }

    pub(super) const fn middle(&self) -> (f64, f64) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }
}

/// Position of a text relative to its point.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Style of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Type {
    size: f64,
    colour: &'static str,
    bold: bool,
    anchor: Anchor,
    room: f64,
    upward: bool,
    ground: Option<&'static str>,
}

impl Type {
    pub(super) const fn new(size: f64, colour: &'static str) -> Self {
        Self {
            size,
            colour,
            bold: false,
            anchor: Anchor::Start,
            room: f64::INFINITY,
            upward: false,
            ground: None,
        }
    }

    pub(super) const fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    pub(super) const fn anchored(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }

    /// Limits the width: a wider text is shrunk or cut.
    pub(super) const fn within(mut self, room: f64) -> Self {
        self.room = room;
        self
    }

    /// Fills the area behind the text with a colour, so that lines do not cross it; only for [`Anchor::Middle`].
    pub(super) const fn on(mut self, colour: &'static str) -> Self {
        self.ground = Some(colour);
        self
    }

    /// Turns the text, so that it runs from bottom to top.
    pub(super) const fn upward(mut self) -> Self {
        self.upward = true;
        self
    }
}

/// Style of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stroke {
    colour: &'static str,
    width: f64,
    dashed: bool,
    arrow: bool,
}

impl Stroke {
    pub(super) const fn new(colour: &'static str, width: f64) -> Self {
        Self {
            colour,
            width,
            dashed: false,
            arrow: false,
        }
    }

    pub(super) const fn dashed(mut self) -> Self {
        self.dashed = true;
        self
    }

    /// Adds an arrow head at the end of the line.
    pub(super) const fn arrow(mut self) -> Self {
        self.arrow = true;
        self
    }
}

/// Length and half the width of an arrow head.
const HEAD: (f64, f64) = (8.0, 4.0);

/// SVG picture.
#[derive(Debug, Default)]
pub(super) struct Svg {
    body: String,
}

impl Svg {
    /// Puts everything that `draw` draws into a group with a class and a title; viewers show the title under the pointer.
    pub(super) fn group(&mut self, kind: &str, title: &str, draw: impl FnOnce(&mut Self)) {
        self.put(&format!("<g class=\"{kind}\"><title>{}</title>", escaped(title)));
        draw(self);
        self.put("</g>");
    }

    /// Draws a rectangle with rounded corners.
    pub(super) fn rect(&mut self, rect: Rect, fill: &str, edge: &str) {
        self.put(&format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"4\" fill=\"{fill}\" stroke=\"{edge}\"/>",
            number(rect.x),
            number(rect.y),
            number(rect.width),
            number(rect.height)
        ));
    }

    /// Draws a rectangle without edge or rounding: a piece of a bar.
    pub(super) fn bar(&mut self, rect: Rect, fill: &str, title: &str) {
        self.put(&format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{fill}\"><title>{}</title></rect>",
            number(rect.x),
            number(rect.y),
            number(rect.width),
            number(rect.height),
            escaped(title)
        ));
    }

    /// Draws a line of text whose base line runs through a point.
    pub(super) fn text(&mut self, (x, y): (f64, f64), text: &str, look: &Type) {
        let (shown, size) = fitted(text, look.size, look.bold, look.room);
        let anchor = match look.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let weight = if look.bold { " font-weight=\"bold\"" } else { "" };
        let turned = if look.upward {
            format!(" transform=\"rotate(-90 {} {})\"", number(x), number(y))
        } else {
            String::new()
        };
        if let Some(colour) = look.ground {
            let width = width(&shown, size, look.bold);
            self.put(&format!(
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{colour}\"{turned}/>",
                number(x - width / 2.0),
                number(y - 0.9 * size),
                number(width),
                number(1.2 * size)
            ));
        }
        let (x, y) = (number(x), number(y));
        self.put(&format!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" fill=\"{}\"{weight}{anchor}{turned}>{}</text>",
            number(size),
            look.colour,
            escaped(&shown)
        ));
    }

    /// Draws a line through points.
    pub(super) fn line(&mut self, points: &[(f64, f64)], stroke: &Stroke) {
        let mut points = points.to_vec();
        let head = match points.as_slice() {
            [.., before, tip] if stroke.arrow => Some(head(*before, *tip)),
            _ => None,
        };
        if let (Some([_, left, right]), Some(end)) = (head, points.last_mut()) {
            // The line ends at the base of the head, since it is wider than the tip.
            *end = (f64::midpoint(left.0, right.0), f64::midpoint(left.1, right.1));
        }
        let dashes = if stroke.dashed {
            " stroke-dasharray=\"5 4\""
        } else {
            ""
        };
        self.put(&format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{dashes}/>",
            list(&points),
            stroke.colour,
            number(stroke.width)
        ));
        if let Some(head) = head {
            self.put(&format!(
                "<polygon points=\"{}\" fill=\"{}\"/>",
                list(&head),
                stroke.colour
            ));
        }
    }

    /// Draws a dot at which lines meet.
    pub(super) fn dot(&mut self, (x, y): (f64, f64), colour: &str) {
        self.put(&format!(
            "<circle cx=\"{}\" cy=\"{}\" r=\"4\" fill=\"{colour}\"/>",
            number(x),
            number(y)
        ));
    }

    /// Completes the picture.
    pub(super) fn finish(self, width: f64, height: f64, title: &str) -> String {
        let (width, height) = (number(width), number(height));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\">\n<title>{}</title>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"{WHITE}\"/>\n{}</svg>\n",
            escaped(title),
            self.body
        )
    }

    fn put(&mut self, element: &str) {
        writeln!(self.body, "{element}").expect("a string takes all text");
    }
}

/// Corners of an arrow head, tip first.
fn head(before: (f64, f64), tip: (f64, f64)) -> [(f64, f64); 3] {
    let (dx, dy) = (tip.0 - before.0, tip.1 - before.1);
    let length = dx.hypot(dy).max(f64::MIN_POSITIVE);
    let (dx, dy) = (dx / length, dy / length);
    let base = (tip.0 - HEAD.0 * dx, tip.1 - HEAD.0 * dy);
    [
        tip,
        (base.0 - HEAD.1 * dy, base.1 + HEAD.1 * dx),
        (base.0 + HEAD.1 * dy, base.1 - HEAD.1 * dx),
    ]
}

fn list(points: &[(f64, f64)]) -> String {
    let points = points
        .iter()
        .map(|&(x, y)| format!("{},{}", number(x), number(y)));
    points.collect::<Vec<_>>().join(" ")
}

/// Writes a number in tenths, which the eye cannot tell from the exact number, and which is the same on every machine.
fn number(number: f64) -> String {
    let text = format!("{number:.1}");
    match text.strip_suffix(".0") {
        Some("-0") => "0".into(),
        Some(whole) => whole.into(),
        None => text,
    }
}

/// Escapes a text for XML, since names come from users. Characters that XML cannot hold become replacement characters.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_wherever_it_stands() {
        let name = "<&\"'>\u{0}";
        let mut svg = Svg::default();
        svg.group("layer", name, |svg| {
            svg.text((0.0, 0.0), name, &Type::new(12.0, WHITE));
            svg.bar(Rect::new(0.0, 0.0, 1.0, 1.0), WHITE, name);
        });
        let text = svg.finish(1.0, 1.0, name);
        assert_eq!(
            text.matches("&lt;&amp;&quot;&apos;&gt;\u{fffd}<").count(),
            4,
            "{text}"
        );
        assert!(!text.contains(name));
    }

    #[test]
    fn an_arrow_ends_at_its_last_point() {
        let mut svg = Svg::default();
        svg.line(
            &[(0.0, 0.0), (0.0, 20.0), (30.0, 20.0)],
            &Stroke::new(WHITE, 2.0).arrow(),
        );
        assert!(svg.body.contains("points=\"0,0 0,20 22,20\""), "{}", svg.body);
        assert!(
            svg.body.contains("<polygon points=\"30,20 22,24 22,16\""),
            "{}",
            svg.body
        );
    }
}
