//! The core's clock in the board's top module: a phase-locked loop, and the wait for its lock.
//!
//! Until it locks, a loop's output is faster or slower than it should be, and the design, whose registers start
//! from initial values and have no reset, could not bear a clock that is too fast. But a register can only miss its
//! set-up time if its input changes, and while the serial line is idle none does: the accelerator acts on nothing but
//! that line. So the line is kept idle until the loop has been locked for [`SETTLING_CLOCKS`]; the counter of
//! these is the one thing that moves before, and it moves only once the loop is locked. That the accelerator does
//! stand still on an idle line is tested. If the lock is lost later, the line is idle again, and the link's
//! retransmission bears that like any disturbance.

use crate::board::{Board, Family};
use crate::pll::{Pll, PllError};

/// Clocks from the lock to the first bit that is taken; also longer than the block RAMs of an iCE40 need to wake.
pub const SETTLING_CLOCKS: u32 = 1 << SETTLING_BITS;
const SETTLING_BITS: u32 = 10;

/// How the core gets its clock.
#[derive(Clone, Debug)]
pub(super) struct Clocking {
    /// Verilog of the top module's body: the loop, where there is one.
    pub(super) body: String,
    /// The core's clock.
    pub(super) clock: &'static str,
    /// The serial line that the core receives from.
    pub(super) rx: &'static str,
}

impl Clocking {
    /// The clocking of a board.
    ///
    /// # Errors
    /// [`PllError`] for a board whose loop cannot be set; a board that was checked has none.
    pub(super) fn of(board: &Board) -> Result<Self, PllError> {
        let Some(pll) = Pll::of(board)? else {
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

/// A frequency as tools read it.
pub(super) fn megahertz(hz: u64) -> f64 {
    // Exact up to 2^53 Hz.
    #[expect(clippy::cast_precision_loss)]
    let hz = hz as f64;
    hz / 1e6
}

/// Dividers are written as one less, the last as its power of two.
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

/// The attributes are what Lattice's own generator sets for the loop's filter and charge pump.
fn ecp5(pll: &Pll) -> String {
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

/// Dividers are written as one less, but for the last.
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
