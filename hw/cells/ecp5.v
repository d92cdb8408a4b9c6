// Cells of Lattice's ECP5, for simulation: what Yosys emits and its own `ecp5/cells_sim.v` leaves a black box.
//
// Source: Yosys's `lattice/brams_map_16kd.v` and black boxes, for ports, widths, byte enables, where bits of INITVAL_xx lie, and how a
// port of 36 bits is made of both ports' pins. The vendor's own documents are Lattice FPGA-TN-02204, "ECP5 and ECP5-5G Memory
// Usage Guide", and FPGA-TN-02200, "ECP5 and ECP5-5G sysCLOCK PLL/DLL Design and Usage Guide"; this file was not compared with them.
//
// A port or parameter that is not declared here is not modelled: a netlist that sets it does not compile. A value that is not
// modelled ends the simulation with its name.

`default_nettype none

// Block RAM of 18 kbit with two ports: 512 rows of four bytes of nine bits.
//
// A port of 1, 2 or 4 bits does not reach the ninth bit of a byte. With 18 bits, address bits 1:0 are the byte enables of a write;
// with 36, bits 3:0. Port A writes 36 bits (low half on DIA, high half on DIB), port B reads them (low half on DOA, high half on
// DOB).
//
// A word that one port reads in the clock in which the other writes any of it comes back inverted: it is taken as
// undefined, and what relies on it is to fail. For that both ports are taken to have the same clock, as they have in synfire's
// designs.
module DP16KD(
    input wire DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9,
    DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0,
    input wire ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5,
    ADA4, ADA3, ADA2, ADA1, ADA0,
    input wire CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
    output wire DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9,
    DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1, DOA0,
    input wire DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9,
    DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0,
    input wire ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5,
    ADB4, ADB3, ADB2, ADB1, ADB0,
    input wire CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
    output wire DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9,
    DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0
);
    parameter DATA_WIDTH_A = 18;
    parameter DATA_WIDTH_B = 18;
    parameter REGMODE_A = "NOREG";
    parameter REGMODE_B = "NOREG";
    parameter RESETMODE = "SYNC";
    parameter ASYNC_RESET_RELEASE = "SYNC";
    parameter CSDECODE_A = "0b000";
    parameter CSDECODE_B = "0b000";
    parameter WRITEMODE_A = "NORMAL";
    parameter WRITEMODE_B = "NORMAL";
    parameter CLKAMUX = "CLKA";
    parameter CLKBMUX = "CLKB";
    parameter GSR = "ENABLED";
    parameter WID = 0;
    parameter INIT_DATA = "STATIC";
    parameter [319:0] INITVAL_00 = 320'h0;
    parameter [319:0] INITVAL_01 = 320'h0;
    parameter [319:0] INITVAL_02 = 320'h0;
    parameter [319:0] INITVAL_03 = 320'h0;
    parameter [319:0] INITVAL_04 = 320'h0;
    parameter [319:0] INITVAL_05 = 320'h0;
    parameter [319:0] INITVAL_06 = 320'h0;
    parameter [319:0] INITVAL_07 = 320'h0;
    parameter [319:0] INITVAL_08 = 320'h0;
    parameter [319:0] INITVAL_09 = 320'h0;
    parameter [319:0] INITVAL_0A = 320'h0;
    parameter [319:0] INITVAL_0B = 320'h0;
    parameter [319:0] INITVAL_0C = 320'h0;
    parameter [319:0] INITVAL_0D = 320'h0;
    parameter [319:0] INITVAL_0E = 320'h0;
    parameter [319:0] INITVAL_0F = 320'h0;
    parameter [319:0] INITVAL_10 = 320'h0;
    parameter [319:0] INITVAL_11 = 320'h0;
    parameter [319:0] INITVAL_12 = 320'h0;
    parameter [319:0] INITVAL_13 = 320'h0;
    parameter [319:0] INITVAL_14 = 320'h0;
    parameter [319:0] INITVAL_15 = 320'h0;
    parameter [319:0] INITVAL_16 = 320'h0;
    parameter [319:0] INITVAL_17 = 320'h0;
    parameter [319:0] INITVAL_18 = 320'h0;
    parameter [319:0] INITVAL_19 = 320'h0;
    parameter [319:0] INITVAL_1A = 320'h0;
    parameter [319:0] INITVAL_1B = 320'h0;
    parameter [319:0] INITVAL_1C = 320'h0;
    parameter [319:0] INITVAL_1D = 320'h0;
    parameter [319:0] INITVAL_1E = 320'h0;
    parameter [319:0] INITVAL_1F = 320'h0;
    parameter [319:0] INITVAL_20 = 320'h0;
    parameter [319:0] INITVAL_21 = 320'h0;
    parameter [319:0] INITVAL_22 = 320'h0;
    parameter [319:0] INITVAL_23 = 320'h0;
    parameter [319:0] INITVAL_24 = 320'h0;
    parameter [319:0] INITVAL_25 = 320'h0;
    parameter [319:0] INITVAL_26 = 320'h0;
    parameter [319:0] INITVAL_27 = 320'h0;
    parameter [319:0] INITVAL_28 = 320'h0;
    parameter [319:0] INITVAL_29 = 320'h0;
    parameter [319:0] INITVAL_2A = 320'h0;
    parameter [319:0] INITVAL_2B = 320'h0;
    parameter [319:0] INITVAL_2C = 320'h0;
    parameter [319:0] INITVAL_2D = 320'h0;
    parameter [319:0] INITVAL_2E = 320'h0;
    parameter [319:0] INITVAL_2F = 320'h0;
    parameter [319:0] INITVAL_30 = 320'h0;
    parameter [319:0] INITVAL_31 = 320'h0;
    parameter [319:0] INITVAL_32 = 320'h0;
    parameter [319:0] INITVAL_33 = 320'h0;
    parameter [319:0] INITVAL_34 = 320'h0;
    parameter [319:0] INITVAL_35 = 320'h0;
    parameter [319:0] INITVAL_36 = 320'h0;
    parameter [319:0] INITVAL_37 = 320'h0;
    parameter [319:0] INITVAL_38 = 320'h0;
    parameter [319:0] INITVAL_39 = 320'h0;
    parameter [319:0] INITVAL_3A = 320'h0;
    parameter [319:0] INITVAL_3B = 320'h0;
    parameter [319:0] INITVAL_3C = 320'h0;
    parameter [319:0] INITVAL_3D = 320'h0;
    parameter [319:0] INITVAL_3E = 320'h0;
    parameter [319:0] INITVAL_3F = 320'h0;

    // Twenty bits for every half row, of which the lower 18 are stored.
    localparam [20479:0] CONTENTS = {
        INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39, INITVAL_38,
        INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30,
        INITVAL_2F, INITVAL_2E, INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28,
        INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24, INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20,
        INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C, INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18,
        INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10,
        INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A, INITVAL_09, INITVAL_08,
        INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01, INITVAL_00
    };

    reg [35:0] memory [0:511];
    reg [35:0] read_a, read_b;
    integer row;
    initial begin
        for (row = 0; row < 512; row = row + 1)
            memory[row] = {CONTENTS[40 * row + 20 +: 18], CONTENTS[40 * row +: 18]};
        read_a = 36'h0;
        read_b = 36'h0;
        if (!known_width(DATA_WIDTH_A)) $fatal(1, "DP16KD: DATA_WIDTH_A = %0d is not modelled", DATA_WIDTH_A);
        if (!known_width(DATA_WIDTH_B)) $fatal(1, "DP16KD: DATA_WIDTH_B = %0d is not modelled", DATA_WIDTH_B);
        if (REGMODE_A != "NOREG") $fatal(1, "DP16KD: REGMODE_A = %0s is not modelled", REGMODE_A);
        if (REGMODE_B != "NOREG") $fatal(1, "DP16KD: REGMODE_B = %0s is not modelled", REGMODE_B);
        if (CSDECODE_A != "0b000") $fatal(1, "DP16KD: CSDECODE_A = %0s is not modelled", CSDECODE_A);
        if (CSDECODE_B != "0b000") $fatal(1, "DP16KD: CSDECODE_B = %0s is not modelled", CSDECODE_B);
        if (!known_mode(WRITEMODE_A)) $fatal(1, "DP16KD: WRITEMODE_A = %0s is not modelled", WRITEMODE_A);
        if (!known_mode(WRITEMODE_B)) $fatal(1, "DP16KD: WRITEMODE_B = %0s is not modelled", WRITEMODE_B);
        if (CLKAMUX != "CLKA" && CLKAMUX != "INV") $fatal(1, "DP16KD: CLKAMUX = %0s is not modelled", CLKAMUX);
        if (CLKBMUX != "CLKB" && CLKBMUX != "INV") $fatal(1, "DP16KD: CLKBMUX = %0s is not modelled", CLKBMUX);
        if (INIT_DATA != "STATIC") $fatal(1, "DP16KD: INIT_DATA = %0s is not modelled", INIT_DATA);
    end

    function known_width(input integer width);
        known_width = width == 1 || width == 2 || width == 4 || width == 9 || width == 18 || width == 36;
    endfunction

    function known_mode(input [119:0] mode);
        known_mode = mode == "NORMAL" || mode == "WRITETHROUGH" || mode == "READBEFOREWRITE";
    endfunction

    // The lowest bit of a row that a port has at an address.
    function [5:0] place(input integer width, input [4:0] address);
        reg [5:0] byte_place;
        begin
            byte_place = 6'd9 * {4'b0, address[4:3]};
            case (width)
                1: place = byte_place + {3'b0, address[2:0]};
                2: place = byte_place + {3'b0, address[2:1], 1'b0};
                4: place = byte_place + {3'b0, address[2], 2'b0};
                9: place = byte_place;
                18: place = address[4] ? 6'd18 : 6'd0;
                default: place = 6'd0;
            endcase
        end
    endfunction

    // The bits of a row that a port has at an address.
    function [35:0] reach(input integer width, input [4:0] address);
        reach = (36'hF_FFFF_FFFF >> (36 - width)) << place(width, address);
    endfunction

    // Those of them that a write writes, by the byte enables.
    function [35:0] written(input integer width, input [4:0] address);
        reg [3:0] enables;
        begin
            case (width)
                18: enables = {address[1:0], address[1:0]};
                36: enables = address[3:0];
                default: enables = 4'hF;
            endcase
            written = reach(width, address)
                & {{9{enables[3]}}, {9{enables[2]}}, {9{enables[1]}}, {9{enables[0]}}};
        end
    endfunction

    wire clock_a = CLKAMUX == "INV" ? ~CLKA : CLKA;
    wire clock_b = CLKBMUX == "INV" ? ~CLKB : CLKB;
    wire [13:0] address_a = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5,
    ADA4, ADA3, ADA2, ADA1, ADA0};
    wire [13:0] address_b = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5,
    ADB4, ADB3, ADB2, ADB1, ADB0};
    wire [17:0] in_a = {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9,
    DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0};
    wire [17:0] in_b = {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9,
    DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0};
    wire enable_a = CEA && !CSA2 && !CSA1 && !CSA0;
    wire enable_b = CEB && !CSB2 && !CSB1 && !CSB0;

    wire [35:0] mask_a = enable_a && WEA ? written(DATA_WIDTH_A, address_a[4:0]) : 36'h0;
    wire [35:0] mask_b = enable_b && WEB ? written(DATA_WIDTH_B, address_b[4:0]) : 36'h0;
    wire [35:0] data_a = (DATA_WIDTH_A == 36 ? {in_b, in_a} : {18'h0, in_a}) << place(DATA_WIDTH_A, address_a[4:0]);
    wire [35:0] data_b = {18'h0, in_b} << place(DATA_WIDTH_B, address_b[4:0]);
    wire [35:0] row_a = memory[address_a[13:5]];
    wire [35:0] row_b = memory[address_b[13:5]];
    wire [35:0] next_a = row_a & ~mask_a | data_a & mask_a;
    wire [35:0] next_b = row_b & ~mask_b | data_b & mask_b;
    wire same_row = address_a[13:5] == address_b[13:5];
    wire undefined_a = same_row && |(mask_b & reach(DATA_WIDTH_A, address_a[4:0]));
    wire undefined_b = same_row && |(mask_a & reach(DATA_WIDTH_B, address_b[4:0]));

    always @(posedge clock_a) begin
        if (|mask_a) memory[address_a[13:5]] <= next_a;
        if (enable_a) begin
            if (!WEA || WRITEMODE_A == "READBEFOREWRITE")
                read_a <= (undefined_a ? ~row_a : row_a) >> place(DATA_WIDTH_A, address_a[4:0]);
            else if (WRITEMODE_A == "WRITETHROUGH")
                read_a <= next_a >> place(DATA_WIDTH_A, address_a[4:0]);
        end
        if (RSTA) $fatal(1, "DP16KD: a reset (RSTA) is not modelled");
        if (same_row && |mask_a && |mask_b) $fatal(1, "DP16KD: writes of both ports to one row are not modelled");
    end

    always @(posedge clock_b) begin
        if (|mask_b) memory[address_b[13:5]] <= next_b;
        if (enable_b) begin
            if (!WEB || WRITEMODE_B == "READBEFOREWRITE")
                read_b <= (undefined_b ? ~row_b : row_b) >> place(DATA_WIDTH_B, address_b[4:0]);
            else if (WRITEMODE_B == "WRITETHROUGH")
                read_b <= next_b >> place(DATA_WIDTH_B, address_b[4:0]);
        end
        if (RSTB) $fatal(1, "DP16KD: a reset (RSTB) is not modelled");
        if (|mask_b && (DATA_WIDTH_A == 36 || DATA_WIDTH_B == 36))
            $fatal(1, "DP16KD: a write of port B with DATA_WIDTH_A = %0d, DATA_WIDTH_B = %0d is not modelled",
                DATA_WIDTH_A, DATA_WIDTH_B);
    end

    assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9,
    DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1, DOA0}
        = DATA_WIDTH_B == 36 ? read_b[17:0] : read_a[17:0];
    assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9,
    DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0}
        = DATA_WIDTH_B == 36 ? read_b[35:18] : read_b[17:0];
endmodule

// Phase-locked loop: a given of the simulation, which passes its reference on and is locked.
module EHXPLLL(
    input wire CLKI, CLKFB, PHASESEL1, PHASESEL0, PHASEDIR, PHASESTEP, PHASELOADREG, STDBY, PLLWAKESYNC, RST,
    input wire ENCLKOP, ENCLKOS, ENCLKOS2, ENCLKOS3,
    output wire CLKOP, CLKOS, CLKOS2, CLKOS3, LOCK, INTLOCK, REFCLK, CLKINTFB
);
    parameter CLKI_DIV = 1;
    parameter CLKFB_DIV = 1;
    parameter CLKOP_DIV = 8;
    parameter CLKOP_ENABLE = "ENABLED";
    parameter CLKOP_CPHASE = 0;
    parameter CLKOP_FPHASE = 0;
    parameter CLKOS_DIV = 8;
    parameter CLKOS_ENABLE = "DISABLED";
    parameter CLKOS_CPHASE = 0;
    parameter CLKOS_FPHASE = 0;
    parameter FEEDBK_PATH = "CLKOP";

    initial if (CLKOP_ENABLE != "ENABLED") $fatal(1, "EHXPLLL: CLKOP_ENABLE = %0s is not modelled", CLKOP_ENABLE);

    assign CLKOP = CLKI;
    assign LOCK = !RST && !STDBY;
    assign CLKOS = CLKOS_ENABLE == "ENABLED" ? CLKI : 1'b0;
    assign {CLKOS2, CLKOS3, INTLOCK, REFCLK, CLKINTFB} = 5'b0;
endmodule

`default_nettype wire
