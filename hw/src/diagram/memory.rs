//! Memories of a design: sizes as the generator builds them, block RAMs as the plan counts them.

use super::Drawing;
use super::palette::{BLUE, BLUE_TINT, EDGE, GREY, GREY_TINT, INK, ORANGE, ORANGE_TINT};
use super::svg::{Anchor, Rect, Svg, Type};
use super::text::{count, counted};
use crate::board::Family;
use crate::circuit::event::Addressing;
use crate::circuit::serializer::entry_bits;
use crate::circuit::word_memory::Style;
use crate::geometry::Reach;
use crate::plan::{block_rams, inferred_style, snapshot_style, sprams};
use synfire_golden_model::integer::{Neuron, QuantizedShortcut};

/// Memory of a design, as the diagram shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Memory {
    /// Name of the memory's contents.
    pub(super) name: String,
    /// Number of words, as text.
    pub(super) words: String,
    /// Bits of a word, as text.
    pub(super) bits: String,
    /// Resource that the memory is made of.
    pub(super) built: Built,
}

/// Resource that a memory is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Built {
    /// Block RAM; the number is the number of block RAMs.
    Block(usize),
    /// Distributed RAM, made of LUTs.
    Distributed,
    /// Flip-flops or LUTs.
    Logic,
    /// SPRAM of iCE40 UltraPlus; the number is the number of SPRAMs.
    Spram(usize),
}

impl Built {
    fn of(style: Style, family: Family, depth: usize, width: usize) -> Self {
        match style {
            Style::Block => Self::Block(block_rams(family, depth, width)),
            Style::Distributed => Self::Distributed,
            Style::Logic => Self::Logic,
            Style::Spram => Self::Spram(sprams(depth, width)),
        }
    }

    fn text(self) -> String {
        match self {
            Self::Block(number) => format!("{} block RAM", count(number)),
            Self::Distributed => "distributed RAM".into(),
            Self::Logic => "logic".into(),
            Self::Spram(number) => format!("{} SPRAM", count(number)),
        }
    }

    /// Colours of the edge and of the fill.
    pub(super) const fn colours(self) -> (&'static str, &'static str) {
        match self {
            Self::Block(_) | Self::Spram(_) => (BLUE, BLUE_TINT),
            Self::Distributed => (ORANGE, ORANGE_TINT),
            Self::Logic => (EDGE, GREY_TINT),
        }
    }
}

impl Memory {
    /// This memory several times.
    fn times(mut self, times: usize) -> Self {
        if times > 1 {
            self.words = format!("{times} × {}", self.words);
        }
        self.built = match self.built {
            Built::Block(number) => Built::Block(number * times),
            Built::Spram(number) => Built::Spram(number * times),
            other => other,
        };
        self
    }

    /// Memory of `depth` words of `lanes` numbers, each of `width` bits.
    fn new(name: &str, family: Family, style: Style, depth: usize, lanes: usize, width: usize) -> Self {
        Self {
            name: name.into(),
            words: counted(depth, "word", "words"),
            bits: format!("{lanes} × {width} bits"),
            built: Built::of(style, family, depth, lanes * width),
        }
    }

    /// Draws the memory with its upper left corner at a point.
    pub(super) fn draw(&self, svg: &mut Svg, area: Rect) {
        let (edge, fill) = self.built.colours();
        let built = self.built.text();
        let title = format!("{}: {} of {}, {built}", self.name, self.words, self.bits);
        svg.group("memory", &title, |svg| {
            svg.rect(area, fill, edge);
            let middle = area.middle().0;
            let lines = [
                (&self.name, Type::new(11.5, INK).bold()),
                (&self.words, Type::new(11.0, INK)),
                (&self.bits, Type::new(11.0, INK)),
                (&built, Type::new(11.0, if edge == EDGE { GREY } else { edge })),
            ];
            for (line, y) in lines.into_iter().zip([15.0, 29.5, 43.5, 58.5]) {
                let look = line.1.anchored(Anchor::Middle).within(area.width - 8.0);
                svg.text((middle, area.y + y), line.0, &look);
            }
        });
    }
}

/// Memories of a layer, in the order in which a spike meets them.
pub(super) fn of_layer(drawing: &Drawing<'_>, index: usize) -> Vec<Memory> {
    let layer = &drawing.model.layers[index];
    let plan = &drawing.plan.layers[index];
    let geometry = &drawing.geometry.layers[index];
    let family = drawing.board.device.family;
    let (lanes, groups) = (plan.lanes, plan.groups);
    let membrane_bits = usize::from(layer.membrane_bits);
    let memory = |name, style, depth, width| Memory::new(name, family, style, depth, lanes, width);

    let is_junction = geometry.paths.len() > 1;
    let all_lanes: Vec<usize> = drawing.plan.layers.iter().map(|layer| layer.lanes).collect();
    let fifos = geometry.paths.iter().zip(&plan.fifo_depths);
    let mut memories: Vec<Memory> = fifos
        .map(|(path, &depth)| {
            let bits = drawing.geometry.events(path.stream, &all_lanes).entry_bits();
            Memory {
                name: if is_junction {
                    format!("FIFO of {}", drawing.stream_name(path.stream))
                } else {
                    "FIFO".into()
                },
                words: counted(depth, "event", "events"),
                bits: format!("{bits} bits"),
                built: Built::of(Style::Block, family, depth, bits),
            }
        })
        .collect();
    // The weights of pooling are all 1, which takes two bits including the sign.
    let weight_bits = match geometry.paths[0].reach {
        Reach::Count => 2,
        _ => usize::from(layer.weight_bits),
    };
    // A copy for each spike that is taken at once.
    let weights = Memory::new(
        "weights",
        family,
        plan.weight_style,
        plan.weight_words.max(1),
        plan.positions * lanes,
        weight_bits,
    );
    memories.push(weights.times(plan.merged));
    // A bank for each position that is updated at once.
    let bank_words = geometry.bank_words(plan.positions, plan.groups);
    let membranes = memory("membranes", plan.membrane_style, bank_words, membrane_bits);
    memories.push(membranes.times(plan.positions));
    if matches!(layer.neuron, Neuron::Lif { .. }) {
        memories.push(memory("thresholds", plan.threshold_style, groups, membrane_bits));
    }
    if let Some(QuantizedShortcut::Identity(_)) = &layer.shortcut {
        memories.push(memory("identities", plan.threshold_style, groups, membrane_bits));
    }
    if !layer.biases.is_empty() {
        memories.push(memory("biases", plan.threshold_style, groups, membrane_bits));
    }
    if plan.queue_depth > 0 {
        for bits in entry_bits(Addressing::of(geometry.neurons).in_words_of(lanes), plan.swept) {
            let style = inferred_style(family, plan.queue_depth, bits);
            memories.push(Memory {
                name: "serializer".into(),
                words: counted(plan.queue_depth, "mask", "masks"),
                bits: format!("{bits} bits"),
                built: Built::of(style, family, plan.queue_depth, bits),
            });
        }
    }
    memories
}

/// Memory of the snapshot of the output layer's membranes.
pub(super) fn snapshot(drawing: &Drawing<'_>) -> Option<Memory> {
    let (layer, plan) = (drawing.model.layers.last()?, drawing.plan.layers.last()?);
    let family = drawing.board.device.family;
    let style = snapshot_style(family, plan.groups);
    let bits = usize::from(layer.membrane_bits);
    Some(Memory::new(
        "snapshot",
        family,
        style,
        plan.groups,
        plan.lanes,
        bits,
    ))
}

/// Memory of the early exit's margins, one per step.
pub(super) fn margins(drawing: &Drawing<'_>, steps: usize) -> Memory {
    let family = drawing.board.device.family;
    Memory {
        name: "early exit".into(),
        words: counted(steps, "margin", "margins"),
        bits: "32 bits".into(),
        built: Built::of(inferred_style(family, steps, 32), family, steps, 32),
    }
}
