//! Printer of compact text.

use super::parser::{BLOCK_KERNEL, BLOCK_PADDING};
use crate::network::{LayerDescription, LayerKind, NetworkDescription, Shortcut};
use std::fmt::Write as _;

/// Characters that precede the number of a layer. A piece that contains one is not abbreviated by a repeat count.
const NUMBERED: [char; 3] = ['<', '+', '='];

pub(super) fn print(network: &NetworkDescription) -> String {
    let layers = &network.layers;
    // A piece and its repeat count.
    let mut pieces: Vec<(String, usize)> = Vec::new();
    let mut index = 0;
    while index < layers.len() {
        let (text, length) = match block(layers, index) {
            Some(text) => (text, 2),
            None => (layer(layers, index), 1),
        };
        index += length;
        match pieces.last_mut() {
            Some((last, times)) if *last == text && !text.contains(NUMBERED) => *times += 1,
            _ => pieces.push((text, 1)),
        }
    }
    let pieces: Vec<String> = pieces
        .into_iter()
        .map(|(text, times)| match times {
            1 => text,
            _ => format!("{text}x{times}"),
        })
        .collect();
    let [channels, height, width] = network.input.into();
    format!("{}@{channels}x{height}x{width}", pieces.join("-"))
}

/// Text of the residual block that begins with layer `index`; `None` if there is no block.
fn block(layers: &[LayerDescription], index: usize) -> Option<String> {
    let [first, second] = layers.get(index..index + 2)? else {
        return None;
    };
    let shortcut = second.shortcut.as_ref()?;
    let conv = |layer: &LayerDescription| match layer.kind {
        LayerKind::Conv {
            out,
            kernel: BLOCK_KERNEL,
            stride,
            padding: BLOCK_PADDING,
        } => Some((out, stride)),
        _ => None,
    };
    let ((out, 1), (same_out, stride)) = (conv(first)?, conv(second)?) else {
        return None;
    };
    let before = index
        .checked_sub(1)
        .map_or("input", |before| &layers[before].name);
    let is_block = out == same_out
        && first.shortcut.is_none()
        && first.threshold().to_bits() == second.threshold().to_bits()
        && first.dropout.to_bits() == second.dropout.to_bits()
        && follows(layers, index)
        && follows(layers, index + 1)
        && shortcut.from == before
        && shortcut.stride == stride;
    let mut text = format!("{}{out}", if shortcut.identity { 'I' } else { 'R' });
    push_stride(&mut text, stride);
    push_options(&mut text, first);
    is_block.then_some(text)
}

fn layer(layers: &[LayerDescription], index: usize) -> String {
    let layer = &layers[index];
    let mut text = match layer.kind {
        LayerKind::Conv {
            out,
            kernel,
            stride,
            padding,
        } => {
            let mut text = format!("{out}C{kernel}");
            push_stride(&mut text, stride);
            if padding > 0 {
                push(&mut text, 'p', padding);
            }
            text
        }
        LayerKind::Pool { kernel } => format!("P{kernel}"),
        LayerKind::Fc { out } | LayerKind::Out { out } => out.to_string(),
    };
    push_options(&mut text, layer);
    if let (false, Some(from)) = (follows(layers, index), &layer.from) {
        text.push('<');
        text.push_str(&number(layers, from));
    }
    if let Some(Shortcut {
        from,
        stride,
        identity,
    }) = &layer.shortcut
    {
        text.push(if *identity { '=' } else { '+' });
        text.push_str(&number(layers, from));
        push_stride(&mut text, *stride);
    }
    text
}

/// Whether the source of a layer is the layer before.
fn follows(layers: &[LayerDescription], index: usize) -> bool {
    let before = index
        .checked_sub(1)
        .map_or("input", |before| &layers[before].name);
    layers[index].from.as_deref().is_none_or(|from| from == before)
}

/// Number of a source, or `?` for a name that no layer has.
fn number(layers: &[LayerDescription], name: &str) -> String {
    if name == "input" {
        return "0".into();
    }
    let index = layers.iter().position(|layer| layer.name == name);
    index.map_or_else(|| "?".into(), |index| (index + 1).to_string())
}

fn push_stride(text: &mut String, stride: usize) {
    if stride != 1 {
        push(text, 's', stride);
    }
}

fn push_options(text: &mut String, layer: &LayerDescription) {
    if layer.dropout > 0.0 {
        push(text, 'd', layer.dropout);
    }
    let usual = LayerDescription::new("", layer.kind).threshold();
    if layer.threshold().to_bits() != usual.to_bits() {
        push(text, 't', layer.threshold());
    }
}

fn push(text: &mut String, letter: char, value: impl std::fmt::Display) {
    write!(text, "{letter}{value}").expect("writing to a string does not fail");
}
