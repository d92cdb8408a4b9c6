//! Hand-written Verilog around the generated accelerator: the top modules of the board and of co-simulation.

use super::clock::Clocking;
use super::verilog::{CORE, TOP};
use crate::board::Board;
use crate::pll::PllError;

/// Name of the board's top module.
pub const BOARD_TOP: &str = "board";
/// Name of the co-simulation's top module.
pub const COSIM_TOP: &str = "cosim";

/// Writes the board's top module: clock, serial port, LED, and pins that are held high.
///
/// # Errors
/// [`PllError`] if the clock of the board cannot be made, which the check of a board excludes.
pub fn board_top(board: &Board) -> Result<String, PllError> {
    let clocking = Clocking::of(board)?;
    let mut ports = vec![
        "    input wire clock".to_owned(),
        "    input wire rx".into(),
        "    output wire tx".into(),
    ];
    let mut body = Vec::new();
    if let Some(led) = &board.led {
        ports.push("    output wire led".into());
        body.push(format!(
            "    assign led = {}active;",
            if led.active_low { "~" } else { "" }
        ));
    }
    for (index, _) in board.held_high.iter().enumerate() {
        ports.push(format!("    output wire high{index}"));
        body.push(format!("    assign high{index} = 1'b1;"));
    }
    Ok(format!(
        "// {title}.\n\n`default_nettype none\n\nmodule {BOARD_TOP} (\n{ports}\n);\n{clocking}    wire active;\n\n    \
         {TOP} accelerator (.clock({clock}), .rx({rx}), .tx(tx), .active(active));\n{body}\nendmodule\n\n\
         `default_nettype wire\n",
        title = board.title,
        ports = ports.join(",\n"),
        clocking = clocking.body,
        clock = clocking.clock,
        rx = clocking.rx,
        body = body.join("\n"),
    ))
}

/// Writes the top module of co-simulation: the accelerator's core with plain port names.
///
/// `lanes` has the lanes of each layer. The taps of hidden layers are packed side by side, with layer 0 in the lowest bits;
/// so are the sweep words and the counters of all layers. A throttled core has one more port, `throttle`, with one bit per
/// stream.
#[must_use]
pub fn cosim_top(lanes: &[usize], throttled: bool) -> String {
    let layers = lanes.len();
    let hidden = layers.saturating_sub(1);
    // A network without hidden layers still has a tap port of one word, which is tied to 0.
    let taps = hidden.max(1);
    let words: usize = lanes.iter().sum();
    let mut connections = Vec::new();
    let mut words_of = |port: &str, count: usize| {
        connections.extend((0..count).map(|index| {
            let low = 32 * index;
            format!(".{port}${index}({port}[{}:{low}])", low + 31)
        }));
    };
    words_of("tap_data", hidden);
    words_of("swept_data", words);
    for counter in ["spikes_in", "spikes_out", "busy_cycles", "stalled_cycles"] {
        words_of(counter, layers);
    }
    connections.extend((0..hidden).map(|index| {
        let low = 64 * index;
        format!(".tap_mask${index}(tap_mask[{}:{low}])", low + 63)
    }));
    let mut bits_of = |port: &str, count: usize| {
        connections.extend((0..count).map(|index| format!(".{port}${index}({port}[{index}])")));
    };
    bits_of("tap_valid", hidden);
    for flag in ["swept", "swept_last", "swept_clear"] {
        bits_of(flag, layers);
    }
    if throttled {
        bits_of("throttle", layers);
    }
    let throttle = if throttled {
        format!("    input wire [{}:0] throttle,\n", layers - 1)
    } else {
        String::new()
    };
    let tied = if hidden == 0 {
        "    assign tap_data = 32'h0;\n    assign tap_mask = 64'h0;\n    assign tap_valid = 1'b0;\n"
    } else {
        ""
    };
    format!(
        "// The accelerator's core, for co-simulation.\n\n`default_nettype none\n\nmodule {COSIM_TOP} (
    input wire clock,
    input wire [31:0] event_data,
    input wire event_valid,
    output wire event_ready,
{throttle}    output wire [{tap_bits}:0] tap_data,
    output wire [{mask_bits}:0] tap_mask,
    output wire [{tap_top}:0] tap_valid,
    output wire [{layer_top}:0] swept,
    output wire [{layer_top}:0] swept_last,
    output wire [{layer_top}:0] swept_clear,
    output wire [{word_bits}:0] swept_data,
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
    output wire [{counter_bits}:0] spikes_in,
    output wire [{counter_bits}:0] spikes_out,
    output wire [{counter_bits}:0] busy_cycles,
    output wire [{counter_bits}:0] stalled_cycles
);
{tied}    {CORE} core (
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
        .load$select(load_select),
        .load$byte(load_byte),
        .load$shift(load_shift),
        .load$write(load_write),
        .load$address(load_address),
        .exit_enable(exit_enable),
        .exited(exited),
        .exit_busy(exit_busy),
        {connections}
    );
endmodule

`default_nettype wire
",
        tap_bits = 32 * taps - 1,
        mask_bits = 64 * taps - 1,
        tap_top = taps - 1,
        layer_top = layers - 1,
        word_bits = 32 * words - 1,
        counter_bits = 32 * layers - 1,
        connections = connections.join(",\n        "),
    )
}
