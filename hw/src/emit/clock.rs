//! Core clock in the board's top module: a PLL, and the delay until its lock is stable.
//!
//! Until a PLL locks, its output is faster or slower than it should be. The registers of the design start from initial
//! values and have no reset, so a clock that is too fast could disturb them. But a register can miss its set-up time only if
//! its input changes, and no input changes while the serial line is idle, since the accelerator acts on nothing but that
//! line. So the top module keeps the line idle until the PLL has been locked for [`SETTLING_CYCLES`]. Only the counter of
//! these cycles moves before, and it moves only once the PLL is locked. A test shows that the accelerator stands still on an
//! idle line. If the lock is lost later, the line becomes idle again, and the link's retransmission handles that like any
//! other disturbance.

use crate::board::{Board, Family};
use crate::pll::{Pll, PllError};

/// Cycles from the lock to the first bit that is received; this is also longer than the block RAMs of an iCE40 take to wake.
pub const SETTLING_CYCLES: u32 = 1 << SETTLING_BITS;
const SETTLING_BITS: u32 = 10;

/// Verilog that gives the core its clock and its serial line.
#[derive(Clone, Debug)]
pub(super) struct Clocking {
    /// Part of the top module's body: the PLL and its delay, or nothing.
    pub(super) body: String,
    /// Expression for the core's clock.
    pub(super) clock: &'static str,
    /// Expression for the serial line on which the core receives.
    pub(super) rx: &'static str,
}

impl Clocking {
    /// Clocking of a board.
    ///
    /// # Errors
    /// [`PllError`] if the PLL of the board cannot be set, which the check of a board excludes.
    pub(super) fn of(board: &Board) -> Result<Self, PllError> {
        let Some(pll) = board.pll()? else {
            return Ok(Self {
                body: String::new(),
                clock: "clock",
                rx: "rx",
            });
        };
        let instance = match board.device.family {
            Family::Ice40 => ice40(&pll, board.clock.pll_pad),
            Family::Ecp5 => ecp5(&pll),
            Family::Gowin => gowin(&pll),
        };
        let top = SETTLING_BITS - 1;
        Ok(Self {
            body: format!(
                "    // {core} MHz of {oscillator}, by way of {vco}.
    wire core_clock;
    wire locked;
{instance}
    // The line is idle until the clock is what it should be: nothing moves before.
    reg [1:0] lock = 2'b0;
    reg [{top}:0] settled = {SETTLING_BITS}'b0;
    reg ready = 1'b0;
    always @(posedge core_clock) begin
        lock <= {{lock[0], locked}};
        settled <= !lock[1] ? {SETTLING_BITS}'b0 : &settled ? settled : settled + 1'b1;
        ready <= &settled;
    end

",
                core = megahertz(pll.output_hz.into()),
                oscillator = megahertz(pll.input_hz.into()),
                vco = megahertz(pll.vco_hz),
            ),
            clock: "core_clock",
            rx: "rx | !ready",
        })
    }
}

/// A frequency in MHz, as tools read it.
pub(super) fn megahertz(hz: u64) -> f64 {
    // Exact up to 2^53 Hz.
    #[expect(clippy::cast_precision_loss)]
    let hz = hz as f64;
    hz / 1e6
}

/// PLL of iCE40. Dividers are written as one less, the output divider as its power of two.
fn ice40(pll: &Pll, pad: bool) -> String {
    let (primitive, input) = if pad {
        ("SB_PLL40_PAD", "PACKAGEPIN")
    } else {
        ("SB_PLL40_CORE", "REFERENCECLK")
    };
    format!(
        "    {primitive} #(
        .FEEDBACK_PATH(\"SIMPLE\"),
        .DIVR(4'd{r}),
        .DIVF(7'd{f}),
        .DIVQ(3'd{q}),
        .FILTER_RANGE(3'd{filter})
    ) pll (
        .{input}(clock),
        .PLLOUTGLOBAL(core_clock),
        .LOCK(locked),
        .RESETB(1'b1),
        .BYPASS(1'b0)
    );
",
        r = pll.input_divider - 1,
        f = pll.multiplier - 1,
        q = pll.output_divider.ilog2(),
        filter = pll.ice40_filter_range(),
    )
}

/// PLL of ECP5. The attributes are those that Lattice's own generator sets for the filter and the charge pump.
fn ecp5(pll: &Pll) -> String {
    if pll.feedback_divider != pll.output_divider {
        return ecp5_with_two_outputs(pll);
    }
    format!(
        "    (* ICP_CURRENT=\"12\" *) (* LPF_RESISTOR=\"8\" *) (* MFG_ENABLE_FILTEROPAMP=\"1\" *) (* MFG_GMCREF_SEL=\"2\" *)
    EHXPLLL #(
        .CLKI_DIV({r}),
        .CLKFB_DIV({f}),
        .CLKOP_DIV({q}),
        .CLKOP_ENABLE(\"ENABLED\"),
        .CLKOP_CPHASE({phase}),
        .CLKOP_FPHASE(0),
        .FEEDBK_PATH(\"CLKOP\")
    ) pll (
        .CLKI(clock),
        .CLKFB(core_clock),
        .CLKOP(core_clock),
        .LOCK(locked),
        .RST(1'b0),
        .STDBY(1'b0),
        .PHASESEL0(1'b0),
        .PHASESEL1(1'b0),
        .PHASEDIR(1'b1),
        .PHASESTEP(1'b1),
        .PHASELOADREG(1'b1),
        .PLLWAKESYNC(1'b0),
        .ENCLKOP(1'b0)
    );
",
        r = pll.input_divider,
        f = pll.multiplier,
        q = pll.output_divider,
        phase = pll.output_divider / 2,
    )
}

/// PLL of ECP5 whose first output is fed back, and whose second is the clock.
fn ecp5_with_two_outputs(pll: &Pll) -> String {
    format!(
        "    wire feedback;
    (* ICP_CURRENT=\"12\" *) (* LPF_RESISTOR=\"8\" *) (* MFG_ENABLE_FILTEROPAMP=\"1\" *) (* MFG_GMCREF_SEL=\"2\" *)
    EHXPLLL #(
        .CLKI_DIV({r}),
        .CLKFB_DIV({f}),
        .CLKOP_DIV({p}),
        .CLKOP_ENABLE(\"ENABLED\"),
        .CLKOP_CPHASE({feedback_phase}),
        .CLKOP_FPHASE(0),
        .CLKOS_DIV({q}),
        .CLKOS_ENABLE(\"ENABLED\"),
        .CLKOS_CPHASE({phase}),
        .CLKOS_FPHASE(0),
        .FEEDBK_PATH(\"CLKOP\")
    ) pll (
        .CLKI(clock),
        .CLKFB(feedback),
        .CLKOP(feedback),
        .CLKOS(core_clock),
        .LOCK(locked),
        .RST(1'b0),
        .STDBY(1'b0),
        .PHASESEL0(1'b0),
        .PHASESEL1(1'b0),
        .PHASEDIR(1'b1),
        .PHASESTEP(1'b1),
        .PHASELOADREG(1'b1),
        .PLLWAKESYNC(1'b0),
        .ENCLKOP(1'b0),
        .ENCLKOS(1'b0)
    );
",
        r = pll.input_divider,
        f = pll.multiplier,
        p = pll.feedback_divider,
        q = pll.output_divider,
        feedback_phase = pll.feedback_divider / 2,
        phase = pll.output_divider / 2,
    )
}

/// PLL of Gowin. Dividers are written as one less, except for the output divider.
fn gowin(pll: &Pll) -> String {
    format!(
        "    rPLL #(
        .FCLKIN(\"{input}\"),
        .IDIV_SEL({r}),
        .FBDIV_SEL({f}),
        .ODIV_SEL({q})
    ) pll (
        .CLKIN(clock),
        .CLKFB(1'b0),
        .CLKOUT(core_clock),
        .LOCK(locked),
        .RESET(1'b0),
        .RESET_P(1'b0),
        .IDSEL(6'b0),
        .FBDSEL(6'b0),
        .ODSEL(6'b0),
        .PSDA(4'b0),
        .DUTYDA(4'b0),
        .FDLY(4'b0)
    );
",
        input = megahertz(pll.input_hz.into()),
        r = pll.input_divider - 1,
        f = pll.multiplier - 1,
        q = pll.output_divider,
    )
}
