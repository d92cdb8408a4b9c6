// Cells of Gowin's LittleBee and Arora families, for simulation: what Yosys emits and its own `gowin/cells_sim.v` lacks or leaves a
// black box.
//
// Source: Yosys's `gowin/brams_map.v` and black boxes, for ports, widths, byte enables, and where bits of INIT_RAM_xx lie. The vendor's
// own documents are Gowin UG285, "BSRAM & SSRAM User Guide", and UG286, "Clock User Guide"; this file was not compared with them.
//
// A port or parameter that is not declared here is not modelled: a netlist that sets it does not compile. A value that is not
// modelled ends the simulation with its name.

`default_nettype none

// What the block RAMs have in common: 512 rows of four bytes of 8 or 9 bits, and two ports.
//
// With two bytes a word, address bits 1:0 are the byte enables of a write; with four, bits 3:0.
//
// A word that one port reads in the clock in which the other writes any of it comes back inverted: what relies on it is to fail,
// since it is not defined. For that both ports are taken to have the same clock, as they have in synfire's designs.
module synfire_gowin_bsram #(
    parameter BYTE = 8,
    parameter WIDTH_A = 32,
    parameter WIDTH_B = 32,
    // What a port shows that writes: 0 the word that it has read before, 1 the word that it writes, 2 the word that it overwrites.
    parameter WRITE_MODE_A = 0,
    parameter WRITE_MODE_B = 0,
    parameter [64 * 32 * BYTE - 1:0] CONTENTS = 0
) (
    input wire clock_a, enable_a, write_a, reset_a,
    input wire [13:0] address_a,
    input wire [4 * BYTE - 1:0] in_a,
    output reg [4 * BYTE - 1:0] out_a,
    input wire clock_b, enable_b, write_b, reset_b,
    input wire [13:0] address_b,
    input wire [4 * BYTE - 1:0] in_b,
    output reg [4 * BYTE - 1:0] out_b
);
    localparam ROW = 4 * BYTE;

    function known_width(input integer width);
        known_width = width == BYTE || width == 2 * BYTE || width == 4 * BYTE
            || (BYTE == 8 && (width == 1 || width == 2 || width == 4));
    endfunction

    reg [ROW - 1:0] memory [0:511];
    integer row;
    initial begin
        for (row = 0; row < 512; row = row + 1) memory[row] = CONTENTS[ROW * row +: ROW];
        out_a = 0;
        out_b = 0;
        if (!known_width(WIDTH_A)) $fatal(1, "Gowin block RAM of bytes of %0d bits: BIT_WIDTH(_0) = %0d is not modelled", BYTE, WIDTH_A);
        if (!known_width(WIDTH_B)) $fatal(1, "Gowin block RAM of bytes of %0d bits: BIT_WIDTH_1 = %0d is not modelled", BYTE, WIDTH_B);
        if (WRITE_MODE_A > 2) $fatal(1, "Gowin block RAM: WRITE_MODE(0) = %0d is not modelled", WRITE_MODE_A);
        if (WRITE_MODE_B > 2) $fatal(1, "Gowin block RAM: WRITE_MODE1 = %0d is not modelled", WRITE_MODE_B);
    end

    // The lowest bit of a row that a port has at an address.
    function [5:0] place(input integer width, input [4:0] address);
        if (width == 4 * BYTE) place = 6'd0;
        else if (width == 2 * BYTE) place = address[4] ? ROW[6:1] : 6'd0;
        else if (width == BYTE) place = BYTE[5:0] * {4'b0, address[4:3]};
        else if (width == 4) place = {1'b0, address[4:2], 2'b0};
        else if (width == 2) place = {1'b0, address[4:1], 1'b0};
        else place = {1'b0, address};
    endfunction

    // The bits of a row that a port has at an address.
    function [ROW - 1:0] reach(input integer width, input [4:0] address);
        reach = ({ROW{1'b1}} >> (ROW - width)) << place(width, address);
    endfunction

    // Those of them that a write writes, by the byte enables.
    function [ROW - 1:0] written(input integer width, input [4:0] address);
        reg [3:0] enables;
        begin
            if (width == 4 * BYTE) enables = address[3:0];
            else if (width == 2 * BYTE) enables = {address[1:0], address[1:0]};
            else enables = 4'hF;
            written = reach(width, address)
                & {{BYTE{enables[3]}}, {BYTE{enables[2]}}, {BYTE{enables[1]}}, {BYTE{enables[0]}}};
        end
    endfunction

    wire [ROW - 1:0] mask_a = enable_a && write_a ? written(WIDTH_A, address_a[4:0]) : 0;
    wire [ROW - 1:0] mask_b = enable_b && write_b ? written(WIDTH_B, address_b[4:0]) : 0;
    wire [ROW - 1:0] data_a = in_a << place(WIDTH_A, address_a[4:0]);
    wire [ROW - 1:0] data_b = in_b << place(WIDTH_B, address_b[4:0]);
    wire [ROW - 1:0] row_a = memory[address_a[13:5]];
    wire [ROW - 1:0] row_b = memory[address_b[13:5]];
    wire [ROW - 1:0] next_a = row_a & ~mask_a | data_a & mask_a;
    wire [ROW - 1:0] next_b = row_b & ~mask_b | data_b & mask_b;
    wire same_row = address_a[13:5] == address_b[13:5];
    wire undefined_a = same_row && |(mask_b & reach(WIDTH_A, address_a[4:0]));
    wire undefined_b = same_row && |(mask_a & reach(WIDTH_B, address_b[4:0]));
    wire [ROW - 1:0] read_a = undefined_a ? ~row_a : row_a;
    wire [ROW - 1:0] read_b = undefined_b ? ~row_b : row_b;

    always @(posedge clock_a) begin
        if (|mask_a) memory[address_a[13:5]] <= next_a;
        if (enable_a) begin
            if (!write_a || WRITE_MODE_A == 2) out_a <= read_a >> place(WIDTH_A, address_a[4:0]);
            else if (WRITE_MODE_A == 1) out_a <= next_a >> place(WIDTH_A, address_a[4:0]);
        end
        if (reset_a) $fatal(1, "Gowin block RAM: a reset is not modelled");
        if (same_row && |mask_a && |mask_b) $fatal(1, "Gowin block RAM: writes of both ports to one row are not modelled");
    end

    always @(posedge clock_b) begin
        if (|mask_b) memory[address_b[13:5]] <= next_b;
        if (enable_b) begin
            if (!write_b || WRITE_MODE_B == 2) out_b <= read_b >> place(WIDTH_B, address_b[4:0]);
            else if (WRITE_MODE_B == 1) out_b <= next_b >> place(WIDTH_B, address_b[4:0]);
        end
        if (reset_b) $fatal(1, "Gowin block RAM: a reset is not modelled");
    end
endmodule

// Block RAM of 16 kbit with two ports.
module DPB(
    output wire [15:0] DOA, DOB,
    input wire [15:0] DIA, DIB,
    input wire [2:0] BLKSELA, BLKSELB,
    input wire [13:0] ADA, ADB,
    input wire WREA, WREB, CLKA, CLKB, CEA, CEB, OCEA, OCEB, RESETA, RESETB
);
    parameter READ_MODE0 = 1'b0;
    parameter READ_MODE1 = 1'b0;
    parameter WRITE_MODE0 = 2'b00;
    parameter WRITE_MODE1 = 2'b00;
    parameter BIT_WIDTH_0 = 16;
    parameter BIT_WIDTH_1 = 16;
    parameter BLK_SEL_0 = 3'b000;
    parameter BLK_SEL_1 = 3'b000;
    parameter RESET_MODE = "SYNC";
    parameter [255:0] INIT_RAM_00 = 256'h0;
    parameter [255:0] INIT_RAM_01 = 256'h0;
    parameter [255:0] INIT_RAM_02 = 256'h0;
    parameter [255:0] INIT_RAM_03 = 256'h0;
    parameter [255:0] INIT_RAM_04 = 256'h0;
    parameter [255:0] INIT_RAM_05 = 256'h0;
    parameter [255:0] INIT_RAM_06 = 256'h0;
    parameter [255:0] INIT_RAM_07 = 256'h0;
    parameter [255:0] INIT_RAM_08 = 256'h0;
    parameter [255:0] INIT_RAM_09 = 256'h0;
    parameter [255:0] INIT_RAM_0A = 256'h0;
    parameter [255:0] INIT_RAM_0B = 256'h0;
    parameter [255:0] INIT_RAM_0C = 256'h0;
    parameter [255:0] INIT_RAM_0D = 256'h0;
    parameter [255:0] INIT_RAM_0E = 256'h0;
    parameter [255:0] INIT_RAM_0F = 256'h0;
    parameter [255:0] INIT_RAM_10 = 256'h0;
    parameter [255:0] INIT_RAM_11 = 256'h0;
    parameter [255:0] INIT_RAM_12 = 256'h0;
    parameter [255:0] INIT_RAM_13 = 256'h0;
    parameter [255:0] INIT_RAM_14 = 256'h0;
    parameter [255:0] INIT_RAM_15 = 256'h0;
    parameter [255:0] INIT_RAM_16 = 256'h0;
    parameter [255:0] INIT_RAM_17 = 256'h0;
    parameter [255:0] INIT_RAM_18 = 256'h0;
    parameter [255:0] INIT_RAM_19 = 256'h0;
    parameter [255:0] INIT_RAM_1A = 256'h0;
    parameter [255:0] INIT_RAM_1B = 256'h0;
    parameter [255:0] INIT_RAM_1C = 256'h0;
    parameter [255:0] INIT_RAM_1D = 256'h0;
    parameter [255:0] INIT_RAM_1E = 256'h0;
    parameter [255:0] INIT_RAM_1F = 256'h0;
    parameter [255:0] INIT_RAM_20 = 256'h0;
    parameter [255:0] INIT_RAM_21 = 256'h0;
    parameter [255:0] INIT_RAM_22 = 256'h0;
    parameter [255:0] INIT_RAM_23 = 256'h0;
    parameter [255:0] INIT_RAM_24 = 256'h0;
    parameter [255:0] INIT_RAM_25 = 256'h0;
    parameter [255:0] INIT_RAM_26 = 256'h0;
    parameter [255:0] INIT_RAM_27 = 256'h0;
    parameter [255:0] INIT_RAM_28 = 256'h0;
    parameter [255:0] INIT_RAM_29 = 256'h0;
    parameter [255:0] INIT_RAM_2A = 256'h0;
    parameter [255:0] INIT_RAM_2B = 256'h0;
    parameter [255:0] INIT_RAM_2C = 256'h0;
    parameter [255:0] INIT_RAM_2D = 256'h0;
    parameter [255:0] INIT_RAM_2E = 256'h0;
    parameter [255:0] INIT_RAM_2F = 256'h0;
    parameter [255:0] INIT_RAM_30 = 256'h0;
    parameter [255:0] INIT_RAM_31 = 256'h0;
    parameter [255:0] INIT_RAM_32 = 256'h0;
    parameter [255:0] INIT_RAM_33 = 256'h0;
    parameter [255:0] INIT_RAM_34 = 256'h0;
    parameter [255:0] INIT_RAM_35 = 256'h0;
    parameter [255:0] INIT_RAM_36 = 256'h0;
    parameter [255:0] INIT_RAM_37 = 256'h0;
    parameter [255:0] INIT_RAM_38 = 256'h0;
    parameter [255:0] INIT_RAM_39 = 256'h0;
    parameter [255:0] INIT_RAM_3A = 256'h0;
    parameter [255:0] INIT_RAM_3B = 256'h0;
    parameter [255:0] INIT_RAM_3C = 256'h0;
    parameter [255:0] INIT_RAM_3D = 256'h0;
    parameter [255:0] INIT_RAM_3E = 256'h0;
    parameter [255:0] INIT_RAM_3F = 256'h0;

    initial begin
        if (READ_MODE0 != 0) $fatal(1, "DPB: READ_MODE0 = %0d is not modelled", READ_MODE0);
        if (READ_MODE1 != 0) $fatal(1, "DPB: READ_MODE1 = %0d is not modelled", READ_MODE1);
    end

    wire [31:0] out_a, out_b;
    assign DOA = out_a[15:0];
    assign DOB = out_b[15:0];

    synfire_gowin_bsram #(
        .BYTE(8),
        .WIDTH_A(BIT_WIDTH_0),
        .WIDTH_B(BIT_WIDTH_1),
        .WRITE_MODE_A(WRITE_MODE0),
        .WRITE_MODE_B(WRITE_MODE1),
        .CONTENTS({
            INIT_RAM_3F, INIT_RAM_3E, INIT_RAM_3D, INIT_RAM_3C, INIT_RAM_3B, INIT_RAM_3A, INIT_RAM_39, INIT_RAM_38,
            INIT_RAM_37, INIT_RAM_36, INIT_RAM_35, INIT_RAM_34, INIT_RAM_33, INIT_RAM_32, INIT_RAM_31, INIT_RAM_30,
            INIT_RAM_2F, INIT_RAM_2E, INIT_RAM_2D, INIT_RAM_2C, INIT_RAM_2B, INIT_RAM_2A, INIT_RAM_29, INIT_RAM_28,
            INIT_RAM_27, INIT_RAM_26, INIT_RAM_25, INIT_RAM_24, INIT_RAM_23, INIT_RAM_22, INIT_RAM_21, INIT_RAM_20,
            INIT_RAM_1F, INIT_RAM_1E, INIT_RAM_1D, INIT_RAM_1C, INIT_RAM_1B, INIT_RAM_1A, INIT_RAM_19, INIT_RAM_18,
            INIT_RAM_17, INIT_RAM_16, INIT_RAM_15, INIT_RAM_14, INIT_RAM_13, INIT_RAM_12, INIT_RAM_11, INIT_RAM_10,
            INIT_RAM_0F, INIT_RAM_0E, INIT_RAM_0D, INIT_RAM_0C, INIT_RAM_0B, INIT_RAM_0A, INIT_RAM_09, INIT_RAM_08,
            INIT_RAM_07, INIT_RAM_06, INIT_RAM_05, INIT_RAM_04, INIT_RAM_03, INIT_RAM_02, INIT_RAM_01, INIT_RAM_00
        })
    ) ram (
        .clock_a(CLKA),
        .enable_a(CEA && BLKSELA == BLK_SEL_0),
        .write_a(WREA),
        .address_a(ADA),
        .in_a({16'b0, DIA}),
        .out_a(out_a),
        .reset_a(RESETA),
        .clock_b(CLKB),
        .enable_b(CEB && BLKSELB == BLK_SEL_1),
        .write_b(WREB),
        .address_b(ADB),
        .in_b({16'b0, DIB}),
        .out_b(out_b),
        .reset_b(RESETB)
    );
endmodule

// Block RAM of 18 kbit with two ports.
module DPX9B(
    output wire [17:0] DOA, DOB,
    input wire [17:0] DIA, DIB,
    input wire [2:0] BLKSELA, BLKSELB,
    input wire [13:0] ADA, ADB,
    input wire WREA, WREB, CLKA, CLKB, CEA, CEB, OCEA, OCEB, RESETA, RESETB
);
    parameter READ_MODE0 = 1'b0;
    parameter READ_MODE1 = 1'b0;
    parameter WRITE_MODE0 = 2'b00;
    parameter WRITE_MODE1 = 2'b00;
    parameter BIT_WIDTH_0 = 18;
    parameter BIT_WIDTH_1 = 18;
    parameter BLK_SEL_0 = 3'b000;
    parameter BLK_SEL_1 = 3'b000;
    parameter RESET_MODE = "SYNC";
    parameter [287:0] INIT_RAM_00 = 288'h0;
    parameter [287:0] INIT_RAM_01 = 288'h0;
    parameter [287:0] INIT_RAM_02 = 288'h0;
    parameter [287:0] INIT_RAM_03 = 288'h0;
    parameter [287:0] INIT_RAM_04 = 288'h0;
    parameter [287:0] INIT_RAM_05 = 288'h0;
    parameter [287:0] INIT_RAM_06 = 288'h0;
    parameter [287:0] INIT_RAM_07 = 288'h0;
    parameter [287:0] INIT_RAM_08 = 288'h0;
    parameter [287:0] INIT_RAM_09 = 288'h0;
    parameter [287:0] INIT_RAM_0A = 288'h0;
    parameter [287:0] INIT_RAM_0B = 288'h0;
    parameter [287:0] INIT_RAM_0C = 288'h0;
    parameter [287:0] INIT_RAM_0D = 288'h0;
    parameter [287:0] INIT_RAM_0E = 288'h0;
    parameter [287:0] INIT_RAM_0F = 288'h0;
    parameter [287:0] INIT_RAM_10 = 288'h0;
    parameter [287:0] INIT_RAM_11 = 288'h0;
    parameter [287:0] INIT_RAM_12 = 288'h0;
    parameter [287:0] INIT_RAM_13 = 288'h0;
    parameter [287:0] INIT_RAM_14 = 288'h0;
    parameter [287:0] INIT_RAM_15 = 288'h0;
    parameter [287:0] INIT_RAM_16 = 288'h0;
    parameter [287:0] INIT_RAM_17 = 288'h0;
    parameter [287:0] INIT_RAM_18 = 288'h0;
    parameter [287:0] INIT_RAM_19 = 288'h0;
    parameter [287:0] INIT_RAM_1A = 288'h0;
    parameter [287:0] INIT_RAM_1B = 288'h0;
    parameter [287:0] INIT_RAM_1C = 288'h0;
    parameter [287:0] INIT_RAM_1D = 288'h0;
    parameter [287:0] INIT_RAM_1E = 288'h0;
    parameter [287:0] INIT_RAM_1F = 288'h0;
    parameter [287:0] INIT_RAM_20 = 288'h0;
    parameter [287:0] INIT_RAM_21 = 288'h0;
    parameter [287:0] INIT_RAM_22 = 288'h0;
    parameter [287:0] INIT_RAM_23 = 288'h0;
    parameter [287:0] INIT_RAM_24 = 288'h0;
    parameter [287:0] INIT_RAM_25 = 288'h0;
    parameter [287:0] INIT_RAM_26 = 288'h0;
    parameter [287:0] INIT_RAM_27 = 288'h0;
    parameter [287:0] INIT_RAM_28 = 288'h0;
    parameter [287:0] INIT_RAM_29 = 288'h0;
    parameter [287:0] INIT_RAM_2A = 288'h0;
    parameter [287:0] INIT_RAM_2B = 288'h0;
    parameter [287:0] INIT_RAM_2C = 288'h0;
    parameter [287:0] INIT_RAM_2D = 288'h0;
    parameter [287:0] INIT_RAM_2E = 288'h0;
    parameter [287:0] INIT_RAM_2F = 288'h0;
    parameter [287:0] INIT_RAM_30 = 288'h0;
    parameter [287:0] INIT_RAM_31 = 288'h0;
    parameter [287:0] INIT_RAM_32 = 288'h0;
    parameter [287:0] INIT_RAM_33 = 288'h0;
    parameter [287:0] INIT_RAM_34 = 288'h0;
    parameter [287:0] INIT_RAM_35 = 288'h0;
    parameter [287:0] INIT_RAM_36 = 288'h0;
    parameter [287:0] INIT_RAM_37 = 288'h0;
    parameter [287:0] INIT_RAM_38 = 288'h0;
    parameter [287:0] INIT_RAM_39 = 288'h0;
    parameter [287:0] INIT_RAM_3A = 288'h0;
    parameter [287:0] INIT_RAM_3B = 288'h0;
    parameter [287:0] INIT_RAM_3C = 288'h0;
    parameter [287:0] INIT_RAM_3D = 288'h0;
    parameter [287:0] INIT_RAM_3E = 288'h0;
    parameter [287:0] INIT_RAM_3F = 288'h0;

    initial begin
        if (READ_MODE0 != 0) $fatal(1, "DPX9B: READ_MODE0 = %0d is not modelled", READ_MODE0);
        if (READ_MODE1 != 0) $fatal(1, "DPX9B: READ_MODE1 = %0d is not modelled", READ_MODE1);
    end

    wire [35:0] out_a, out_b;
    assign DOA = out_a[17:0];
    assign DOB = out_b[17:0];

    synfire_gowin_bsram #(
        .BYTE(9),
        .WIDTH_A(BIT_WIDTH_0),
        .WIDTH_B(BIT_WIDTH_1),
        .WRITE_MODE_A(WRITE_MODE0),
        .WRITE_MODE_B(WRITE_MODE1),
        .CONTENTS({
            INIT_RAM_3F, INIT_RAM_3E, INIT_RAM_3D, INIT_RAM_3C, INIT_RAM_3B, INIT_RAM_3A, INIT_RAM_39, INIT_RAM_38,
            INIT_RAM_37, INIT_RAM_36, INIT_RAM_35, INIT_RAM_34, INIT_RAM_33, INIT_RAM_32, INIT_RAM_31, INIT_RAM_30,
            INIT_RAM_2F, INIT_RAM_2E, INIT_RAM_2D, INIT_RAM_2C, INIT_RAM_2B, INIT_RAM_2A, INIT_RAM_29, INIT_RAM_28,
            INIT_RAM_27, INIT_RAM_26, INIT_RAM_25, INIT_RAM_24, INIT_RAM_23, INIT_RAM_22, INIT_RAM_21, INIT_RAM_20,
            INIT_RAM_1F, INIT_RAM_1E, INIT_RAM_1D, INIT_RAM_1C, INIT_RAM_1B, INIT_RAM_1A, INIT_RAM_19, INIT_RAM_18,
            INIT_RAM_17, INIT_RAM_16, INIT_RAM_15, INIT_RAM_14, INIT_RAM_13, INIT_RAM_12, INIT_RAM_11, INIT_RAM_10,
            INIT_RAM_0F, INIT_RAM_0E, INIT_RAM_0D, INIT_RAM_0C, INIT_RAM_0B, INIT_RAM_0A, INIT_RAM_09, INIT_RAM_08,
            INIT_RAM_07, INIT_RAM_06, INIT_RAM_05, INIT_RAM_04, INIT_RAM_03, INIT_RAM_02, INIT_RAM_01, INIT_RAM_00
        })
    ) ram (
        .clock_a(CLKA),
        .enable_a(CEA && BLKSELA == BLK_SEL_0),
        .write_a(WREA),
        .address_a(ADA),
        .in_a({18'b0, DIA}),
        .out_a(out_a),
        .reset_a(RESETA),
        .clock_b(CLKB),
        .enable_b(CEB && BLKSELB == BLK_SEL_1),
        .write_b(WREB),
        .address_b(ADB),
        .in_b({18'b0, DIB}),
        .out_b(out_b),
        .reset_b(RESETB)
    );
endmodule

// Block RAM of 16 kbit with a port that writes (A) and a port that reads (B).
module SDPB(
    output wire [31:0] DO,
    input wire [31:0] DI,
    input wire [2:0] BLKSELA, BLKSELB,
    input wire [13:0] ADA, ADB,
    input wire CLKA, CLKB, CEA, CEB, OCE, RESETA, RESETB
);
    parameter READ_MODE = 1'b0;
    parameter BIT_WIDTH_0 = 32;
    parameter BIT_WIDTH_1 = 32;
    parameter BLK_SEL_0 = 3'b000;
    parameter BLK_SEL_1 = 3'b000;
    parameter RESET_MODE = "SYNC";
    parameter [255:0] INIT_RAM_00 = 256'h0;
    parameter [255:0] INIT_RAM_01 = 256'h0;
    parameter [255:0] INIT_RAM_02 = 256'h0;
    parameter [255:0] INIT_RAM_03 = 256'h0;
    parameter [255:0] INIT_RAM_04 = 256'h0;
    parameter [255:0] INIT_RAM_05 = 256'h0;
    parameter [255:0] INIT_RAM_06 = 256'h0;
    parameter [255:0] INIT_RAM_07 = 256'h0;
    parameter [255:0] INIT_RAM_08 = 256'h0;
    parameter [255:0] INIT_RAM_09 = 256'h0;
    parameter [255:0] INIT_RAM_0A = 256'h0;
    parameter [255:0] INIT_RAM_0B = 256'h0;
    parameter [255:0] INIT_RAM_0C = 256'h0;
    parameter [255:0] INIT_RAM_0D = 256'h0;
    parameter [255:0] INIT_RAM_0E = 256'h0;
    parameter [255:0] INIT_RAM_0F = 256'h0;
    parameter [255:0] INIT_RAM_10 = 256'h0;
    parameter [255:0] INIT_RAM_11 = 256'h0;
    parameter [255:0] INIT_RAM_12 = 256'h0;
    parameter [255:0] INIT_RAM_13 = 256'h0;
    parameter [255:0] INIT_RAM_14 = 256'h0;
    parameter [255:0] INIT_RAM_15 = 256'h0;
    parameter [255:0] INIT_RAM_16 = 256'h0;
    parameter [255:0] INIT_RAM_17 = 256'h0;
    parameter [255:0] INIT_RAM_18 = 256'h0;
    parameter [255:0] INIT_RAM_19 = 256'h0;
    parameter [255:0] INIT_RAM_1A = 256'h0;
    parameter [255:0] INIT_RAM_1B = 256'h0;
    parameter [255:0] INIT_RAM_1C = 256'h0;
    parameter [255:0] INIT_RAM_1D = 256'h0;
    parameter [255:0] INIT_RAM_1E = 256'h0;
    parameter [255:0] INIT_RAM_1F = 256'h0;
    parameter [255:0] INIT_RAM_20 = 256'h0;
    parameter [255:0] INIT_RAM_21 = 256'h0;
    parameter [255:0] INIT_RAM_22 = 256'h0;
    parameter [255:0] INIT_RAM_23 = 256'h0;
    parameter [255:0] INIT_RAM_24 = 256'h0;
    parameter [255:0] INIT_RAM_25 = 256'h0;
    parameter [255:0] INIT_RAM_26 = 256'h0;
    parameter [255:0] INIT_RAM_27 = 256'h0;
    parameter [255:0] INIT_RAM_28 = 256'h0;
    parameter [255:0] INIT_RAM_29 = 256'h0;
    parameter [255:0] INIT_RAM_2A = 256'h0;
    parameter [255:0] INIT_RAM_2B = 256'h0;
    parameter [255:0] INIT_RAM_2C = 256'h0;
    parameter [255:0] INIT_RAM_2D = 256'h0;
    parameter [255:0] INIT_RAM_2E = 256'h0;
    parameter [255:0] INIT_RAM_2F = 256'h0;
    parameter [255:0] INIT_RAM_30 = 256'h0;
    parameter [255:0] INIT_RAM_31 = 256'h0;
    parameter [255:0] INIT_RAM_32 = 256'h0;
    parameter [255:0] INIT_RAM_33 = 256'h0;
    parameter [255:0] INIT_RAM_34 = 256'h0;
    parameter [255:0] INIT_RAM_35 = 256'h0;
    parameter [255:0] INIT_RAM_36 = 256'h0;
    parameter [255:0] INIT_RAM_37 = 256'h0;
    parameter [255:0] INIT_RAM_38 = 256'h0;
    parameter [255:0] INIT_RAM_39 = 256'h0;
    parameter [255:0] INIT_RAM_3A = 256'h0;
    parameter [255:0] INIT_RAM_3B = 256'h0;
    parameter [255:0] INIT_RAM_3C = 256'h0;
    parameter [255:0] INIT_RAM_3D = 256'h0;
    parameter [255:0] INIT_RAM_3E = 256'h0;
    parameter [255:0] INIT_RAM_3F = 256'h0;

    initial begin
        if (READ_MODE != 0) $fatal(1, "SDPB: READ_MODE = %0d is not modelled", READ_MODE);
    end

    synfire_gowin_bsram #(
        .BYTE(8),
        .WIDTH_A(BIT_WIDTH_0),
        .WIDTH_B(BIT_WIDTH_1),
        .WRITE_MODE_A(0),
        .WRITE_MODE_B(0),
        .CONTENTS({
            INIT_RAM_3F, INIT_RAM_3E, INIT_RAM_3D, INIT_RAM_3C, INIT_RAM_3B, INIT_RAM_3A, INIT_RAM_39, INIT_RAM_38,
            INIT_RAM_37, INIT_RAM_36, INIT_RAM_35, INIT_RAM_34, INIT_RAM_33, INIT_RAM_32, INIT_RAM_31, INIT_RAM_30,
            INIT_RAM_2F, INIT_RAM_2E, INIT_RAM_2D, INIT_RAM_2C, INIT_RAM_2B, INIT_RAM_2A, INIT_RAM_29, INIT_RAM_28,
            INIT_RAM_27, INIT_RAM_26, INIT_RAM_25, INIT_RAM_24, INIT_RAM_23, INIT_RAM_22, INIT_RAM_21, INIT_RAM_20,
            INIT_RAM_1F, INIT_RAM_1E, INIT_RAM_1D, INIT_RAM_1C, INIT_RAM_1B, INIT_RAM_1A, INIT_RAM_19, INIT_RAM_18,
            INIT_RAM_17, INIT_RAM_16, INIT_RAM_15, INIT_RAM_14, INIT_RAM_13, INIT_RAM_12, INIT_RAM_11, INIT_RAM_10,
            INIT_RAM_0F, INIT_RAM_0E, INIT_RAM_0D, INIT_RAM_0C, INIT_RAM_0B, INIT_RAM_0A, INIT_RAM_09, INIT_RAM_08,
            INIT_RAM_07, INIT_RAM_06, INIT_RAM_05, INIT_RAM_04, INIT_RAM_03, INIT_RAM_02, INIT_RAM_01, INIT_RAM_00
        })
    ) ram (
        .clock_a(CLKA),
        .enable_a(CEA && BLKSELA == BLK_SEL_0),
        .write_a(1'b1),
        .address_a(ADA),
        .in_a(DI),
        .out_a(),
        .reset_a(RESETA),
        .clock_b(CLKB),
        .enable_b(CEB && BLKSELB == BLK_SEL_1),
        .write_b(1'b0),
        .address_b(ADB),
        .in_b(32'b0),
        .out_b(DO),
        .reset_b(RESETB)
    );
endmodule

// Block RAM of 18 kbit with a port that writes (A) and a port that reads (B).
module SDPX9B(
    output wire [35:0] DO,
    input wire [35:0] DI,
    input wire [2:0] BLKSELA, BLKSELB,
    input wire [13:0] ADA, ADB,
    input wire CLKA, CLKB, CEA, CEB, OCE, RESETA, RESETB
);
    parameter READ_MODE = 1'b0;
    parameter BIT_WIDTH_0 = 36;
    parameter BIT_WIDTH_1 = 36;
    parameter BLK_SEL_0 = 3'b000;
    parameter BLK_SEL_1 = 3'b000;
    parameter RESET_MODE = "SYNC";
    parameter [287:0] INIT_RAM_00 = 288'h0;
    parameter [287:0] INIT_RAM_01 = 288'h0;
    parameter [287:0] INIT_RAM_02 = 288'h0;
    parameter [287:0] INIT_RAM_03 = 288'h0;
    parameter [287:0] INIT_RAM_04 = 288'h0;
    parameter [287:0] INIT_RAM_05 = 288'h0;
    parameter [287:0] INIT_RAM_06 = 288'h0;
    parameter [287:0] INIT_RAM_07 = 288'h0;
    parameter [287:0] INIT_RAM_08 = 288'h0;
    parameter [287:0] INIT_RAM_09 = 288'h0;
    parameter [287:0] INIT_RAM_0A = 288'h0;
    parameter [287:0] INIT_RAM_0B = 288'h0;
    parameter [287:0] INIT_RAM_0C = 288'h0;
    parameter [287:0] INIT_RAM_0D = 288'h0;
    parameter [287:0] INIT_RAM_0E = 288'h0;
    parameter [287:0] INIT_RAM_0F = 288'h0;
    parameter [287:0] INIT_RAM_10 = 288'h0;
    parameter [287:0] INIT_RAM_11 = 288'h0;
    parameter [287:0] INIT_RAM_12 = 288'h0;
    parameter [287:0] INIT_RAM_13 = 288'h0;
    parameter [287:0] INIT_RAM_14 = 288'h0;
    parameter [287:0] INIT_RAM_15 = 288'h0;
    parameter [287:0] INIT_RAM_16 = 288'h0;
    parameter [287:0] INIT_RAM_17 = 288'h0;
    parameter [287:0] INIT_RAM_18 = 288'h0;
    parameter [287:0] INIT_RAM_19 = 288'h0;
    parameter [287:0] INIT_RAM_1A = 288'h0;
    parameter [287:0] INIT_RAM_1B = 288'h0;
    parameter [287:0] INIT_RAM_1C = 288'h0;
    parameter [287:0] INIT_RAM_1D = 288'h0;
    parameter [287:0] INIT_RAM_1E = 288'h0;
    parameter [287:0] INIT_RAM_1F = 288'h0;
    parameter [287:0] INIT_RAM_20 = 288'h0;
    parameter [287:0] INIT_RAM_21 = 288'h0;
    parameter [287:0] INIT_RAM_22 = 288'h0;
    parameter [287:0] INIT_RAM_23 = 288'h0;
    parameter [287:0] INIT_RAM_24 = 288'h0;
    parameter [287:0] INIT_RAM_25 = 288'h0;
    parameter [287:0] INIT_RAM_26 = 288'h0;
    parameter [287:0] INIT_RAM_27 = 288'h0;
    parameter [287:0] INIT_RAM_28 = 288'h0;
    parameter [287:0] INIT_RAM_29 = 288'h0;
    parameter [287:0] INIT_RAM_2A = 288'h0;
    parameter [287:0] INIT_RAM_2B = 288'h0;
    parameter [287:0] INIT_RAM_2C = 288'h0;
    parameter [287:0] INIT_RAM_2D = 288'h0;
    parameter [287:0] INIT_RAM_2E = 288'h0;
    parameter [287:0] INIT_RAM_2F = 288'h0;
    parameter [287:0] INIT_RAM_30 = 288'h0;
    parameter [287:0] INIT_RAM_31 = 288'h0;
    parameter [287:0] INIT_RAM_32 = 288'h0;
    parameter [287:0] INIT_RAM_33 = 288'h0;
    parameter [287:0] INIT_RAM_34 = 288'h0;
    parameter [287:0] INIT_RAM_35 = 288'h0;
    parameter [287:0] INIT_RAM_36 = 288'h0;
    parameter [287:0] INIT_RAM_37 = 288'h0;
    parameter [287:0] INIT_RAM_38 = 288'h0;
    parameter [287:0] INIT_RAM_39 = 288'h0;
    parameter [287:0] INIT_RAM_3A = 288'h0;
    parameter [287:0] INIT_RAM_3B = 288'h0;
    parameter [287:0] INIT_RAM_3C = 288'h0;
    parameter [287:0] INIT_RAM_3D = 288'h0;
    parameter [287:0] INIT_RAM_3E = 288'h0;
    parameter [287:0] INIT_RAM_3F = 288'h0;

    initial begin
        if (READ_MODE != 0) $fatal(1, "SDPX9B: READ_MODE = %0d is not modelled", READ_MODE);
    end

    synfire_gowin_bsram #(
        .BYTE(9),
        .WIDTH_A(BIT_WIDTH_0),
        .WIDTH_B(BIT_WIDTH_1),
        .WRITE_MODE_A(0),
        .WRITE_MODE_B(0),
        .CONTENTS({
            INIT_RAM_3F, INIT_RAM_3E, INIT_RAM_3D, INIT_RAM_3C, INIT_RAM_3B, INIT_RAM_3A, INIT_RAM_39, INIT_RAM_38,
            INIT_RAM_37, INIT_RAM_36, INIT_RAM_35, INIT_RAM_34, INIT_RAM_33, INIT_RAM_32, INIT_RAM_31, INIT_RAM_30,
            INIT_RAM_2F, INIT_RAM_2E, INIT_RAM_2D, INIT_RAM_2C, INIT_RAM_2B, INIT_RAM_2A, INIT_RAM_29, INIT_RAM_28,
            INIT_RAM_27, INIT_RAM_26, INIT_RAM_25, INIT_RAM_24, INIT_RAM_23, INIT_RAM_22, INIT_RAM_21, INIT_RAM_20,
            INIT_RAM_1F, INIT_RAM_1E, INIT_RAM_1D, INIT_RAM_1C, INIT_RAM_1B, INIT_RAM_1A, INIT_RAM_19, INIT_RAM_18,
            INIT_RAM_17, INIT_RAM_16, INIT_RAM_15, INIT_RAM_14, INIT_RAM_13, INIT_RAM_12, INIT_RAM_11, INIT_RAM_10,
            INIT_RAM_0F, INIT_RAM_0E, INIT_RAM_0D, INIT_RAM_0C, INIT_RAM_0B, INIT_RAM_0A, INIT_RAM_09, INIT_RAM_08,
            INIT_RAM_07, INIT_RAM_06, INIT_RAM_05, INIT_RAM_04, INIT_RAM_03, INIT_RAM_02, INIT_RAM_01, INIT_RAM_00
        })
    ) ram (
        .clock_a(CLKA),
        .enable_a(CEA && BLKSELA == BLK_SEL_0),
        .write_a(1'b1),
        .address_a(ADA),
        .in_a(DI),
        .out_a(),
        .reset_a(RESETA),
        .clock_b(CLKB),
        .enable_b(CEB && BLKSELB == BLK_SEL_1),
        .write_b(1'b0),
        .address_b(ADB),
        .in_b(36'b0),
        .out_b(DO),
        .reset_b(RESETB)
    );
endmodule

// Block RAM of 16 kbit with one port.
module SP(
    output wire [31:0] DO,
    input wire [31:0] DI,
    input wire [2:0] BLKSEL,
    input wire [13:0] AD,
    input wire WRE, CLK, CE, OCE, RESET
);
    parameter READ_MODE = 1'b0;
    parameter WRITE_MODE = 2'b00;
    parameter BIT_WIDTH = 32;
    parameter BLK_SEL = 3'b000;
    parameter RESET_MODE = "SYNC";
    parameter [255:0] INIT_RAM_00 = 256'h0;
    parameter [255:0] INIT_RAM_01 = 256'h0;
    parameter [255:0] INIT_RAM_02 = 256'h0;
    parameter [255:0] INIT_RAM_03 = 256'h0;
    parameter [255:0] INIT_RAM_04 = 256'h0;
    parameter [255:0] INIT_RAM_05 = 256'h0;
    parameter [255:0] INIT_RAM_06 = 256'h0;
    parameter [255:0] INIT_RAM_07 = 256'h0;
    parameter [255:0] INIT_RAM_08 = 256'h0;
    parameter [255:0] INIT_RAM_09 = 256'h0;
    parameter [255:0] INIT_RAM_0A = 256'h0;
    parameter [255:0] INIT_RAM_0B = 256'h0;
    parameter [255:0] INIT_RAM_0C = 256'h0;
    parameter [255:0] INIT_RAM_0D = 256'h0;
    parameter [255:0] INIT_RAM_0E = 256'h0;
    parameter [255:0] INIT_RAM_0F = 256'h0;
    parameter [255:0] INIT_RAM_10 = 256'h0;
    parameter [255:0] INIT_RAM_11 = 256'h0;
    parameter [255:0] INIT_RAM_12 = 256'h0;
    parameter [255:0] INIT_RAM_13 = 256'h0;
    parameter [255:0] INIT_RAM_14 = 256'h0;
    parameter [255:0] INIT_RAM_15 = 256'h0;
    parameter [255:0] INIT_RAM_16 = 256'h0;
    parameter [255:0] INIT_RAM_17 = 256'h0;
    parameter [255:0] INIT_RAM_18 = 256'h0;
    parameter [255:0] INIT_RAM_19 = 256'h0;
    parameter [255:0] INIT_RAM_1A = 256'h0;
    parameter [255:0] INIT_RAM_1B = 256'h0;
    parameter [255:0] INIT_RAM_1C = 256'h0;
    parameter [255:0] INIT_RAM_1D = 256'h0;
    parameter [255:0] INIT_RAM_1E = 256'h0;
    parameter [255:0] INIT_RAM_1F = 256'h0;
    parameter [255:0] INIT_RAM_20 = 256'h0;
    parameter [255:0] INIT_RAM_21 = 256'h0;
    parameter [255:0] INIT_RAM_22 = 256'h0;
    parameter [255:0] INIT_RAM_23 = 256'h0;
    parameter [255:0] INIT_RAM_24 = 256'h0;
    parameter [255:0] INIT_RAM_25 = 256'h0;
    parameter [255:0] INIT_RAM_26 = 256'h0;
    parameter [255:0] INIT_RAM_27 = 256'h0;
    parameter [255:0] INIT_RAM_28 = 256'h0;
    parameter [255:0] INIT_RAM_29 = 256'h0;
    parameter [255:0] INIT_RAM_2A = 256'h0;
    parameter [255:0] INIT_RAM_2B = 256'h0;
    parameter [255:0] INIT_RAM_2C = 256'h0;
    parameter [255:0] INIT_RAM_2D = 256'h0;
    parameter [255:0] INIT_RAM_2E = 256'h0;
    parameter [255:0] INIT_RAM_2F = 256'h0;
    parameter [255:0] INIT_RAM_30 = 256'h0;
    parameter [255:0] INIT_RAM_31 = 256'h0;
    parameter [255:0] INIT_RAM_32 = 256'h0;
    parameter [255:0] INIT_RAM_33 = 256'h0;
    parameter [255:0] INIT_RAM_34 = 256'h0;
    parameter [255:0] INIT_RAM_35 = 256'h0;
    parameter [255:0] INIT_RAM_36 = 256'h0;
    parameter [255:0] INIT_RAM_37 = 256'h0;
    parameter [255:0] INIT_RAM_38 = 256'h0;
    parameter [255:0] INIT_RAM_39 = 256'h0;
    parameter [255:0] INIT_RAM_3A = 256'h0;
    parameter [255:0] INIT_RAM_3B = 256'h0;
    parameter [255:0] INIT_RAM_3C = 256'h0;
    parameter [255:0] INIT_RAM_3D = 256'h0;
    parameter [255:0] INIT_RAM_3E = 256'h0;
    parameter [255:0] INIT_RAM_3F = 256'h0;

    initial begin
        if (READ_MODE != 0) $fatal(1, "SP: READ_MODE = %0d is not modelled", READ_MODE);
    end

    synfire_gowin_bsram #(
        .BYTE(8),
        .WIDTH_A(BIT_WIDTH),
        .WIDTH_B(BIT_WIDTH),
        .WRITE_MODE_A(WRITE_MODE),
        .WRITE_MODE_B(0),
        .CONTENTS({
            INIT_RAM_3F, INIT_RAM_3E, INIT_RAM_3D, INIT_RAM_3C, INIT_RAM_3B, INIT_RAM_3A, INIT_RAM_39, INIT_RAM_38,
            INIT_RAM_37, INIT_RAM_36, INIT_RAM_35, INIT_RAM_34, INIT_RAM_33, INIT_RAM_32, INIT_RAM_31, INIT_RAM_30,
            INIT_RAM_2F, INIT_RAM_2E, INIT_RAM_2D, INIT_RAM_2C, INIT_RAM_2B, INIT_RAM_2A, INIT_RAM_29, INIT_RAM_28,
            INIT_RAM_27, INIT_RAM_26, INIT_RAM_25, INIT_RAM_24, INIT_RAM_23, INIT_RAM_22, INIT_RAM_21, INIT_RAM_20,
            INIT_RAM_1F, INIT_RAM_1E, INIT_RAM_1D, INIT_RAM_1C, INIT_RAM_1B, INIT_RAM_1A, INIT_RAM_19, INIT_RAM_18,
            INIT_RAM_17, INIT_RAM_16, INIT_RAM_15, INIT_RAM_14, INIT_RAM_13, INIT_RAM_12, INIT_RAM_11, INIT_RAM_10,
            INIT_RAM_0F, INIT_RAM_0E, INIT_RAM_0D, INIT_RAM_0C, INIT_RAM_0B, INIT_RAM_0A, INIT_RAM_09, INIT_RAM_08,
            INIT_RAM_07, INIT_RAM_06, INIT_RAM_05, INIT_RAM_04, INIT_RAM_03, INIT_RAM_02, INIT_RAM_01, INIT_RAM_00
        })
    ) ram (
        .clock_a(CLK),
        .enable_a(CE && BLKSEL == BLK_SEL),
        .write_a(WRE),
        .address_a(AD),
        .in_a(DI),
        .out_a(DO),
        .reset_a(RESET),
        .clock_b(CLK),
        .enable_b(1'b0),
        .write_b(1'b0),
        .address_b(14'b0),
        .in_b(32'b0),
        .out_b(),
        .reset_b(1'b0)
    );
endmodule

// Block RAM of 18 kbit with one port.
module SPX9(
    output wire [35:0] DO,
    input wire [35:0] DI,
    input wire [2:0] BLKSEL,
    input wire [13:0] AD,
    input wire WRE, CLK, CE, OCE, RESET
);
    parameter READ_MODE = 1'b0;
    parameter WRITE_MODE = 2'b00;
    parameter BIT_WIDTH = 36;
    parameter BLK_SEL = 3'b000;
    parameter RESET_MODE = "SYNC";
    parameter [287:0] INIT_RAM_00 = 288'h0;
    parameter [287:0] INIT_RAM_01 = 288'h0;
    parameter [287:0] INIT_RAM_02 = 288'h0;
    parameter [287:0] INIT_RAM_03 = 288'h0;
    parameter [287:0] INIT_RAM_04 = 288'h0;
    parameter [287:0] INIT_RAM_05 = 288'h0;
    parameter [287:0] INIT_RAM_06 = 288'h0;
    parameter [287:0] INIT_RAM_07 = 288'h0;
    parameter [287:0] INIT_RAM_08 = 288'h0;
    parameter [287:0] INIT_RAM_09 = 288'h0;
    parameter [287:0] INIT_RAM_0A = 288'h0;
    parameter [287:0] INIT_RAM_0B = 288'h0;
    parameter [287:0] INIT_RAM_0C = 288'h0;
    parameter [287:0] INIT_RAM_0D = 288'h0;
    parameter [287:0] INIT_RAM_0E = 288'h0;
    parameter [287:0] INIT_RAM_0F = 288'h0;
    parameter [287:0] INIT_RAM_10 = 288'h0;
    parameter [287:0] INIT_RAM_11 = 288'h0;
    parameter [287:0] INIT_RAM_12 = 288'h0;
    parameter [287:0] INIT_RAM_13 = 288'h0;
    parameter [287:0] INIT_RAM_14 = 288'h0;
    parameter [287:0] INIT_RAM_15 = 288'h0;
    parameter [287:0] INIT_RAM_16 = 288'h0;
    parameter [287:0] INIT_RAM_17 = 288'h0;
    parameter [287:0] INIT_RAM_18 = 288'h0;
    parameter [287:0] INIT_RAM_19 = 288'h0;
    parameter [287:0] INIT_RAM_1A = 288'h0;
    parameter [287:0] INIT_RAM_1B = 288'h0;
    parameter [287:0] INIT_RAM_1C = 288'h0;
    parameter [287:0] INIT_RAM_1D = 288'h0;
    parameter [287:0] INIT_RAM_1E = 288'h0;
    parameter [287:0] INIT_RAM_1F = 288'h0;
    parameter [287:0] INIT_RAM_20 = 288'h0;
    parameter [287:0] INIT_RAM_21 = 288'h0;
    parameter [287:0] INIT_RAM_22 = 288'h0;
    parameter [287:0] INIT_RAM_23 = 288'h0;
    parameter [287:0] INIT_RAM_24 = 288'h0;
    parameter [287:0] INIT_RAM_25 = 288'h0;
    parameter [287:0] INIT_RAM_26 = 288'h0;
    parameter [287:0] INIT_RAM_27 = 288'h0;
    parameter [287:0] INIT_RAM_28 = 288'h0;
    parameter [287:0] INIT_RAM_29 = 288'h0;
    parameter [287:0] INIT_RAM_2A = 288'h0;
    parameter [287:0] INIT_RAM_2B = 288'h0;
    parameter [287:0] INIT_RAM_2C = 288'h0;
    parameter [287:0] INIT_RAM_2D = 288'h0;
    parameter [287:0] INIT_RAM_2E = 288'h0;
    parameter [287:0] INIT_RAM_2F = 288'h0;
    parameter [287:0] INIT_RAM_30 = 288'h0;
    parameter [287:0] INIT_RAM_31 = 288'h0;
    parameter [287:0] INIT_RAM_32 = 288'h0;
    parameter [287:0] INIT_RAM_33 = 288'h0;
    parameter [287:0] INIT_RAM_34 = 288'h0;
    parameter [287:0] INIT_RAM_35 = 288'h0;
    parameter [287:0] INIT_RAM_36 = 288'h0;
    parameter [287:0] INIT_RAM_37 = 288'h0;
    parameter [287:0] INIT_RAM_38 = 288'h0;
    parameter [287:0] INIT_RAM_39 = 288'h0;
    parameter [287:0] INIT_RAM_3A = 288'h0;
    parameter [287:0] INIT_RAM_3B = 288'h0;
    parameter [287:0] INIT_RAM_3C = 288'h0;
    parameter [287:0] INIT_RAM_3D = 288'h0;
    parameter [287:0] INIT_RAM_3E = 288'h0;
    parameter [287:0] INIT_RAM_3F = 288'h0;

    initial begin
        if (READ_MODE != 0) $fatal(1, "SPX9: READ_MODE = %0d is not modelled", READ_MODE);
    end

    synfire_gowin_bsram #(
        .BYTE(9),
        .WIDTH_A(BIT_WIDTH),
        .WIDTH_B(BIT_WIDTH),
        .WRITE_MODE_A(WRITE_MODE),
        .WRITE_MODE_B(0),
        .CONTENTS({
            INIT_RAM_3F, INIT_RAM_3E, INIT_RAM_3D, INIT_RAM_3C, INIT_RAM_3B, INIT_RAM_3A, INIT_RAM_39, INIT_RAM_38,
            INIT_RAM_37, INIT_RAM_36, INIT_RAM_35, INIT_RAM_34, INIT_RAM_33, INIT_RAM_32, INIT_RAM_31, INIT_RAM_30,
            INIT_RAM_2F, INIT_RAM_2E, INIT_RAM_2D, INIT_RAM_2C, INIT_RAM_2B, INIT_RAM_2A, INIT_RAM_29, INIT_RAM_28,
            INIT_RAM_27, INIT_RAM_26, INIT_RAM_25, INIT_RAM_24, INIT_RAM_23, INIT_RAM_22, INIT_RAM_21, INIT_RAM_20,
            INIT_RAM_1F, INIT_RAM_1E, INIT_RAM_1D, INIT_RAM_1C, INIT_RAM_1B, INIT_RAM_1A, INIT_RAM_19, INIT_RAM_18,
            INIT_RAM_17, INIT_RAM_16, INIT_RAM_15, INIT_RAM_14, INIT_RAM_13, INIT_RAM_12, INIT_RAM_11, INIT_RAM_10,
            INIT_RAM_0F, INIT_RAM_0E, INIT_RAM_0D, INIT_RAM_0C, INIT_RAM_0B, INIT_RAM_0A, INIT_RAM_09, INIT_RAM_08,
            INIT_RAM_07, INIT_RAM_06, INIT_RAM_05, INIT_RAM_04, INIT_RAM_03, INIT_RAM_02, INIT_RAM_01, INIT_RAM_00
        })
    ) ram (
        .clock_a(CLK),
        .enable_a(CE && BLKSEL == BLK_SEL),
        .write_a(WRE),
        .address_a(AD),
        .in_a(DI),
        .out_a(DO),
        .reset_a(RESET),
        .clock_b(CLK),
        .enable_b(1'b0),
        .write_b(1'b0),
        .address_b(14'b0),
        .in_b(36'b0),
        .out_b(),
        .reset_b(1'b0)
    );
endmodule

// Phase-locked loop: a given of the simulation, which passes its reference on and is locked.
module rPLL(
    output wire CLKOUT, LOCK, CLKOUTP, CLKOUTD, CLKOUTD3,
    input wire CLKIN, CLKFB, RESET, RESET_P,
    input wire [5:0] FBDSEL, IDSEL, ODSEL,
    input wire [3:0] DUTYDA, PSDA, FDLY
);
    parameter FCLKIN = "100.0";
    parameter IDIV_SEL = 0;
    parameter FBDIV_SEL = 0;
    parameter ODIV_SEL = 8;

    assign CLKOUT = CLKIN;
    assign LOCK = !RESET && !RESET_P;
    assign {CLKOUTP, CLKOUTD, CLKOUTD3} = 3'b0;
endmodule

`default_nettype wire
