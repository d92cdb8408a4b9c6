//! Whether a board's values can work together.

use super::{Board, Family};
use crate::pll::Pll;

/// Largest error of the baud rate that a UART receiver bears.
const BAUD_TOLERANCE: f64 = 0.02;
/// What stands for the bitstream's file in a programmer's command line.
pub(crate) const BITSTREAM: &str = "{bitstream}";

/// Checks a board, whatever file it comes from.
///
/// # Errors
/// What is wrong, for a message that names the file.
pub(super) fn check(board: &Board) -> Result<(), String> {
    names(board)?;
    device(board)?;
    let slot = board.link.slot_bytes;
    if !slot.is_power_of_two() || !(64..=16384).contains(&slot) {
        return Err(format!("slot_bytes = {slot} is not a power of two of 64..=16384"));
    }
    Pll::of(board).map_err(|error| error.to_string())?;
    line(board)?;
    programmer(board)
}

/// Names end up in Verilog, constraints and command lines.
fn names(board: &Board) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if board.name.is_empty() || !board.name.chars().all(plain) {
        return Err(format!(
            "name = {:?} is not made of letters, digits, - and _",
            board.name
        ));
    }
    let pins = [&board.clock.pin, &board.uart.rx, &board.uart.tx];
    let pins = pins.into_iter().chain(board.led.iter().map(|led| &led.pin));
    let pins = pins.chain(board.held_high.iter().map(|high| &high.pin));
    let device = &board.device;
    let others = device.package.iter().chain(&device.database);
    let others = others.chain(board.led.iter().filter_map(|led| led.standard.as_ref()));
    if let Some(name) = pins.chain(others).find(|name| !name.chars().all(plain)) {
        return Err(format!("{name:?} is no pin, package, database or standard"));
    }
    // Gowin's part numbers end in a grade like C6/I5.
    if !device.part.chars().all(|c| plain(c) || c == '/') {
        return Err(format!("{:?} is no part", device.part));
    }
    if board.title.chars().any(char::is_control) {
        return Err("title holds control characters".into());
    }
    Ok(())
}

fn device(board: &Board) -> Result<(), String> {
    let device = &board.device;
    let wanted = |what: &str, is_there: bool, families: &[Family]| {
        let of = families.contains(&device.family);
        match (is_there, of) {
            (false, true) => Err(format!("a device of this family wants a {what}")),
            (true, false) => Err(format!("a device of this family has no {what}")),
            _ => Ok(()),
        }
    };
    wanted(
        "package",
        device.package.is_some(),
        &[Family::Ice40, Family::Ecp5],
    )?;
    wanted("database", device.database.is_some(), &[Family::Gowin])?;
    if let Some(speed) = device.speed
        && (device.family != Family::Ecp5 || !(6..=8).contains(&speed))
    {
        return Err(format!("speed = {speed}: only ECP5 has speed grades, 6 to 8"));
    }
    if device.family != Family::Ice40 && board.clock.pll_pad {
        return Err("pll_pad is for iCE40 only".into());
    }
    if device.family == Family::Ice40 && board.led.as_ref().is_some_and(|led| led.standard.is_some()) {
        return Err("standard is not for iCE40, whose banks decide it".into());
    }
    Ok(())
}

fn line(board: &Board) -> Result<(), String> {
    let (hz, baud) = (board.core_hz(), board.uart.baud);
    if baud == 0 || hz / baud < 4 {
        return Err(format!(
            "baud = {baud} wants a clock of at least 4 times as much, but the core's is {hz} Hz"
        ));
    }
    let error = board.baud_error();
    if error > BAUD_TOLERANCE || board.clocks_per_bit() > 65535 {
        return Err(format!(
            "the core's clock of {hz} Hz does not divide into baud = {baud}: the rate would be {:.1} % off",
            100.0 * error
        ));
    }
    Ok(())
}

fn programmer(board: &Board) -> Result<(), String> {
    let Some(programmer) = &board.programmer else {
        return Ok(());
    };
    for (name, command) in [
        ("flash", Some(&programmer.flash)),
        ("load", programmer.load.as_ref()),
    ] {
        let Some(command) = command else { continue };
        let is_program = command
            .first()
            .is_some_and(|program| !program.is_empty() && program != BITSTREAM);
        if !is_program || !command.iter().any(|argument| argument.contains(BITSTREAM)) {
            return Err(format!(
                "{name} = {command:?} is no command line: it wants a program first, and {BITSTREAM} among its \
                 arguments"
            ));
        }
    }
    Ok(())
}
