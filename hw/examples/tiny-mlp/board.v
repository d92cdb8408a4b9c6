// Lattice iCE40-HX8K Breakout Board.

`default_nettype none

module board (
    input wire clock,
    input wire rx,
    output wire tx,
    output wire led
);
    // 48 MHz of 12, by way of 768.
    wire core_clock;
    wire locked;
    SB_PLL40_CORE #(
        .FEEDBACK_PATH("SIMPLE"),
        .DIVR(4'd0),
        .DIVF(7'd63),
        .DIVQ(3'd4),
        .FILTER_RANGE(3'd1)
    ) pll (
        .REFERENCECLK(clock),
        .PLLOUTGLOBAL(core_clock),
        .LOCK(locked),
        .RESETB(1'b1),
        .BYPASS(1'b0)
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
endmodule

`default_nettype wire
