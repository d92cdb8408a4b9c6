//! What circuits cost, estimated: tables by a linear model fitted to synthesis results, block RAM by shapes.

use super::{Cost, inferred_style};
use crate::board::{Board, Family};
use crate::circuit::link::frame_receiver::SLOTS;
use crate::circuit::word_memory::Style;
use synfire_golden_model::integer::QuantizedModel;

/// Tables of a bit of a lane: two choices of the membrane, sum, leak, comparisons with threshold and floor, choice. On ECP5, whose
/// carries are cells of two tables, those of neurons that fire and leak take more.
const fn per_bit(family: Family, fires: bool) -> usize {
    match (family, fires) {
        (Family::Ecp5, true) => 12,
        (Family::Gowin, true) => 7,
        _ => 8,
    }
}

/// Tables of the way by which memories are loaded.
const LOADER: usize = 150;
/// Words of an SPRAM, of 16 bits.
const SPRAM_WORDS: usize = 16384;

/// What a layer's tables depend on.
#[derive(Clone, Copy, Debug)]
pub(super) struct LayerLogic {
    pub(super) family: Family,
    pub(super) lanes: usize,
    pub(super) groups: usize,
    pub(super) words: usize,
    pub(super) membrane_bits: usize,
    pub(super) membrane_style: Style,
    pub(super) threshold_style: Style,
    /// LIF neurons, not the output layer's or those that pool.
    pub(super) fires: bool,
    pub(super) weight_words: usize,
    pub(super) weight_style: Style,
    pub(super) weight_bits: usize,
    pub(super) paths: usize,
    /// Thresholds can be loaded: they are flip-flops then, and constants otherwise.
    pub(super) loads: bool,
}

/// Tables of a layer: walker and windows, lanes, serializer, memories made of logic, and the choice among the block RAMs
/// that a deep memory is made of.
pub(super) fn layer_luts(layer: &LayerLogic) -> usize {
    let &LayerLogic {
        family,
        lanes,
        groups,
        words,
        membrane_bits,
        ..
    } = layer;
    let control = 450 + 200 * layer.paths;
    let word = lanes * membrane_bits;
    let lanes_and_serializer = per_bit(family, layer.fires) * word + 10 * lanes;
    let membranes = match layer.membrane_style {
        Style::Block => choice(family, words, word),
        Style::Huge => 0,
        Style::Distributed => distributed(words, word),
        Style::Logic => registers(family, word * words) + word * words.div_ceil(2),
    };
    let thresholds = match layer.threshold_style {
        // The words, and the one that is shifted in.
        Style::Logic if layer.loads => registers(family, word * (groups + 1)) + word * groups.div_ceil(2),
        Style::Logic => word * groups.div_ceil(16),
        _ => 0,
    };
    control
        + lanes_and_serializer
        + membranes
        + thresholds
        + match layer.weight_style {
            // The loader, where nothing else wants one, and the choice between reading and writing.
            Style::Huge => choice_of_huge(layer) + usize::from(!layer.loads) * LOADER,
            _ => choice(family, layer.weight_words, lanes * layer.weight_bits),
        }
        + if layer.loads {
            registers(family, lanes * layer.weight_bits)
        } else {
            0
        }
}

/// Tables that choose among the rows of SPRAM that a memory is deep.
fn choice_of_huge(layer: &LayerLogic) -> usize {
    let rows = layer.weight_words.div_ceil(SPRAM_WORDS);
    layer.lanes * layer.weight_bits * rows.saturating_sub(1)
}

/// SPRAMs of a memory of `depth` words of `width` bits.
#[must_use]
pub(crate) const fn sprams(depth: usize, width: usize) -> usize {
    depth.div_ceil(SPRAM_WORDS) * width.div_ceil(16)
}

/// Tables of a distributed RAM of ECP5: cells of 16 words of 4 bits, which take four tables each and two more to write them, and the
/// choice among those that it is deep. The register behind it takes none.
const fn distributed(depth: usize, width: usize) -> usize {
    let rows = depth.div_ceil(16);
    rows * width.div_ceil(4) * 6 + width * (rows - 1)
}

/// Tables that flip-flops take from others: iCE40's come with a table each, and Gowin's are fed by one.
const fn registers(family: Family, count: usize) -> usize {
    match family {
        Family::Ice40 | Family::Gowin => count,
        Family::Ecp5 => 0,
    }
}

/// Tables that choose among the rows of block RAM that a memory is deep.
fn choice(family: Family, depth: usize, width: usize) -> usize {
    let (rows, wide) = match family {
        Family::Ice40 => (depth.div_ceil(256), 16),
        Family::Ecp5 | Family::Gowin => (depth.div_ceil(512), 36),
    };
    // Deeper and narrower block RAMs make fewer rows of a narrow memory.
    let rows = if width < wide {
        rows.div_ceil(wide / width.max(1))
    } else {
        rows
    };
    width * rows.saturating_sub(1) * 2 / 3
}

/// Bytes of the frame transmitter's buffer, about.
const TRANSMITTED: usize = 64;

/// Cost of UART, frames, command processor and what the board's features add.
pub(super) fn link_cost(board: &Board, model: &QuantizedModel, layers: usize) -> Cost {
    let family = board.device.family;
    let features = board.link.features;
    let inputs = model.description.input;
    let slots = SLOTS * usize::from(board.link.slot_bytes);
    let only = |feature: bool, cost: Cost| if feature { cost } else { Cost::default() };
    let parts = [
        Cost {
            luts: 1900 + 120 * layers,
            block_rams: small_or_block_rams(family, slots, 8) + small_or_block_rams(family, TRANSMITTED, 8),
            sprams: 0,
        },
        only(
            features.encoder,
            Cost {
                luts: 700,
                block_rams: small_or_block_rams(family, inputs.size(), 8)
                    + small_or_block_rams(family, 256 * inputs.channels, 10),
                sprams: 0,
            },
        ),
        only(
            features.early_exit,
            Cost {
                luts: 600,
                block_rams: small_or_block_rams(family, model.description.steps, 32),
                sprams: 0,
            },
        ),
        only(
            features.load,
            Cost {
                luts: LOADER,
                ..Cost::default()
            },
        ),
    ];
    parts.into_iter().sum()
}

/// Block RAMs of a memory of which synthesis decides what it is made of.
fn small_or_block_rams(family: Family, depth: usize, width: usize) -> usize {
    match inferred_style(family, depth, width) {
        Style::Block => block_rams(family, depth, width),
        _ => 0,
    }
}

/// Block RAMs of a memory of `depth` words of `width` bits, in the best of the family's shapes.
#[must_use]
pub fn block_rams(family: Family, depth: usize, width: usize) -> usize {
    let shapes: &[(usize, usize)] = match family {
        Family::Ice40 => &[(256, 16), (512, 8), (1024, 4), (2048, 2)],
        // Gowin's are of the same shapes.
        Family::Ecp5 | Family::Gowin => &[(512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1)],
    };
    shapes
        .iter()
        .map(|(words, bits)| depth.div_ceil(*words) * width.div_ceil(*bits))
        .min()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::snapshot_style;

    #[test]
    fn distributed_ram_is_cells_and_the_choice_among_its_rows() {
        // 4 rows of 30 cells, and a choice of four for each of 120 bits.
        assert_eq!(distributed(64, 120), 4 * 30 * 6 + 3 * 120);
        assert_eq!(distributed(16, 120), 30 * 6);
    }

    #[test]
    fn what_synthesis_chooses_depends_on_depth_and_width() {
        for (depth, width, style) in [
            (64, 17, Style::Distributed),
            (64, 28, Style::Distributed),
            (64, 29, Style::Block),
            (50, 32, Style::Block),
            (65, 1, Style::Block),
        ] {
            assert_eq!(
                inferred_style(Family::Ecp5, depth, width),
                style,
                "{depth} x {width}"
            );
        }
        // iCE40 has none, and Gowin's loses writes.
        for family in [Family::Ice40, Family::Gowin] {
            assert_eq!(inferred_style(family, 16, 4), Style::Block);
            assert_eq!(snapshot_style(family, 4), Style::Block);
        }
    }

    #[test]
    fn block_ram_shapes_are_used_whole() {
        assert_eq!(block_rams(Family::Ice40, 256, 16), 1);
        assert_eq!(block_rams(Family::Ice40, 257, 16), 2);
        assert_eq!(block_rams(Family::Ice40, 512, 8), 1);
        // 13 deep and 2 wide; the shape of 1024 words would want 7 × 4.
        assert_eq!(block_rams(Family::Ecp5, 784 * 8, 64), 26);
    }
}
