//! Pin and clock constraints of a board, in its tool chain's format.

use crate::board::{Board, Family};

/// File name and text of the constraints.
#[must_use]
pub fn constraints(board: &Board) -> (&'static str, String) {
    let mut pins: Vec<(String, &str)> = vec![
        ("clock".into(), board.clock.pin.as_str()),
        ("rx".into(), board.uart.rx.as_str()),
        ("tx".into(), board.uart.tx.as_str()),
    ];
    pins.extend(board.led.iter().map(|led| ("led".into(), led.pin.as_str())));
    pins.extend(
        board
            .held_high
            .iter()
            .enumerate()
            .map(|(i, pin)| (format!("high{i}"), pin.pin.as_str())),
    );
    let (file, mut text) = match board.device.family {
        Family::Ice40 => ("board.pcf", pcf(board, &pins)),
        Family::Ecp5 => ("board.lpf", lpf(board, &pins)),
    };
    for line in &board.constraints {
        text.push_str(line);
        text.push('\n');
    }
    (file, text)
}

fn pcf(board: &Board, pins: &[(String, &str)]) -> String {
    let mut text = format!("# {}.\n", board.title);
    for (port, pin) in pins {
        // An unplugged line must read idle.
        let pull = if port == "rx" { "-pullup yes " } else { "" };
        text.push_str(&format!("set_io {pull}{port} {pin}\n"));
    }
    text.push_str(&format!("set_frequency clock {}\n", board.clock_mhz()));
    text
}

fn lpf(board: &Board, pins: &[(String, &str)]) -> String {
    let mut text = format!("# {}.\n", board.title);
    for (port, pin) in pins {
        text.push_str(&format!("LOCATE COMP \"{port}\" SITE \"{pin}\";\n"));
        let pull = if port == "rx" { " PULLMODE=UP" } else { "" };
        text.push_str(&format!("IOBUF PORT \"{port}\" IO_TYPE=LVCMOS33{pull};\n"));
    }
    text.push_str(&format!("FREQUENCY PORT \"clock\" {} MHZ;\n", board.clock_mhz()));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ice40_pins_are_set_io_lines() {
        let (file, text) = constraints(&Board::find("ice40-hx8k").unwrap());
        assert_eq!(file, "board.pcf");
        assert_eq!(
            text,
            "# Lattice iCE40-HX8K Breakout Board.\nset_io clock J3\nset_io -pullup yes rx B10\nset_io tx B12\nset_io led \
             B5\nset_frequency clock 12\n"
        );
    }

    #[test]
    fn ecp5_pins_have_a_voltage() {
        let (file, text) = constraints(&Board::find("ulx3s-85f").unwrap());
        assert_eq!(file, "board.lpf");
        assert!(
            text.contains("LOCATE COMP \"high0\" SITE \"L2\";\nIOBUF PORT \"high0\" IO_TYPE=LVCMOS33;\n")
        );
        assert!(text.contains("IOBUF PORT \"rx\" IO_TYPE=LVCMOS33 PULLMODE=UP;\n"));
        assert!(text.contains("FREQUENCY PORT \"clock\" 25 MHZ;\nSYSCONFIG CONFIG_IOVOLTAGE=3.3 "));
    }
}
