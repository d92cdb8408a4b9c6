//! Which weights and which neurons a source meets.
//!
//! Along one axis, a source at y meets output o through kernel row k where o·stride + k − padding = y. As o grows by
//! one, k falls by the stride: with the kernel's rows stored by k mod stride, falling, the rows that one source needs
//! lie one after the other, and so do the outputs that it meets.

/// What one source meets along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first output.
    pub output: usize,
    /// Place of its kernel row in [`Axis::place`]'s order.
    pub place: usize,
    /// Number of outputs, and of kernel rows.
    pub count: usize,
}

/// A convolution along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Kernel rows.
    pub kernel: usize,
    /// Sources from one output's first to the next's, at least 1.
    pub stride: usize,
    /// Rows of nothing before the first source.
    pub padding: usize,
    /// Outputs.
    pub outputs: usize,
}

impl Axis {
    /// Where kernel row `row` is stored.
    #[must_use]
    pub const fn place(self, row: usize) -> usize {
        let (phase, rank) = (row % self.stride, row / self.stride);
        let mut before = 0;
        let mut earlier = 0;
        while earlier < phase {
            before += self.rows_of(earlier);
            earlier += 1;
        }
        before + self.rows_of(phase) - 1 - rank
    }

    /// Number of kernel rows with this remainder.
    const fn rows_of(self, phase: usize) -> usize {
        (self.kernel + self.stride - 1 - phase) / self.stride
    }

    /// What the source at `y` meets.
    #[must_use]
    pub fn span(self, y: usize) -> Span {
        let padded = y + self.padding;
        let first = (padded + 1).saturating_sub(self.kernel).div_ceil(self.stride);
        let end = (padded / self.stride + 1).min(self.outputs);
        if first >= end {
            return Span {
                output: 0,
                place: 0,
                count: 0,
            };
        }
        Span {
            output: first,
            place: self.place(padded - first * self.stride),
            count: end - first,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the definition, for every source of many small convolutions.
    #[test]
    fn spans_list_the_pairs_of_the_definition() {
        let mut pairs = 0;
        for kernel in 1..=5 {
            for stride in 1..=3 {
                for padding in 0..kernel {
                    for sources in kernel.max(1)..=9 {
                        let outputs = (sources + 2 * padding - kernel) / stride + 1;
                        let axis = Axis {
                            kernel,
                            stride,
                            padding,
                            outputs,
                        };
                        let mut places: Vec<usize> = (0..kernel).map(|row| axis.place(row)).collect();
                        for y in 0..sources {
                            let span = axis.span(y);
                            let found: Vec<_> = (0..span.count)
                                .map(|n| (span.output + n, span.place + n))
                                .collect();
                            let expected: Vec<_> = (0..outputs)
                                .filter_map(|output| {
                                    let row = (y + padding).checked_sub(output * stride)?;
                                    (row < kernel).then(|| (output, axis.place(row)))
                                })
                                .collect();
                            assert_eq!(found, expected, "{axis:?}, source {y}");
                            pairs += found.len();
                        }
                        places.sort_unstable();
                        assert!(places.iter().copied().eq(0..kernel), "{axis:?}");
                    }
                }
            }
        }
        assert!(pairs > 1000);
    }
}
