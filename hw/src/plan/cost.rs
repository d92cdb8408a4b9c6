//! Estimated cost of circuits: LUTs by a linear model that is fitted to synthesis results.

use super::memory::{block_rams_of, inferred_style, spram_rows};
use super::{Array, Cost};
use crate::board::{Board, Family};
use crate::circuit::link::frame_receiver::SLOTS;
use crate::circuit::word_memory::Style;
use synfire_golden_model::integer::QuantizedModel;

/// LUTs per membrane bit of a lane: two selections of the membrane, the sum, the leak, the comparisons with threshold and
/// floor, and the final selection. Neurons that fire and leak take more on ECP5, whose carry cells take two LUTs each.
const fn per_bit(family: Family, fires: bool) -> usize {
    match (family, fires) {
        (Family::Ecp5, true) => 12,
        (Family::Gowin, true) => 7,
        _ => 8,
    }
}

/// LUTs per membrane bit of a lane for an addition: a carry cell of ECP5 takes two LUTs.
const fn per_addition(family: Family) -> usize {
    match family {
        Family::Ecp5 => 2,
        Family::Ice40 | Family::Gowin => 1,
    }
}

/// LUTs of a multiplier by 8 bits, per bit of the number that is multiplied.
const MULTIPLIER_PER_BIT: usize = 12;

/// LUTs per membrane bit of a lane that only adds: two selections of the membrane, the sum and the final selection.
const PER_BIT_ADDED: usize = 6;

/// LUTs of the control of a bank: comparisons of addresses, and the selection of its own.
const BANK: usize = 60;

/// LUTs of the loader, which writes memories over the link.
const LOADER: usize = 150;

/// Properties of a layer on which its LUTs depend.
#[derive(Clone, Copy, Debug)]
pub(super) struct LayerLogic {
    pub(super) family: Family,
    pub(super) array: Array,
    pub(super) groups: usize,
    /// Membrane words of a bank.
    pub(super) words: usize,
    pub(super) membrane_bits: usize,
    pub(super) membrane_style: Style,
    pub(super) threshold_style: Style,
    /// Whether the layer has LIF neurons with weights; false for the output layer and for pooling.
    pub(super) fires: bool,
    /// Whether neurons have biases.
    pub(super) biased: bool,
    /// Whether neurons are reset by subtraction.
    pub(super) subtracts: bool,
    /// Whether the layer takes a graded input.
    pub(super) graded: bool,
    pub(super) weight_words: usize,
    pub(super) weight_style: Style,
    pub(super) weight_bits: usize,
    pub(super) paths: usize,
    /// Whether thresholds can be loaded: if so they are flip-flops, otherwise constants.
    pub(super) reloadable: bool,
}

/// LUTs of a layer: walker and windows, lanes, serializer, memories made of logic, and the selection among the RAMs that
/// make up a deep memory.
pub(super) fn layer_luts(layer: &LayerLogic) -> usize {
    let &LayerLogic {
        family,
        array,
        groups,
        words,
        membrane_bits,
        ..
    } = layer;
    let Array {
        lanes,
        positions,
        merged,
        swept,
    } = array;
    let all = positions * lanes;
    let control = 450 + 200 * layer.paths + BANK * (positions - 1);
    let word = lanes * membrane_bits;
    // A bias is one more addition; a reset by subtraction is one, a comparison with the ceiling, and two selections.
    let additions = usize::from(layer.biased) + 3 * usize::from(layer.subtracts);
    let multipliers = if layer.graded {
        MULTIPLIER_PER_BIT * all * layer.weight_bits
    } else {
        0
    };
    // Units beyond the first position's end steps, too; what a lane takes for adding is not part of them.
    let settle = per_bit(family, layer.fires) + additions * per_addition(family);
    let further_units = settle.saturating_sub(PER_BIT_ADDED) * word * (swept - 1);
    let lanes_and_serializer = settle * word + further_units + 10 * lanes * swept + multipliers;
    // Lanes of further positions only add; a selection among the banks leads to the end of a step. Further spikes are added to
    // the first in a carry chain.
    let selection = if positions > swept {
        positions.div_ceil(2) + 1
    } else {
        0
    };
    let further = PER_BIT_ADDED * membrane_bits * (all - lanes)
        + selection * word
        + (merged - 1) * all * (layer.weight_bits + 2) * per_addition(family);
    let membranes = match layer.membrane_style {
        Style::Block => positions * block_ram_selection(family, words, word),
        Style::Spram => 0,
        Style::Distributed => positions * distributed(words, word),
        Style::Logic => positions * (registers(family, word * words) + word * words.div_ceil(2)),
    };
    let thresholds = match layer.threshold_style {
        // The words, and the word that is being shifted in.
        Style::Logic if layer.reloadable => {
            (registers(family, word * (groups + 1)) + word * groups.div_ceil(2))
                * (1 + usize::from(layer.biased))
        }
        Style::Logic => word * groups.div_ceil(16) * (1 + usize::from(layer.biased)),
        _ => 0,
    };
    control
        + lanes_and_serializer
        + further
        + membranes
        + thresholds
        + match layer.weight_style {
            // SPRAM always needs the loader, and a selection between reading and writing.
            Style::Spram => spram_selection(layer) + usize::from(!layer.reloadable) * LOADER,
            Style::Distributed => merged * distributed(layer.weight_words, all * layer.weight_bits),
            _ => merged * block_ram_selection(family, layer.weight_words, all * layer.weight_bits),
        }
        + if layer.reloadable {
            registers(family, all * layer.weight_bits)
        } else {
            0
        }
}

/// LUTs that select among the rows of SPRAM of a deep weight memory.
fn spram_selection(layer: &LayerLogic) -> usize {
    layer.array.lanes
        * layer.array.positions
        * layer.weight_bits
        * spram_rows(layer.weight_words).saturating_sub(1)
}

/// LUTs of a distributed RAM of ECP5. A cell holds 16 words of 4 bits and takes four LUTs and two more to write them; deep
/// memories select among their rows of cells. The register behind the RAM takes no LUT.
const fn distributed(depth: usize, width: usize) -> usize {
    let rows = depth.div_ceil(16);
    rows * width.div_ceil(4) * 6 + width * (rows - 1)
}

/// LUTs that `count` flip-flops take from other logic: a flip-flop of iCE40 occupies a LUT, and one of Gowin is fed by one.
const fn registers(family: Family, count: usize) -> usize {
    match family {
        Family::Ice40 | Family::Gowin => count,
        Family::Ecp5 => 0,
    }
}

/// LUTs that select among the rows of block RAM of a deep memory.
fn block_ram_selection(family: Family, depth: usize, width: usize) -> usize {
    let (rows, wide) = match family {
        Family::Ice40 => (depth.div_ceil(256), 16),
        Family::Ecp5 | Family::Gowin => (depth.div_ceil(512), 36),
    };
    // A narrow memory takes fewer rows, since block RAMs have deeper and narrower shapes, too.
    let rows = if width < wide {
        rows.div_ceil(wide / width.max(1))
    } else {
        rows
    };
    width * rows.saturating_sub(1) * 2 / 3
}

/// Approximate bytes of the frame transmitter's buffer.
const TRANSMITTED: usize = 64;

/// Cost of UART, frames, command processor, and of what the board's features add.
pub(super) fn link_cost(board: &Board, model: &QuantizedModel, layers: usize) -> Cost {
    let family = board.device.family;
    let features = board.link.features;
    let inputs = model.description.input;
    let slots = SLOTS * usize::from(board.link.slot_bytes);
    let only = |feature: bool, cost: Cost| if feature { cost } else { Cost::default() };
    let parts = [
        Cost {
            luts: 1900 + 120 * layers,
            block_rams: inferred_block_rams(family, slots, 8) + inferred_block_rams(family, TRANSMITTED, 8),
            sprams: 0,
        },
        only(
            features.encoder,
            Cost {
                luts: 700,
                block_rams: inferred_block_rams(family, inputs.size(), 8)
                    + inferred_block_rams(family, 256 * inputs.channels, 10),
                sprams: 0,
            },
        ),
        only(
            features.early_exit,
            Cost {
                luts: 600,
                block_rams: inferred_block_rams(family, model.description.steps, 32),
                sprams: 0,
            },
        ),
        only(
            features.reloadable,
            Cost {
                luts: LOADER,
                ..Cost::default()
            },
        ),
    ];
    parts.into_iter().sum()
}

/// Block RAMs of a memory whose style synthesis picks.
fn inferred_block_rams(family: Family, depth: usize, width: usize) -> usize {
    block_rams_of(inferred_style(family, depth, width), family, depth, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributed_ram_is_cells_and_the_selection_among_its_rows() {
        // 4 rows of 30 cells, and a selection among four for each of 120 bits.
        assert_eq!(distributed(64, 120), 4 * 30 * 6 + 3 * 120);
        assert_eq!(distributed(16, 120), 30 * 6);
    }
}
