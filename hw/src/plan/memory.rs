//! Memories of a layer: their style, their depth, and the RAM blocks that they take.

use crate::board::Family;
use crate::circuit::word_memory::Style;

/// Most words of a membrane memory that is made of logic instead of block RAM.
const LOGIC_WORDS: usize = 2;
/// Most words of a memory that ECP5 makes of distributed RAM.
const DISTRIBUTED_WORDS: usize = 64;
/// Most words of a weight memory that ECP5 makes of distributed RAM. Block RAM of so few words is mostly empty; and it answers 5 ns
/// after the clock, which is late in front of the multipliers of a first layer. Only memories that can be loaded: Yosys maps no
/// constant memory to distributed RAM.
const SMALL_WEIGHTS: usize = 32;
/// Cells of distributed RAM, 16 words of 4 bits each, that Yosys takes to be worth as much as a block RAM.
const CELLS_WORTH_A_BLOCK: usize = 32;
/// Capacity of a FIFO as a multiple of the mean number of events per step.
const FIFO_MARGIN: f64 = 1.5;
/// Most events that a FIFO holds.
const MOST_EVENTS: usize = 8192;
/// Words of an SPRAM, each of 16 bits.
const SPRAM_WORDS: usize = 16384;

/// Styles that a weight memory of `words` words may have; the first is the preferred one.
pub(super) const fn weight_styles(
    family: Family,
    words: usize,
    has_sprams: bool,
    reloadable: bool,
) -> &'static [Style] {
    match (family, words, has_sprams) {
        (_, 0 | 1, _) => &[Style::Logic],
        (Family::Ecp5, 2..=SMALL_WEIGHTS, _) if reloadable => &[Style::Distributed],
        (_, _, true) => &[Style::Block, Style::Spram],
        (_, _, false) => &[Style::Block],
    }
}

/// Style of a membrane memory of `words` words.
pub(super) const fn membrane_style(family: Family, words: usize) -> Style {
    match family {
        _ if words <= LOGIC_WORDS => Style::Logic,
        Family::Ecp5 if words <= DISTRIBUTED_WORDS => Style::Distributed,
        _ => Style::Block,
    }
}

/// Style of a threshold memory, which has one word per group.
pub(super) const fn threshold_style(groups: usize) -> Style {
    if groups <= DISTRIBUTED_WORDS {
        Style::Logic
    } else {
        Style::Block
    }
}

/// Style that synthesis picks for a memory of `depth` words of `width` bits if the Verilog leaves it the choice, as for the
/// queue of a serializer: distributed RAM on ECP5 unless the memory is large, block RAM otherwise. Gowin's distributed RAM
/// is not used, for the reason that `docs/boards.md` gives.
pub(crate) const fn inferred_style(family: Family, depth: usize, width: usize) -> Style {
    let cells = depth.div_ceil(16) * width.div_ceil(4);
    match family {
        Family::Ecp5 if depth <= DISTRIBUTED_WORDS && cells < CELLS_WORTH_A_BLOCK => Style::Distributed,
        _ => Style::Block,
    }
}

/// Style that synthesis picks for the snapshot of the output layer's membranes, which has one word per group.
pub(crate) const fn snapshot_style(family: Family, groups: usize) -> Style {
    match family {
        _ if groups <= 1 => Style::Logic,
        Family::Ice40 | Family::Gowin => Style::Block,
        Family::Ecp5 => Style::Distributed,
    }
}

/// Block RAMs of a memory of `depth` words of `width` bits, in the best of the family's shapes.
#[must_use]
pub fn block_rams(family: Family, depth: usize, width: usize) -> usize {
    let shapes: &[(usize, usize)] = match family {
        Family::Ice40 => &[(256, 16), (512, 8), (1024, 4), (2048, 2)],
        // Gowin's block RAM has the shapes of ECP5's.
        Family::Ecp5 | Family::Gowin => &[(512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1)],
    };
    shapes
        .iter()
        .map(|(words, bits)| depth.div_ceil(*words) * width.div_ceil(*bits))
        .min()
        .unwrap_or(0)
}

/// SPRAMs of a memory of `depth` words of `width` bits.
#[must_use]
pub(crate) const fn sprams(depth: usize, width: usize) -> usize {
    spram_rows(depth) * width.div_ceil(16)
}

/// Rows of SPRAM that a memory of `depth` words is deep.
pub(super) const fn spram_rows(depth: usize) -> usize {
    depth.div_ceil(SPRAM_WORDS)
}

/// Block RAMs of a memory of the given style: 0 for other styles than [`Style::Block`].
pub(super) fn block_rams_of(style: Style, family: Family, depth: usize, width: usize) -> usize {
    match style {
        Style::Block => block_rams(family, depth, width),
        _ => 0,
    }
}

/// Sweep words that the queue of a serializer holds: as many as are on their way when a sweep is stalled, and some more. Words
/// leave as fast as they come.
pub(super) const fn queue_depth(groups: usize) -> usize {
    if groups <= 8 { 16 } else { 32 }
}

/// Events that the FIFO of a path holds: those of a step with a margin, so that a layer does not stall the layer before it,
/// and at least as many as a whole block RAM holds. An entry has `width` bits.
pub(super) fn fifo_depth(family: Family, width: usize, events: f64) -> usize {
    let whole = match family {
        Family::Ice40 => 256,
        Family::Ecp5 | Family::Gowin if width <= 18 => 1024,
        Family::Ecp5 | Family::Gowin => 512,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded before the cast"
    )]
    let wanted = (FIFO_MARGIN * events).clamp(0.0, 1e6) as usize;
    wanted.next_power_of_two().clamp(whole, MOST_EVENTS)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        // iCE40 has no distributed RAM, and Gowin's loses writes.
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
        // 13 deep and 2 wide; the shape of 1024 words would take 7 × 4.
        assert_eq!(block_rams(Family::Ecp5, 784 * 8, 64), 26);
    }
}
