//! Phase-locked loops (PLLs), which make the core's clock from the board's oscillator.
//!
//! A PLL divides its input by `r`, multiplies it up to the range of its own oscillator (VCO), and divides that by
//! `q`: `f_PFD = f_in / r`, `f_VCO = f_PFD · m`, `f_out = f_VCO / q`. iCE40 feeds the VCO back, so `m` is the
//! multiplier. ECP5 and Gowin feed the output back, so `m` is the multiplier times `q`. ECP5 has further outputs with dividers of
//! their own: where no setting of one output is exact, the first is fed back with a divider `p`, `m` is the multiplier times `p`,
//! and the second gives the clock. From 25 MHz that makes 67.5 and 68.75 MHz, which one output cannot.
//!
//! The search goes through all settings that the device allows and accepts only those that give the wanted frequency
//! exactly, in whole hertz: a clock that is only nearly right would be one more thing to know about a board. If no setting
//! is exact, the error names the nearest frequency. Of several exact settings the search takes the smallest `r`, since a
//! fast phase detector means little jitter, and then the VCO frequency nearest to the middle of its range.

/// Setting of a PLL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pll {
    /// Frequency of the oscillator, in Hz.
    pub input_hz: u32,
    /// Frequency of the core's clock, in Hz.
    pub output_hz: u32,
    /// Divider of the input, `r`.
    pub input_divider: u32,
    /// Multiplier in the feedback.
    pub multiplier: u32,
    /// Divider of the output, `q`.
    pub output_divider: u32,
    /// Divider of the output that is fed back: `p` of an ECP5 with two outputs, otherwise `q`.
    pub feedback_divider: u32,
    /// Frequency of the PLL's own oscillator, in Hz.
    pub vco_hz: u64,
}

/// Reason why a PLL cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PllError {
    /// The PLL of the device is not known.
    #[error("core_hz needs a PLL, and synfire does not know the PLL of {device}: leave core_hz out")]
    Unknown {
        /// Part name of the device.
        device: String,
    },
    /// The oscillator's frequency is outside the PLL's input range.
    #[error("core_hz needs a PLL, whose input is {least} to {most} Hz, not hz = {input}: leave core_hz out")]
    Input {
        /// Frequency of the oscillator, in Hz.
        input: u32,
        /// Lowest input frequency, in Hz.
        least: u64,
        /// Highest input frequency, in Hz.
        most: u64,
    },
    /// No setting gives the wanted frequency exactly.
    #[error("core_hz = {wanted} cannot be made exactly from hz = {input}{nearest}")]
    Output {
        /// Frequency of the oscillator, in Hz.
        input: u32,
        /// Wanted frequency, in Hz.
        wanted: u32,
        /// `; the nearest is …`, if some frequency can be made.
        nearest: String,
    },
}

/// Kind of PLL: the kinds differ in their limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Lattice iCE40.
    Ice40,
    /// Lattice ECP5.
    Ecp5,
    /// Gowin GW1N with an rPLL.
    Gw1n,
    /// Gowin GW2A.
    Gw2a,
}

/// Limits of a kind of PLL; all bounds are inclusive.
#[derive(Clone, Copy, Debug)]
struct Limits {
    input_hz: (u64, u64),
    detector_hz: (u64, u64),
    vco_hz: (u64, u64),
    output_hz: (u64, u64),
    most_input_divider: u32,
    most_multiplier: u32,
    output_dividers: &'static [u32],
    /// Whether the output is fed back instead of the VCO.
    feeds_output_back: bool,
    /// Whether another output than that of the clock can be fed back.
    has_two_outputs: bool,
}

const MHZ: u64 = 1_000_000;

/// From the Lattice iCE40 LP/HX and UltraPlus family data sheets, "sysCLOCK PLL timing"; dividers from the sysCLOCK PLL
/// guide, for simple feedback.
const ICE40: Limits = Limits {
    input_hz: (10 * MHZ, 133 * MHZ),
    detector_hz: (10 * MHZ, 133 * MHZ),
    vco_hz: (533 * MHZ, 1066 * MHZ),
    output_hz: (16 * MHZ, 275 * MHZ),
    most_input_divider: 16,
    most_multiplier: 128,
    output_dividers: &[2, 4, 8, 16, 32, 64],
    feeds_output_back: false,
    has_two_outputs: false,
};

/// From the Lattice ECP5 family data sheet, "sysCLOCK PLL timing".
const ECP5: Limits = Limits {
    input_hz: (8 * MHZ, 400 * MHZ),
    detector_hz: (10 * MHZ, 400 * MHZ),
    vco_hz: (400 * MHZ, 800 * MHZ),
    output_hz: (3_125_000, 400 * MHZ),
    most_input_divider: 128,
    most_multiplier: 80,
    output_dividers: &up_to_128(),
    feeds_output_back: true,
    has_two_outputs: true,
};

/// From the Gowin GW1N and GW1NR data sheets, "PLL": limits that every device with an rPLL meets at speed grade C6.
const GW1N: Limits = Limits {
    input_hz: (3 * MHZ, 400 * MHZ),
    detector_hz: (3 * MHZ, 400 * MHZ),
    vco_hz: (400 * MHZ, 800 * MHZ),
    output_hz: (3_125_000, 400 * MHZ),
    most_input_divider: 64,
    most_multiplier: 64,
    output_dividers: &[2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128],
    feeds_output_back: true,
    has_two_outputs: false,
};

/// From the Gowin GW2A and GW2AR data sheets, "PLL", for speed grades C7 and C8.
const GW2A: Limits = Limits {
    vco_hz: (500 * MHZ, 1250 * MHZ),
    output_hz: (3_906_250, 500 * MHZ),
    ..GW1N
};

const fn up_to_128() -> [u32; 128] {
    let mut dividers = [0; 128];
    let mut index = 0;
    while index < 128 {
        #[expect(clippy::cast_possible_truncation, reason = "at most 128")]
        let divider = index as u32 + 1;
        dividers[index] = divider;
        index += 1;
    }
    dividers
}

impl Limits {
    const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Ice40 => ICE40,
            Kind::Ecp5 => ECP5,
            Kind::Gw1n => GW1N,
            Kind::Gw2a => GW2A,
        }
    }

    fn search(&self, input: u32, wanted: u32) -> Result<Pll, PllError> {
        let within = |number: u64, (least, most): (u64, u64)| (least..=most).contains(&number);
        if !within(input.into(), self.input_hz) {
            return Err(PllError::Input {
                input,
                least: self.input_hz.0,
                most: self.input_hz.1,
            });
        }
        let one_output = self.settings(input, false);
        let two_outputs = self.has_two_outputs.then(|| self.settings(input, true));
        let mut nearest: Option<u32> = None;
        for settings in [Some(one_output), two_outputs].into_iter().flatten() {
            let mut best: Option<(u32, u64, Pll)> = None;
            for (distance, pll) in settings {
                let off = |hz: u32| hz.abs_diff(wanted);
                if nearest.is_none_or(|nearest| off(pll.output_hz) < off(nearest)) {
                    nearest = Some(pll.output_hz);
                }
                let is_better =
                    |(r, least, _): &(u32, u64, Pll)| (pll.input_divider, distance) < (*r, *least);
                if pll.output_hz == wanted && best.as_ref().is_none_or(is_better) {
                    best = Some((pll.input_divider, distance, pll));
                }
            }
            if let Some((.., pll)) = best {
                return Ok(pll);
            }
        }
        Err(PllError::Output {
            input,
            wanted,
            nearest: nearest.map_or_else(String::new, |hz| format!("; the nearest is {hz}")),
        })
    }

    /// All settings whose output is a whole number of hertz, each with the distance of its VCO from the middle of the range;
    /// with another output in the feedback, or with that of the clock.
    fn settings(&self, input: u32, two_outputs: bool) -> Vec<(u64, Pll)> {
        let within = |number: u64, (least, most): (u64, u64)| (least..=most).contains(&number);
        let middle = (self.vco_hz.0 + self.vco_hz.1) / 2;
        let mut settings = Vec::new();
        for r in 1..=self.most_input_divider {
            // Frequencies are compared in whole hertz, rounded down.
            let detector = u64::from(input) / u64::from(r);
            if !within(detector, self.detector_hz) {
                continue;
            }
            // Of two outputs, the one that is fed back has the frequency of the phase detector.
            let multipliers = if two_outputs {
                1..=1
            } else {
                1..=self.most_multiplier
            };
            let feedback: &[u32] = if two_outputs { self.output_dividers } else { &[0] };
            let choices = multipliers.flat_map(|multiplier| feedback.iter().map(move |&p| (multiplier, p)));
            for (multiplier, p) in choices {
                for &q in self.output_dividers {
                    let feedback_divider = if two_outputs { p } else { q };
                    let m = u64::from(multiplier)
                        * if self.feeds_output_back {
                            u64::from(feedback_divider)
                        } else {
                            1
                        };
                    let (vco, divider) = (u64::from(input) * m / u64::from(r), u64::from(r) * u64::from(q));
                    let product = u64::from(input) * m;
                    if !within(vco, self.vco_hz) || !product.is_multiple_of(divider) {
                        continue;
                    }
                    let output = product / divider;
                    let Ok(output_hz) = u32::try_from(output) else {
                        continue;
                    };
                    if !within(output, self.output_hz) {
                        continue;
                    }
                    settings.push((
                        vco.abs_diff(middle),
                        Pll {
                            input_hz: input,
                            output_hz,
                            input_divider: r,
                            multiplier,
                            output_divider: q,
                            feedback_divider,
                            vco_hz: vco,
                        },
                    ));
                }
            }
        }
        settings
    }
}

impl Pll {
    /// Searches for the setting of a PLL of `kind` that makes `output_hz` from `input_hz`.
    ///
    /// # Errors
    /// [`PllError::Input`], [`PllError::Output`].
    pub fn search(kind: Kind, input_hz: u32, output_hz: u32) -> Result<Self, PllError> {
        Limits::of(kind).search(input_hz, output_hz)
    }

    /// FILTER_RANGE of an iCE40 PLL, which depends on the frequency at the phase detector.
    #[must_use]
    pub fn ice40_filter_range(&self) -> u8 {
        let detector = u64::from(self.input_hz) / u64::from(self.input_divider);
        // From the sysCLOCK PLL guide: the highest frequency of each range, in MHz.
        let below = [17, 26, 44, 66, 101].map(|mhz| mhz * MHZ);
        let range = below.iter().take_while(|&&most| detector >= most).count() + 1;
        u8::try_from(range).unwrap_or(6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dividers(limits: &Limits, input: u32, wanted: u32) -> (u32, u32, u32, u64) {
        let pll = limits.search(input, wanted).unwrap();
        (
            pll.input_divider,
            pll.multiplier,
            pll.output_divider,
            pll.vco_hz / MHZ,
        )
    }

    /// The numbers are those of `icepll -i IN -o OUT`, whose DIVR and DIVF are one less and whose DIVQ is a power of two.
    #[test]
    fn ice40_is_set_as_by_icepll() {
        assert_eq!(dividers(&ICE40, 12_000_000, 18_000_000), (1, 48, 32, 576));
        assert_eq!(dividers(&ICE40, 12_000_000, 24_000_000), (1, 64, 32, 768));
        assert_eq!(dividers(&ICE40, 100_000_000, 50_000_000), (1, 8, 16, 800));
        let filter = |input, output| ICE40.search(input, output).unwrap().ice40_filter_range();
        assert_eq!(
            (filter(12_000_000, 18_000_000), filter(100_000_000, 50_000_000)),
            (1, 5)
        );
    }

    /// The numbers are those of Lattice's own generator, from the notes of Project Trellis: input divider, feedback divider,
    /// output divider, VCO. The cases in which its VCO is not the nearest to 600 MHz are changed to the nearest.
    #[test]
    fn ecp5_is_set_as_by_lattice() {
        for (input, output, dividers_) in [
            (12, 48, (1, 4, 12, 576)),
            (12, 60, (1, 5, 10, 600)),
            (20, 30, (2, 3, 20, 600)),
            (45, 30, (3, 2, 20, 600)),
            (70, 40, (7, 4, 15, 600)),
            (43, 86, (1, 2, 7, 602)),
            (25, 50, (1, 2, 12, 600)),
        ] {
            assert_eq!(
                dividers(&ECP5, input * 1_000_000, output * 1_000_000),
                dividers_,
                "{input} to {output}"
            );
        }
    }

    /// 68.75 = 25 · 11 / 4 and 67.5 = 25 · 27 / 10 would need a phase detector below 10 MHz with one output.
    #[test]
    fn ecp5_makes_with_two_outputs_what_one_cannot() {
        for (wanted, vco, feedback, output) in [(68_750_000, 550, 22, 8), (67_500_000, 675, 27, 10)] {
            assert_eq!(dividers(&ECP5, 25_000_000, wanted), (1, 1, output, vco));
            assert_eq!(
                ECP5.search(25_000_000, wanted).unwrap().feedback_divider,
                feedback
            );
        }
        // One output is enough where it can be.
        let pll = ECP5.search(25_000_000, 75_000_000).unwrap();
        assert_eq!(pll.feedback_divider, pll.output_divider);
    }

    /// The numbers are those of gowin_pll of Project Apicula, whose IDIV_SEL and FBDIV_SEL are one less.
    #[test]
    fn gowin_is_set_as_by_gowin_pll() {
        assert_eq!(dividers(&GW1N, 27_000_000, 45_000_000), (3, 5, 16, 720));
        assert_eq!(dividers(&GW2A, 27_000_000, 54_000_000), (1, 2, 16, 864));
    }

    #[test]
    fn a_frequency_that_cannot_be_made_names_the_nearest() {
        assert_eq!(
            ICE40.search(12_000_000, 20_000_000).unwrap_err().to_string(),
            "core_hz = 20000000 cannot be made exactly from hz = 12000000; the nearest is 19875000"
        );
        assert_eq!(
            ICE40.search(8_000_000, 20_000_000).unwrap_err().to_string(),
            "core_hz needs a PLL, whose input is 10000000 to 133000000 Hz, not hz = 8000000: leave core_hz out"
        );
    }

    #[test]
    fn every_setting_is_within_the_limits_and_exact() {
        for limits in [ICE40, ECP5, GW1N, GW2A] {
            let mut found = 0;
            for input in [12_000_000, 25_000_000, 27_000_000, 48_000_000, 100_000_000] {
                for wanted in (15_000_000..=100_000_000).step_by(250_000) {
                    let Ok(pll) = limits.search(input, wanted) else {
                        continue;
                    };
                    found += 1;
                    let feedback = if limits.feeds_output_back {
                        pll.feedback_divider
                    } else {
                        1
                    };
                    let product = u64::from(input) * u64::from(pll.multiplier) * u64::from(feedback);
                    let divider = u64::from(pll.input_divider) * u64::from(pll.output_divider);
                    assert_eq!(product, u64::from(wanted) * divider, "{pll:?}");
                    assert!(
                        (limits.vco_hz.0..=limits.vco_hz.1).contains(&pll.vco_hz),
                        "{pll:?}"
                    );
                }
            }
            assert!(found > 20, "{found}");
        }
    }
}
