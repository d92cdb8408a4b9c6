// The accelerator's core, for co-simulation.

`default_nettype none

module cosim (
    input wire clock,
    input wire [31:0] event_data,
    input wire event_valid,
    output wire event_ready,
    output wire [31:0] tap_data,
    output wire [0:0] tap_valid,
    input wire [23:0] readout_group,
    input wire [7:0] readout_lane,
    output wire [31:0] readout_data,
    input wire [7:0] load_select,
    input wire [7:0] load_byte,
    input wire load_shift,
    input wire load_write,
    input wire [23:0] load_address,
    input wire exit_enable,
    output wire exited,
    output wire exit_busy,
    output wire [31:0] steps_done,
    output wire [7:0] clears_done,
    output wire [31:0] active_cycles,
    output wire [63:0] spikes_in,
    output wire [63:0] spikes_out,
    output wire [63:0] busy_cycles,
    output wire [63:0] stalled_cycles
);
    synfire$core core (
        .clock(clock),
        .event_data(event_data),
        .event_valid(event_valid),
        .event_ready(event_ready),
        .readout_group(readout_group),
        .readout_lane(readout_lane),
        .readout_data(readout_data),
        .steps_done(steps_done),
        .clears_done(clears_done),
        .active_cycles(active_cycles),
        .load_select(load_select),
        .load_byte(load_byte),
        .load_shift(load_shift),
        .load_write(load_write),
        .load_address(load_address),
        .exit_enable(exit_enable),
        .exited(exited),
        .exit_busy(exit_busy),
        .tap_data$0(tap_data[31:0]),
        .tap_valid$0(tap_valid[0]),
        .spikes_in$0(spikes_in[31:0]),
        .spikes_out$0(spikes_out[31:0]),
        .busy_cycles$0(busy_cycles[31:0]),
        .stalled_cycles$0(stalled_cycles[31:0]),
        .spikes_in$1(spikes_in[63:32]),
        .spikes_out$1(spikes_out[63:32]),
        .busy_cycles$1(busy_cycles[63:32]),
        .stalled_cycles$1(stalled_cycles[63:32])
    );
endmodule

`default_nettype wire
