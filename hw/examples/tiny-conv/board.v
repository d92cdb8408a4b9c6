// Radiona ULX3S (ECP5 85F).

`default_nettype none

module board (
    input wire clock,
    input wire rx,
    output wire tx,
    output wire led,
    output wire high0
);
    // 50 MHz of 25, by way of 600.
    wire core_clock;
    wire locked;
    (* ICP_CURRENT="12" *) (* LPF_RESISTOR="8" *) (* MFG_ENABLE_FILTEROPAMP="1" *) (* MFG_GMCREF_SEL="2" *)
    EHXPLLL #(
        .CLKI_DIV(1),
        .CLKFB_DIV(2),
        .CLKOP_DIV(12),
        .CLKOP_ENABLE("ENABLED"),
        .CLKOP_CPHASE(6),
        .CLKOP_FPHASE(0),
        .FEEDBK_PATH("CLKOP")
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

    // The line is idle until the clock is what it should be: nothing moves before.
    reg [1:0] lock = 2'b0;
    reg [9:0] settled = 10'b0;
    reg ready = 1'b0;
    always @(posedge core_clock) begin
        lock <= {lock[0], locked};
        settled <= !lock[1] ? 10'b0 : &settled ? settled : settled + 1'b1;
        ready <= &settled;
    end

    wire active;

    synfire accelerator (.clock(core_clock), .rx(rx | !ready), .tx(tx), .active(active));
    assign led = active;
    assign high0 = 1'b1;
endmodule

`default_nettype wire
