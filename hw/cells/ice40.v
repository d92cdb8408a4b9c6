// Cells of Lattice's iCE40, for simulation: what Yosys emits and its own `ice40/cells_sim.v` leaves a black box, or models with
// values that only a simulator of four states has.
//
// Source: Yosys's own models and black boxes. The vendor's documents are Lattice FPGA-TN-02052 (formerly TN1251), "iCE40 sysCLOCK PLL
// Design and Usage Guide", and FPGA-TN-02022 (formerly TN1314), "iCE40 SPRAM Usage Guide"; this file was not compared with them.
//
// Block RAM (SB_RAM40_4K and its kin) is Yosys's own: it gives the stored word where one is read in the clock that writes it.
//
// A port or parameter that is not declared here is not modelled: a netlist that sets it does not compile. A value that is not
// modelled ends the simulation with its name.

`default_nettype none

// Phase-locked loops: a given of the simulation, which pass their reference on and are locked.
module SB_PLL40_CORE(
    input wire REFERENCECLK,
    output wire PLLOUTCORE, PLLOUTGLOBAL, LOCK, SDO,
    input wire EXTFEEDBACK, BYPASS, RESETB, LATCHINPUTVALUE, SDI, SCLK,
    input wire [7:0] DYNAMICDELAY
);
    parameter FEEDBACK_PATH = "SIMPLE";
    parameter DIVR = 4'b0;
    parameter DIVF = 7'b0;
    parameter DIVQ = 3'b0;
    parameter FILTER_RANGE = 3'b0;
    // What an unpacked bitstream says besides.
    parameter DELAY_ADJUSTMENT_MODE_FEEDBACK = "FIXED";
    parameter DELAY_ADJUSTMENT_MODE_RELATIVE = "FIXED";
    parameter PLLOUT_SELECT = "GENCLK";
    parameter SHIFTREG_DIV_MODE = 1'b0;
    parameter FDA_FEEDBACK = 4'b0;
    parameter FDA_RELATIVE = 4'b0;
    parameter ENABLE_ICEGATE = 1'b0;
    parameter TEST_MODE = 1'b0;

    initial if (FEEDBACK_PATH != "SIMPLE") $fatal(1, "SB_PLL40_CORE: FEEDBACK_PATH = %0s is not modelled", FEEDBACK_PATH);

    assign PLLOUTCORE = REFERENCECLK;
    assign PLLOUTGLOBAL = REFERENCECLK;
    assign LOCK = RESETB && !BYPASS;
    assign SDO = 1'b0;
endmodule

module SB_PLL40_PAD(
    input wire PACKAGEPIN,
    output wire PLLOUTCORE, PLLOUTGLOBAL, LOCK, SDO,
    input wire EXTFEEDBACK, BYPASS, RESETB, LATCHINPUTVALUE, SDI, SCLK,
    input wire [7:0] DYNAMICDELAY
);
    parameter FEEDBACK_PATH = "SIMPLE";
    parameter DIVR = 4'b0;
    parameter DIVF = 7'b0;
    parameter DIVQ = 3'b0;
    parameter FILTER_RANGE = 3'b0;
    // What an unpacked bitstream says besides.
    parameter DELAY_ADJUSTMENT_MODE_FEEDBACK = "FIXED";
    parameter DELAY_ADJUSTMENT_MODE_RELATIVE = "FIXED";
    parameter PLLOUT_SELECT = "GENCLK";
    parameter SHIFTREG_DIV_MODE = 1'b0;
    parameter FDA_FEEDBACK = 4'b0;
    parameter FDA_RELATIVE = 4'b0;
    parameter ENABLE_ICEGATE = 1'b0;
    parameter TEST_MODE = 1'b0;

    initial if (FEEDBACK_PATH != "SIMPLE") $fatal(1, "SB_PLL40_PAD: FEEDBACK_PATH = %0s is not modelled", FEEDBACK_PATH);

    assign PLLOUTCORE = PACKAGEPIN;
    assign PLLOUTGLOBAL = PACKAGEPIN;
    assign LOCK = RESETB && !BYPASS;
    assign SDO = 1'b0;
endmodule

// Single-ported RAM of 16384 words of 16 bits, without contents at power-up, written by nibbles.
//
// Yosys's model has unknown bits where a simulator of two states has zeros. Here memory starts with a word for every address that
// is not zero, and while it writes it shows the inverse of what it has, so that what relies on either fails.
module SB_SPRAM256KA(
    input wire [13:0] ADDRESS,
    input wire [15:0] DATAIN,
    input wire [3:0] MASKWREN,
    input wire WREN, CHIPSELECT, CLOCK, STANDBY, SLEEP, POWEROFF,
    output reg [15:0] DATAOUT
);
    reg [15:0] memory [0:16383];
    integer row;
    initial begin
        for (row = 0; row < 16384; row = row + 1) memory[row] = row[15:0] ^ 16'hA5C3;
        DATAOUT = 16'h5A3C;
    end

    wire [15:0] mask = {{4{MASKWREN[3]}}, {4{MASKWREN[2]}}, {4{MASKWREN[1]}}, {4{MASKWREN[0]}}};

    always @(posedge CLOCK) begin
        if (CHIPSELECT) begin
            if (WREN) begin
                memory[ADDRESS] <= memory[ADDRESS] & ~mask | DATAIN & mask;
                DATAOUT <= ~memory[ADDRESS];
            end else begin
                DATAOUT <= memory[ADDRESS];
            end
        end
        // The pin that switches the power off is active when low.
        if (STANDBY || SLEEP || !POWEROFF)
            $fatal(1, "SB_SPRAM256KA: STANDBY = %0d, SLEEP = %0d, POWEROFF = %0d is not modelled", STANDBY, SLEEP, POWEROFF);
    end
endmodule

`default_nettype wire
