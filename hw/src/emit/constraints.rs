//! Pin and clock constraints of a board, in the format of its tools.
//!
//! The clock constraint is that of the oscillator. If a PLL makes the core's clock, nextpnr derives its frequency itself, or
//! takes it from the flag `--freq` that synthesis gives it.

use super::clock::megahertz;
use crate::board::{Board, Family};

/// Electrical standard of pins for which the board names no other.
const STANDARD: &str = "LVCMOS33";

/// Port of the top module, and its pin.
struct Port<'a> {
    name: String,
    pin: &'a str,
    standard: &'a str,
    pull_up: bool,
}

/// Ports of the board's top module.
fn ports(board: &Board) -> Vec<Port<'_>> {
    let port = |name: &str, pin| Port {
        name: name.into(),
        pin,
        standard: STANDARD,
        pull_up: false,
    };
    let mut ports = vec![
        port("clock", &board.clock.pin),
        Port {
            // A line that is not plugged in must read as idle.
            pull_up: true,
            ..port("rx", &board.uart.rx)
        },
        port("tx", &board.uart.tx),
    ];
    ports.extend(board.led.iter().map(|led| Port {
        standard: led.standard.as_deref().unwrap_or(STANDARD),
        ..port("led", &led.pin)
    }));
    let high = board.held_high.iter().enumerate();
    ports.extend(high.map(|(index, high)| port(&format!("high{index}"), &high.pin)));
    ports
}

/// File name and text of a board's constraints.
#[must_use]
pub fn constraints(board: &Board) -> (&'static str, String) {
    let ports = ports(board);
    let (file, comment, body) = match board.device.family {
        Family::Ice40 => ("board.pcf", "#", pcf(board, &ports)),
        Family::Ecp5 => ("board.lpf", "#", lpf(board, &ports)),
        Family::Gowin => ("board.cst", "//", cst(&ports)),
    };
    let mut text = format!("{comment} {}.\n{body}", board.title);
    for line in &board.constraints {
        text.push_str(line);
        text.push('\n');
    }
    (file, text)
}

/// Names of the ports of the board's top module.
#[must_use]
pub fn port_names(board: &Board) -> Vec<String> {
    ports(board).into_iter().map(|port| port.name).collect()
}

/// Assignment of ports to pins in the format of iCE40's tools, without other constraints.
#[must_use]
pub fn pins(board: &Board) -> String {
    ports(board)
        .iter()
        .map(|port| format!("set_io {} {}\n", port.name, port.pin))
        .collect()
}

fn pcf(board: &Board, ports: &[Port]) -> String {
    let mut text = String::new();
    for port in ports {
        let pull = if port.pull_up { "-pullup yes " } else { "" };
        text.push_str(&format!("set_io {pull}{} {}\n", port.name, port.pin));
    }
    text.push_str(&format!(
        "set_frequency clock {}\n",
        megahertz(board.clock.hz.into())
    ));
    text
}

fn lpf(board: &Board, ports: &[Port]) -> String {
    let mut text = String::new();
    for port in ports {
        text.push_str(&format!("LOCATE COMP \"{}\" SITE \"{}\";\n", port.name, port.pin));
        let pull = if port.pull_up { " PULLMODE=UP" } else { "" };
        text.push_str(&format!(
            "IOBUF PORT \"{}\" IO_TYPE={}{pull};\n",
            port.name, port.standard
        ));
    }
    text.push_str(&format!(
        "FREQUENCY PORT \"clock\" {} MHZ;\n",
        megahertz(board.clock.hz.into())
    ));
    text
}

/// Constraints for Gowin; nextpnr reads no clock constraints from this format.
fn cst(ports: &[Port]) -> String {
    let mut text = String::new();
    for port in ports {
        text.push_str(&format!("IO_LOC \"{}\" {};\n", port.name, port.pin));
        let pull = if port.pull_up { " PULL_MODE=UP" } else { "" };
        text.push_str(&format!(
            "IO_PORT \"{}\" IO_TYPE={}{pull};\n",
            port.name, port.standard
        ));
    }
    text
}
