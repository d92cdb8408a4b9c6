//! Weights and target neurons of a source along one axis of a convolution.
//!
//! Along one axis, a source at y reaches output o through kernel row k if o·stride + k − padding = y. When o grows by
//! one, k falls by the stride. Kernel rows are therefore stored by k mod stride and in descending order, so that the
//! rows that one source needs are contiguous, like the outputs that it reaches.

/// Outputs and kernel rows that one source reaches along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First output.
    pub output: usize,
    /// Place of the first output's kernel row in the order of [`Axis::place`].
    pub place: usize,
    /// Number of outputs, which is also the number of kernel rows.
    pub count: usize,
}

/// Geometry of a convolution along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Number of kernel rows.
    pub kernel: usize,
    /// Distance in sources between the windows of neighbouring outputs, at least 1.
    pub stride: usize,
    /// Number of empty rows before the first source.
    pub padding: usize,
    /// Number of outputs.
    pub outputs: usize,
}

impl Axis {
    /// Place at which kernel row `row` is stored.
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

    /// Number of kernel rows whose remainder modulo the stride is `phase`.
    const fn rows_of(self, phase: usize) -> usize {
        (self.kernel + self.stride - 1 - phase) / self.stride
    }

    /// Outputs and kernel rows that the source at `y` reaches.
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

    /// Compares with the definition, for every source of many small convolutions.
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
