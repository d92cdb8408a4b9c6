//! Finds the lowest set bits of a mask, up to k of them at once, and the mask without them.
//!
//! The block is combinational, and hand-written Verilog because its width is a run-time parameter. For one bit, `mask & (mask − 1)`
//! is the mask without its lowest bit, which costs a carry chain and no tree. For several bits, k chains one behind the other
//! would fill a cycle, as one of many lanes would. So the bits below each lane are counted, up to k, by a prefix network (Sklansky 1960) of ⌈log2 lanes⌉ levels:
//! the bit with none below it is the first, the one with one the second, and so on. A count is kept in unary, `at_least[j]`, so that
//! a sum of two is an OR of ANDs.

use super::{signals, with_defaults};
use rust_hdl::prelude::*;
use std::fmt::Write as _;

/// Most lanes whose carry chain fits into a cycle beside all else.
const LONGEST_CHAIN: usize = 16;

/// Priority encoder over the lanes of a word.
#[derive(Debug, LogicBlock)]
pub struct PriorityEncoder {
    /// Mask to search; only the low `lanes` bits may be set.
    pub mask: Signal<In, Bits<64>>,
    /// High if `mask` has more than j bits.
    pub any: Vec<Signal<Out, Bit>>,
    /// Position of the j-th lowest set bit, from 0 on; 0 if there is none.
    pub lane: Vec<Signal<Out, Bits<24>>>,
    /// Mask without its k lowest set bits.
    pub rest: Signal<Out, Bits<64>>,
    _lanes: usize,
}

impl PriorityEncoder {
    /// Builds an encoder of `lanes` lanes, 1..=64, which finds `found` bits at once.
    ///
    /// # Panics
    /// If it is to find none: a bug of the generator.
    #[must_use]
    pub fn new(lanes: usize, found: usize) -> Self {
        assert!(found > 0, "an encoder that finds nothing");
        with_defaults! {
            Self {
                any: signals(found),
                lane: signals(found),
                _lanes: lanes,
            }
            mask, rest,
        }
    }

    /// Declarations of `left`, the mask without the bits that are found, and of `found_J`, one-hot.
    fn by_a_chain(&self) -> String {
        let lanes = self._lanes;
        format!(
            "\
wire [{top}:0] used = mask[{top}:0];
wire [{top}:0] left = used & (used - {lanes}'h1);
wire [{top}:0] found_0 = used & ~left;
",
            top = lanes - 1
        )
    }

    /// Likewise, with counts of the bits below each lane.
    fn by_counts(&self) -> String {
        let (lanes, most) = (self._lanes, self.any.len());
        let top = lanes - 1;
        let mut text = format!("wire [{top}:0] used = mask[{top}:0];\n");
        // Unary counts of whole blocks, and of the bits below each lane within its block; blocks double from level to level.
        let mut below: Vec<Vec<String>> = vec![vec!["1'b0".into(); most]; lanes];
        let mut block: Vec<Vec<String>> = (0..lanes)
            .map(|lane| {
                let mut count = vec!["1'b0".to_owned(); most];
                count[0] = format!("used[{lane}]");
                count
            })
            .collect();
        let mut wires = 0;
        let mut sum = |text: &mut String, one: &[String], other: &[String]| -> Vec<String> {
            let at_least = |count: &[String], bits: usize| match bits.checked_sub(1) {
                None => "1'b1".to_owned(),
                Some(index) => count[index].clone(),
            };
            (1..=most)
                .map(|bits| {
                    let terms: Vec<String> = (0..=bits)
                        .map(|of_one| [at_least(one, of_one), at_least(other, bits - of_one)])
                        .filter(|pair| !pair.contains(&"1'b0".to_owned()))
                        .map(|pair| {
                            let factors: Vec<String> =
                                pair.into_iter().filter(|factor| factor != "1'b1").collect();
                            factors.join(" & ")
                        })
                        .collect();
                    match &terms[..] {
                        [] => "1'b0".into(),
                        [single] if !single.contains('&') => single.clone(),
                        _ => {
                            let name = format!("count_{wires}");
                            wires += 1;
                            let _ = writeln!(text, "wire {name} = {};", terms.join(" | "));
                            name
                        }
                    }
                })
                .collect()
        };
        let mut size = 1;
        while size < lanes {
            for (lane, count) in below.iter_mut().enumerate() {
                if lane / size % 2 == 1 {
                    *count = sum(&mut text, &block[lane / size - 1], count);
                }
            }
            block = block
                .chunks(2)
                .map(|pair| match pair {
                    [one, other] => sum(&mut text, one, other),
                    _ => pair[0].clone(),
                })
                .collect();
            size *= 2;
        }
        let at_least = |bits: usize| {
            let counts = below.iter().rev();
            let counts: Vec<&str> = counts.map(|count| count[bits - 1].as_str()).collect();
            counts.join(", ")
        };
        for bits in 1..=most {
            let _ = writeln!(text, "wire [{top}:0] at_least_{bits} = {{{}}};", at_least(bits));
        }
        for found in 0..most {
            let low = if found == 0 {
                String::new()
            } else {
                format!(" & at_least_{found}")
            };
            let _ = writeln!(
                text,
                "wire [{top}:0] found_{found} = used{low} & ~at_least_{};",
                found + 1
            );
        }
        let _ = writeln!(text, "wire [{top}:0] left = used & at_least_{most};");
        text
    }
}

impl Logic for PriorityEncoder {
    fn update(&mut self) {
        let mut rest = self.mask.val().to_u64();
        for (any, lane) in self.any.iter_mut().zip(&mut self.lane) {
            any.next = rest != 0;
            lane.next = u64::from(if rest == 0 { 0 } else { rest.trailing_zeros() }).into();
            rest &= rest.wrapping_sub(1);
        }
        self.rest.next = rest.into();
    }

    fn connect(&mut self) {
        for any in &mut self.any {
            any.connect();
        }
        for lane in &mut self.lane {
            lane.connect();
        }
        self.rest.connect();
    }

    fn hdl(&self) -> Verilog {
        let lanes = self._lanes;
        let found = self.any.len();
        let padding = if lanes < 64 {
            format!("{}'h0, ", 64 - lanes)
        } else {
            String::new()
        };
        let bits = clog2(lanes);
        let number = |found: usize| {
            let numbers: Vec<String> = (0..bits)
                .rev()
                .map(|bit| {
                    let set: Vec<String> = (0..lanes)
                        .filter(|lane| lane >> bit & 1 == 1)
                        .map(|lane| format!("found_{found}[{lane}]"))
                        .collect();
                    set.join(" | ")
                })
                .collect();
            if bits == 0 {
                "24'h0".into()
            } else {
                format!("{{{}'h0, {}}}", 24 - bits, numbers.join(",\n        "))
            }
        };
        let mut text = if found == 1 && lanes <= LONGEST_CHAIN {
            self.by_a_chain()
        } else {
            self.by_counts()
        };
        text.push_str("always @(*) begin\n");
        for index in 0..found {
            let any = if index == 0 {
                "used".into()
            } else {
                format!("found_{index}")
            };
            let _ = writeln!(text, "    any${index} = |{any};");
            let _ = writeln!(text, "    lane${index} = {};", number(index));
        }
        let _ = write!(text, "    rest = {{{padding}left}};\nend\n");
        Verilog::Custom(text)
    }
}
